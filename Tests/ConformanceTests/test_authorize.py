"""The authorization endpoint: its order of checks, its redirects, its tolerance (protocol.md §7.5, A1–A6; RFC 6749
§4.1, RFC 9207).
"""

import urllib.parse

import pytest
from martlet_support import Browser, Callback, FakeMCPServer, Gateway, OAuthClient, Page, Pkce, Tokens, request
from martlet_support.oauth import challenge_parameters
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import Person, person, registered


def redirected(answer, client) -> dict[str, str]:
    """The parameters of a redirect to the client."""
    assert answer.status in (302, 303), answer.describe()
    location = answer.header("location")
    assert location.startswith(client.redirect_uri + "?"), answer.describe()
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query, strict_parsing=True))


def refusal(world, client, url, browser=None) -> dict[str, str]:
    """An error that goes to the client: never without `state` and `iss` (N-05)."""
    answer = (browser or world.browser()).fetch("GET", url)
    parameters = redirected(answer, client)
    assert parameters["iss"] == world.url and parameters["state"] == "s-1", parameters
    assert "code" not in parameters
    return parameters


# A1 … A6


def test_A1_the_same_url_twice_is_one_transaction(shared):
    """FastMCP fetches /authorize with its own HTTP client first; browsers prefetch."""
    me, client, pkce = person(shared), registered(shared), Pkce()
    url = client.authorize_url(shared.mcp_url(), pkce, state="once")
    assert request("GET", url).status in (302, 303), "another program's fetch changes nothing"
    first, second = me.page(url), me.page(url)
    assert first.main_form.fields == second.main_form.fields, "any rendered copy can be submitted"
    one = me.browser.submit(first, {"decision": "allow"})
    again = me.browser.submit(second, {"decision": "allow"})
    assert one.url == again.url, "and each submit gives the same answer"
    tokens = Tokens.of(client.exchange(one.code, pkce))
    assert tokens.refresh


def test_A1_a_finished_url_can_be_opened_anew(shared):
    me, client, pkce = person(shared), registered(shared), Pkce()
    url = client.authorize_url(shared.mcp_url(), pkce, state="again")
    codes = {me.browser.submit(me.page(url), {"decision": "allow"}).code for _ in range(3)}
    assert len(codes) == 3, "each visit that consents is an authorization of its own"


@pytest.mark.parametrize("prompt", ["consent", "login", "select_account", "consent login", "unknown"])
def test_A2_prompt_is_tolerated(shared, prompt):
    client = registered(shared)
    tokens = person(shared).tokens(client, scope="mcp offline_access", extra={"prompt": prompt})
    assert tokens.refresh


@pytest.mark.parametrize("scope", [
    None, "", "mcp", " offline_access", "mcp:tools offline_access", "openid profile email", "mcp  offline_access ",
    "unknown",
])
def test_A3_unknown_scopes_are_dropped(shared, scope):
    client = registered(shared)
    tokens = person(shared).tokens(client, scope=scope)
    assert tokens.scope and "mcp" in tokens.scope.split()
    assert set(tokens.scope.split()) <= {"mcp", "offline_access"}
    assert tokens.refresh, "T3: by policy, not by scope"


def spellings(world) -> list[str]:
    parts = urllib.parse.urlsplit(world.mcp_url())
    return [
        world.mcp_url(), world.mcp_url() + "/", f"HTTP://127.0.0.1:{parts.port}/stateful/mcp",
        f"Http://127.0.0.1:{parts.port}/stateful/mcp/",
    ]


@pytest.mark.parametrize("index", range(4))
def test_A4_V_019_spellings_of_a_resource_are_one_resource(shared, index):
    resource = spellings(shared)[index]
    client = registered(shared)
    callback, pkce = person(shared).allow(client, resource)
    tokens = Tokens.of(client.exchange(callback.code, pkce, resource=resource))
    assert tokens.claims["aud"] in (shared.mcp_url(), [shared.mcp_url()]), "the canonical form is what is stored"


def test_A5_without_a_resource_the_person_chooses(shared):
    me, client, pkce = person(shared), registered(shared), Pkce()
    page = me.page(client.authorize_url(None, pkce))
    choices = page.main_form.choices["resource"]
    assert set(choices) == {shared.mcp_url(name) for name in ("modern", "stateful", "stateless")}
    undecided = me.browser.fetch("POST", shared.url + "/consent", form=[
        (n, v) for n, v in page.main_form.fields if n != "resource"] + [("decision", "allow")])
    assert "code=" not in (undecided.header("location") or ""), undecided.describe()
    foreign = me.browser.fetch("POST", shared.url + "/consent", form=[
        (n, v) for n, v in page.main_form.fields if n != "resource"] + [("decision", "allow"),
        ("resource", "https://else.example/mcp")])
    assert "code=" not in (foreign.header("location") or ""), foreign.describe()
    callback = me.browser.submit(page, {"decision": "allow", "resource": shared.mcp_url("modern")})
    tokens = Tokens.of(client.exchange(callback.code, pkce))
    assert tokens.claims["aud"] in (shared.mcp_url("modern"), [shared.mcp_url("modern")])
    assert Tokens.of(client.refresh(tokens.refresh)).claims["aud"] == tokens.claims["aud"], "T4"


def test_A5_the_only_route_needs_no_choice():
    with FakeMCPServer() as upstream, Gateway({"only": upstream.url}, users={USER: PASSWORD}) as gateway:
        client = OAuthClient(gateway.url)
        tokens = client.log_in(None, USER, PASSWORD, scope=None)
        assert tokens.claims["aud"] in (gateway.mcp_url("only"), [gateway.mcp_url("only")])


def test_A6_parallel_flows_and_a_verifier_mixed_up(shared):
    me, client = person(shared), registered(shared)
    (first, one), (second, two) = me.allow(client), me.allow(client)
    mixed = client.exchange(first.code, two)
    assert mixed.status == 400 and mixed.json()["error"] == "invalid_grant", mixed.describe()
    assert "verifier" in mixed.json()["error_description"], "precise enough for whoever debugs it"
    assert Tokens.of(client.exchange(first.code, one)).access, "nothing was spent or revoked"
    assert Tokens.of(client.exchange(second.code, two)).access


# Redirects (N-01, N-04, N-05)


def test_N_05_iss_and_state_on_success(shared):
    state = "a+b/c=&?#é \"'<>"
    callback, _ = person(shared).allow(registered(shared), state=state)
    assert callback.iss == shared.url and callback.state == state
    assert set(callback.params) == {"code", "state", "iss"}


def test_N_05_iss_and_state_on_refusal(shared):
    callback, _ = person(shared).allow(registered(shared), decision="deny", state="s-2")
    assert callback.params["error"] == "access_denied"
    assert callback.iss == shared.url and callback.state == "s-2" and "code" not in callback.params


def test_N_05_a_query_in_the_redirect_is_kept(shared):
    client = registered(shared, redirect_uri="https://app.example.com/cb?tenant=7")
    callback, _ = person(shared).allow(client)
    assert callback.url.startswith("https://app.example.com/cb?tenant=7&code=")


@pytest.mark.parametrize("change, error", [
    ({"drop": ("code_challenge",)}, "invalid_request"), ({"drop": ("code_challenge_method",)}, "invalid_request"),
    ({"extra": {"code_challenge_method": "plain"}}, "invalid_request"),
    ({"extra": {"code_challenge_method": "s256"}}, "invalid_request"),
    ({"extra": {"code_challenge_method": "S512"}}, "invalid_request"),
    ({"extra": {"code_challenge": "short"}}, "invalid_request"),
    ({"extra": {"code_challenge": "a" * 42 + "="}}, "invalid_request"),
    ({"extra": {"code_challenge": "a" * 44}}, "invalid_request"),
    ({"extra": {"code_challenge": "a" * 42 + "b"}}, "invalid_request"),
])
def test_N_02_V_050b_pkce_s256_or_nothing(shared, change, error):
    client = registered(shared)
    url = client.authorize_url(shared.mcp_url(), Pkce(), state="s-1", **change)
    assert refusal(shared, client, url)["error"] == error


@pytest.mark.parametrize("response_type", ["token", "id_token", "code token", "none", "CODE", "code id_token",
    "password"])
def test_N_03_no_other_response_type(shared, response_type):
    client = registered(shared)
    url = client.authorize_url(shared.mcp_url(), Pkce(), state="s-1", extra={"response_type": response_type})
    assert refusal(shared, client, url)["error"] == "unsupported_response_type"


@pytest.mark.parametrize("change, error", [
    ({"drop": ("response_type",)}, "invalid_request"), ({"extra": {"response_mode": "fragment"}}, "invalid_request"),
    ({"extra": {"response_mode": "form_post"}}, "invalid_request"),
    ({"extra": [("scope", "mcp"), ("scope", "mcp")]}, "invalid_request"),
    ({"extra": [("code_challenge", "x" * 43)]}, "invalid_request"),
    ({"extra": [("response_type", "code")]}, "invalid_request"),
    ({"extra": {"prompt": "none consent"}}, "invalid_request"),
    ({"extra": {"request": "e30.e30."}}, "request_not_supported"),
])
def test_N_05_refusals_go_to_the_client(shared, change, error):
    client = registered(shared)
    url = client.authorize_url(shared.mcp_url(), Pkce(), state="s-1", **change)
    assert refusal(shared, client, url)["error"] == error


@pytest.mark.parametrize("resource", [
    "https://unknown.example/mcp", "{url}/unknown/mcp", "{url}", "{url}/", "{url}/stateful", "{url}/stateful/mcp/more",
    "{url}/stateful/mcp#x", "{url}/stateful/mcp?x", "/stateful/mcp", "stateful", "{url}/stateful%2Fmcp",
    "{url}/STATEFUL/mcp",
    "{url}/stateful/../modern/mcp", "{url}//stateful/mcp", "{other}/stateful/mcp", "{url}/stateful/mcp//",
    "{user}/stateful/mcp",
    "{url}/stateful/%6Dcp",
])
def test_V_019_a_resource_that_is_not_ours(shared, resource):
    port = urllib.parse.urlsplit(shared.url).port
    resource = resource.format(url=shared.url, other=f"http://127.0.0.1:{port + 1}", user=f"http://u@127.0.0.1:{port}")
    client = registered(shared)
    url = client.authorize_url(resource, Pkce(), state="s-1")
    assert refusal(shared, client, url)["error"] == "invalid_target"


def test_V_019_several_resources(shared):
    client = registered(shared)
    one, other = shared.mcp_url("stateful"), shared.mcp_url("modern")
    url = client.authorize_url(one, Pkce(), state="s-1", extra=[("resource", other)])
    assert refusal(shared, client, url)["error"] == "invalid_target"
    tokens = person(shared).tokens(client, one, extra=[("resource", one), ("resource", one + "/")])
    assert tokens.claims["aud"] in (one, [one]), "the same one repeated is one"


@pytest.mark.parametrize("change", [
    {"drop": ("client_id",)}, {"extra": {"client_id": "unknown"}}, {"extra": [("client_id", "other")]},
    {"extra": {"redirect_uri": "https://evil.example/"}}, {"extra": [("redirect_uri", "https://evil.example/")]},
    {"extra": {"redirect_uri": "http://127.0.0.1:33333/callback/"}},
    {"extra": {"redirect_uri": "http://127.0.0.1:33333/callback?x=1"}},
    {"extra": {"redirect_uri": "http://localhost:33333/callback"}},
    {"extra": {"redirect_uri": "https://127.0.0.1:33333/callback"}},
    {"extra": [("state", "a"), ("state", "b")]},
])
@pytest.mark.parametrize("logged_in", [False, True])
def test_N_04_V_050a_never_a_redirect_before_client_and_target_are_known(shared, change, logged_in):
    client = registered(shared)
    browser = person(shared).browser if logged_in else shared.browser()
    # Everything else is wrong as well: the page still wins over the redirect.
    url = client.authorize_url("https://unknown.example/", Pkce(), **change) + "&response_type=token"
    answer = browser.fetch("GET", url)
    assert answer.status == 400 and answer.header("location") is None, answer.describe()
    assert answer.header("content-type").startswith("text/html")
    assert "http-equiv" not in answer.text and "<script" not in answer.text


def test_N_01_one_registered_redirect_may_be_left_out(shared):
    client, pkce = registered(shared, redirect_uri="https://app.example.com/cb"), Pkce()
    me = person(shared)
    callback = me.browser.submit(me.page(client.authorize_url(shared.mcp_url(), pkce, drop=("redirect_uri",))),
        {"decision": "allow"})
    assert callback.url.startswith("https://app.example.com/cb?")
    both = registered(shared, extra={"redirect_uris": ["https://app.example.com/cb", "https://app.example.com/cb2"]})
    answer = me.browser.fetch("GET", both.authorize_url(shared.mcp_url(), Pkce(), drop=("redirect_uri",)))
    assert answer.status == 400 and answer.header("location") is None, answer.describe()


@pytest.mark.parametrize("query", ["%", "client_id=%zz", "client_id=%ff%fe", "client_id=a&" * 2000, "x=" + "a" * 20_000,
    "&&&=&", "client_id[]=x"])
def test_an_unreadable_request_is_a_page(shared, query):
    answer = request("GET", f"{shared.url}/authorize?{query}")
    assert answer.status in (400, 414, 431), answer.describe()
    assert answer.header("location") is None


def test_authorize_takes_a_form_too(shared):
    """RFC 6749 §3.1: POST may be supported. It lands on the same pages."""
    client = registered(shared)
    query = urllib.parse.urlsplit(client.authorize_url(shared.mcp_url(), Pkce())).query
    answer = request("POST", f"{shared.url}/authorize", body=query,
        headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status in (303, 405), answer.describe()
    if answer.status == 303:
        assert answer.header("location").startswith(("/login", "/authorize"))
    for method in ("PUT", "DELETE", "PATCH"):
        assert request(method, f"{shared.url}/authorize?{query}").status == 405


def test_prompt_none_never_shows_a_page_and_never_gives_a_code(shared):
    client = registered(shared)
    url = client.authorize_url(shared.mcp_url(), Pkce(), state="s-1", extra={"prompt": "none"})
    assert refusal(shared, client, url)["error"] in ("login_required", "interaction_required")
    me = person(shared)
    me.allow(client)
    assert refusal(shared, client, url, me.browser)["error"] in ("consent_required", "interaction_required")


# Headers (N-04, N-08)


def test_N_08_V_021_headers_of_every_page_and_redirect(shared):
    me = Person(shared)
    client = registered(shared)
    callback, _ = me.allow(client)
    me.browser.fetch("GET", client.authorize_url(shared.mcp_url(), Pkce(),
        extra={"redirect_uri": "https://evil.example/"}))
    me.browser.fetch("GET", shared.url + "/account")
    me.browser.fetch("GET", shared.url + "/login")
    me.browser.fetch("GET", shared.url + "/consent")
    paths = set()
    for answer in me.browser.trail:
        paths.add(urllib.parse.urlsplit(answer.url).path)
        assert answer.header("referrer-policy") == "no-referrer", answer.describe()
        assert "no-store" in answer.header("cache-control"), answer.describe()
        assert answer.header("x-content-type-options") == "nosniff"
        if (answer.header("content-type") or "").startswith("text/html"):
            policy = answer.header("content-security-policy")
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
            assert "unsafe" not in policy and "script-src" not in policy
            assert answer.header("x-frame-options") == "DENY"
        if answer.method == "POST":
            assert answer.status == 303, "N-04: 303, so that no credentials are posted on"
        assert answer.header("access-control-allow-origin") is None, "pages are nobody else's to read"
    assert paths >= {"/authorize", "/login", "/consent", "/account"}
    assert callback.code


def test_N_08_form_action_allows_self_and_this_redirect_only(shared):
    me = person(shared)
    page = me.page(registered(shared, redirect_uri="https://one.example.com/cb").authorize_url(shared.mcp_url(),
        Pkce()))
    policy = page.response.header("content-security-policy")
    directive = next(part.strip() for part in policy.split(";") if part.strip().startswith("form-action"))
    assert directive == "form-action 'self' https://one.example.com", policy


# V-057


def test_V_057_a_request_uri_is_never_fetched(shared):
    with FakeMCPServer() as witness:
        client = registered(shared, extra={
            "request_uris": [witness.url], "sector_identifier_uri": witness.url, "initiate_login_uri": witness.url})
        url = client.authorize_url(shared.mcp_url(), Pkce(), state="s-1", extra={"request_uri": witness.url})
        assert refusal(shared, client, url)["error"] in ("request_uri_not_supported", "invalid_request")
        assert not witness.requests


def test_the_whole_way_from_the_challenge(shared):
    """What a client does that knows nothing but the route's URL."""
    first = request("POST", shared.mcp_url(), json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    resource = request("GET", challenge_parameters(first)["resource_metadata"]).json()
    issuer = resource["authorization_servers"][0]
    server = request("GET", f"{issuer}/.well-known/oauth-authorization-server").json()
    body = request("POST", server["registration_endpoint"], json={"redirect_uris": ["http://127.0.0.1:1/cb"]}).json()
    client = shared.client(client_id=body["client_id"], redirect_uri="http://127.0.0.1:1/cb")
    browser = Browser(shared.url)
    pkce = Pkce()
    callback = browser.log_in(client.authorize_url(resource["resource"], pkce), USER, PASSWORD)
    assert isinstance(callback, Callback) and callback.iss == server["issuer"]
    tokens = Tokens.of(client.exchange(callback.code, pkce, resource=resource["resource"]))
    connection = shared.connect(token=tokens.access)
    connection.initialize()
    assert connection.tool("echo", {"text": "arrived"})["content"][0]["text"] == "arrived"
    assert isinstance(browser.open(client.authorize_url(resource["resource"], Pkce())), Page), "V-008: never silent"
