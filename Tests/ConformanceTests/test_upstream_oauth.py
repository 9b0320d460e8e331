"""`credential: {oauth: …}`: every user has an account of their own at the server. What clients hear before it is connected, and what
the server sees afterwards."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.accounts import Someone
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.mcp import LEGACY, MODERN, MCPConnection
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import token
from martlet_support.token_authority import TokenAuthority

ECHO = {"name": "echo", "arguments": {"text": "hi"}}
OPENS_PAGES = {"elicitation": {"url": {}}}
MODES = ("stateful", "stateless", "modern")


def entry(authority: TokenAuthority, url: str, **more) -> dict:
    return {"url": url, "credential": {"oauth": authority.client(scopes=["tools"])}, **more}


@pytest.fixture(scope="module")
def world(authority):
    """Servers of each kind that turn everybody away who has no good token, and a user who has connected nothing."""
    upstreams = {mode: FakeMCPServer(mode).start() for mode in MODES}
    upstreams["old"] = FakeSSEServer().start()
    upstreams["older"] = FakeMCPServer("stateful", revision="2025-06-18").start()
    for upstream in upstreams.values():
        upstream.guard = authority.guard
    gateway = Gateway(
        {name: entry(authority, one.url) for name, one in upstreams.items()}, users={USER: PASSWORD},
        env=authority.environment)
    yield Installation(gateway.start(), upstreams)
    gateway.close()
    for one in upstreams.values():
        one.stop()


def client(world, server: str, revision: str, capabilities: dict | None = None) -> MCPConnection:
    """A client of a user who never connects anything; a modern one declares its capabilities with each request."""
    connection = MCPConnection(world.mcp_url(server), token(world, server), revision=revision)
    if not connection.modern:
        connection.initialize(capabilities)
    return connection


def declaring(connection: MCPConnection, params: dict, capabilities: dict) -> dict:
    if not connection.modern:
        return params
    return {**params, "_meta": {"io.modelcontextprotocol/clientCapabilities": capabilities}}


def leads_to(world, server: str, text: str) -> bool:
    return f"{world.url}/connect/{server}" in text


# Before the account is connected


@pytest.mark.parametrize("server", MODES)
@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_a_client_without_pages_gets_a_link_it_can_show(world, server, revision):
    """In the list of tools, in the tool, and for every other call; the server hears of nothing of it."""
    world.upstreams[server].clear()
    connection = client(world, server, revision)
    if revision == MODERN:
        about = connection.call("server/discover")["result"]
        assert leads_to(world, server, about["instructions"]) and revision in about["supportedVersions"]
    tools = connection.call("tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["martlet_connect"]
    for name in ("martlet_connect", "echo"):
        result = connection.tool(name)
        assert result["isError"] and leads_to(world, server, result["content"][0]["text"]), result
    assert connection.call("prompts/list")["result"]["prompts"] == []
    assert world.upstreams[server].received(probes=True) == [], "a server that wants a token was asked without"


@pytest.mark.parametrize("server", MODES)
def test_a_legacy_client_that_opens_pages_is_sent_to_one(world, server):
    connection = client(world, server, LEGACY, OPENS_PAGES)
    error = connection.call("tools/call", ECHO)["error"]
    assert error["code"] == -32042
    (asked,) = error["data"]["elicitations"]
    assert asked["mode"] == "url" and leads_to(world, server, asked["url"])
    assert asked["elicitationId"] and asked["message"]


@pytest.mark.parametrize("server", MODES)
def test_a_modern_client_that_opens_pages_is_asked_to(world, server):
    connection = client(world, server, MODERN)
    result = connection.call("tools/call", declaring(connection, ECHO, OPENS_PAGES))["result"]
    assert result["resultType"] == "input_required"
    (asked,) = result["inputRequests"].values()
    assert asked["method"] == "elicitation/create" and asked["params"]["mode"] == "url"
    assert leads_to(world, server, asked["params"]["url"])
    answers = {key: {"action": "decline"} for key in result["inputRequests"]}
    again = {**ECHO, "requestState": result["requestState"], "inputResponses": answers}
    declined = connection.call("tools/call", declaring(connection, again, OPENS_PAGES))["result"]
    assert declined["isError"] and declined["resultType"] == "complete", "who declined is not asked again"


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_other_requests_are_refused_with_the_link(world, revision):
    error = client(world, "stateful", revision).call("completion/complete", {"ref": {}, "argument": {}})["error"]
    assert error["code"] == -31003 and leads_to(world, "stateful", error["data"]["connect"])


def test_a_session_without_an_account_is_one_like_others(world):
    """Its notifications are taken, its stream is silent, its end is the end of both."""
    connection = client(world, "stateful", LEGACY)
    assert connection.session
    answer = connection.open_stream()
    assert answer.status == 200, answer.describe()
    assert connection.post("notifications/roots/list_changed", notification=True).status == 202
    assert connection.call("ping")["result"] == {}
    assert connection.end().status == 200
    assert list(answer.stream.events()) == []
    assert connection.post("tools/list").status == 404


# When it is connected


@pytest.mark.parametrize("server", MODES)
def test_a_session_from_before_goes_on_when_the_account_is_connected(world, authority, server):
    """The client hears of it on its stream; the server's session begins with what the client said in its own."""
    upstream = world.upstreams[server]
    user = Someone(world, authority)
    connection = user.client(server, LEGACY, OPENS_PAGES)
    listening = connection.open_stream()
    asked = connection.call("tools/call", ECHO)["error"]["data"]["elicitations"][0]
    upstream.clear()
    user.connect(server, asked["url"])
    heard = [json.loads(data) for _, data, _ in listening.stream.events() if data]
    assert [one["method"] for one in heard[:2]] == [
        "notifications/elicitation/complete", "notifications/tools/list_changed"]
    assert heard[0]["params"]["elicitationId"] == asked["elicitationId"]
    assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
    assert {"echo", "slow"} <= {tool["name"] for tool in connection.call("tools/list")["result"]["tools"]}
    told = connection.tool("martlet_connect")
    assert not told["isError"] and "connected" in told["content"][0]["text"]
    if server == "stateful":
        assert upstream.received("initialize")[0].json["params"]["capabilities"] == OPENS_PAGES
    tokens = {one.header("authorization") for one in upstream.received(probes=True)}
    assert len(tokens) == 1 and not None in tokens


def test_a_session_from_before_goes_on_in_the_revision_of_the_server(world, authority):
    """What the client was told before anybody could ask the server was a guess."""
    user = Someone(world, authority)
    connection = user.client("older", LEGACY)
    user.connect("older")
    for _ in range(2):
        assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
    calls = world.upstreams["older"].received("tools/call")
    assert [one.header("mcp-protocol-version") for one in calls] == ["2025-06-18"] * 2
    assert len({one.header("mcp-session-id") for one in calls}) == 1


@pytest.mark.parametrize("server", MODES)
def test_a_modern_call_is_finished_by_one_repetition(world, authority, server):
    upstream = world.upstreams[server]
    user = Someone(world, authority)
    connection = user.client(server, MODERN)
    result = connection.call("tools/call", declaring(connection, ECHO, OPENS_PAGES))["result"]
    (asked,) = result["inputRequests"].values()
    user.connect(server, asked["params"]["url"])
    upstream.clear()
    again = {**ECHO, "requestState": result["requestState"],
        "inputResponses": {key: {"action": "accept"} for key in result["inputRequests"]}}
    answer = connection.call("tools/call", declaring(connection, again, OPENS_PAGES))["result"]
    assert answer["content"][0]["text"] == "hi", answer
    (call,) = upstream.received("tools/call")
    assert "requestState" not in call.json["params"] and "inputResponses" not in call.json["params"]


@pytest.mark.parametrize("server", MODES)
def test_V_041_who_lost_access_while_waiting_calls_nothing(world, authority, server):
    """Somebody else's page, or one that was opened before, may still connect the account."""
    upstream = world.upstreams[server]
    user = Someone(world, authority)
    connection = user.client(server, MODERN)
    result = connection.call("tools/call", declaring(connection, ECHO, OPENS_PAGES))["result"]
    (asked,) = result["inputRequests"].values()
    upstream.clear()
    again = {**ECHO, "requestState": result["requestState"],
        "inputResponses": {key: {"action": "accept"} for key in result["inputRequests"]}}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connection.post, "tools/call", declaring(connection, again, OPENS_PAGES))
        time.sleep(1)
        world.gateway.revoke(connection.token)
        time.sleep(1)  # What is taken away is known everywhere within half a second.
        user.connect(server, asked["params"]["url"])
        assert waiting.result().status == 401, waiting.result().describe()
    assert upstream.received("tools/call") == []


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_servers_of_2024_11_05_get_it_on_their_stream_and_their_endpoint(world, authority, revision):
    upstream = world.upstreams["old"]
    user = Someone(world, authority)
    connection = user.client("old", revision)
    told = connection.tool("echo")
    assert told["isError"] and leads_to(world, "old", told["content"][0]["text"])
    assert upstream.received() == [], "it was asked without a token"
    access = user.connect("old")
    assert connection.tool("echo", {"text": "one"})["content"][0]["text"] == "one"
    authority.disown(access)
    assert connection.tool("echo", {"text": "two"})["content"][0]["text"] == "two", "refused at the endpoint, and sent again"
    sent = {(one.method, one.header("authorization")) for one in upstream.received()}
    assert {method for method, _ in sent} == {"GET", "POST"} and (None not in {token for _, token in sent})
    upstream.clear()


def test_rules_that_look_at_tools_lead_to_the_page_too(world, authority):
    """They ask the server before they admit a call, in the name of a caller who has no account there yet."""
    careful = {"name": "careful", "effect": "deny", "what": {"annotations": {"read_only": True}}}
    upstream = world.upstreams["modern"]
    with Gateway({"modern": entry(authority, upstream.url)}, users={USER: PASSWORD}, config={"policy": {"rules": [careful]}},
            env=authority.environment) as gateway:
        own = Installation(gateway, {})
        user = Someone(own, authority)
        connection = user.client("modern", MODERN)
        told = connection.tool("echo")
        assert told["isError"] and leads_to(own, "modern", told["content"][0]["text"]), told
        user.connect("modern")
        assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
