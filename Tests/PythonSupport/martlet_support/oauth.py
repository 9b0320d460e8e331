"""OAuth by hand: each step is one raw request, so that a test can bend it; `OAuthClient.log_in` does them all."""

import base64
import hashlib
import json
import secrets
import urllib.parse
from dataclasses import dataclass, field

from .browser import Browser, Callback
from .wire import Response, request

CALLBACK = "http://127.0.0.1:33333/callback"


@dataclass
class Pkce:
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass
class Tokens:
    access: str
    refresh: str | None
    expires_in: int | None
    scope: str | None
    raw: dict

    @classmethod
    def of(cls, response: Response) -> "Tokens":
        assert response.status == 200, response.describe()
        body = response.json()
        return cls(body["access_token"], body.get("refresh_token"), body.get("expires_in"), body.get("scope"), body)

    @property
    def claims(self) -> dict:
        """The claims of the access token, unverified."""
        return jwt_claims(self.access)


def jwt_claims(token: str) -> dict:
    """The claims of a JWT, unverified."""
    return json.loads(_b64(token.split(".")[1]))


def jwt_header(token: str) -> dict:
    return json.loads(_b64(token.split(".")[0]))


def _b64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def challenge_parameters(response: Response) -> dict[str, str]:
    """The parameters of the first Bearer challenge of an answer, quoted values unquoted."""
    import re

    value = response.header("www-authenticate") or ""
    assert value.lower().startswith("bearer"), response.describe()
    return {name.lower(): text for name, text in re.findall(r'([A-Za-z_]+)="([^"]*)"', value)}


class OAuthClient:
    """An OAuth client of one gateway. Registers itself unless a client id is given.

    Every method that talks to an endpoint answers the raw `Response`; `extra` and `drop` bend the request's parameters.
    """

    def __init__(
        self,
        gateway_url: str,
        *,
        client_id: str | None = None,
        client_secret: str | None = None,
        redirect_uri: str = CALLBACK,
        auth: str = "none",
    ):
        self.base = gateway_url.rstrip("/")
        self.client_id, self.client_secret, self.auth = client_id, client_secret, auth
        self.redirect_uri = redirect_uri
        self.registration: dict | None = None

    # Discovery

    def metadata(self) -> dict:
        response = request("GET", f"{self.base}/.well-known/oauth-authorization-server")
        assert response.status == 200, response.describe()
        return response.json()

    def resource_metadata(self, mcp_url: str) -> dict:
        """What an MCP client does first: 401, then the document that the challenge names."""
        response = request("POST", mcp_url, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert response.status == 401, response.describe()
        document = request("GET", challenge_parameters(response)["resource_metadata"])
        assert document.status == 200, document.describe()
        return document.json()

    # Registration

    def register(self, *, extra: dict | None = None, drop: tuple[str, ...] = ()) -> Response:
        body = {
            "client_name": "A test client",
            "redirect_uris": [self.redirect_uri],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": self.auth,
            "application_type": "native",
            **(extra or {}),
        }
        for name in drop:
            body.pop(name, None)
        response = request("POST", f"{self.base}/register", json=body)
        if response.status == 201:
            self.registration = response.json()
            self.client_id = self.registration["client_id"]
            self.client_secret = self.registration.get("client_secret")
            self.auth = self.registration.get("token_endpoint_auth_method", self.auth)
        return response

    # Authorization

    def authorize_url(
        self,
        resource: str | None,
        pkce: Pkce,
        *,
        state: str | None = None,
        scope: str | None = "mcp",
        extra: dict | list[tuple[str, str]] | None = None,
        drop: tuple[str, ...] = (),
    ) -> str:
        pairs = [
            ("response_type", "code"),
            ("client_id", self.client_id or ""),
            ("redirect_uri", self.redirect_uri),
            ("code_challenge", pkce.challenge),
            ("code_challenge_method", "S256"),
            ("state", state or secrets.token_urlsafe(12)),
        ]
        if scope is not None:
            pairs.append(("scope", scope))
        if resource is not None:
            pairs.append(("resource", resource))
        pairs = [pair for pair in pairs if pair[0] not in drop]
        if isinstance(extra, dict):
            pairs = [pair for pair in pairs if pair[0] not in extra] + list(extra.items())
        elif extra:
            pairs += extra
        return f"{self.base}/authorize?{urllib.parse.urlencode(pairs)}"

    # Token endpoint

    def token_request(
        self, form: dict | list[tuple[str, str]], *, headers: dict | None = None, authenticate: bool = True
    ) -> Response:
        """POST /token with this client's authentication as registered."""
        pairs = list(form.items()) if isinstance(form, dict) else list(form)
        headers = dict(headers or {})
        if authenticate:
            if self.auth == "client_secret_basic" and self.client_secret:
                quoted = ":".join(urllib.parse.quote(x, safe="") for x in (self.client_id, self.client_secret))
                headers["Authorization"] = "Basic " + base64.b64encode(quoted.encode()).decode()
            else:
                pairs.append(("client_id", self.client_id or ""))
                if self.auth == "client_secret_post" and self.client_secret:
                    pairs.append(("client_secret", self.client_secret))
        return request("POST", f"{self.base}/token", form=pairs, headers=headers)

    def exchange(self, code: str, pkce: Pkce, *, resource: str | None = None, extra: dict | None = None) -> Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": pkce.verifier,
        }
        if resource is not None:
            form["resource"] = resource
        return self.token_request({**form, **(extra or {})})

    def refresh(self, refresh_token: str, *, extra: dict | None = None) -> Response:
        return self.token_request({"grant_type": "refresh_token", "refresh_token": refresh_token, **(extra or {})})

    def client_credentials(self, resource: str | None = None, *, extra: dict | None = None) -> Response:
        form = {"grant_type": "client_credentials"}
        if resource is not None:
            form["resource"] = resource
        return self.token_request({**form, **(extra or {})})

    def revoke(self, token: str, *, extra: dict | None = None) -> Response:
        return self._posted("revoke", {"token": token, **(extra or {})})

    def introspect(self, token: str, *, extra: dict | None = None) -> Response:
        return self._posted("introspect", {"token": token, **(extra or {})})

    def _posted(self, endpoint: str, form: dict) -> Response:
        headers = {}
        if self.auth == "client_secret_basic" and self.client_secret:
            quoted = ":".join(urllib.parse.quote(x, safe="") for x in (self.client_id, self.client_secret))
            headers["Authorization"] = "Basic " + base64.b64encode(quoted.encode()).decode()
        else:
            form = {**form, "client_id": self.client_id or ""}
            if self.auth == "client_secret_post" and self.client_secret:
                form["client_secret"] = self.client_secret
        return request("POST", f"{self.base}/{endpoint}", form=form, headers=headers)

    # Everything at once

    def authorize(
        self,
        resource: str | None,
        username: str,
        password: str,
        *,
        pkce: Pkce | None = None,
        browser: Browser | None = None,
        scope: str | None = "mcp",
        decision: str = "allow",
        state: str | None = None,
    ) -> tuple[Callback, Pkce]:
        """Registers if needed, walks the real pages and answers the callback with its verifier."""
        if self.client_id is None:
            response = self.register()
            assert response.status == 201, response.describe()
        pkce = pkce or Pkce()
        browser = browser or Browser(self.base)
        url = self.authorize_url(resource, pkce, scope=scope, state=state)
        return browser.log_in(url, username, password, decision=decision, resource=resource), pkce

    def log_in(self, resource: str | None, username: str, password: str, **options) -> Tokens:
        """Registers if needed, logs a person in and answers tokens for one route."""
        callback, pkce = self.authorize(resource, username, password, **options)
        return Tokens.of(self.exchange(callback.code, pkce, resource=resource))
