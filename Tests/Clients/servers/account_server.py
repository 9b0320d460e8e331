"""A FastMCP server that is its own authorization server and tells whose token it was called with."""

import sys

from fastmcp import FastMCP
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.dependencies import get_access_token
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions

port = int(sys.argv[1])
server = FastMCP("accounts", auth=InMemoryOAuthProvider(
    base_url=f"http://127.0.0.1:{port}", required_scopes=["read"],
    client_registration_options=ClientRegistrationOptions(
        enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]),
    revocation_options=RevocationOptions(enabled=True)))


@server.tool
def whoami() -> str:
    token = get_access_token()
    return f"{token.client_id} may {' '.join(token.scopes)}"


server.run(transport="http", host="127.0.0.1", port=port)
