"""Streamable HTTP in the legacy era (protocol.md §4.2, §7.8): sessions, GET streams, DELETE, versions, and what real clients rely on."""

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import LEGACY, answer_of
from martlet_support.route import bearer, connect
from martlet_support.steps import within

REVISIONS = ["2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("answer", ["json", "sse"])
@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("server", ["stateful", "stateless"])
def test_4_2_a_whole_conversation(shared, server, revision, answer):
    shared.upstreams[server].answer = answer
    try:
        connection = connect(shared, server, revision=revision, initialize=False)
        opened = connection.initialize()
        assert (connection.session is not None) == (server == "stateful")
        assert answer_of(opened)["result"]["protocolVersion"] == revision
        assert [tool["name"] for tool in connection.call("tools/list")["result"]["tools"]] == ["echo", "headers", "slow"]
        assert connection.tool("echo", {"text": "h\u00e9llo \U0001f426"})["content"][0]["text"] == "h\u00e9llo \U0001f426"
        assert connection.call("ping")["result"] == {}
    finally:
        shared.upstreams[server].answer = "json"
    initialize, initialized, *rest = shared.upstreams[server].received()
    assert initialize.header("mcp-protocol-version") is None and initialize.header("mcp-session-id") is None
    assert initialized.rpc_method == "notifications/initialized"
    for seen in rest:
        assert seen.header("mcp-protocol-version") == revision or (revision == "2025-03-26" and server == "stateless")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/event-stream", "text/event-stream, application/json", "text/html", "", None])
def test_X1_any_accept_is_taken(shared, accept):
    connection = connect(shared, "stateless")
    headers = {"Accept": accept} if accept is not None else {}
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}}, headers=headers, drop=("Accept",) if accept is None else ())
    assert answer.status == 200, answer.describe()
    assert shared.upstreams["stateless"].received("tools/call")[-1].header("accept").replace(" ", "") == "text/event-stream,application/json"


def test_X2_unknown_sessions_are_404_and_a_stale_id_on_initialize_is_a_fresh_start(shared):
    connection = connect(shared, "stateful")
    connection.session = "00000000-dead-beef-0000-000000000000"
    gone = connection.post("tools/list")
    assert gone.status == 404, gone.describe()
    assert gone.json()["id"] is not None and "error" in gone.json()
    fresh = connection.post("initialize", {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}},
                            headers={"Mcp-Session-Id": connection.session})
    assert fresh.status == 200, fresh.describe()
    assert fresh.header("mcp-session-id") not in (None, connection.session)


def test_4_2_delete_ends_the_session_on_both_hops(shared):
    connection = connect(shared, "stateful")
    before = len(shared.upstreams["stateful"].sessions)
    ended = connection.end()
    assert ended.status in (200, 202, 204), ended.describe()
    assert len(shared.upstreams["stateful"].sessions) == before - 1
    assert connection.post("tools/list").status == 404
    assert connection.end().status == 404
    assert connection.open_stream().status == 404


def test_4_2_delete_ends_the_session_even_where_the_upstream_has_no_delete(shared):
    connection = connect(shared, "stateful")
    shared.upstreams["stateful"].script(405, b"", headers={"Allow": "POST"}, method="DELETE")
    assert connection.end().status in (200, 202, 204, 405)
    assert connection.post("tools/list").status == 404


@pytest.mark.parametrize("server", ["stateful", "stateless", "modern"])
@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_X3_X4_get_without_a_stream_is_405_with_allow(shared, server, accept):
    answer = request("GET", shared.mcp_url(server), headers={**bearer(shared, server), "Accept": accept})
    assert answer.status == 405, answer.describe()
    assert "POST" in answer.header("allow"), answer.describe()


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "HEAD", "PROPFIND"])
def test_X3_other_verbs_are_405(shared, verb):
    answer = request(verb, shared.mcp_url("stateful"), headers=bearer(shared))
    assert answer.status in (405, 501) and (answer.header("allow") or answer.status == 501), answer.describe()


def test_4_2_notifications_and_responses_are_202(shared):
    connection = connect(shared, "stateful")
    for message in ({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}, {"jsonrpc": "2.0", "id": 9, "result": {}},
                    {"jsonrpc": "2.0", "id": 9, "error": {"code": -1, "message": "no"}}):
        answer = request("POST", connection.url, headers=connection.headers(), json=message)
        assert answer.status == 202 and answer.body == b"", answer.describe()
        assert shared.upstreams["stateful"].received()[-1].json == message


def test_X10_unknown_methods_are_answered_inside_200(shared):
    connection = connect(shared, "stateful")
    for method in ("resources/list", "resources/templates/list", "no/such"):
        answer = connection.post(method, {})
        assert answer.status == 200 and answer.json()["error"]["code"] == -32601, answer.describe()


@pytest.mark.parametrize("version,status", [(None, 200), ("2025-03-26", 200), ("2025-06-18", 200), ("2025-11-25", 200), ("2024-10-07", 400), ("x", 400),
                                            ("", 400), ("2025-11-25x", 400)])
def test_X6_4_2_versions(shared, version, status):
    connection = connect(shared, "stateful")
    headers = {"MCP-Protocol-Version": version} if version is not None else {}
    answer = connection.post("tools/list", headers=headers, drop=() if version is not None else ("MCP-Protocol-Version",))
    assert answer.status == status, answer.describe()
    if status == 200:
        # The session's negotiated revision is what the other hop speaks.
        assert shared.upstreams["stateful"].received("tools/list")[-1].header("mcp-protocol-version") == LEGACY
    else:
        assert answer.json()["error"]["code"] not in (-32020, -32021, -32022), "a modern code would steer the client's era detection"


def test_4_2_server_messages_reach_the_clients_stream(shared):
    connection, other = connect(shared, "stateful"), connect(shared, "stateful")
    mine, theirs = connection.open_stream(), other.open_stream()
    shared.upstreams["stateful"].wait_for_streams(count=2)
    upstream_session = shared.upstreams["stateful"].received("notifications/initialized")[0].header("mcp-session-id")
    asked = {"jsonrpc": "2.0", "id": "s1", "method": "roots/list"}
    assert shared.upstreams["stateful"].push(asked, upstream_session) == 1
    assert next(mine.stream.messages()) == asked, "requests of the server arrive as they are"
    shared.upstreams["stateful"].push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "both"}})
    assert next(theirs.stream.messages())["params"]["data"] == "both", "and only on the stream they were meant for"
    mine.stream.close()
    theirs.stream.close()


def test_4_2_an_event_id_of_the_clients_own_making_goes_nowhere(shared):
    connection = connect(shared, "stateful")
    for made_up in ("stream-1_42", "0", "", "\u00e9".encode().decode("latin-1"), "x" * 5000):
        stream = connection.open_stream(headers={"Last-Event-ID": made_up})
        assert stream.status == 200, "it is as good as none: " + stream.describe()
        shared.upstreams["stateful"].wait_for_streams()
        stream.stream.close()
    seen = [r for r in shared.upstreams["stateful"].received() if r.method == "GET"]
    assert len(seen) == 5 and all(r.header("last-event-id") is None for r in seen)


@pytest.mark.parametrize("crash", [False, True])
def test_X2_sessions_survive_a_restart(install, crash):
    world = install()
    connection = connect(world, "stateful")
    upstream_session = world.upstreams["stateful"].received("notifications/initialized")[-1].header("mcp-session-id")
    world.gateway.restart(crash=crash)
    assert connection.tool("echo", {"text": "again"})["content"][0]["text"] == "again"
    assert world.upstreams["stateful"].received("tools/call")[-1].header("mcp-session-id") == upstream_session
    stream = connection.open_stream()
    assert stream.status == 200
    stream.stream.close()
    assert connection.end().status in (200, 202, 204)
    world.gateway.restart(crash=crash)
    assert connection.post("tools/list").status == 404, "an ended session stays ended"


def test_D12_both_spellings_are_one_route(shared):
    connection = connect(shared, "stateful")
    connection.url += "/"
    assert connection.call("tools/list")["result"]["tools"], "the session is the route's, however it is spelled"


def test_4_2_many_calls_at_once_keep_their_answers(shared):
    connection = connect(shared, "stateless")

    def call(index: int) -> bool:
        mine = MCPConnection(connection.url, connection.token)
        mine.next_id = index % 7  # the same ids everywhere
        return mine.tool("echo", {"text": f"nonce-{index}"})["content"][0]["text"] == f"nonce-{index}"

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(call, range(400)))
    print("proof: V-013 count=400")


def test_V_013_a_connection_is_reused_without_mixing(shared):
    connection = connect(shared, "stateless")
    kept = http.client.HTTPConnection("127.0.0.1", shared.gateway.port)
    for index in range(50):
        body = json.dumps(connection.body("tools/call", {"name": "echo", "arguments": {"text": str(index)}}))
        kept.request("POST", "/stateless/mcp", body, {**connection.headers(), "Content-Type": "application/json"})
        answer = kept.getresponse()
        assert json.loads(answer.read())["result"]["content"][0]["text"] == str(index)
    kept.request("POST", "/stateless/mcp", b"{}", {"Content-Type": "application/json"})
    refused = kept.getresponse()
    assert refused.status == 401 and refused.read(), "the connection's last caller is nobody"
    kept.close()


def test_5_timing_a_call_is_not_held_back(shared):
    connection = connect(shared, "stateless")
    connection.call("tools/list")
    began = time.monotonic()
    for _ in range(50):
        connection.call("tools/list")
    assert time.monotonic() - began < within(5)
