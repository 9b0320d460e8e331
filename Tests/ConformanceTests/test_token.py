"""The token endpoint: what it issues, whom it believes, and its exact answers (protocol.md §7.6; RFC 6749 §5, RFC 9068,
RFC 8707).
"""

import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from martlet_support import FakeMCPServer, Gateway, MCPConnection, OAuthClient, Tokens, request
from martlet_support.oauth import jwt_header
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import FULL, at_once, error_of, person, registered, within

FORM = "application/x-www-form-urlencoded"


# What is issued


def test_T3_T10_a_token_response_is_complete(shared):
    client = registered(shared, extra={"grant_types": ["authorization_code"]})
    tokens = person(shared).tokens(client, scope=None)
    assert tokens.raw["token_type"] == "Bearer" and tokens.scope == "mcp"
    assert tokens.expires_in == 3598 and isinstance(tokens.raw["expires_in"], int)
    assert tokens.refresh, "T3, §7.9: whether or not anybody asked"
    assert None not in tokens.raw.values()
    answer = client.refresh(tokens.refresh)
    assert set(answer.json()) == set(tokens.raw) and answer.json()["scope"] == "mcp"
    assert answer.header("pragma") == "no-cache" and "no-store" in answer.header("cache-control")


def test_N_13_an_access_token_is_a_jwt_for_one_route(shared):
    client = registered(shared)
    before = int(time.time())
    tokens = person(shared).tokens(client)
    header, claims = jwt_header(tokens.access), tokens.claims
    assert header["alg"] == "ES256" and header["typ"].lower() == "at+jwt" and header["kid"]
    assert claims["iss"] == shared.url and claims["client_id"] == client.client_id
    assert claims["aud"] in (shared.mcp_url(), [shared.mcp_url()])
    assert before - 5 <= claims["iat"] <= time.time() + 5 and claims["exp"] - claims["iat"] == 3600
    assert claims["jti"] and claims["sub"] and "mcp" in claims["scope"].split()
    assert "alice" not in json.dumps(claims), "a subject, not a name"
    keys = request("GET", f"{shared.url}/jwks").json()["keys"]
    key = next(key for key in keys if key["kid"] == header["kid"])
    assert "d" not in key, "public halves only"
    assert jwt.decode(tokens.access, ECKey.import_key(key), algorithms=["ES256"]).claims == claims


def test_N_13_secrets_are_long_and_never_the_same(shared):
    me, client = person(shared), registered(shared)
    seen = [me.tokens(client) for _ in range(5)]
    for values in ([t.refresh for t in seen], [t.access for t in seen], [t.claims["jti"] for t in seen]):
        assert len(set(values)) == 5
    assert all(len(t.refresh) >= 43 for t in seen)
    assert len({t.claims["sub"] for t in seen}) == 1


def test_V_019_a_token_for_one_route_is_refused_at_another(shared):
    tokens = person(shared).tokens(registered(shared), shared.mcp_url("stateful"))
    for name in ("modern", "stateless"):
        answer = MCPConnection(shared.mcp_url(name), tokens.access).post("ping")
        assert answer.status == 401, answer.describe()
        assert not shared.upstreams[name].requests
    assert MCPConnection(shared.mcp_url("stateful"), tokens.access).initialize().status == 200


# T4, N-12


@pytest.mark.parametrize("extra", [
    {}, {"scope": ""}, {"scope": "mcp"}, {"scope": "unknown"}, {"scope": "mcp admin offline_access extra"},
    {"resource": "{route}"}, {"resource": "{route}/"},
])
def test_T4_N_12_a_refresh_keeps_scope_and_resource(shared, extra):
    client = registered(shared)
    first = person(shared).tokens(client, scope="mcp offline_access")
    extra = {name: value.format(route=shared.mcp_url()) for name, value in extra.items()}
    again = Tokens.of(client.refresh(first.refresh, extra=extra))
    assert again.claims["aud"] == first.claims["aud"] and again.claims["sub"] == first.claims["sub"]
    assert "mcp" in again.scope.split() and set(again.scope.split()) <= set(
        first.scope.split()), "never wider, never empty"


@pytest.mark.parametrize("resource", ["{url}/modern/mcp", "https://unknown.example/mcp", "{url}", "nonsense"])
def test_V_050h_N_12_another_resource_is_refused_and_spends_nothing(shared, resource):
    me, client = person(shared), registered(shared)
    resource = resource.format(url=shared.url)
    callback, pkce = me.allow(client)
    error_of(client.exchange(callback.code, pkce, resource=resource), "invalid_target")
    tokens = Tokens.of(client.exchange(callback.code, pkce, resource=shared.mcp_url()))
    error_of(client.refresh(tokens.refresh, extra={"resource": resource}), "invalid_target")
    assert Tokens.of(client.refresh(tokens.refresh)).refresh != tokens.refresh


# Exact answers


@pytest.mark.parametrize("form, error", [
    ({}, "invalid_request"), ({"grant_type": ""}, "invalid_request"),
    ({"grant_type": "password", "username": "alice", "password": PASSWORD}, "unsupported_grant_type"),
    ({"grant_type": "implicit"}, "unsupported_grant_type"),
    ({"grant_type": "AUTHORIZATION_CODE"}, "unsupported_grant_type"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "x"}, "unsupported_grant_type"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}, "unsupported_grant_type"),
    ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, "unauthorized_client"),
    ({"grant_type": "authorization_code"}, "invalid_request"), ({"grant_type": "refresh_token"}, "invalid_request"),
    ({"grant_type": "refresh_token", "refresh_token": "nonsense"}, "invalid_grant"),
    ({"grant_type": "authorization_code", "code": "nonsense", "code_verifier": "x" * 43,
        "redirect_uri": "http://127.0.0.1:33333/callback"}, "invalid_grant"),
    ({"grant_type": "client_credentials"}, "unauthorized_client"),
])
def test_N_03_N_16_errors_of_the_grant(shared, form, error):
    client = registered(shared)
    error_of(client.token_request(form), error)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", None, "", ";",
    "application/x-www-form-urlencoded, text/plain",
                                  "application", "a/b/c", "\"", "application/x-www-form-urlencodedx", "charset=utf-8"])
def test_V_050i_a_malformed_content_type_is_the_clients_mistake(shared, kind):
    client = registered(shared)
    body = f"grant_type=refresh_token&refresh_token=x&client_id={client.client_id}"
    for path in ("token", "revoke", "introspect"):
        answer = request("POST", f"{shared.url}/{path}", headers={} if kind is None else {"Content-Type": kind},
            body=body)
        assert answer.status in (400, 415), answer.describe()
        assert answer.json()["error"] == "invalid_request", answer.describe()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded; charset=utf-8",
    "APPLICATION/X-WWW-FORM-URLENCODED", "application/x-www-form-urlencoded;charset=UTF-8"])
def test_V_050i_parameters_of_the_content_type_do_no_harm(shared, kind):
    client = registered(shared)
    body = f"grant_type=refresh_token&refresh_token=x&client_id={client.client_id}"
    error_of(request("POST", f"{shared.url}/token", headers={"Content-Type": kind}, body=body), "invalid_grant")


@pytest.mark.parametrize("body", [
    "grant_type=refresh_token&grant_type=refresh_token&refresh_token=x&client_id={id}",
    "grant_type=refresh_token&refresh_token=x&refresh_token=y&client_id={id}",
    "grant_type=refresh_token&refresh_token=%zz&client_id={id}",
    "grant_type=refresh_token&refresh_token=%ff%fe&client_id={id}",
    "grant_type=refresh_token&refresh_token=x&client_id={id}&client_id={id}", "{{\"grant_type\":\"refresh_token\"}}",
    "", "&".join(["a=b"] * 5000) + "&client_id={id}",
])
def test_a_malformed_form_is_invalid_request(shared, body):
    client = registered(shared)
    answer = request("POST", f"{shared.url}/token", headers={"Content-Type": FORM},
        body=body.format(id=client.client_id))
    assert answer.status in (400, 401, 413) and answer.json()["error"] in ("invalid_request",
        "invalid_client"), answer.describe()


def test_N_22_secrets_in_the_query_are_refused(shared):
    client = registered(shared)
    tokens = person(shared).tokens(client)
    url = f"{shared.url}/token?grant_type=refresh_token&refresh_token={tokens.refresh}&client_id={client.client_id}"
    error_of(request("POST", url, headers={"Content-Type": FORM}, body=""), "invalid_request")
    for method in ("GET", "PUT", "DELETE", "HEAD"):
        answer = request(method, url)
        assert answer.status == 405 and "POST" in answer.header("allow"), answer.describe()
    assert Tokens.of(client.refresh(tokens.refresh)).refresh, "nothing was spent"


# Codes (N-09, V-052)


def test_N_09_a_code_used_twice_ends_what_it_began(shared):
    client = registered(shared)
    callback, pkce = person(shared).allow(client)
    tokens = Tokens.of(client.exchange(callback.code, pkce))
    connection = MCPConnection(shared.mcp_url(), tokens.access)
    connection.initialize()
    error_of(client.exchange(callback.code, pkce), "invalid_grant")
    error_of(client.refresh(tokens.refresh), "invalid_grant")
    deadline = time.monotonic() + within(5)
    while connection.post("ping").status != 401:
        assert time.monotonic() < deadline, "the access token outlives the second use of its code"
        time.sleep(0.1)


@pytest.mark.skipif(not FULL, reason="waits 61 s; runs in make prove")
def test_N_09_a_code_lives_a_minute():
    with FakeMCPServer() as upstream, Gateway({"one": upstream.url}, users={USER: PASSWORD}) as gateway:
        client = OAuthClient(gateway.url)
        callback, pkce = client.authorize(gateway.mcp_url("one"), USER, PASSWORD)
        time.sleep(61)
        error_of(client.exchange(callback.code, pkce), "invalid_grant")


def test_N_09_one_of_many_redemptions_wins(shared):
    client = registered(shared)
    for _ in range(3):
        callback, pkce = person(shared).allow(client)
        answers = at_once(12, lambda _: client.exchange(callback.code, pkce))
        assert [a.status for a in answers].count(200) == 1, [a.status for a in answers]
        assert all(a.json()["error"] == "invalid_grant" for a in answers if a.status != 200)


# T8


def test_T8_refresh_right_after_a_restart_before_any_discovery(install):
    world = install()
    client, tokens = world.log_in()
    world.gateway.restart()
    assert request("POST", f"{world.url}/token", form={
        "grant_type": "refresh_token", "refresh_token": tokens.refresh, "client_id": client.client_id}).status == 200
