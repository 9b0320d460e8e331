"""ContextForge, with the server registered and published as a virtual server. It takes only tokens of its own, ES256 too."""

import http.client
import json
import secrets
import subprocess

from harness.call import Call, tool_call
from harness.load import Values
from harness.site import REPOSITORY

from .proxy import NotInstalled, Proxy

ADMIN = "admin@example.com"


class ContextForge(Proxy):
    name, title = "contextforge", "ContextForge"
    is_slow = True

    def command(self) -> list:
        program = self.program("mcpgateway")
        if not program.exists():
            raise NotInstalled("mcp-contextforge-gateway from the Python package index")
        self._make_keys()
        return [program, "mcpgateway.main:app", "--host", "127.0.0.1", "--port", self.port, "--workers", 1]

    def version(self) -> str:
        return self.version_in(
            self.program("python"), "-c", "from importlib.metadata import version; print(version('mcp-contextforge-gateway'))")

    @staticmethod
    def program(name: str):
        return REPOSITORY / ".venvs/contextforge/bin" / name

    def environment(self) -> dict[str, str]:
        """Its defaults, but for what would only slow it down or refuse this load: rate limits, compression, plug-ins."""
        return {
            "DATABASE_URL": f"sqlite:///{self.folder}/mcp.db", "CACHE_TYPE": "memory", "LOG_LEVEL": "ERROR",
            "AUTH_REQUIRED": "true", "JWT_ALGORITHM": "ES256",
            "JWT_PUBLIC_KEY_PATH": f"{self.folder}/public.pem", "JWT_PRIVATE_KEY_PATH": f"{self.folder}/private.pem",
            "JWT_SECRET_KEY": self._secret, "AUTH_ENCRYPTION_SECRET": self._secret,
            "PLATFORM_ADMIN_EMAIL": ADMIN, "PLATFORM_ADMIN_PASSWORD": self._secret + "aA1!",
            "BASIC_AUTH_PASSWORD": self._secret,
            "SSRF_ALLOW_LOCALHOST": "true", "SSRF_ALLOW_PRIVATE_NETWORKS": "true",
            "RATE_LIMITING_ENABLED": "false", "COMPRESSION_ENABLED": "false", "PLUGINS_ENABLED": "false",
        }

    def __init__(self, site):
        super().__init__(site)
        self._secret = secrets.token_urlsafe(40)
        self._token = self._path = ""

    def is_ready(self) -> bool:
        try:
            return self._request("GET", "/health")[0] == 200
        except OSError:
            return False

    def start(self, cores=None) -> float:
        seconds = super().start(cores)
        self._token = self._mint()
        self._publish()
        return seconds

    def call(self, path: str = "/mcp", **shape) -> Call:
        # The legacy era without a session is all that it speaks by default.
        return tool_call(self._path, f"127.0.0.1:{self.port}", **{**shape, "legacy": True, "tool": "bench-echo"})

    def values(self, path: str = "/mcp") -> Values:
        return Values.of([self._token])

    def _make_keys(self) -> None:
        steps = ["openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out private.pem",
                 "openssl ec -in private.pem -pubout -out public.pem"]
        for step in steps:
            subprocess.run(step, shell=True, cwd=self.folder, check=True, capture_output=True)

    def _mint(self) -> str:
        command = [self.program("python"), "-m", "mcpgateway.utils.create_jwt_token", "--username", ADMIN, "--admin", "--exp", "600"]
        done = subprocess.run(command, env=self.environment(), cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.split()[-1]

    def _publish(self) -> None:
        server = {"name": "bench", "url": f"http://{self.site.upstream_host}/mcp/stateless", "transport": "STREAMABLEHTTP"}
        self._request("POST", "/gateways", server)
        tools = [tool["id"] for tool in self._request("GET", "/tools")[1]]
        made = self._request("POST", "/servers", {"server": {"name": "bench", "associated_tools": tools}})[1]
        self._path = f"/servers/{made['id']}/mcp/"

    def _request(self, method: str, path: str, body: dict | None = None) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
