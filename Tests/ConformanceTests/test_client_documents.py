"""Client ID Metadata Documents: clients that are known by the URL of a document (protocol.md §2.4, §7.4, G9–G12)."""

import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from martlet_support import MCPConnection, OAuthClient, Pkce, Tokens, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import Person
from martlet_support.tls import DocumentServer, ThrowawayCA

LOOPBACK = "http://127.0.0.1/callback"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    ca = ThrowawayCA(tmp_path_factory.mktemp("ca"))
    with DocumentServer(ca) as documents:
        yield documents, {"egress": {"allow": ["127.0.0.0/8", "::1/128"], "ca_file": str(ca.ca_file)}}


@pytest.fixture(scope="module")
def world(hosts, install_for_file):
    return install_for_file(config=hosts[1])


def test_N_19_G11_a_client_by_document_logs_in_on_any_loopback_port(world, hosts):
    documents, _ = hosts
    client_id = documents.client(LOOPBACK, "http://localhost/callback", path="/oauth/claude-code.json")
    me = Person(world)
    for redirect in ("http://127.0.0.1:53117/callback", "http://localhost:41999/callback", LOOPBACK):
        client = OAuthClient(world.url, client_id=client_id, redirect_uri=redirect)
        tokens = me.tokens(client)
        assert tokens.claims["client_id"] == client_id
        assert Tokens.of(client.refresh(tokens.refresh)).claims["client_id"] == client_id
        connection = MCPConnection(world.mcp_url(), tokens.access)
        connection.initialize()
        assert connection.tool("echo", {"text": "by document"})["content"][0]["text"] == "by document"
    assert documents.requests.count("/oauth/claude-code.json") == 1, "fetched once, then remembered"


def test_V_094_N_06_the_page_shows_the_host_that_was_verified(world, hosts):
    documents, _ = hosts
    client_id = documents.client("https://app.example.com/cb", path="/shown.json", client_name="Shown")
    client = OAuthClient(world.url, client_id=client_id, redirect_uri="https://app.example.com/cb")
    text = Person(world).page(client.authorize_url(world.mcp_url(), Pkce())).text
    assert "localhost" in text and "app.example.com" in text and "Shown" in text
    impostor = documents.client(LOOPBACK, path="/impostor.json", client_name="Claude")
    text = Person(world).page(OAuthClient(world.url, client_id=impostor,
        redirect_uri=LOOPBACK).authorize_url(world.mcp_url(), Pkce())).text
    assert "localhost" in text and "warning" in text, "V-096: a loopback redirect is warned of, whoever the document is"


@pytest.mark.parametrize("redirect", ["https://evil.example/cb", "http://127.0.0.1/other",
    "http://127.0.0.1:1/callback/", "https://127.0.0.1/callback"])
def test_V_094_redirects_are_those_of_the_document(world, hosts, redirect):
    client_id = hosts[0].client(LOOPBACK, path="/oauth/claude-code.json")
    answer = request("GET", OAuthClient(world.url, client_id=client_id,
        redirect_uri=redirect).authorize_url(world.mcp_url(), Pkce()))
    assert answer.status == 400 and answer.header("location") is None, answer.describe()


def test_N_10_a_document_with_keys_authenticates_by_them(world, hosts):
    key = ECKey.generate_key("P-256", {"kid": "k"})
    keys = {"keys": [key.as_dict(private=False, use="sig", alg="ES256")]}
    client_id = hosts[0].client("https://app.example.com/cb", path="/keys.json",
        token_endpoint_auth_method="private_key_jwt", jwks=keys)
    client = OAuthClient(world.url, client_id=client_id, redirect_uri="https://app.example.com/cb")
    callback, pkce = Person(world).allow(client)
    unproven = client.exchange(callback.code, pkce)
    assert unproven.status == 401 and unproven.json()["error"] == "invalid_client", unproven.describe()
    now = int(time.time())
    assertion = jwt.encode({"alg": "ES256", "kid": "k"},
        {"iss": client_id, "sub": client_id, "aud": world.url, "exp": now + 60, "iat": now, "jti": "1"}, key)
    proven = client.token_request({
        "grant_type": "authorization_code", "code": callback.code, "redirect_uri": client.redirect_uri,
        "code_verifier": pkce.verifier, "client_assertion": assertion,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"})
    assert Tokens.of(proven).access


def test_V_060_a_document_gives_no_grant_without_a_person(world, hosts):
    client_id = hosts[0].client(LOOPBACK, path="/oauth/claude-code.json",
        grant_types=["client_credentials", "authorization_code"])
    answer = OAuthClient(world.url, client_id=client_id).client_credentials(world.mcp_url())
    assert answer.status == 400 and answer.json()["error"] == "unauthorized_client", answer.describe()


def test_G10_a_document_outlives_its_hosts_outage_and_our_restart(world, hosts):
    documents, _ = hosts
    client_id = documents.client(LOOPBACK, path="/outage.json")
    client = OAuthClient(world.url, client_id=client_id, redirect_uri=LOOPBACK)
    tokens = Person(world).tokens(client)
    documents.documents["/outage.json"] = (503, {"Content-Type": "text/html"}, b"<html>challenge</html>")
    world.gateway.restart(crash=True)
    assert Tokens.of(client.refresh(tokens.refresh)).access
    assert client.log_in(world.mcp_url(), USER, PASSWORD).access


def test_T7_G8_a_document_that_cannot_be_had_is_a_matter_of_time(world, hosts):
    documents, _ = hosts
    documents.documents["/down.json"] = (500, {}, b"")
    client = OAuthClient(world.url, client_id=documents.origin + "/down.json", redirect_uri=LOOPBACK)
    answer = client.refresh("mrf_x")
    assert answer.status == 503 and answer.json()["error"] == "temporarily_unavailable" and answer.header(
        "retry-after"), answer.describe()
    page = request("GET", client.authorize_url(world.mcp_url(), Pkce()))
    assert page.status == 503 and page.header("location") is None and page.header("retry-after"), page.describe()
    documents.documents["/gone.json"] = (404, {}, b"")
    client = OAuthClient(world.url, client_id=documents.origin + "/gone.json", redirect_uri=LOOPBACK)
    answer = client.refresh("mrf_x")
    assert answer.status == 401 and answer.json()["error"] == "invalid_client", answer.describe()


def test_metadata_documents_can_be_switched_off(install, hosts):
    documents, config = hosts
    off = install(config={**config, "registration": {"cimd": False}})
    client_id = documents.client(LOOPBACK, path="/off.json")
    answer = request("GET", OAuthClient(off.url, client_id=client_id,
        redirect_uri=LOOPBACK).authorize_url(off.mcp_url(), Pkce()))
    assert answer.status == 400 and "/off.json" not in documents.requests, answer.describe()
    assert off.client().metadata().get("client_id_metadata_document_supported") in (None, False)
