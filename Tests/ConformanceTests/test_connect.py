"""Users connect their own accounts at servers behind Martlet: what is asked of whom, who may bring the answer, what is kept."""

import sqlite3
import time
import urllib.parse

import pytest
from martlet_support import Callback, MCPConnection, OAuthClient, Page, request
from martlet_support.admin import bearer, refused
from martlet_support.connect_world import LOOPBACK
from martlet_support.connect_world import ConnectWorld as World
from martlet_support.patience import until
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import reconfigure
from martlet_support.tls import ThrowawayCA
from martlet_support.upstream_authority import CANARY, UpstreamAuthority

@pytest.fixture(scope="module")
def shared_world():
    world = World()
    yield world
    world.close()


@pytest.fixture
def world(shared_world):
    """The same world for every test, with its servers well-behaved."""
    for one in (shared_world.authority, shared_world.rival):
        one.acts, one.grants, one.declines, one.response = [], None, False, {}
    yield shared_world


@pytest.fixture
def worlds():
    started: list[World] = []

    def start(*arguments, **options) -> World:
        started.append(World(*arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_A_10_an_account_is_connected_after_it_was_shown_what_is_asked_of_whom(worlds):
    world = worlds()
    browser = world.browser()
    page = world.page(browser)
    assert page.status == 200, page.response.describe()
    for shown in (world.authority.issuer.removeprefix("http://"), "read", "write", "offline_access", USER):
        assert shown in page.text, shown
    assert not world.authority.asked and not world.authority.registrations, "something happened before the click"
    done = browser.submit(page)
    assert isinstance(done, Page) and done.status == 200, done
    assert urllib.parse.urlsplit(done.url).path == "/connect/up" and "connected" in done.text
    asked = world.authority.asked[0]
    assert asked["resource"] == world.up.url and asked["code_challenge_method"] == "S256"
    assert asked["scope"].split() == ["read", "write", "offline_access"] and asked["prompt"] == "consent"
    assert len(asked["state"]) >= 43
    registered = world.authority.registrations[0]
    assert registered["redirect_uris"] == [f"{world.gateway.url}/connect/up/callback"]
    assert registered["application_type"] == "native" and registered["token_endpoint_auth_method"] == "client_secret_basic"
    assert world.authority.token_requests[0]["resource"] == world.up.url
    assert (world.row()["state"], world.row()["issuer"]) == ("active", world.authority.issuer)
    account = browser.open(f"{world.gateway.url}/account")
    assert "connected" in account.text and "not connected" in account.text
    world.connect(browser)
    assert len(world.authority.registrations) == 1, "registered again for the same"
    world.authority.acts = [500]
    world.connect(browser)
    A_10_no_canary(world)


def A_10_no_canary(world):
    """No token or secret of an upstream anywhere that Martlet writes or shows."""
    world.gateway.stop()
    stored = b"".join(path.read_bytes() for path in world.gateway.data_dir.rglob("*") if path.is_file())
    assert CANARY.encode() not in stored, "a token lies in clear in data_dir"
    assert CANARY not in world.gateway.log(), "a token stands in the log"
    seen = [one for browser in world.browsers for one in browser.trail if one.url.startswith(world.gateway.url)]
    assert seen and not [one.url for one in seen if CANARY in one.text], "a token stands on a page"


def test_V_071_answers_count_once_in_the_browser_and_for_the_user_that_left(world):
    browser = world.browser()
    answer = world.answer(browser)
    stranger = world.browser()
    world.page(stranger, user="bob")
    assert stranger.open(answer).status == 403, "another user's answer was taken"
    assert browser.open(answer).status == 403, "a state was looked at twice"
    answer = world.answer(browser)
    twin = world.browser()
    world.page(twin)
    assert twin.open(answer).status == 403, "an answer was taken in another browser"
    answer = world.answer(browser)
    account = browser.open(f"{world.gateway.url}/account")
    browser.submit(account, form=account.form_to("/logout"))
    world.page(browser, "other", user="bob")
    assert browser.open(answer).status == 403, "an answer was taken for whoever is logged in by now"
    account = browser.open(f"{world.gateway.url}/account")
    browser.submit(account, form=account.form_to("/logout"))
    answer = world.answer(browser)
    assert browser.open(answer).status == 200
    again = browser.open(answer)
    assert again.status == 403 and world.row()["state"] == "active"


def test_V_071_an_answer_of_another_authorization_server_is_not_believed(world):
    browser = world.browser()
    for change in ({"iss": world.rival.issuer}, {"iss": None}, {"iss": world.authority.issuer + "/"}):
        before = len(world.authority.token_requests)
        world.authority.response = change
        page = world.connect(browser)
        assert page.status == 502 and "asked" in page.text, page.response.describe()
        assert len(world.authority.token_requests) == before, "the code was redeemed"
    world.authority.response = {}
    answer = world.answer(browser, "up")
    mixed = answer.replace("/connect/up/", "/connect/other/")
    assert browser.open(mixed).status == 403, "an answer was taken at another server's callback"
    assert not world.rival.token_requests, "a code went to another authorization server"


def test_V_023_a_form_of_another_page_or_browser_leaves_for_nowhere(world):
    browser, other = world.browser(), world.browser()
    page, foreign = world.page(browser), world.page(other)
    asked = len(world.authority.asked)
    for fields in ([], [("csrf", "x")], foreign.main_form.fields):
        response = browser.fetch("POST", page.url, form=fields)
        assert response.status == 403, response.describe()
    response = browser.fetch("POST", page.url, form=page.main_form.fields, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status == 403
    assert len(world.authority.asked) == asked


def test_V_026_a_login_leads_back_to_pages_of_ours_alone(world):
    browser = world.browser()
    first = browser.fetch("GET", f"{world.gateway.url}/connect/up?ticket=mct_{'x' * 50}")
    assert first.status == 303 and first.header("location").startswith("/login?transaction=connect%3Aup%3Amct_")
    for name in ("connect:up:../../evil", "connect:..:", "connect:up:a?b", "connect://evil.example", "connect:up"):
        response = browser.fetch("GET", f"{world.gateway.url}/login?transaction={urllib.parse.quote(name)}")
        page = browser.open(f"{world.gateway.url}/login?transaction={urllib.parse.quote(name)}")
        assert response.status in (200, 403)
        if page.has_form and "password" in page.main_form.names:
            done = browser.submit(page, {"username": USER, "password": PASSWORD})
            assert urllib.parse.urlsplit(done.url).netloc == urllib.parse.urlsplit(world.gateway.url).netloc
            assert urllib.parse.urlsplit(done.url).path in ("/connect/up", "/account"), done.url
            browser = world.browser()


def test_a_link_is_for_one_user_one_server_one_hour_and_one_click(world):
    ticket = world.ticket()
    alice, bob = world.browser(), world.browser()
    for browser, user, query in (
            (bob, "bob", ticket), (alice, USER, world.ticket("other")), (alice, USER, f"mct_{'A' * 75}"),
            (alice, USER, ticket[:-6] + "AAAAAA")):
        page = world.page(browser, user=user, query=f"?ticket={query}")
        assert page.status == 403 and "not for you" in page.text, page.response.describe()
    own = world.page(bob, user="bob")
    asked = len(world.authority.asked)
    response = bob.fetch("POST", own.url, form=[*own.main_form.fields, ("ticket", ticket)])
    assert response.status == 403 and len(world.authority.asked) == asked, "another user's link was clicked"
    assert world.page(alice, query=f"?ticket={world.ticket(life=-1)}").status == 410
    page = world.page(alice, query=f"?ticket={ticket}")
    assert ("ticket", ticket) in page.main_form.fields
    assert alice.submit(page).status == 200
    assert alice.submit(page).status == 409, "a link was good for two clicks"


def test_the_providers_refusals_are_said_in_words_and_lose_nothing(world):
    browser = world.browser()
    assert world.connect(browser).status == 200
    before = tuple(world.row())
    world.authority.declines = True
    page = world.connect(browser)
    assert page.status == 403 and "declined" in page.text
    world.authority.declines = False
    for act, status in ((500, 503), ("garbage", 502), ("refuse200", 502)):
        world.authority.acts = [act]
        page = world.connect(browser)
        assert page.status == status, page.response.describe()
        assert "stays as it was" in page.text
    world.authority.response = {"code": None, "error": "<b>temporarily_unavailable</b>"}
    page = world.connect(browser)
    assert page.status == 502 and "<b>temp" not in page.text
    assert tuple(world.row()) == before, "what was connected before was touched"


def test_less_than_asked_is_accepted_and_shown(world):
    world.rival.grants = ["read"]
    browser = world.browser()
    page = world.connect(browser, "other")
    assert page.status == 200 and "Not allowed" in page.text and "write" in page.text
    row = world.row("other")
    assert (row["scope"], row["state"]) == ("read", "active")
    assert world.rival.registrations[0]["token_endpoint_auth_method"] == "client_secret_post"
    assert set(row["asked_scope"].split()) == {"read", "write", "offline_access"}


def test_disconnecting_takes_the_tokens_back_upstream(world):
    browser = world.browser()
    page = world.connect(browser, user="bob")
    owner = next(row["owner"] for row in [world.row()] if row) if page.status == 200 else None
    account = browser.open(f"{world.gateway.url}/account")
    before = len(world.authority.revoked)
    done = browser.submit(account, form=account.form_to("/connect/up/disconnect"))
    assert isinstance(done, Page) and done.status == 200 and owner
    until(lambda: len(world.authority.revoked) > before)
    assert world.authority.revoked[-1].startswith(f"{CANARY}-refresh")
    assert "Disconnect" not in done.text.split("other")[1]


@pytest.mark.parametrize(("endpoint", "reason"), [({}, None), ({"revocation_endpoint": None}, "not_offered"),
    ({"revocation_endpoint": "http://127.0.0.1:9/revoke"}, "failed")])
def test_the_trail_tells_whether_tokens_could_be_given_back(worlds, endpoint, reason):
    authority = UpstreamAuthority()
    authority.metadata |= endpoint
    world = worlds(authority=authority)
    assert world.connect().status == 200
    said = world.gateway.cli("connection", "revoke", "up", "--user", USER).stdout
    assert {None: "were given back", "not_offered": "takes no tokens back", "failed": "could not be given back"}[reason] in said
    records = world.gateway.cli_json("audit", "search", "--action", "credential.returned")
    assert [(one["route"], one["reason"]) for one in records] == [("/up/mcp", reason)]
    assert world.row()["state"] == "revoked"


def test_a_client_that_was_forgotten_is_registered_anew(world):
    browser = world.browser()
    assert world.connect(browser).status == 200
    registered = len(world.authority.registrations)
    answer = world.answer(browser)
    secrets = {name: world.authority.clients.pop(name) for name in list(world.authority.clients)}
    assert browser.open(answer).status == 502
    page = world.connect(browser)
    assert page.status == 200 and len(world.authority.registrations) == registered + 1, page.response.describe()
    world.authority.clients.update(secrets)


def test_a_client_that_only_the_users_page_says_is_unknown_is_registered_anew(world):
    """An authorization server that forgot a client sends nobody back: it is asked before the next user leaves."""
    assert world.connect(world.browser()).status == 200
    registered, age = len(world.authority.registrations), "UPDATE upstream_registration SET registered_at = 1"
    for forgotten in (False, True):
        with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=60) as database:
            database.execute(age)
        secrets = dict(world.authority.clients)
        if forgotten:
            world.authority.clients.clear()
        page = world.connect(world.browser())
        assert page.status == 200 and "connected" in page.text, page.response.describe()
        assert len(world.authority.registrations) == registered + forgotten
        world.authority.clients.update(secrets)


def test_R_10_a_client_that_a_renewal_finds_forgotten_is_registered_anew_by_whoever_connects(worlds):
    """Nobody waits for what can't come back: a call says what happened, and the page leads past the dead client."""
    world = worlds(authority=UpstreamAuthority(expires_in=2))
    url = world.gateway.mcp_url("up")
    calls = MCPConnection(url, OAuthClient(world.gateway.url).log_in(url, USER, PASSWORD).access)
    call = lambda: calls.post("tools/call", {"name": "echo", "arguments": {"text": "through"}}).text  # noqa: E731
    browser = world.browser()
    assert world.connect(browser).status == 200 and "through" in call()
    world.authority.clients.clear()
    until(lambda: (world.row()["state"], world.row()["reason"]) == ("error", "client_refused"))
    until(lambda: "has forgotten the registration" in call())
    assert f"{world.gateway.url}/connect/up" in call()
    account = browser.open(f"{world.gateway.url}/account")
    assert "Reconnect: Martlet registers itself there again." in account.text
    world.authority.expires_in = 3600
    assert world.connect(browser).status == 200 and len(world.authority.registrations) == 2
    assert "through" in call() and world.row()["state"] == "active"


def test_a_server_that_is_missing_from_the_configuration_for_a_while_loses_nothing(worlds):
    world = worlds(authority=UpstreamAuthority(expires_in=3))
    url = world.gateway.mcp_url("up")
    calls = MCPConnection(url, OAuthClient(world.gateway.url).log_in(url, USER, PASSWORD).access)
    call = lambda: calls.post("tools/call", {"name": "echo", "arguments": {"text": "through"}}).text  # noqa: E731
    assert world.connect().status == 200 and "through" in call()
    servers = dict(world.gateway.config["servers"])
    reconfigure(world, {"servers": {"other": servers["other"]}})
    asked = len(world.authority.token_requests)
    version = world.row()["version"]
    assert "names no server up" in world.gateway.cli("connection", "refresh", "up", "--user", USER, exit_code=1).stderr
    time.sleep(4)  # its token ends, and nobody may be blamed for it
    row = world.row()
    assert (row["state"], row["reason"], row["failures"], row["version"]) == ("active", None, 0, version)
    assert len(world.authority.token_requests) == asked
    reconfigure(world, {"servers": servers})
    assert "through" in call(), "the first call finds everything as it was"
    assert world.authority.reused == 0 and len(world.authority.registrations) == 1


def test_an_account_of_another_authorization_server_or_kind_is_not_used_any_more(worlds):
    """And is there again when the configuration goes back."""
    world = worlds({"oauth": {"scopes": ["read"]}}, env={"UP_SECRET": "x"})
    url = world.gateway.mcp_url("up")
    calls = MCPConnection(url, OAuthClient(world.gateway.url).log_in(url, USER, PASSWORD).access)
    call = lambda: calls.post("tools/call", {"name": "echo", "arguments": {"text": "through"}}).text  # noqa: E731
    browser = world.browser()
    assert world.connect(browser).status == 200 and "through" in call()
    servers = dict(world.gateway.config["servers"])
    elsewhere = {"oauth": {"issuer": world.rival.issuer, "client_id": "x", "client_secret": {"env": "UP_SECRET"}}}
    for credential in (elsewhere, {"header": {"name": "X-Key", "per": "user"}}):
        reconfigure(world, {"servers": {**servers, "up": {**servers["up"], "credential": credential}}})
        world.up.clear()
        assert "isn't connected yet" in call() and not world.up.received(), "the token of before was sent"
        account = browser.open(f"{world.gateway.url}/account").text
        assert account.count("not connected") == 2, account
        reconfigure(world, {"servers": servers})
        assert "through" in call()


def test_a_slip_in_a_command_takes_nothing_away_and_makes_nothing(worlds, tmp_path):
    world = worlds()
    assert world.connect().status == 200
    told = world.gateway.cli("connection", "revoke", "up", "--user", USER, "--tenant", "acme", exit_code=1)
    assert "no user of that tenant" in told.stderr and world.row()["state"] == "active"
    for command in (("connection", "list"), ("secret", "status"), ("user", "list"), ("audit", "verify")):
        told = world.gateway.cli(*command, "--data-dir", str(tmp_path / "typo"), exit_code=1)
        assert "there is no installation in" in told.stderr, told
    assert not (tmp_path / "typo").exists()


def test_refresh_tokens_rotate_in_the_background_and_trouble_passes(worlds):
    world = worlds(authority=UpstreamAuthority(expires_in=4))
    world.connect()
    until(lambda: len(world.authority.refreshes()) >= 2)
    world.authority.acts = ["omit"]
    until(lambda: not world.authority.acts and world.row()["state"] == "active")
    count = len(world.authority.refreshes())
    until(lambda: len(world.authority.refreshes()) > count)
    assert world.authority.reused == 0, "a spent refresh token was presented"
    assert world.row()["state"] in ("active", "refreshing")
    world.authority.acts = [500]
    until(lambda: world.row()["state"] == "error")
    assert world.row()["reason"] == "issuer_unavailable" and world.row()["sealed_credential"]


def test_V_097_what_servers_name_is_reached_within_egress_alone(worlds):
    world = worlds(config={})
    page = world.page(world.browser())
    assert page.status == 502 and "egress.allow" in page.text, page.response.describe()
    assert not world.authority.asked
    told = [(row["action"], row["target"], row["reason"]) for row in world.gateway.cli_json("audit", "search", "--action", "egress.blocked")]
    assert told and set(told) == {("egress.blocked", "127.0.0.1", "plain http is for addresses in egress.allow only")}
    configured = worlds(lambda world: {"oauth": {"issuer": world.authority.issuer}}, config={})
    assert configured.connect().status == 200, "the operator's issuer is reached wherever it is"


def test_V_097_N_33_a_server_leads_nowhere_but_to_its_destinations(worlds):
    world = worlds(server={"destinations": ["auth.example", "*.example.com"]})
    page = world.page(world.browser())
    assert page.status == 502, page.response.describe()
    assert not world.authority.asked and not world.authority.registrations
    told = {(row["route"], row["target"], row["reason"]) for row in world.gateway.cli_json("audit", "search", "--action", "egress.blocked")}
    assert told == {("/up/mcp", "127.0.0.1", "host not listed")}
    assert worlds(server={"destinations": ["127.0.0.1"]}).connect().status == 200


FLAWS = [
    ({"issuer": "http://127.0.0.1:1"}, {}, "speaks_for_another"),
    ({"code_challenge_methods_supported": ["plain"]}, {}, "no_pkce"),
    ({"code_challenge_methods_supported": None}, {}, "no_pkce"),
    ({"token_endpoint": None}, {}, "token_endpoint"),
    ({"authorization_endpoint": "javascript:alert(1)"}, {}, "malformed|authorization_endpoint"),
    ({}, {"metadata": {"resource": "https://victim.example/mcp"}}, "speaks_for_another"),
    ({}, {"metadata": {"resource": "http://127.0.0.1:1/mcp"}}, "speaks_for_another"),
    ({"registration_endpoint": None}, {}, None),
]


def test_V_097_metadata_that_speaks_for_another_or_lacks_pkce_is_refused(worlds):
    extra = {}
    for index, (metadata, protect, _) in enumerate(FLAWS):
        extra[f"s{index}"] = (UpstreamAuthority(), protect)
        extra[f"s{index}"][0].metadata.update(metadata)
    world = worlds(extra=extra)
    browser = world.browser()
    for index, (_, _, reason) in enumerate(FLAWS):
        page = world.page(browser, f"s{index}")
        if reason is None:
            assert page.status == 200
            page = browser.submit(page)
            reason = "client_id"
        assert page.status == 502 and any(one in page.text for one in reason.split("|")), page.response.describe()
        assert not extra[f"s{index}"][0].asked


def test_D17_metadata_below_the_server_itself_is_found_by_its_challenge(worlds):
    world = worlds(protect={"path": "/mcp/.well-known/oauth-protected-resource"})
    page = world.connect()
    assert page.status == 200 and "connected" in page.text, page.response.describe()
    assert world.authority.asked[-1]["resource"] == world.up.url


def test_A8_quirks_are_configured(worlds):
    authority = UpstreamAuthority(methods=["client_secret_post"], clients={"mine": f"{CANARY}-own"}, registers=False)
    authority.metadata = {"code_challenge_methods_supported": None}
    world = worlds(
        lambda world: {"oauth": {
            "issuer": world.authority.issuer, "client_id": "mine", "client_secret": {"env": "OWN_SECRET"}, "resource": False,
            "scopes": ["read"], "extra_params": {"access_type": "offline"}}},
        authority=authority, config={}, env={"OWN_SECRET": f"{CANARY}-own"})
    page = world.connect()
    assert page.status == 200, page.response.describe()
    asked = world.authority.asked[0]
    assert "resource" not in asked and asked["scope"] == "read" and asked["access_type"] == "offline"
    assert "resource" not in world.authority.token_requests[0]


def test_a_server_without_metadata_is_configured_whole(worlds):
    authority = UpstreamAuthority(methods=["none"], clients={"public": None}, registers=False)
    issuer = authority.issuer
    authority.metadata = {"issuer": None}
    world = worlds(
        {"oauth": {"issuer": issuer, "client_id": "public", "authorization_endpoint": f"{issuer}/authorize",
                   "token_endpoint": f"{issuer}/token"}},
        authority=authority, config={}, protect={"challenge": False})
    assert world.connect().status == 200
    assert world.row()["issuer"] == issuer


def test_other_tenants_learn_of_no_server(worlds):
    world = worlds()
    world.gateway.config["servers"]["up"]["tenants"] = ["acme"]
    world.gateway.write_config()
    world.gateway.restart()
    browser = world.browser()
    hidden, absent = world.page(browser), browser.open(f"{world.gateway.url}/connect/nothing")
    assert (hidden.status, hidden.title) == (absent.status, absent.title) == (404, absent.title)
    assert "up" not in [word.strip() for word in browser.open(f"{world.gateway.url}/account").text.split("bdi>")]


def test_scopes_that_the_configuration_adds_are_asked_for_on_top(worlds):
    world = worlds({"oauth": {"scopes": ["read"]}})
    browser = world.browser()
    assert world.connect(browser).status == 200
    for scopes, again in ((["read", "write"], world.gateway.restart), (["read", "write", "admin"], world.gateway.reload)):
        world.gateway.config["servers"]["up"]["credential"]["oauth"]["scopes"] = scopes
        world.gateway.write_config()
        again()
        assert until(lambda: world.row()["state"] == "reauth_required"), "the account says so, used or not"
        shown = world.gateway.cli_json("connection", "show", "up", "--user", USER)
        assert (shown["reason"], shown["missing_scope"]) == ("scope_missing", scopes[-1])
        account = world.browser()
        world.page(account)
        page = account.open(f"{world.gateway.url}/account")
        assert "wants more than was granted" in page.text and scopes[-1] in page.text
        done = world.connect(account)
        assert done.status == 200 and set(world.authority.asked[-1]["scope"].split()) == set(scopes)
        assert world.row()["state"] == "active"
        assert "wants more" not in account.open(f"{world.gateway.url}/account").text


def test_what_was_granted_on_top_is_asked_for_again(worlds):
    """A server wanted more than is configured: whoever connects again doesn't lose it, unless the account was taken away."""
    world = worlds({"oauth": {"scopes": ["read"]}})
    browser = world.browser()
    assert world.connect(browser).status == 200
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=30) as database:
        database.execute("UPDATE connection SET scope = 'read admin' WHERE route = '/up/mcp'")
    assert world.connect(browser).status == 200
    assert set(world.authority.asked[-1]["scope"].split()) == {"read", "admin"}
    world.gateway.cli("connection", "revoke", "up", "--user", USER)
    assert world.connect(browser).status == 200
    assert world.authority.asked[-1]["scope"].split() == ["read"]


@pytest.mark.parametrize("command", [("access", "revoke", "--user", USER), ("access", "revoke", "--server", "up"), ("user", "remove", USER)])
def test_who_loses_access_loses_the_tokens_where_they_were_issued_too(worlds, command):
    world = worlds()
    assert world.connect().status == 200
    assert world.authority.revoked == []
    world.gateway.cli(*command)
    assert len(world.authority.revoked) == 1


def test_commands_list_show_refresh_and_revoke(world):
    browser = world.browser()
    assert world.connect(browser, "other").status == 200
    listed = next(one for one in world.gateway.cli_json("connection", "list", "--user", USER) if one["server"] == "other")
    assert (listed["user"], listed["state"], listed["issuer"]) == (USER, "active", world.rival.issuer)
    by_id = world.gateway.cli_json("connection", "list", "--user", listed["user_id"])
    assert listed in by_id and listed["unverified"] is False
    shown = world.gateway.cli("connection", "show", "other", "--user", USER).stdout
    assert "state: active" in shown and CANARY not in shown
    before = len(world.rival.refreshes())
    world.gateway.cli("connection", "refresh", "other", "--user", USER)
    assert len(world.rival.refreshes()) == before + 1 and world.rival.reused == 0
    revoked = len(world.rival.revoked)
    world.rival.acts = [500]
    failed = world.gateway.cli("connection", "refresh", "other", "--user", USER, exit_code=1)
    assert "could not be renewed at this moment" in failed.stderr, "what it has is still good, but that is no renewal"
    world.gateway.cli("connection", "revoke", "other", "--user", USER)
    assert len(world.rival.revoked) == revoked + 1 and world.row("other")["state"] == "revoked"
    for verb in ("refresh", "revoke"):
        failed = world.gateway.cli("connection", verb, "other", "--user", USER, exit_code=1)
        assert CANARY not in failed.stdout + failed.stderr
    assert "martlet connection list" in world.gateway.cli("connection", "show", "nothing", exit_code=1).stderr


def test_the_admin_api_shows_and_refreshes_an_account(world):
    assert world.connect(world.browser(), "other").status == 200
    admin, auditor, acme = bearer(world, "admin"), bearer(world, "auditor"), bearer(world, "tenant-admin", "--tenant", "acme")
    shown = auditor.ok("GET", f"/api/connections/other?user={USER}")
    assert (shown["user"], shown["state"], shown["refreshable"]) == (USER, "active", True)
    assert shown == world.gateway.cli_json("connection", "show", "other", "--user", USER)
    documented = request("GET", f"{world.url}/api/openapi.json").json()["components"]["schemas"]["ConnectionDetails"]
    assert set(shown) == set(documented["properties"]) == set(documented["required"])
    before = len(world.rival.refreshes())
    after = admin.ok("POST", "/api/connections/other/refresh", {"user": USER})
    assert len(world.rival.refreshes()) == before + 1 and after["version"] > shown["version"] and after["refreshed_at"]
    refused(auditor("POST", "/api/connections/other/refresh", {"user": USER}), 403, "forbidden")
    refused(acme("POST", "/api/connections/other/refresh", {"user": USER}), 404, "not_found")
    refused(acme("GET", f"/api/connections/other?user={USER}"), 404, "not_found")
    refused(admin("GET", f"/api/connections/other?user={USER}&login=true"), 404, "not_found")
    admin.ok("DELETE", f"/api/connections/other?user={USER}", status=204)
    refused(admin("POST", "/api/connections/other/refresh", {"user": USER}), 409, "conflict")
    assert len(world.rival.refreshes()) == before + 1 and CANARY not in str(shown) + str(after)


def test_a_server_that_wants_more_is_connected_again_three_times_at_most(worlds):
    world = worlds({"oauth": {"scopes": ["read"]}})
    url = world.gateway.mcp_url("up")
    calls = MCPConnection(url, OAuthClient(world.gateway.url).log_in(url, USER, PASSWORD).access)
    call = lambda: calls.post("tools/call", {"name": "echo", "arguments": {"text": "through"}}).text  # noqa: E731
    browser = world.browser()
    link = f"{world.gateway.url}/connect/up?ticket=mct_"
    assert link in call()
    assert world.connect(browser).status == 200 and "through" in call()
    world.up.needs = ["read", "write"]
    world.authority.grants = ["read"]
    asked = call()
    assert link in asked and "more than your account there was connected for: write." in asked
    until(lambda: (world.row()["reason"], world.row()["missing_scope"]) == ("scope_missing", "write"))
    for repetition in (1, 2, 3):
        assert world.connect(browser).status == 200
        assert set(world.authority.asked[-1]["scope"].split()) == {"read", "write"}, "the union was not asked for"
        assert (link in call()) == (repetition < 3), repetition
    assert "ask an administrator" in browser.open(f"{world.gateway.url}/account").text
    page = world.page(browser)
    assert "Ask once more" in page.text and "Continue to" not in page.text
    world.authority.grants = None
    assert world.connect(browser).status == 200 and "through" in call()
    seen = [one.header("authorization") for one in world.up.received()]
    assert seen and not [one for one in seen if one and not one.startswith(f"Bearer {CANARY}-access")]


def test_G12_where_documents_are_taken_martlet_is_known_by_its_own(worlds, tmp_path):
    ca = ThrowawayCA(tmp_path / "ca")
    certificate, key = ca.issue("127.0.0.1")
    authority = UpstreamAuthority(methods=["none", "client_secret_basic"])
    authority.metadata["client_id_metadata_document_supported"] = True
    world = worlds(authority=authority, config={**LOOPBACK, "tls": {"cert": str(certificate), "key": str(key)}})
    document = f"{world.gateway.url}/connect/up/client.json"
    authority.clients[document] = None
    browser = world.browser(ca_file=str(ca.ca_file))
    published = browser.fetch("GET", document).json()
    assert published["client_id"] == document and published["token_endpoint_auth_method"] == "none"
    assert published["redirect_uris"] == [f"{world.gateway.url}/connect/up/callback"]
    assert world.connect(browser).status == 200
    assert authority.asked[0]["client_id"] == document and not authority.registrations


def test_a_callback_is_no_page_for_strangers(world):
    browser = world.browser()
    answer = world.answer(browser)
    nobody = world.browser().open(answer)
    assert not isinstance(nobody, Callback) and "password" in nobody.main_form.names
