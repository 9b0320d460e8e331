"""The keys that seal secrets are replaced while calls go on, whatever is killed meanwhile (R-81, A-20 … A-24)."""

import os
import sqlite3
import subprocess
import threading
import time

import pytest
from martlet_support import MCPConnection
from martlet_support.connect_world import ConnectWorld, let_logins_end
from martlet_support.gateway import binary
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import FULL, Person, count, registered, until

POINTS = ("rotation_begun", "master_key_drafted", "master_key_replaced", "value_resealed", "value_resealed:3",
    "data_key_added", "batch_resealed", "data_key_retired", "master_key_retired")


@pytest.fixture(scope="module")
def world():
    world = ConnectWorld()
    for user in (USER, "bob"):
        for server in ("up", "other"):
            assert "connected" in world.connect(server=server, user=user).text
    yield world
    world.close()


def caller(world, server: str = "up", user: str = USER) -> MCPConnection:
    installation = Installation(world.gateway, {})
    token = Person(installation, user, PASSWORD).tokens(registered(installation), world.gateway.mcp_url(server)).access
    return MCPConnection(world.gateway.mcp_url(server), token, revision=MODERN)


class Calls:
    """One call after the other until the end; none may fail."""

    def __init__(self, connection: MCPConnection):
        self.connection, self.made, self.failed, self.over = connection, 0, [], threading.Event()
        self.worker = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            try:
                answer = self.connection.call("tools/call", {"name": "echo", "arguments": {"text": "x"}})
                good = answer.get("result", {}).get("content") == [{"type": "text", "text": "x"}]
            except (OSError, AssertionError, ValueError) as error:
                answer, good = repr(error), False
            self.made += 1
            if not good:
                self.failed.append(answer)
            time.sleep(0.02)

    def __enter__(self):
        self.worker.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.worker.join()


def refresh_all(world):
    for user in (USER, "bob"):
        for server in ("up", "other"):
            world.gateway.cli("connection", "refresh", server, "--user", user)


def keys(status: dict, kind: str) -> list[dict]:
    return [key for key in status["keys"] if key["kind"] == kind]


def kill_at(world, point: str):
    """`martlet secret rotate`, killed at a point. The running gateway may have passed it first: then another rotation does."""
    command = [binary(), "secret", "rotate", "--config", world.gateway.config_path, *(["--wait"] if "retired" in point else [])]
    for _ in range(5):
        let_logins_end(world)
        done = subprocess.run(
            command, cwd=world.gateway.folder, timeout=180, env={**os.environ, "MARTLET_CRASH_AT": point}, capture_output=True)
        if done.returncode == -9:
            return
        assert done.returncode == 0, done
        ended(world)
    raise AssertionError(f"{point} was never reached")


def retired(world) -> bytes:
    """A key that went: whatever ran before, keys have been replaced once."""
    def first():
        with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=30) as database:
            return database.execute("SELECT id FROM retired_sealing_key LIMIT 1").fetchone()

    if not first():
        world.gateway.cli("secret", "rotate")
        ended(world)
    return first()[0]


def ended(world) -> dict:
    """The status once a running gateway has ended the rotation."""
    let_logins_end(world)
    assert until(lambda: world.gateway.cli_json("secret", "status")["rotation"] is None, 180, 1), world.gateway.log()[-2000:]
    return world.gateway.cli_json("secret", "status")


def assert_new(before: dict, after: dict):
    """Nothing is left of the keys before, and everything that lasts is sealed under one key of each kind."""
    assert not {key["key"] for key in before["keys"]} & {key["key"] for key in after["keys"]}
    assert len(keys(after, "master")) == 1 and len(keys(after, "data")) == len({key["tenant"] for key in keys(before, "data")})
    assert after["lost"] == [] and all(key["in_use"] for key in after["keys"])


def test_R_81_both_keys_are_replaced_and_no_call_fails(world):
    before = world.gateway.cli_json("secret", "status")
    old = (world.gateway.data_dir / "master.key").read_bytes()
    assert [key["count"] for key in keys(before, "data")[0]["seals"]] == [4]
    with Calls(caller(world)) as calls:
        assert until(lambda: calls.made > 3)
        first = world.gateway.cli_json("secret", "rotate")
        assert (first["credentials"], first["data_keys"], first["unreadable"], first["is_ended"]) == (4, 1, 0, False)
        refresh_all(world)
        held = keys(world.gateway.cli_json("secret", "status"), "master")
        assert [key["in_use"] for key in held] == [True, False] and "pending_authorization" in {one["kind"] for one in held[1]["seals"]}
        after = ended(world)
        made = calls.made
        assert until(lambda: calls.made > made + 3)
    assert calls.failed == []
    assert_new(before, after)
    now = (world.gateway.data_dir / "master.key").read_bytes()
    assert len(now) == 32 and now != old and (world.gateway.data_dir / "master.key").stat().st_mode & 0o077 == 0
    refresh_all(world)
    world.gateway.restart()
    caller(world, "other", "bob").tool("echo", {"text": "x"})
    assert world.gateway.cli_json("audit", "verify")[0]["whole"], "the trail's chain outlives the key that it began under"


def test_R_81_the_master_key_of_before_opens_nothing(world):
    """Put back, it is refused at once and in words."""
    retired(world)
    file = world.gateway.data_dir / "master.key"
    new = file.read_bytes()
    world.gateway.stop()
    file.write_bytes(bytes(32))
    try:
        said = world.gateway.cli("secret", "status", exit_code=1).stderr
    finally:
        file.write_bytes(new)
        world.gateway.start()
    assert "master.key doesn't open this database" in said


def test_R_81_killed_anywhere_it_is_gone_on_with(world):
    rounds, points = count(1, 20), POINTS if FULL else POINTS[::2]
    connection = caller(world)
    with Calls(connection) as calls:
        for _ in range(rounds):
            before = world.gateway.cli_json("secret", "status")
            for point in points:
                kill_at(world, point)
                refresh_all(world)
            after = ended(world)
            assert_new(before, after)
    assert calls.failed == []
    print(f"proof: R-81 count={rounds * len(points)}")


def test_R_81_two_at_once_do_not_meet(world):
    command = [binary(), "secret", "rotate", "--config", world.gateway.config_path]
    both = [subprocess.Popen(command, cwd=world.gateway.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    said = [one.communicate(timeout=180)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    before = world.gateway.cli_json("secret", "status")
    assert ended(world)["lost"] == [] and len(keys(before, "master")) <= 2
    refresh_all(world)


def test_A_24_a_retired_key_seals_nothing_any_more(world):
    """A process that slept through a rotation can't leave behind what nobody opens."""
    old = retired(world)
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=30) as database:
        for table, column in (("connection", "sealed_credential"), ("data_key", "sealed_key"),
                ("signing_key", "sealed_private_key"), ("upstream_registration", "sealed_secret")):
            with pytest.raises(sqlite3.IntegrityError, match="retired key"):
                database.execute(f"UPDATE {table} SET {column} = ?", (b"\x01" + old + bytes(40),))
            database.rollback()


def test_A_21_a_credential_opens_in_its_own_place_alone(world):
    """Swapped between users, between servers, or put back from before, none opens: nobody calls with another's token."""
    connections = {owner: caller(world, "up", owner) for owner in (USER, "bob")}
    good = {owner: one.tool("echo", {"text": "x"})["content"][0]["text"] for owner, one in connections.items()}
    assert set(good.values()) == {"x"}
    path = world.gateway.data_dir / "martlet.sqlite"
    stale = {(row[0], row[1]): row[2] for row in sealed(path)}
    refresh_all(world)
    whole = {(row[0], row[1]): row[2] for row in sealed(path)}
    world.gateway.stop()
    places = sorted(whole)
    tries = [(place, whole[other]) for place in places for other in places if place != other]
    tries += [(place, stale[place]) for place in places]
    assert len(tries) == 16
    world.gateway.start()
    for (route, owner), value in [tries[0], tries[5], tries[-1]]:
        put(path, route, owner, value)
        world.gateway.restart()
        name = route.split("/")[1]
        who = USER if owner == alice(path) else "bob"
        (world.up if name == "up" else world.other).clear()
        answer = caller(world, name, who).call("tools/call", {"name": "echo", "arguments": {"text": "x"}})
        assert "error" in answer or answer["result"].get("isError"), answer
        seen = (world.up if name == "up" else world.other).received()
        assert [one for one in seen if one.rpc_method == "tools/call"] == []
        put(path, route, owner, whole[(route, owner)])
    world.gateway.restart()
    refresh_all(world)


def sealed(path) -> list:
    with sqlite3.connect(path) as database:
        return database.execute("SELECT route, owner, sealed_credential FROM connection").fetchall()


def put(path, route: str, owner: str, value: bytes):
    with sqlite3.connect(path, timeout=30) as database:
        database.execute("UPDATE connection SET sealed_credential = ? WHERE route = ? AND owner = ?", (value, route, owner))


def alice(path) -> str:
    with sqlite3.connect(path) as database:
        (owner,) = database.execute("SELECT id FROM user_account WHERE login_name = ?", (USER,)).fetchone()
    return f"user:{owner}"


def test_A_23_a_master_key_is_replaced_by_wrapping_anew_and_a_data_key_by_sealing_anew(world):
    def sealed() -> tuple:
        with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
            return tuple(dict(database.execute(query)) for query in (
                "SELECT route || owner, sealed_credential FROM connection", "SELECT name, sealed_key FROM data_key"))

    ended(world)
    world.gateway.stop()  # nothing is refreshed meanwhile
    try:
        credentials, wrapped = sealed()
        world.gateway.cli("secret", "rotate", "--only", "master-key")
        same, anew = sealed()
        assert same == credentials and set(anew) == set(wrapped)
        assert all(anew[name] != wrapped[name] for name in wrapped), "every data key is wrapped under the new master key"
        let_logins_end(world)
        world.gateway.cli("secret", "rotate", "--wait")
        credentials, wrapped = sealed()
        world.gateway.cli("secret", "rotate", "--only", "data-keys")
        anew, _ = sealed()
        assert set(anew) == set(credentials) and all(anew[name] != credentials[name] for name in credentials)
    finally:
        world.gateway.start()
    assert caller(world).tool("echo", {"text": "x"})["content"][0]["text"] == "x"
