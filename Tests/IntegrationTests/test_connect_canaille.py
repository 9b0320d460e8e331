"""Accounts at a server whose authorization server is a real OpenID provider: connected through its own pages, renewed, and still
good after a backup was put back (R-92)."""

import shutil
import time

import pytest
from martlet_support import Browser, FakeMCPServer, Gateway, MCPConnection, free_port
from martlet_support.canaille import canaille, through
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import Person, registered
from martlet_support.wire import request


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    port = free_port()
    redirect = f"http://127.0.0.1:{port}/connect/up/callback"
    with canaille(tmp_path_factory.mktemp("canaille"), redirect) as issuer, FakeMCPServer("stateless") as server:

        def guard(seen):
            if seen.path.startswith("/.well-known/"):
                return 404, b"", []
            field = [("Authorization", seen.header("authorization") or "")]
            good = request("GET", f"{issuer}/oauth/userinfo", headers=field).status == 200
            return None if good else (401, b"", [("WWW-Authenticate", "Bearer")])

        server.guard = guard
        credential = {"issuer": issuer, "client_id": "martlet", "client_secret": {"env": "UP_SECRET"},
            "scopes": ["openid", "profile"]}
        gateway = Gateway(
            {"up": {"url": server.url, "credential": {"oauth": credential}}}, users={USER: PASSWORD}, port=port,
            env={"UP_SECRET": "martlet-secret"})
        yield Installation(gateway.start(), {"up": server}), issuer
        gateway.close()


def shown(gateway) -> dict:
    return gateway.cli_json("connection", "show", "up", "--user", USER)


def renew(gateway):
    time.sleep(1.1)  # of two tokens issued within one second Canaille refuses the second
    gateway.cli("connection", "refresh", "up", "--user", USER)


def test_an_account_at_canaille_is_connected_renewed_and_restored(world, tmp_path):
    world, issuer = world
    gateway = world.gateway
    browser = Browser(gateway.url, origins=(issuer,))
    page = browser.submit(browser.open(f"{gateway.url}/connect/up"), {"username": USER, "password": PASSWORD})
    assert page.status == 200 and "profile" in page.text, page.response.describe()
    done = through(browser, browser.submit(page), issuer)
    assert done.status == 200 and "connected" in done.text, browser.describe_trail()
    before = shown(gateway)
    assert (before["state"], before["refreshable"]) == ("active", True), before
    renew(gateway)
    assert shown(gateway)["version"] == before["version"] + 1
    access = Person(world).tokens(registered(world), world.mcp_url("up")).access
    assert MCPConnection(world.mcp_url("up"), access, revision=MODERN).tool("echo", {"text": "x"})["content"][0]["text"] == "x"

    copy, data = tmp_path / "copy", tmp_path / "data"
    gateway.cli("backup", str(copy))
    data.mkdir()
    shutil.copy(gateway.data_dir / "master.key", data / "master.key")
    assert gateway.cli_json("restore", str(copy), "--data-dir", str(data))["accounts"] == 1
    gateway.stop()
    again = Gateway(port=gateway.port, data_dir=data, config={**gateway.config, "data_dir": str(data)}, env=gateway.env).start()
    try:
        restored = shown(again)
        assert restored["state"] == "active", restored
        renew(again)
        assert shown(again)["version"] > restored["version"], "what was restored is redeemed"
        world = Installation(again, {})
        access = Person(world).tokens(registered(world), again.mcp_url("up")).access
        assert MCPConnection(again.mcp_url("up"), access, revision=MODERN).tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    finally:
        again.close()
        gateway.start()
