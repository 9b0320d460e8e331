"""A FastMCP server that tells whose token it was called with: PORT [ISSUER].

It is its own authorization server, or asks Canaille at ISSUER about tokens (RFC 7662).
"""

import sys

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.auth.providers.introspection import IntrospectionTokenVerifier
from fastmcp.server.dependencies import get_access_token
from mcp.server.auth.settings import ClientRegistrationOptions, RevocationOptions


def own(url: str) -> InMemoryOAuthProvider:
    return InMemoryOAuthProvider(
        base_url=url, required_scopes=["read"],
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["read", "write"], default_scopes=["read"]),
        revocation_options=RevocationOptions(enabled=True))


def canaille(url: str, issuer: str) -> RemoteAuthProvider:
    verifier = IntrospectionTokenVerifier(
        introspection_url=f"{issuer}/oauth/introspect", client_id="martlet", client_secret="martlet-secret",
        required_scopes=["openid"])
    return RemoteAuthProvider(token_verifier=verifier, authorization_servers=[issuer], base_url=url)


port = int(sys.argv[1])
url = f"http://127.0.0.1:{port}"
server = FastMCP("accounts", auth=canaille(url, sys.argv[2]) if len(sys.argv) > 2 else own(url))


@server.tool
def whoami() -> str:
    token = get_access_token()
    return f"{token.client_id} may {' '.join(sorted(token.scopes))}"


server.run(transport="http", host="127.0.0.1", port=port)
