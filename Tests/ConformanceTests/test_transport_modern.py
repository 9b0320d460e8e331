"""Streamable HTTP of revision 2026-07-28 (protocol.md §4.1) in front of a server of the same era."""

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.route import bearer, connect, token

META = "io.modelcontextprotocol/"


def test_4_1_discover_list_and_call(shared):
    connection = connect(shared, "modern")
    found = connection.call("server/discover")["result"]
    assert found["resultType"] == "complete" and MODERN in found["supportedVersions"]
    assert connection.call("tools/list")["result"]["tools"]
    assert connection.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    for seen in shared.upstreams["modern"].received():
        assert seen.header("mcp-protocol-version") == MODERN and seen.header("mcp-method") == seen.rpc_method
        assert seen.json["params"]["_meta"][META + "protocolVersion"] == MODERN
        assert seen.header("mcp-session-id") is None


def test_4_1_sessions_and_resumption_are_ignored(shared):
    connection = connect(shared, "modern")
    answer = connection.post("tools/list", headers={"Mcp-Session-Id": "anything", "Last-Event-ID": "1"})
    assert answer.status == 200 and answer.header("mcp-session-id") is None, answer.describe()
    seen = shared.upstreams["modern"].received()[-1]
    assert seen.header("mcp-session-id") is None and seen.header("last-event-id") is None


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_4_1_get_and_delete_are_405(shared, verb):
    for headers in ({}, {"Mcp-Session-Id": "x", "MCP-Protocol-Version": MODERN}, {"MCP-Protocol-Version": MODERN}):
        answer = request(verb, shared.mcp_url("modern"), headers={**bearer(shared, "modern"), "Accept": "text/event-stream", **headers})
        assert answer.status == 405 or (answer.status == 404 and "Mcp-Session-Id" in headers), answer.describe()
        assert shared.upstreams["modern"].received() == []


def test_4_1_unknown_methods_keep_their_404(shared):
    answer = connect(shared, "modern").post("no/such", {})
    assert answer.status == 404 and answer.json()["error"]["code"] == -32601 and answer.json()["id"] is not None, answer.describe()


@pytest.mark.parametrize("status,code", [(400, -32602), (400, -32021), (400, -32022), (404, -32601), (400, -32600)])
def test_4_1_refusals_of_the_upstream_steer_the_client_unchanged(shared, status, code):
    shared.upstreams["modern"].script(status, {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": "no", "data": {"supported": [MODERN]}}},
                                         headers={"Content-Type": "application/json"})
    answer = connect(shared, "modern").post("tools/list", {})
    assert answer.status == status and answer.json()["error"]["code"] == code, answer.describe()
    assert answer.json()["error"]["data"] == {"supported": [MODERN]}


def test_4_1_a_route_to_a_legacy_server_answers_both_eras(shared):
    # A modern probe is answered over the bridge; a client that prefers initialize gets that on the same route (X8).
    probe = MCPConnection(shared.mcp_url("stateful"), token(shared, "stateful"), revision=MODERN).post("server/discover", {})
    assert probe.status == 200 and probe.json()["result"]["supportedVersions"] == [MODERN], probe.describe()
    after = MCPConnection(shared.mcp_url("stateful"), token(shared, "stateful"), revision=LEGACY)
    after.initialize()
    assert after.call("tools/list")["result"]["tools"], "and initialize on the same route works (X8)"
