"""Streamable HTTP of revision 2026-07-28 (protocol.md §4.1) in front of a server of the same era."""

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.route import bearer, connect, token
from martlet_support.steps import until
from martlet_support.vitals import vitals

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


def test_4_1_missing_meta_is_invalid_params(shared):
    connection = connect(shared, "modern")
    for drop in ("protocolVersion", "clientCapabilities"):
        body = connection.body("tools/list", {})
        del body["params"]["_meta"][META + drop]
        answer = request("POST", connection.url, headers=connection.headers("tools/list"), json=body)
        assert answer.status == 400 and answer.json()["error"]["code"] == -32602, answer.describe()
        assert answer.json()["id"] == body["id"]
    assert shared.upstreams["modern"].received() == []
    body = connection.body("tools/list", {})
    del body["params"]["_meta"][META + "clientInfo"]
    assert request("POST", connection.url, headers=connection.headers("tools/list"), json=body).status == 200, "clientInfo is optional"


def test_4_1_unknown_versions_name_the_known(shared):
    connection = MCPConnection(shared.mcp_url("modern"), token(shared, "modern"), revision="2099-01-01")
    answer = connection.post("tools/list", {})
    assert answer.status == 400 and answer.json()["error"]["code"] == -32022, answer.describe()
    assert answer.json()["error"]["data"]["requested"] == "2099-01-01" and MODERN in answer.json()["error"]["data"]["supported"]
    assert answer.json()["id"] == 1
    assert shared.upstreams["modern"].received() == []


def test_4_1_notifications_are_202(shared):
    answer = connect(shared, "modern").post("notifications/cancelled", {"requestId": 1}, notification=True)
    assert answer.status == 202 and answer.body == b"", answer.describe()


def test_4_1_subscriptions_stream(shared):
    connection = connect(shared, "modern")
    answer = connection.post("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, stream=True)
    assert answer.status == 200 and answer.header("x-accel-buffering") == "no"
    messages = answer.stream.messages()
    first = next(messages)
    assert first["method"] == "notifications/subscriptions/acknowledged"
    assert first["params"]["_meta"][META + "subscriptionId"] == connection.next_id, "ids are not rewritten, nor is the tag"
    shared.upstreams["modern"].push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {}})
    assert next(messages)["params"]["_meta"][META + "subscriptionId"] == connection.next_id
    answer.stream.close()


def test_4_1_results_keep_their_request_state(shared):
    state = "o\u00f0d.\u2028state==" * 3
    shared.upstreams["modern"].on("prompts/get", lambda message, _: {
        "resultType": "input_required", "requestState": state, "inputRequests": {"a": {"method": "elicitation/create", "params": {}}}})
    try:
        result = connect(shared, "modern").call("prompts/get", {"name": "p"})["result"]
    finally:
        shared.upstreams["modern"]._handlers.pop("prompts/get")
    assert result["resultType"] == "input_required" and result["requestState"] == state


def test_4_1_names_that_are_not_ascii(shared):
    import base64
    name = "caf\u00e9 \u2603"
    encoded = "=?base64?" + base64.b64encode(name.encode()).decode() + "?="
    connection = connect(shared, "modern")
    good = request("POST", connection.url, headers={**connection.headers("tools/call", {}), "Mcp-Name": encoded},
                   json=connection.body("tools/call", {"name": name, "arguments": {}}))
    assert good.status == 200, good.describe()
    assert shared.upstreams["modern"].received("tools/call")[-1].header("mcp-name") == encoded
    bad = request("POST", connection.url, headers={**connection.headers("tools/call", {}), "Mcp-Name": "=?base64?eA==?="},
                  json=connection.body("tools/call", {"name": name, "arguments": {}}))
    assert bad.status == 400 and bad.json()["error"]["code"] == -32020


def test_pinned_routes_are_not_asked_and_bridge_the_other_era(install):
    world = install()
    entry = {"url": world.upstreams["stateful"].url, "protocol": LEGACY}
    pinned = install(servers={"pinned": entry})
    legacy = connect(pinned, "pinned")
    assert legacy.revision == LEGACY and legacy.call("tools/list")["result"]["tools"]
    seen = world.upstreams["stateful"].received(probes=True)
    assert not any(request.is_probe for request in seen), "what is pinned is not asked about"
    answer = MCPConnection(pinned.mcp_url("pinned"), token(pinned, "pinned"), revision=MODERN).post("tools/list", {})
    # A client of the other era is never steered away by a code of the era negotiation.
    error = answer.json().get("error", {}).get("code")
    assert answer.status == 200 and error not in (-32020, -32021, -32022), answer.describe()


def test_R_94_connections_that_nobody_uses_are_closed(install):
    world = install()
    process = world.gateway.process.pid
    connections = [connect(world, "modern") for _ in range(4)]
    before = vitals(process).descriptors
    for connection in connections:
        connection.tool("echo", {"text": "x"})
    assert vitals(process).descriptors > before
    assert until(lambda: vitals(process).descriptors <= before, 30)
