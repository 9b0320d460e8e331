"""What every Python test of Martlet shares: the program itself, a browser, a fake MCP server, OAuth by hand.

Only the standard library is imported here, so that the drivers in Tests/Clients can use it in any environment.
"""

from .browser import Browser, Callback, Form, Page
from .fake_mcp_server import FakeMCPServer, RecordedRequest
from .gateway import CommandFailed, Gateway, free_port, repository
from .mcp import MCPConnection
from .oauth import OAuthClient, Pkce, Tokens
from .wire import Response, request

__all__ = [
    "Browser",
    "Callback",
    "CommandFailed",
    "FakeMCPServer",
    "Form",
    "Gateway",
    "MCPConnection",
    "OAuthClient",
    "Page",
    "Pkce",
    "RecordedRequest",
    "Response",
    "Tokens",
    "free_port",
    "repository",
    "request",
]
