"""Consent given for one client, in one browser, is used by another.

An attacker who registers a client, or who sends a victim a link, must never get a code without the victim's own click
on a page that names the attacker's client and return address; and what the victim approved in one browser must be worth
nothing in another.
"""

import urllib.parse

import pytest
from martlet_support import Browser, Callback, Page, Pkce, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import Person, person, registered


def no_code(answer) -> None:
    assert "code=" not in (answer.header("location") or ""), answer.describe()


def forms_of(page: Page, **changed) -> list[tuple[str, str]]:
    """The main form's fields with the decision, some changed or (None) left out."""
    values = dict(page.main_form.fields) | {"decision": "allow"} | changed
    return [(name, value) for name, value in values.items() if value is not None]


def test_V_008_no_login_no_code(shared):
    client, browser = registered(shared), shared.browser()
    url = client.authorize_url(shared.mcp_url(), Pkce())
    for _ in range(3):
        answer = browser.fetch("GET", url)
        no_code(answer)
        assert answer.header("location").startswith("/login?"), answer.describe()
    transaction = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(answer.header("location")).query))["transaction"]
    for method, form in (("GET", None), ("POST", [("transaction", transaction), ("decision", "allow")]),
                         ("POST", [("transaction", transaction), ("decision", "allow"), ("csrf", "")])):
        answer = browser.fetch(method, f"{shared.url}/consent?transaction={transaction}", form=form)
        no_code(answer)
    page = browser.open(url)
    assert "password" in page.main_form.names, "the login page is where it ends"


def test_V_008_a_login_without_a_decision_gives_no_code(shared):
    me, client = Person(shared), registered(shared)
    page = me.page(client.authorize_url(shared.mcp_url(), Pkce()))
    for form in (forms_of(page, decision=None), forms_of(page, decision=""), forms_of(page, decision="maybe"),
            forms_of(page, decision="ALLOW"),
                 forms_of(page) + [("decision", "deny")]):
        answer = me.browser.fetch("POST", f"{shared.url}/consent", form=form)
        no_code(answer)
        assert answer.status == 400, answer.describe()
    query = urllib.parse.urlencode(forms_of(page))
    no_code(me.browser.fetch("GET", f"{shared.url}/consent?{query}"))
    no_code(me.browser.fetch("HEAD", f"{shared.url}/consent?{query}"))
    assert isinstance(me.browser.submit(page, {"decision": "allow"}), Callback), "the transaction is still undecided"


def test_V_018a_N_06_an_earlier_consent_to_another_client_opens_nothing(shared):
    """The victim approved a good client; the attacker's looks the same but for where the answer goes."""
    me = person(shared)
    good = registered(shared, redirect_uri="https://good.example.com/cb", extra={"client_name": "Good App"})
    me.tokens(good)
    evil = registered(shared, redirect_uri="https://evil.example.net/cb", extra={"client_name": "Good App"})
    page = me.page(evil.authorize_url(shared.mcp_url(), Pkce(), scope="mcp offline_access"))
    assert "evil.example.net" in page.text and "good.example.com" not in page.text
    assert "Good App" in page.text and "alice" in page.text
    assert "stateful" in page.text, "what for"
    assert "30 days" in page.text, "how long"
    assert page.response.header("x-frame-options") == "DENY"
    again = me.page(good.authorize_url(shared.mcp_url(), Pkce()))
    assert "good.example.com" in again.text, "V-008: shown even where it is remembered"


def test_V_096_a_loopback_redirect_is_warned_of(shared):
    me = person(shared)
    local = me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    remote = me.page(registered(shared, redirect_uri="https://remote.example.com/cb").authorize_url(shared.mcp_url(),
        Pkce()))
    assert "warning" in local.text and "warning" not in remote.text
    assert "127.0.0.1" in local.text


def test_V_018b_approved_here_worth_nothing_there(shared):
    """CVE-2026-27124: the attacker starts, the victim finishes (or the other way round)."""
    attacker, victim = Person(shared), Person(shared)
    client = registered(shared, redirect_uri="https://attacker.example/cb")
    url = client.authorize_url(shared.mcp_url(), Pkce(), state="attacker")
    page = attacker.page(url)
    # The attacker's consent page, and the form on it, brought to the victim's browser.
    victim.browser.open(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    answer = victim.browser.fetch("GET", page.url)
    assert answer.status == 403, answer.describe()
    no_code(answer)
    answer = victim.browser.fetch("POST", f"{shared.url}/consent", form=forms_of(page))
    assert answer.status == 403, answer.describe()
    no_code(answer)
    # And the login page: the victim must not log the attacker's transaction in.
    fresh = shared.browser()
    login = fresh.open(url)
    stolen = shared.browser()
    stolen.open(f"{shared.url}/login")
    form = dict(login.main_form.fields) | {"username": USER, "password": PASSWORD}
    answer = stolen.fetch("POST", f"{shared.url}/login", form=form)
    assert answer.status == 403 and "session" not in (answer.header("set-cookie") or ""), answer.describe()


def test_V_018b_without_cookies_there_is_no_page(shared):
    me = person(shared)
    page = me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    for answer in (request("GET", page.url), request("POST", f"{shared.url}/consent", form=forms_of(page))):
        assert answer.status in (303, 403), answer.describe()
        no_code(answer)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", "same-origin", None])
def test_V_018c_a_remembered_approval_is_never_silent(shared, site):
    me, client = person(shared), registered(shared)
    me.tokens(client)
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"} if site else {}
    answer = me.browser.fetch("GET", client.authorize_url(shared.mcp_url(), Pkce()), headers=headers)
    no_code(answer)
    shown = me.browser.fetch("GET", shared.url + answer.header("location"), headers=headers)
    no_code(shown)
    assert shown.status == 200 and "decision" in shown.text


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
])
def test_V_018c_a_form_from_elsewhere_decides_nothing(shared, headers):
    """Even with everything right in it: belt and braces beside SameSite and the anti-forgery value."""
    me = person(shared)
    page = me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    carrier = me.browser.fetch("GET", page.url)
    cookie = "; ".join(f"{c.name}={c.value}" for c in me.browser.cookies)
    answer = request("POST", f"{shared.url}/consent", form=forms_of(page), headers={"Cookie": cookie, **headers})
    assert carrier.status == 200 and answer.status == 403, answer.describe()
    no_code(answer)


@pytest.mark.parametrize("field", ["transaction", "csrf"])
def test_V_050c_V_018b_tampered_fields_are_refused(shared, field):
    me, client = person(shared), registered(shared)
    page, other = (me.page(client.authorize_url(shared.mcp_url(), Pkce(), state=s)) for s in ("one", "two"))
    values, others = dict(page.main_form.fields), dict(other.main_form.fields)
    flipped = ("A" if values[field][0] != "A" else "B") + values[field][1:]
    for value in (None, "", "x", flipped, values[field] + "A", values[field] + "=", others[field],
            values[field].lower() + "é", "A" * 5000):
        answer = me.browser.fetch("POST", f"{shared.url}/consent", form=forms_of(page, **{field: value}))
        assert answer.status in (400, 403), answer.describe()
        no_code(answer)


@pytest.mark.parametrize("field", ["client_id", "redirect_uri", "scope", "state", "code_challenge", "user", "resource"])
def test_V_050c_what_was_validated_is_what_is_answered(shared, field):
    """Whatever else the form says, the answer goes where /authorize validated, for what it validated."""
    me, client = person(shared), registered(shared, redirect_uri="https://app.example.com/cb")
    page = me.page(client.authorize_url(shared.mcp_url(), pkce := Pkce(), state="mine"))
    extra = {"redirect_uri": "https://evil.example/", "resource": shared.mcp_url("modern")}.get(field, "evil")
    answer = me.browser.fetch("POST", f"{shared.url}/consent", form=forms_of(page) + [(field, extra)])
    location = answer.header("location")
    if location is None:
        assert answer.status in (400, 403), answer.describe()
        return
    assert location.startswith("https://app.example.com/cb?") and "state=mine" in location
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))["code"]
    assert client.exchange(code, pkce).json()["scope"] == "mcp"


def test_V_023_ten_tabs_each_finish_their_own(shared):
    me = Person(shared)
    clients = [registered(shared, redirect_uri=f"https://app{i}.example.com/cb",
        extra={"client_name": f"App {i}"}) for i in range(10)]
    secrets = [Pkce() for _ in clients]
    pages = [me.page(c.authorize_url(shared.mcp_url(), p, state=str(i))) for i,
        (c, p) in enumerate(zip(clients, secrets))]
    for index in (3, 0, 9, 1, 8, 2, 7, 4, 6, 5):
        foreign = dict(pages[(index + 1) % 10].main_form.fields)
        mixed = me.browser.fetch("POST", f"{shared.url}/consent", form=forms_of(pages[index], csrf=foreign["csrf"]))
        assert mixed.status == 403, "none can complete another's transaction"
        callback = me.browser.submit(pages[index], {"decision": "allow"})
        assert callback.url.startswith(f"https://app{index}.example.com/cb?") and callback.state == str(index)
        assert clients[index].exchange(callback.code, secrets[index]).status == 200


def test_V_023_parallel_logins_before_any_session(shared):
    browser = shared.browser()
    clients = [registered(shared, redirect_uri=f"https://tab{i}.example.com/cb") for i in range(3)]
    pages = [browser.open(c.authorize_url(shared.mcp_url(), Pkce(), state=str(i))) for i, c in enumerate(clients)]
    for index, page in enumerate(pages):
        page = browser.submit(page, {"username": USER, "password": PASSWORD})
        assert isinstance(page, Page) and "decision" in page.main_form.names
        assert browser.submit(page, {"decision": "allow"}).state == str(index)


def test_a_decision_is_final(shared):
    """A denied transaction stays denied, an allowed one gives the same code again and no second one."""
    me, client = person(shared), registered(shared)
    page = me.page(client.authorize_url(shared.mcp_url(), Pkce()))
    denied = me.browser.submit(page, {"decision": "deny"})
    assert denied.params["error"] == "access_denied"
    assert me.browser.submit(page, {"decision": "allow"}).url == denied.url


def test_another_user_of_the_same_browser_does_not_inherit_a_decision(own):
    own.gateway.add_user("bob", "another long password")
    client, browser = registered(own), Browser(own.url)
    first = Person(own, browser=browser)
    page = first.page(client.authorize_url(own.mcp_url(), Pkce(), state="s"))
    done = browser.submit(page, {"decision": "allow"})
    assert done.code
    account = browser.open(own.url + "/account")
    browser.submit(account)
    browser.open(f"{own.url}/login")
    login = browser.open(client.authorize_url(own.mcp_url(), Pkce()))
    assert "password" in login.main_form.names, "logged out"
    browser.submit(login, {"username": "bob", "password": "another long password"})
    answer = browser.fetch("POST", f"{own.url}/consent", form=forms_of(page))
    no_code(answer)
