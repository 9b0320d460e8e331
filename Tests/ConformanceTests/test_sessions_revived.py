"""A server that forgot a session, or was restarted, is no matter of the client's: Martlet begins the session anew with what the client
once said, once, and sends what had not been executed. What may have been executed is never sent twice."""

import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection, request
from martlet_support.mcp import LEGACY
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import RawUpstream, json_answer
from martlet_support.route import connect, token
from martlet_support.steps import count

CAPABILITIES = {"roots": {"listChanged": True}, "elicitation": {}, "x-odd": {"deep": [1, 2, {"a": None}]}}


def upstream_session(seen) -> str:
    return seen.header("mcp-session-id")


def begun(world) -> MCPConnection:
    connection = connect(world, "stateful", initialize=False)
    connection.initialize(CAPABILITIES)
    return connection


def test_X2_a_session_the_upstream_lost_is_begun_anew(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    mine = connection.session
    upstream.drop_sessions()
    assert connection.tool("echo", {"text": "still here"})["content"][0]["text"] == "still here"
    first, again = upstream.received("initialize")
    assert again.body == first.body, "with the very parameters of the client"
    assert again.header("mcp-session-id") is None and again.header("mcp-protocol-version") is None
    order = [seen.rpc_method for seen in upstream.received()]
    assert order[2:] == ["tools/call", "initialize", "notifications/initialized", "tools/call"], order
    lost, told, sent = [upstream_session(seen) for seen in upstream.received() if seen.rpc_method in ("tools/call", "notifications/initialized")][1:]
    assert lost != told == sent
    assert connection.session == mine
    assert connection.call("tools/list")["result"]["tools"]
    assert len(upstream.received("initialize")) == 2, "once is enough"


def test_X2_a_client_that_comes_back_after_weeks_finds_its_session(install):
    world = install()
    connection = begun(world)
    world.gateway.stop()
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
        aged = database.execute("UPDATE mcp_session SET created_at = created_at - ?1, used_at = used_at - ?1", (29 * 86_400_000,))
        assert aged.rowcount == 1
    world.upstreams["stateful"].drop_sessions()  # as a server does meanwhile
    world.gateway.start()
    assert connection.tool("echo", {"text": "back"})["content"][0]["text"] == "back"


def test_X2_many_calls_at_once_begin_it_once(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    for _ in range(3):
        upstream.drop_sessions()
        before = len(upstream.received("initialize"))

        def call(index: int) -> bool:
            mine = MCPConnection(connection.url, connection.token)
            mine.session, mine.next_id = connection.session, index * 10
            return mine.tool("echo", {"text": str(index)})["content"][0]["text"] == str(index)

        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(call, range(48)))
        assert len(upstream.received("initialize")) == before + 1
        assert len(upstream.sessions) == 1


def test_X2_two_processes_agree_on_one_session(install):
    world = install()
    connection, upstream = begun(world), world.upstreams["stateful"]
    with world.gateway.twin() as twin:
        other = MCPConnection(twin.url + "/stateful/mcp", connection.token)
        other.session = connection.session
        assert other.call("tools/list")["result"]
        for _ in range(count(5, 200)):
            upstream.drop_sessions()
            gate = threading.Barrier(2)

            def call(one):
                gate.wait(10)
                return one.call("tools/list")["result"]["tools"]

            with ThreadPoolExecutor(2) as pool:
                assert all(pool.map(call, [connection, other]))
            deadline = time.monotonic() + 5
            while len(upstream.sessions) > 1 and time.monotonic() < deadline:
                time.sleep(0.02)
            assert len(upstream.sessions) == 1, "the one that was too many has ended"
            held = set(upstream.sessions)
            for one in (connection, other):
                one.call("tools/list")
                assert upstream_session(upstream.received("tools/list")[-1]) in held
    print("proof: X-2 count=5")


def test_X2_what_the_client_told_the_session_is_told_again(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    for method in ("logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
        upstream.on(method, lambda message, _: {} if (message["params"].get("uri") != "file:///bad") else None)
    try:
        connection.call("logging/setLevel", {"level": "error"})
        connection.call("logging/setLevel", {"level": "warning"})
        for uri in ("file:///a", "file:///b", "file:///bad"):
            connection.call("resources/subscribe", {"uri": uri})
        connection.call("resources/unsubscribe", {"uri": "file:///a"})
        upstream.drop_sessions()
        upstream.clear()
        assert connection.call("tools/list")["result"]["tools"]
        told = [(seen.rpc_method, seen.json["params"]) for seen in upstream.received() if seen.rpc_method in ("logging/setLevel", "resources/subscribe")]
        assert told == [("logging/setLevel", {"level": "warning"}), ("resources/subscribe", {"uri": "file:///b"})]
        assert [seen.rpc_method for seen in upstream.received()][-1] == "tools/list", "before the call goes on"
    finally:
        for method in ("logging/setLevel", "resources/subscribe", "resources/unsubscribe"):
            upstream._handlers.pop(method)


def test_X2_what_was_said_to_the_lost_session_is_not_said_to_the_next(shared):
    # An answer to a question of the old session could be taken for the answer to one of the new.
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    for message in ({"jsonrpc": "2.0", "id": 0, "result": {"roots": []}}, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3}}):
        upstream.drop_sessions()
        upstream.clear()
        answer = request("POST", connection.url, headers=connection.headers(), json=message)
        assert answer.status == 202, answer.describe()
        held = set(upstream.sessions)
        assert len(held) == 1 and not [s for s in upstream.received() if s.json == message and upstream_session(s) in held]
    assert connection.call("tools/list")["result"]["tools"]


def test_4_2_a_400_that_means_the_session_is_understood(shared):
    # Some servers answer 400 for a session that they don't know; Martlet asks before it gives one up.
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    unknown = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "Bad Request: No valid session ID provided"}}
    said = {"headers": {"Content-Type": "application/json"}}
    upstream.script(400, unknown, method="tools/call", **said)
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}})
    assert answer.status == 400 and answer.json() == unknown, "the session is there: " + answer.describe()
    assert len(upstream.received("ping")) == 1 and len(upstream.received("initialize")) == 1
    upstream.script(400, unknown, method="tools/call", **said)
    upstream.script(400, unknown, method="ping", **said)
    assert connection.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    assert len(upstream.received("initialize")) == 2
    mine = {"jsonrpc": "2.0", "id": connection.next_id + 1, "error": {"code": -32602, "message": "no such tool"}}
    upstream.script(400, mine, method="tools/call", **said)
    assert connection.post("tools/call", {"name": "none", "arguments": {}}).json() == mine
    assert len(upstream.received("ping")) == 2, "an answer to the call itself leaves no doubt"


def test_X10_a_404_that_answers_the_call_is_no_lost_session(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    error = {"jsonrpc": "2.0", "id": connection.next_id + 1, "error": {"code": -32601, "message": "Method not found"}}
    upstream.script(404, error, headers={"Content-Type": "application/json"}, method="no/such")
    answer = connection.post("no/such", {})
    assert answer.status == 200 and answer.json() == error, answer.describe()
    assert len(upstream.received("initialize")) == 1


def test_X2_a_lost_session_is_understood_under_the_requests_id_too(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    # As Martlet says it itself, which may stand behind another one.
    error = {"jsonrpc": "2.0", "id": connection.next_id + 1, "error": {"code": -32001, "message": "Session not found"}}
    upstream.script(404, error, headers={"Content-Type": "application/json"}, method="tools/call")
    assert connection.tool("echo", {"text": "still here"})["content"][0]["text"] == "still here"
    assert len(upstream.received("initialize")) == 2


def test_4_2_a_server_that_never_knows_its_sessions_is_tried_once(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    for _ in range(2):
        upstream.script(404, b"", method="tools/call")
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}})
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
    assert len(upstream.received("initialize")) == 2 and len(upstream.received("tools/call")) == 2


def test_4_2_a_server_that_speaks_another_revision_now_begins_with_its_client(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    upstream.drop_sessions()
    upstream.revision = "2025-06-18"
    try:
        assert connection.post("tools/list").status == 404, "what was agreed on can't be changed behind the client's back"
    finally:
        upstream.revision = LEGACY
    deadline = time.monotonic() + 5
    while upstream.sessions and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not upstream.sessions, "and the session that nobody can use has ended"


def test_4_2_delete_of_a_session_the_upstream_lost(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    upstream.drop_sessions()
    assert connection.end().status in (200, 204)
    assert connection.post("tools/list").status == 404
    assert len(upstream.received("initialize")) == 1, "nothing is begun to be ended"


def test_V_014_V_016_a_lost_session_is_still_only_its_owners(shared):
    connection, upstream = begun(shared), shared.upstreams["stateful"]
    upstream.drop_sessions()
    upstream.clear()
    stranger = MCPConnection(connection.url, connection.token)
    for session in ("mse_" + "A" * 43, connection.session + "x", connection.session[:-1]):
        stranger.session = session
        assert stranger.post("tools/list").status == 404
    stranger.session = None
    stranger.post("tools/list")
    assert not upstream.received("initialize") and not upstream.sessions, "nobody else brings it back"
    assert connection.call("tools/list")["result"]["tools"]


# The server's process


def test_4_2_a_server_that_is_down_loses_no_session(install):
    world = install()
    connection, upstream = begun(world), world.upstreams["stateful"]
    upstream.leave()
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}})
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
    assert "not available" in answer.json()["error"]["message"], "nothing was sent, so nothing is in doubt"
    with FakeMCPServer("stateful", port=upstream.port) as again:
        assert connection.tool("echo", {"text": "back"})["content"][0]["text"] == "back"
        assert [seen.rpc_method for seen in again.received()] == ["tools/call", "initialize", "notifications/initialized", "tools/call"]
    world.upstreams.pop("stateful")


def test_4_2_the_clients_stream_goes_on_through_a_restart_of_the_server(install):
    world = install()
    connection, upstream = begun(world), world.upstreams["stateful"]
    stream = connection.open_stream(timeout=60)
    upstream.wait_for_streams()
    messages = stream.stream.messages()
    upstream.push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "before"}})
    assert next(messages)["params"]["data"] == "before"
    upstream.crash()
    time.sleep(1)
    with FakeMCPServer("stateful", port=upstream.port) as again:
        again.wait_for_streams(timeout=30)
        again.push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "after"}})
        assert next(messages)["params"]["data"] == "after", "the client's stream never ended"
        assert len(again.received("initialize")) == 1
        # A call and the stream are in the same session.
        connection.tool("echo", {"text": "x"})
        assert len(again.sessions) == 1
        stream.stream.close()
    world.upstreams.pop("stateful")


def test_R_54_what_may_have_been_executed_is_not_sent_again():
    """A tool that was called and whose answer is lost: the client hears that, and decides."""
    with RawUpstream() as upstream, Gateway({"raw": upstream.url}, users={USER: PASSWORD}) as gateway:
        world = Installation(gateway, {})
        result = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": LEGACY, "capabilities": {}, "serverInfo": {"name": "r", "version": "1"}}}
        upstream.answer = json_answer(json.dumps(result).encode(), extra=b"Mcp-Session-Id: theirs\r\n")
        connection = MCPConnection(world.mcp_url("raw"), token(world, "raw"))
        connection.session = connection.post("initialize", {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}).header("mcp-session-id")
        upstream.clear()
        for answer in (lambda sock, arrival: None, json_answer(b"", status="500 X"), json_answer(b"", status="503 X")):
            upstream.answer = answer
            heard = connection.post("tools/call", {"name": "pay", "arguments": {}}).json()
            assert heard["error"]["code"] == -31003 and "before you repeat" in heard["error"]["message"], heard
        assert len([a for a in upstream.received() if b"tools/call" in a.body]) == 3
        events = b'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}\n\n'
        upstream.answer = lambda sock, arrival: sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                                                             + b"%x\r\n" % len(events) + events + b"\r\n")
        stream = connection.post("tools/call", {"name": "pay", "arguments": {}}, stream=True)
        progress, lost = list(stream.stream.messages())
        assert lost["id"] == connection.next_id and lost["error"]["code"] == -31003 and "before you repeat" in lost["error"]["message"]
        assert len([a for a in upstream.received() if b"tools/call" in a.body]) == 4
