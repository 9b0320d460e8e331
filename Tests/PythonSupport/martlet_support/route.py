"""Tokens and calls for tests of the MCP routes: one login a route and run, since a login is dear and a call is cheap."""

from .mcp import LEGACY, MODERN, MCPConnection
from .steps import person, registered

_tokens: dict[tuple[str, str], str] = {}


def token(world, server: str = "stateful") -> str:
    """An access token for a route, the same one for all tests of a run. Not for tests that revoke it."""
    key = (world.url, server)
    if key not in _tokens:
        _tokens[key] = fresh_token(world, server)
    return _tokens[key]


def fresh_token(world, server: str = "stateful", client=None) -> str:
    """An access token of its own, from a client of its own unless one is given."""
    return person(world).tokens(client or registered(world), world.mcp_url(server)).access


def connect(world, server: str = "stateful", *, revision: str | None = None, initialize: bool = True) -> MCPConnection:
    """A connection with the shared token; a legacy one is initialized."""
    revision = revision or (MODERN if server == "modern" else LEGACY)
    connection = MCPConnection(world.mcp_url(server), token(world, server), revision=revision)
    if initialize and not connection.modern:
        connection.initialize()
    return connection


def bearer(world, server: str = "stateful") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(world, server)}"}
