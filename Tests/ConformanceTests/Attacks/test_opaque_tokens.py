"""A token that says nothing by itself is accepted because somebody was asked and the answer misunderstood.

Martlet takes its own access tokens and no others: a token that it would have to ask about is refused without asking anybody, whatever a
provider, an upstream or a client says about such tokens.
"""

import json
import secrets

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection, OAuthClient, Tokens, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.scripted_provider import ScriptedProvider

# What an introspection endpoint might say of a token; none of it may ever matter.
ANSWERS = [
    (200, b'{"active":true,"sub":"alice","scope":"mcp"}', "application/json"), (200, b'{"active":"true"}', "application/json"),
    (200, b'{"active":false}', "application/json"), (200, b"{}", "application/json"), (200, b"<html>active</html>", "text/html"),
    (204, b"", "application/json"), (302, b"", "text/plain"), (500, b"", "text/plain"),
]


@pytest.fixture(scope="module")
def world():
    with ScriptedProvider() as provider, FakeMCPServer() as upstream:
        config = {"identity": {"providers": {"corp": {"issuer": provider.issuer, "client_id": "martlet", "client_secret": {"env": "SECRET"}}}}}
        with Gateway({"one": upstream.url}, config=config, env={"SECRET": "the-secret" * 4}, users={USER: PASSWORD}) as gateway:
            gateway.provider, gateway.upstream = provider, upstream
            yield gateway


def opaque(tokens: Tokens) -> dict[str, str]:
    """Tokens without a signature that could be checked here, some of them good for something else."""
    return {
        "random": secrets.token_urlsafe(32), "like ours": "mat_" + secrets.token_urlsafe(32), "refresh token": tokens.refresh,
        "code": "mcd_" + secrets.token_urlsafe(32), "session": "mse_" + secrets.token_urlsafe(32), "provider's": "upstream-access",
        "long": "a" * 8000, "jti of a good one": tokens.claims["jti"], "true": "true", "hex": secrets.token_hex(20),
    }


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: f"{answer[0]} {answer[1].decode()[:20]}")
def test_V_024_nobody_is_asked_about_a_token(world, answer):
    client = OAuthClient(world.url)
    tokens = client.log_in(world.mcp_url("one"), USER, PASSWORD)
    good = MCPConnection(world.mcp_url("one"), tokens.access)
    good.initialize()  # somebody is known to the process
    for path in ("/introspect", "/oauth/introspect", "/userinfo", "/token_info"):
        world.provider.broken[path] = answer
    world.provider.requests.clear()
    world.upstream.clear()
    for name, token in opaque(tokens).items():
        for _ in range(2):
            refused = request("POST", world.mcp_url("one"), headers={"Authorization": f"Bearer {token}"},
                json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
            assert refused.status == 401 and 'error="invalid_token"' in refused.header("www-authenticate"), f"{name}: {refused.describe()}"
    assert [path for _, path, _ in world.provider.requests] == [], "the provider was asked"
    assert world.upstream.received() == [], "something reached the upstream"


def test_V_024_our_own_introspection_says_true_or_false_and_nothing_between(world):
    client = OAuthClient(world.url, auth="client_secret_basic")
    tokens = client.log_in(world.mcp_url("one"), USER, PASSWORD)
    answer = client.introspect(tokens.access).json()
    assert answer["active"] is True and answer["aud"] in (world.mcp_url("one"), [world.mcp_url("one")]) and isinstance(answer["exp"], int), answer
    for token in opaque(tokens).values():
        if token != tokens.refresh:
            assert json.loads(client.introspect(token).body) == {"active": False}
