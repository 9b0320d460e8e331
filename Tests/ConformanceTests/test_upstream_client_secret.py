"""How Martlet shows its secret to upstream authorization servers, and what clients hear of scopes that nobody grants."""

import pytest
from martlet_support import MCPConnection
from martlet_support.connect_world import ConnectWorld
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import Person, registered
from martlet_support.upstream_authority import UpstreamAuthority

BOTH = ("client_secret_basic", "client_secret_post")


def world_with(methods, **more) -> ConnectWorld:
    authority = UpstreamAuthority(methods=methods, clients={"martlet": "s3cret"}, registers=False)

    def credential(world):
        return {"oauth": {"issuer": world.authority.issuer, "client_id": "martlet", "client_secret": {"env": "UP_SECRET"}, **more}}

    return ConnectWorld(credential, authority=authority, env={"UP_SECRET": "s3cret"})


@pytest.mark.parametrize(("methods", "more", "posted"), [
    (("client_secret_basic",), {}, False), (("client_secret_post",), {}, True), (BOTH, {}, False),
    (BOTH, {"auth_method": "client_secret_post"}, True), (BOTH, {"auth_method": "client_secret_basic"}, False)])
def test_a_configured_secret_goes_the_way_that_is_offered_or_configured(methods, more, posted):
    world = world_with(methods, **more)
    try:
        assert "connected" in world.connect().text
        world.gateway.cli("connection", "refresh", "up", "--user", USER)
        assert len(world.authority.token_requests) == 2
        assert [("client_secret" in form) for form in world.authority.token_requests] == [posted] * 2
    finally:
        world.close()


def test_scopes_that_nobody_grants_are_named_after_three_tries():
    world = ConnectWorld()
    try:
        world.up.needs = ["read", "planets:move"]
        world.authority.grants = ["read"]
        installation = Installation(world.gateway, {})
        token = Person(installation, USER, PASSWORD).tokens(registered(installation), world.gateway.mcp_url("up")).access
        browser = world.browser()
        assert "connected" in world.connect(browser).text
        connection = MCPConnection(world.gateway.mcp_url("up"), token, revision=MODERN)
        for tries in range(8):
            answer = connection.call("tools/call", {"name": "echo", "arguments": {"text": "x"}})
            if "error" in answer:
                break
            assert answer["result"]["isError"] and "/connect/up" in answer["result"]["content"][0]["text"], answer
            world.connect(browser)
        assert answer["error"]["code"] == -31001 and tries >= 3, (tries, answer)
        assert "planets:move" in answer["error"]["message"] and "administrator" in answer["error"]["message"]
    finally:
        world.close()
