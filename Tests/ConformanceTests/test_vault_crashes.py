"""kill -9 in the midst of upstream refreshes: no refresh token is lost outside the one window that nobody can close (R-02)."""

import random
import sqlite3
import time

import pytest
from martlet_support.connect_world import ConnectWorld
from martlet_support.refresh_rounds import LANES, in_lanes, lapse, make_due, redeemable, settled
from martlet_support.steps import count, until

# Where tokens exist nowhere but in the process: the authorization server has rotated, and the answer isn't stored yet.
WINDOW = ("refresh_answered", "refresh_sealed")
POINTS = ("refresh_unclaimed", "refresh_claimed", *WINDOW, "refresh_stored")


@pytest.fixture(scope="module")
def worlds():
    worlds = [ConnectWorld() for _ in range(LANES)]
    for world in worlds:
        assert "connected" in world.connect().text
    yield worlds
    for world in worlds:
        world.close()


def crash(world, point: str, *, waits: bool = False):
    """Killed at that place, and started again once the lease is over: after its time, or made so."""
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
        if not waits:
            lapse(world)
        world.gateway.start()


def heal(world):
    """After a loss in the window the owner connects again."""
    assert "connected" in world.connect().text


@pytest.mark.parametrize("point", POINTS)
def test_R_02_killed_at_a_named_point(worlds, point):
    def round(world) -> bool:
        reused = world.authority.reused
        crash(world, point)
        end = settled(world)
        if point in WINDOW:
            assert (end["state"], end["reason"]) == ("reauth_required", "interrupted"), end
            heal(world)
            return True
        assert end["state"] == "active" and world.authority.reused == reused, end
        assert redeemable(world)
        return False

    rounds = count(1, 50)
    lost = in_lanes(worlds, rounds, round)
    print(f"proof: R-02 count={rounds} at={point} lost-in-the-window={lost}")


def test_R_02_a_lease_that_nobody_holds_any_more_ends_by_itself(worlds):
    """Nobody lends a hand: the process that comes next waits until the dead one's lease is over, and goes on."""
    asked = len(worlds[0].authority.refreshes())
    crash(worlds[0], "refresh_claimed", waits=True)
    assert settled(worlds[0])["state"] == "active" and len(worlds[0].authority.refreshes()) == asked + 1
    assert redeemable(worlds[0])


def test_R_02_killed_at_random(worlds):
    """Refreshes follow one another; the end comes anywhere. What was lost has to be what was in the window."""

    def round(world) -> bool:
        before = len(world.authority.refreshes())
        make_due(world)
        until(lambda: len(world.authority.refreshes()) > before, 10, 0.001)
        time.sleep(random.expovariate(1 / 0.004))
        world.gateway.kill()
        lapse(world)
        world.gateway.start()
        end = settled(world)
        lost = end["state"] == "reauth_required"
        if lost:
            assert end["reason"] == "interrupted", end
            heal(world)
        assert redeemable(world)
        return lost

    kills = count(2, 200)
    lost = in_lanes(worlds, kills, round)
    print(f"proof: R-02 count={kills} at=random lost-in-the-window={lost}")


def test_R_02_an_authorization_server_with_a_grace_loses_nobody(worlds):
    """Where a spent token still answers with its successor, even the window costs nothing."""

    def round(world) -> bool:
        crash(world, point)
        end = settled(world)
        assert redeemable(world)
        return end["state"] != "active"

    for world in worlds:
        world.authority.grace = True
    try:
        for point in WINDOW:
            assert in_lanes(worlds, count(1, 10), round) == 0
    finally:
        for world in worlds:
            world.authority.grace = False


def test_R_02_the_window_is_as_short_as_one_write(worlds):
    """From the authorization server's answer until another process can read the new version: told, not judged."""
    world, times = worlds[0], []
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=60) as database:
        def version() -> int:
            return database.execute("SELECT version FROM connection WHERE route = '/up/mcp'").fetchone()[0]

        for _ in range(count(3, 100)):
            before, answered = version(), len(world.authority.answered)
            make_due(world)
            assert until(lambda known=before: version() != known, every=0.0002)
            times.append(time.monotonic() - world.authority.answered[-1])
            assert len(world.authority.answered) == answered + 1
    times.sort()
    print(f"window: {len(times)} refreshes, median {times[len(times) // 2] * 1000:.1f} ms, longest {times[-1] * 1000:.1f} ms")
