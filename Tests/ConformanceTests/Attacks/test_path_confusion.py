"""A path that the check reads one way and the router another reaches a protected route, or an exemption matches a part of a path that
it should not. The bytes of a path are read once: what isn't plainly one of our paths is 400 or 404, and never reaches an upstream."""

import pytest
from martlet_support.raw import converse
from martlet_support.route import token
from martlet_support import request

TRICKS = [
    "/healthz/../stateless/mcp", "/stateless/../stateless/mcp", "/./stateless/mcp", "//stateless/mcp", "/stateless//mcp", "/stateless/mcp//",
    "/stateless/mcp/.", "/stateless/mcp/..", "/stateless/mcp/../mcp", "/%2e%2e/stateless/mcp", "/%2e/stateless/mcp", "/stateless%2fmcp",
    "/stateless%2Fmcp", "/stateless/%6dcp", "/%73tateless/mcp", "/stateless/mcp%00", "/stateless/mcp%20", "/stateless/mcp;a=b", "/stateless;x/mcp",
    "/stateless/mcp%3b", "/stateless\\mcp", "/stateless%5cmcp", "/..;/stateless/mcp", "/STATELESS/mcp", "/stateless/MCP", "/Stateless/mcp",
    "/stateless/mcp/x", "/stateless/mcp%23", "/stateless/mcp%3f", "/stateless/mcp%0d%0aX:%20y", "/%252e%252e/stateless/mcp",
    "/healthz/stateless/mcp", "/.well-known/../stateless/mcp", "/stateless/.well-known/../mcp", "/stateless/mcp.json", "/stateless/mcp~",
    "/\u017ftateless/mcp", "/stateless\u2215mcp", "/stateless/mc\u0440",
]


def send(shared, target: str, *, authorized: bool) -> list[int]:
    head = [f"POST {target} HTTP/1.1", f"Host: 127.0.0.1:{shared.gateway.port}", "Content-Type: application/json", "Connection: close"]
    if authorized:
        head.append(f"Authorization: Bearer {token(shared, 'stateless')}")
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    head.append(f"Content-Length: {len(body)}")
    return converse(shared.gateway.port, "\r\n".join(head).encode() + b"\r\n\r\n" + body).statuses


@pytest.mark.parametrize("authorized", [True, False])
def test_V_065_path_tricks_reach_no_upstream(shared, authorized):
    for target in TRICKS:
        statuses = send(shared, target, authorized=authorized)
        assert statuses and statuses[0] in (400, 401, 404), f"{target}: {statuses}"
        assert shared.upstreams["stateless"].received() == [], f"{target} went through"


def test_V_064_queries_and_fragments_open_nothing(shared):
    for target in ("/stateless/mcp?/healthz", "/stateless/mcp?x=/.well-known/oauth-authorization-server", "/stateless/mcp?skip=1",
                   "/stateless/mcp#/healthz", "/stateless/mcp?#/healthz", "/stateless/mcp??"):
        statuses = send(shared, target, authorized=False)
        assert statuses and statuses[0] in (400, 401, 404), f"{target}: {statuses}"
    assert shared.upstreams["stateless"].received() == []


@pytest.mark.parametrize("name", ["X-Forwarded-Uri", "X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Path", "X-Forwarded-Method",
                                  "X-HTTP-Method-Override", "X-Forwarded-Prefix", "Forwarded", "X-Original-Uri"])
def test_V_064_no_header_changes_what_is_decided(shared, name):
    for value in ("/healthz", "/.well-known/oauth-authorization-server", "GET", "OPTIONS", "host=evil.example;proto=https"):
        answer = request("POST", shared.mcp_url("stateless"), headers={name: value, "User-Agent": "ELB-HealthChecker/2.0"},
                         json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert answer.status == 401, answer.describe()
        assert "evil" not in (answer.header("www-authenticate") or "")
    assert shared.upstreams["stateless"].received() == []


def test_V_064_a_query_does_not_hide_the_route(shared):
    answer = request("POST", shared.mcp_url("stateless") + "?transport=http", headers={"Authorization": f"Bearer {token(shared, 'stateless')}"},
                     json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    assert answer.status == 200, answer.describe()


def test_V_065_well_known_paths_with_tricks(shared):
    for target in ("/.well-known/oauth-protected-resource/..%2fx", "/.well-known/oauth-protected-resource//stateless/mcp",
                   "/.well-known/oauth-protected-resource/stateless/mcp/..", "/.well-known/oauth-protected-resource/https://evil.example",
                   "/.well-known/oauth-authorization-server/%2e%2e", "/.well-known/%6fauth-authorization-server"):
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{shared.gateway.port}\r\nConnection: close\r\n\r\n"
        answers = converse(shared.gateway.port, head.encode()).responses
        assert answers and answers[0].status in (400, 404), f"{target}: {answers}"
        assert b"evil" not in answers[0].body
