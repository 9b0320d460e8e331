"""A real server of the legacy era: the MCP Python SDK 1.30 with sessions; it knows nothing of 2026-07-28."""

import sys

from mcp.server.fastmcp import Context, FastMCP

server = FastMCP("legacy", host="127.0.0.1", port=int(sys.argv[1]), log_level="WARNING")


@server.tool()
def headers(context: Context) -> dict[str, str]:
    """The headers of this very request."""
    return dict(context.request_context.request.headers)


@server.tool()
async def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


server.run(transport="streamable-http")
