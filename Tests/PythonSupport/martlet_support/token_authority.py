"""An authorization server in front of a fake MCP server: strict, and told by tests when to answer."""

import secrets
import threading
import time
import urllib.parse

from .patience import PATIENCE
from .scripted_authority import AuthorityHandler, ScriptedAuthority, challenge


class TokenAuthority(ScriptedAuthority):
    """Issues tokens for client credentials, codes and refresh tokens, and knows which are good. A context manager.

    lifetime: seconds that access tokens are said to live; `lifetimes` goes first, one for each token. They are good until
    they are disowned. hold() makes /token wait before it answers, let(n) lets so many through, release() all.
    Refresh tokens rotate, and one that is used twice takes its whole family with it.
    """

    def __init__(self, *, client_id: str = "martlet", client_secret: str = "s3cret-canary-77", port: int = 0):
        self.client_id, self.client_secret = client_id, client_secret
        self.lifetime = 3600
        self.lifetimes: list[int] = []
        self.scope: str | None = None
        self.requests: list[dict] = []
        self.refusal: tuple[int, dict] | None = None
        self.passes: threading.Semaphore | None = None
        self.lock = threading.Lock()
        self.good: set[str] = set()
        self.issued: list[str] = []
        self.family: dict[str, str | None] = {}  # access token -> family
        self.refreshable: dict[str, str] = {}  # refresh token -> family
        self.spent: dict[str, str] = {}
        self.lost: set[str] = set()  # families that were taken away
        self.codes: dict[str, dict] = {}
        self.asked: list[dict] = []  # authorization requests
        super().__init__(_Handler, port)

    def stop(self) -> None:
        self.release()
        super().stop()

    # What Martlet's configuration says of it

    def client(self, **more) -> dict:
        """The section that names it and its client; the secret stands in `environment`."""
        secret = {"env": "UPSTREAM_SECRET"}
        return {"issuer": self.issuer, "client_id": self.client_id, "client_secret": secret, **more}

    @property
    def environment(self) -> dict[str, str]:
        return {"UPSTREAM_SECRET": self.client_secret}

    # What a server behind Martlet asks of it

    def guard(self, request) -> tuple[int, bytes, list] | None:
        """For FakeMCPServer.guard: None for a good token, else a 401."""
        scheme, _, token = (request.header("Authorization") or "").partition(" ")
        if scheme == "Bearer" and self.is_good(token):
            return None
        return 401, b"{}", [("Content-Type", "application/json"), ("WWW-Authenticate", 'Bearer error="invalid_token"')]

    def is_good(self, token: str) -> bool:
        with self.lock:
            return token in self.good

    def disown(self, access: str) -> None:
        """An access token isn't good any more."""
        with self.lock:
            self.good.discard(access)

    # When it answers

    def hold(self) -> None:
        self.passes = threading.Semaphore(0)

    def let(self, number: int) -> None:
        self.passes.release(number)

    def release(self) -> None:
        passes, self.passes = self.passes, None
        if passes:
            passes.release(1_000_000)

    # What arrived

    def count(self, grant: str | None = None) -> int:
        """How many token requests arrived."""
        with self.lock:
            return sum(1 for one in self.requests if grant in (None, one.get("grant_type")))

    def wait_for(self, count: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.count() < count:
            assert time.monotonic() < deadline, f"{self.count()} token requests, expected {count}"
            time.sleep(0.02)

    # How it answers

    def document(self) -> dict:
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }

    def token(self, form: dict) -> tuple[int, dict]:
        with self.lock:
            self.requests.append(form)
        passes = self.passes
        if passes:
            passes.acquire(timeout=PATIENCE)
        if self.refusal:
            return self.refusal
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        with self.lock:
            match form.get("grant_type"):
                case "client_credentials": return 200, self.issue(None)
                case "authorization_code": return self.redeem(form)
                case "refresh_token": return self.refresh(form)
        return 400, {"error": "unsupported_grant_type"}

    def redeem(self, form: dict) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        proof = challenge(form.get("code_verifier", ""))
        if not asked or asked.get("code_challenge") != proof or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        return 200, self.issue(secrets.token_hex(4))

    def refresh(self, form: dict) -> tuple[int, dict]:
        token = form.get("refresh_token", "")
        if token in self.spent:
            self.lost.add(self.spent[token])
        family = self.refreshable.pop(token, None)
        if family is None or family in self.lost:
            return 400, {"error": "invalid_grant"}
        self.spent[token] = family
        return 200, self.issue(family)

    def issue(self, family: str | None) -> dict:
        access = "at_" + secrets.token_urlsafe(24)
        self.good.add(access)
        self.issued.append(access)
        self.family[access] = family
        lifetime = self.lifetimes.pop(0) if self.lifetimes else self.lifetime
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": lifetime}
        if self.scope is not None:
            answer["scope"] = self.scope
        if family:
            answer["refresh_token"] = "rt_" + secrets.token_urlsafe(24)
            self.refreshable[answer["refresh_token"]] = family
        return answer


class _Handler(AuthorityHandler):
    owner: TokenAuthority

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        if parts.path.startswith("/.well-known/"):
            return self.reply(200, self.owner.document())
        if parts.path == "/authorize":
            return self.authorize(dict(urllib.parse.parse_qsl(parts.query)))
        self.reply(404, {})

    def authorize(self, query):
        code = secrets.token_urlsafe(16)
        self.owner.codes[code] = query
        self.owner.asked.append(query)
        self.back(query["redirect_uri"], {"code": code, "state": query.get("state", ""), "iss": self.owner.issuer})

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.body().decode()))
        name, secret, _ = self.claimed(form)
        if urllib.parse.urlsplit(self.path).path != "/token":
            return self.reply(404, {})
        self.reply(*self.owner.token({**form, "client_id": name, "client_secret": secret}))
