"""A tenant that asks for a hundred times its quota beside one that asks for little: what the other notices."""

import time

from harness.call import tool_call
from harness.load import Values
from harness.machine import busy_seconds
from harness.measurement import Row, first_answer
from harness.tokens import Mint
from proxies.lineup import Direct, Martlet

from .plan import Plan

QUOTA, OVER, CALM_RATE, SECONDS = 50, 100, 200, 6
NOISY_CONNECTIONS = 64
# What other work may take of the proxy's core, or of the load's, and how often is tried to find it so. More than a hundredth
# decides what p99 is.
FOREIGN, ATTEMPTS = 0.01, 4
# What the neighbour does while the calm tenant's calls are timed: the route that it calls, and how often a second.
KINDS = {
    "alone": ("alone", None, 0),
    "again": ("alone, measured again", None, 0),
    "past": (f"{QUOTA * OVER:,}/s past Martlet, straight to the server", "past", QUOTA * OVER),
    "within": (f"neighbour within its quota, {QUOTA}/s", "limited", QUOTA),
    "over": (f"neighbour at {OVER} times its quota, {QUOTA * OVER:,}/s, refused", "limited", QUOTA * OVER),
    "allowed": (f"neighbour at {QUOTA * OVER:,}/s, all allowed", "open", QUOTA * OVER),
}


def run(plan: Plan) -> dict:
    martlet = Shared(plan.site)
    try:
        martlet.start()
        found: dict[str, list[dict]] = {kind: [] for kind in KINDS}
        names = list(KINDS)
        for number in range(plan.rounds):
            # Each kind comes at another place in each round.
            for kind in names[number % len(names):] + names[:number % len(names)]:
                found[kind].append(martlet.beside(kind, plan.seconds(SECONDS)))
            plan.say(f"round {number + 1} of {plan.rounds}: p50/p99 in us: " + ", ".join(
                f"{kind} {runs[-1]['p50']:.0f}/{runs[-1]['p99']:.0f}" for kind, runs in found.items()))
    finally:
        martlet.stop()
    return {"rows": found, "titles": {kind: title for kind, (title, _, _) in KINDS.items()}, "calm_rate": CALM_RATE,
            "quota": QUOTA}


class Shared(Martlet):
    """A Martlet with two tenants, each counted by itself on its own route."""

    name = "neighbour"

    def __init__(self, site):
        server = {"url": f"http://{site.upstream_host}/mcp"}
        rate = {"per": ["tenant"], "every": "1s"}
        super().__init__(
            site, more_servers={name: server for name in ("calm", "limited", "open")},
            more_clients={name: {"tenant": name} for name in ("calm", "noisy")},
            limits={"rates": [rate | {"name": "quota", "calls": QUOTA, "servers": ["limited"]},
                              rate | {"name": "room", "calls": 100 * QUOTA * OVER, "servers": ["calm", "open"]}]})

    def start(self, cores=None) -> float:
        seconds = super().start(cores)
        self.rows = {
            route: self._row(route, Mint(self.port, tenant, self.secret))
            for route, tenant in (("calm", "calm"), ("limited", "noisy"), ("open", "noisy"))}
        direct = Direct(self.site)
        direct.start()
        self.rows["past"] = Row("past", "past", direct, direct.call(), self.rows["open"].values)
        return seconds

    def beside(self, kind: str, seconds: float) -> dict:
        """The calm tenant's calls while its neighbour does what this kind says. Where other work came between, once more."""
        for _ in range(ATTEMPTS):
            seen = self._measured(kind, seconds)
            if seen["valid"]:
                break
        return seen

    def _measured(self, kind: str, seconds: float) -> dict:
        self._both(kind, 0.5)
        core = self.site.cores.proxy[0]
        used, busy, wall = self.process.cpu_seconds(), busy_seconds(core), time.monotonic()
        calm, noisy = self._both(kind, seconds)
        used, busy, wall = self.process.cpu_seconds() - used, busy_seconds(core) - busy, time.monotonic() - wall
        foreign, failed = max(0.0, (busy - used) / wall), calm["failed"] + (noisy["failed"] if noisy else 0)
        held_up = not self.site.cores.is_crowded and calm["core_use"] < 1 - FOREIGN
        return calm | {"load_use": calm["core_use"], "cpu": used, "core_use": used / wall, "foreign_use": foreign, "neighbour": noisy,
                       "valid": not failed and foreign < FOREIGN and not held_up}

    def _both(self, kind: str, seconds: float) -> tuple[dict, dict | None]:
        _, route, rate = KINDS[kind]
        load, cores, noisy = self.site.load, self.site.cores.load, None
        first_answer(self.rows["calm"])
        if route:
            row = self.rows[route]
            # It begins before the other and ends after it.
            noisy = load.pacing(row.proxy.port, row.call, row.values, rate=rate, seconds=seconds + 1, name="noisy",
                                core=cores[-1], connections=NOISY_CONNECTIONS, spins=False)
            time.sleep(0.5)
        row = self.rows["calm"]
        calm = load.pacing(self.port, row.call, row.values, rate=CALM_RATE, seconds=seconds, name="calm", core=cores[0])
        return calm.result(), noisy and noisy.result()

    def _row(self, route: str, mint: Mint) -> Row:
        values = Values.of(mint.tokens(f"http://127.0.0.1:{self.port}/{route}/mcp", 16))
        return Row(route, route, self, tool_call(f"/{route}/mcp", f"127.0.0.1:{self.port}"), values)
