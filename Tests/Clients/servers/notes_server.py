"""A real MCP server with something that shouldn't be deleted: FastMCP 4.1, both eras."""

import sys

from fastmcp import FastMCP

server = FastMCP("notes")


@server.tool(annotations={"readOnlyHint": True})
def list_notes() -> str:
    """All notes."""
    return "milk, bread"


@server.tool(annotations={"destructiveHint": True})
def delete_note(name: str) -> str:
    """Deletes a note."""
    return f"{name} is gone"


@server.tool
def share_note(name: str) -> str:
    """Shows a note to everybody."""
    return f"{name} is shared"


server.run(transport="http", host="127.0.0.1", port=int(sys.argv[1]), show_banner=False)
