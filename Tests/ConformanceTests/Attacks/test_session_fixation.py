"""An attacker plants a session before the victim logs in, or keeps one that has ended.

A session id that was known before a login must be worthless after it, logging out must end it on the server, and no
link may change anything.
"""

import urllib.parse

import pytest
from martlet_support import Browser, Callback, FakeMCPServer, Gateway, OAuthClient, Page, Pkce, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import Person, person, registered
from martlet_support.tls import ThrowawayCA


def cookies(browser) -> dict[str, str]:
    return {cookie.name: cookie.value for cookie in browser.cookies}


def named(browser, kind: str) -> str:
    return next(name for name in cookies(browser) if name.endswith(kind))


def with_cookies(world, values: dict[str, str], path: str, **options):
    return request(options.pop("method", "GET"), world.url + path,
        headers={"Cookie": "; ".join(f"{n}={v}" for n, v in values.items())}, **options)


def is_logged_in(world, values: dict[str, str]) -> bool:
    answer = with_cookies(world, values, "/account")
    assert answer.status in (200, 303), answer.describe()
    return answer.status == 200


def test_V_054_N_29_a_new_session_at_each_login(shared):
    me = Person(shared)
    client = registered(shared)
    before = cookies(shared.browser())
    me.page(client.authorize_url(shared.mcp_url(), Pkce()))
    first = cookies(me.browser)
    session = named(me.browser, "session")
    assert session not in before
    me.browser.submit(me.browser.open(shared.url + "/account"))
    assert not is_logged_in(shared, first), "logging out ends it on the server, not only in the browser"
    me.page(client.authorize_url(shared.mcp_url(), Pkce()))
    assert cookies(me.browser)[session] != first[session]


def test_V_054_N_29_logging_in_again_ends_the_session_before(shared):
    """Two login pages were open; the second login must not leave the first session behind."""
    browser = shared.browser()
    first, second = (browser.open(registered(shared).authorize_url(shared.mcp_url(), Pkce())) for _ in range(2))
    browser.submit(first, {"username": USER, "password": PASSWORD})
    old = cookies(browser)
    browser.submit(second, {"username": USER, "password": PASSWORD})
    assert cookies(browser)[named(browser, "session")] != old[named(browser, "session")]
    assert is_logged_in(shared, cookies(browser))
    assert not is_logged_in(shared, {**cookies(browser), named(browser, "session"): old[named(browser, "session")]})


@pytest.mark.parametrize("planted", ["mls_" + "A" * 43, "attacker", "", "mbr_" + "B" * 43])
def test_V_054_a_planted_session_never_becomes_the_victims(shared, planted):
    victim = Person(shared)
    port = urllib.parse.urlsplit(shared.url).port
    name = f"martlet-{port}-session"
    client = registered(shared)
    url = client.authorize_url(shared.mcp_url(), Pkce())
    begun = victim.browser.fetch("GET", url)
    browser_cookie = cookies(victim.browser)
    page = Page(with_cookies(shared, {**browser_cookie, name: planted}, begun.header("location")))
    form = dict(page.main_form.fields) | {"username": USER, "password": PASSWORD}
    answer = with_cookies(shared, {**browser_cookie, name: planted}, "/login", method="POST", form=form)
    assert answer.status == 303, answer.describe()
    given = next(v for v in answer.header_values("set-cookie") if v.startswith(name + "="))
    assert planted == "" or planted not in given
    assert not is_logged_in(shared, {**browser_cookie, name: planted})


def test_V_054_a_session_belongs_to_its_browser(shared):
    me, other = Person(shared), shared.browser()
    me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    other.fetch("GET", registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    mine, theirs = cookies(me.browser), cookies(other)
    session = named(me.browser, "session")
    assert is_logged_in(shared, mine)
    assert not is_logged_in(shared, {**theirs, session: mine[session]}), "a stolen session cookie alone opens nothing"
    assert not is_logged_in(shared, {session: mine[session]})
    assert not is_logged_in(shared, {**mine, session: mine[session][:-1] + ("A" if mine[session][-1] != "A" else "B")})


def test_V_054_a_repeated_cookie_is_no_cookie(shared):
    me = Person(shared)
    me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    mine, session = cookies(me.browser), named(me.browser, "session")
    header = "; ".join(f"{n}={v}" for n, v in mine.items()) + f"; {session}=planted"
    assert request("GET", shared.url + "/account", headers={"Cookie": header}).status == 303


@pytest.mark.parametrize("path", ["/logout", "/consent", "/login", "/account", "/authorize", "/login/corp", "/register",
    "/token", "/revoke"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_V_054_reading_changes_nothing(shared, path, method):
    me = person(shared)
    me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    before = cookies(me.browser)
    me.browser.fetch(method, shared.url + path)
    assert is_logged_in(shared, before), f"{method} {path} ended the session"


def test_V_054_logging_out_needs_our_form(shared):
    me = Person(shared)
    me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    for form in ({}, {"csrf": ""}, {"csrf": "A" * 43}):
        answer = me.browser.fetch("POST", f"{shared.url}/logout", form=form)
        assert answer.status in (400, 403), answer.describe()
    assert is_logged_in(shared, cookies(me.browser))
    page = me.browser.open(f"{shared.url}/account")
    done = me.browser.fetch("POST", f"{shared.url}/logout", form=page.main_form.fields)
    cleared = [v for v in done.header_values("set-cookie") if "Max-Age=0" in v]
    assert {v.split("=")[0].rsplit("-", 1)[1] for v in cleared} >= {"session"}, done.describe()


def test_V_054_what_another_tab_began_goes_on_after_logging_out_with_a_new_login(shared):
    me = Person(shared)
    client = registered(shared)
    waiting = me.page(client.authorize_url(shared.mcp_url(), Pkce()))
    me.browser.fetch("POST", f"{shared.url}/logout", form=me.browser.open(f"{shared.url}/account").main_form.fields)
    answer = me.browser.submit(waiting, {"decision": "allow"})
    assert not isinstance(answer, Callback) and "password" in answer.main_form.names, "nobody is logged in"
    answer = me.browser.submit(answer, {"username": me.user, "password": me.password})
    assert isinstance(me.browser.submit(answer, {"decision": "allow"}), Callback)


def attributes(value: str) -> tuple[str, dict[str, str]]:
    name, *rest = [part.strip() for part in value.split(";")]
    return name.split("=")[0], {part.split("=")[0].lower(): part.partition("=")[2] for part in rest}


def kind(value: str, prefix: str) -> str:
    name = attributes(value)[0]
    assert name.startswith(prefix), name
    return name.removeprefix(prefix).split("-")[0]


def test_V_089_cookies_on_http_loopback(shared):
    me = Person(shared)
    me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    port = urllib.parse.urlsplit(shared.url).port
    seen = [v for answer in me.browser.trail for v in answer.header_values("set-cookie")]
    assert {kind(v, f"martlet-{port}-") for v in seen} == {"browser", "session"}
    for value in seen:
        name, having = attributes(value)
        assert {"httponly", "samesite", "path"} <= set(having) and having["samesite"] in ("Lax",
            "Strict") and having["path"] == "/", value
        assert "secure" not in having and "domain" not in having, value
        assert len(value) < 4096


def test_V_089_cookies_on_https(tmp_path):
    ca = ThrowawayCA(tmp_path)
    cert, key = ca.issue("127.0.0.1", "localhost")
    with FakeMCPServer() as upstream, Gateway({"one": upstream.url},
            config={"tls": {"cert": str(cert), "key": str(key)}}, users={USER: PASSWORD}) as gateway:
        assert gateway.url.startswith("https://")
        body = {"redirect_uris": ["https://app.example.com/cb"], "token_endpoint_auth_method": "none"}
        client_id = request("POST", f"{gateway.url}/register", json=body, ca_file=str(ca.ca_file)).json()["client_id"]
        client = OAuthClient(gateway.url, client_id=client_id, redirect_uri="https://app.example.com/cb")
        browser = Browser(gateway.url, ca_file=str(ca.ca_file))
        page = browser.open(client.authorize_url(gateway.mcp_url("one"), Pkce()))
        page = browser.submit(page, {"username": USER, "password": PASSWORD})
        assert isinstance(page, Page) and "decision" in page.main_form.names
        seen = [v for answer in browser.trail for v in answer.header_values("set-cookie")]
        assert {kind(v, "__Host-martlet-") for v in seen} == {"browser", "session"}
        for value in seen:
            _, having = attributes(value)
            assert {"secure", "httponly",
                "samesite"} <= set(having) and having["path"] == "/" and "domain" not in having, value
        assert any(a.header("strict-transport-security") for a in browser.trail), "N-37"
