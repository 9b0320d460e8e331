"""The same call through everything, as fast as it goes."""

import time

from harness.load import Values
from harness.measurement import Row, answering, moving, running, rush
from proxies.lineup import FAST, SLOW, Martlet, trust

from .plan import Plan

SECONDS, SLOW_SECONDS, CONNECTIONS = 4, 8, 64
LEGACY_SERVER, MODERN_SERVER = "/mcp/legacy", "/mcp/modern"


def run(plan: Plan) -> dict:
    site = plan.site
    martlet = Martlet(site, ("/mcp", LEGACY_SERVER, MODERN_SERVER))
    try:
        martlet.start()
        trust(site, martlet)
        rows = martlet_rows(martlet)
        fresh = rows[-1]
        rows += bridged_rows(martlet)
        others = [kind(site) for kind in FAST + SLOW]
        plan.say("starting the other proxies")
        with running(site, others) as missing:
            rows = answering([Row.of(proxy) for proxy in others if proxy.name not in missing] + rows, missing)
            rate = fresh_rate(plan, martlet, fresh)
            found: dict[str, list[dict]] = {row.key: [] for row in rows}
            for number in range(plan.rounds):
                for row in rows:
                    if row.proxy.is_slow and number >= 3:
                        continue
                    with moving(row.proxy):
                        found[row.key].append(measure(plan, row, martlet, rate if row is fresh else None))
                plan.say(f"round {number + 1} of {plan.rounds}: " + ", ".join(
                    f"{key} {runs[-1]['rate']:,.0f}" for key, runs in found.items()))
            versions = {proxy.name: proxy.version() for proxy in others if proxy.name not in missing}
    finally:
        martlet.stop()
    titles = {row.key: row.title for row in rows}
    return {"rows": found, "titles": titles, "missing": missing, "versions": versions}


def martlet_rows(martlet: Martlet) -> list[Row]:
    """Warm tokens in either era, and a fresh token for each call; the last is the fresh one."""
    sessions = martlet.open_sessions(CONNECTIONS)
    warm = martlet.values()
    bound = Values.of(martlet.tokens(), sessions)
    return [
        Row("martlet", "Martlet, warm tokens, 2026-07-28", martlet, martlet.call(), warm),
        Row("martlet-legacy", "Martlet, warm tokens, 2025-11-25 with sessions", martlet,
            martlet.call(legacy=True, session=True), bound),
        Row("martlet-fresh", "Martlet, a token never seen in each call", martlet, martlet.call(), warm),
    ]


def bridged_rows(martlet: Martlet) -> list[Row]:
    """A client of one era with a server of the other: every message is translated."""
    sessions = Values.of(martlet.tokens(MODERN_SERVER), martlet.open_sessions(CONNECTIONS, MODERN_SERVER))
    return [
        Row("martlet-to-legacy", "Martlet, 2026-07-28 client, legacy server", martlet, martlet.call(LEGACY_SERVER),
            martlet.values(LEGACY_SERVER)),
        Row("martlet-to-modern", "Martlet, 2025-11-25 client, 2026-07-28 server", martlet,
            martlet.call(MODERN_SERVER, legacy=True, session=True), sessions),
    ]


def measure(plan: Plan, row: Row, martlet: Martlet, fresh_rate: float | None) -> dict:
    seconds = plan.seconds(SLOW_SECONDS if row.proxy.is_slow else SECONDS)
    rush(plan.site, row, seconds=1)
    if row.proxy.is_slow:
        time.sleep(2)  # It still works on what the warm-up left behind.
    if fresh_rate is None:
        return rush(plan.site, row, seconds=seconds) | memory(row)
    values = Values.of(unseen(martlet, round(fresh_rate * 1.6 * seconds) + 2000), once=True)
    return rush(plan.site, row, seconds=seconds, values=values) | memory(row)


def fresh_rate(plan: Plan, martlet: Martlet, row: Row) -> float:
    """About how many fresh tokens a second it takes, so that enough are made."""
    with moving(martlet):
        values = Values.of(unseen(martlet, 12000), once=True)
        seen = rush(plan.site, row, seconds=1, values=values)
    return max(1000.0, seen["rate"])


def unseen(martlet: Martlet, count: int) -> list[str]:
    """New tokens, made by Martlet itself on all cores, before it is measured on one."""
    site = martlet.site
    martlet.process.move(tuple({*site.cores.proxy, *site.cores.upstream, *site.cores.load}))
    made = martlet.mint.tokens(martlet.resource(), count)
    martlet.process.move(site.cores.proxy)
    time.sleep(0.5)  # The trail of the minting is written.
    return made


def memory(row: Row) -> dict:
    process = row.proxy.process
    return {"pss": process.memory().pss, "rss": process.memory().rss} if process else {}
