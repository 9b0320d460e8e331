"""Programs without a browser log in by a code that their user types elsewhere (RFC 8628)."""

import pytest
from martlet_support import Browser, Gateway, Tokens, request
from martlet_support.browser import Page
from martlet_support.oauth import OAuthClient

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
USER, PASSWORD = "dora", "the river is wide today"


class Terminal:
    """What a program in a terminal does: begin, show the code, ask until it is told."""

    def __init__(self, gateway, client_id: str):
        self.gateway, self.client_id = gateway, client_id
        self.begun: dict = {}

    def begin(self, resource: str | None = None, **extra):
        form = {"client_id": self.client_id, **extra}
        if resource:
            form["resource"] = resource
        answer = request("POST", f"{self.gateway.url}/device_authorization", form=form)
        if answer.status == 200:
            self.begun = answer.json()
        return answer

    def ask(self, device_code: str | None = None, **extra):
        return request("POST", f"{self.gateway.url}/token", form={
            "grant_type": GRANT, "client_id": self.client_id,
            "device_code": device_code or self.begun["device_code"], **extra})


@pytest.fixture(scope="module")
def gateway(upstream_process):
    with Gateway({"time": upstream_process.url, "notes": upstream_process.url}, users={USER: PASSWORD}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def upstream_process():
    from martlet_support import FakeMCPServer

    with FakeMCPServer() as server:
        yield server


@pytest.fixture(scope="module")
def terminal_id(gateway):
    made = gateway.add_client("My terminal", "--grant", GRANT)
    assert "client_secret" not in made, "a terminal keeps no secret"
    return made["client_id"]


@pytest.fixture(scope="module")
def browser(gateway):
    browser = Browser(gateway.url)
    page = browser.open(f"{gateway.url}/login")
    browser.submit(page, {"username": USER, "password": PASSWORD})
    return browser


def consent(gateway, browser, code: str) -> Page:
    page = browser.open(f"{gateway.url}/device")
    return browser.submit(page, {"user_code": code})


def error(answer, name: str):
    assert answer.status == 400 and answer.json()["error"] == name, answer.describe()
    assert "no-store" in answer.header("cache-control")


def test_a_terminal_logs_in(gateway, terminal_id, browser):
    metadata = OAuthClient(gateway.url).metadata()
    assert metadata["device_authorization_endpoint"] == f"{gateway.url}/device_authorization"
    assert GRANT in metadata["grant_types_supported"]
    terminal = Terminal(gateway, terminal_id)
    begun = terminal.begin(gateway.mcp_url("time"))
    assert begun.status == 200 and "no-store" in begun.header("cache-control"), begun.describe()
    body = begun.json()
    assert body["verification_uri"] == f"{gateway.url}/device" and body["interval"] == 5 and body["expires_in"] == 600
    error(terminal.ask(), "authorization_pending")
    # A stranger's program doesn't wait: from now on it is told to ask less often.
    error(terminal.ask(), "slow_down")
    page = consent(gateway, browser, body["user_code"].lower().replace("-", ""))
    assert page.status == 200, page.text
    for shown in ("My terminal", body["user_code"], "127.0.0.1", gateway.mcp_url("time"), USER):
        assert shown in page.text, shown
    error(terminal.ask(), "slow_down")
    done = browser.submit(page, {"decision": "allow"})
    assert done.status == 200 and "goes on" in done.text, done.text
    tokens = Tokens.of(terminal.ask())
    assert tokens.claims["aud"] == gateway.mcp_url("time") and tokens.refresh
    hello = request("POST", gateway.mcp_url("time"), headers={
        "Authorization": f"Bearer {tokens.access}", "Accept": "application/json, text/event-stream"}, json={
        "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}})
    assert hello.status == 200, hello.describe()
    # Once only, and whoever comes back ends what it began (RFC 6749 §10.5).
    error(terminal.ask(), "invalid_grant")
    client = OAuthClient(gateway.url, client_id=terminal_id)
    error(client.refresh(tokens.refresh), "invalid_grant")
    # The second form is about a code that has gone.
    assert browser.submit(page, {"decision": "deny"}).status == 410


def test_refused_and_chosen(gateway, terminal_id, browser):
    refused = Terminal(gateway, terminal_id)
    refused.begin(gateway.mcp_url("time"))
    page = consent(gateway, browser, refused.begun["user_code"])
    assert browser.submit(page, {"decision": "deny"}).status == 200
    error(refused.ask(), "access_denied")
    chooser = Terminal(gateway, terminal_id)
    chooser.begin()
    page = consent(gateway, browser, chooser.begun["user_code"])
    assert set(page.main_form.choices["resource"]) == {gateway.mcp_url("notes"), gateway.mcp_url("time")}
    browser.submit(page, {"decision": "allow", "resource": gateway.mcp_url("notes")})
    error(chooser.ask(resource=gateway.mcp_url("time")), "invalid_target")
    assert Tokens.of(chooser.ask()).claims["aud"] == gateway.mcp_url("notes")


def test_V_053_what_was_allowed_before_a_revocation_begins_nothing(gateway, terminal_id, browser):
    terminal = Terminal(gateway, terminal_id)
    terminal.begin(gateway.mcp_url("time"))
    browser.submit(consent(gateway, browser, terminal.begun["user_code"]), {"decision": "allow"})
    gateway.revoke("--user", USER)
    error(terminal.ask(), "invalid_grant")


def test_V_063_nothing_is_decided_without_the_page(gateway, terminal_id, browser):
    terminal = Terminal(gateway, terminal_id)
    terminal.begin(gateway.mcp_url("time"))
    code, link = terminal.begun["user_code"], terminal.begun["verification_uri_complete"]
    # The link shows the code to compare, for whoever is logged in, and says nothing of who asks.
    page = browser.open(link)
    assert code in page.text and "My terminal" not in page.text and "decision" not in page.main_form.names
    stranger = Browser(gateway.url)
    login = stranger.open(link)
    assert "password" in login.main_form.names and "My terminal" not in login.text
    back = stranger.submit(login, {"username": USER, "password": PASSWORD})
    assert back.url.endswith(f"/device?user_code={code}"), back.url
    # The form for a code doesn't decide, another code's form doesn't, another browser's doesn't, nor one of no browser.
    entry = dict(browser.open(f"{gateway.url}/device").main_form.fields)
    other = Terminal(gateway, terminal_id)
    other.begin(gateway.mcp_url("time"))
    decision = dict(consent(gateway, browser, other.begun["user_code"]).main_form.fields)
    foreign = dict(consent(gateway, stranger, code).main_form.fields)
    for csrf in (entry["csrf"], decision["csrf"], foreign["csrf"], "AAAA"):
        page = browser.open(f"{gateway.url}/device")
        page.main_form.fields = [("csrf", csrf)]
        answer = browser.submit(page, {"user_code": code, "decision": "allow"})
        assert answer.status == 403, answer.text
    naked = request("POST", f"{gateway.url}/device", form={"user_code": code, "decision": "allow", "csrf": foreign["csrf"]})
    assert naked.status == 303 and "/login" in naked.header("location"), naked.describe()
    error(terminal.ask(), "authorization_pending")


def test_V_063_only_clients_that_an_operator_gave_the_grant(gateway, terminal_id):
    stranger = OAuthClient(gateway.url)
    stranger.register(extra={"grant_types": ["authorization_code", GRANT]})
    error(Terminal(gateway, stranger.client_id).begin(), "unauthorized_client")
    plain = gateway.add_client("Plain", "--redirect-uri", "http://127.0.0.1/callback")
    error(Terminal(gateway, plain["client_id"]).begin(), "unauthorized_client")
    unknown = Terminal(gateway, "nobody").begin()
    assert unknown.status == 401 and unknown.json()["error"] == "invalid_client"
    one = Terminal(gateway, terminal_id)
    error(one.begin("http://127.0.0.1:1/other/mcp"), "invalid_target")
    assert one.begin(gateway.mcp_url("time")).status == 200
    two = gateway.add_client("Second terminal", "--grant", GRANT)["client_id"]
    error(Terminal(gateway, two).ask(one.begun["device_code"]), "invalid_grant")
    error(one.ask("mdc_" + "A" * 43), "invalid_grant")
    error(one.ask(one.begun["user_code"]), "invalid_grant")


def test_V_068_wrong_codes_are_counted_by_user(gateway, terminal_id):
    gateway.add_user("guesser", "a long enough pass phrase")
    browser = Browser(gateway.url)
    page = browser.open(f"{gateway.url}/login")
    browser.submit(page, {"username": "guesser", "password": "a long enough pass phrase"})
    terminal = Terminal(gateway, terminal_id)
    terminal.begin(gateway.mcp_url("time"))
    statuses = [consent(gateway, browser, f"BBBB-BB{a}{b}").status for a in "CDF" for b in "GHJK"]
    assert statuses == [404] * 10 + [429] * 2
    page = consent(gateway, browser, terminal.begun["user_code"])
    assert page.status == 429 and page.response.header("retry-after"), "the right one isn't looked up either"
    # Others aren't kept from their codes.
    neighbour = Browser(gateway.url)
    neighbour.submit(neighbour.open(f"{gateway.url}/login"), {"username": USER, "password": PASSWORD})
    assert consent(gateway, neighbour, terminal.begun["user_code"]).status == 200


def test_codes_are_not_in_the_store_and_can_be_switched_off(gateway, terminal_id, browser):
    terminal = Terminal(gateway, terminal_id)
    terminal.begin(gateway.mcp_url("time"))
    stored = b"".join(path.read_bytes() for path in gateway.data_dir.rglob("martlet.sqlite*"))
    letters = terminal.begun["user_code"].replace("-", "")
    for secret in (terminal.begun["device_code"], terminal.begun["user_code"], letters):
        assert secret.encode() not in stored
    actions = [line["action"] for line in gateway.cli_json("audit", "search", "--limit", "1000")]
    assert {"device.requested", "device.refused", "consent.granted", "token.issued"} <= set(actions)
    from martlet_support.steps import until

    gateway.reload({"device_grant": {"enabled": False}})
    assert until(lambda: "device_authorization_endpoint" not in OAuthClient(gateway.url).metadata())
    assert terminal.begin().status == 404 and browser.open(f"{gateway.url}/device").status == 404
    error(terminal.ask(), "unsupported_grant_type")
    gateway.reload({"device_grant": {"enabled": True}})
    assert until(lambda: "device_authorization_endpoint" in OAuthClient(gateway.url).metadata())


def test_a_disabled_user_s_code_is_nothing(gateway, terminal_id):
    gateway.add_user("leaver", "a long enough pass phrase")
    browser = Browser(gateway.url)
    browser.submit(browser.open(f"{gateway.url}/login"), {"username": "leaver", "password": "a long enough pass phrase"})
    terminal = Terminal(gateway, terminal_id)
    terminal.begin(gateway.mcp_url("time"))
    browser.submit(consent(gateway, browser, terminal.begun["user_code"]), {"decision": "allow"})
    gateway.cli("user", "disable", "leaver")
    error(terminal.ask(), "invalid_grant")
