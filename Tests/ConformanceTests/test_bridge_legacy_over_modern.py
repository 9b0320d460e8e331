"""Legacy clients with a server that speaks 2026-07-28 only: what goes over the wire on both hops."""

import base64
import json
import threading
import time

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.modern_rules import RPCError
from martlet_support.pytest_plugin import PASSWORD
from martlet_support.route import fresh_token
from martlet_support.steps import Person, registered

META = "io.modelcontextprotocol/"
REVISIONS = ["2025-03-26", "2025-06-18", LEGACY]
FORM = {"mode": "form", "message": "Who?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}
EVERYTHING = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": True},
    "logging": {},
    "completions": {},
}


@pytest.fixture(scope="module")
def world(install_for_file):
    return install_for_file(users={"bob": PASSWORD})


@pytest.fixture
def server(world):
    """The modern server, as it was before the test once that is over."""
    fake = world.upstreams["modern"]
    before = fake.capabilities, fake.tools, dict(fake._handlers)
    fake.clear()
    fake.capabilities = EVERYTHING
    yield fake
    fake.capabilities, fake.tools, fake._handlers = before


_tokens: dict = {}


def legacy(world, revision: str = LEGACY, *, capabilities: dict | None = None, user: str = "alice") -> MCPConnection:
    """An initialized legacy client of the modern server."""
    if (world.url, user) not in _tokens:
        _tokens[world.url, user] = (
            fresh_token(world, "modern")
            if user == "alice"
            else Person(world, user, PASSWORD).tokens(registered(world), world.mcp_url("modern")).access
        )
    connection = MCPConnection(world.mcp_url("modern"), _tokens[world.url, user], revision=revision)
    connection.initialize(capabilities)
    return connection


def say(connection: MCPConnection, message: dict, **headers):
    """POSTs a message as it is, on a connection of its own."""
    sent = {**connection.headers(), **headers}
    return request("POST", connection.url, headers=sent, json={"jsonrpc": "2.0", **message})


def call(connection: MCPConnection, name: str = "ask", arguments: dict | None = None, **meta):
    """Begins a tool call; answers the stream of messages that comes back."""
    params = {"name": name, "arguments": arguments or {}, **({"_meta": meta} if meta else {})}
    answer = connection.post("tools/call", params, stream=True, timeout=60)
    assert answer.status == 200, answer.describe()
    assert answer.stream is not None, answer.describe()
    return answer


def asks(*rounds: dict):
    """A tool that asks, round after round, and then tells all that it was told."""

    def handler(message, _):
        params = message["params"]
        state = params.get("requestState")
        number = int(state.split("#")[1]) if state else 0
        if number < len(rounds):
            return {"resultType": "input_required", "inputRequests": rounds[number], "requestState": f"st\u2028\u00e4te #{number + 1}"}
        heard = [params.get("inputResponses"), state]
        return {"resultType": "complete", "content": [{"type": "text", "text": "done"}], "structuredContent": {"heard": heard}}

    return handler


def elicit(**params) -> dict:
    return {"who": {"method": "elicitation/create", "params": {**FORM, **params}}}


# Handshake


@pytest.mark.parametrize("revision", REVISIONS)
def test_initialize_becomes_discover(world, server, revision):
    connection = MCPConnection(world.mcp_url("modern"), legacy(world).token, revision=revision)
    server.clear()
    result = connection.initialize({"roots": {"listChanged": True}, "elicitation": {}, "tasks": {}}).json()["result"]
    assert result["protocolVersion"] == revision
    assert result["capabilities"] == EVERYTHING
    assert result["serverInfo"] == {"name": "fake", "version": "1"}
    assert not {"resultType", "ttlMs", "cacheScope", "supportedVersions"} & set(result)
    assert connection.session and connection.session.startswith("mse_")
    discover = server.received("server/discover")[-1]
    meta = discover.json["params"]["_meta"]
    assert meta[META + "clientCapabilities"] == {"roots": {}, "elicitation": {}}
    assert meta[META + "clientInfo"] == {"name": "martlet-tests", "version": "1"}
    assert discover.header("mcp-session-id") is None


@pytest.mark.parametrize("asked", ["1999-01-01", MODERN, "x"])
def test_unknown_revisions_get_the_latest_legacy_one(world, server, asked):
    connection = legacy(world)
    connection.session = None
    answer = connection.post("initialize", {"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}})
    assert answer.json()["result"]["protocolVersion"] == LEGACY, answer.describe()


def test_servers_say_their_instructions_and_keep_their_extensions(world, server):
    server.capabilities = {"tools": {}, "extensions": {META + "tasks": {}, META + "ui": {"a": 1}}}
    server.on("server/discover", lambda *_: {
        "resultType": "complete", "supportedVersions": [MODERN], "capabilities": server.capabilities, "instructions": "Be kind",
        "ttlMs": 5, "cacheScope": "public"})
    connection = legacy(world)
    connection.session = None
    result = connection.initialize().json()["result"]
    assert result["instructions"] == "Be kind"
    assert result["capabilities"] == {"tools": {}, "extensions": {META + "ui": {"a": 1}}}
    assert result["serverInfo"] == {"name": "modern", "version": "unknown"}


def test_sessions_are_the_callers_only_and_end(world, server):
    alice, bob = legacy(world), legacy(world, user="bob")
    stolen = bob.post("tools/list", headers={"Mcp-Session-Id": alice.session})
    unknown = bob.post("tools/list", headers={"Mcp-Session-Id": "mse_" + "A" * 43})
    assert alice.end().status == 200
    ended = alice.post("tools/list")
    assert stolen.status == unknown.status == ended.status == 404
    assert stolen.json()["error"] == unknown.json()["error"] == ended.json()["error"]
    assert server.received("tools/list") == []


def test_a_client_without_session_works_as_far_as_it_can(world, server):
    connection = legacy(world)
    connection.session = None
    assert connection.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    assert connection.call("ping")["result"] == {}
    assert connection.post("notifications/cancelled", {"requestId": 1}, notification=True).status == 202
    error = connection.call("logging/setLevel", {"level": "debug"})["error"]
    assert error["code"] == -32600 and "Mcp-Session-Id" in error["message"]
    server.on("tools/call", asks(elicit()))
    assert "Mcp-Session-Id" in connection.call("tools/call", {"name": "ask"})["error"]["message"]


def test_pinned_servers_are_bridged_without_asking(world, server, install):
    pinned = install(servers={"pinned": {"url": server.url, "protocol": MODERN}})
    connection = MCPConnection(pinned.mcp_url("pinned"), fresh_token(pinned, "pinned"))
    server.clear()
    connection.initialize()
    assert [seen.rpc_method for seen in server.received()] == ["server/discover"]


# Answered here


def test_ping_and_notifications_are_answered_here(world, server):
    connection = legacy(world)
    server.clear()
    assert connection.call("ping")["result"] == {}
    for method in ("notifications/initialized", "notifications/roots/list_changed", "notifications/progress"):
        assert connection.post(method, {"progressToken": 1, "progress": 1}, notification=True).status == 202
    assert say(connection, {"id": "mq_nobody", "result": {}}).status == 202
    assert server.received() == []


@pytest.mark.parametrize("method", ["tasks/list", "tasks/get", "tasks/result", "tasks/cancel", "subscriptions/listen"])
def test_what_cannot_be_translated_is_named(world, server, method):
    connection = legacy(world)
    server.clear()
    error = connection.call(method, {"taskId": "t", "notifications": {}})["error"]
    assert error["code"] == -32601 and method in error["message"]
    assert server.received() == []


def test_batches_are_refused(world):
    connection = legacy(world, "2025-03-26")
    answer = request("POST", connection.url, headers=connection.headers(), json=[connection.body("ping"), connection.body("tools/list")])
    assert answer.status == 400 and answer.json()["error"]["code"] == -32600


def test_the_log_level_goes_with_each_request(world, server):
    connection = legacy(world)
    connection.call("tools/list")
    assert connection.call("logging/setLevel", {"level": "warning"})["result"] == {}
    connection.call("tools/list")
    other = legacy(world)
    other.call("tools/list")
    levels = [seen.json["params"]["_meta"][META + "logLevel"] for seen in server.received("tools/list")]
    assert levels == ["info", "warning", "info"]
    assert server.received("logging/setLevel") == []
    assert connection.call("logging/setLevel", {"level": "loud"})["error"]["code"] == -32602


def test_what_the_server_does_not_declare_is_not_found(world, server, install):
    server.capabilities = {"tools": {}}
    fresh = install(servers={"plain": server.url})
    connection = MCPConnection(fresh.mcp_url("plain"), fresh_token(fresh, "plain"))
    connection.initialize()
    for method, params in (("logging/setLevel", {"level": "info"}), ("resources/subscribe", {"uri": "a:b"})):
        assert connection.call(method, params)["error"]["code"] == -32601
    stream = connection.open_stream()
    assert stream.status == 405 and "GET" not in stream.header("allow"), stream.describe()
    assert server.received("subscriptions/listen") == []


# Requests and results


def test_requests_carry_metadata_and_mirrors(world, server):
    connection = legacy(world, capabilities={"sampling": {}})
    name = "caf\u00e9 \u2603"
    connection.call("tools/call", {"name": name, "arguments": {}, "task": {"ttl": 1}, "requestState": "forged",
                                   "inputResponses": {"a": {}}, "_meta": {"progressToken": "p", "com.example/a": 1e-07}})
    seen = server.received("tools/call")[-1]
    assert seen.header("mcp-protocol-version") == MODERN and seen.header("mcp-method") == "tools/call"
    assert seen.header("mcp-name") == "=?base64?" + base64.b64encode(name.encode()).decode() + "?="
    assert seen.header("mcp-session-id") is None and seen.header("authorization") is None
    params = seen.json["params"]
    assert set(params) == {"name", "arguments", "_meta"}, "what only one era knows is left out"
    assert params["_meta"] == {
        "progressToken": "p", "com.example/a": 1e-07, META + "protocolVersion": MODERN, META + "logLevel": "info",
        META + "clientCapabilities": {"sampling": {}}, META + "clientInfo": {"name": "martlet-tests", "version": "1"}}
    assert b"1e-07" in seen.body, "numbers stay as they were written"


def test_results_lose_what_only_modern_knows(world, server):
    server.on("prompts/list", lambda *_: {
        "resultType": "complete", "prompts": [], "nextCursor": "n", "ttlMs": 5, "cacheScope": "public",
        "_meta": {META + "serverInfo": {"name": "x", "version": "1"}, "com.example/a": 1}})
    answer = legacy(world).call("prompts/list", {"cursor": "c"})
    assert answer["result"] == {"prompts": [], "nextCursor": "n", "_meta": {"com.example/a": 1}}
    assert server.received("prompts/list")[-1].json["params"]["cursor"] == "c"


def test_definitions_that_legacy_cannot_read(world, server):
    server.tools = [
        {"name": "bad", "inputSchema": {"type": "object", "properties": {"a": {"type": "number", "x-mcp-header": "A"}}}},
        {"name": "list", "inputSchema": {"type": "object"}, "outputSchema": {"type": "array"}},
        {"name": "object", "inputSchema": {"type": "object"}, "outputSchema": {"type": "object"}},
    ]
    tools = legacy(world).call("tools/list")["result"]["tools"]
    assert [tool["name"] for tool in tools] == ["list", "object"]
    assert [("outputSchema" in tool) for tool in tools] == [False, True]
    server.on("tools/call", lambda *_: {"resultType": "complete", "content": [], "structuredContent": [1, "\u00e4"]})
    assert legacy(world).tool("list") == {"content": [{"type": "text", "text": '[1,"\u00e4"]'}]}


def test_large_results_come_through(world, server):
    text = "x" * 3_000_000
    server.on("tools/call", lambda *_: {"resultType": "complete", "content": [{"type": "text", "text": text}]})
    assert legacy(world).tool("big")["content"][0]["text"] == text
    server.answer = "sse"
    try:
        assert legacy(world).tool("big")["content"][0]["text"] == text
    finally:
        server.answer = "json"


@pytest.mark.parametrize("answer", ["json", "sse"])
def test_progress_and_log_messages_come_before_the_result(world, server, answer):
    def steps(message, _):
        yield {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": message["params"]["_meta"]["progressToken"], "progress": 1}}
        yield {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "hello"}}
        yield {"content": [{"type": "text", "text": "x"}]}

    server.on("tools/call", steps)
    messages = list(call(legacy(world), "slow", progressToken=7).stream.messages())
    assert [message.get("method") for message in messages] == ["notifications/progress", "notifications/message", None]
    assert messages[0]["params"]["progressToken"] == 7 and messages[-1]["result"] == {"content": [{"type": "text", "text": "x"}]}


# Errors


@pytest.mark.parametrize(
    "status,error,code,words",
    [
        (404, {"code": -32601, "message": "no"}, -32601, "no"),
        (400, {"code": -32602, "message": "bad"}, -32602, "bad"),
        (400, {"code": -32021, "message": "m", "data": {"requiredCapabilities": {"sampling": {}, "elicitation": {"url": {}}}}}, -32600, "sampling, elicitation.url"),
        (400, {"code": -32020, "message": "m"}, -32603, "headers"),
        (200, {"code": -32603, "message": "broken", "data": {"a": 1}}, -32603, "broken"),
        (200, {"code": 7, "message": "own"}, 7, "own"),
    ],
)
def test_errors_come_with_http_200_and_legacy_codes(world, server, status, error, code, words):
    connection = legacy(world)
    server.on("prompts/get", lambda *_: raised(RPCError(error["code"], error["message"], data=error.get("data"), status=status)))
    answer = connection.post("prompts/get", {"name": "p"})
    assert answer.status == 200, answer.describe()
    body = answer.json()
    assert body["id"] == connection.next_id and body["error"]["code"] == code and words in body["error"]["message"]
    if error["code"] not in (-32020,):
        assert body["error"].get("data") == error.get("data")


def raised(error):
    raise error


@pytest.mark.parametrize(
    "method,params,data,code",
    [
        ("resources/read", {"uri": "a:b"}, {"uri": "a:b"}, -32002),
        ("resources/read", {"uri": "a:b"}, {"uri": "a:c"}, -32602),
        ("resources/read", {"uri": "a:b"}, None, -32602),
        ("tools/call", {"name": "a:b"}, {"uri": "a:b"}, -32602),
    ],
)
def test_a_missing_resource_is_named_where_that_is_certain(world, server, method, params, data, code):
    server.on(method, lambda *_: raised(RPCError(-32602, "no", data=data)))
    assert legacy(world).call(method, params)["error"]["code"] == code


@pytest.mark.parametrize("status", [401, 403, 500, 502])
def test_a_server_in_trouble_is_unavailable(world, server, status):
    connection = legacy(world)
    server.script(status, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "x"}}, headers={"Content-Type": "application/json"})
    answer = connection.post("tools/list")
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
    assert connection.call("tools/list")["result"]


@pytest.mark.parametrize("status", [401, 403, 500, 502])
def test_R_54_a_call_that_may_have_been_executed_says_so(world, server, status):
    connection = legacy(world)
    server.script(status, b"", method="tools/call")
    error = connection.call("tools/call", {"name": "echo"})["error"]
    assert error["code"] == -31003 and ("may have reached the server" in error["message"]) == (status >= 500), error
    server.script(200, b": x\n\n", headers={"Content-Type": "text/event-stream"}, method="tools/call")
    assert "may have reached the server" in connection.call("tools/call", {"name": "echo"})["error"]["message"]
    assert len(server.received("tools/call")) == 2


def test_unknown_results_are_named(world, server):
    server.on("tools/call", lambda *_: {"resultType": "task", "taskId": "t"})
    error = legacy(world).call("tools/call", {"name": "x"})["error"]
    assert error["code"] == -32603 and "task" in error["message"]


# Mirrored parameters


def mirrored_tool(header: str) -> dict:
    schema = {"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": header}, "n": {"type": "integer", "x-mcp-header": "N"}}}
    return {"name": "where", "inputSchema": schema}


def test_parameters_are_mirrored_as_the_definition_says(world, server, install):
    server.tools = [mirrored_tool("Region")]
    fresh = install(servers={"mirrors": server.url})
    connection = MCPConnection(fresh.mcp_url("mirrors"), fresh_token(fresh, "mirrors"))
    connection.initialize()
    server.clear()
    for region in ("eu", "Z\u00fcrich"):
        assert not connection.tool("where", {"region": region, "n": 42})["isError"]
    assert connection.tool("where", {"n": None}) and connection.tool("where")
    seen = server.received("tools/call")
    assert [s.header("mcp-param-region") for s in seen] == ["eu", "=?base64?WsO8cmljaA==?=", None, None]
    assert [s.header("mcp-param-n") for s in seen] == ["42", "42", None, None]
    assert len(server.received("tools/list")) == 1, "the definition is remembered"

    server.tools = [mirrored_tool("Place")]
    server.clear()
    assert not connection.tool("where", {"region": "eu"})["isError"], "a changed definition is read again"
    assert [(s.header("mcp-param-region"), s.header("mcp-param-place")) for s in server.received("tools/call")] == [("eu", None), (None, "eu")]
    assert len(server.received("tools/list")) == 1


def test_a_refused_call_is_not_repeated_for_nothing(world, server):
    connection = legacy(world)
    server.on("tools/call", lambda *_: raised(RPCError(-32020, "no")))
    assert connection.call("tools/call", {"name": "echo", "arguments": {"text": "x"}})["error"]["code"] == -32603
    assert len(server.received("tools/call")) == 1


# Questions to the client


@pytest.mark.parametrize("revision", REVISIONS[1:])
def test_elicitation_on_the_stream_of_the_call(world, server, revision):
    server.on("tools/call", asks(elicit(), elicit(message="And?")))
    connection = legacy(world, revision, capabilities={"elicitation": {}})
    stream = call(connection).stream.messages()
    for message in ("Who?", "And?"):
        question = next(stream)
        assert question["method"] == "elicitation/create" and question["params"]["message"] == message
        assert ("mode" in question["params"]) == (revision == LEGACY)
        answer = say(connection, {"id": question["id"], "result": {"action": "accept", "content": {"name": message}}})
        assert answer.status == 202 and answer.body == b"", answer.describe()
    result = next(stream)["result"]
    assert result["structuredContent"]["heard"] == [{"who": {"action": "accept", "content": {"name": "And?"}}}, "st\u2028\u00e4te #2"]
    assert list(stream) == []
    rounds = [seen.json for seen in server.received("tools/call")]
    assert len({r["id"] for r in rounds}) == 3, "each request has another id"
    assert [r["params"].get("requestState") for r in rounds] == [None, "st\u2028\u00e4te #1", "st\u2028\u00e4te #2"]


def test_three_questions_at_once(world, server):
    sampling = {"messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}], "maxTokens": 5}
    server.on("tools/call", asks({
        "a": {"method": "sampling/createMessage", "params": sampling}, "b": {"method": "roots/list"}, **elicit()}))
    connection = legacy(world, capabilities={"elicitation": {}, "sampling": {}, "roots": {"listChanged": True}})
    stream = call(connection).stream.messages()
    answers = {
        "sampling/createMessage": {"role": "assistant", "model": "m", "content": {"type": "text", "text": "ho"}},
        "roots/list": {"roots": [{"uri": "file:///a"}]},
        "elicitation/create": {"action": "decline"},
    }
    questions = [next(stream) for _ in range(3)]
    assert {q["method"] for q in questions} == set(answers) and questions[0]["params"] == sampling
    for question in reversed(questions):
        assert say(connection, {"id": question["id"], "result": answers[question["method"]]}).status == 202
    heard = next(stream)["result"]["structuredContent"]["heard"][0]
    assert heard == {"a": answers["sampling/createMessage"], "b": answers["roots/list"], "who": answers["elicitation/create"]}


def test_pages_to_visit(world, server):
    page = {"who": {"method": "elicitation/create", "params": {"mode": "url", "message": "Visit", "url": "https://example.com/a"}}}
    server.on("tools/call", asks(page))
    connection = legacy(world, capabilities={"elicitation": {"form": {}, "url": {}}})
    stream = call(connection).stream.messages()
    question = next(stream)
    assert question["params"]["mode"] == "url" and question["params"]["url"] == "https://example.com/a"
    identifier = question["params"]["elicitationId"]
    say(connection, {"id": question["id"], "result": {"action": "accept"}})
    complete = next(stream)
    assert complete["method"] == "notifications/elicitation/complete" and complete["params"] == {"elicitationId": identifier}
    assert "result" in next(stream)


@pytest.mark.parametrize(
    "capabilities,asked,named",
    [
        ({}, elicit(), "elicitation"),
        ({"elicitation": {}}, {"a": {"method": "elicitation/create", "params": {"mode": "url", "url": "https://a/", "message": ""}}}, "elicitation.url"),
        ({"elicitation": {"url": {}}}, elicit(), "elicitation.form"),
        ({"elicitation": {}}, {"a": {"method": "sampling/createMessage", "params": {}}}, "sampling"),
        ({"sampling": {}}, {"a": {"method": "sampling/createMessage", "params": {"tools": []}}}, "sampling.tools"),
        ({"sampling": {}}, {"a": {"method": "roots/list"}}, "roots"),
        ({"sampling": {}}, {"a": {"method": "tools/call"}}, "tools/call"),
    ],
)
def test_the_client_is_asked_only_what_it_declared(world, server, capabilities, asked, named):
    server.on("tools/call", asks(asked))
    error = legacy(world, capabilities=capabilities).call("tools/call", {"name": "ask"})["error"]
    assert error["code"] == -32600 and named in error["message"]
    assert len(server.received("tools/call")) == 1


def test_a_refusal_of_the_client_ends_the_call(world, server):
    server.on("tools/call", asks({**elicit(), "b": {"method": "roots/list"}}))
    connection = legacy(world, capabilities={"elicitation": {}, "roots": {}})
    stream = call(connection).stream.messages()
    questions = [next(stream), next(stream)]
    say(connection, {"id": questions[0]["id"], "error": {"code": -1, "message": "User said no"}})
    withdrawn = next(stream)
    assert withdrawn["method"] == "notifications/cancelled" and withdrawn["params"]["requestId"] == questions[1]["id"]
    error = next(stream)["error"]
    assert error["code"] == -1 and "User said no" in error["message"] and "elicitation/create" in error["message"]
    assert len(server.received("tools/call")) == 1


def test_a_server_that_only_wants_to_be_called_again(world, server):
    def handler(message, _):
        left = int(message["params"].get("requestState", "3"))
        return {"resultType": "input_required", "requestState": str(left - 1)} if left else {"resultType": "complete", "content": []}

    server.on("tools/call", handler)
    assert legacy(world).tool("busy") == {"content": []}
    assert len(server.received("tools/call")) == 4


def test_a_server_that_never_stops_asking(world, server):
    server.on("tools/call", lambda message, _: {"resultType": "input_required", "inputRequests": elicit()})
    connection = legacy(world, capabilities={"elicitation": {}})
    stream = call(connection).stream.messages()
    for count, message in enumerate(stream):
        if "error" in message:
            break
        say(connection, {"id": message["id"], "result": {"action": "cancel"}})
    assert count == 16 and "too often" in message["error"]["message"]


@pytest.mark.parametrize("method,params", [("prompts/get", {"name": "p"}), ("resources/read", {"uri": "a:b"})])
def test_prompts_and_resources_may_ask_too(world, server, method, params):
    server.on(method, asks(elicit()))
    connection = legacy(world, capabilities={"elicitation": {}})
    answer = connection.post(method, params, stream=True)
    stream = answer.stream.messages()
    say(connection, {"id": next(stream)["id"], "result": {"action": "accept", "content": {}}})
    assert "result" in next(stream)


def test_lists_may_not_ask(world, server):
    server.on("tools/list", lambda *_: {"resultType": "input_required", "inputRequests": elicit()})
    assert legacy(world, capabilities={"elicitation": {}}).call("tools/list")["error"]["code"] == -31003


def test_V_014_nobody_answers_for_somebody_else(world, server):
    server.on("tools/call", asks(elicit()))
    wants = {"elicitation": {}}
    alice, bob, twin = legacy(world, capabilities=wants), legacy(world, user="bob", capabilities=wants), legacy(world, capabilities=wants)
    stream = call(alice).stream.messages()
    question = next(stream)
    assert len(question["id"]) >= 22, "nobody guesses it"
    forged = {"id": question["id"], "result": {"action": "accept", "content": {"name": "mallory"}}}
    for stranger in (bob, twin):
        assert say(stranger, forged).status == 202, "taken, and dropped"
    assert say(bob, forged, **{"Mcp-Session-Id": alice.session}).status == 404
    sessionless = MCPConnection(alice.url, alice.token)
    assert say(sessionless, forged).status == 202
    assert len(server.received("tools/call")) == 1, "the call still waits"
    say(alice, {"id": question["id"], "result": {"action": "accept", "content": {"name": "alice"}}})
    assert next(stream)["result"]["structuredContent"]["heard"][0]["who"]["content"] == {"name": "alice"}
    assert say(alice, forged).status == 202 and len(server.received("tools/call")) == 2, "an answer counts once"


def test_two_users_and_two_processes_side_by_side(world, server):
    server.on("tools/call", asks(elicit()))
    wants = {"elicitation": {}}
    people = [legacy(world, capabilities=wants), legacy(world, capabilities=wants), legacy(world, user="bob", capabilities=wants)]
    results: dict = {}

    def work(index: int) -> None:
        connection = people[index]
        for turn in range(8):
            stream = call(connection).stream.messages()
            question = next(stream)
            say(connection, {"id": question["id"], "result": {"action": "accept", "content": {"name": f"{index}.{turn}"}}})
            results[index, turn] = next(stream)["result"]["structuredContent"]["heard"][0]["who"]["content"]["name"]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(people))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == {(index, turn): f"{index}.{turn}" for index in range(3) for turn in range(8)}


# Cancellation


def wait_until(condition, timeout: float = 20):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def endless(message, _):
    for step in range(2000):
        yield {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": step}}
        time.sleep(0.05)
    yield {"content": []}


def test_a_cancelled_call_ends_at_the_server(world, server):
    server.on("tools/call", endless)
    connection, twin = legacy(world), legacy(world)
    before = server.disconnects
    answer = call(connection, "slow", progressToken=1)
    messages = answer.stream.messages()
    next(messages)
    identifier = connection.next_id
    say(twin, {"method": "notifications/cancelled", "params": {"requestId": identifier}})
    next(messages)
    assert server.disconnects == before, "another session's call has the same id, and goes on"
    assert say(connection, {"method": "notifications/cancelled", "params": {"requestId": identifier}}).status == 202
    assert all("method" in message for message in messages), "no response to a cancelled request"
    wait_until(lambda: server.disconnects > before)


def test_a_cancelled_call_withdraws_its_questions(world, server):
    server.on("tools/call", asks(elicit()))
    connection = legacy(world, capabilities={"elicitation": {}})
    stream = call(connection).stream.messages()
    question = next(stream)
    say(connection, {"method": "notifications/cancelled", "params": {"requestId": connection.next_id}})
    withdrawn = list(stream)
    assert [m["method"] for m in withdrawn] == ["notifications/cancelled"]
    assert withdrawn[0]["params"]["requestId"] == question["id"]
    say(connection, {"id": question["id"], "result": {"action": "cancel"}})
    assert len(server.received("tools/call")) == 1


def test_a_disconnect_is_no_cancel(world, server):
    done = threading.Event()

    def steps(message, _):
        for step in range(20):
            yield {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": step}}
            time.sleep(0.02)
        done.set()
        yield {"content": []}

    server.on("tools/call", steps)
    before = server.disconnects
    answer = call(legacy(world), "slow", progressToken=1)
    next(answer.stream.messages())
    answer.stream.close()
    assert done.wait(20), "the call went on"
    assert server.disconnects == before


def test_an_answer_counts_though_the_call_lost_its_connection(world, server):
    server.on("tools/call", asks(elicit()))
    connection = legacy(world, capabilities={"elicitation": {}})
    answer = call(connection)
    question = next(answer.stream.messages())
    answer.stream.close()
    say(connection, {"id": question["id"], "result": {"action": "cancel"}})
    server.wait_for("tools/call", count=2)


def test_the_end_of_a_session_ends_its_calls(world, server):
    server.on("tools/call", asks(elicit()))
    connection = legacy(world, capabilities={"elicitation": {}})
    stream = call(connection).stream.messages()
    next(stream)
    listening = connection.open_stream()
    assert connection.end().status == 200
    assert "error" in list(stream)[-1]
    assert list(listening.stream.messages()) == []


# The stream of a session


def test_changes_come_on_the_stream(world, server):
    connection = legacy(world)
    stream = connection.open_stream().stream.messages()
    listen = server.wait_for("subscriptions/listen")[-1]
    assert listen.json["params"]["notifications"] == {"toolsListChanged": True, "promptsListChanged": True, "resourcesListChanged": True}
    server.wait_for_streams()
    for kind in ("tools", "prompts", "resources"):
        server.push({"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"})
        assert next(stream) == {"jsonrpc": "2.0", "method": f"notifications/{kind}/list_changed"}, "tags are ours to strip"


def listens(server) -> list:
    return [seen.json["params"]["notifications"].get("resourceSubscriptions") for seen in server.received("subscriptions/listen")]


def streams_open(server) -> int:
    with server.lock:
        return sum(len(group) for group in server.sessions.values())


def test_watched_resources_change_the_subscription(world, server):
    connection = legacy(world)
    uri = "test://\u00e4"
    assert connection.call("resources/subscribe", {"uri": uri})["result"] == {}
    assert server.received("subscriptions/listen") == [], "nobody listens yet"
    opened = connection.open_stream()
    stream = opened.stream.messages()
    server.wait_for("subscriptions/listen")
    assert connection.call("resources/subscribe", {"uri": "test://b"})["result"] == {}
    server.wait_for("subscriptions/listen", count=2)
    assert listens(server) == [[uri], [uri, "test://b"]]
    wait_until(lambda: streams_open(server) == 1)
    server.push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "test://b"}})
    assert next(stream) == {"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "test://b"}}
    assert connection.call("resources/unsubscribe", {"uri": uri})["result"] == {}
    server.wait_for("subscriptions/listen", count=3)
    assert listens(server)[-1] == ["test://b"]
    opened.stream.close()
    wait_until(lambda: streams_open(server) == 0)


def test_a_lost_subscription_begins_again(world, server):
    connection = legacy(world)
    stream = connection.open_stream(timeout=60).stream.messages()
    server.wait_for_streams()
    with server.lock:
        lost = [*server.sessions[""]]
    for queue in lost:
        queue.put(None)
    server.wait_for("subscriptions/listen", count=2, timeout=20)
    told = {next(stream)["method"] for _ in range(3)}
    assert told == {f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")}, "something may have been missed"


def test_one_stream_for_each_session(world, server):
    connection, other = legacy(world), legacy(world)
    first, elsewhere = connection.open_stream(), other.open_stream()
    server.wait_for("subscriptions/listen", count=2)
    second = connection.open_stream()
    assert list(first.stream.messages()) == []
    # Its own, and not the one that the server still holds for the first.
    server.wait_for("subscriptions/listen", count=3)
    wait_until(lambda: streams_open(server) == 2)
    server.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    for stream in (second, elsewhere):
        assert next(stream.stream.messages())["method"] == "notifications/tools/list_changed"


def test_V_041_revocation_ends_what_is_open(install):
    world = install()
    server = world.upstreams["modern"]
    server.capabilities = EVERYTHING
    server.on("tools/call", asks(elicit()))
    connection = MCPConnection(world.mcp_url("modern"), fresh_token(world, "modern"))
    connection.initialize({"elicitation": {}})
    listening = connection.open_stream()
    calling = call(connection).stream.messages()
    next(calling)
    server.wait_for_streams()
    world.gateway.revoke("--user", world.user)
    assert list(listening.stream.messages()) == []
    assert "error" in list(calling)[-1]
    wait_until(lambda: streams_open(server) == 0)


# A client that was cut off


def read(answer, limit: int | None = None) -> tuple[list[dict], str | None]:
    """The messages of a stream and its last event id, up to `limit` messages."""
    messages, last = [], None
    for _, data, identifier in answer.stream.events():
        last = identifier or last
        if data:
            messages.append(json.loads(data))
        if limit is not None and len(messages) >= limit:
            break
    return messages, last


def test_R_60_a_bridged_call_that_was_cut_is_resumed_without_loss(world, server):
    def steps(message, _):
        for step in range(12):
            yield {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": step}}
            time.sleep(0.02)
        yield {"content": []}

    server.on("tools/call", steps)
    connection = legacy(world)
    answer = call(connection, "slow", progressToken=1)
    got, last = read(answer, 2)
    answer.stream.close()
    for limit in (3, None):
        answer = connection.open_stream(headers={"Last-Event-ID": last}, timeout=60)
        more, last = read(answer, limit)
        answer.stream.close()
        got += more
    assert [m["params"]["progress"] for m in got[:-1]] == [*range(12)] and "result" in got[-1]
    assert len(server.received("tools/call")) == 1
    stranger = legacy(world)
    assert stranger.post("tools/call", {"name": "slow", "arguments": {}}).status == 200
    foreign = stranger.open_stream(headers={"Last-Event-ID": last}, timeout=60)
    server.wait_for("subscriptions/listen")
    server.wait_for_streams()
    server.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    assert read(foreign, 1)[0] == [{"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}], "another session's id opens nothing of it"
    foreign.stream.close()
    wait_until(lambda: streams_open(server) == 0)


def test_R_60_a_question_waits_for_a_client_that_was_cut_off(world, server):
    reached = threading.Event()

    def asked_late(message, _):
        if "requestState" not in message["params"]:
            yield {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 1}}
            reached.wait(20)
            yield {"resultType": "input_required", "inputRequests": elicit(), "requestState": "s"}
        else:
            yield {"content": [{"type": "text", "text": "done"}]}

    server.on("tools/call", asked_late)
    connection = legacy(world, capabilities={"elicitation": {}})
    answer = call(connection, progressToken=1)
    _, last = read(answer, 1)
    answer.stream.close()
    reached.set()
    events = connection.open_stream(headers={"Last-Event-ID": last}, timeout=60).stream.messages()
    question = next(events)
    assert question["method"] == "elicitation/create"
    say(connection, {"id": question["id"], "result": {"action": "cancel"}})
    assert next(events)["result"]["content"][0]["text"] == "done"


def test_R_60_who_comes_back_to_the_sessions_stream_hears_that_all_may_have_changed(world, server):
    connection = legacy(world)
    opened = connection.open_stream()
    server.wait_for_streams()
    server.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    _, last = read(opened, 1)
    opened.stream.close()
    wait_until(lambda: streams_open(server) == 0)
    told, _ = read(connection.open_stream(headers={"Last-Event-ID": last}, timeout=60), 3)
    assert {m["method"] for m in told} == {f"notifications/{kind}/list_changed" for kind in ("tools", "prompts", "resources")}


# Martlet's restart


@pytest.mark.parametrize("crash", [False, True], ids=["SIGTERM", "SIGKILL"])
def test_sessions_survive_a_restart(install, crash):
    world = install()
    server = world.upstreams["modern"]
    server.capabilities = EVERYTHING
    connection = MCPConnection(world.mcp_url("modern"), fresh_token(world, "modern"))
    connection.initialize({"elicitation": {}})
    connection.call("logging/setLevel", {"level": "error"})
    connection.call("resources/subscribe", {"uri": "a:b"})
    world.gateway.restart(crash=crash)
    server.clear()
    server.on("tools/call", asks(elicit()))
    stream = call(connection).stream.messages()
    say(connection, {"id": next(stream)["id"], "result": {"action": "cancel"}})
    assert "result" in next(stream)
    assert server.received("tools/call")[0].json["params"]["_meta"][META + "logLevel"] == "error"
    listening = connection.open_stream()
    assert server.wait_for("subscriptions/listen")[0].json["params"]["notifications"]["resourceSubscriptions"] == ["a:b"]
    server.wait_for_streams()
    server.push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "a:b"}})
    assert next(listening.stream.messages())["params"] == {"uri": "a:b"}
    assert server.received("initialize") == []
