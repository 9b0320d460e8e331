"""An identity provider that lies, is confused with another, or fails.

Whoever comes from a provider is who its signed, fresh, single-use answer for exactly this login says, under issuer and
subject; an answer of another issuer, an old one, a broken one or none at all logs nobody in, and does not harm those
who are.
"""

import base64
import json
import time
import urllib.parse

import pytest
from joserfc.jwk import OctKey, RSAKey
from martlet_support import (
    Browser, Callback, FakeMCPServer, Gateway, MCPConnection, OAuthClient, Page, Pkce, Tokens, request,
)
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.scripted_provider import ScriptedProvider
from martlet_support.steps import at_once, count, within


class World:
    """A gateway with two providers, `corp` and `other`."""

    def __init__(self, gateway, corp, other, upstream):
        self.gateway, self.corp, self.other, self.upstream = gateway, corp, other, upstream
        self.url, self.resource = gateway.url, gateway.mcp_url("one")
        self.client = OAuthClient(self.url)
        assert self.client.register().status == 201

    def browser(self) -> Browser:
        return Browser(self.url, origins=(self.corp.origin, self.other.origin))

    def login_page(self, browser) -> Page:
        page = browser.open(self.client.authorize_url(self.resource, Pkce()))
        assert isinstance(page, Page) and "password" in page.main_form.names
        return page

    def arrive(self, browser=None, provider: str = "corp") -> Page | Callback:
        """One click on the provider's button; the page that the browser ends on."""
        browser = browser or self.browser()
        page = self.login_page(browser)
        return browser.submit(page, form=page.form_to(f"/login/{provider}"))

    def away(self, browser, provider: str = "corp") -> str:
        """Leaves for a provider and stops there; the URL of its authorization request."""
        page = self.login_page(browser)
        form = page.form_to(f"/login/{provider}")
        answer = browser.fetch("POST", urllib.parse.urljoin(page.url, form.action), form=form.fields)
        assert answer.status == 303, answer.describe()
        return answer.header("location")

    def subject(self, provider: str = "corp") -> str:
        browser, pkce = self.browser(), Pkce()
        page = browser.open(self.client.authorize_url(self.resource, pkce))
        page = browser.submit(page, form=page.form_to(f"/login/{provider}"))
        callback = browser.submit(page, {"decision": "allow"})
        return Tokens.of(self.client.exchange(callback.code, pkce)).claims["sub"]


def logged_in(page, browser) -> bool:
    return isinstance(page,
        Page) and page.has_form and "decision" in page.main_form.names and any("session" in c.name
        for c in browser.cookies)


@pytest.fixture(scope="module")
def world():
    with ScriptedProvider() as corp, ScriptedProvider() as other, FakeMCPServer() as upstream:
        providers = {
            "corp": {"issuer": corp.issuer, "client_id": "martlet", "client_secret": {"env": "SECRET"}},
            "other": {"issuer": other.issuer, "client_id": "martlet-there", "client_secret": {"env": "SECRET"}},
        }
        config = {"identity": {"local": True, "providers": providers}}
        with Gateway({"one": upstream.url}, config=config, env={"SECRET": "the-secret" * 4},
                users={USER: PASSWORD}) as gateway:
            yield World(gateway, corp, other, upstream)


@pytest.fixture(autouse=True)
def well_behaved(world):
    """Each test bends what it needs."""
    for provider in (world.corp, world.other):
        provider.subject, provider.claims, provider.header, provider.sign_with, provider.raw_id_token = "subject-1", {
            }, {}, None, None
        provider.answer, provider.metadata, provider.broken, provider.down, provider.delay = None, {}, {}, False, {}
        provider.requests.clear()


def test_N_20_an_honest_provider_logs_in(world):
    browser = world.browser()
    assert logged_in(world.arrive(browser), browser)
    asked = next(query for _, path, query in world.corp.requests if path == "/authorize")
    assert asked["response_type"] == "code" and asked["code_challenge_method"] == "S256" and len(
        asked["code_challenge"]) == 43
    assert asked["nonce"] and asked["state"] and "openid" in asked["scope"].split()
    assert asked["redirect_uri"] == f"{world.url}/login/corp/callback", "V-071: a callback of its own for each issuer"
    exchange = next(form for _, path, form in world.corp.requests if path == "/token")
    assert exchange["code_verifier"] and "the-secret" not in json.dumps(asked)


NOW = int(time.time())
BAD_CLAIMS = {
    "iss of another": {"iss": "https://evil.example"}, "iss with slash": {"iss": "{issuer}/"},
    "iss upper case": {"iss": "HTTP{tail}"}, "no iss": {"iss": None},
    "aud of another": {"aud": "someone-else"}, "aud substring": {"aud": "martlet-x"}, "aud empty": {"aud": []},
    "no aud": {"aud": None}, "aud list without azp": {"aud": ["martlet", "evil"], "azp": "evil"},
    "azp of another": {"azp": "evil"}, "expired": {"exp": NOW - 3600}, "exp text": {"exp": str(NOW + 9999)},
    "exp 1e300": {"exp": 1e300}, "no exp": {"exp": None}, "exp negative": {"exp": -1},
    "iat far ahead": {"iat": NOW + 86_400}, "no iat": {"iat": None}, "nbf ahead": {"nbf": NOW + 86_400},
    "nonce of another": {"nonce": "x"}, "no nonce": {"nonce": None}, "nonce number": {"nonce": 1},
    "no sub": {"sub": None}, "sub empty": {"sub": ""}, "sub number": {"sub": 7}, "sub too long": {"sub": "x" * 5000},
}


@pytest.mark.parametrize("name", list(BAD_CLAIMS))
def test_N_20_a_wrong_claim_logs_nobody_in(world, name):
    issuer = world.corp.issuer
    world.corp.claims = {
        key: value.replace("{issuer}", issuer).replace("{tail}", issuer[4:]) if isinstance(value,
            str) else value for key, value in BAD_CLAIMS[name].items()}
    browser = world.browser()
    page = world.arrive(browser)
    assert not logged_in(page, browser), name
    assert isinstance(page, Page) and page.status in (400, 403), page.response.describe()
    assert "evil" not in page.text


def test_N_20_V_056_a_wrong_signature_logs_nobody_in(world):
    public = json.dumps(world.corp.keys[0].as_dict(private=False)).encode()
    bends = {
        "stranger's key": lambda p: setattr(p, "sign_with", RSAKey.generate_key(2048)),
        "hs256 with the client secret": lambda p: (setattr(p, "sign_with", OctKey.import_key("the-secret" * 4)),
            p.header.update(alg="HS256")),
        "hs256 with the public key": lambda p: (setattr(p, "sign_with", OctKey.import_key(public)),
            p.header.update(alg="HS256")),
        "not a token": lambda p: setattr(p, "raw_id_token", "nonsense"),
        "unsigned": lambda p: setattr(p, "raw_id_token", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."),
        "empty": lambda p: setattr(p, "raw_id_token", " "),
    }
    for name, bend in bends.items():
        world.corp.header, world.corp.sign_with, world.corp.raw_id_token = {}, None, None
        bend(world.corp)
        browser = world.browser()
        page = world.arrive(browser)
        assert not logged_in(page, browser) and page.status in (400, 403), (name, page.response.describe())


# N-07: state


def callback_url(world, provider: str, **parameters) -> str:
    return f"{world.url}/login/{provider}/callback?{urllib.parse.urlencode(parameters)}"


def answered(world, browser, provider: str = "corp") -> str:
    """The URL that a provider sends the browser back to."""
    answer = request("GET", world.away(browser, provider))
    return answer.header("location")


def test_N_07_a_state_counts_once(world):
    browser = world.browser()
    url = answered(world, browser)
    assert logged_in(browser.open(url), browser)
    again = browser.fetch("GET", url)
    assert again.status == 403 and "location" not in again.text, again.describe()


def test_N_07_V_018b_a_state_belongs_to_its_browser(world):
    """Login CSRF: the attacker's finished provider login, opened by the victim."""
    attacker, victim = world.browser(), world.browser()
    url = answered(world, attacker)
    world.login_page(victim)
    answer = victim.fetch("GET", url)
    assert answer.status == 403 and not any("session" in c.name for c in victim.cookies), answer.describe()
    assert request("GET", url).status == 403, "and nobody without cookies"
    assert world.corp.count("/token") == 0, "the code went nowhere"


def test_N_07_the_same_where_no_client_waits(world):
    """A login that only leads to the account page has no transaction that would tell browsers apart."""
    attacker, victim = world.browser(), world.browser()
    page = attacker.open(f"{world.url}/login")
    away = attacker.fetch("POST", f"{world.url}/login/corp", form=page.form_to("/login/corp").fields)
    back = request("GET", away.header("location")).header("location")
    world.login_page(victim)
    answer = victim.fetch("GET", back)
    assert answer.status == 403 and not any("session" in c.name for c in victim.cookies), answer.describe()
    again = attacker.fetch("GET", back)
    assert again.status == 403, "and it is spent"
    page = attacker.open(f"{world.url}/login")
    landed = attacker.submit(page, form=page.form_to("/login/corp"))
    assert isinstance(landed, Page) and landed.url.endswith("/account") and landed.status == 200


@pytest.mark.parametrize("state", ["", "x", "mfs_" + "A" * 43, "é", "x" * 5000])
def test_N_07_an_unknown_state_is_refused(world, state):
    browser = world.browser()
    world.login_page(browser)
    answer = browser.fetch("GET", callback_url(world, "corp", code="c", state=state, iss=world.corp.issuer))
    assert answer.status in (400, 403), answer.describe()
    assert world.corp.count("/token") == 0


# V-071: mix-up


def test_V_071_an_answer_of_another_issuer_is_refused_and_its_code_goes_nowhere(world):
    browser = world.browser()
    url = answered(world, browser, "corp")
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
    answer = browser.fetch("GET", callback_url(world, "other", **query))
    assert answer.status == 403, answer.describe()
    assert world.other.count("/token") == 0, "corp's code never reaches the other provider"


@pytest.mark.parametrize("iss", ["{other}", "{corp}/", "https://evil.example", None, ""])
def test_V_071_iss_is_compared_where_it_is_promised(world, iss):
    world.corp.answer = {"iss": None if iss is None else iss.format(corp=world.corp.issuer, other=world.other.issuer)}
    browser = world.browser()
    page = world.arrive(browser)
    assert not logged_in(page, browser) and page.status in (400, 403), page.response.describe()
    assert world.corp.count("/token") == 0, "before the code is sent anywhere"


def test_V_071_an_error_of_another_issuer_is_not_shown(world):
    world.corp.answer = {"code": None, "error": "access_denied", "error_description": "phone 555 now",
        "iss": "https://evil.example"}
    page = world.arrive()
    assert isinstance(page, Page) and page.status in (400, 403) and "phone 555" not in page.text


def test_a_providers_own_words_are_not_repeated(world):
    world.corp.answer = {"code": None, "error": "access_denied", "error_description": "phone 555 now <script>"}
    page = world.arrive()
    assert isinstance(page, Page) and "phone 555" not in page.text and page.status in (200, 400, 403)


# V-070: identity


def test_V_070_the_identity_is_issuer_and_subject(world):
    first = world.subject("corp")
    world.corp.claims = {"email": "changed@example.com", "name": "Someone Else", "preferred_username": USER}
    assert world.subject("corp") == first, "an address may change"
    world.corp.subject = "subject-2"
    assert world.subject("corp") != first, "the same address is not the same person"
    assert world.subject("other") != first, "the same subject elsewhere is not either"
    world.corp.subject, world.corp.claims = "subject-1", {"email": "someone@example.com", "email_verified": False}
    assert world.subject("corp") == first


@pytest.mark.parametrize("subject", [USER, f"{USER} ", "usr_x", "SUBJECT-1", "subject-1\u0000", "ｓubject-1",
    "subject-1\u200b"])
def test_V_070_no_subject_becomes_a_local_user_or_another_subject(world, subject):
    known = {world.subject("corp")}
    local = OAuthClient(world.url)
    known.add(local.log_in(world.resource, USER, PASSWORD).claims["sub"])
    world.corp.subject = subject
    browser = world.browser()
    page = world.arrive(browser)
    if logged_in(page, browser):
        assert world.subject("corp") not in known


# V-073, R-30, R-31


def test_V_073_unknown_keys_are_not_fetched_for_each_token(world):
    assert world.subject("corp")
    world.corp.requests.clear()
    tries = count(15, 2000)
    for index in range(tries):
        world.corp.header = {"kid": f"random-{index}"}
        browser = world.browser()
        page = world.arrive(browser)
        assert not logged_in(page, browser)
    fetched = world.corp.count("/jwks")
    assert fetched <= 2 + tries // 100, f"{fetched} fetches of the key set for {tries} tokens"
    world.corp.header = {}
    assert world.subject("corp"), "0 failures of good tokens"
    print(f"proof: V-073 count={tries}")


def test_V_073_tokens_with_random_keys_at_the_route_cost_nothing(world):
    tokens = OAuthClient(world.url).log_in(world.resource, USER, PASSWORD)
    for index in range(count(300, 10_000)):
        head = base64.urlsafe_b64encode(json.dumps({"alg": "ES256", "typ": "at+jwt",
            "kid": f"k{index}"}).encode()).decode().rstrip("=")
        answer = request("GET", world.resource,
            headers={"Authorization": f"Bearer {head}.{tokens.access.split('.', 1)[1]}"})
        assert answer.status == 401
    assert MCPConnection(world.resource, tokens.access).initialize().status == 200


def test_R_30_a_provider_that_is_down_keeps_nobody_out_who_is_in(world):
    browser, pkce = world.browser(), Pkce()
    page = world.arrive(browser)
    assert logged_in(page, browser)
    signed_in = world.client.authorize_url(world.resource, pkce)
    tokens = OAuthClient(world.url).log_in(world.resource, USER, PASSWORD)
    waiting = world.browser()
    halfway = answered(world, waiting)
    world.corp.down = True
    shown = browser.open(signed_in)
    assert logged_in(shown, browser), "a session goes on"
    callback = browser.submit(shown, {"decision": "allow"})
    federated = Tokens.of(world.client.exchange(callback.code, pkce))
    assert Tokens.of(world.client.refresh(federated.refresh)).access, "so do its tokens"
    connection, number = MCPConnection(world.resource, tokens.access), count(40, 30_000)
    assert connection.initialize().status == 200
    heard = at_once(8, lambda _: {connection.post("tools/list").status for _ in range(number // 8)})
    assert set().union(*heard) == {200}, "nor do their calls fail, however many"
    answer = waiting.fetch("GET", halfway)
    assert answer.status == 503 and int(answer.header("retry-after")) >= 1, answer.describe()
    assert "corp" in answer.text, "in words, with the way on"
    assert OAuthClient(world.url).log_in(world.resource, USER, PASSWORD).access, "local users don't notice"
    world.corp.down = False
    fresh = world.browser()
    assert logged_in(world.arrive(fresh), fresh), "and it recovers by itself"
    print(f"proof: R-30 count={number // 8 * 8}")


@pytest.mark.parametrize("path", ["/token", "/jwks"])
@pytest.mark.parametrize("answer", [(500, b"oops", "text/plain"), (200, b"<html>", "text/html"),
    (200, b"", "application/json"), (200, b"[]", "application/json"),
                                    (302, b"", "text/plain"), (200, b'{"keys":[]}', "application/json"),
                                    (429, b"{}", "application/json")])
def test_R_31_junk_logs_nobody_in_and_removes_no_key(world, path, answer):
    assert world.subject("corp")
    world.corp.broken = {path: answer}
    browser = world.browser()
    page = world.arrive(browser)
    if path == "/token":
        assert not logged_in(page, browser) and page.status in (400, 403, 503), page.response.describe()
        if page.status == 503:
            assert page.response.header("retry-after")
    else:
        assert logged_in(page, browser), "the last good keys are kept, never zero keys"


def test_N_20_discovery_of_another_issuer_is_refused():
    with ScriptedProvider() as liar, FakeMCPServer() as upstream:
        liar.metadata = {"issuer": "https://good.example"}
        config = {"identity": {"providers": {"corp": {"issuer": liar.issuer, "client_id": "martlet",
            "client_secret": {"env": "SECRET"}}}}}
        with Gateway({"one": upstream.url}, config=config, env={"SECRET": "s"}) as gateway:
            client = OAuthClient(gateway.url)
            client.register()
            browser = Browser(gateway.url, origins=(liar.origin,))
            page = browser.open(client.authorize_url(None, Pkce()))
            answer = browser.fetch("POST", f"{gateway.url}/login/corp", form=page.form_to("/login/corp").fields)
            assert answer.status in (403, 503) and answer.header("location") is None, answer.describe()
            assert liar.count("/authorize") == 0


def test_R_31_a_new_key_is_learnt(world):
    """Rotation at the provider: a good token waits no longer than the pause of 30 s after the last fetch."""
    assert world.subject("corp")
    world.corp.rotate("key-2")
    deadline = time.monotonic() + within(35)
    while True:
        browser = world.browser()
        if logged_in(world.arrive(browser), browser):
            return
        assert time.monotonic() < deadline, "the new key was not learnt"
        time.sleep(1)
