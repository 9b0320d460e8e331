"""A gateway whose users connect their own accounts at the servers behind it."""

import base64
import hashlib
import hmac
import secrets
import sqlite3
import time
import urllib.parse

from .browser import Browser, Page
from .fake_mcp_server import FakeMCPServer
from .gateway import Gateway
from .pytest_plugin import PASSWORD, USER
from .upstream_authority import UpstreamAuthority

LOOPBACK = {"egress": {"allow": ["127.0.0.0/8"]}}


class ConnectWorld:
    """A gateway in front of servers that want their own tokens; `up` and `other` have an authorization server each.

    extra: further servers, name -> (authorization server, options of `protect`). server: more keys of `up`.
    """

    def __init__(self, credential="oauth", *, config=None, authority=None, protect=None, env=None, extra=None, server=None):
        self.authority = authority or UpstreamAuthority()
        self.rival = UpstreamAuthority(methods=("client_secret_basic", "client_secret_post", "none"))
        self.up, self.other = FakeMCPServer("stateless"), FakeMCPServer("stateless")
        for one in (self.authority, self.rival, self.up, self.other):
            one.__enter__()
        self.authority.protect(self.up, **(protect or {}))
        self.rival.protect(self.other)
        credential = credential(self) if callable(credential) else credential
        servers = {"up": {"url": self.up.url, "credential": credential, **(server or {})}, "other": {"url": self.other.url, "credential": "oauth"}}
        self.extra = []
        for name, (one, options) in (extra or {}).items():
            fake = FakeMCPServer("stateless")
            one.__enter__()
            fake.__enter__()
            one.protect(fake, **options)
            self.extra += [one, fake]
            servers[name] = {"url": fake.url, "credential": "oauth"}
        self.gateway = Gateway(servers, users={USER: PASSWORD, "bob": PASSWORD}, config=LOOPBACK if config is None else config, env=env)
        self.gateway.start()
        self.browsers: list[Browser] = []

    def close(self):
        self.gateway.close()
        for one in (self.up, self.other, self.authority, self.rival, *self.extra):
            one.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self.gateway.url

    def browser(self, **options) -> Browser:
        self.browsers.append(Browser(self.gateway.url, origins=(self.authority.issuer, self.rival.issuer), **options))
        return self.browsers[-1]

    def page(self, browser: Browser, server: str = "up", *, user: str = USER, query: str = "") -> Page:
        """The connect page, logged in where asked."""
        page = browser.open(f"{self.gateway.url}/connect/{server}{query}")
        if page.has_form and "password" in page.main_form.names:
            page = browser.submit(page, {"username": user, "password": PASSWORD})
        return page

    def connect(self, browser: Browser | None = None, server: str = "up", *, user: str = USER) -> Page:
        browser = browser or self.browser()
        return browser.submit(self.page(browser, server, user=user))

    def answer(self, browser: Browser, server: str = "up") -> str:
        """The URL that the authorization server sends a browser back to, held back."""
        page = self.page(browser, server)
        target = browser.fetch("POST", urllib.parse.urljoin(page.url, page.main_form.action), form=page.main_form.fields)
        return browser.fetch("GET", target.header("location")).header("location")

    def row(self, server: str = "up", owner: str | None = None):
        """What the database holds of a connection."""
        with sqlite3.connect(self.gateway.data_dir / "martlet.sqlite") as database:
            database.row_factory = sqlite3.Row
            rows = database.execute("SELECT * FROM connection WHERE route = ?", (f"/{server}/mcp",)).fetchall()
        return next((row for row in rows if owner is None or row["owner"] == owner), None)

    def ticket(self, server: str = "up", *, user: str = USER, life: float = 3600) -> str:
        """A link's ticket, as the gateway makes it: under a key derived from master.key."""
        with sqlite3.connect(self.gateway.data_dir / "martlet.sqlite") as database:
            tenant, owner = database.execute("SELECT tenant, id FROM user_account WHERE login_name = ?", (user,)).fetchone()
        extracted = hmac.digest(b"martlet", (self.gateway.data_dir / "master.key").read_bytes(), "sha256")
        key = hmac.digest(extracted, b"connect tickets\x01", "sha256")
        body = secrets.token_bytes(16) + int((time.time() + life) * 1000).to_bytes(8, "big")
        message = body
        for part in (tenant, f"/{server}/mcp", f"user:{owner}"):
            message += len(part.encode()).to_bytes(4, "big") + part.encode()
        code = hmac.new(key, message, hashlib.sha256).digest()
        return "mct_" + base64.urlsafe_b64encode(body + code).decode().rstrip("=")


def let_logins_end(world):
    """What is sealed for ten minutes at most, as if these had passed."""
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", timeout=60) as database:
        for table, column in (("pending_authorization", "expires_at"), ("pending_connection", "expires_at"),
                ("federated_login", "expires_at"), ("refresh_token", "replay_until")):
            database.execute(f"UPDATE {table} SET {column} = 1")
