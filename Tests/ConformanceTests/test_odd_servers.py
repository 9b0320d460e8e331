"""Servers that do what is allowed and unusual, and servers that break a rule: what clients of every era hear of them."""

import json
import threading
import time

import pytest
from martlet_support import FakeMCPServer
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.raw import RawUpstream, json_answer
from martlet_support.route import connect, token
from martlet_support.sse_connection import SSEConnection
from martlet_support.steps import until

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


@pytest.mark.parametrize("hidden", [
    "event: other\ndata: %s", "event: other\ndata: %s,", 'data: {"jsonrpc": "2.0", "method": "note", "params": [%s]}',
])  # fmt: skip
def test_V_006_what_is_no_message_shows_no_list(world, hidden):
    """Somebody may read it all the same."""
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in ("deploy", "echo")]

    def listed(stream):
        stream.write(hidden % json.dumps({"jsonrpc": "2.0", "id": stream.message["id"], "result": {"tools": tools}}))
        return {"tools": tools}

    world.upstreams["stateful"].converse("tools/list", listed)
    text = connect(world, "stateful").post("tools/list").text
    assert text.count('"echo"') == 1 and "deploy" not in text


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


# Notifications that break a rule


ODD = [
    {"method": "com.example/note", "params": {"Name": "x", "URI": "y"}}, {"method": "com.example/note", "params": {"name": "two\nlines"}},
    {"method": "notifications/message", "params": {"level": "info", "data": "x", "_meta": None}}, {"method": "com.example/note", "params": [1]},
    {"method": "my note"}, {"id": None, "method": "notifications/message", "params": {"level": "info", "data": 1}},
]  # fmt: skip


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("server", SERVERS)
def test_a_notification_that_breaks_a_rule_loses_no_answer(world, server, revision):
    """Nobody waits for it; that it can't be read between eras is no reason to give the call up."""
    def talk(stream):
        for notification in ODD:
            stream.write("data: " + json.dumps({"jsonrpc": "2.0", **notification}))
        return {"content": [], "tools": [], "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}

    for method in ("tools/list", "tools/call"):
        world.upstreams[server].converse(method, talk)
    client = connect(world, server, revision=revision)
    for method, params in (("tools/list", {}), ("tools/call", {"name": "echo", "arguments": {}})):
        assert "result" in heard(client.post(method, params))[-1]


def test_a_server_of_http_and_sse_may_break_a_rule_of_notifications(install):
    with FakeSSEServer() as older:
        world = install(servers={"older": older.url})
        plain = older.tool

        def talk(params, arguments, session, stream):
            for notification in ODD:
                stream.put({"jsonrpc": "2.0", **notification})
            return plain(params, arguments, session, stream)

        older.tool = talk
        client = connect(world, "older")
        for text in ("a", "b"):
            assert client.tool("echo", {"text": text})["content"][0]["text"] == text


# Texts that were cut in the middle of a character


CUT = {"type": "text", "text": "half a smile \ud83d"}


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("server", SERVERS)
def test_a_text_that_was_cut_in_the_middle_of_a_character_arrives(world, server, revision):
    """As `text.slice(0, 100)` does in JavaScript, whose JSON then holds half a surrogate pair."""
    fake = world.upstreams[server]
    tools = [{"name": "echo", "description": CUT["text"], "inputSchema": {"type": "object"}}, {"name": "deploy", "inputSchema": {"type": "object"}}]
    fake.on("tools/list", lambda *_: {"tools": tools, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"})
    fake.on("tools/call", lambda *_: {"content": [CUT, CUT], "resultType": "complete"})
    client = connect(world, server, revision=revision)
    shown, = client.call("tools/list")["result"]["tools"]
    assert shown["description"] == "half a smile \ufffd"
    assert [block["text"][:13] for block in client.tool("echo")["content"]] == ["half a smile "] * 2


def test_a_server_of_http_and_sse_may_cut_texts(install):
    with FakeSSEServer() as older:
        world = install(servers={"older": older.url})
        older.tool = lambda *_: {"result": {"content": [CUT]}}
        client = connect(world, "older")
        for _ in range(2):
            assert client.tool("echo")["content"][0]["text"].startswith("half a smile ")


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
def test_V_028_a_client_may_not(world, revision):
    client = connect(world, "stateful", revision=revision)
    client.call("tools/list")
    answer = client.post("tools/call", {"name": "echo", "arguments": {"text": CUT["text"]}})
    assert answer.status == 400 and answer.json()["error"]["code"] == -32700, answer.describe()


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


def test_progress_on_the_sessions_own_stream_reaches_its_call(world):
    """Servers of Python's SDK 1.12 report it there; a legacy client hears that stream anyway."""
    server = talkative(world)
    after = {"said": threading.Event()}

    def work(stream):
        session = stream.request.header("mcp-session-id")
        for token in (stream.progress_token, "somebody else's"):
            server.push(progress(stream, 1) | {"params": {"progressToken": token, "progress": 1, "message": "half"}}, session)
        assert after["said"].wait(20)
        return {"content": []}

    server.converse("tools/call", work)
    client = as_new(world, "progress")
    for token in ("p", 7):
        after["said"] = threading.Event()
        told = client.post("tools/call", {"name": "echo", "_meta": {"progressToken": token}}, stream=True, timeout=20).stream.messages()
        assert next(told) == {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1, "message": "half"}}
        after["said"].set()
        assert "result" in next(told)


def test_a_stream_that_the_server_ends_holds_up_no_call(world):
    """A server of 2025-11-25 may end its stream at any time, and say for how long nobody should come back."""
    server = talkative(world)
    client = declaring(world, {"roots": {}, "experimental": {"pause": {}}})
    assert client.tool("echo", {"text": "a"})["content"][0]["text"] == "a"
    session = server.received("tools/call")[-1].header("mcp-session-id")
    server.wait_for_streams()
    time.sleep(2.5)  # The time that a stream may take to open is over: no wait ends with it.
    server.push({"retry": 30_000}, session)
    with server.lock:
        streams = [*server.sessions[session]]
    for stream in streams:
        stream.put(None)
    until(lambda: not server.sessions[session])
    for text in ("b", "c"):
        answer = client.post("tools/call", {"name": "echo", "arguments": {"text": text}})
        assert answer.header("content-type") == "application/json", "an answer that waits for 15 s becomes a stream"
        assert answer.json()["result"]["content"][0]["text"] == text


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


def test_what_a_server_says_of_itself_is_kept(world):
    """Members that nobody here knows, and what hangs on them."""
    said = {"serverInfo": {"name": "odd", "version": "1", "title": "Odd"}, "capabilities": {}, "instructions": "Be kind", "com.example/a": [1]}
    server = talkative(world)
    server.on("initialize", lambda *_: {**said, "protocolVersion": LEGACY, "_meta": {"com.example/b": 2}})
    found = as_new(world, "self").call("server/discover")["result"]
    assert (found["instructions"], found["com.example/a"]) == ("Be kind", [1]) and not {"protocolVersion", "serverInfo"} & set(found)
    assert found["_meta"] == {"com.example/b": 2, META + "serverInfo": said["serverInfo"]}
    modern = world.upstreams["modern"]
    modern.on("server/discover", lambda *_: found | {"ttlMs": 5, "cacheScope": "public"})
    answer = connect(world, "modern", revision=LEGACY, initialize=False).initialize().json()["result"]
    assert answer == {**said, "protocolVersion": LEGACY, "_meta": {"com.example/b": 2}}


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


@pytest.mark.parametrize("speaks,revision", [(MODERN, LEGACY), (LEGACY, MODERN), (MODERN, MODERN), (LEGACY, LEGACY)])
def test_R_54_what_nobody_knows_is_not_sent_again(install, speaks, revision):
    """Whether a method of a vendor's own may be repeated, nobody here can say."""
    with RawUpstream(leaves(modern=speaks == MODERN)) as raw:
        world = install(servers={"raw": raw.url})
        client = connect(world, "raw", revision=revision)
        assert client.call("tools/list")["result"]["tools"] == []
        error = client.call("com.example/spend", {"coins": 1})["error"]
        assert error["code"] == -31003
        assert len([arrival for arrival in raw.received() if b"com.example/spend" in arrival.body]) == 1


def test_a_subscription_that_the_server_cancels_begins_anew(world):
    """By 2026-07-28, Cancellation, it says so; the stream that it said it on may stay open."""
    server, begun = world.upstreams["modern"], []
    before, server.capabilities = server.capabilities, {"tools": {"listChanged": True}}

    def listening(stream):
        begun.append(stream)
        tag = {META + "subscriptionId": stream.message["id"]}
        stream.send("notifications/subscriptions/acknowledged", {"notifications": stream.params["notifications"], "_meta": tag})
        if len(begun) == 1:
            stream.send("notifications/cancelled", {"requestId": stream.message["id"]})
        stream.wait_for_close(600)

    server.converse("subscriptions/listen", listening)
    client = connect(world, "modern", revision=LEGACY)
    stream = client.open_stream(timeout=20)
    try:
        until(lambda: len(begun) == 2)
        assert next(stream.stream.messages())["method"] == "notifications/tools/list_changed", "what it missed nobody knows"
    finally:
        server.capabilities = before
        stream.stream.close()


@pytest.mark.parametrize("revision,told", [("2025-06-18", ["a", "b"]), (LEGACY, [["a", "b"]])])
def test_blocks_of_one_message_become_messages_where_a_revision_has_one_each(world, revision, told):
    server, text = world.upstreams["modern"], lambda text: {"type": "text", "text": text}
    asked = {"method": "sampling/createMessage", "params": {"messages": [{"role": "user", "content": [text("a"), text("b")]}], "maxTokens": 9}}
    server.on("tools/call", lambda *_: {"resultType": "input_required", "inputRequests": {"s": asked}})
    client = connect(world, "modern", revision=revision, initialize=False)
    client.initialize({"sampling": {}})
    answer = client.post("tools/call", {"name": "echo"}, stream=True)
    params = next(answer.stream.messages())["params"]
    answer.stream.close()
    blocks = [[text(one) for one in content] if isinstance(content, list) else text(content) for content in told]
    assert params == {"messages": [{"role": "user", "content": block} for block in blocks], "maxTokens": 9}


# Errors that come with a 5xx


@pytest.mark.parametrize("whose", ["its own", "nobody's"])
@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("server", ["modern", "stateful", "stateless"])
def test_an_error_that_comes_with_a_5xx_is_an_answer(world, server, revision, whose):
    def failing(request):
        if request.rpc_method != "tools/call":
            return None
        error = {"code": -32603, "message": "the disk is full"}
        body = {"jsonrpc": "2.0", "id": request.json["id"] if whose == "its own" else None, "error": error}
        return 500, json.dumps(body).encode(), [("Content-Type", "application/json")]

    upstream = world.upstreams[server]
    connection = connect(world, server, revision=revision)
    upstream.guard = failing
    try:
        response, = heard(connection.post("tools/call", {"name": "echo", "arguments": {}}))
    finally:
        upstream.guard = None
    assert response["error"]["code"] == (-32603 if whose == "its own" else -31003), response
    assert len([request for request in upstream.requests if request.rpc_method == "tools/call"]) == 1
