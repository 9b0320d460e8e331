"""Dynamic client registration with the tolerance that real clients need (protocol.md §7.2, G1–G15; RFC 7591)."""

import base64
import json
import time
import urllib.parse

import pytest
from martlet_support import Callback, Pkce, Tokens, request
from martlet_support.steps import person, registered, within
from joserfc.jwk import ECKey

WEB = "https://app.example.com/callback"
LOOPBACK = "http://127.0.0.1:33333/callback"


def register(world, **metadata):
    return request("POST", f"{world.url}/register", json=metadata)


def no_empty_member(value) -> bool:
    """G4: zod-strict clients refuse null and empty text anywhere in the answer."""
    if isinstance(value, dict):
        return all(no_empty_member(item) for item in value.values())
    if isinstance(value, list):
        return all(no_empty_member(item) for item in value)
    return value is not None and value != ""


@pytest.mark.parametrize("method", ["none", "client_secret_post", "client_secret_basic"])
@pytest.mark.parametrize("redirect", [WEB, LOOPBACK])
def test_G1_G3_the_method_asked_for_is_echoed(shared, method, redirect):
    answer = register(shared, client_name="Claude", redirect_uris=[redirect], token_endpoint_auth_method=method)
    assert answer.status == 201, answer.describe()
    body = answer.json()
    assert body["token_endpoint_auth_method"] == method
    assert ("client_secret" in body) == (method != "none")
    assert ("client_secret_expires_at" in body) == (method != "none"), "RFC 7591 §3.2.1"
    assert body["redirect_uris"] == [redirect]
    assert "no-store" in answer.header("cache-control")


@pytest.mark.parametrize("redirects, method", [
    ([LOOPBACK], "none"), (["http://localhost:4711/callback"], "none"),
    (["cursor://anysphere.cursor-mcp/oauth/callback"], "none"),
    ([WEB], "client_secret_basic"),
])
def test_G2_without_a_method_the_server_chooses_and_says_so(shared, redirects, method):
    body = register(shared, client_name="LM Studio", redirect_uris=redirects).json()
    assert body["token_endpoint_auth_method"] == method
    assert ("client_secret" in body) == (method != "none")


@pytest.mark.parametrize("metadata", [
    {},
    {"client_name": None, "scope": "", "logo_uri": None, "contacts": None, "jwks": None,
        "token_endpoint_auth_method": None},
    {"client_name": "", "client_uri": "", "tos_uri": "", "policy_uri": "", "software_id": "", "grant_types": None},
])
def test_G4_nothing_is_null_or_empty_in_the_answer(shared, metadata):
    answer = register(shared, redirect_uris=[LOOPBACK], **metadata)
    assert answer.status == 201, answer.describe()
    body = answer.json()
    assert no_empty_member(body), body
    assert "authorization_code" in body["grant_types"] and body["response_types"] == ["code"]
    assert isinstance(body["client_id_issued_at"], int) and abs(body["client_id_issued_at"] - time.time()) < 60


def test_G5_pairs_of_method_and_keys_are_consistent(shared):
    answer = register(shared, redirect_uris=[WEB], token_endpoint_auth_method="private_key_jwt")
    assert answer.status == 400 and answer.json()["error"] == "invalid_client_metadata", answer.describe()
    key = ECKey.generate_key("P-256", {"kid": "one"}).as_dict(private=False, use="sig", alg="ES256")
    body = register(shared, redirect_uris=[WEB], token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [key]}).json()
    assert body["token_endpoint_auth_method"] == "private_key_jwt" and "client_secret" not in body
    both = register(shared, redirect_uris=[WEB], token_endpoint_auth_method="private_key_jwt", jwks={"keys": [key]},
        jwks_uri="https://client.example/jwks")
    assert both.status == 400 and both.json()["error"] == "invalid_client_metadata", "RFC 7591 §2: not both"
    unknown = register(shared, redirect_uris=[WEB], token_endpoint_auth_method="tls_client_auth")
    assert unknown.status == 400 and unknown.json()["error"] == "invalid_client_metadata", unknown.describe()


@pytest.mark.parametrize("extra", [
    {"application_type": "native", "software_id": "x", "software_version": "1", "contacts": ["a@example.com"]},
    {"scope": "mcp:tools openid profile offline_access"}, {"scope": " offline_access"},
    {"x_unknown": {"deep": [1, None]}},
    {"grant_types": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]},
    {"response_types": ["code", "token"]}, {"client_name#de": "Eine App"}, {"id_token_signed_response_alg": "RS256"},
])
def test_G6_extra_fields_and_unknown_scopes_never_fail(shared, extra):
    answer = register(shared, client_name="An SDK", redirect_uris=[LOOPBACK], **extra)
    assert answer.status == 201, answer.describe()
    assert "openid" not in answer.json().get("scope", ""), "unknown scopes are dropped"
    assert answer.json()["response_types"] == ["code"]


def test_G15_bodies_as_clients_send_them(shared):
    sdk = {
        "response_types": ["code"], "scope": "mcp offline_access", "client_name": "a",
        "redirect_uris": ["http://localhost:3030/callback"],
        "grant_types": ["authorization_code", "refresh_token"], "application_type": "native",
    }
    codex = {
        "client_name": "Codex", "redirect_uris": ["http://127.0.0.1:52011/callback"],
        "token_endpoint_auth_method": "none",
        "application_type": "native", "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "scope": "mcp:tools offline_access",
    }
    old = {**sdk, "token_endpoint_auth_method": "client_secret_post"}
    swift = {"client_name": "swift", "redirect_uris": ["http://localhost:1/callback"],
        "grant_types": ["authorization_code"]}
    for body in (sdk, codex, old, swift):
        answer = register(shared, **body)
        assert answer.status == 201, answer.describe()
        assert "refresh_token" in answer.json()["grant_types"], "§7.9: even where it was not asked for"


def test_G7_V_100_registration_is_idempotent_for_public_clients(shared):
    metadata = {"client_name": "Same", "redirect_uris": [LOOPBACK], "token_endpoint_auth_method": "none"}
    first = register(shared, **metadata).json()
    shuffled = dict(reversed(metadata.items()))
    assert register(shared, **shuffled, x_noise=1).json()["client_id"] == first["client_id"]
    other = register(shared, **{**metadata, "redirect_uris": [LOOPBACK + "/2"]}).json()
    assert other["client_id"] != first["client_id"]
    assert register(shared, **{**metadata, "client_name": "Same!"}).json()["client_id"] != first["client_id"]


def test_G7_V_009_a_secret_is_never_issued_twice(shared):
    metadata = {"client_name": "Same", "redirect_uris": [WEB], "token_endpoint_auth_method": "client_secret_basic"}
    answers = [register(shared, **metadata).json() for _ in range(3)]
    assert len({body["client_id"] for body in answers}) == 3
    assert len({body["client_secret"] for body in answers}) == 3
    assert all(len(body["client_secret"]) >= 43 for body in answers), "at least 256 bits"


@pytest.mark.parametrize("client_id", ["gone", "dcr_AAAAAAAAAAAAAAAAAAAAAAAA", "https://claude.ai",
    "https://claude.ai/", "🦜", "x" * 4000])
def test_G8_G12_N_04_an_unknown_client(shared, client_id):
    stranger = shared.client(client_id=client_id)
    page = request("GET", stranger.authorize_url(shared.mcp_url(), Pkce()))
    assert page.status == 400 and page.header("location") is None, page.describe()
    assert page.header("content-type").startswith("text/html")
    for answer in (stranger.exchange("mcd_x", Pkce()), stranger.refresh("mrf_x")):
        assert answer.status == 401 and answer.json()["error"] == "invalid_client", answer.describe()


@pytest.mark.parametrize("registered_uri, presented", [
    ("http://127.0.0.1:1000/callback", "http://127.0.0.1:2000/callback"),
    ("http://127.0.0.1/callback", "http://127.0.0.1:2000/callback"),
    ("http://localhost:1000/callback", "http://localhost:9/callback"),
    ("http://[::1]:1000/cb?a=b", "http://[::1]:65535/cb?a=b"),
    ("http://127.0.0.1:1000/callback", "http://127.0.0.1/callback"),
])
def test_G13_N_01_the_port_of_a_loopback_redirect_is_free(shared, registered_uri, presented):
    client = registered(shared, redirect_uri=registered_uri, extra={"client_name": "Copilot CLI"})
    client.redirect_uri = presented
    callback, pkce = person(shared).allow(client)
    assert callback.url.startswith(presented + ("&" if "?" in presented else "?"))
    assert Tokens.of(client.exchange(callback.code, pkce)).access


def test_G14_cursor_registers_three_redirects_at_once(shared):
    uris = [
        "cursor://anysphere.cursor-mcp/oauth/callback", "http://localhost:8787/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
    ]
    answer = register(shared, client_name="Cursor", redirect_uris=uris)
    assert answer.status == 201 and answer.json()["redirect_uris"] == uris, answer.describe()


def test_G14_a_scheme_that_is_not_listed_does_not_cost_the_rest(shared):
    answer = register(shared, client_name="New editor", redirect_uris=["neweditor://oauth/callback", LOOPBACK])
    assert answer.status == 201, answer.describe()
    assert answer.json()["redirect_uris"] == [LOOPBACK], "what was registered is said"


KNOWN_REDIRECTS = [
    "https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback",
    "http://localhost:54545/callback",
    "https://chatgpt.com/connector_platform_oauth_redirect", "https://chatgpt.com/connector/oauth/abc123",
    "http://127.0.0.1:33418/", "http://127.0.0.1/", "http://127.0.0.1:33418", "https://vscode.dev/redirect",
    "https://insiders.vscode.dev/redirect", "http://localhost:3334/oauth/callback",
    "http://localhost:6274/oauth/callback",
    "http://localhost:6274/oauth/callback/debug", "http://127.0.0.1:6276/oauth/callback",
    "http://localhost:7777/oauth/callback",
    "http://127.0.0.1:19876/mcp/oauth/callback", "https://global.consent.azure-apim.net/redirect/some-5fconnector",
    "https://oauth.n8n.cloud/oauth2/callback", "cursor://anysphere.cursor-mcp/oauth/callback",
]


@pytest.mark.parametrize("uri", KNOWN_REDIRECTS)
def test_redirects_of_known_clients_are_accepted(shared, uri):
    """protocol.md §7.3."""
    answer = register(shared, client_name="Known", redirect_uris=[uri])
    assert answer.status == 201 and answer.json()["redirect_uris"] == [uri], answer.describe()


@pytest.mark.parametrize("body, kind, status", [
    (b"", "application/json", {400}), (b"[]", "application/json", {400}), (b"{", "application/json", {400}),
    (b"null", "application/json", {400}), (b'{"redirect_uris":["%s"],"redirect_uris":[]}' % WEB.encode(),
        "application/json", {400}),
    (b'\xef\xbb\xbf{"redirect_uris":["%s"]}' % WEB.encode(), "application/json", {400}),
    (b'{"redirect_uris":["\xff"]}', "application/json", {400}),
    (b'{"redirect_uris":["%s"]}' % WEB.encode(), "text/plain", {400, 415}),
    (b'{"redirect_uris":["%s"]}' % WEB.encode(), None, {400, 415}),
    (b'{"redirect_uris":"x"}', "application/json", {400}),
    (b'{"redirect_uris":[1]}', "application/json", {400}), (b'{"redirect_uris":[]}', "application/json", {400}),
    (b'{"client_name":"x"}', "application/json", {400}), (b"[" * 100_000, "application/json", {400, 413}),
    (b'{"redirect_uris":["%s"],"client_name":{"a":1}}' % WEB.encode(), "application/json", {400}),
    (b'{"redirect_uris":["%s"],"pad":"%s"}' % (WEB.encode(), b"x" * 200_000), "application/json", {400, 413}),
])
def test_malformed_registrations_are_refused_in_the_words_of_rfc_7591(shared, body, kind, status):
    answer = request("POST", f"{shared.url}/register", headers={"Content-Type": kind} if kind else {}, body=body)
    assert answer.status in status, answer.describe()
    if answer.status == 400:
        assert answer.json()["error"] in ("invalid_client_metadata", "invalid_redirect_uri"), answer.describe()


@pytest.mark.parametrize("metadata", [
    {"response_types": ["token"]}, {"response_types": ["id_token"]}, {"grant_types": ["client_credentials"]},
    {"grant_types": ["password"]}, {"grant_types": ["implicit"], "response_types": ["token"]},
])
def test_N_03_registration_gives_nobody_a_dead_flow(shared, metadata):
    answer = register(shared, redirect_uris=[WEB], **metadata)
    assert answer.status == 400 and answer.json()["error"] == "invalid_client_metadata", answer.describe()


def test_V_022_no_redirect_back_to_the_gateway(shared):
    port = urllib.parse.urlsplit(shared.url).port
    for uri in (f"{shared.url}/login/corp/callback", f"{shared.url}/", f"http://localhost:{port}/connect/x/callback",
                f"http://127.0.0.1:{port}/consent", f"http://[::1]:{port}/x"):
        answer = register(shared, redirect_uris=[uri])
        assert answer.status == 400 and answer.json()["error"] == "invalid_redirect_uri", answer.describe()
    # The port of a loopback redirect is free, so our own may not be reached that way either.
    client = registered(shared, redirect_uri="http://127.0.0.1:1/login/corp/callback")
    client.redirect_uri = f"{shared.url}/login/corp/callback"
    answer = person(shared).browser.fetch("GET", client.authorize_url(shared.mcp_url(), Pkce()))
    assert answer.status == 400 and answer.header("location") is None, answer.describe()


@pytest.mark.parametrize("field", ["client_uri", "logo_uri", "policy_uri", "tos_uri", "jwks_uri", "logo_uri#de",
    "client_uri#en"])
@pytest.mark.parametrize("value", ["javascript:alert(1)", "http://evil.example/x", "data:text/html,x",
    " https://a.example", "//evil.example",
                                   "JaVaScRiPt:alert(1)", "https://user@evil.example/", "java\tscript:alert(1)"])
def test_V_050e_V_026_links_are_https_or_nothing(shared, field, value):
    answer = register(shared, client_name="Links", redirect_uris=[LOOPBACK], **{field: value})
    assert answer.status in (201, 400), answer.describe()
    if answer.status == 201:
        assert value not in answer.json().values(), answer.describe()


PRIVILEGES = {
    "tenant": "other", "tenant_id": "other", "roles": ["admin"], "admin": True, "first_party": True, "trusted": True,
    "skip_consent": True, "audience": ["*"], "servers": ["stateful"], "client_id": "chosen",
    "client_secret": "chosen-secret",
    "origin": "configuration", "disabled": False, "claims": {"sub": "root"}, "allowed_scopes": "admin",
    "grants": ["client_credentials"],
}


def test_V_059_unknown_and_privileged_members_are_ignored(shared):
    answer = register(shared, client_name="Greedy", redirect_uris=[WEB],
        token_endpoint_auth_method="client_secret_post", **PRIVILEGES)
    assert answer.status == 201, answer.describe()
    body = answer.json()
    assert body["client_id"] != "chosen" and body["client_secret"] != "chosen-secret"
    assert not (set(PRIVILEGES) - {"client_id", "client_secret"}) & set(body), body
    client = shared.client(client_id=body["client_id"], client_secret=body["client_secret"], auth="client_secret_post")
    refused = client.client_credentials(shared.mcp_url())
    assert refused.status == 400 and refused.json()["error"] == "unauthorized_client", refused.describe()
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = request(method, f"{shared.url}/register/{body['client_id']}",
            json={"redirect_uris": ["https://evil.example/"]})
        assert answer.status in (404, 405), "no RFC 7592 management that could bypass the rules"
    assert "registration_access_token" not in body and "registration_client_uri" not in body


def test_V_102_a_software_statement_is_not_trusted(shared):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"client_name": "Certified", "redirect_uris": ["https://evil.example/"],
        "token_endpoint_auth_method": "none"}
    statement = f"{part({'alg': 'none'})}.{part(claims)}."
    body = register(shared, client_name="Plain", redirect_uris=[WEB], software_statement=statement).json()
    if "error" in body:
        assert body["error"] in ("invalid_software_statement", "unapproved_software_statement")
    else:
        assert body["client_name"] == "Plain" and body["redirect_uris"] == [WEB]


@pytest.mark.parametrize("name", [
    "x" * 5000, "a\r\nSet-Cookie: x=1", "\u202eevil\u202c", "Claude\u200b\u2060", "\x00\x1b[31m",
    "<script>alert(1)</script>", "\ufeffClaude",
    "\U000e0041\U000e0042", "a" + "\u0301" * 300,
])
def test_V_103_names_are_cleaned_before_anybody_sees_them(shared, name):
    client = registered(shared, extra={"client_name": name})
    shown = client.registration["client_name"] if "client_name" in client.registration else ""
    assert len(shown) <= 200
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060\ufeff")
    assert not any(0xE0000 <= ord(c) <= 0xE007F for c in shown)
    page = person(shared).page(client.authorize_url(shared.mcp_url(), Pkce()))
    assert "<script>alert" not in page.text and "\u202e" not in page.text
    assert "127.0.0.1" in page.text, "the redirect host, not only the name"


def test_V_103_a_name_that_nobody_checked_is_called_that(shared):
    client = registered(shared, redirect_uri="https://collector.example/cb", extra={"client_name": "Claude"})
    text = person(shared).page(client.authorize_url(shared.mcp_url(), Pkce())).text
    assert "collector.example" in text and "Claude" in text


def test_existing_clients_go_on_when_registration_is_switched_off(install):
    world = install()
    client, tokens = world.log_in()
    world.gateway.reload({"registration": {"dcr": False, "cimd": False}})
    deadline = time.monotonic() + within(5)
    while "registration_endpoint" in client.metadata() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert world.client().register().status in (403, 404)
    assert Tokens.of(client.refresh(tokens.refresh)).access
    answer = world.browser().open(client.authorize_url(world.mcp_url(), Pkce()))
    assert not isinstance(answer, Callback) and answer.status == 200
