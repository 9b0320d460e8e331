"""`credential: {header: {name: …, per: tenant}}`: a tenant's administrators enter one key for all its members."""

import pytest
from martlet_support import Browser, FakeMCPServer, Gateway, MCPConnection
from martlet_support.admin import bearer, refused
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import Person, registered, until
from martlet_support.trail import records

CANARY = "canary-tenant-key-8c3f"
MEMBERS = {"default": USER, "acme": "acme-user"}
ECHO = {"name": "echo", "arguments": {"text": "hi"}}


@pytest.fixture(scope="module")
def world():
    """A server that knows a key of each tenant, and nobody has entered one."""
    with FakeMCPServer("stateless") as server:
        good = {f"Token {CANARY}-{name}" for name in ("default", "acme", "second")}
        server.guard = lambda seen: None if seen.header("x-tenant-key") in good else (401, b"", [])
        credential = {"header": {"name": "X-Tenant-Key", "per": "tenant", "prefix": "Token "}}
        gateway = Gateway({"keyed": {"url": server.url, "credential": credential, "tenants": ["default", "acme"]},
            "plain": {"url": server.url}}, users={USER: PASSWORD})
        gateway.start()
        gateway.add_user("acme-user", PASSWORD, "--tenant", "acme")
        yield Installation(gateway, {"keyed": server})
        gateway.close()


@pytest.fixture(scope="module")
def members(world) -> dict:
    """A program of each tenant's member."""
    return {tenant: caller(world, user) for tenant, user in MEMBERS.items()}


def caller(world, user: str) -> MCPConnection:
    token = Person(world, user, PASSWORD).tokens(registered(world), world.mcp_url("keyed")).access
    return MCPConnection(world.mcp_url("keyed"), token, revision=MODERN)


def works(connection: MCPConnection) -> bool:
    answer = connection.post("tools/call", ECHO).json()
    assert "result" in answer or answer["error"]["code"] == -31003, answer
    return "result" in answer


def carried(world) -> set:
    return {one.header("x-tenant-key") for one in world.upstreams["keyed"].received(probes=True)}


def enter(world, tenant: str, key: str, server: str = "keyed", exit_code: int = 0):
    return world.gateway.cli("connection", "enter", server, "--tenant", tenant, stdin=key + "\n", exit_code=exit_code)


def test_A_10_A_40_each_tenant_calls_with_the_key_that_its_administrators_entered(world, members):
    assert not works(members["default"]) and not works(members["acme"])
    assert carried(world) == set(), "the server was asked without a key"
    enter(world, "default", f"{CANARY}-default")
    assert until(lambda: works(members["default"])) and carried(world) == {f"Token {CANARY}-default"}
    assert not works(members["acme"]), "one tenant's key serves no other"
    acme = bearer(world, "tenant-admin", "--tenant", "acme")
    acme.ok("PUT", "/api/servers/keyed/key", {"key": f"{CANARY}-acme"}, 204)
    world.upstreams["keyed"].clear()
    assert until(lambda: works(members["acme"])) and carried(world) == {f"Token {CANARY}-acme"}
    refused(acme("PUT", "/api/servers/keyed/key", {"key": "x", "tenant": "default"}), 404, "not_found")
    refused(acme("DELETE", "/api/servers/keyed/key?tenant=default"), 404, "not_found")
    acme.ok("DELETE", "/api/servers/keyed/key", status=204)
    assert until(lambda: not works(members["acme"])) and works(members["default"])
    refused(acme("DELETE", "/api/servers/keyed/key"), 404, "not_found")
    enter(world, "default", f"{CANARY}-second")
    world.upstreams["keyed"].clear()
    assert until(lambda: works(members["default"]) and f"Token {CANARY}-second" in carried(world))
    world.gateway.cli("connection", "revoke", "keyed")
    assert until(lambda: not works(members["default"]))
    actions = [one["action"] for one in records(world) if one.get("route") == "/keyed/mcp"]
    assert actions.count("connection.established") == 3 and "connection.revoked" in actions, actions
    for path in world.gateway.data_dir.rglob("*"):
        assert path.is_dir() or CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in world.gateway.log() + world.gateway.cli("connection", "list", "--json").stdout


def test_who_may_enter_a_key_and_what_is_none(world):
    auditor = bearer(world, "auditor")
    refused(auditor("PUT", "/api/servers/keyed/key", {"key": "x"}), 403, "forbidden")
    admin = bearer(world, "admin")
    refused(admin("PUT", "/api/servers/plain/key", {"key": "x"}), 404, "not_found")
    refused(admin("PUT", "/api/servers/keyed/key", {"key": "x", "tenant": "globex"}), 404, "not_found")
    refused(admin("PUT", "/api/servers/keyed/key", {"key": "a b"}), 400, "invalid_request")
    refused(admin("PUT", "/api/servers/keyed/key", {"key": "a\r\nX: b"}), 400, "invalid_request")
    assert "per: tenant" in enter(world, "default", "x", "plain", exit_code=1).stderr
    assert "can't be a key" in enter(world, "default", "", exit_code=1).stderr
    browser = Browser(world.url)
    page = browser.submit(browser.open(f"{world.url}/account"), {"username": USER, "password": PASSWORD})
    assert "keyed" not in page.text and browser.open(f"{world.url}/connect/keyed").status == 404
