"""`credential: {client_credentials: …}`: Martlet calls a server with an account of its own, and nobody connects anything."""

import json
import sqlite3
import time

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.crowd import Crowd, ThinServer
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect, token
from martlet_support.steps import count, until
from martlet_support.token_authority import TokenAuthority
from martlet_support.trail import gone

ECHO = {"name": "echo", "arguments": {"text": "hi"}}


def entry(authority: TokenAuthority, url: str, **more) -> dict:
    return {"url": url, "credential": {"client_credentials": authority.client(scopes=["tools"])}, **more}


@pytest.fixture(scope="module")
def world(authority):
    """Servers of each kind that turn everybody away who has no good token."""
    upstreams = {mode: FakeMCPServer(mode).start() for mode in ("stateful", "stateless", "modern")}
    for upstream in upstreams.values():
        upstream.guard = authority.guard
    gateway = Gateway(
        {name: entry(authority, one.url) for name, one in upstreams.items()}, users={USER: PASSWORD},
        env=authority.environment)
    yield Installation(gateway.start(), upstreams)
    gateway.close()
    for one in upstreams.values():
        one.stop()


@pytest.mark.parametrize("server", ["stateful", "stateless", "modern"])
@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_everything_carries_a_token_that_was_asked_for_once(world, authority, server, revision):
    """In every cell of the matrix, era probes, handshakes and farewells included."""
    upstream = world.upstreams[server]
    connection = connect(world, server, revision=revision)
    for _ in range(3):
        assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
    if revision == LEGACY and server == "stateful":
        stream = connection.open_stream()
        assert stream.status == 200, stream.describe()
        upstream.wait_for_streams()
        assert connection.end().status == 200
    sent = {one.header("authorization") for one in upstream.received(probes=True)}
    assert len(sent) == 1 and sent <= {f"Bearer {one}" for one in authority.issued}, sent
    asked = [one for one in authority.requests if one.get("resource") == upstream.url]
    assert len(asked) == 1, "one request for each server"
    assert asked[0]["grant_type"] == "client_credentials" and asked[0]["scope"] == "tools"


def test_R_09_while_nothing_can_be_had_calls_say_so(world, authority):
    """The server itself is never asked without a token, and the client never hears a 401."""
    with ThinServer(authority.is_good) as thin:
        authority.refusal = (500, {"error": "server_error"})
        try:
            with Gateway({"thin": entry(authority, thin.url, protocol=MODERN)}, users={USER: PASSWORD},
                    env=authority.environment) as gateway:
                own = Installation(gateway, {})
                before = authority.count()
                for _ in range(3):
                    answer = connect(own, "thin", revision=MODERN).post("tools/call", ECHO)
                    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
                assert authority.count() == before + 1, "a server that fails is left alone for a while"
        finally:
            authority.refusal = None
        assert thin.calls == 0


def test_an_account_that_was_taken_away_begins_anew_when_an_administrator_asks(world):
    connection = connect(world, "stateless", revision=MODERN)
    connection.tool("echo", {"text": "hi"})
    said = world.gateway.cli("connection", "revoke", "stateless").stdout
    assert "martlet connection refresh" in said
    assert until(lambda: "error" in connection.post("tools/call", ECHO).json()), "it is used on"
    record = [one for one in world.gateway.cli_json("audit", "search", "--action", "connection.revoked")][0]
    assert (record["route"], record["reason"]) == ("/stateless/mcp", "by_command")
    assert "error" in connection.post("tools/call", ECHO).json(), "it came back by itself"
    world.gateway.cli("connection", "refresh", "stateless")
    assert until(lambda: "result" in connection.post("tools/call", ECHO).json())


def test_A_10_the_secret_is_nowhere_to_be_read(world, authority):
    connect(world, "stateless").post("tools/call", ECHO)
    flows = world.gateway.cli("flow", "list").stdout
    said = world.gateway.cli("config", "check")
    everything = world.gateway.log() + flows + said.stdout + said.stderr
    secrets = [authority.client_secret, *authority.issued]
    assert not [one for one in secrets if one in everything]
    for path in world.gateway.data_dir.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert not [one for one in secrets if one.encode() in content], path


def test_R_01_however_many_calls_wait_a_token_is_asked_for_once(authority):
    """First without a token, then across the end of one: 1 request each time, and no call fails."""
    told = 8  # seconds that the first token is said to live: Martlet renews it half-way, and uses it for 6 s
    number = count(1000, 10_000)
    with ThinServer(authority.is_good) as thin, Gateway(
            {"thin": entry(authority, thin.url, protocol=MODERN)}, users={USER: PASSWORD},
            env=authority.environment) as gateway:
        own = Installation(gateway, {})
        caller = token(own, "thin")
        asked, known = authority.count(), len(authority.issued)
        authority.lifetimes = [told]
        authority.hold()
        for turn in (1, 2):
            with Crowd(gateway.mcp_url("thin"), caller, number) as crowd:
                authority.wait_for(asked + turn)
                assert thin.calls == (turn - 1) * number, "nobody is let through without a token"
                authority.let(1)
                ended = time.monotonic() + told
                answers = crowd.answers()
            failed = [one for one in answers if "result" not in one]
            assert not failed, (len(failed), json.dumps(failed[:3]))
            assert len(authority.issued) == known + turn
            assert turn == 2 or until(lambda: time.monotonic() > ended)
        assert authority.count() == asked + 2, f"{authority.count() - asked} token requests for two tokens"
        authority.release()
        assert sorted(thin.seen[one] for one in authority.issued[known:]) == [number, number]


def test_R_07_callers_that_hang_up_take_nothing_along(authority):
    """They go while the token is being asked for; it is stored all the same, and the next call needs none."""
    with ThinServer(authority.is_good) as thin, Gateway(
            {"thin": entry(authority, thin.url, protocol=MODERN)}, users={USER: PASSWORD},
            env=authority.environment) as gateway:
        own = Installation(gateway, {})
        caller = token(own, "thin")
        asked, number = authority.count(), count(300, 10_000)
        authority.hold()
        with Crowd(gateway.mcp_url("thin"), caller, number) as crowd:
            authority.wait_for(asked + 1)
            crowd.leave()
        assert until(lambda: gone(own) == number), f"{gone(own)} of {number} calls ended with their callers"
        authority.release()
        assert connect(own, "thin", revision=MODERN).tool("echo")["content"][0]["text"] == "done"
        assert authority.count() == asked + 1
        assert thin.calls == 1, "calls of those who left were made"


def test_R_05_hundreds_of_refreshes_that_wait_hold_nothing_of_the_store(authority):
    """Each for an account of its own; a few are asked for at once, the others stand in line, and everybody else reads and writes."""
    number, waits = count(80, 500), []
    with ThinServer(authority.is_good) as thin, Gateway(
            {f"s{n}": entry(authority, thin.url, protocol=MODERN) for n in range(number)}, users={USER: PASSWORD},
            env=authority.environment) as gateway:
        key = gateway.cli_json("key", "create", "all", "--owner", USER)["key"]
        asked = authority.count()
        authority.hold()
        with Crowd([gateway.mcp_url(f"s{n}") for n in range(number)], key) as crowd:
            authority.wait_for(asked + 16)
            with sqlite3.connect(gateway.data_dir / "martlet.sqlite", isolation_level=None, timeout=20) as database:
                for _ in range(50):
                    began = time.monotonic()
                    database.execute("BEGIN IMMEDIATE")
                    database.execute("ROLLBACK")
                    waits.append(time.monotonic() - began)
            gateway.cli("user", "add", "r-05", "--password-stdin", stdin=PASSWORD + "\n")
            assert authority.count() == asked + 16, "more at once than one authorization server is asked"
            authority.release()
            failed = [one for one in crowd.answers() if "result" not in one]
        assert not failed, (len(failed), json.dumps(failed[:3]), gateway.log()[-2000:])
        assert authority.count() == asked + number and thin.calls == number
    print(f"proof: R-05 count={number}")
    print(f"a writer waited {max(waits) * 1000:.1f} ms at most while {number} refreshes did")
