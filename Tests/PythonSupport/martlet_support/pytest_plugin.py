"""Fixtures for every Python test; Tests/conftest.py loads them."""

from dataclasses import dataclass

import pytest

from .browser import Browser
from .fake_mcp_server import FakeMCPServer
from .gateway import Gateway
from .mcp import LEGACY, MCPConnection
from .oauth import OAuthClient, Tokens
from .token_authority import TokenAuthority

USER, PASSWORD = "alice", "correct horse battery staple"


@dataclass
class Installation:
    """A running gateway with one fake upstream behind each of its routes `modern`, `stateful` and `stateless`."""

    gateway: Gateway
    upstreams: dict[str, FakeMCPServer]
    user: str = USER
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return self.gateway.url

    def mcp_url(self, server: str = "stateful") -> str:
        return self.gateway.mcp_url(server)

    def browser(self) -> Browser:
        return Browser(self.gateway.url)

    def client(self, **options) -> OAuthClient:
        """An OAuth client that isn't registered yet."""
        return OAuthClient(self.gateway.url, **options)

    def log_in(self, server: str = "stateful", **options) -> tuple[OAuthClient, Tokens]:
        """A registered client and its tokens for one route."""
        client = self.client(**options)
        return client, client.log_in(self.mcp_url(server), self.user, self.password)

    def connect(self, server: str = "stateful", token: str | None = None, revision: str = LEGACY) -> MCPConnection:
        if token is None:
            token = self.log_in(server)[1].access
        return MCPConnection(self.mcp_url(server), token, revision=revision)


def _upstreams() -> dict[str, FakeMCPServer]:
    return {mode: FakeMCPServer(mode).start() for mode in ("modern", "stateful", "stateless")}


def _install(upstreams: dict[str, FakeMCPServer], **options) -> Installation:
    servers = {mode: upstream.url for mode, upstream in upstreams.items()}
    users = {USER: PASSWORD, **options.pop("users", {})}
    gateway = Gateway({**servers, **options.pop("servers", {})}, users=users, **options).start()
    return Installation(gateway, upstreams)


@pytest.fixture(scope="session")
def shared() -> Installation:
    """One installation for all tests that leave no trace others could stumble on: the cheap default."""
    upstreams = _upstreams()
    installation = _install(upstreams)
    yield installation
    installation.gateway.close()
    for upstream in upstreams.values():
        upstream.stop()


def _installs():
    started: list[Installation] = []

    def start(**options) -> Installation:
        started.append(_install(_upstreams(), **options))
        return started[-1]

    yield start
    for installation in started:
        installation.gateway.close()
        for upstream in installation.upstreams.values():
            upstream.stop()


@pytest.fixture
def install():
    """install(config=…, servers=…, users=…) starts an installation of a test's own; all are closed after the test."""
    yield from _installs()


@pytest.fixture(scope="module")
def install_for_file():
    """The same for all tests of one file."""
    yield from _installs()


@pytest.fixture(scope="module")
def own(install_for_file) -> Installation:
    """One plain installation for a test file that changes it: users, routes, settings, a locked store."""
    return install_for_file()


@pytest.fixture(scope="module")
def pair(own):
    """The plain installation of a test file, and a second process on the same data."""
    twin = own.gateway.twin()
    twin.start()
    yield own, twin
    twin.close()


@pytest.fixture(scope="module")
def authority():
    """The authorization server of the servers of a test file."""
    with TokenAuthority() as one:
        yield one


@pytest.fixture
def fake_mcp_server():
    """fake_mcp_server(mode, …) starts a fake upstream; all are stopped after the test."""
    started: list[FakeMCPServer] = []

    def start(mode: str = "stateful", **options) -> FakeMCPServer:
        started.append(FakeMCPServer(mode, **options).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(autouse=True)
def fresh_recordings(request):
    """What the shared installation's upstreams recorded belongs to one test only."""
    if "shared" in request.fixturenames:
        for upstream in request.getfixturevalue("shared").upstreams.values():
            upstream.clear()
    yield


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failure shows the end of the gateway's log."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for name in ("shared", "install", "gateway"):
            installation = item.funcargs.get(name)
            gateway = getattr(installation, "gateway", installation)
            if isinstance(gateway, Gateway):
                report.sections.append(("end of the gateway's log", gateway.log()[-4000:]))
