"""Steps of checks that meddle with refreshes, round after round: what is due, whose lease is over, what is still good."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

from .patience import until
from .pytest_plugin import USER
from .steps import count

# A round is mostly starting, stopping and waiting, so a full count goes on in several installations side by side.
LANES = count(1, 5)


def in_lanes(worlds, rounds: int, work) -> int:
    """`rounds` rounds of `work(world)`, shared out; the sum of what they answer."""
    with ThreadPoolExecutor(LANES) as pool:
        return sum(pool.map(lambda world: sum(work(world) or 0 for _ in range(rounds // LANES)), worlds))


def change(world, statement: str):
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=60) as database:
        database.execute(statement)


def make_due(world):
    """A running gateway finds the connection due at its next look, a second later at most."""
    change(world, "UPDATE connection SET refresh_at = 1, retry_at = NULL WHERE route = '/up/mcp'")


def lapse(world):
    """The lease of a process that is dead or stands still, as if its 15 s had passed."""
    change(world, "UPDATE connection SET lease_until = 1 WHERE lease_until IS NOT NULL AND route = '/up/mcp'")


def shown(world) -> dict:
    return world.gateway.cli_json("connection", "show", "up", "--user", USER)


def settled(world) -> dict:
    """The connection once nobody is at it any more: a lapsed lease is taken over."""
    def rests() -> bool:
        row = world.row()
        return row["state"] in ("active", "reauth_required") and row["lease_until"] is None

    assert until(rests, 120, 0.1), (dict(world.row()), world.gateway.log()[-2000:])
    return shown(world)


def redeemable(world) -> bool:
    """Whether the stored refresh token still is good: one more refresh works."""
    return world.gateway.cli("connection", "refresh", "up", "--user", USER, exit_code=None).returncode == 0
