"""What a browser-based client needs (protocol.md §7.8, X12; V-088): preflights, headers on every answer, and never with cookies."""

import pytest
from martlet_support import FakeMCPServer, Gateway, request
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import converse
from martlet_support.route import bearer, token

METHODS = {"GET", "POST", "DELETE", "OPTIONS"}
ALLOWED = ["authorization", "content-type", "accept", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name", "last-event-id", "dpop"]
EXPOSED = {"www-authenticate", "mcp-session-id", "mcp-protocol-version", "retry-after"}
PUBLIC = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/.well-known/oauth-protected-resource/stateful/mcp",
          "/register", "/token"]
ANYONE = "https://inspector.example"


def preflight(world, path, origin=ANYONE, method="POST", headers="authorization,content-type,mcp-protocol-version"):
    return request("OPTIONS", world.url + path, headers={
        "Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers})


def tokens_of(answer, name) -> set[str]:
    return {part.strip().lower() for part in (answer.header(name) or "").split(",") if part.strip()}


@pytest.mark.parametrize("path", PUBLIC)
def test_V_088_X12_what_is_public_is_open_to_every_origin(shared, path):
    answer = preflight(shared, path)
    assert answer.status == 204, answer.describe()
    assert answer.header("access-control-allow-origin") == "*"
    method = "POST" if path in ("/register", "/token") else "GET"
    assert method in {m.strip() for m in answer.header("access-control-allow-methods").split(",")}
    assert {"content-type", "authorization", "mcp-protocol-version"} <= tokens_of(answer, "access-control-allow-headers")
    actual = request(method, shared.url + path, headers={"Origin": ANYONE})
    assert actual.header("access-control-allow-origin") == "*", "on refusals too: " + actual.describe()
    assert actual.header("access-control-allow-credentials") is None


@pytest.fixture(scope="module")
def listed():
    upstream = FakeMCPServer("stateful").start()
    gateway = Gateway({"stateful": upstream.url}, users={USER: PASSWORD}, config={"allowed_origins": [ANYONE, "http://localhost:6274"]}).start()
    yield Installation(gateway, {"stateful": upstream})
    gateway.close()
    upstream.stop()


@pytest.mark.parametrize("origin", [ANYONE, "http://localhost:6274"])
@pytest.mark.parametrize("path", ["/stateful/mcp", "/stateful/mcp/"])
def test_X12_preflight_of_a_route_for_a_listed_origin(listed, origin, path):
    answer = preflight(listed, path, origin, "DELETE", ",".join([*ALLOWED, "mcp-param-region"]))
    assert answer.status == 204, answer.describe()
    assert answer.body == b""
    assert answer.header("access-control-allow-origin") == origin
    assert METHODS <= {m.strip() for m in answer.header("access-control-allow-methods").split(",")}
    allowed = tokens_of(answer, "access-control-allow-headers")
    assert set(ALLOWED) <= allowed, answer.describe()
    # No list can hold Mcp-Param-*: either what was asked for is echoed, or `*` says so; that doesn't cover Authorization (Fetch).
    assert "mcp-param-region" in allowed or "*" in allowed
    assert "origin" in tokens_of(answer, "vary")
    assert answer.header("access-control-allow-credentials") is None
    assert listed.upstreams["stateful"].received() == []


def test_X12_every_answer_to_a_listed_origin_can_be_read(listed):
    url, origin = listed.mcp_url("stateful"), {"Origin": ANYONE}
    anonymous = request("POST", url, headers=origin, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert anonymous.status == 401
    broken = request("POST", url, headers={**origin, **bearer(listed)}, body=b"{", )
    listing = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}
    good = request("POST", url, headers={**origin, **bearer(listed), "Accept": "application/json, text/event-stream"}, json=listing)
    assert good.status == 200, good.describe()
    wrong_verb = request("PUT", url, headers={**origin, **bearer(listed)})
    unknown = request("POST", url, headers={**origin, **bearer(listed), "Mcp-Session-Id": "nosuch"}, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert unknown.status == 404
    for answer in (anonymous, broken, good, wrong_verb, unknown):
        assert answer.header("access-control-allow-origin") == ANYONE, answer.describe()
        assert EXPOSED <= tokens_of(answer, "access-control-expose-headers"), answer.describe()
        assert "origin" in tokens_of(answer, "vary"), answer.describe()
        assert answer.header("access-control-allow-credentials") is None
        assert not answer.header_values("set-cookie")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://inspector.example.evil", "http://inspector.example"])
def test_V_088_preflight_of_a_route_for_a_foreign_origin(listed, origin):
    answer = preflight(listed, "/stateful/mcp", origin)
    assert answer.status in (204, 403), answer.describe()
    assert answer.header("access-control-allow-origin") is None, answer.describe()


@pytest.mark.parametrize("path", ["/authorize", "/login", "/consent", "/logout"])
def test_V_088_pages_are_closed_to_other_origins(shared, path):
    for answer in (preflight(shared, path), request("GET", shared.url + path, headers={"Origin": ANYONE})):
        assert answer.header("access-control-allow-origin") is None, answer.describe()
        assert answer.header("access-control-allow-credentials") is None


def test_X12_an_unauthenticated_plain_options_needs_no_token(listed):
    listed.upstreams["stateful"].clear()
    answer = preflight(listed, "/stateful/mcp", ANYONE)
    assert answer.status == 204 and answer.header("www-authenticate") is None, answer.describe()
    assert listed.upstreams["stateful"].received() == []


def raw(world, method, path, fields=b"", body=b"", origin=ANYONE, wait=20):
    """What comes back for these very bytes."""
    line = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{world.gateway.port}\r\nOrigin: {origin}\r\n".encode()
    heard = converse(world.gateway.port, line + fields + b"\r\n" + body, wait=wait).responses
    assert len(heard) == 1, heard
    return heard[0]


# Before an endpoint is asked: what is sent, and the status.
EARLY = {
    "a length over the limit": ("POST", "", b"Content-Type: application/json\r\nContent-Length: 70000000\r\n", b"", 413),
    "a chunk over the limit": ("POST", "", b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", b"10001\r\n" + b"a" * 0x10001, 413),
    "another type": ("POST", "", b"Content-Type: text/plain\r\nContent-Length: 2\r\n", b"{}", None),
    "another method": ("PUT", "", b"Content-Length: 0\r\n", b"", 405),
    "a long target": ("POST", "?" + "a" * 9000, b"Content-Length: 0\r\n", b"", 414),
    "large fields": ("POST", "", b"Content-Length: 0\r\nX-Large: " + b"a" * (30 << 10) + b"\r\n", b"", 431),
    "many fields": ("POST", "", b"X: 1\r\n" * 200, b"", 431),
}
OPEN = ["/register", "/token", "/revoke", "/device_authorization", "/jwks", *PUBLIC[:3]]


@pytest.mark.parametrize("codec", ["martlet", "nio"])
def test_X12_what_the_listener_refuses_can_be_read_as_the_answer_itself(codec):
    upstream = FakeMCPServer("stateful").start()
    config = {"allowed_origins": [ANYONE], "http_codec": codec}
    with Gateway({"stateful": upstream.url}, users={USER: PASSWORD}, config=config) as gateway:
        world = Installation(gateway, {"stateful": upstream})
        bearing = f"Authorization: Bearer {token(world, 'stateful')}\r\n".encode()
        for name, (method, query, fields, body, status) in EARLY.items():
            for path in OPEN:
                answer = raw(world, method, path + query, fields, body)
                assert status in (answer.status, None), f"{name} at {path}: {answer}"
                assert answer.header("access-control-allow-origin") == "*", f"{name} at {path}: {answer}"
            if name == "a chunk over the limit":
                continue  # messages may be larger
            answer = raw(world, method, "/stateful/mcp" + query, bearing + fields, body)
            assert (status or 415) == answer.status, f"{name}: {answer}"
            # A head that is too large isn't read, so that nobody knows whose page it is; what is said is the same for everybody.
            assert answer.header("access-control-allow-origin") in ({ANYONE, "*"} if status in (414, 431) else {ANYONE}), f"{name}: {answer}"
            assert answer.header("access-control-allow-credentials") is None
    upstream.stop()


@pytest.mark.parametrize("path", ["/register", "/authorize"])
def test_X12_a_body_that_stops_arriving_is_refused_readably(listed, path):
    answer = raw(listed, "POST", path, b"Content-Type: application/json\r\nContent-Length: 100\r\n", b"{", wait=90)
    assert answer.status == 408, answer
    assert answer.header("access-control-allow-origin") == {"/register": "*", "/authorize": None}[path], answer


def test_V_088_what_is_too_large_for_a_page_stays_closed_to_others(shared):
    for path in ("/authorize", "/login", "/consent"):
        answer = raw(shared, "POST", path, b"Content-Length: 70000\r\n")
        assert answer.status == 413 and answer.header("access-control-allow-origin") is None, answer
        assert answer.header("referrer-policy") == "no-referrer"
    answer = raw(shared, "POST", "/nosuch", b"Content-Length: 70000\r\n")
    assert answer.status in (404, 413) and answer.header("access-control-allow-origin") is None, answer
