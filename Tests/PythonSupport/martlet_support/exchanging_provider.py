"""An OpenID provider whose logins can be exchanged, and an authorization server that believes its assertions."""

import secrets
import threading
import time

from joserfc import jwt

from .patience import PATIENCE
from .scripted_provider import ScriptedProvider
from .token_authority import TokenAuthority

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TYPE = "urn:ietf:params:oauth:token-type:"
CANARY = "canary9be1"


class ExchangingProvider(ScriptedProvider):
    """Strict: each client proves itself, refresh tokens rotate and take their family along when they come twice.

    life: seconds of a login's access token. id_life: of its ID token. refreshes: whether logins can be refreshed.
    refuses: the error that exchanges are refused with. hold() makes exchanges wait, release() lets them through.
    """

    def __init__(self, secret: str):
        super().__init__()
        self.secret = secret
        self.life, self.id_life, self.refreshes = 3600, 3600, True
        self.refuses: str | None = None
        self.answer_bend: dict = {}
        self.asked: list[dict] = []  # token requests
        self.lock = threading.Lock()
        self.access: dict[str, dict] = {}
        self.refresh: dict[str, dict] = {}
        self.ids: dict[str, str] = {}
        self.exchanged: dict[str, dict] = {}
        self.gate: threading.Event | None = None

    def hold(self) -> None:
        self.gate = threading.Event()

    def release(self) -> None:
        gate, self.gate = self.gate, None
        if gate:
            gate.set()

    def count(self, grant: str) -> int:
        with self.lock:
            return sum(1 for one in self.asked if one.get("grant_type") == grant)

    def guard(self, request) -> tuple[int, bytes, list] | None:
        """For FakeMCPServer.guard: takes tokens that were exchanged for it."""
        token = (request.header("Authorization") or "").removeprefix("Bearer ")
        with self.lock:
            known = self.exchanged.get(token)
        return None if known else (401, b"{}", [("WWW-Authenticate", 'Bearer error="invalid_token"')])

    def end_everything(self) -> None:
        """No login can be refreshed any more, and none is good."""
        with self.lock:
            self.access.clear()
            self.refresh.clear()
            self.ids.clear()

    def token(self, form: dict) -> tuple[int, dict]:
        with self.lock:
            self.asked.append(form)
        if (form.get("client_id"), form.get("client_secret")) != ("martlet", self.secret):
            return 401, {"error": "invalid_client"}
        if form.get("grant_type") == EXCHANGE and self.gate:
            self.gate.wait(PATIENCE)
        with self.lock:
            match form.get("grant_type"):
                case "authorization_code":
                    asked = self.codes.pop(form.get("code", ""), None)
                    return self.login(self.subject, asked["nonce"]) if asked else (400, {"error": "invalid_grant"})
                case "refresh_token": return self.renew(form)
                case grant if grant == EXCHANGE: return self.exchange(form)
        return 400, {"error": "unsupported_grant_type"}

    def login(self, subject: str, nonce: str | None, family: dict | None = None) -> tuple[int, dict]:
        family = family or {"subject": subject, "over": False}
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": subject, "aud": "martlet", "exp": now + self.id_life, "iat": now,
            "jti": CANARY + secrets.token_hex(8), "name": subject}
        if nonce:
            claims["nonce"] = nonce
        token = jwt.encode({"alg": "RS256", "kid": self.keys[0].kid}, claims, self.keys[0], algorithms=["RS256"])
        access, refresh = f"{CANARY}-login-{secrets.token_hex(12)}", f"{CANARY}-renew-{secrets.token_hex(12)}"
        self.access[access] = {"subject": subject, "until": now + self.life}
        self.ids[token] = subject
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": self.life, "id_token": token}
        if self.refreshes:
            self.refresh[refresh] = family
            answer["refresh_token"] = refresh
        return 200, answer

    def renew(self, form: dict) -> tuple[int, dict]:
        family = self.refresh.get(form.get("refresh_token", ""))
        if not family or family["over"]:
            return 400, {"error": "invalid_grant"}
        if form["refresh_token"] in family.setdefault("spent", set()):
            family["over"] = True
            return 400, {"error": "invalid_grant"}
        family["spent"].add(form["refresh_token"])
        return self.login(family["subject"], None, family)

    def exchange(self, form: dict) -> tuple[int, dict]:
        if self.refuses:
            return 400, {"error": self.refuses}
        shown, kind = form.get("subject_token", ""), form.get("subject_token_type")
        login = self.access.get(shown) if kind == TYPE + "access_token" else None
        subject = login["subject"] if login and login["until"] > time.time() else None
        if kind == TYPE + "id_token":
            subject = self.ids.get(shown)
        if not subject:
            return 400, {"error": "invalid_request", "error_description": "subject_token"}
        about = {"subject": subject, "resource": form.get("resource"), "audience": form.get("audience"), "scope": form.get("scope")}
        if form.get("requested_token_type") == TYPE + "id-jag":
            return self.assertion(about, kind)
        token = f"{CANARY}-exchanged-{secrets.token_hex(12)}"
        self.exchanged[token] = about
        return 200, {"access_token": token, "issued_token_type": TYPE + "access_token", "token_type": "Bearer",
            "expires_in": 3600, **self.answer_bend}

    def assertion(self, about: dict, kind: str) -> tuple[int, dict]:
        if kind != TYPE + "id_token" or not about["audience"]:
            return 400, {"error": "invalid_request"}
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": about["subject"], "aud": about["audience"], "client_id": "martlet-there",
            "exp": now + 300, "iat": now, "jti": CANARY + secrets.token_hex(8), "scope": about["scope"]}
        header = {"alg": "RS256", "kid": self.keys[0].kid, "typ": "oauth-id-jag+jwt"}
        token = jwt.encode(header, claims, self.keys[0], algorithms=["RS256"])
        return 200, {"access_token": token, "issued_token_type": TYPE + "id-jag", "token_type": "N_A", "expires_in": 300,
            **self.answer_bend}


class AssertingAuthority(TokenAuthority):
    """Issues tokens for a provider's assertions about users (ID-JAG)."""

    def __init__(self, provider: ExchangingProvider, **options):
        super().__init__(client_id="martlet-there", **options)
        self.provider = provider
        self.believes = True
        self.subjects: dict[str, str] = {}  # access token -> subject

    def token(self, form: dict) -> tuple[int, dict]:
        if form.get("grant_type") != BEARER:
            return super().token(form)
        with self.lock:
            self.requests.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return 401, {"error": "invalid_client"}
        parsed = jwt.decode(form["assertion"], self.provider.keys[0], algorithms=["RS256"])
        good = parsed.header.get("typ") == "oauth-id-jag+jwt" and parsed.claims["aud"] == self.issuer
        if not good or parsed.claims["client_id"] != self.client_id or not self.believes:
            return 400, {"error": "invalid_grant"}
        with self.lock:
            answer = self.issue(None)
            self.subjects[answer["access_token"]] = parsed.claims["sub"]
        return 200, answer
