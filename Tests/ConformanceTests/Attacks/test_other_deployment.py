"""A token of one deployment is replayed at another.

Two gateways may share names, users and even a configuration; a token of one must be nothing at the other, wherever it
is shown.
"""

from martlet_support import MCPConnection, OAuthClient, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import person, registered


def test_V_025_nothing_of_one_gateway_is_worth_anything_at_the_other(shared, own):
    assert shared.url != own.url
    client = registered(shared)
    tokens = person(shared).tokens(client)
    callback, pkce = person(shared).allow(client)
    assert MCPConnection(shared.mcp_url(), tokens.access).initialize().status == 200
    for name in ("stateful", "modern", "stateless"):
        answer = MCPConnection(own.mcp_url(name), tokens.access).post("ping")
        assert answer.status == 401, answer.describe()
        assert not own.upstreams[name].requests
    foreign = OAuthClient(own.url, client_id=client.client_id)
    for answer in (foreign.refresh(tokens.refresh), foreign.exchange(callback.code, pkce)):
        assert answer.status == 401 and answer.json()["error"] == "invalid_client", answer.describe()
    same = registered(own)
    for answer in (same.refresh(tokens.refresh), same.exchange(callback.code, pkce)):
        assert answer.status == 400 and answer.json()["error"] == "invalid_grant", answer.describe()
    assert same.revoke(tokens.refresh).status == 200
    assert client.refresh(tokens.refresh).status == 200, "and can't be revoked from there"


def test_V_025_the_audience_names_the_deployment(shared, own):
    for world in (shared, own):
        claims = person(world).tokens(registered(world)).claims
        assert claims["iss"] == world.url
        audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        assert audience == [world.mcp_url()]


def test_V_025_login_cookies_of_one_port_mean_nothing_at_another(shared, own):
    """Cookies don't know ports: a browser sends both gateways' cookies to both."""
    me = person(shared)
    me.tokens(registered(shared))
    header = "; ".join(f"{cookie.name}={cookie.value}" for cookie in me.browser.cookies)
    assert request("GET", shared.url + "/account", headers={"Cookie": header}).status == 200
    assert request("GET", own.url + "/account", headers={"Cookie": header}).status == 303
    renamed = header.replace(shared.url.rsplit(":", 1)[1], own.url.rsplit(":", 1)[1])
    assert request("GET", own.url + "/account", headers={"Cookie": renamed}).status == 303
    assert own.client().log_in(own.mcp_url(), USER, PASSWORD).access
