"""Who a client is: by the method that it registered and no other (N-10, V-050j); and what it may ask about tokens
(N-15).
"""

import base64
import json
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from martlet_support import FakeMCPServer, Gateway, MCPConnection, OAuthClient, Pkce, Tokens, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import Person, error_of, registered


@pytest.fixture(scope="module")
def clients(shared):
    """One client of each method, with the secret where it has one."""
    return {
        method: registered(shared, redirect_uri="https://app.example.com/cb", auth=method,
            extra={"client_name": method})
        for method in ("none", "client_secret_post", "client_secret_basic")
    }


def present(world, client, how: str, secret: str | None):
    form = {"grant_type": "refresh_token", "refresh_token": "nonsense"}
    headers = {}
    if how == "basic":
        headers["Authorization"] = "Basic " + base64.b64encode(f"{client.client_id}:{secret or ''}".encode()).decode()
    else:
        form["client_id"] = client.client_id
        if how == "post":
            form["client_secret"] = secret or ""
    return request("POST", f"{world.url}/token", form=form, headers=headers)


RIGHT = {"none": "none", "client_secret_post": "post", "client_secret_basic": "basic"}


@pytest.mark.parametrize("method", list(RIGHT))
@pytest.mark.parametrize("how", ["none", "post", "basic"])
@pytest.mark.parametrize("secret", ["right", "wrong", "empty", "other"])
def test_N_10_V_050j_only_the_registered_method_counts(shared, clients, method, how, secret):
    client = clients[method]
    other = clients["client_secret_basic" if method == "client_secret_post" else "client_secret_post"]
    value = {"right": client.client_secret or "anything", "wrong": "wrong", "empty": "",
        "other": other.client_secret}[secret]
    answer = present(shared, client, how, value)
    passes = RIGHT[method] == how and (how == "none" or secret == "right")
    # An empty client_secret beside the id of a public client is an absent one (RFC 6749 §3.2: empty counts as absent).
    passes = passes or (method == "none" and how == "post" and secret == "empty")
    if passes:
        error_of(answer, "invalid_grant")
    else:
        assert answer.status in (400, 401) and answer.json()["error"] in ("invalid_client",
            "invalid_request"), answer.describe()
        if answer.status == 401:
            error_of(answer, "invalid_client", 401)
            assert (how == "basic") == bool(answer.header("www-authenticate")), "RFC 6749 §5.2"


def test_N_10_two_methods_at_once_are_refused(shared, clients):
    client = clients["client_secret_basic"]
    basic = base64.b64encode(f"{client.client_id}:{client.client_secret}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": client.client_id,
        "client_secret": client.client_secret}
    answer = request("POST", f"{shared.url}/token", form=form, headers={"Authorization": f"Basic {basic}"})
    assert answer.status in (400, 401) and answer.json()["error"] in ("invalid_request",
        "invalid_client"), answer.describe()
    answer = request("POST", f"{shared.url}/token", form={**form, "client_secret": ""},
        headers={"Authorization": f"Basic {basic}"})
    error_of(answer, "invalid_grant")
    answer = request("POST", f"{shared.url}/token", form={**form, "client_id": "another", "client_secret": ""},
        headers={"Authorization": f"Basic {basic}"})
    assert answer.status in (400, 401) and answer.json()["error"] in ("invalid_request",
        "invalid_client"), answer.describe()


@pytest.mark.parametrize("header", [
    "Basic", "Basic ", "Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode(),
    "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
    "Bearer x", "Digest x", "Basic " + "A" * 20_000, "basic",
])
def test_N_10_malformed_client_authentication(shared, header):
    answer = request("POST", f"{shared.url}/token", form={"grant_type": "refresh_token", "refresh_token": "x"},
        headers={"Authorization": header})
    assert answer.status in (400, 401, 431), answer.describe()
    if answer.status != 431:
        assert answer.json()["error"] in ("invalid_client", "invalid_request")


def test_N_16_no_client_enumeration(shared, clients):
    """A wrong secret and an unknown client get the same answer, but for the request's id."""
    known, unknown = clients["client_secret_post"], shared.client(client_id="dcr_AAAAAAAAAAAAAAAAAAAAAAAA")
    answers = [present(shared, client, "post", "wrong") for client in (known, unknown)]
    assert answers[0].status == answers[1].status == 401 and answers[0].body == answers[1].body


# private_key_jwt and client_credentials, from the configuration and the command line


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """A gateway with clients of its configuration; SECRET holds what only one reading of Basic gets right."""
    key, stranger = ECKey.generate_key("P-256", {"kid": "k1"}), ECKey.generate_key("P-256", {"kid": "k1"})
    jwks = tmp_path_factory.mktemp("keys") / "ci.jwks"
    jwks.write_text(json.dumps({"keys": [key.as_dict(private=False, use="sig", alg="ES256")]}))
    config = {"clients": {
        "ci": {"grants": ["client_credentials"], "auth": "private_key_jwt", "jwks": {"file": str(jwks)},
            "servers": ["one"]},
        "robot": {"grants": ["client_credentials"], "auth": "client_secret_basic", "secret": {"env": "ROBOT"},
            "servers": ["one", "two"]},
        "web": {"grants": ["authorization_code"], "auth": "client_secret_post", "secret": {"env": "ROBOT"},
                "redirect_uris": ["https://app.example.com/cb"], "servers": ["one"]},
    }}
    with (FakeMCPServer() as one, FakeMCPServer() as two,
          Gateway({"one": one.url, "two": two.url}, config=config, env={"ROBOT": "p%41ss+w:rd"},
              users={USER: PASSWORD}) as gateway):
        gateway.key, gateway.stranger = key, stranger
        yield gateway


def assertion(world, *, key=None, header=None, **claims) -> str:
    now = int(time.time())
    values = {"iss": "ci", "sub": "ci", "aud": world.url, "exp": now + 60, "iat": now,
        "jti": base64.b64encode(str(time.time_ns()).encode()).decode(), **claims}
    head = {"alg": "ES256", "kid": "k1", **(header or {})}
    return jwt.encode({k: v for k, v in head.items() if v is not None},
        {k: v for k, v in values.items() if v is not None},
                      key or world.key, algorithms=[head["alg"]])


def by_assertion(world, token: str, **extra):
    return request("POST", f"{world.url}/token", form={
        "grant_type": "client_credentials", "resource": world.mcp_url("one"), "client_assertion": token,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", **extra})


def test_N_10_private_key_jwt(service):
    for audience in (service.url, f"{service.url}/token"):
        token = Tokens.of(by_assertion(service, assertion(service, aud=audience)))
        assert token.claims["sub"] == "ci" and token.claims["client_id"] == "ci" and token.refresh is None
        assert token.claims["aud"] in (service.mcp_url("one"), [service.mcp_url("one")])
        assert MCPConnection(service.mcp_url("one"), token.access).initialize().status == 200
    named = by_assertion(service, assertion(service), client_id="ci")
    assert named.status == 200, named.describe()


def test_N_10_an_assertion_counts_once(service):
    token = assertion(service)
    assert by_assertion(service, token).status == 200
    error_of(by_assertion(service, token), "invalid_client", 401)


def test_N_10_V_056_bad_assertions(service):
    now = int(time.time())
    octet = OctKey.import_key(json.dumps(service.key.as_dict(private=False)))
    good = assertion(service)
    bad = {
        "signature": good[:-6] + ("AAAAAA" if not good.endswith("AAAAAA") else "BBBBBB"),
        "stranger": assertion(service, key=service.stranger),
        "aud": assertion(service, aud="https://else.example"),
        "aud prefix": assertion(service, aud=service.url + "/token/x"),
        "expired": assertion(service, exp=now - 3600), "no exp": assertion(service, exp=None),
        "far exp": assertion(service, exp=now + 86_400),
        "no jti": assertion(service, jti=None), "iss": assertion(service, iss="robot"),
        "sub": assertion(service, sub="robot"),
        "no sub": assertion(service, sub=None), "nbf": assertion(service, nbf=now + 3600),
        "exp 1e300": assertion(service, exp=1e300),
        "exp text": assertion(service, exp=str(now + 60)),
        "hs256 with the public key": assertion(service, key=octet, header={"alg": "HS256"}),
        "rs256": assertion(service, key=RSAKey.generate_key(2048), header={"alg": "RS256"}),
        "kid": assertion(service, header={"kid": "../../k1"}),
        "none": ".".join([base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("="), good.split(".")[1], ""]),
        "empty": "", "junk": "a.b.c", "dots": "." * 5000,
        "no claims": good.split(".")[0] + ".." + good.split(".")[2],
    }
    for name, token in bad.items():
        answer = by_assertion(service, token)
        assert answer.status in (400, 401) and answer.json()["error"] in ("invalid_client", "invalid_request"), (name,
            answer.describe())
        assert "access_token" not in answer.text
    answer = by_assertion(service, assertion(service), client_assertion_type="urn:else")
    assert answer.status in (400, 401), answer.describe()
    answer = by_assertion(service, assertion(service), client_id="robot")
    assert answer.status in (400, 401), answer.describe()


def test_client_credentials_are_for_the_routes_of_the_client(service):
    robot = OAuthClient(service.url, client_id="robot", client_secret="p%41ss+w:rd", auth="client_secret_basic")
    for name in ("one", "two"):
        assert Tokens.of(robot.client_credentials(service.mcp_url(name))).claims["aud"] in (service.mcp_url(name),
            [service.mcp_url(name)])
    error_of(robot.client_credentials(None), "invalid_target")
    error_of(robot.client_credentials(f"{service.url}/unknown/mcp"), "invalid_target")
    error_of(by_assertion(service, assertion(service), resource=service.mcp_url("two")), "invalid_target")
    assert by_assertion(service, assertion(service), resource="").status == 200, "the only route needs no name"


def test_both_readings_of_basic_credentials(service):
    """§7.9: the TypeScript SDK sends them raw, the Python SDK form-encoded."""
    for text in ("robot:p%41ss+w:rd", "robot:p%2541ss%2Bw%3Ard", "rob%6Ft:p%2541ss%2Bw%3Ard"):
        header = {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
        form = {"grant_type": "client_credentials", "resource": service.mcp_url("one")}
        answer = request("POST", f"{service.url}/token", form=form, headers=header)
        assert answer.status == 200, (text, answer.describe())
    wrong = request("POST", f"{service.url}/token", form=form,
        headers={"Authorization": "Basic " + base64.b64encode(b"robot:pAss w:rd").decode()})
    error_of(wrong, "invalid_client", 401)


def test_V_060_each_grant_asks_the_same_policy(service):
    robot = OAuthClient(service.url, client_id="robot", client_secret="p%41ss+w:rd", auth="client_secret_basic")
    error_of(robot.exchange("mcd_x", Pkce()), "unauthorized_client")
    error_of(robot.refresh("mrf_x"), "unauthorized_client")
    web = OAuthClient(service.url, client_id="web", client_secret="p%41ss+w:rd", auth="client_secret_post",
        redirect_uri="https://app.example.com/cb")
    error_of(web.client_credentials(service.mcp_url("one")), "unauthorized_client")
    denied = request("GET", robot.authorize_url(service.mcp_url("one"), Pkce()))
    assert denied.status == 400 and denied.header("location") is None, denied.describe()
    outside = request("GET", web.authorize_url(service.mcp_url("two"), Pkce()))
    assert "error=invalid_target" in outside.header("location"), outside.describe()


def test_clients_of_the_command_line(service):
    made = service.add_client("Nightly run", "--grant", "client_credentials", "--server", "one")
    client = OAuthClient(service.url, client_id=made["client_id"], client_secret=made["client_secret"],
        auth="client_secret_basic")
    token = Tokens.of(client.client_credentials())
    assert token.claims["sub"] == made["client_id"] and token.refresh is None
    listed = service.cli("client", "list", "--json").stdout
    assert made["client_id"] in listed and made["client_secret"] not in listed, "a secret is shown once"
    service.cli("client", "remove", made["client_id"])
    error_of(client.client_credentials(), "invalid_client", 401)


def test_a_confidential_web_client_logs_a_person_in(service):
    web = OAuthClient(service.url, client_id="web", client_secret="p%41ss+w:rd", auth="client_secret_post",
        redirect_uri="https://app.example.com/cb")
    tokens = web.log_in(None, USER, PASSWORD)
    assert Tokens.of(web.refresh(tokens.refresh)).refresh
    web.client_secret = "wrong"
    error_of(web.refresh(tokens.refresh), "invalid_client", 401)


# Introspection (N-15)


def test_N_15_introspection_is_for_confidential_clients_and_their_own(shared, clients):
    me = Person(shared)
    public = registered(shared)
    theirs = me.tokens(public)
    confidential = clients["client_secret_post"]
    mine = me.tokens(confidential)
    answer = confidential.introspect(mine.access)
    assert answer.status == 200 and answer.json()["active"] is True, answer.describe()
    assert answer.json()["client_id"] == confidential.client_id and answer.json()["scope"] == "mcp"
    assert confidential.introspect(mine.refresh).json()["active"] is True
    nothing = confidential.introspect("nonsense")
    assert nothing.json() == {"active": False} and nothing.status == 200
    for foreign in (theirs.access, theirs.refresh, mine.access + "x", mine.access[:-4] + "AAAA", ""):
        answer = confidential.introspect(foreign)
        assert answer.status in (200, 400) and answer.json().get("active", False) is False, answer.describe()
        if foreign:
            assert answer.body == nothing.body, "no oracle"
    refused = public.introspect(theirs.access)
    assert refused.status == 401 and refused.json()["error"] == "invalid_client", refused.describe()
    anonymous = request("POST", f"{shared.url}/introspect", form={"token": theirs.access})
    assert anonymous.status in (400, 401), anonymous.describe()
    assert request("OPTIONS", f"{shared.url}/introspect").header("access-control-allow-origin") is None
