"""Servers that do what is allowed and unusual, and servers that break a rule: what clients of every era hear of them."""

import json
import threading

import pytest
from martlet_support import FakeMCPServer
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.raw import RawUpstream, json_answer
from martlet_support.route import connect, token
from martlet_support.sse_connection import SSEConnection

META = "io.modelcontextprotocol/"
FULL = {"tools": {"listChanged": True}, "resources": {"listChanged": True, "subscribe": True}, "logging": {}}
SERVERS = ["modern", "stateful", "stateless", "batching"]
WATCH = ("subscriptions/listen", {"notifications": {"resourceSubscriptions": ["a:b"]}})


@pytest.fixture(scope="module")
def batching():
    """A server of 2025-03-26."""
    with FakeMCPServer("stateful", revision="2025-03-26") as server:
        yield server


@pytest.fixture(scope="module")
def installed(install_for_file, batching):
    rules = [{"name": "nobody-deploys", "effect": "deny", "what": {"tools": ["deploy"]}}]
    world = install_for_file(servers={"batching": batching.url}, config={"policy": {"default": "allow", "rules": rules}})
    world.upstreams["batching"] = batching
    return world


@pytest.fixture
def world(installed):
    yield installed
    for server in installed.upstreams.values():
        server.reset()


def done(stream, text: str = "done") -> dict:
    """The response to a call, for a stream that writes it itself."""
    result = {"content": [{"type": "text", "text": text}], "resultType": "complete"}
    return {"jsonrpc": "2.0", "id": stream.message["id"], "result": result}


def heard(answer) -> list:
    """What a client of messages hears in an answer."""
    if answer.header("content-type") == "application/json":
        return [answer.json()]
    fields = [dict(line.partition(": ")[::2] for line in block.split("\n")) for block in answer.text.split("\n\n")]
    return [json.loads(event["data"]) for event in fields if event.get("data") and event.get("event", "message") == "message"]


# Events of other types


def ticking(stream):
    """Many frameworks say that they are there by an event of their own."""
    stream.write("event: ping\ndata: 2026-11-23 08:00:00+00:00")
    stream.write("event: heartbeat\ndata: {}")
    stream.write(f"event: message\ndata: {json.dumps(done(stream))}")
    stream.write("event: ping\ndata: 2026-11-23 08:00:15+00:00")


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("server", SERVERS)
def test_R_51_events_of_other_types_are_passed_over(world, server, revision):
    world.upstreams[server].converse("tools/call", ticking)
    response, = heard(connect(world, server, revision=revision).post("tools/call", {"name": "echo", "arguments": {}}))
    assert response["result"]["content"][0]["text"] == "done"


@pytest.mark.parametrize("server", SERVERS)
def test_R_51_a_client_of_http_and_sse_hears_messages_alone(world, server):
    world.upstreams[server].converse("tools/call", ticking)
    with SSEConnection(f"{world.url}/{server}/sse", token(world, server)) as connection:
        connection.initialize()
        assert connection.tool("echo", {})["content"][0]["text"] == "done"
        heard = [data for kind, data in connection.heard if kind != "endpoint"]
        assert all(json.loads(data).get("jsonrpc") == "2.0" for data in heard), heard


def test_V_006_a_list_in_an_event_of_another_type_is_filtered_too(world):
    """Somebody may read it all the same."""
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("deploy", "echo")]

    def listed(stream):
        stream.write("event: other\ndata: " + json.dumps({"jsonrpc": "2.0", "id": stream.message["id"], "result": {"tools": tools}}))
        return {"tools": tools}

    world.upstreams["stateful"].converse("tools/list", listed)
    text = connect(world, "stateful").post("tools/list").text
    assert "event: other" in text and text.count('"echo"') == 2 and "deploy" not in text


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("server", SERVERS)
def test_R_51_a_list_is_filtered_between_events_of_other_types(world, server, revision):
    def listed(stream):
        stream.write("event: ping\ndata: 2026-11-23 08:00:00+00:00")
        tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("deploy", "echo")]
        return {"tools": tools, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}

    world.upstreams[server].converse("tools/list", listed)
    response, = heard(connect(world, server, revision=revision).post("tools/list"))
    assert [tool["name"] for tool in response["result"]["tools"]] == ["echo"]


# Batches (2025-03-26, Basic, Batching: whoever speaks it must be able to receive them)


def progress(stream, number: int) -> dict:
    return {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": stream.progress_token, "progress": number}}


def test_a_server_of_2025_03_26_may_say_several_things_at_once(world, batching):
    def talk(stream):
        stream.write("data: " + json.dumps([progress(stream, 1), progress(stream, 2)]))
        stream.write("data: " + json.dumps([done(stream)]))

    batching.converse("tools/call", talk)
    call = {"name": "echo", "arguments": {}, "_meta": {"progressToken": "p"}}
    answer = connect(world, "batching", revision=MODERN).post("tools/call", call, stream=True)
    *told, response = answer.stream.messages()
    assert [(message["params"]["progressToken"], message["params"]["progress"]) for message in told] == [("p", 1), ("p", 2)]
    assert response["result"]["content"][0]["text"] == "done"


@pytest.mark.parametrize("server", ["stateful", "modern"])
def test_nobody_else_may(world, server):
    world.upstreams[server].converse("tools/call", lambda stream: stream.write("data: " + json.dumps([done(stream)])))
    revision = LEGACY if server == "modern" else MODERN
    answer = connect(world, server, revision=revision).call("tools/call", {"name": "echo", "arguments": {}})
    assert answer["error"]["code"] == -31003 and "may have reached" in answer["error"]["message"]


# A modern client of a legacy server


def talkative(world):
    server = world.upstreams["stateful"]
    server.on("initialize", lambda *_: {"protocolVersion": LEGACY, "capabilities": FULL, "serverInfo": {"name": "odd", "version": "1"}})
    return server


def declaring(world, capabilities: dict):
    client = connect(world, "stateful", revision=MODERN)
    plain, declared = client.body, {META + "clientCapabilities": capabilities}
    client.body = lambda method, params=None, **more: plain(
        method, {**(params or {}), "_meta": {**declared, **(params or {}).get("_meta", {})}}, **more)
    return client


def as_new(world, name: str):
    """A modern client with an upstream session of its own: it declares what nobody else does."""
    return declaring(world, {"experimental": {name: {}}})


def test_a_log_level_that_is_answered_by_a_stream_holds_up_nothing(world):
    """The stream may stay open after the response."""
    released = threading.Event()

    def answered(stream):
        stream.write("data: " + json.dumps({"jsonrpc": "2.0", "id": stream.message["id"], "result": {}}))
        released.set() if stream.wait_for_close() else None

    talkative(world).converse("logging/setLevel", answered)
    call = {"name": "echo", "arguments": {"text": "x"}, "_meta": {META + "logLevel": "debug"}}
    assert as_new(world, "level").call("tools/call", call, timeout=20)["result"]["content"][0]["text"] == "x"
    assert released.wait(20), "nobody waits for the rest of the stream"


def test_a_resource_that_is_watched_anew_is_watched(world):
    """However long the server takes to forget it: a client that changes what it listens for ends one stream and opens another."""
    server, watched, order = talkative(world), set(), []
    forgets, forgotten = threading.Event(), threading.Event()

    def subscribed(message, _):
        order.append("subscribe")
        watched.add(message["params"]["uri"])
        return {}

    def unsubscribed(message, _):
        forgets.set()
        forgotten.wait(2)
        order.append("unsubscribe")
        watched.discard(message["params"]["uri"])
        return {}

    server.on("resources/subscribe", subscribed)
    server.on("resources/unsubscribe", unsubscribed)
    client = as_new(world, "watch")
    first = client.post(*WATCH, stream=True)
    next(first.stream.messages())
    first.stream.close()
    assert forgets.wait(20)
    second = client.post(*WATCH, stream=True)
    acknowledged = next(second.stream.messages())
    assert acknowledged["params"]["notifications"] == WATCH[1]["notifications"]
    assert watched == {"a:b"} and order == ["subscribe", "unsubscribe", "subscribe"]
    second.stream.close()
    server.wait_for("resources/unsubscribe", count=2)


def test_two_who_begin_to_watch_at_once_ask_once(world):
    server, asked = talkative(world), threading.Event()

    def subscribed(*_):
        asked.wait(0.5)
        return {}

    server.on("resources/subscribe", subscribed)
    server.on("resources/unsubscribe", lambda *_: {})
    client = as_new(world, "together")
    answers = [None, None]

    def listen(index):
        answers[index] = client.post(*WATCH, stream=True)

    threads = [threading.Thread(target=listen, args=(index,)) for index in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for answer in answers:
        assert next(answer.stream.messages())["params"]["notifications"] == WATCH[1]["notifications"]
    answers[0].stream.close()
    assert len(server.received("resources/subscribe")) == 1 and server.received("resources/unsubscribe") == []
    answers[1].stream.close()
    assert len(server.wait_for("resources/unsubscribe")) == 1


def test_extensions_are_told_in_both_directions(world):
    """Except tasks, they are the same in every era: hosts of apps declare `io.modelcontextprotocol/ui` in an `initialize`."""
    apps, own = {META + "ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}, {META + "ui": {}, "com.example/flags": {"a": [1]}}
    server = talkative(world)
    server.on("initialize", lambda *_: {
        "protocolVersion": LEGACY, "capabilities": {"tools": {}, "extensions": {**own, META + "tasks": {}}}, "serverInfo": {"name": "odd", "version": "1"}})
    found = declaring(world, {"extensions": {**apps, META + "tasks": {}}}).call("server/discover")["result"]
    assert found["capabilities"]["extensions"] == own
    assert server.received("initialize")[-1].json["params"]["capabilities"] == {"extensions": apps}


# A legacy client of a modern server


LINK = {"type": "resource_link", "uri": "a:b", "name": "n", "title": "Notes", "description": "All of them"}
AUDIO = {"type": "audio", "data": "AAAA", "mimeType": "audio/wav"}


@pytest.mark.parametrize("revision,told", [
    ("2024-11-05", ["Notes: a:b\nAll of them", "The server answered with audio (audio/wav), which 2024-11-05 doesn't have."]),
    ("2025-03-26", ["Notes: a:b\nAll of them", AUDIO]), ("2025-06-18", [LINK, AUDIO]), (LEGACY, [LINK, AUDIO]),
])  # fmt: skip
def test_content_that_a_revision_does_not_have_becomes_text(world, revision, told):
    """A client of that revision would refuse the whole result for it, as Python's SDK 1.9 does."""
    server = world.upstreams["modern"]
    server.on("tools/call", lambda *_: {"resultType": "complete", "content": [{"type": "text", "text": "x"}, LINK, AUDIO]})
    server.on("prompts/get", lambda *_: {"resultType": "complete", "messages": [{"role": "user", "content": block} for block in (LINK, AUDIO)]})
    client = connect(world, "modern", revision=revision)
    wanted = [block if isinstance(block, dict) else {"type": "text", "text": block} for block in told]
    assert client.tool("echo")["content"] == [{"type": "text", "text": "x"}, *wanted]
    messages = client.call("prompts/get", {"name": "p"})["result"]["messages"]
    assert messages == [{"role": "user", "content": block} for block in wanted]


@pytest.mark.parametrize("empty", [{"inputRequests": {}}, {"inputRequests": {}, "requestState": None}, {"requestState": None}, {}])
def test_R_54_a_server_that_asks_for_nothing_is_called_once(world, empty):
    """Neither questions nor a state (MRTR, Server Requirements 5): the next call would be the same once more."""
    server = world.upstreams["modern"]
    server.on("tools/call", lambda *_: {"resultType": "input_required", **empty})
    answer = connect(world, "modern", revision=LEGACY).call("tools/call", {"name": "echo"}, timeout=20)
    assert answer["error"]["code"] == -31003 and len(server.received("tools/call")) == 1


def test_questions_without_a_state_are_answered_without_one(world):
    server = world.upstreams["modern"]
    server.on("tools/call", lambda message, _: (
        {"content": []} if "inputResponses" in message["params"]
        else {"resultType": "input_required", "inputRequests": {"r": {"method": "roots/list"}}, "requestState": None}))
    client = connect(world, "modern", revision=LEGACY, initialize=False)
    client.initialize({"roots": {}})
    told = client.post("tools/call", {"name": "echo"}, stream=True).stream.messages()
    answer = {"jsonrpc": "2.0", "id": next(told)["id"], "result": {"roots": []}}
    client.body, body = lambda *_, **__: answer, client.body
    assert client.post("answer").status == 202
    client.body = body
    assert "result" in next(told)
    assert "requestState" not in server.received("tools/call")[-1].json["params"]


def leaves(modern: bool):
    """A server that knows a method of a vendor's own, and closes the connection rather than answering it."""

    def answer(_, arrival):
        message = json.loads(arrival.body or b"{}")
        method = message.get("method")
        if method == "com.example/spend":
            return None
        result = {"tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        if method in ("server/discover", "initialize"):
            if modern != (method == "server/discover"):
                error = {"code": -32601, "message": "Method not found"}
                return json_answer(json.dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}).encode(), status="404 Not Found")
            result |= {"supportedVersions": [MODERN], "protocolVersion": LEGACY, "capabilities": {"tools": {}}, "serverInfo": {"name": "raw", "version": "1"}}
        if "id" not in message:
            return json_answer(b"", status="202 Accepted")
        return json_answer(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode())

    return answer


@pytest.mark.parametrize("speaks,revision", [(MODERN, LEGACY), (MODERN, MODERN), (LEGACY, LEGACY)])
def test_R_54_what_nobody_knows_is_not_sent_again(install, speaks, revision):
    """Whether a method of a vendor's own may be repeated, nobody here can say."""
    with RawUpstream(leaves(modern=speaks == MODERN)) as raw:
        world = install(servers={"raw": raw.url})
        client = connect(world, "raw", revision=revision)
        assert client.call("tools/list")["result"]["tools"] == []
        error = client.call("com.example/spend", {"coins": 1})["error"]
        assert error["code"] == -31003
        assert len([arrival for arrival in raw.received() if b"com.example/spend" in arrival.body]) == 1
