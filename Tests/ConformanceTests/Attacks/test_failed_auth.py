"""A request without a valid token gets through because a failed check fell back to an empty identity, or a token is taken from a place
where tokens must not be. Every bad credential, at every route and verb, must end in a refusal of which the upstream hears nothing."""

import base64
import hashlib
import hmac
import itertools
import json
import time

import pytest
from martlet_support import MCPConnection, request
from martlet_support.oauth import challenge_parameters
from martlet_support.route import connect, fresh_token, token
from martlet_support.steps import count, registered, until, within

VERBS = ["POST", "GET", "DELETE", "HEAD", "PUT", "PATCH"]
PATHS = ["/stateful/mcp", "/stateful/mcp/", "/stateless/mcp", "/modern/mcp", "/modern/mcp/"]
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "x"}}}


def b64(value) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def forged(good: str, header: dict | None = None, claims: dict | None = None, signature: str | None = None) -> str:
    """A token with parts of a good one replaced; the signature is kept unless given."""
    first, second, third = good.split(".")
    decode = lambda text: json.loads(base64.urlsafe_b64decode(text + "=="))
    if header is not None:
        first = b64({**decode(first), **header})
    if claims is not None:
        second = b64({**decode(second), **claims})
    return ".".join([first, second, third if signature is None else signature])


def bad_headers(shared, good: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """(name, headers) of requests that carry no valid credential for `/stateful/mcp`, though some hold parts of one."""
    first, second, third = good.split(".")
    other_route = token(shared, "stateless")
    jwk = request("GET", shared.url + "/jwks").json()["keys"][0]
    confused = first + "." + second
    mac = b64(hmac.new(json.dumps(jwk).encode(), confused.encode(), hashlib.sha256).digest())
    last = third[:-1] + ("A" if third[-1] != "A" else "Q")
    basic = base64.b64encode(f"{shared.user}:{shared.password}".encode()).decode()
    far = int(time.time()) + 10**6
    single = {
        "empty": "", "scheme only": "Bearer", "scheme and space": "Bearer ", "one letter": "Bearer x", "null": "Bearer null",
        "undefined": "Bearer undefined", "placeholder": "Bearer ${TOKEN}", "basic of a user": "Basic " + basic,
        "basic with the token": "Basic " + base64.b64encode(f"x:{good}".encode()).decode(), "basic empty": "Basic Og==",
        "token without scheme": good, "other scheme": "Token " + good, "dpop": "DPoP " + good, "negotiate": "Negotiate " + good,
        "digest": 'Digest username="alice"', "colon": "Bearer: " + good, "equals": "Bearer=" + good, "quoted": f'Bearer "{good}"',
        "tab": "Bearer\t" + good, "two tokens": f"Bearer {good} {good}", "comma": f"Bearer {good},", "list": f"Bearer {good}, Bearer x",
        "list bad first": f"Bearer x, Bearer {good}", "parameter": f'Bearer token="{good}"', "doubled scheme": "Bearer Bearer " + good,
        "padding": f"Bearer {good}=", "percent": f"Bearer {good.replace('.', '%2E')}", "prefix": "Bearer " + good[:-8],
        "longer": f"Bearer {good}AAAA", "four parts": f"Bearer {good}.x", "five parts": f"Bearer {good}.x.y", "two parts": "Bearer " + confused,
        "no signature": f"Bearer {confused}.", "last bits": f"Bearer {confused}.{last}", "zero signature": f"Bearer {confused}.{b64(bytes(64))}",
        "der signature": f"Bearer {confused}.{b64(bytes([0x30, 6, 2, 1, 1, 2, 1, 1]))}",
        "none": f"Bearer {forged(good, {'alg': 'none'}, signature='')}", "None": f"Bearer {forged(good, {'alg': 'None'})}",
        "hs256 by public key": f"Bearer {forged(good, {'alg': 'HS256'}, signature=mac)}", "kid path": f"Bearer {forged(good, {'kid': '../../dev/null'})}",
        "jku": f"Bearer {forged(good, {'jku': 'https://evil.example/jwks'})}", "jwk": f"Bearer {forged(good, {'jwk': jwk})}",
        "crit": f"Bearer {forged(good, {'crit': ['exp']})}", "typ": f"Bearer {forged(good, {'typ': 'JWT'})}",
        "subject": f"Bearer {forged(good, claims={'sub': 'admin'})}", "later": f"Bearer {forged(good, claims={'exp': far})}",
        "tenant": f"Bearer {forged(good, claims={'tenant': 'other'})}", "audience": "Bearer " + other_route,
        "dots": "Bearer " + "." * 5000, "huge": "Bearer " + "a" * 17000, "nul escaped": "Bearer %00" + good, "upper": "Bearer " + good.upper(),
    }
    rows = [(name, [("Authorization", value)]) for name, value in single.items()]
    rows += [
        ("none at all", []),
        ("twice", [("Authorization", "Bearer " + good), ("Authorization", "Bearer " + good)]),
        ("good then bad", [("Authorization", "Bearer " + good), ("Authorization", "Bearer x")]),
        ("bad then good", [("Authorization", "Bearer x"), ("Authorization", "Bearer " + good)]),
        ("bearer and basic", [("Authorization", "Basic " + basic), ("Authorization", "Bearer " + good)]),
        ("another header", [("X-Authorization", "Bearer " + good)]), ("proxy", [("Proxy-Authorization", "Bearer " + good)]),
        ("cookie", [("Cookie", f"access_token={good}; Authorization=Bearer {good}")]), ("api key", [("X-API-Key", good)]),
        ("forwarded identity", [("X-Forwarded-User", shared.user), ("X-Remote-User", shared.user), ("Remote-User", shared.user)]),
        ("health check", [("User-Agent", "kube-probe/1.30"), ("X-Forwarded-Uri", "/healthz")]),
        ("underscore", [("Authorization_", "Bearer " + good)]), ("assertion", [("Martlet-Assertion", good)]),
    ]
    return rows


def refused_with_challenge(answer, path_url: str) -> None:
    assert answer.status in (401, 403, 405), answer.describe()
    if answer.status == 401:
        assert (answer.header("www-authenticate") or "").startswith("Bearer "), answer.describe()
        assert "/.well-known/oauth-protected-resource" in answer.header("www-authenticate")


def test_V_004_failed_auth_never_becomes_anonymous(shared):
    good = token(shared)
    connect(shared, PATHS[0].split("/")[1])  # from here on it is a token that Martlet knows
    shared.upstreams[PATHS[0].split("/")[1]].clear()
    rows = bad_headers(shared, good)
    assert len(rows) >= 40
    tried = 0
    for (name, headers), path in itertools.product(rows, PATHS):
        # The full product of verbs is run at the first path; the others hear POST, and all of them at full counts.
        verbs = VERBS if path == PATHS[0] or count(0, 1) else VERBS[:1]
        for verb in verbs:
            if name == "audience" and path.startswith("/stateless"):
                continue
            body = json.dumps(CALL) if verb in ("POST", "PUT", "PATCH") else None
            sent = [*headers, ("Accept", "application/json, text/event-stream")] + ([("Content-Type", "application/json")] if body else [])
            answer = request(verb, shared.url + path, headers=sent, body=body)
            try:
                if name == "huge" and answer.status in (401, 431):
                    continue
                if answer.status == 400 and len([n for n, _ in headers if n == "Authorization"]) > 1:
                    continue  # repeating a single-valued field is malformed; RFC 6750 §3.1 has 400 for it
                refused_with_challenge(answer, shared.url + path)
            except AssertionError as problem:
                raise AssertionError(f"{name}: {verb} {path}") from problem
            tried += 1
    for server, upstream in shared.upstreams.items():
        assert upstream.received() == [], f"{server} heard of a refused request"
    print(f"proof: V-004 count={tried}")
    assert tried >= count(500, 1500)


def test_V_004_spent_credentials_and_other_artefacts_are_no_access_tokens(install):
    world = install(config={"tokens": {"access_ttl": "1s"}}, users={"bob": "a password of bob's"})
    client = registered(world)
    expired = client.log_in(world.mcp_url("stateful"), world.user, world.password).access
    callback, _ = client.authorize(world.mcp_url("stateful"), world.user, world.password)
    time.sleep(2)
    world.gateway.config.pop("tokens")
    world.gateway.write_config()
    world.gateway.restart()
    tokens = client.log_in(world.mcp_url("stateful"), world.user, world.password)
    # Equal registrations would be one client.
    bobs_client = registered(world, extra={"client_name": "Bob's"})
    bobs = bobs_client.log_in(world.mcp_url("stateful"), "bob", "a password of bob's").access
    leaving_client = registered(world, extra={"client_name": "Leaving"})
    leaving = leaving_client.log_in(world.mcp_url("stateful"), world.user, world.password).access
    connection = MCPConnection(world.mcp_url("stateful"), tokens.access)
    connection.initialize()
    seen = json.loads(connection.tool("headers")["content"][0]["text"])
    assertion = next(value for name, value in seen if name.lower() == "martlet-assertion")
    world.gateway.revoke(tokens.access)
    world.gateway.cli("user", "disable", "bob")
    world.gateway.cli("client", "remove", leaving_client.client_id)
    gone = [{"Authorization": f"Bearer {token}"} for token in (tokens.access, bobs, leaving)]
    assert until(lambda: {request("POST", world.mcp_url("stateful"), headers=one, json=CALL).status for one in gone} == {401})
    bad = {
        "expired": expired, "revoked": tokens.access, "of a disabled user": bobs, "of a removed client": leaving,
        "refresh token": tokens.refresh, "code": callback.code, "client id": client.client_id, "assertion": assertion,
    }
    for upstream in world.upstreams.values():
        upstream.clear()
    for (name, value), verb in itertools.product(bad.items(), VERBS[:4]):
        answer = request(verb, world.mcp_url("stateful"), headers={"Authorization": f"Bearer {value}"}, json=CALL if verb == "POST" else None)
        assert answer.status == 401, f"{name}: {answer.describe()}"
        assert challenge_parameters(answer)["error"] == "invalid_token", name
    assert world.upstreams["stateful"].received() == []


def test_V_025_a_token_of_another_deployment_is_refused(shared, install):
    other = install()
    foreign = other.log_in("stateful")[1].access
    answer = request("POST", shared.mcp_url("stateful"), headers={"Authorization": f"Bearer {foreign}"}, json=CALL)
    assert answer.status == 401, answer.describe()
    assert shared.upstreams["stateful"].received() == []


@pytest.mark.parametrize("where", ["query", "form body", "json body", "query and header"])
def test_N_22_tokens_count_in_the_authorization_header_only(shared, where):
    good, url = token(shared), shared.mcp_url("stateful")
    if where == "query":
        answer = request("POST", f"{url}?access_token={good}", json=CALL)
    elif where == "query and header":
        answer = request("POST", f"{url}?access_token={good}", json=CALL, headers={"Authorization": f"Bearer {good}"})
        assert answer.status in (400, 401), answer.describe()
        assert shared.upstreams["stateful"].received() == []
        return
    elif where == "form body":
        answer = request("POST", url, form={"access_token": good})
    else:
        answer = request("POST", url, json={**CALL, "access_token": good})
    assert answer.status == 401, answer.describe()
    assert shared.upstreams["stateful"].received() == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("verb", ["POST", "GET", "DELETE", "HEAD"])
def test_V_042_D3_N_23_every_401_says_where_to_log_in(shared, verb, path):
    # What Codex sends first: any Accept, an ancient revision, no token (D3).
    answer = request(verb, shared.url + path, headers={"Accept": "*/*", "MCP-Protocol-Version": "2024-11-05"})
    assert answer.status == 401, answer.describe()
    assert len(answer.header_values("www-authenticate")) == 1
    challenge = challenge_parameters(answer)
    assert challenge["scope"] == "mcp"
    assert not {"error", "error_description"} & set(challenge), "D7: no error where no token was sent"
    assert "resource_metadata" in challenge, answer.describe()
    document = request("GET", challenge["resource_metadata"])
    assert document.status == 200, document.describe()
    assert document.json()["resource"] == shared.url + path, "D12: the spelling that was asked for"
    assert answer.header("cache-control") == "no-store"
    if verb != "HEAD":
        assert answer.header("content-type").startswith("application/json"), "D10: bodies are JSON"
        answer.json()


METHODS = ["initialize", "server/discover", "ping", "tools/list", "tools/call", "notifications/initialized", "resources/list",
           "prompts/list", "logging/setLevel", "subscriptions/listen", "no/such/method"]


@pytest.mark.parametrize("server", ["stateful", "stateless", "modern"])
def test_V_042_D2_no_method_is_open_to_the_anonymous(shared, server):
    for method in METHODS:
        for revision in ("2025-11-25", "2026-07-28"):
            answer = MCPConnection(shared.mcp_url(server), None, revision=revision).post(method, {})
            assert answer.status == 401, f"{method}: {answer.describe()}"
            assert "error" not in challenge_parameters(answer)
    for body in (b"", b"{", b"[]", b"\xff", b"[" * 100000, b"x" * 5_000_000):
        answer = request("POST", shared.mcp_url(server), body=body, headers={"Content-Type": "application/json"})
        assert answer.status == 401, f"the token comes before the body: {answer.describe()}"
    assert shared.upstreams[server].received() == []


@pytest.mark.parametrize("value", ["Bearer x", "Bearer " + "a" * 2000, "Bearer a.b.c"])
def test_D7_a_bad_token_is_called_invalid(shared, value):
    for verb in ("POST", "GET", "DELETE", "HEAD"):
        answer = request(verb, shared.mcp_url("stateful"), headers={"Authorization": value})
        assert answer.status == 401, answer.describe()
        assert challenge_parameters(answer)["error"] == "invalid_token", answer.describe()


def test_N_22_the_scheme_is_case_insensitive(shared):
    # RFC 9110 §11.1; some clients write "bearer".
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = request("POST", shared.mcp_url("stateless"), headers={"Authorization": f"{scheme} {token(shared, 'stateless')}"},
                         json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert answer.status == 200, answer.describe()


def test_V_019_a_token_counts_at_its_own_route_only(shared):
    names = ["stateful", "stateless", "modern"]
    for mine, theirs in itertools.permutations(names, 2):
        for path in (f"/{theirs}/mcp", f"/{theirs}/mcp/"):
            answer = request("POST", shared.url + path, headers={"Authorization": f"Bearer {token(shared, mine)}"}, json=CALL)
            assert answer.status == 401, f"{mine} at {theirs}: {answer.describe()}"
            assert challenge_parameters(answer)["error"] == "invalid_token"
            assert challenge_parameters(answer)["resource_metadata"].endswith(path)
    assert all(upstream.received() == [] for upstream in shared.upstreams.values())


def test_V_019_a_token_counts_at_both_spellings_of_its_route(shared):
    for path in ("/stateless/mcp", "/stateless/mcp/"):
        answer = request("POST", shared.url + path, headers={"Authorization": f"Bearer {token(shared, 'stateless')}"},
                         json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert answer.status == 200, f"no redirect between the spellings: {answer.describe()}"


def test_V_006_a_route_closed_to_the_users_tenant_refuses(install):
    world = install(servers={})
    good = fresh_token(world, "stateless")
    entry = world.gateway.config["servers"]["stateless"]
    world.gateway.reload({"servers": {**world.gateway.config["servers"], "stateless": {**entry, "tenants": ["other"]}}})
    deadline = time.monotonic() + within(5)
    while time.monotonic() < deadline:
        world.upstreams["stateless"].clear()
        answer = request("POST", world.mcp_url("stateless"), headers={"Authorization": f"Bearer {good}"}, json=CALL)
        if answer.status != 200:
            break
        time.sleep(0.2)
    assert answer.status in (401, 403, 404), answer.describe()
    assert world.upstreams["stateless"].received() == []
