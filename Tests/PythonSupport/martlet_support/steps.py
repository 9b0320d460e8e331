"""Steps that many tests share: a person who stays logged in, a client that is registered, counts that depend on the
run.
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from .browser import Browser, Callback, Page
from .oauth import OAuthClient, Pkce, Tokens
from .patience import FULL, PATIENCE, until, within

__all__ = ["FULL", "Person", "at_once", "count", "error_of", "person", "reconfigure", "registered", "until", "within"]


def count(reduced: int, full: int) -> int:
    """How often a counted check runs here."""
    return full if FULL else reduced


class Person:
    """Somebody in front of a browser who logs in once and then only consents, since hashing a password is slow."""

    def __init__(self, world, user: str | None = None, password: str | None = None, browser: Browser | None = None):
        self.world = world
        self.user, self.password = user or world.user, password or world.password
        self.browser = browser or world.browser()

    def page(self, url: str) -> Page:
        """Opens an authorization request and logs in where asked; answers the consent page."""
        page = self.browser.open(url)
        if isinstance(page, Page) and page.has_form and "password" in page.main_form.names:
            page = self.browser.submit(page, {"username": self.user, "password": self.password})
        assert isinstance(page, Page), f"a redirect instead of a page: {page.url}"
        assert page.has_form and "decision" in page.main_form.names, page.response.describe()
        return page

    def allow(self, client: OAuthClient, resource: str | None = "", *, decision: str = "allow",
            **request) -> tuple[Callback, Pkce]:
        """One authorization through the pages; `resource` is the route `stateful` unless given."""
        pkce = request.pop("pkce", None) or Pkce()
        url = client.authorize_url(self.world.mcp_url() if resource == "" else resource, pkce, **request)
        answer = self.browser.submit(self.page(url), {"decision": decision})
        assert isinstance(answer, Callback), answer.response.describe()
        return answer, pkce

    def tokens(self, client: OAuthClient, resource: str | None = "", **request) -> Tokens:
        """The same, and the code is redeemed."""
        target = self.world.mcp_url() if resource == "" else resource
        callback, pkce = self.allow(client, target, **request)
        return Tokens.of(client.exchange(callback.code, pkce, resource=target))


_people: dict[str, Person] = {}


def person(world) -> Person:
    """The installation's user in a browser that is logged in already. Not for tests that look at logins or cookies."""
    return _people.setdefault(world.url, Person(world))


def registered(world, *, extra: dict | None = None, drop: tuple[str, ...] = (), **options) -> OAuthClient:
    """A client that is registered; `extra` and `drop` bend the registration."""
    client = world.client(**options)
    answer = client.register(extra=extra, drop=drop)
    assert answer.status == 201, answer.describe()
    return client


def reconfigure(world, config: dict) -> None:
    """Changes the running gateway's configuration and waits until it took effect."""
    said = "the configuration was read again"
    before = world.gateway.log().count(said)
    world.gateway.reload(config)
    assert until(lambda: world.gateway.log().count(said) > before, every=0.02), world.gateway.log()[-2000:]


def at_once(number: int, work) -> list:
    """Runs work(0) … work(number - 1) in as many threads, all let go at the same moment."""
    gate = threading.Barrier(number)

    def run(index: int):
        gate.wait(PATIENCE)
        return work(index)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


def error_of(answer, error: str, status: int = 400) -> dict:
    """The one exact answer; the description is there and says nothing of the server's inside."""
    assert answer.status == status and answer.json()["error"] == error, answer.describe()
    assert "no-store" in answer.header("cache-control"), answer.describe()
    assert answer.header("content-type").startswith("application/json")
    if status == 401 and any(True for _ in answer.header_values("www-authenticate")):
        assert answer.header("www-authenticate").startswith("Basic"), "RFC 6749 §5.2"
    return answer.json()
