"""People with accounts of their own at servers behind Martlet."""

import itertools

from .browser import Browser, Page
from .mcp import MCPConnection
from .steps import Person, registered
from .token_authority import TokenAuthority

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


class Someone:
    """A user of one test, who has connected nothing yet."""

    def __init__(self, world, authority: TokenAuthority):
        self.world, self.authority, self.name = world, authority, f"user-{next(_numbers)}"
        world.gateway.add_user(self.name, PASSWORD)
        self.browser = Browser(world.url, origins=(authority.issuer,))
        self.person = Person(world, self.name, PASSWORD, browser=self.browser)
        self._tokens: dict[str, str] = {}

    def token(self, server: str) -> str:
        """An access token for a route."""
        if server not in self._tokens:
            self._tokens[server] = self.person.tokens(registered(self.world), self.world.mcp_url(server)).access
        return self._tokens[server]

    def client(self, server: str, revision: str, capabilities: dict | None = None) -> MCPConnection:
        connection = MCPConnection(self.world.mcp_url(server), self.token(server), revision=revision)
        if not connection.modern:
            connection.initialize(capabilities)
        return connection

    def connect(self, server: str, link: str | None = None) -> str:
        """Connects the account at a server, by the link that a client was given; answers the access token."""
        self.token(server)  # logs in
        page = self.browser.open(link or f"{self.world.url}/connect/{server}")
        assert isinstance(page, Page) and page.has_form, page
        done = self.browser.submit(page)
        assert isinstance(done, Page) and done.status == 200 and "connected" in done.text, done
        return self.authority.issued[-1]
