"""Real clients whose calls need an account at a real server: they are asked to have it connected, the person does, and the call
goes through; then the tokens are renewed and the client notices nothing."""

import contextlib
import itertools
import re
import time
import urllib.parse
from dataclasses import dataclass, field

import pytest
from martlet_support import Browser, Gateway, free_port
from martlet_support.canaille import canaille, through
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import FeatureClient, real_server
from martlet_support.steps import Person, registered

LINK = re.compile(r"http://127\.0\.0\.1:\d+/connect/[A-Za-z0-9_/?=&%.~-]+")
KNOWN_TO_CANAILLE = {"client_id": "martlet", "client_secret": {"env": "UP_SECRET"}, "scopes": ["openid", "profile"]}
_numbers = itertools.count(1)


@dataclass
class World(Installation):
    """Martlet before two FastMCP servers: one is its own authorization server, one trusts Canaille."""

    issuers: dict[str, str] = field(default_factory=dict)

    def somebody(self) -> Person:
        """A user who has connected nothing yet."""
        name = f"user-{next(_numbers)}"
        self.gateway.add_user(name, PASSWORD)
        return Person(self, name, PASSWORD, browser=Browser(self.url, origins=(*self.issuers.values(),)))

    def connect(self, person: Person, server: str, link: str):
        """What the person does with a link."""
        page = person.browser.open(link)
        assert page.status == 200 and page.has_form, page.response.describe()
        done = through(person.browser, person.browser.submit(page), self.issuers[server])
        assert done.status == 200 and "connected" in done.text, person.browser.describe_trail()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    port = free_port()
    with contextlib.ExitStack() as stack:
        redirect = f"http://127.0.0.1:{port}/connect/canaille/callback"
        issuer = stack.enter_context(canaille(tmp_path_factory.mktemp("canaille"), redirect))
        own = stack.enter_context(real_server("account"))
        trusting = stack.enter_context(real_server("account", issuer))
        servers = {
            "own": {"url": own, "credential": "oauth"},
            "canaille": {"url": trusting, "credential": {"oauth": {**KNOWN_TO_CANAILLE, "issuer": issuer}}},
        }
        gateway = Gateway(servers, users={USER: PASSWORD}, port=port, env={"UP_SECRET": "martlet-secret"})
        parts = urllib.parse.urlsplit(own)
        issuers = {"own": f"{parts.scheme}://{parts.netloc}", "canaille": issuer}
        yield World(stack.enter_context(gateway), {}, issuers=issuers)


@pytest.mark.parametrize("server", ["own", "canaille"])
@pytest.mark.parametrize("kind", ["sdk-2.3", "sdk-2.3-legacy", "sdk-1.30", "sdk-1.9.4"])
def test_a_call_that_needs_an_account_goes_through_once_it_is_connected(world, kind, server):
    person = world.somebody()
    token = person.tokens(registered(world), world.mcp_url(server)).access
    with FeatureClient(kind, person.user, world.gateway, server, token, has_person=True) as client:
        client.expect("ready")
        client.send("call whoami")
        if kind == "sdk-2.3":
            world.connect(person, server, client.expect("visit")["url"])
            client.send("done")
        else:
            said = client.expect("call")["text"]
            assert ('"mode": "url"' in said) == (kind != "sdk-1.9.4"), said
            link = LINK.search(said)
            assert link, said
            world.connect(person, server, link[0])
            client.send("call whoami")
        assert " may " in (said := client.expect("call")["text"]), said
        for _ in range(2):
            renew(world, server, person)
            assert client.do("call whoami")["text"] == said
        world.gateway.cli("connection", "revoke", server, "--user", person.user)
        client.send("call whoami")
        if kind == "sdk-2.3":
            link = client.expect("visit")["url"]
            client.send("never mind")
        else:
            link = client.expect("call")["text"]
        assert LINK.search(link), link


def renew(world, server: str, person: Person):
    before = shown(world, server, person)
    if server == "canaille":
        time.sleep(1.1)  # of two tokens issued within one second Canaille refuses the second
    world.gateway.cli("connection", "refresh", server, "--user", person.user)
    assert shown(world, server, person)["version"] == before["version"] + 1


def shown(world, server: str, person: Person) -> dict:
    return world.gateway.cli_json("connection", "show", server, "--user", person.user)
