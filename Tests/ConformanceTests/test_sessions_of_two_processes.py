"""Two processes on one data folder serve the same sessions. What one of them, or a command, changes or ends is heard of by the others
within half a second, though all remember the sessions they know."""

import contextlib
import sqlite3
import threading
import time

import pytest
from martlet_support import MCPConnection
from martlet_support.route import connect
from martlet_support.steps import registered, until, within

PASSWORD = "carols long password"


@contextlib.contextmanager
def twin_of(world):
    """A second process on the same data folder."""
    twin = world.gateway.twin()
    twin.start()
    try:
        yield twin
    finally:
        twin.close()


def at(twin, connection: MCPConnection, access: str | None = None) -> MCPConnection:
    """The same session at another process, which has it in memory from now on."""
    other = MCPConnection(twin.mcp_url("stateful"), access or connection.token)
    other.session, other.next_id = connection.session, 1000
    # Twice: what is read while the process begins to listen for changes isn't kept.
    for _ in range(2):
        assert other.post("ping").status == 200
        time.sleep(0.6)
    return other


def ended_after(stream) -> threading.Event:
    ended = threading.Event()

    def read():
        with contextlib.suppress(Exception):
            for _ in stream.messages():
                pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    return ended


@pytest.mark.parametrize("by", ["delete", "row"])
def test_V_041_a_session_that_ends_at_one_process_ends_at_the_other(install, by):
    world = install()
    with twin_of(world) as twin:
        connection, kept = connect(world, "stateful"), connect(world, "stateful")
        there, kept_there = at(twin, connection), at(twin, kept)
        opened = there.open_stream()
        assert opened.status == 200
        ended, kept_ended = ended_after(opened.stream), ended_after(kept_there.open_stream().stream)
        if by == "delete":
            assert connection.end().status == 200
        else:  # as whoever sweeps up unused sessions does
            with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
                done = database.execute("DELETE FROM mcp_session WHERE rowid = (SELECT MIN(rowid) FROM mcp_session)")
                assert done.rowcount == 1
        done = time.monotonic()
        assert until(lambda: there.post("ping").status == 404)
        assert time.monotonic() - done <= within(1)
        assert ended.wait(within(5)), "its stream is still open"
        assert until(lambda: connection.post("ping").status == 404)
        assert kept_there.post("ping").status == 200 and not kept_ended.is_set(), "another session goes on"


def test_V_041_a_command_ends_sessions_in_every_process(install):
    world = install(users={"carol": PASSWORD})
    client = registered(world)
    connection = MCPConnection(world.mcp_url("stateful"), client.log_in(world.mcp_url("stateful"), "carol", PASSWORD).access)
    connection.initialize()
    with twin_of(world) as twin:
        there = at(twin, connection)
        ended = ended_after(there.open_stream().stream)
        world.gateway.cli("access", "revoke", "--user", "carol")
        assert ended.wait(within(5)), "its stream is still open"
        time.sleep(1.1)  # a token of the very second of a revocation is revoked, too
        again = client.log_in(world.mcp_url("stateful"), "carol", PASSWORD).access
        for session in (connection, there):
            session.token = again
            assert session.post("ping").status == 404, "the session ended, whoever has it in memory"


def test_X2_what_a_session_becomes_at_one_process_the_other_knows(install):
    world = install()
    upstream = world.upstreams["stateful"]
    with twin_of(world) as twin:
        connection = connect(world, "stateful")
        there = at(twin, connection)
        upstream.drop_sessions()
        assert connection.tool("echo", {"text": "a"})["content"][0]["text"] == "a"
        begun, called = len(upstream.received("initialize")), len(upstream.received("tools/call"))
        time.sleep(within(1))
        assert there.tool("echo", {"text": "b"})["content"][0]["text"] == "b"
        assert len(upstream.received("initialize")) == begun
        assert len(upstream.received("tools/call")) == called + 1, "it went to the new session at once"
        assert len(upstream.sessions) == 1
