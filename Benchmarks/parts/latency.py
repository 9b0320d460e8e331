"""A fixed rate that nobody is saturated by: what a proxy adds to the time of a call."""

from harness.measurement import Row, answering, first_answer, moving, running
from proxies.lineup import FAST, Martlet, trust

from .plan import Plan
from .throughput import martlet_rows

RATE, SECONDS = 1000, 5


def run(plan: Plan) -> dict:
    site = plan.site
    martlet = Martlet(site)
    try:
        martlet.start()
        trust(site, martlet)
        own = martlet_rows(martlet)[:2]
        others = [kind(site) for kind in FAST]
        with running(site, others) as missing:
            rows = answering([Row.of(proxy) for proxy in others if proxy.name not in missing] + own, missing)
            found: dict[str, list[dict]] = {row.key: [] for row in rows}
            for number in range(plan.rounds):
                for row in rows:
                    with moving(row.proxy):
                        found[row.key].append(paced(plan, row))
                plan.say(f"round {number + 1} of {plan.rounds}: p50/p99 in us: " + ", ".join(
                    f"{key} {runs[-1]['p50']:.0f}/{runs[-1]['p99']:.0f}" for key, runs in found.items()))
    finally:
        martlet.stop()
    return {"rows": found, "titles": {row.key: row.title for row in rows}, "missing": missing, "rate": RATE}


def paced(plan: Plan, row: Row) -> dict:
    first_answer(row)
    load = plan.site.load
    load.paced(row.proxy.port, row.call, row.values, rate=RATE, seconds=1)
    seen = load.paced(row.proxy.port, row.call, row.values, rate=RATE, seconds=plan.seconds(SECONDS))
    return seen | {"valid": seen["failed"] == 0 and seen["answered"] == seen["sent"]}
