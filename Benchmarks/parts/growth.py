"""What a call costs with more routes and more sessions. Martlet alone, one instance for each number."""

from harness.load import Values
from harness.measurement import Row, moving, running, rush
from proxies.lineup import Martlet
from proxies.session_rows import add_sessions

from .plan import Plan

ROUTES, SESSIONS, SECONDS = (1, 10, 100, 1000), (1, 1_000, 100_000), 3
FIRST = 20  # seconds in which each session is called once


class Instance(Martlet):
    """A Martlet with a folder of its own."""

    def __init__(self, site, name: str, **more):
        self.name = name
        super().__init__(site, **more)


def run(plan: Plan) -> dict:
    found, first = sessions(plan)
    return {"routes": routes(plan), "sessions": found, "first": first}


def routes(plan: Plan) -> dict[str, list[dict]]:
    """Calls one route among so many."""
    site, url = plan.site, f"http://{plan.site.upstream_host}/mcp"
    instances = []
    for count in ROUTES:
        more = {f"route-{number:04}": {"url": url} for number in range(count - 1)}
        instances.append(Instance(site, f"routes-{count}", more_servers=more))
    with running(site, instances):
        rows = {}
        for count, martlet in zip(ROUTES, instances):
            with moving(martlet):
                rows[str(count)] = Row.of(martlet)
        return rounds(plan, rows, "routes")


def sessions(plan: Plan) -> tuple[dict[str, list[dict]], dict[str, dict]]:
    """Calls in each of so many live sessions in turn, and what the first call in each of the most sessions costs."""
    site, rows, instances = plan.site, {}, []
    for count in SESSIONS:
        martlet = Instance(site, f"sessions-{count}")
        instances.append(martlet)
        try:
            martlet.start()
            token, opened = martlet.tokens(count=1)[0], martlet.open_sessions(1)
        finally:
            martlet.stop()
        opened += add_sessions(martlet.folder / "data/martlet.sqlite", count - 1)
        rows[str(count)] = Row(
            martlet.name, martlet.title, martlet, martlet.call(legacy=True, session=True), Values.of([token], opened))
    with running(site, instances):
        # A second's calls before each round are enough for the others.
        first = {count: first_calls(plan, row) for count, row in list(rows.items())[-1:]}
        return rounds(plan, rows, "sessions"), first


def first_calls(plan: Plan, row: Row) -> dict:
    """One call in each session, which this process has not met before: it is read from the store."""
    with moving(row.proxy):
        seen = rush(plan.site, row, seconds=FIRST, values=Values(row.values.pairs, once=True))
    # What was under way when the list ended isn't counted.
    wanted = len(row.values.pairs) - row.connections
    seen["valid"] = not seen["failures"] and seen["requests"] >= wanted
    plan.say(f"CPU of the first call in each of {len(row.values.pairs):,} sessions: {seen['cpu_us']:.1f} us")
    return seen


def rounds(plan: Plan, rows: dict[str, Row], what: str) -> dict[str, list[dict]]:
    found: dict[str, list[dict]] = {count: [] for count in rows}
    for number in range(plan.rounds):
        # Each is first in its turn.
        turn = number % len(rows)
        for count, row in [*rows.items()][turn:] + [*rows.items()][:turn]:
            with moving(row.proxy):
                # Goes on where the last run ended, so that no session is met again before all others were.
                done = sum(run["requests"] + run["warm"] for run in found[count])
                warm = rush(plan.site, row, seconds=1, values=row.values.rotated(done))["requests"]
                values = row.values.rotated(done + warm)
                found[count].append(rush(plan.site, row, seconds=plan.seconds(SECONDS), values=values) | {"warm": warm})
    plan.say(f"CPU a call by {what}: " + ", ".join(f"{count} {runs[-1]['cpu_us']:.1f} us" for count, runs in found.items()))
    return found
