"""Somebody who learns another's session id, or guesses that there is only one, reads and writes in it. A session belongs to (tenant,
issuer, subject, client, route); any other caller hears the same 404 as for an id that never was."""

import json
import re

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection, request
from martlet_support.mcp import LEGACY
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import fresh_token
from martlet_support.steps import Person, registered

BOB, BOBS_PASSWORD = "bob", "another long password"
PING = {"jsonrpc": "2.0", "id": 7, "method": "tools/list"}


@pytest.fixture(scope="module")
def world():
    upstreams = {"stateful": FakeMCPServer("stateful").start(), "second": FakeMCPServer("stateful").start()}
    gateway = Gateway({name: upstream.url for name, upstream in upstreams.items()}, users={USER: PASSWORD, BOB: BOBS_PASSWORD}).start()
    installation = Installation(gateway, upstreams)
    installation.clients = [registered(installation), registered(installation, extra={"client_name": "Another client"})]
    alice, bob = Person(installation), Person(installation, BOB, BOBS_PASSWORD)
    installation.tokens = {
        ("alice", 0): alice.tokens(installation.clients[0]), ("alice", 1): alice.tokens(installation.clients[1]),
        ("bob", 0): bob.tokens(installation.clients[0]), ("bob", 1): bob.tokens(installation.clients[1]),
    }
    installation.elsewhere = alice.tokens(installation.clients[0], installation.mcp_url("second"))
    yield installation
    gateway.close()
    for upstream in upstreams.values():
        upstream.stop()


@pytest.fixture
def owned(world) -> MCPConnection:
    connection = MCPConnection(world.mcp_url("stateful"), world.tokens["alice", 0].access)
    connection.initialize()
    for upstream in world.upstreams.values():
        upstream.clear()
    return connection


def use(url: str, token: str, session, verb: str):
    headers = [("Authorization", f"Bearer {token}"), ("MCP-Protocol-Version", LEGACY)]
    headers += [("Mcp-Session-Id", value) for value in ([session] if isinstance(session, str) else session)]
    headers.append(("Accept", "text/event-stream" if verb == "GET" else "application/json, text/event-stream"))
    return request(verb, url, headers=headers, json=PING if verb == "POST" else None, stream=True, timeout=90)


def plain(answer) -> tuple:
    """What of an answer could tell two refusals apart."""
    headers = sorted((n.lower(), v) for n, v in answer.headers if n.lower() not in ("x-request-id", "date"))
    return answer.status, headers, answer.body


@pytest.mark.parametrize("verb", ["POST", "GET", "DELETE"])
def test_V_014_a_foreign_session_looks_like_none(world, owned, verb):
    unknown = owned.session[:-6] + ("AAAAAA" if not owned.session.endswith("AAAAAA") else "BBBBBB")
    for who in [("alice", 1), ("bob", 0), ("bob", 1)]:
        foreign = use(world.mcp_url("stateful"), world.tokens[who].access, owned.session, verb)
        never = use(world.mcp_url("stateful"), world.tokens[who].access, unknown, verb)
        assert foreign.status == 404, f"{who}: {foreign.describe()}"
        assert plain(foreign) == plain(never), f"{who} can tell a session that exists"
    at_another_route = use(world.mcp_url("second"), world.elsewhere.access, owned.session, verb)
    assert at_another_route.status == 404, at_another_route.describe()
    assert all(upstream.received() == [] for upstream in world.upstreams.values())
    assert owned.call("tools/list")["result"]["tools"], "the owner goes on"


def test_V_014_a_session_survives_a_refresh_of_its_owner(world, owned):
    answer = world.clients[0].refresh(world.tokens["alice", 0].refresh)
    assert answer.status == 200, answer.describe()
    world.tokens["alice", 0].refresh = answer.json()["refresh_token"]
    owned.token = answer.json()["access_token"]
    assert owned.call("tools/list")["result"]["tools"]
    owned.token = Person(world).tokens(world.clients[0]).access
    assert owned.call("tools/list")["result"]["tools"], "and a new login of the same person with the same client"


@pytest.mark.parametrize("session", [[], [""], [" "], ["*"], ["null"], ["undefined"], ["0"], ["a" * 5000], ["%00"], ["../.."]])
@pytest.mark.parametrize("verb", ["POST", "GET", "DELETE"])
def test_V_016_the_only_session_is_never_guessed(world, owned, verb, session):
    answer = use(world.mcp_url("stateful"), world.tokens["alice", 0].access, session, verb)
    assert 400 <= answer.status < 500, answer.describe()
    if session == [] and verb == "GET":
        assert answer.status == 405 and answer.header("allow"), "X3: no session, no stream"
    if session not in ([], [""], [" "]):
        assert answer.status == 404, "X2: an unknown id is 404, never 400: " + answer.describe()
    upstream_session = [r.header("mcp-session-id") for r in world.upstreams["stateful"].received()]
    assert upstream_session in ([], [None]), "it reached the session"
    assert owned.call("tools/list")["result"]["tools"]


def test_V_016_two_session_ids_are_none(world, owned):
    for pair in ([owned.session, owned.session], [owned.session, "x"], ["x", owned.session], [f"{owned.session}, x"], [f"{owned.session},{owned.session}"]):
        for verb in ("POST", "GET", "DELETE"):
            answer = use(world.mcp_url("stateful"), world.tokens["alice", 0].access, pair, verb)
            assert answer.status in (400, 404), answer.describe()
    assert world.upstreams["stateful"].received() == []


def test_N_27_ids_are_minted_here_and_cannot_be_guessed(world):
    seen = set()
    for _ in range(5):
        connection = MCPConnection(world.mcp_url("stateful"), world.tokens["alice", 0].access)
        connection.initialize()
        assert re.fullmatch(r"[\x21-\x7e]{22,}", connection.session), connection.session
        seen.add(connection.session)
    assert len(seen) == 5
    assert not seen & set(world.upstreams["stateful"].sessions), "the upstream's own id must not be the client's"


def test_X9_each_hop_has_its_own_session(world, owned):
    owned.call("tools/list")
    sent = world.upstreams["stateful"].received("tools/list")[-1].header("mcp-session-id")
    assert sent in world.upstreams["stateful"].sessions and sent != owned.session
    # The upstream's own id is worth nothing here, not even to its owner.
    assert use(world.mcp_url("stateful"), owned.token, sent, "POST").status == 404


def test_V_053_a_new_token_of_a_disabled_person_is_no_way_back(world):
    token = Person(world, BOB, BOBS_PASSWORD).tokens(world.clients[0]).access
    connection = MCPConnection(world.mcp_url("stateful"), token)
    connection.initialize()
    assert json.dumps(connection.call("tools/list"))
    connection.token = fresh_token(world)
    assert connection.post("tools/list").status == 404, "alice with bob's session"
