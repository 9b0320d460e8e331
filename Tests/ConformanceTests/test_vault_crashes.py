"""kill -9 in the midst of upstream refreshes: no refresh token is lost outside the one window that nobody can close (R-02)."""

import random
import sqlite3
import time

import pytest
from martlet_support.connect_world import ConnectWorld
from martlet_support.pytest_plugin import USER
from martlet_support.steps import count, until

# Where tokens exist nowhere but in the process: the authorization server has rotated, and the answer isn't stored yet.
WINDOW = ("refresh_answered", "refresh_sealed")
POINTS = ("refresh_unclaimed", "refresh_claimed", *WINDOW, "refresh_stored")


@pytest.fixture(scope="module")
def world():
    world = ConnectWorld()
    assert "connected" in world.connect().text
    yield world
    world.close()


def shown(world) -> dict:
    return world.gateway.cli_json("connection", "show", "up", "--user", USER)


def make_due(world):
    """The running gateway finds the connection due at its next look, a second later at most."""
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=60) as database:
        database.execute("UPDATE connection SET refresh_at = 1, retry_at = NULL WHERE route = '/up/mcp'")


def settled(world) -> dict:
    """The connection once nobody is at it any more: a lapsed lease is taken over."""
    seen = {}

    def rests() -> bool:
        seen.update(shown(world))
        return seen["state"] in ("active", "reauth_required") and world.row()["lease_until"] is None

    assert until(rests, 120, 0.3), (seen, world.gateway.log()[-2000:])
    return seen


def redeemable(world) -> bool:
    """Whether the stored refresh token still is good: one more refresh works."""
    return world.gateway.cli("connection", "refresh", "up", "--user", USER, exit_code=None).returncode == 0


def crash(world, point: str):
    world.gateway.stop()
    world.gateway.env["MARTLET_CRASH_AT"] = point
    try:
        world.gateway.start()
        make_due(world)
        assert world.gateway.process.wait(120) == -9, point
        world.gateway.process = None
    finally:
        world.gateway.env.pop("MARTLET_CRASH_AT", None)
        if world.gateway.process is not None:
            world.gateway.kill()
        world.gateway.start()


def heal(world):
    """After a loss in the window the owner connects again."""
    assert "connected" in world.connect().text


@pytest.mark.parametrize("point", POINTS)
def test_R_02_killed_at_a_named_point(world, point):
    rounds, lost = count(1, 50), 0
    for _ in range(rounds):
        reused = world.authority.reused
        crash(world, point)
        end = settled(world)
        if point in WINDOW:
            assert (end["state"], end["reason"]) == ("reauth_required", "interrupted"), end
            lost += 1
            heal(world)
        else:
            assert end["state"] == "active" and world.authority.reused == reused, end
            assert redeemable(world)
    print(f"proof: R-02 count={rounds} lost-in-the-window={lost}")


def test_R_02_killed_at_random(world):
    """Refreshes follow one another; the end comes anywhere. What was lost has to be what was in the window."""
    kills, lost = count(4, 200), 0
    for _ in range(kills):
        before = len(world.authority.refreshes())
        make_due(world)
        until(lambda known=before: len(world.authority.refreshes()) > known, 10, 0.001)
        time.sleep(random.expovariate(1 / 0.004))
        world.gateway.restart(crash=True)
        end = settled(world)
        if end["state"] == "reauth_required":
            assert end["reason"] == "interrupted", end
            lost += 1
            heal(world)
        assert redeemable(world)
    print(f"proof: R-02 count={kills} lost-in-the-window={lost}")


def test_R_02_an_authorization_server_with_a_grace_loses_nobody(world):
    """Where a spent token still answers with its successor, even the window costs nothing."""
    world.authority.grace = True
    try:
        for point in WINDOW:
            for _ in range(count(1, 50)):
                crash(world, point)
                assert settled(world)["state"] == "active"
                assert redeemable(world)
    finally:
        world.authority.grace = False
