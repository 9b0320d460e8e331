"""Answers that are streams of 100 events, each written by itself."""

from harness.measurement import Row, answering, moving, running, rush
from proxies.lineup import Direct, EnvoyCached, HAProxy, Martlet, Nginx, trust

from .plan import Plan

EVENTS, SECONDS, CONNECTIONS = 100, 3, 32
PATH = f"/mcp/events/{EVENTS}"


def run(plan: Plan) -> dict:
    site = plan.site
    martlet = Martlet(site, ("/mcp", PATH))
    try:
        martlet.start()
        trust(site, martlet)
        others = [Direct(site), Nginx(site), HAProxy(site), EnvoyCached(site)]
        with running(site, others) as missing:
            proxies = [proxy for proxy in others if proxy.name not in missing] + [martlet]
            rows = answering([Row.of(proxy, PATH, connections=CONNECTIONS) for proxy in proxies], missing)
            found: dict[str, list[dict]] = {row.key: [] for row in rows}
            for _ in range(min(plan.rounds, 3)):
                for row in rows:
                    with moving(row.proxy):
                        rush(site, row, seconds=1)
                        found[row.key].append(rush(site, row, seconds=plan.seconds(SECONDS)))
            plan.say(", ".join(f"{key} {runs[-1]['rate'] * EVENTS:,.0f} events/s" for key, runs in found.items()))
    finally:
        martlet.stop()
    return {"rows": found, "titles": {row.key: row.title for row in rows}, "missing": missing, "events": EVENTS}
