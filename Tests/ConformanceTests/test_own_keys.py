"""`credential: {header: {name: …, per: user}}`: every user enters a key of their own, which nobody sees again."""

import sqlite3

import pytest
from martlet_support import Browser, FakeMCPServer, Gateway, MCPConnection
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import Person, registered, until

CANARY = "canary-own-key-5d1e"


@pytest.fixture(scope="module")
def world():
    """A server that knows two keys, and users who have entered nothing."""
    with FakeMCPServer("stateless") as server:
        good = {f"Token {CANARY}-{name}" for name in ("alice", "bob", "second")}
        server.guard = lambda seen: None if seen.header("x-own-key") in good else (401, b"", [])
        credential = {"header": {"name": "X-Own-Key", "per": "user", "prefix": "Token "}}
        gateway = Gateway({"keyed": {"url": server.url, "credential": credential}}, users={USER: PASSWORD, "bob": PASSWORD})
        yield Installation(gateway.start(), {"keyed": server})
        gateway.close()


def page_of(world, user: str = USER, query: str = ""):
    browser = Browser(world.url)
    page = browser.open(f"{world.url}/connect/keyed{query}")
    return browser, browser.submit(page, {"username": user, "password": PASSWORD})


def caller(world, user: str = USER, revision: str = MODERN) -> MCPConnection:
    token = Person(world, user, PASSWORD).tokens(registered(world), world.mcp_url("keyed")).access
    connection = MCPConnection(world.mcp_url("keyed"), token, revision=revision)
    if not connection.modern:
        connection.initialize()
    return connection


def said(connection: MCPConnection) -> str:
    return connection.tool("echo", {"text": "hi"})["content"][0]["text"]


def carried(world) -> set:
    return {one.header("x-own-key") for one in world.upstreams["keyed"].received(probes=True)}


def test_A_10_a_key_is_entered_used_replaced_and_taken_away(world):
    connection = caller(world)
    assert f"{world.url}/connect/keyed" in said(connection), "the same ask as for an account that isn't connected"
    assert carried(world) == set(), "the server was asked without a key"
    browser, page = page_of(world)
    assert page.main_form.names >= {"key", "csrf"} and world.upstreams["keyed"].url.split("/")[2] in page.text
    done = browser.submit(page, {"key": f"  {CANARY}-alice\r\n"})
    assert done.status == 200 and "connected" in done.text and CANARY not in done.response.text, done.response.describe()
    assert said(connection) == "hi" and carried(world) == {f"Token {CANARY}-alice"}
    world.upstreams["keyed"].clear()
    again = browser.submit(browser.open(f"{world.url}/connect/keyed"), {"key": f"{CANARY}-second"})
    assert "connected" in again.text
    assert said(connection) == "hi" and carried(world) == {f"Token {CANARY}-second"}
    shown = world.gateway.cli_json("connection", "show", "keyed", "--user", USER)
    assert (shown["state"], shown["refreshable"], shown["version"]) == ("active", False, 2)
    account = browser.open(f"{world.url}/account")
    assert "keyed" in account.text and CANARY not in account.response.text
    browser.submit(account, form=account.form_to("/connect/keyed/disconnect"))
    assert f"{world.url}/connect/keyed" in said(connection)
    for path in world.gateway.data_dir.iterdir():
        assert path.is_dir() or CANARY.encode() not in path.read_bytes(), path
    assert CANARY not in world.gateway.log()


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_V_017_N_28_each_user_calls_with_their_own_key(world, revision):
    for user in (USER, "bob"):
        browser, page = page_of(world, user)
        assert "connected" in browser.submit(page, {"key": f"{CANARY}-{user}"}).text
        connection = caller(world, user, revision)
        world.upstreams["keyed"].clear()
        assert said(connection) == "hi" and carried(world) == {f"Token {CANARY}-{user}"}


def test_a_key_that_the_server_refuses_leads_back_to_the_page(world):
    """And the account says so, until there is another key or the server takes this one after all."""
    browser, page = page_of(world)
    browser.submit(page, {"key": "wrong"})
    connection = caller(world)
    answer = said(connection)
    assert f"{world.url}/connect/keyed" in answer and "refuses what your account there was connected with" in answer
    assert standing(world) == ("reauth_required", "rejected")
    assert "the server refuses your key" in browser.open(f"{world.url}/account").text
    assert f"{world.url}/connect/keyed" in said(connection), "it is tried again, and refused again"
    guard, world.upstreams["keyed"].guard = world.upstreams["keyed"].guard, None
    assert said(connection) == "hi" and until(lambda: standing(world) == ("active", None)), "the server was at fault"
    world.upstreams["keyed"].guard = guard
    assert f"{world.url}/connect/keyed" in said(connection) and standing(world) == ("reauth_required", "rejected")
    again = browser.submit(browser.open(f"{world.url}/connect/keyed"), {"key": f"{CANARY}-alice"})
    assert "connected" in again.text and said(connection) == "hi" and standing(world) == ("active", None)


def standing(world) -> tuple:
    shown = world.gateway.cli_json("connection", "show", "keyed", "--user", USER)
    return shown["state"], shown["reason"]


@pytest.mark.parametrize("key", ["", "   ", "a b", "a\r\nX-Other: b", "ключ", "a" * 8193])
def test_what_can_not_be_a_key_is_refused_and_changes_nothing(world, key):
    browser, page = page_of(world, "bob")
    before = rows(world)
    answer = browser.submit(page, {"key": key})
    assert answer.status == 400 and "enter visible characters" in answer.text and rows(world) == before


def test_V_023_a_form_without_its_proof_stores_nothing(world):
    browser, page = page_of(world, "bob")
    before = rows(world)
    assert browser.submit(page, {"key": "x", "csrf": "wrong"}).status == 403 and rows(world) == before


def rows(world) -> list:
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
        return database.execute("SELECT route, owner, version, sealed_credential FROM connection ORDER BY 1, 2").fetchall()


def test_what_the_configuration_may_say(world, tmp_path):
    def problem(header: dict) -> str:
        gateway = Gateway({"x": {"url": "http://127.0.0.1:9/mcp", "credential": {"header": header}}})
        try:
            return gateway.cli("config", "check", exit_code=2).stderr
        finally:
            gateway.close()

    assert "must be user" in problem({"name": "X-Key", "per": "planet"})
    assert "is what each user enters" in problem({"name": "X-Key", "per": "user", "value": {"env": "HOME"}})
    assert "name" in problem({"per": "user"})
    assert "can't carry a credential" in problem({"name": "Host", "per": "user"})
    assert "prefix" in problem({"name": "X-Key", "per": "user", "prefix": " x"})
