"""The pages in a real Chromium, by clicking: no console error, no CSP violation, one main form, readable on a phone."""

import http.server
import re
import shutil
import sqlite3
import threading
import urllib.parse

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection, OAuthClient, Pkce, Tokens, repository, request
from martlet_support.connect_world import ConnectWorld
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.route import token

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SIZES = {"phone": (390, 844), "desktop": (1280, 800)}
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SHOTS = repository / ".build/screenshots"

pytestmark = pytest.mark.screenshots


class CallbackServer:
    """Where the client waits: it shows a page and remembers what it was sent."""

    def __init__(self):
        owner = self
        self.received: list[dict[str, str]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                parts = urllib.parse.urlsplit(self.path)
                if parts.path == "/callback":
                    owner.received.append(dict(urllib.parse.parse_qsl(parts.query)))
                body = b"<!doctype html><html lang=en><title>Done</title><p>You may close this window."
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.uri = f"http://127.0.0.1:{self.server.server_address[1]}/callback"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.fail("no Chromium: apt-get install chromium (scripts/test.sh does it)")
    SHOTS.mkdir(parents=True, exist_ok=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def callback():
    server = CallbackServer()
    yield server
    server.close()


class Window:
    """A browser window that collects everything that went wrong in it."""

    def __init__(self, chromium, size: str, dark: bool = False):
        width, height = SIZES[size]
        self.size = size
        self.context = chromium.new_context(
            viewport={"width": width, "height": height},
            is_mobile=size == "phone",
            has_touch=size == "phone",
            color_scheme="dark" if dark else "light",
        )
        self.page = self.context.new_page()
        self.problems: list[str] = []
        self.page.on("console", self.console)
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("requestfailed", self.failed)

    def console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"{message.text} ({message.location.get('url')})")

    def failed(self, request) -> None:
        # A page that is left before its icon came gives it up; what is blocked says so in other words.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.url} {request.failure}")

    def check(self, name: str, *, form: bool = True, status_error: bool = False) -> None:
        """One page: screenshot, then what every page must be."""
        self.page.screenshot(path=SHOTS / f"{name}-{self.size}.png", full_page=True)
        problems = [p for p in self.problems if not (status_error and "the server responded with a status of 4" in p)]
        assert not problems, problems
        self.problems.clear()
        count = self.page.locator("form#main").count()
        assert count == (1 if form else count) and count <= 1, f"{count} main forms"
        assert self.page.locator("script").count() == 0
        assert self.page.locator("html").get_attribute("lang"), "a language"
        assert self.page.title().strip(), "a title"
        assert self.page.locator("h1").count() == 1, "one heading of the first level"
        overflow = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{overflow} px wider than the window"
        unlabelled = self.page.evaluate(
            "[...document.querySelectorAll('input:not([type=hidden])')].filter(i => !i.labels.length).map(i => i.name)"
        )
        assert not unlabelled, f"inputs without a label: {unlabelled}"
        small = self.page.evaluate(
            "[...document.querySelectorAll('main button, main input:not([type=hidden]):not([type=radio])')]"
            ".filter(b => b.getBoundingClientRect().height < 24).map(b => b.outerHTML)"
        )
        assert not small, f"too small to touch: {small}"

    def close(self):
        self.context.close()


@pytest.fixture
def window(chromium):
    opened = []

    def open_window(size: str, **options) -> Window:
        opened.append(Window(chromium, size, **options))
        return opened[-1]

    yield open_window
    for one in opened:
        one.close()


def prepared(shared, callback) -> tuple[OAuthClient, Pkce, str]:
    client = shared.client(redirect_uri=callback.uri)
    assert client.register(extra={"client_name": "Paper Plane"}).status == 201
    return client, Pkce(), shared.mcp_url("stateful")


@pytest.mark.parametrize("size", SIZES)
def test_login_and_consent_by_clicking(shared, callback, window, size):
    client, pkce, resource = prepared(shared, callback)
    here = window(size)
    page = here.page
    page.goto(client.authorize_url(resource, pkce, state="s-1"))
    here.check("login")
    assert "Paper Plane" in page.content()

    page.get_by_label("Password").fill("wrong")
    page.locator("input[name=username]").fill(USER)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    here.check("login-wrong-password", status_error=True)
    assert page.locator("[role=alert]").count() == 1
    assert page.locator("input[name=password]").input_value() == ""

    page.locator("input[name=username]").fill(USER)
    page.locator("input[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.locator("form#main button").first.click()
    here.check("consent")
    assert "127.0.0.1" in page.content() and "Paper Plane" in page.content()

    page.locator("button[name=decision][value=allow]").click()
    page.wait_for_url(f"{callback.uri}*")
    assert not here.problems, here.problems
    answer = callback.received[0]
    assert answer["state"] == "s-1" and answer["iss"] == shared.url
    assert Tokens.of(client.exchange(answer["code"], pkce, resource=resource)).access

    page.goto(client.authorize_url(resource, Pkce(), state="s-2"))
    here.check("consent-remembered")
    assert page.locator("input[name=password]").count() == 0
    page.locator("button[name=decision][value=deny]").click()
    page.wait_for_url(f"{callback.uri}*")
    assert callback.received[1]["error"] == "access_denied" and callback.received[1]["state"] == "s-2"


@pytest.mark.parametrize("size", SIZES)
def test_several_routes_fit_and_the_person_chooses(shared, callback, window, size):
    client, pkce, _ = prepared(shared, callback)
    here = window(size)
    here.page.goto(client.authorize_url(None, pkce))
    here.page.locator("input[name=username]").fill(USER)
    here.page.locator("input[name=password]").fill(PASSWORD)
    with here.page.expect_navigation():
        here.page.keyboard.press("Enter")
    here.check("consent-choice")
    resource = shared.mcp_url("stateless")
    here.page.locator(f"input[name=resource][value='{resource}']").check()
    here.page.locator("button[name=decision][value=allow]").click()
    here.page.wait_for_url(f"{callback.uri}*")
    tokens = Tokens.of(client.exchange(callback.received[0]["code"], pkce))
    assert tokens.claims["aud"] in (resource, [resource])


@pytest.mark.parametrize("size", SIZES)
def test_errors_are_pages_and_stay_here(shared, callback, window, size):
    here = window(size)
    stranger = shared.client(client_id="nobody", redirect_uri=callback.uri)
    response = here.page.goto(stranger.authorize_url(shared.mcp_url("stateful"), Pkce()))
    assert response.status == 400
    here.check("error-unknown-client", form=False, status_error=True)

    client, pkce, resource = prepared(shared, callback)
    client.redirect_uri = "https://elsewhere.example/callback"
    response = here.page.goto(client.authorize_url(resource, pkce))
    assert response.status == 400
    here.check("error-redirect", form=False, status_error=True)
    assert not callback.received and here.page.url.startswith(shared.url), (
        "never a redirect before client and target are known"
    )


def test_dark(shared, callback, window):
    client, pkce, resource = prepared(shared, callback)
    here = window("phone", dark=True)
    here.page.goto(client.authorize_url(resource, pkce))
    here.check("login-dark")


def test_works_by_keyboard_alone(shared, callback, window):
    client, pkce, resource = prepared(shared, callback)
    page = window("desktop").page
    page.goto(client.authorize_url(resource, pkce))
    focused = page.evaluate("document.activeElement.name")
    if focused != "username":
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "username"
    page.keyboard.type(USER)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "allow":
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"{callback.uri}*")
    assert "code" in callback.received[0]


@pytest.fixture(scope="module")
def accounts():
    world = ConnectWorld()
    yield world
    world.close()


@pytest.mark.parametrize("size", SIZES)
def test_an_account_is_connected_and_taken_away_by_clicking(accounts, window, size):
    here = window(size, dark=size == "phone")
    page, url = here.page, f"{accounts.gateway.url}/connect/up"
    page.goto(url)
    page.locator("input[name=username]").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("#main button").click()
    page.wait_for_url(url)
    here.check("connect-asks")
    accounts.authority.grants = ["read"]
    page.locator("#main button").click()
    page.wait_for_selector("text=Your account at")
    here.check("connect-done")
    assert "write" in page.inner_text("main"), "what wasn't granted is not shown"
    page.get_by_role("link", name="Your accounts").click()
    page.wait_for_url(f"{accounts.gateway.url}/account")
    here.check("account")
    with sqlite3.connect(accounts.gateway.data_dir / "martlet.sqlite") as database:
        database.execute("UPDATE connection SET may_be_spent = 1")
    page.reload()
    page.wait_for_selector("text=connected; unverified")
    here.check("account-unverified")
    page.get_by_role("button", name="Disconnect").click()
    page.wait_for_selector("text=not connected")
    assert page.get_by_role("button", name="Disconnect").count() == 0
    here.check("account-empty")
    accounts.authority.grants, accounts.authority.declines = None, True
    page.goto(url)
    page.locator("#main button").click()
    page.wait_for_selector("text=declined")
    here.check("connect-declined", form=False, status_error=True)
    accounts.authority.declines = False
    page.goto(f"{url}?ticket=mct_{'A' * 75}")
    here.check("connect-foreign", form=False, status_error=True)
    page.get_by_role("link", name="Connect your own account").click()
    page.wait_for_url(url)


@pytest.mark.parametrize("size", SIZES)
def test_a_program_s_code_is_typed_and_allowed(shared, window, size):
    terminal = shared.gateway.add_client("Night terminal", "--grant", DEVICE_GRANT)["client_id"]

    def begin() -> dict:
        answer = request("POST", f"{shared.url}/device_authorization",
                         form={"client_id": terminal, "resource": shared.mcp_url("stateful")})
        assert answer.status == 200, answer.describe()
        return answer.json()

    begun, other = begin(), begin()
    here = window(size)
    page = here.page
    page.goto(begun["verification_uri"])
    page.locator("input[name=username]").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("#main button").click()
    page.wait_for_url(begun["verification_uri"])
    here.check("device")
    page.get_by_label("Code").fill("BBBB-BBBB")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    here.check("device-wrong", status_error=True)
    page.get_by_label("Code").fill(begun["user_code"].lower())
    with page.expect_navigation():
        page.keyboard.press("Enter")
    here.check("device-consent")
    text = page.inner_text("main")
    assert begun["user_code"] in text and "Night terminal" in text and "127.0.0.1" in text
    with page.expect_navigation():
        page.locator("button[name=decision][value=allow]").click()
    here.check("device-done", form=False)
    page.goto(other["verification_uri_complete"])
    assert page.get_by_label("Code").input_value() == other["user_code"]
    here.check("device-link")
    polled = request("POST", f"{shared.url}/token", form={
        "grant_type": DEVICE_GRANT, "client_id": terminal, "device_code": begun["device_code"]})
    assert Tokens.of(polled).access


@pytest.fixture(scope="module")
def held(install_for_file):
    """Calls of alice's that wait for boss."""
    rule = {"name": "ask-before-deploying", "effect": "require_approval", "approvers": ["leads"], "what": {"tools": ["deploy"]}}
    world = install_for_file(
        users={"boss": PASSWORD}, config={"policy": {"roles": {"leads": {"users": ["boss"]}}, "rules": [rule]}})
    world.upstreams["modern"].tools = [{"name": "deploy", "inputSchema": {"type": "object"}}]
    return world


@pytest.mark.parametrize("size", SIZES)
def test_V_032_a_call_is_approved_by_clicking(held, window, size):
    alice = MCPConnection(held.mcp_url("modern"), token(held, "modern"), revision=MODERN)
    arguments = {"stage": f"production on {size}", "files": ["a.txt", "\u202egnp.exe"], "note": "long " * 40}
    link = re.search(r"http\S+/approvals/[\w-]+", alice.tool("deploy", arguments)["content"][0]["text"]).group()
    here = window(size, dark=size == "phone")
    page = here.page
    page.goto(link)
    page.locator("input[name=username]").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("#main button").click()
    page.wait_for_url(link)
    here.check("approval-asks")
    assert f"production on {size}" in page.inner_text("pre") and "⟨U+202E⟩" in page.inner_text("pre")
    page.get_by_role("link", name="All approvals").click()
    here.check("approvals", form=False)
    page.get_by_role("link", name="Look at it").click()
    page.get_by_role("button", name="Allow for an hour").click()
    page.wait_for_selector("text=Allowed for a time")
    here.check("approval-hour")
    page.get_by_role("button", name="Take back").click()
    page.wait_for_selector("text=Taken back")
    here.check("approval-over", form=False)


@pytest.fixture(scope="module")
def keyed():
    """A server that wants a key of each user's own."""
    with FakeMCPServer("stateless") as server:
        entry = {"url": server.url, "credential": {"header": {"name": "X-Own-Key", "per": "user"}}}
        with Gateway({"keyed": entry}, users={USER: PASSWORD}) as gateway:
            yield gateway


@pytest.mark.parametrize("size", SIZES)
def test_a_key_is_entered_replaced_and_taken_away_by_clicking(keyed, window, size):
    here = window(size, dark=size == "phone")
    page, url = here.page, f"{keyed.url}/connect/keyed"
    page.goto(url)
    page.locator("input[name=username]").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("#main button").click()
    page.wait_for_url(url)
    here.check("key-asks")
    page.get_by_label("Your key").fill("not a key")
    page.get_by_role("button", name="Keep the key").click()
    page.wait_for_selector("[role=alert]")
    here.check("key-refused", status_error=True)
    page.get_by_label("Your key").fill("k-5d1e")
    page.get_by_role("button", name="Keep the key").click()
    page.wait_for_selector("text=Your account at")
    assert "k-5d1e" not in page.content()
    here.check("key-kept")
    page.get_by_label("Your key").fill("k-5d1f")
    page.get_by_role("button", name="Replace the key").click()
    page.wait_for_selector("text=Your account at")
    page.goto(f"{keyed.url}/account")
    here.check("key-account")
    page.get_by_role("button", name="Disconnect").click()
    page.wait_for_selector("text=not connected")


@pytest.mark.parametrize("size", SIZES)
def test_a_job_is_let_act_and_stopped_by_clicking(accounts, window, size):
    if not [one for one in accounts.gateway.cli_json("user", "list") if one["name"] == "nightly"]:
        accounts.gateway.cli("user", "add", "nightly", "--service")
    here = window(size, dark=size == "desktop")
    page, url = here.page, f"{accounts.gateway.url}/account"
    page.goto(f"{accounts.gateway.url}/login")
    page.locator("input[name=username]").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("#main button").click()
    page.wait_for_url(url)
    page.get_by_label("Let a job act for you").select_option("nightly")
    page.get_by_label("up", exact=True).check()
    page.get_by_label("Only these tools").fill("get_*")
    with page.expect_navigation():
        page.get_by_role("button", name="Let it act for you").click()
    here.check("account-jobs")
    assert "up: get_*" in page.inner_text("main")
    with page.expect_navigation():
        page.get_by_role("button", name="Take back").click()
    assert "No job acts for you" in page.inner_text("main")
    page.get_by_label("For how many days?").fill("0")
    with page.expect_navigation():
        page.get_by_role("button", name="Let it act for you").click()
    here.check("account-jobs-refused", form=False, status_error=True)
