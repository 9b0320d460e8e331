"""Servers of 2024-11-05 (HTTP+SSE) behind Martlet, seen by clients of Streamable HTTP (protocol.md §4.3)."""

import json
import re
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import MCPConnection, request
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.mcp import MODERN
from martlet_support.route import bearer, connect
from martlet_support.steps import count, until
from martlet_support.wire import Response

FORMS = {
    # what the `endpoint` event names -> the path that it means
    "/messages?session_id={session}": "/messages",
    "messages?session_id={session}": "/messages",
    "./a/../messages?session_id={session}": "/messages",
    "{origin}/deep/messages/?session_id={session}&x=%2F": "/deep/messages/",
    "//127.0.0.1:{port}/messages?session_id={session}": "/messages",
}
FOREIGN = [
    "http://example.com/messages?session_id={session}",
    "https://127.0.0.1:{port}/messages?session_id={session}",
    "http://127.0.0.1:{other}/messages?session_id={session}",
    "http://localhost:{port}/messages?session_id={session}",
    "//example.com/messages?session_id={session}",
    "http://127.0.0.1:{port}@example.com/?session_id={session}",
    "/\\\\example.com/?session_id={session}",
    "javascript:alert(1)",
    "/messages?session_id={session}#x",
    "",
]


@pytest.fixture(scope="module")
def servers():
    """found: its transport is found out; pinned: it is written down; crlf: another spelling of the stream."""
    with (
        FakeSSEServer(name="found") as found,
        FakeSSEServer(name="pinned") as pinned,
        FakeSSEServer(name="crlf", newline="\r\n", revision="2025-03-26", endpoint="{origin}/messages?session_id={session}") as crlf,
    ):
        yield {"found": found, "pinned": pinned, "crlf": crlf}


@pytest.fixture(scope="module")
def world(install_for_file, servers):
    entries = {name: {"url": server.url} for name, server in servers.items()}
    entries["pinned"]["protocol"] = "2024-11-05"
    return install_for_file(servers=entries)


@pytest.fixture(autouse=True)
def nothing_recorded(servers):
    for server in servers.values():
        server.clear()


def echo(connection: MCPConnection, text: str, **more) -> str:
    return connection.tool("echo", {"text": text, **more})["content"][0]["text"]


@pytest.mark.parametrize("revision", ["2025-03-26", "2025-11-25"])
@pytest.mark.parametrize("name", ["found", "pinned", "crlf"])
def test_4_3_a_whole_conversation(world, servers, name, revision):
    before = len(servers[name].streams)
    connection = connect(world, name, revision=revision, initialize=False)
    opened = connection.initialize()
    assert connection.session, "a server with one stream for each client has sessions, whatever it calls them"
    assert opened.json()["result"]["protocolVersion"] == servers[name].revision
    assert connection.call("tools/list")["result"]["tools"]
    assert echo(connection, "h\u00e9llo \U0001f426\u2028") == "h\u00e9llo \U0001f426\u2028"
    assert connection.call("ping")["result"] == {}
    assert connection.call("no/such")["error"]["code"] == -32601
    assert connection.end().status == 200
    servers[name].wait_for_streams(before)
    assert connection.post("tools/list").status == 404
    assert len({r.path for method in ("tools/list", "tools/call", "ping") for r in servers[name].received(method)}) == 1
    for seen in servers[name].received():
        assert seen.header("mcp-session-id") is None and seen.header("authorization") is None
        assert seen.header("mcp-protocol-version") is None or seen.path == "/sse", "2024-11-05 has no such header"
        assert seen.header("martlet-assertion"), "who is calling is said on both requests"


def test_4_3_a_pinned_server_is_never_asked_in_another_way(world, servers):
    connect(world, "pinned")
    assert all(r.method == "GET" for r in servers["pinned"].received() if r.path == "/sse")


@pytest.mark.parametrize("form", FORMS)
def test_4_3_every_spelling_of_an_endpoint_on_the_same_origin(world, servers, form):
    servers["found"].endpoint = form.replace("{port}", str(servers["found"].port))
    try:
        answer = connect(world, "found", initialize=False).post("initialize", initialize_params())
        seen = [r for r in servers["found"].received() if r.method == "POST" and r.path != "/sse"]
        assert seen[0].path.partition("?")[0] == FORMS[form], (answer.describe(), seen)
    finally:
        servers["found"].endpoint = "/messages?session_id={session}"


@pytest.mark.parametrize("form", FOREIGN)
def test_V_037_an_endpoint_elsewhere_is_refused(world, servers, fake_mcp_server, form):
    other = fake_mcp_server("stateless")
    before = len(servers["pinned"].streams)
    servers["pinned"].endpoint = form.replace("{port}", str(servers["pinned"].port)).replace("{other}", str(other.port))
    try:
        answer = connect(world, "pinned", initialize=False).post("initialize", initialize_params())
        assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
        assert other.received() == []
        assert [r.method for r in servers["pinned"].received()] == ["GET"], "nothing was told to anybody"
        servers["pinned"].wait_for_streams(before)
    finally:
        servers["pinned"].endpoint = "/messages?session_id={session}"


@pytest.mark.parametrize("name", ["pinned", "found"])
def test_4_3_a_stream_that_begins_with_something_else_is_no_such_server(world, servers, name):
    servers[name].first = "message"
    try:
        answer = connect(world, name, initialize=False).post("initialize", initialize_params())
        assert answer.status in (200, 405), answer.describe()
        assert "error" in answer.json()
    finally:
        servers[name].first = "endpoint"
    assert echo(connect(world, name), "again") == "again", "and it is asked anew the next time"


def test_4_3_a_streamable_server_that_refuses_keeps_its_own_words(world, fake_mcp_server, install):
    server = fake_mcp_server("stateless")
    other = install(servers={"plain": {"url": server.url}})
    for _ in range(2):  # Martlet's own question, then the client's
        error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "its own words"}}
        server.script(400, json.dumps(error).encode(), headers={"Content-Type": "application/json"}, method="initialize")
    answer = connect(other, "plain", initialize=False).post("initialize", initialize_params())
    assert answer.status == 400 and answer.json()["error"]["message"] == "its own words", answer.describe()


def test_4_3_progress_comes_with_its_call(world):
    connection = connect(world, "found")
    params = {"name": "slow", "arguments": {"steps": 4}, "_meta": {"progressToken": "p"}}
    answer = connection.post("tools/call", params, stream=True)
    messages = list(answer.stream.messages())
    assert [m["params"]["progress"] for m in messages[:-1]] == [1, 2, 3, 4]
    assert messages[-1]["result"]["content"][0]["text"] == "4 steps done"


def test_4_3_the_server_asks_in_the_middle_of_a_call(world):
    connection = connect(world, "found")
    stream = connection.post("tools/call", {"name": "ask", "arguments": {}}, stream=True).stream.messages()
    asked = next(stream)
    assert asked["method"] == "elicitation/create"
    answer = {"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "accept", "content": {"name": "ada"}}}
    taken = request("POST", connection.url, headers=connection.headers(), json=answer)
    assert taken.status == 202, taken.describe()
    assert json.loads(next(stream)["result"]["content"][0]["text"])["content"] == {"name": "ada"}


def test_4_3_a_cancelled_call_is_not_waited_for(world, servers):
    """A server answers nothing that was cancelled, and what it asks afterwards is not asked on a stream that nobody reads."""
    connection = connect(world, "found")
    session = list(servers["found"].streams)[-1]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connection.post, "tools/call", {"name": "never", "arguments": {}}, timeout=20)
        until(lambda: any(m.get("method") == "tools/call" for m in servers["found"].executed))
        cancelled = connection.post("notifications/cancelled", {"requestId": connection.next_id}, notification=True)
        assert cancelled.status == 202, cancelled.describe()
        answer = waiting.result()
        assert answer.json()["error"]["code"] == -31003, answer.describe()
    stream = connection.open_stream()
    asked = {"jsonrpc": "2.0", "id": "roots", "method": "roots/list"}
    servers["found"].push(asked, session)
    assert next(stream.stream.messages()) == asked
    stream.stream.close()


def test_4_3_what_belongs_to_no_call_goes_to_the_open_stream(world, servers):
    connection = connect(world, "found")
    session = list(servers["found"].streams)[-1]
    changed = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
    servers["found"].push(changed, session)
    stream = connection.open_stream()
    assert stream.status == 200
    messages = stream.stream.messages()
    assert next(messages) == changed, "what was said while nobody listened was kept"
    servers["found"].push({**changed, "params": {"n": 2}}, session)
    assert next(messages)["params"] == {"n": 2}
    newer = connection.open_stream()
    servers["found"].push({**changed, "params": {"n": 3}}, session)
    assert next(newer.stream.messages())["params"] == {"n": 3}, "the newest stream is the one"
    assert list(messages) == []
    newer.stream.close()


def test_4_3_a_ping_to_nobody_is_answered(world, servers):
    connect(world, "found")
    session = list(servers["found"].streams)[-1]
    assert servers["found"].ask(session, {"jsonrpc": "2.0", "id": "ping-1", "method": "ping"})["result"] == {}


def test_4_3_requests_that_nobody_can_hear_are_answered_in_the_end(world, servers):
    connect(world, "found")
    session = list(servers["found"].streams)[-1]
    first = {"jsonrpc": "2.0", "id": "first", "method": "roots/list"}
    waiting = threading.Thread(target=lambda: outcome.append(servers["found"].ask(session, first)))
    outcome: list = []
    waiting.start()
    time.sleep(0.2)
    for n in range(64):
        servers["found"].push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"n": n}}, session)
    waiting.join(20)
    assert outcome[0]["error"]["code"] == -32603


def test_X2_a_session_whose_stream_is_gone_is_begun_anew(world, servers):
    """A session is its stream; the call that finds it gone was not sent, so it may be."""
    connection, server = connect(world, "found"), servers["found"]
    for turn in range(3):
        streams = set(server.streams)
        assert echo(connection, f"before {turn}") == f"before {turn}"
        server.drop_streams()
        assert until(lambda: not server.streams), "they have ended"
        assert echo(connection, f"after {turn}") == f"after {turn}"
        assert len(server.streams) == 1 and not set(server.streams) & streams, "one new stream, and it stays"
    # The loss and the call may meet: it is answered in any case.
    for turn in range(count(20, 2000)):
        server.drop_streams()
        answer = connection.post("tools/call", {"name": "echo", "arguments": {"text": str(turn)}})
        assert answer.status == 200, answer.describe()
        assert answer.json().get("error", {"code": -31003})["code"] == -31003, answer.describe()
    assert echo(connection, "still") == "still"
    texts = [m["params"]["arguments"]["text"] for m in server.executed if m.get("method") == "tools/call"]
    assert len(texts) == len(set(texts)), "nothing was executed twice"


def test_modern_clients_are_bridged_and_the_stream_stays(world, servers):
    """What began the session has heard enough after its answer: that doesn't end the stream."""
    servers["pinned"].drop_streams()
    servers["pinned"].wait_for_streams(0)
    made = connect(world, "pinned", revision=MODERN)
    assert made.call("server/discover")["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "pinned"
    servers["pinned"].wait_for_streams(1)
    streams = set(servers["pinned"].streams)
    for turn in range(5):
        assert echo(made, str(turn)) == str(turn)
    assert set(servers["pinned"].streams) == streams and not servers["pinned"].received("initialize")[1:]
    servers["pinned"].drop_streams()
    assert until(lambda: not servers["pinned"].streams)
    assert echo(made, "anew") == "anew"


def test_4_3_a_lost_stream_fails_its_calls(world, servers):
    connection = connect(world, "found")
    answer = connection.post("tools/call", {"name": "drop", "arguments": {}})
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
    assert [m["params"]["name"] for m in servers["found"].executed if m.get("method") == "tools/call"] == ["drop"], "never sent twice"


@pytest.mark.parametrize("status", [400, 403, 413, 500])
def test_4_3_a_message_that_is_not_taken_is_not_waited_for(world, servers, status):
    connection = connect(world, "found")
    servers["found"].post_status = status
    try:
        answer = connection.post("tools/list")
    finally:
        servers["found"].post_status = 202
    assert (answer.status == status) if status in (400, 413) else answer.json()["error"]["code"] == -31003, answer.describe()
    assert echo(connection, "on") == "on"


def test_V_013_two_requests_under_one_id_are_never_mixed_up(world):
    connection = connect(world, "found")
    stream = threading.Thread(target=lambda: first.append(echo(connection, "one", delay=1)))
    first: list = []
    stream.start()
    time.sleep(0.3)
    twin = MCPConnection(connection.url, connection.token)
    twin.session, twin.next_id = connection.session, connection.next_id - 1
    second = twin.post("tools/call", {"name": "echo", "arguments": {"text": "two"}})
    assert second.status == 400 and second.json()["error"]["code"] == -32600, second.describe()
    stream.join(20)
    assert first == ["one"]


def test_V_013_many_clients_with_equal_ids(world):
    """Every client has the same ids and another nonce; answers, progress and pushes stay with their owner."""
    clients = [connect(world, ("found", "pinned", "crlf")[n % 3]) for n in range(12)]
    rounds = count(25, 2500)

    def talk(connection: MCPConnection) -> int:
        connection.next_id = 100
        wrong = 0
        for _ in range(rounds):
            nonce = secrets.token_hex(8)
            if secrets.randbelow(2):
                wrong += echo(connection, nonce, delay=secrets.randbelow(10) / 1000) != nonce
                continue
            params = {"name": "slow", "arguments": {"steps": 2, "delay": 0.001}, "_meta": {"progressToken": nonce}}
            answer = connection.post("tools/call", params, stream=True)
            wrong += any(m["params"]["progressToken"] != nonce for m in answer.stream.messages() if "params" in m)
        return wrong

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sum(pool.map(talk, clients)) == 0
    print(f"proof: V-013 count={rounds * len(clients)}")


def test_V_014_a_session_is_its_owners(world):
    connection, other = connect(world, "found"), connect(world, "pinned")
    stranger = MCPConnection(other.url, other.token)
    stranger.session = connection.session
    assert stranger.post("tools/list").status == 404


def test_4_3_nothing_of_the_upstream_reaches_the_client(world, servers):
    """No URL, path or session of the server's, in head or body, and none of ours the server."""
    connection = connect(world, "found", initialize=False)
    answers: list[Response] = [connection.initialize(), connection.post("tools/list"), connection.post("no/such", {}), connection.end()]
    stream = list(servers["found"].requests)
    theirs = set(re.findall(r"session_id=([0-9a-f]+)", " ".join(r.path for r in stream)))
    assert theirs
    for answer in answers:
        whole = answer.text + json.dumps(answer.headers)
        for secret in (*theirs, f":{servers['found'].port}", "/messages", "mus_"):
            assert secret not in whole, f"{secret} in {answer.describe()}"
    for seen in stream:
        whole = seen.path + json.dumps(seen.headers) + seen.body.decode()
        for secret in (connection.session, "mus_", connection.token):
            assert secret not in whole, f"{secret} in {whole}"


def test_4_3_a_call_without_a_session_is_400(world):
    connect(world, "pinned")
    answer = request("POST", world.mcp_url("pinned"), headers=bearer(world, "pinned"), json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status == 400, answer.describe()
    assert request("GET", world.mcp_url("pinned"), headers=bearer(world, "pinned")).status == 405


def initialize_params() -> dict:
    return {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}


@pytest.mark.parametrize("name", ["found", "pinned"])
def test_X9_every_request_says_that_no_coding_is_welcome(world, servers, name):
    connect(world, name).tool("echo", {"text": "x"}, headers={"Accept-Encoding": "gzip"})
    asked = [(one.method, one.header("accept-encoding")) for one in list(servers[name].requests)]
    assert {method for method, _ in asked} >= {"GET", "POST"} and {value for _, value in asked} == {"identity"}, asked
