"""Login by a real OIDC provider: Canaille, through its own HTML forms."""

import os
import signal
import subprocess
import time

import pytest
from martlet_support import (
    Browser,
    Callback,
    Gateway,
    MCPConnection,
    OAuthClient,
    Page,
    Pkce,
    Tokens,
    free_port,
    repository,
)
from martlet_support.fake_mcp_server import FakeMCPServer
from martlet_support.wire import request

ALICE, BOB = ("alice", "alice-pw-123"), ("bob", "bob-pw-456")


class World:
    def __init__(self, gateway: Gateway, issuer: str, upstream: FakeMCPServer):
        self.gateway, self.issuer, self.upstream = gateway, issuer, upstream
        self.resource = gateway.mcp_url("demo")

    def browser(self) -> Browser:
        return Browser(self.gateway.url, origins=(self.issuer,))

    def at_provider(self, browser: Browser, url: str) -> Page:
        """Opens /authorize and clicks the provider's button; answers the provider's first page."""
        page = browser.open(url)
        assert isinstance(page, Page) and page.url.startswith(self.gateway.url), "nothing leaves before a click"
        return browser.submit(page, form=page.form_to("/login/corp"))

    def through_provider(self, browser: Browser, page: Page | Callback, user: tuple[str, str], answer: str = "accept"):
        """Fills in the provider's own pages until the browser is back at the gateway or at the client."""
        while isinstance(page, Page) and page.url.startswith(self.issuer):
            form = page.forms[0]
            filled = {"login": user[0], "password": user[1], "answer": answer}
            page = browser.submit(page, {k: v for k, v in filled.items() if k in form.names}, form=form)
        return page

    def log_in(self, browser: Browser, user: tuple[str, str], client: OAuthClient) -> Tokens:
        pkce = Pkce()
        page = self.through_provider(
            browser, self.at_provider(browser, client.authorize_url(self.resource, pkce)), user
        )
        assert isinstance(page, Page) and "decision" in page.main_form.names, page
        callback = browser.submit(page, {"decision": "allow"})
        return Tokens.of(client.exchange(callback.code, pkce, resource=self.resource))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    port, provider_port = free_port(), free_port()
    folder = tmp_path_factory.mktemp("canaille")
    issuer = f"http://localhost:{provider_port}"
    log = open(folder / "run.log", "wb")  # noqa: SIM115
    provider = subprocess.Popen(
        [
            repository / "scripts/canaille.sh",
            folder,
            str(provider_port),
            f"http://127.0.0.1:{port}/login/corp/callback",
        ],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        wait_for(f"{issuer}/.well-known/openid-configuration", provider, folder)
        with FakeMCPServer("stateful") as upstream:
            config = {
                "identity": {
                    "local": True,
                    "providers": {
                        "corp": {
                            "issuer": issuer,
                            "client_id": "martlet",
                            "client_secret": {"env": "CORP_SECRET"},
                        }
                    },
                }
            }
            with Gateway(
                {"demo": upstream.url}, config=config, port=port, env={"CORP_SECRET": "martlet-secret"}
            ) as gateway:
                yield World(gateway, issuer, upstream)
    finally:
        os.killpg(provider.pid, signal.SIGTERM)
        provider.wait(60)
        log.close()


def wait_for(url: str, process: subprocess.Popen, folder) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "run.log").read_text()[-2000:]
        try:
            if request("GET", url, timeout=5).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise AssertionError("Canaille did not answer within 120 s: " + (folder / "run.log").read_text()[-2000:])


@pytest.fixture
def client(world) -> OAuthClient:
    client = OAuthClient(world.gateway.url)
    assert client.register().status == 201
    return client


def test_a_user_of_the_provider_calls_a_tool(world, client):
    tokens = world.log_in(world.browser(), ALICE, client)
    connection = MCPConnection(world.resource, tokens.access)
    connection.initialize()
    assert connection.tool("echo", {"text": "from alice"})["content"][0]["text"] == "from alice"
    assert Tokens.of(client.refresh(tokens.refresh)).claims["sub"] == tokens.claims["sub"]


def test_the_same_person_is_the_same_subject_and_another_is_not(world, client):
    time.sleep(1.1)  # Canaille cannot issue two tokens within one second.
    first = world.log_in(world.browser(), ALICE, client).claims["sub"]
    time.sleep(1.1)
    second = world.log_in(world.browser(), ALICE, client).claims["sub"]
    time.sleep(1.1)
    other = world.log_in(world.browser(), BOB, client).claims["sub"]
    assert first == second != other
    assert "alice" not in first, "the identity is issuer and subject, not a name that may be given to someone else"


def test_the_login_page_says_where_it_leads(world, client):
    page = world.browser().open(client.authorize_url(world.resource, Pkce()))
    assert isinstance(page, Page)
    assert "A test client" in page.text and "127.0.0.1" in page.text, "client and redirect host before any redirect"
    assert page.main_form.names >= {"username", "password"}, "local users keep their form"
    assert page.form_to("/login/corp").method == "post"


def test_a_refusal_at_the_provider_ends_at_the_client_or_on_a_page(world, client):
    time.sleep(1.1)
    browser = world.browser()
    page = world.at_provider(browser, client.authorize_url(world.resource, Pkce(), state="s1"))
    page = world.through_provider(browser, page, ALICE, answer="deny")
    if isinstance(page, Callback):
        assert page.params["error"] == "access_denied" and page.state == "s1" and page.iss == world.gateway.url
    else:
        assert page.url.startswith(world.gateway.url) and page.status < 500, page.response.describe()


def test_an_answer_for_another_browser_is_refused(world, client):
    """Someone sends a victim the provider's answer to his own login: the victim's browser holds no such transaction."""
    time.sleep(1.1)
    attacker = world.browser()
    page = world.at_provider(attacker, client.authorize_url(world.resource, Pkce()))
    seen = {}
    fetch = attacker.fetch

    def stop_at_callback(method, url, **options):
        if url.startswith(f"{world.gateway.url}/login/corp/callback"):
            seen["url"] = url
            raise StopIteration
        return fetch(method, url, **options)

    attacker.fetch = stop_at_callback
    with pytest.raises(StopIteration):
        world.through_provider(attacker, page, ALICE)
    victim = world.browser()
    answer = victim.open(seen["url"])
    assert isinstance(answer, Page) and 400 <= answer.status < 500, victim.describe_trail()
    twice = world.browser().open(seen["url"])
    assert isinstance(twice, Page) and 400 <= twice.status < 500
