"""A strict authorization server for accounts at servers behind Martlet, and the guard of a server that wants its tokens."""

import json
import secrets
import threading
import time
import urllib.parse

from .patience import PATIENCE
from .scripted_authority import AuthorityHandler, ScriptedAuthority, challenge

CANARY = "canary7f3a"


class UpstreamAuthority(ScriptedAuthority):
    """Rotates refresh tokens, revokes the family of one that comes back, and misbehaves as a test says. A context manager.

    acts: what /token does, request by request: "ok", "omit" (no refresh token), "refuse200" (an error with status 200),
    a number (that status), "garbage", "drop" (the request is carried out, the connection broken). Then "ok" again.
    grants: the scopes that users agree to, whatever is asked; None for all. declines: users say no.
    grace: a spent refresh token is good for another one.
    answering: cleared, tokens are issued, and nobody hears of it until it is set again.
    clients: client_id -> secret or None. registers: whether /register is there. methods: of the token endpoint.
    """

    def __init__(self, *, expires_in: int | None = 3600, methods=("client_secret_basic",), clients=None, registers=True):
        self.lock = threading.RLock()
        self.acts: list = []
        self.grants: list[str] | None = None
        self.declines = False
        self.grace = False  # whether a spent refresh token is forgiven
        self.expires_in, self.methods, self.registers = expires_in, list(methods), registers
        self.clients: dict[str, str | None] = dict(clients or {})
        self.redirects: dict[str, list[str]] = {}
        self.metadata: dict = {"scopes_supported": ["read", "write", "offline_access"]}
        self.resources: dict[str, dict] = {}
        self.response: dict = {}  # merged over the parameters of the authorization response; None removes one
        self.asked: list[dict] = []  # authorization requests
        self.token_requests: list[dict] = []
        self.registrations: list[dict] = []
        self.answered: list[float] = []  # when refreshes were answered
        self.revoked: list[str] = []
        self.answering = threading.Event()  # while it is cleared, new tokens are made and not yet told
        self.answering.set()
        self.reused = 0
        self.codes: dict[str, dict] = {}
        self.access: dict[str, dict] = {}
        self.refresh: dict[str, dict] = {}  # live and spent; a grant is shared by its family
        super().__init__(_Handler)

    def document(self) -> dict:
        known = {
            "issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token", "revocation_endpoint": f"{self.issuer}/revoke",
            "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": self.methods,
            "authorization_response_iss_parameter_supported": True,
        }
        if self.registers:
            known["registration_endpoint"] = f"{self.issuer}/register"
        return {name: value for name, value in {**known, **self.metadata}.items() if value is not None}

    def refreshes(self) -> list[dict]:
        return [one for one in self.token_requests if one.get("grant_type") == "refresh_token"]

    def protect(self, fake, *, scopes=("read", "write"), needs=("read",), metadata: dict | None = None,
                challenge: bool = True, path: str = "/.well-known/oauth-protected-resource/mcp") -> None:
        """Lets a FakeMCPServer take this server's tokens alone; its challenge names its metadata, at path."""
        origin = f"http://127.0.0.1:{fake.port}"
        place = f"{origin}{path}"
        document = {"resource": fake.url, "authorization_servers": [self.issuer], "scopes_supported": list(scopes),
                    **(metadata or {})}

        def guard(seen):
            if "/.well-known/" in seen.path:
                if seen.path == path and metadata is not False:
                    return 200, json.dumps(document).encode(), [("Content-Type", "application/json")]
                return 404, b"", []
            token = (seen.header("authorization") or "").removeprefix("Bearer ")
            with self.lock:
                grant = self.access.get(token)
            field = f'Bearer resource_metadata="{place}"' if challenge else "Bearer"
            if not grant or grant["ended"] or grant["until"] < time.time() or grant["resource"] not in (None, fake.url):
                return 401, b"", [("WWW-Authenticate", field)]
            missing = [scope for scope in fake.needs if scope not in grant["scope"]]
            if missing:
                return 403, b"", [("WWW-Authenticate", f'{field}, error="insufficient_scope", scope="{" ".join(missing)}"')]
            return None

        fake.needs = list(needs)
        fake.guard = guard

    def issue(self, grant: dict, act: str = "ok") -> dict:
        access, refresh = (f"{CANARY}-{kind}-{secrets.token_urlsafe(24)}" for kind in ("access", "refresh"))
        life = self.expires_in
        self.access[access] = {**grant, "until": time.time() + (life or 1e9), "ended": False, "grant": grant}
        answer = {"access_token": access, "token_type": "Bearer", "scope": " ".join(grant["scope"])}
        if life is not None:
            answer["expires_in"] = life
        if act != "omit" and grant.get("refreshable", True):
            self.refresh[refresh] = {"grant": grant, "spent": False}
            answer["refresh_token"] = refresh
        return answer

    def end(self, grant: dict) -> None:
        """Revokes a whole family."""
        grant["over"] = True
        for one in self.access.values():
            if one["grant"] is grant:
                one["ended"] = True


class _Handler(AuthorityHandler):
    owner: UpstreamAuthority

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/.well-known/oauth-authorization-server":
            return self.reply(200, self.owner.document())
        if url.path == "/authorize":
            return self.authorize(dict(urllib.parse.parse_qsl(url.query)))
        self.reply(404, {})

    def authorize(self, asked):
        with self.owner.lock:
            self.owner.asked.append(asked)
            client, target = asked.get("client_id"), asked.get("redirect_uri", "")
            known = client in self.owner.clients and target in self.owner.redirects.get(client, [target])
            if not known or asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
                return self.reply(400, {"error": "invalid_request"})
            answer = {"state": asked.get("state"), "iss": self.owner.issuer}
            if self.owner.declines:
                answer["error"] = "access_denied"
            else:
                scope = asked.get("scope", "read").split()
                code = secrets.token_urlsafe(16)
                self.owner.codes[code] = {
                    "client": client, "redirect_uri": target, "challenge": asked["code_challenge"],
                    "scope": [s for s in scope if self.owner.grants is None or s in self.owner.grants],
                    "resource": asked.get("resource")}
                answer["code"] = code
            answer.update(self.owner.response)
        self.back(target, answer)

    def do_POST(self):
        raw = self.body()
        if self.path == "/register" and self.owner.registers:
            return self.register(json.loads(raw))
        form = dict(urllib.parse.parse_qsl(raw.decode()))
        if self.path == "/revoke":
            if not self.client(form):
                return self.reply(401, {"error": "invalid_client"})
            with self.owner.lock:
                self.owner.revoked.append(form.get("token"))
                found = self.owner.refresh.get(form.get("token")) or self.owner.access.get(form.get("token"))
                if found:
                    self.owner.end(found["grant"])
            return self.reply(200, {})
        if self.path == "/token":
            return self.token(form)
        self.reply(404, {})

    def register(self, wanted):
        with self.owner.lock:
            self.owner.registrations.append(wanted)
            client, method = f"client-{len(self.owner.registrations)}", wanted.get("token_endpoint_auth_method")
            secret = None if method == "none" else f"{CANARY}-secret-{secrets.token_urlsafe(16)}"
            self.owner.clients[client], self.owner.redirects[client] = secret, wanted["redirect_uris"]
        answer = {**wanted, "client_id": client}
        if secret:
            answer |= {"client_secret": secret, "client_secret_expires_at": 0}
        self.reply(201, answer)

    def client(self, form) -> str | None:
        """Who asks, proven by a method that is offered."""
        name, secret, method = self.claimed(form)
        good = name in self.owner.clients and self.owner.clients[name] == secret
        return name if good and (method in self.owner.methods or secret is None) else None

    def token(self, form):
        with self.owner.lock:
            self.owner.token_requests.append(form)
            act = self.owner.acts.pop(0) if self.owner.acts else "ok"
            if isinstance(act, int):
                return self.reply(act, {"error": "server_error"} if act < 500 else b"")
            if act == "garbage":
                return self.reply(200, b"<html>nothing</html>")
            if act == "refuse200":
                return self.reply(200, {"ok": False, "error": "invalid_grant"})
            client = self.client(form)
            if not client:
                return self.reply(401, {"error": "invalid_client"})
            grant = self.grant(form, client, act)
            if grant is None:
                return self.reply(400, {"error": "invalid_grant"})
            answer = self.owner.issue(grant, act)
            if form.get("grant_type") == "refresh_token":
                self.owner.answered.append(time.monotonic())
        if act == "drop":
            return self.connection.close()
        self.owner.answering.wait(PATIENCE)
        self.reply(200, answer)

    def grant(self, form, client, act):
        kind = form.get("grant_type")
        if kind == "client_credentials":
            return {"client": client, "scope": form.get("scope", "").split(), "resource": form.get("resource"),
                    "refreshable": False}
        if kind == "authorization_code":
            code = self.owner.codes.pop(form.get("code"), None)
            proof = challenge(form.get("code_verifier", ""))
            if not code or (code["client"], code["redirect_uri"], code["challenge"], code["resource"]) != (
                    client, form.get("redirect_uri"), proof, form.get("resource")):
                return None
            return {"client": client, "scope": code["scope"], "resource": code["resource"]}
        found = self.owner.refresh.get(form.get("refresh_token"))
        if not found or found["grant"].get("over") or found["grant"]["client"] != client:
            return None
        if found["spent"] and not self.owner.grace:
            self.owner.reused += 1
            self.owner.end(found["grant"])
            return None
        found["spent"] = act != "omit"
        return found["grant"]
