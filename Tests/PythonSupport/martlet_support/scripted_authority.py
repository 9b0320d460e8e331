"""What the scripted authorization servers share: a server on loopback, its answers, and who asks."""

import base64
import hashlib
import json
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def challenge(verifier: str) -> str:
    """PKCE's S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


class ScriptedAuthority:
    """Listens from the first moment on, and answers between start and stop. A context manager."""

    def __init__(self, handler: type["AuthorityHandler"], port: int = 0):
        self._server = ThreadingHTTPServer(("127.0.0.1", port), type(handler.__name__, (handler,), {"owner": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.issuer = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class AuthorityHandler(BaseHTTPRequestHandler):
    """`self.owner` is the authority."""

    protocol_version = "HTTP/1.1"
    owner: ScriptedAuthority

    def log_message(self, *_):
        pass

    def reply(self, status, value, headers=()):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in [("Content-Type", "application/json"), ("Cache-Control", "no-store"), *headers]:
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        try:
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # whoever asked is gone

    def back(self, target: str, answer: dict):
        """Sends a browser back with an answer, of which None is left out."""
        query = urllib.parse.urlencode({name: value for name, value in answer.items() if value is not None})
        self.reply(302, {}, [("Location", f"{target}?{query}")])

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def claimed(self, form: dict) -> tuple[str | None, str | None, str]:
        """Who a client says that it is: identifier, secret and method."""
        scheme, _, pair = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(pair).decode().partition(":")
            return urllib.parse.unquote(name), urllib.parse.unquote(secret), "client_secret_basic"
        secret = form.get("client_secret")
        return form.get("client_id"), secret, "client_secret_post" if secret else "none"
