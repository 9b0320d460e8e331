"""The vault in bad days: a process that stands still in the midst of a refresh (R-06), a stolen database (A-27), a copy that is put
back (R-92)."""

import base64
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from martlet_support import MCPConnection, request
from martlet_support.connect_world import ConnectWorld
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.refresh_rounds import LANES, in_lanes, lapse, make_due, redeemable, settled
from martlet_support.steps import Person, count, registered, until
from martlet_support.upstream_authority import CANARY


@pytest.fixture(scope="module")
def worlds():
    worlds = [ConnectWorld() for _ in range(LANES)]
    for world in worlds:
        world.authority.grace = True
        assert "connected" in world.connect().text
        world.twin = world.gateway.twin().start()
        installation = Installation(world.gateway, {})
        world.client = registered(installation)
        world.token = Person(installation, USER, PASSWORD).tokens(world.client, world.gateway.mcp_url("up")).access
    yield worlds
    for world in worlds:
        world.twin.close()
        world.close()


def halt(gateway):
    """SIGSTOP, but not in the midst of a write: SQLite's lock would be everybody's."""
    pid = gateway.process.pid
    for _ in range(200):
        os.kill(pid, signal.SIGSTOP)
        assert until(lambda: stands_still(pid), every=0.001), "a thread goes on"
        try:
            with closing(sqlite3.connect(gateway.data_dir / "martlet.sqlite", isolation_level=None, timeout=1)) as database:
                database.execute("BEGIN IMMEDIATE")
                database.execute("ROLLBACK")
            return
        except sqlite3.OperationalError:
            os.kill(pid, signal.SIGCONT)
            time.sleep(0.05)
    raise AssertionError("it writes all the time")


def stands_still(pid: int) -> bool:
    """Whether SIGSTOP has come to every thread: each goes on until it does."""
    stats = [task.joinpath("stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return all(stat.rpartition(")")[2].split()[0] in "Tt" for stat in stats)


def go_on(gateway):
    os.kill(gateway.process.pid, signal.SIGCONT)


def pause(world):
    """Who asked for tokens stands still until another process has taken over; then its answer comes too late."""
    here, there = world.turn
    world.turn = there, here
    before, asked = world.row()["version"], len(world.authority.refreshes())
    halt(there)
    try:
        world.authority.answering.clear()
        make_due(world)
        assert until(lambda: len(world.authority.refreshes()) == asked + 1), world.gateway.log()[-2000:]
        halt(here)
    finally:
        world.authority.answering.set()
        lapse(world)
        go_on(there)
    try:
        assert until(lambda: world.row()["version"] == before + 1 and world.row()["lease_until"] is None), dict(world.row())
        newest = world.row()["sealed_credential"]
    finally:
        go_on(here)
    for process in (here, there):
        call = MCPConnection(process.mcp_url("up"), world.token, revision=MODERN)
        assert call.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    assert len(world.authority.refreshes()) == asked + 2, "one request for each lease"
    assert world.row()["sealed_credential"] == newest, "late tokens took the place of newer ones"
    assert redeemable(world) and world.row()["version"] == before + 2


def test_R_06_who_stood_still_overwrites_nothing(worlds):
    for world in worlds:
        world.turn = world.gateway, world.twin
    pauses = count(2, 500)
    in_lanes(worlds, pauses, pause)
    print(f"proof: R-06 count={pauses}")


def values(world) -> set[bytes]:
    """Everything that stands in the database, as it is and as somebody might write it."""
    found: set[bytes] = set()
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                found |= {one if isinstance(one, bytes) else one.encode() for one in row if isinstance(one, (bytes, str))}
    found |= {part for one in found for part in one.replace(b'"', b" ").split()}
    raw = {one for one in found if 16 <= len(one) <= 2048}
    return raw | {base64.urlsafe_b64encode(one).rstrip(b"=") for one in raw} | {one.hex().encode() for one in raw}


def test_A_24_nothing_is_done_under_a_key_that_opens_nothing(tmp_path):
    """What such a key sealed would be lost to the right one."""
    world = ConnectWorld()
    try:
        assert "connected" in world.connect().text
        gateway = world.gateway
        gateway.stop()
        key, copy = gateway.data_dir / "master.key", tmp_path / "copy"
        right, wrong, before = key.read_bytes(), os.urandom(32), values(world)
        key.write_bytes(wrong)
        for command in (("secret", "rotate"), ("secret", "rotate", "--only", "data-keys"), ("secret", "status"), ("backup", str(copy)),
                ("connection", "revoke", "up", "--user", USER), ("connection", "refresh", "up", "--user", USER)):
            told = gateway.cli(*command, exit_code=1)
            assert "master.key doesn't open this database" in told.stderr and "nothing was changed" in told.stderr, told
        assert key.read_bytes() == wrong and values(world) == before and not copy.exists()
        key.write_bytes(right)
        gateway.start()
        gateway.cli("connection", "refresh", "up", "--user", USER)
    finally:
        world.close()


def test_A_27_a_stolen_database_opens_nothing(worlds):
    """Every value that stands in it is tried wherever a credential is taken, at Martlet and behind it."""
    world = worlds[0]
    stolen = {one.decode("latin-1") for one in values(world)}
    kept = [*world.authority.access, *world.authority.refresh, *filter(None, world.authority.clients.values())]
    assert len(stolen) > 100 and kept and all(one.startswith(CANARY) for one in kept)
    assert not stolen & set(kept) and not [one for one in stolen if CANARY in one], "a token of an upstream lies in clear"
    visible = sorted(one for one in stolen if one.isascii() and one.isprintable() and " " not in one)
    digests = [one for one in visible if len(one) == 43]
    tried = digests + visible[:: max(1, len(visible) // count(60, 4000))]
    taken = []
    for one in tried:
        bearer = {"Authorization": f"Bearer {one}"}
        call = request("POST", world.gateway.mcp_url("up"), body=b"{}", headers={**bearer, "Content-Type": "application/json"})
        tries = [(call, 401), (request("GET", f"{world.gateway.url}/api/users", headers=bearer), 401), (world.client.refresh(one), 400)]
        taken += [(one, answer.status) for answer, refusal in tries if answer.status != refusal]
    assert taken == []
    print(f"proof: A-27 count={3 * len(tried)}")


def test_R_92_a_restored_account_is_shown_as_unverified_until_it_is_renewed(tmp_path):
    world = ConnectWorld()

    def shown() -> str:
        browser = world.browser()
        world.page(browser)
        return browser.open(f"{world.gateway.url}/account").text

    try:
        world.connect()
        assert "unverified" not in shown()
        world.gateway.cli("backup", str(tmp_path / "copy"))
        world.gateway.stop()
        folder = tmp_path / "data"
        folder.mkdir()
        shutil.copy(world.gateway.data_dir / "master.key", folder)
        world.gateway.cli("restore", str(tmp_path / "copy"), "--data-dir", str(folder))
        world.gateway.data_dir = folder
        world.gateway.config["data_dir"] = str(folder)
        world.gateway.write_config()
        world.gateway.start()
        assert "connected; unverified" in shown() and "the next renewal shows" in shown()
        assert redeemable(world)
        assert "unverified" not in shown()
    finally:
        world.close()


@pytest.mark.parametrize("rotated", [False, True])
def test_R_92_an_account_is_restored_and_verified(rotated, tmp_path):
    """What the copy knows of an account may be spent since: then it is said, and its user connects again; else it goes on."""
    world = ConnectWorld()
    try:
        assert "connected" in world.connect().text
        world.gateway.cli("backup", str(tmp_path / "copy"))
        if rotated:
            assert redeemable(world)
        world.gateway.stop()
        folder = tmp_path / "data"
        folder.mkdir()
        shutil.copy(world.gateway.data_dir / "master.key", folder)
        restored = world.gateway.cli_json("restore", str(tmp_path / "copy"), "--data-dir", str(folder))
        assert restored["accounts"] == 1
        world.gateway.data_dir = folder
        world.gateway.config["data_dir"] = str(folder)
        world.gateway.write_config()
        make_due(world)
        world.gateway.start()
        asked = 2 if rotated else 1
        assert until(lambda: len(world.authority.refreshes()) == asked), world.gateway.log()[-2000:]
        end = settled(world)
        assert (end["state"], end["reason"]) == (("reauth_required", "interrupted") if rotated else ("active", None)), end
        if rotated:
            assert "connected" in world.connect().text
        assert redeemable(world)
    finally:
        world.close()
