"""Restarting Martlet in the middle: whoever was logged in goes on as if nothing had happened."""

import time

import pytest
from martlet_support import Browser, Gateway, MCPConnection, Page, Pkce, Tokens
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.real import RealClient, real_server

CRASH = pytest.mark.parametrize("crash", [False, True], ids=["SIGTERM", "SIGKILL"])


@CRASH
def test_tokens_registrations_and_sessions_survive(install, crash):
    world = install()
    client, tokens = world.log_in("stateful")
    connection = MCPConnection(world.mcp_url("stateful"), tokens.access)
    connection.initialize()
    assert connection.tool("echo", {"text": "before"})["content"][0]["text"] == "before"

    world.gateway.restart(crash=crash)

    assert connection.tool("echo", {"text": "after"})["content"][0]["text"] == "after"
    assert len(world.upstreams["stateful"].received("initialize")) == 1, "the session went on, nobody initialized again"
    refreshed = Tokens.of(client.refresh(tokens.refresh))
    assert refreshed.access != tokens.access
    again = MCPConnection(world.mcp_url("stateful"), refreshed.access)
    again.session = connection.session
    assert again.tool("echo", {"text": "refreshed"})["content"][0]["text"] == "refreshed"


@CRASH
def test_consent_and_login_survive(install, crash):
    world = install()
    browser = world.browser()
    client = world.client()
    resource = world.mcp_url("stateful")
    client.authorize(resource, USER, PASSWORD, browser=browser)

    world.gateway.restart(crash=crash)

    pkce = Pkce()
    browser.trail.clear()
    page = browser.open(client.authorize_url(resource, pkce))
    assert isinstance(page, Page), "consent is always shown"
    assert "password" not in page.main_form.names, "the login went on"
    assert "decision" in page.main_form.names
    callback = browser.submit(page, {"decision": "allow"})
    assert Tokens.of(client.exchange(callback.code, pkce, resource=resource)).access


@CRASH
def test_a_login_that_was_under_way_goes_on(install, crash):
    world = install()
    browser, client, pkce = world.browser(), world.client(), Pkce()
    assert client.register().status == 201
    resource = world.mcp_url("stateful")
    page = browser.open(client.authorize_url(resource, pkce))

    world.gateway.restart(crash=crash)

    page = browser.submit(page, {"username": USER, "password": PASSWORD})
    assert isinstance(page, Page) and "decision" in page.main_form.names, page
    callback = browser.submit(page, {"decision": "allow"})

    world.gateway.restart(crash=crash)

    assert Tokens.of(client.exchange(callback.code, pkce, resource=resource)).access


def test_a_code_redeemed_before_a_crash_stays_redeemed(install):
    world = install()
    client = world.client()
    resource = world.mcp_url("stateful")
    callback, pkce = client.authorize(resource, USER, PASSWORD)
    assert client.exchange(callback.code, pkce, resource=resource).status == 200
    world.gateway.restart(crash=True)
    answer = client.exchange(callback.code, pkce, resource=resource)
    assert answer.status == 400 and answer.json()["error"] == "invalid_grant", answer.describe()


def test_a_revocation_before_a_crash_stays_in_force(install):
    world = install()
    client, tokens = world.log_in("stateful")
    world.gateway.revoke("--user", USER)
    world.gateway.restart(crash=True)
    answer = MCPConnection(world.mcp_url("stateful"), tokens.access).post("ping")
    assert answer.status == 401, answer.describe()
    assert client.refresh(tokens.refresh).status == 400


@CRASH
@pytest.mark.parametrize("name, server, tool", [("sdk-2.3", "demo", "who_am_i"), ("sdk-1.30", "legacy", "headers")])
def test_a_real_client_does_not_notice(name, server, tool, crash):
    with (
        real_server(server) as url,
        Gateway({server: url}, users={USER: PASSWORD}, config={"tokens": {"access_ttl": "3s"}}) as gateway,
        RealClient(name, gateway, server, USER, PASSWORD, tool) as client,
    ):
        client.connect()
        gateway.restart(crash=crash)
        time.sleep(3.5)
        call = client.again()
        assert call.logins == 1, "no second login"
        assert len(set(call.access)) >= 2, "the refresh token went on"
        client.end()


def test_a_sigterm_lets_calls_in_flight_finish(install):
    import threading

    world = install()
    connection = world.connect("stateful")
    connection.initialize()
    results = []

    def call():
        results.append(connection.tool("slow", {"steps": 4, "delay": 0.3}))

    thread = threading.Thread(target=call)
    thread.start()
    world.upstreams["stateful"].wait_for("tools/call")
    code = world.gateway.stop()
    thread.join(90)
    assert results and results[0]["content"][0]["text"] == "4 steps done"
    assert code == 0


def test_browser_cookies_are_bound_to_the_port(install):
    """Two gateways on one host name must not log each other's users out."""
    first, second = install(), install()
    browser = Browser(first.url, origins=(second.url,))
    for world in (first, second):
        world.client().authorize(world.mcp_url("stateful"), USER, PASSWORD, browser=browser)
    client = first.client()
    assert client.register(extra={"client_name": "another"}).status == 201
    page = browser.open(client.authorize_url(first.mcp_url("stateful"), Pkce()))
    assert isinstance(page, Page) and "password" not in page.main_form.names
