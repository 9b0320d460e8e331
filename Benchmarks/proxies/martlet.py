"""Martlet: as it comes, with token verification, body inspection, sessions, policy and the trail on."""

import http.client
import json
import secrets

from harness.call import LEGACY, Call, tool_call
from harness.load import Values
from harness.tokens import Mint

from .proxy import Proxy

CLIENT = "bench"


class Martlet(Proxy):
    """Its routes: `tools` for /mcp, and one for each other path of the server, such as `size-100000`."""

    name, title = "martlet", "Martlet"

    def __init__(
        self, site, paths: tuple[str, ...] = ("/mcp",), *, more_servers: dict[str, dict] | None = None,
        more_clients: dict[str, dict] | None = None, limits: dict | None = None
    ):
        super().__init__(site)
        self.secret = secrets.token_urlsafe(32)
        (self.folder / "secret").write_text(self.secret)
        host = site.upstream_host
        self.config = {
            "public_url": f"http://127.0.0.1:{self.port}",
            "listen": f"127.0.0.1:{self.port}",
            "data_dir": str(self.folder / "data"),
            "servers": {self.server(path): {"url": f"http://{host}{path}"} for path in paths} | (more_servers or {}),
            "clients": {name: more | {"grants": ["client_credentials"], "secret": {"file": str(self.folder / "secret")}}
                        for name, more in ({CLIENT: {}} | (more_clients or {})).items()},
        } | ({"limits": limits} if limits else {})
        self.config_path = self.folder / "martlet.yaml"
        self.config_path.write_text(json.dumps(self.config, indent=1))
        self.mint = Mint(self.port, CLIENT, self.secret)
        self._tokens: dict[str, list[str]] = {}

    @staticmethod
    def server(path: str) -> str:
        return "tools" if path == "/mcp" else path.removeprefix("/mcp/").replace("/", "-")

    def command(self) -> list:
        return [self.site.martlet, "serve", "--config", self.config_path]

    def version(self) -> str:
        return "this commit"

    def is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    # Calls

    def resource(self, path: str = "/mcp") -> str:
        return f"http://127.0.0.1:{self.port}/{self.server(path)}/mcp"

    def call(self, path: str = "/mcp", **shape) -> Call:
        return tool_call(f"/{self.server(path)}/mcp", f"127.0.0.1:{self.port}", **shape)

    def listen_call(self) -> Call:
        call = super().listen_call()
        return Call("/tools/mcp", call.host, call.body, call.headers)

    def tokens(self, path: str = "/mcp", count: int = 64) -> list[str]:
        """Tokens for a route, the same at each call."""
        known = self._tokens.setdefault(path, [])
        known += self.mint.tokens(self.resource(path), count - len(known))
        return known[:count]

    def values(self, path: str = "/mcp") -> Values:
        return Values.of(self.tokens(path))

    def open_sessions(self, count: int, path: str = "/mcp") -> list[str]:
        """Legacy sessions, each by a handshake of its own."""
        token, connection = self.tokens(path)[0], http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "martlet-bench", "version": "1"}}})
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json",
                   "Accept": "application/json, text/event-stream"}
        sessions = []
        for _ in range(count):
            connection.request("POST", f"/{self.server(path)}/mcp", body, headers)
            answer = connection.getresponse()
            answer.read()
            sessions.append(answer.headers["Mcp-Session-Id"])
        connection.close()
        return sessions
