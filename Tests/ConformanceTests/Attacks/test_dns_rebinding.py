"""A web page makes a browser talk to a gateway on loopback, by a name that it rebinds, by a foreign origin or by a "simple" request that
needs no preflight. Host, Origin, Content-Type and Sec-Fetch-Site are checked in the default configuration, on every plane."""

import json

import pytest
from martlet_support import request
from martlet_support.raw import converse
from martlet_support.route import bearer, token

LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
PLACES = ["/stateless/mcp", "/.well-known/oauth-authorization-server", "/authorize", "/token", "/login", "/register", "/nosuch"]


def with_hosts(world, path: str, hosts: list[str], *, target: str | None = None, version: str = "HTTP/1.1"):
    lines = [f"GET {target or path} {version}"] + [f"Host: {host}" if host is not None else "" for host in hosts]
    lines += ["Connection: close", "", ""]
    answers = converse(world.gateway.port, "\r\n".join(lines).encode("latin-1")).responses
    assert answers, f"no answer to {hosts}"
    return answers[0]


BAD_HOSTS = ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example:{port}", "127.0.0.1:{port}.evil.example", "169.254.169.254",
             "127.0.0.1:{port}@evil.example", "evil.example#127.0.0.1:{port}", "evil.example/127.0.0.1:{port}", "2130706433:{port}",
             "0x7f.0.0.1:{port}", "127.0.0.1:{port}, evil.example", "127.0.0.1:99999", "127.0.0.1:{port}x", "127.0.0.1:+{port}", "[::1", "a b",
             "evil\xa0.example", "127.0.0.1:{port}\x01", "metadata.google.internal", "0.0.0.0:{port}"]


@pytest.mark.parametrize("place", PLACES)
def test_V_010_a_foreign_host_is_turned_away(shared, place):
    for host in BAD_HOSTS:
        answer = with_hosts(shared, place, [host.format(port=shared.gateway.port)])
        assert answer.status in (400, 403, 421), f"{host!r}: {answer}"
        assert answer.header("access-control-allow-origin") is None
        assert b"evil" not in answer.body


@pytest.mark.parametrize("place", PLACES)
def test_V_010_exactly_one_host(shared, place):
    good = f"127.0.0.1:{shared.gateway.port}"
    for hosts in ([], [good, good], [good, "evil.example"], ["evil.example", good], [""]):
        assert with_hosts(shared, place, hosts).status == 400 or (hosts == [""] and with_hosts(shared, place, hosts).status == 421), hosts


def test_V_010_an_absolute_target_must_agree_with_host(shared):
    good = f"127.0.0.1:{shared.gateway.port}"
    for target in ("http://evil.example/healthz", "http://evil.example:80/stateless/mcp", "https://evil.example/", f"http://x@{good}/healthz"):
        assert with_hosts(shared, "", [good], target=target).status in (400, 404, 421), target
        assert with_hosts(shared, "", ["evil.example"], target=target).status in (400, 404, 421), target
    assert with_hosts(shared, "", ["evil.example"], target=f"http://{good}/jwks").status in (400, 404, 421)


def test_V_010_names_are_compared_without_case_and_final_dot(install):
    world = install(config={"allowed_hosts": ["gateway.example"]})
    port = world.gateway.port
    for host in ("gateway.example", "GATEWAY.Example", f"127.0.0.1:{port}", f"localhost:{port}"):
        assert with_hosts(world, "/jwks", [host]).status == 200, host
    # A final dot is the same name in DNS; whether it is taken or turned away, it must not be a way around.
    assert with_hosts(world, "/jwks", ["gateway.example."]).status in (200, 400, 421)
    for host in ("evil.gateway.example", "gateway.example.evil", "xgateway.example", "gateway.example..", "gateway\u212aexample".encode().decode("latin-1")):
        assert with_hosts(world, "/jwks", [host]).status in (400, 403, 421), host


BAD_ORIGINS = ["null", "https://evil.example", "http://evil.example", "http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:{port}@evil.example",
               "http://127.0.0.1:{port}/", "http://127.0.0.1:{port}/path", "https://127.0.0.1:{port}", "ftp://127.0.0.1:{port}",
               "http://127.0.0.1:{port} http://evil.example", "http://evil.example, http://127.0.0.1:{port}", "127.0.0.1:{port}", "*", "file://",
               "chrome-extension://abcdefghijklmnop", "http://\u212a".encode().decode("latin-1"), "data:", "http://127.0.0.1:{port}#x", "http:///127.0.0.1"]


@pytest.mark.parametrize("authorized", [True, False])
def test_V_010_N_25_a_foreign_origin_is_refused_on_the_routes(shared, authorized):
    credentials = bearer(shared, "stateless") if authorized else {}
    for origin in BAD_ORIGINS:
        for verb in ("POST", "GET", "DELETE"):
            answer = request(verb, shared.mcp_url("stateless"), headers={**credentials, "Origin": origin.format(port=shared.gateway.port)},
                             json=LISTING if verb == "POST" else None)
            assert answer.status == 403, f"{origin}: {answer.describe()}"
            assert answer.header("access-control-allow-origin") not in ("*", origin)
    assert shared.upstreams["stateless"].received() == []


def test_V_010_N_25_an_empty_or_repeated_origin(shared):
    own = shared.url
    for origins in ([own, own], [own, "https://evil.example"], ["https://evil.example", own]):
        answer = request("POST", shared.mcp_url("stateless"), json=LISTING,
                         headers=[*bearer(shared, "stateless").items(), *[("Origin", origin) for origin in origins]])
        assert answer.status in (400, 403), answer.describe()
    answer = request("POST", shared.mcp_url("stateless"), json=LISTING, headers={**bearer(shared, "stateless"), "Origin": ""})
    assert answer.status in (400, 403), answer.describe()
    assert shared.upstreams["stateless"].received() == []


def test_X13_no_origin_and_our_own_are_accepted(shared):
    for headers in ({}, {"Origin": shared.url}):
        answer = request("POST", shared.mcp_url("stateless"), json=LISTING, headers={**bearer(shared, "stateless"), **headers})
        assert answer.status == 200, answer.describe()


SIMPLE = [None, "text/plain", "text/plain; charset=application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
          "application/json;x", "application/json;x=", "application/json, text/plain", "text/json", "application/json-rpc", "application/jsonp",
          "application/jsonx", "xapplication/json", "application/json\x0b", "application /json", "", "*/*", "application/*", "json"]


def test_V_011_a_simple_post_executes_nothing(shared):
    for kind in SIMPLE:
        pairs = list(bearer(shared, "stateless").items()) + ([("Content-Type", kind)] if kind is not None else [])
        lines = [f"POST /stateless/mcp HTTP/1.1", f"Host: 127.0.0.1:{shared.gateway.port}"] + [f"{n}: {v}" for n, v in pairs]
        body = json.dumps(LISTING)
        data = "\r\n".join([*lines, f"Content-Length: {len(body)}", "Connection: close", "", body]).encode("latin-1")
        answers = converse(shared.gateway.port, data).responses
        assert answers and answers[0].status in (415, 400) and (answers[0].status == 415 or "\x0b" in (kind or "")), f"{kind!r}: {answers}"
    double = [*bearer(shared, "stateless").items(), ("Content-Type", "application/json"), ("Content-Type", "text/plain")]
    answer = request("POST", shared.mcp_url("stateless"), headers=double, body=json.dumps(LISTING))
    assert answer.status in (400, 415), answer.describe()
    assert shared.upstreams["stateless"].received() == []


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON",
                                  'application/json; charset="utf-8"'])
def test_V_011_json_is_json_however_it_is_written(shared, kind):
    answer = request("POST", shared.mcp_url("stateless"), headers={**bearer(shared, "stateless"), "Content-Type": kind}, body=json.dumps(LISTING))
    assert answer.status == 200, answer.describe()


def test_V_011_a_cross_site_fetch_needs_an_allowed_origin(install):
    world = install(config={"allowed_origins": ["https://console.example"]})
    def fetch(**headers):
        names = {"site": "Sec-Fetch-Site", "origin": "Origin"}
        return request("POST", world.mcp_url("stateless"), headers={**bearer(world, "stateless"), **{names[k]: v for k, v in headers.items()}}, json=LISTING)
    assert fetch(site="cross-site").status == 403
    assert fetch(site="cross-site", origin="https://evil.example").status == 403
    assert fetch(site="same-site").status in (200, 403)
    assert fetch(site="same-origin", origin=world.url).status == 200
    assert fetch(site="none").status == 200
    assert len(world.upstreams["stateless"].received()) in (2, 3)
    allowed = fetch(site="cross-site", origin="https://console.example")
    assert allowed.status == 200, allowed.describe()
    assert allowed.header("access-control-allow-origin") == "https://console.example"


def test_N_25_the_default_listener_is_on_loopback(shared, tmp_path):
    # Without a configuration file at all; the help says where it listens.
    text = shared.gateway.cli("serve", "--help").stdout
    assert "127.0.0.1" in text, text
