"""A client hands the upstream an identity, a forwarded address or its own token in a header, or makes the gateway drop its own header.
The upstream sees a fixed list of headers, built anew, and who calls only in a signed assertion made for that upstream."""

import itertools
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from martlet_support import MCPConnection, request
from martlet_support.oauth import jwt_claims, jwt_header
from martlet_support.route import connect, token
from martlet_support.steps import registered
from martlet_support.trail import records

# All that an upstream may ever see, by direction of DESIGN §5 (1) and protocol.md X9.
ALLOWED = {"host", "content-type", "content-length", "accept", "mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name", "last-event-id",
           "martlet-assertion", "traceparent", "tracestate", "transfer-encoding", "connection", "user-agent", "accept-encoding"}
HOSTILE = {
    "Cookie": "session=1", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "for=10.0.0.1",
    "X-Real-IP": "10.0.0.1", "X-Gateway-User": "admin", "X-Gateway-Tenant": "other", "X-Forwarded-User": "admin", "X-Forwarded-Email": "admin@x",
    "X-Forwarded-Access-Token": "x", "X-Auth-Request-User": "admin", "X-Remote-User": "admin", "Remote-User": "admin", "X-User-Id": "1",
    "X-Tenant-Id": "other", "Proxy-Authorization": "Basic eDp5", "X-API-Key": "k", "Martlet-Assertion": "forged", "martlet_assertion": "forged",
    "Martlet_Assertion": "forged", "X-Original-URL": "/x", "X-HTTP-Method-Override": "DELETE", "Referer": "http://x", "X-Amzn-Oidc-Identity": "admin",
    "X-Ms-Client-Principal": "admin", "Cf-Connecting-Ip": "10.0.0.1", "True-Client-Ip": "10.0.0.1", "Via": "1.1 x", "TE": "trailers", "Trailer": "X-User",
    "Keep-Alive": "timeout=5", "DPoP": "x", "Accept-Encoding": "gzip", "Range": "bytes=0-1", "If-None-Match": "*", "Authorization2": "x",
    "Content-Encoding": "Identity", "Origin-Agent": "x", "X_User": "admin", "Mcp_Session_Id": "x", "Mcp-Tenant": "other", "Mcp-Assertion": "x",
}


def seen(world, server: str):
    received = world.upstreams[server].received("tools/call")
    assert received, "the call did not arrive"
    return received[-1]


@pytest.mark.parametrize("server", ["stateless", "stateful", "modern"])
def test_V_039_X9_the_upstream_sees_an_allow_list(shared, server):
    connection = connect(shared, server)
    for name, value in HOSTILE.items():
        answer = connection.post("tools/call", {"name": "echo", "arguments": {}}, headers={name: value})
        assert answer.status == 200, f"{name}: {answer.describe()}"
        request_seen = seen(shared, server)
        names = [header.lower() for header, _ in request_seen.headers]
        assert set(names) <= ALLOWED, f"{name}: {set(names) - ALLOWED}"
        assert len(names) == len(set(names)), f"{name}: a header twice: {names}"
        assert value not in [v for n, v in request_seen.headers if n.lower() not in ("connection",)], name
    everything = connection.post("tools/call", {"name": "echo", "arguments": {}}, headers=HOSTILE)
    assert everything.status == 200, everything.describe()
    whole = json.dumps(seen(shared, server).headers)
    assert token(shared, server) not in whole and token(shared, server).split(".")[2] not in whole
    if connection.session:
        assert connection.session not in whole


def test_X9_host_version_and_accept_are_of_this_hop(shared):
    connect(shared, "stateful").tool("echo", {}, headers={"Accept": "*/*", "Accept-Encoding": "gzip, br"})
    arrived = seen(shared, "stateful")
    assert arrived.header("host") == f"127.0.0.1:{shared.upstreams['stateful'].port}"
    assert arrived.header("accept").replace(" ", "") == "text/event-stream,application/json", "X1: both, the stream first"
    assert arrived.header("accept-encoding") == "identity", "nothing else can be looked into (RFC 9110 §12.5.3)"
    assert arrived.header("content-type") == "application/json"
    assert arrived.header("mcp-protocol-version") == "2025-11-25"
    assert arrived.path == "/mcp"


def test_V_039_trace_context_goes_on_once(shared):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    connection = connect(shared, "stateless")
    connection.tool("echo", {}, headers={"traceparent": trace, "tracestate": "a=b"})
    sent = seen(shared, "stateless")
    assert sent.header("traceparent").split("-")[1::2] == trace.split("-")[1::2] and sent.header("tracestate") == "a=b"
    assert sent.header("traceparent").split("-")[2] not in (trace.split("-")[2], "0" * 16), "a span of our own"
    assert records(shared)[-1]["trace"] == trace.split("-")[1]
    connection.tool("echo", {}, headers={"traceparent": trace.replace("4b", "4B"), "tracestate": "a=b"})
    assert not [name for name, _ in seen(shared, "stateless").headers if name.lower().startswith("trace")], "what isn't valid isn't sent on"
    pairs = [*connection.headers().items(), ("traceparent", trace), ("traceparent", trace)]
    request("POST", connection.url, headers=pairs, json=connection.body("tools/call", {"name": "echo", "arguments": {}}))
    assert not [n for n, _ in seen(shared, "stateless").headers if n.lower() == "traceparent"]


@pytest.mark.parametrize("listed", ["Martlet-Assertion", "martlet-assertion, keep-alive", "Authorization", "Mcp-Session-Id", "Content-Type", "Content-Length",
                                    "close, Martlet-Assertion", "Host", "Transfer-Encoding", "X-User, \"x", "Mcp-Protocol-Version", ","])
@pytest.mark.parametrize("server", ["stateless", "stateful"])
def test_V_066_connection_names_remove_nothing(shared, server, listed):
    connection = connect(shared, server)
    answer = connection.post("tools/call", {"name": "echo", "arguments": {"text": "here"}}, headers={"Connection": listed})
    if answer.status >= 400:
        assert answer.status in (400, 401), answer.describe()
        return
    assert answer.json()["result"]["content"][0]["text"] == "here"
    arrived = seen(shared, server)
    assert arrived.header("martlet-assertion"), "our own header was removed"
    assert arrived.header("content-type") == "application/json"
    assert (arrived.header("mcp-session-id") is not None) == (server == "stateful")


@pytest.mark.parametrize("server", ["stateless", "stateful", "modern"])
def test_V_037_V_038_the_assertion_says_who_calls_to_this_upstream_only(shared, server):
    connect(shared, server).tool("echo", {})
    assertion = seen(shared, server).header("martlet-assertion")
    header = jwt_header(assertion)
    assert header["typ"] == "martlet-assertion+jwt" and header["alg"] == "ES256", header
    keys = request("GET", shared.url + "/jwks").json()
    decoded = jwt.decode(assertion, KeySet.import_key_set(keys), algorithms=["ES256"])
    claims = decoded.claims
    access = jwt_claims(token(shared, server))
    assert claims["iss"] == shared.url
    assert claims["aud"] == shared.upstreams[server].url, "the audience is the server's URL"
    assert claims["sub"] == access["sub"] and claims["client_id"] == access["client_id"]
    assert claims["tenant"] == "default"
    now = time.time()
    assert now - 60 <= claims["iat"] <= now + 5
    assert now < claims["exp"] <= now + 65 and claims["exp"] - claims["iat"] <= 60
    assert not {"scope", "jti_of", "password"} & set(claims)
    token_header = jwt_header(token(shared, server))
    assert header["kid"] != token_header["kid"], "assertions have a key of their own"


def test_V_037_assertions_are_of_the_caller_and_the_route(shared):
    found = {}
    for server in ("stateless", "stateful", "modern"):
        connect(shared, server).tool("echo", {})
        found[server] = seen(shared, server).header("martlet-assertion")
    for mine, theirs in itertools.permutations(found, 2):
        assert found[mine] != found[theirs]
    # And it opens nothing here.
    for value in found.values():
        answer = request("POST", shared.mcp_url("stateless"), headers={"Authorization": f"Bearer {value}"}, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert answer.status == 401, answer.describe()


def test_V_038_every_kind_of_request_carries_the_assertion(shared):
    connection = connect(shared, "stateful")
    stream = connection.open_stream()
    shared.upstreams["stateful"].wait_for_streams()
    connection.call("tools/list")
    stream.stream.close()
    connection.end()
    arrived = shared.upstreams["stateful"].received()
    assert {r.method for r in arrived} == {"POST", "GET", "DELETE"}
    for one in arrived:
        assert one.header("martlet-assertion"), one.method
        assert one.header("authorization") is None and one.header("cookie") is None and one.header("origin") is None


def test_V_037_the_headers_name_is_configurable(install):
    world = install(config={"assertion": {"header": "X-Caller", "ttl": "30s"}})
    connection = connect(world, "stateless")
    connection.tool("echo", {}, headers={"X-Caller": "forged", "x_caller": "forged"})
    arrived = seen(world, "stateless")
    values = [v for n, v in arrived.headers if n.lower() == "x-caller"]
    assert len(values) == 1 and values[0] != "forged"
    assert arrived.header("martlet-assertion") is None
    claims = jwt.decode(values[0], KeySet.import_key_set(request("GET", world.url + "/jwks").json()), algorithms=["ES256"]).claims
    assert claims["exp"] - claims["iat"] <= 30


def test_V_038_two_people_are_told_apart(install):
    world = install(users={"bob": "bobs long password"})
    client = registered(world)
    subjects = set()
    for user, password in ((world.user, world.password), ("bob", "bobs long password")):
        access = client.log_in(world.mcp_url("stateless"), user, password).access
        MCPConnection(world.mcp_url("stateless"), access).tool("echo", {})
        found = jwt.decode(seen(world, "stateless").header("martlet-assertion"), KeySet.import_key_set(request("GET", world.url + "/jwks").json()),
                           algorithms=["ES256"]).claims
        subjects.add(found["sub"])
    assert len(subjects) == 2
