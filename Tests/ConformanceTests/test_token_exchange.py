"""`credential: {token_exchange: …}` and `{id_jag: …}`: a user's login at the identity provider opens the server."""

import sqlite3

import pytest
from martlet_support import Browser, FakeMCPServer, Gateway, MCPConnection, OAuthClient, Pkce, Tokens
from martlet_support.exchanging_provider import BEARER, CANARY, EXCHANGE, TYPE, AssertingAuthority, ExchangingProvider
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import at_once, reconfigure, until

SECRET = f"{CANARY}-client-secret"
SCOPES = ["notes.read", "notes.write"]


class World:
    """Servers `notes` (exchange), `chat` (ID-JAG) and `plain` (nothing), and users of the provider `corp`."""

    def __init__(self, **bend):
        self.corp = ExchangingProvider(SECRET).__enter__()
        self.there = AssertingAuthority(self.corp).start()
        self.notes, self.chat, self.plain = (FakeMCPServer("stateless").start() for _ in range(3))
        self.notes.guard, self.chat.guard = self.corp.guard, self.there.guard
        client = {"client_id": "martlet", "client_secret": {"env": "CORP_SECRET"}}
        self.config = {"identity": {"local": True, "providers": {"corp": {"issuer": self.corp.issuer, **client}}}}
        exchange = {"provider": "corp", "scopes": SCOPES, "audience": "notes-api", **bend}
        assertion = {"provider": "corp", "issuer": self.there.issuer, "client_id": "martlet-there",
            "client_secret": {"env": "THERE_SECRET"}, "scopes": ["chat.read"]}
        servers = {
            "notes": {"url": self.notes.url, "credential": {"token_exchange": exchange}},
            "chat": {"url": self.chat.url, "credential": {"id_jag": assertion}},
            "plain": {"url": self.plain.url},
        }
        self.gateway = Gateway(servers, config=self.config, users={USER: PASSWORD},
            env={"CORP_SECRET": SECRET, "THERE_SECRET": self.there.client_secret}).start()
        self.url = self.gateway.url

    def close(self):
        self.gateway.close()
        for one in (self.notes, self.chat, self.plain, self.there):
            one.stop()
        self.corp.__exit__(None, None, None)

    def browser(self) -> Browser:
        return Browser(self.url, origins=(self.corp.origin,))

    def login(self, subject: str, server: str = "notes", browser: Browser | None = None) -> str:
        """A program gets a token for somebody who logs in at the provider."""
        self.corp.subject = subject
        client, pkce = OAuthClient(self.url), Pkce()
        assert client.register().status == 201
        browser = browser or self.browser()
        page = browser.open(client.authorize_url(self.gateway.mcp_url(server), pkce))
        if "decision" not in page.main_form.names:
            page = browser.submit(page, form=page.form_to("/login/corp"))
        callback = browser.submit(page, {"decision": "allow"})
        return Tokens.of(client.exchange(callback.code, pkce, resource=self.gateway.mcp_url(server))).access

    def client(self, token: str, server: str = "notes", revision: str = MODERN) -> MCPConnection:
        connection = MCPConnection(self.gateway.mcp_url(server), token, revision=revision)
        if not connection.modern:
            connection.initialize()
        return connection

    def rows(self) -> dict:
        with sqlite3.connect(self.gateway.data_dir / "martlet.sqlite") as database:
            return {(route, owner): state for route, owner, state in database.execute("SELECT route, owner, state FROM connection")}

    def logins(self) -> list[str]:
        return [state for (route, _), state in self.rows().items() if route == "/login/corp"]

    def exchanges(self) -> list[dict]:
        return [one for one in self.corp.asked if one["grant_type"] == EXCHANGE]


@pytest.fixture(scope="module")
def world():
    world = World()
    yield world
    world.close()


@pytest.fixture
def alone():
    """A world of one test's own."""
    world = World()
    yield world
    world.close()


def said(connection: MCPConnection) -> str:
    return connection.tool("echo", {"text": "hi"})["content"][0]["text"]


def owner(world) -> str:
    ((_, stored),) = [key for key in world.rows() if key[0] == "/login/corp"]
    return stored.removeprefix("user:")


def bearers(server: FakeMCPServer) -> set:
    return {one.header("authorization").removeprefix("Bearer ") for one in server.received(probes=True)}


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_each_users_login_is_exchanged_once_for_a_token_of_their_own(world, revision):
    before = len(world.exchanges())
    for subject in (f"ada-{revision}", f"ben-{revision}"):
        world.notes.clear()
        connection = world.client(world.login(subject), revision=revision)
        assert [said(connection) for _ in range(3)] == ["hi"] * 3
        (token,) = bearers(world.notes)
        assert world.corp.exchanged[token] == {"subject": subject, "resource": world.notes.url, "audience": "notes-api",
            "scope": " ".join(SCOPES)}
    asked = world.exchanges()[before:]
    assert len(asked) == 2 and all(one["subject_token_type"] == TYPE + "access_token" for one in asked)
    assert all(one["requested_token_type"] == TYPE + "access_token" for one in asked)


def test_R_01_however_many_calls_wait_a_login_is_exchanged_once(world):
    connection = world.client(world.login("crowd"))
    before = len(world.exchanges())
    world.corp.hold()
    asking = at_once(24, lambda index: threadless(world, connection, index, before))
    assert asking == ["hi"] * 24 and len(world.exchanges()) == before + 1


def threadless(world, connection, index: int, before: int) -> str:
    """One of the crowd; the last lets the exchange through once it was asked for."""
    if index == 0:
        assert until(lambda: len(world.exchanges()) > before)
        world.corp.release()
    return MCPConnection(connection.url, connection.token, revision=MODERN).tool("echo", {"text": "hi"})["content"][0]["text"]


def test_a_login_that_has_ended_is_refreshed_first_and_its_refresh_token_rotates(alone):
    alone.corp.life = 8  # too short to be shown to anybody
    token = alone.login("carol")
    alone.corp.life = 3600
    assert said(alone.client(token)) == "hi"
    assert alone.corp.count("refresh_token") == 1 and alone.corp.count(EXCHANGE) == 1, alone.corp.asked
    assert alone.gateway.cli("connection", "refresh", "login/corp", "--user", owner(alone)).returncode == 0
    assert alone.corp.count("refresh_token") == 2
    assert not any(family["over"] for family in alone.corp.refresh.values()), "a refresh token was shown twice"


def test_R_10_a_login_that_is_taken_away_takes_along_what_it_was_exchanged_for(alone):
    connection = alone.client(alone.login("finn"))
    assert said(connection) == "hi"
    assert alone.gateway.cli("connection", "revoke", "login/corp", "--user", owner(alone)).returncode == 0
    assert set(alone.rows().values()) == {"revoked"}
    assert until(lambda: f"{alone.url}/connect/notes" in said(connection)), "its token is no longer sent"
    alone.notes.clear()
    assert "An administrator took your account" in said(connection) and not alone.notes.received()
    assert said(alone.client(alone.login("finn"))) == "hi", "whoever logs in again begins anew"


def test_without_a_good_login_the_link_leads_to_one_and_the_program_goes_on(alone):
    token = alone.login("dora")
    connection = alone.client(token)
    alone.corp.end_everything()
    alone.corp.exchanged.clear()
    assert until(lambda: f"{alone.url}/connect/notes" in said(connection)), "the provider refuses the login by now"
    browser = alone.browser()
    page = browser.open(f"{alone.url}/connect/notes")
    page = browser.submit(page, form=page.form_to("/login/corp"))
    assert "is opened by your login at" in page.text and "connected" in page.text, page.response.describe()
    assert said(connection) == "hi", "the same program, with the same token"
    again = browser.submit(page)
    assert again.status == 200 and "is opened by your login at" in again.text, "logging in anew leads back here"


def test_a_user_without_the_provider_is_told_what_to_do(world):
    client, pkce, browser = OAuthClient(world.url), Pkce(), world.browser()
    assert client.register().status == 201
    page = browser.open(client.authorize_url(world.gateway.mcp_url("notes"), pkce))
    page = browser.submit(page, {"username": USER, "password": PASSWORD})
    callback = browser.submit(page, {"decision": "allow"})
    token = Tokens.of(client.exchange(callback.code, pkce, resource=world.gateway.mcp_url("notes"))).access
    before, calls = len(world.corp.asked), len(world.notes.received())
    assert f"{world.url}/connect/notes" in said(world.client(token))
    page = browser.open(f"{world.url}/connect/notes")
    assert "as a user that corp" in page.text and "Log in with corp" in page.text, page.response.describe()
    assert (len(world.corp.asked), len(world.notes.received())) == (before, calls)


def test_A_10_nothing_of_a_login_is_to_be_read_anywhere(world):
    connection = world.client(world.login("canary"))
    assert said(connection) == "hi"
    seen = world.gateway.cli("connection", "list").stdout + world.gateway.cli("flow", "list").stdout + world.gateway.log()
    assert "login/corp" in seen and CANARY not in seen
    for path in world.gateway.data_dir.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert CANARY.encode() not in content, path
        assert not [one for one in world.corp.ids if one.encode() in content], path


def test_A_10_a_login_is_kept_only_where_a_server_uses_it(alone):
    alone.login("ella", "plain")
    assert alone.logins() == ["active"]
    servers = {"plain": {"url": alone.plain.url}}
    reconfigure(alone, {**alone.config, "servers": servers})
    alone.login("ella", "plain")
    assert alone.logins() == ["revoked"], "the next login takes away what nobody needs"
    with sqlite3.connect(alone.gateway.data_dir / "martlet.sqlite") as database:
        assert database.execute("SELECT sealed_credential FROM connection").fetchall() == [(None,)]
    alone.login("frank", "plain")
    assert alone.logins() == ["revoked"], "and nothing is kept of others"


def test_an_assertion_about_the_user_opens_a_server_of_another_authority(world):
    for subject in ("gina", "hugo"):
        world.chat.clear()
        assert said(world.client(world.login(subject, "chat"), "chat")) == "hi"
        (token,) = bearers(world.chat)
        assert world.there.subjects[token] == subject
    asked = [one for one in world.exchanges() if one["requested_token_type"] == TYPE + "id-jag"]
    assert asked[-1]["audience"] == world.there.issuer and asked[-1]["subject_token_type"] == TYPE + "id_token"
    assert asked[-1]["scope"] == "chat.read" and asked[-1]["resource"] == world.chat.url
    assert world.there.count(BEARER) == 2


def shown(world, subject: str) -> dict:
    found = [one for one in world.gateway.cli_json("connection", "list") if one["user"] == subject]
    return {one["server"]: (one["state"], one["reason"]) for one in found}


@pytest.mark.parametrize("error", ["invalid_request", "invalid_grant", "insufficient_user_authentication"])
def test_a_login_that_is_not_good_enough_asks_for_another(world, error):
    token = world.login(f"iris-{error}")
    world.corp.refuses = error
    try:
        assert f"{world.url}/connect/notes" in said(world.client(token))
    finally:
        world.corp.refuses = None
    assert shown(world, f"iris-{error}")["notes"] == ("reauth_required", "refused")


@pytest.mark.parametrize("bend", [{"issued_token_type": TYPE + "refresh_token"}, {"token_type": "N_A"}])
def test_another_kind_of_token_than_was_asked_for_is_never_used(world, bend):
    token = world.login(f"jack-{len(bend)}-{list(bend)[0]}")
    calls = len(world.notes.received(probes=True))
    world.corp.answer_bend = bend
    try:
        answer = world.client(token).post("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
        assert answer.json()["error"]["code"] == -31003, answer.describe()
    finally:
        world.corp.answer_bend = {}
    assert len(world.notes.received(probes=True)) == calls


def test_an_assertion_that_is_not_believed_is_no_fault_of_the_user(world):
    token = world.login("kim", "chat")
    world.there.believes = False
    try:
        answer = world.client(token, "chat").post("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
        assert answer.json()["error"]["code"] == -31003, answer.describe()
    finally:
        world.there.believes = True
    assert shown(world, "kim")["chat"] == ("error", "client_refused")


def test_R_09_while_the_provider_is_away_calls_say_so_and_nothing_is_lost(alone):
    alone.corp.life = 8
    connection = alone.client(alone.login("lena"))
    alone.corp.down = True
    answer = connection.post("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
    assert answer.json()["error"]["code"] == -31003, answer.describe()
    alone.corp.down, alone.corp.life = False, 3600
    assert until(lambda: "result" in connection.post("tools/call", {"name": "echo", "arguments": {"text": "hi"}}).json(), 90, 1)
    assert shown(alone, "lena") == {"login/corp": ("active", None), "notes": ("active", None)}


def test_what_the_configuration_may_say(world):
    def problems(kind: str, **keys) -> str:
        config = {**world.config}
        gateway = Gateway({"x": {"url": "http://127.0.0.1:9/mcp", "credential": {kind: keys}}}, config=config,
            env={"CORP_SECRET": "x"})
        try:
            return gateway.cli("config", "check", exit_code=2).stderr
        finally:
            gateway.close()

    assert "servers.x.credential.token_exchange.provider (line 9): is missing" in problems("token_exchange")
    assert "is no identity provider" in problems("token_exchange", provider="other")
    assert "one of corp" in problems("token_exchange", provider="other")
    assert "subject_token" in problems("token_exchange", provider="corp", subject_token="refresh_token")
    assert "issuer (line 9): is missing" in problems("token_exchange", provider="corp", client_id="x")
    assert "issuer (line 9): is missing" in problems("id_jag", provider="corp", client_id="x")
    assert "is the provider itself" in problems("id_jag", provider="corp", issuer=world.corp.issuer, client_id="x")
