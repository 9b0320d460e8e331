"""What clients read before they log in: protected resource, authorization server and OpenID documents (protocol.md
§2.2, §2.3, §7.1).
"""

import pytest
from martlet_support import FakeMCPServer, Gateway, request
from martlet_support.oauth import challenge_parameters

AS_PATHS = [
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-authorization-server/",
    "/.well-known/oauth-authorization-server/stateful/mcp",
    "/.well-known/oauth-authorization-server/stateful/mcp/",
    "/.well-known/openid-configuration",
    "/.well-known/openid-configuration/stateful/mcp",
    "/stateful/mcp/.well-known/openid-configuration",
    "/stateful/mcp/.well-known/oauth-authorization-server",
]


@pytest.mark.parametrize("path", AS_PATHS)
def test_D1_D11_server_metadata_is_one_document_at_every_variant(shared, path):
    answer = request("GET", shared.url + path, headers={"MCP-Protocol-Version": "2025-06-18"})
    assert answer.status == 200, answer.describe()
    assert answer.header("content-type").startswith("application/json")
    document = answer.json()
    assert document["issuer"] == shared.url, "one spelling of the issuer, bare origin, no trailing slash"
    here = request("GET", shared.url + AS_PATHS[0]).json()
    assert {**here, **document} == document, "an OpenID document may say more, never something else"


def test_D5_G9_N_02_N_05_server_metadata_says_what_clients_need(shared):
    document = shared.client().metadata()
    for name in ("authorization_endpoint", "token_endpoint", "registration_endpoint", "revocation_endpoint",
            "jwks_uri"):
        assert document[name].startswith(shared.url + "/"), name
    assert document["authorization_endpoint"] == shared.url + "/authorize"
    assert document["token_endpoint"] == shared.url + "/token"
    assert document["registration_endpoint"] == shared.url + "/register"
    assert document["response_types_supported"] == ["code"]
    assert document["code_challenge_methods_supported"] == ["S256"], "plain is never offered"
    assert set(document["grant_types_supported"]) == {
        "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code"}
    assert {"none", "client_secret_post", "client_secret_basic", "private_key_jwt"} == set(
        document["token_endpoint_auth_methods_supported"]
    )
    for endpoint in ("token", "revocation", "introspection"):
        assert "private_key_jwt" in document[f"{endpoint}_endpoint_auth_methods_supported"]
        assert document[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] == ["ES256", "RS256"], "RFC 8414 §2"
    assert document["client_id_metadata_document_supported"] is True
    assert document["authorization_response_iss_parameter_supported"] is True
    assert "offline_access" in document["scopes_supported"] and "mcp" in document["scopes_supported"]
    assert None not in document.values() and "" not in document.values()


@pytest.mark.parametrize("spelling", ["/stateful/mcp", "/stateful/mcp/"])
def test_D12_resource_metadata_echoes_the_spelling_asked_for(shared, spelling):
    answer = request("GET", shared.url + "/.well-known/oauth-protected-resource" + spelling)
    assert answer.status == 200, answer.describe()
    document = answer.json()
    assert document["resource"] == shared.url + spelling
    assert document["authorization_servers"] == [shared.url]
    assert document["bearer_methods_supported"] == ["header"]
    assert document["scopes_supported"] == ["mcp"], "offline_access stands in the server's metadata only"


def test_D4_D15_well_known_paths_suffice_without_any_header(shared):
    for name in ("modern", "stateful", "stateless"):
        route = shared.mcp_url(name)
        assert route.endswith("/mcp")
        document = request("GET", f"{shared.url}/.well-known/oauth-protected-resource/{name}/mcp").json()
        assert document["resource"] == route


def test_D13_no_root_resource_document_where_it_could_name_something_else(shared):
    answer = request("GET", shared.url + "/.well-known/oauth-protected-resource")
    assert answer.status == 404 and answer.json()["error"], answer.describe()


def test_D1_D13_root_resource_document_of_the_only_route():
    with FakeMCPServer() as upstream, Gateway({"only": upstream.url}) as gateway:
        document = request("GET", gateway.url + "/.well-known/oauth-protected-resource").json()
        assert document["resource"] == gateway.url + "/only/mcp"
        assert document["authorization_servers"] == [gateway.url]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("path", [
    "/.well-known/", "/.well-known/security", "/.well-known/oauth-protected-resource/unknown/mcp",
    "/.well-known/oauth-authorization-server/unknown", "/.well-known/openid-configuration/stateful",
    "/.well-known/oauth-protected-resource/stateful/mcp/more", "/stateful/mcp/.well-known/else",
    "/.well-known/oauth-protected-resource/stateful%2Fmcp", "/.well-known/../.well-known/oauth-authorization-server",
    "/unknown/.well-known/openid-configuration", "/.well-known//oauth-authorization-server",
])
def test_D9_D10_other_well_known_paths_are_json_404(shared, path, method):
    answer = request(method, shared.url + path, headers={"MCP-Protocol-Version": "2025-11-25"})
    allowed = {404} if method != "POST" else {404, 405}
    if "/../" in path:
        allowed |= {400}
    assert answer.status in allowed, answer.describe()
    assert answer.header("location") is None
    assert (answer.header("content-type") or "").startswith("application/json"), answer.describe()
    if method != "HEAD":
        assert answer.json()["error"]


@pytest.mark.parametrize("path", AS_PATHS[:1] + ["/.well-known/oauth-protected-resource/stateful/mcp", "/jwks"])
def test_D3_documents_are_cheap_and_open_to_pages(shared, path):
    answer = request("GET", shared.url + path, headers={"Origin": "http://localhost:6274"})
    assert answer.status == 200, answer.describe()
    assert "max-age" in answer.header("cache-control") and "no-store" not in answer.header("cache-control")
    assert answer.header("access-control-allow-origin") == "*", "D16: browsers read the documents"
    assert answer.header("access-control-allow-credentials") is None
    head = request("HEAD", shared.url + path)
    assert head.status == 200 and head.body == b""
    assert head.header("content-length") == answer.header("content-length")


@pytest.mark.parametrize("path", ["/register", "/token", "/revoke", AS_PATHS[0]])
def test_D16_preflight_needs_no_token(shared, path):
    answer = request("OPTIONS", shared.url + path, headers={
        "Origin": "http://localhost:6274", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,mcp-protocol-version",
    })
    assert answer.status == 204, answer.describe()
    assert answer.header("access-control-allow-origin") == "*"
    allowed = answer.header("access-control-allow-headers").lower()
    assert "content-type" in allowed and "mcp-protocol-version" in allowed and "authorization" in allowed
    assert "POST" in answer.header("access-control-allow-methods")


FIRST_CONTACTS = [
    ("POST", "initialize"), ("POST", "server/discover"), ("POST", "ping"), ("POST", "tools/list"),
    ("GET", None), ("HEAD", None), ("DELETE", None),
]


@pytest.mark.parametrize("method, rpc", FIRST_CONTACTS)
@pytest.mark.parametrize("version", [None, "2024-11-05", "2026-07-28", "nonsense"])
def test_D2_D3_D7_every_first_contact_is_challenged(shared, method, rpc, version):
    headers = {"Accept": "*/*"} | ({"MCP-Protocol-Version": version} if version else {})
    body = {"jsonrpc": "2.0", "id": 1, "method": rpc} if rpc else None
    answer = request(method, shared.mcp_url(), headers=headers, json=body)
    assert answer.status == 401, answer.describe()
    challenge = challenge_parameters(answer)
    assert challenge["resource_metadata"] == shared.url + "/.well-known/oauth-protected-resource/stateful/mcp"
    assert challenge["scope"] == "mcp"
    assert "error" not in challenge, "no error where no token was sent (RFC 6750 §3.1)"
    assert not shared.upstreams["stateful"].requests


def test_D7_a_bad_token_is_called_invalid(shared):
    answer = request("POST", shared.mcp_url(), headers={"Authorization": "Bearer nonsense"}, json={})
    assert answer.status == 401 and challenge_parameters(answer)["error"] == "invalid_token", answer.describe()


def test_D12_the_other_slash_spelling_is_the_same_route_without_a_redirect(shared):
    answer = request("POST", shared.mcp_url() + "/", json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert answer.status == 401, answer.describe()
    challenge = challenge_parameters(answer)["resource_metadata"]
    document = request("GET", challenge).json()
    assert document["resource"] in (shared.mcp_url(), shared.mcp_url() + "/")


def test_metadata_follows_the_switches(install):
    world = install(config={"registration": {"cimd": False, "dcr": False}})
    document = world.client().metadata()
    assert "registration_endpoint" not in document
    assert document.get("client_id_metadata_document_supported") in (None, False)
    answer = world.client().register()
    assert answer.status in (403, 404) and answer.json()["error"], answer.describe()
