"""An OpenID provider that says what a test tells it to (needs the `cryptography` and `joserfc` packages)."""

import base64
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from joserfc import jwt
from joserfc.jwk import RSAKey


class ScriptedProvider:
    """Answers /authorize at once for `subject`, and /token with an ID token that each test may bend. A context manager.

    claims: merged over the good ones; a value of None removes a claim. `header` likewise.
    broken: path -> (status, body, content type), answered instead of the real thing; `down` closes every connection.
    """

    def __init__(self, port: int = 0):
        self.keys = [RSAKey.generate_key(2048, {"kid": "key-1"})]
        self.subject = "subject-1"
        self.claims: dict = {}
        self.header: dict = {}
        self.sign_with: RSAKey | None = None
        self.raw_id_token: str | None = None
        self.answer: dict | None = None
        self.metadata: dict = {}
        self.broken: dict[str, tuple[int, bytes, str]] = {}
        self.down = False
        self.delay: dict[str, float] = {}
        self.requests: list[tuple[str, str, dict]] = []
        self.codes: dict[str, dict] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.issuer = f"http://127.0.0.1:{self.port}"
        self.origin = self.issuer

    def __enter__(self) -> "ScriptedProvider":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def count(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(1 for _, seen, _ in self.requests if seen == path)

    def rotate(self, kid: str) -> None:
        """A new key takes the place of all others."""
        self.keys = [RSAKey.generate_key(2048, {"kid": kid})]

    def id_token(self, asked: dict) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": self.subject, "aud": asked["client_id"], "exp": now + 300, "iat": now,
            "nonce": asked.get("nonce"), "email": "someone@example.com", "email_verified": True, "name": "Some One",
            **self.claims,
        }
        key = self.sign_with or self.keys[0]
        header = {"alg": "RS256", "kid": self.keys[0].kid, "typ": "JWT", **self.header}
        clean = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode({n: v for n, v in header.items() if v is not None}, clean, key, algorithms=[header["alg"]])

    def document(self) -> dict:
        base = self.origin
        return {
            "issuer": self.issuer, "authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks", "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True, **self.metadata,
        }

    def token(self, form: dict) -> tuple[int, dict]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None:
            return 400, {"error": "invalid_grant"}
        token = self.raw_id_token or self.id_token(asked)
        return 200, {"access_token": "upstream-access", "token_type": "Bearer", "expires_in": 60, "id_token": token}


def _handler(owner: ScriptedProvider):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            self.serve({})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            form = dict(urllib.parse.parse_qsl(body))
            scheme, _, pair = (self.headers.get("Authorization") or "").partition(" ")
            if scheme == "Basic":
                name, _, secret = base64.b64decode(pair).decode().partition(":")
                form |= {"client_id": urllib.parse.unquote(name), "client_secret": urllib.parse.unquote(secret)}
            self.serve(form)

        def serve(self, form):
            parts = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
            owner.requests.append((self.command, parts.path, {**query, **form}))
            if owner.down:
                self.close_connection = True
                return
            time.sleep(owner.delay.get(parts.path, 0))
            if parts.path in owner.broken:
                status, body, kind = owner.broken[parts.path]
                return self.send(status, body, kind)
            if parts.path == "/.well-known/openid-configuration":
                return self.send_json(owner.document())
            if parts.path == "/jwks":
                return self.send_json({"keys": [key.as_dict(private=False, alg="RS256",
                    use="sig") for key in owner.keys]})
            if parts.path == "/authorize":
                return self.authorize(query)
            if parts.path == "/token":
                status, answer = owner.token(form)
                return self.send_json(answer, status)
            self.send(404, b"{}", "application/json")

        def authorize(self, query):
            code = secrets.token_urlsafe(16)
            owner.codes[code] = query
            answer = {"code": code, "state": query.get("state", ""), "iss": owner.issuer}
            answer = {n: v for n, v in {**answer, **(owner.answer or {})}.items() if v is not None}
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{urllib.parse.urlencode(answer)}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send_json(self, value, status=200):
            self.send(status, json.dumps(value).encode(), "application/json")

        def send(self, status, body, kind):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
