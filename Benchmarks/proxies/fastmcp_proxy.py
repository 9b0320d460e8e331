"""FastMCP's proxy. The first half runs in FastMCP's own environment: python fastmcp_proxy.py CONFIG."""

import json
import sys
from pathlib import Path


def serve(config: dict) -> None:
    """The leanest set-up: no sessions, JSON answers, tokens verified against a key at hand, no access log."""
    from fastmcp.server import create_proxy
    from fastmcp.server.auth.providers.jwt import JWTVerifier

    verifier = JWTVerifier(
        public_key=config["public_key"], issuer=config["issuer"], audience=config["audience"], algorithm="ES256")
    proxy = create_proxy(config["upstream"], name="bench", auth=verifier)
    proxy.run(
        transport="http", host="127.0.0.1", port=config["port"], path="/mcp", stateless_http=True, json_response=True,
        show_banner=False, log_level="error", uvicorn_config={"access_log": False, "timeout_keep_alive": 60})


if __name__ == "__main__":
    serve(json.loads(Path(sys.argv[1]).read_text()))
    sys.exit()

from harness.call import Call  # noqa: E402
from harness.site import REPOSITORY  # noqa: E402

from .proxy import NotInstalled, Proxy  # noqa: E402


class FastMCPProxy(Proxy):
    name, title = "fastmcp", "FastMCP's proxy"
    is_slow = True

    def version(self) -> str:
        return self.version_in(REPOSITORY / ".venvs/fastmcp/bin/python", "-c", "import fastmcp; print(fastmcp.__version__)")

    def command(self) -> list:
        python = REPOSITORY / ".venvs/fastmcp/bin/python"
        if not python.exists():
            raise NotInstalled("fastmcp from the Python package index")
        config, issuer = self.folder / "config.json", self.site.issuer
        config.write_text(json.dumps({
            "port": self.port, "upstream": f"http://{self.site.upstream_host}/mcp/stateless", "issuer": issuer.issuer,
            "audience": issuer.audience, "public_key": issuer.public_key_pem}))
        return [python, Path(__file__).resolve(), config]

    def call(self, path: str = "/mcp", **shape) -> Call:
        # The legacy era without a session is what it answers fastest.
        return super().call(path, **{**shape, "legacy": True})
