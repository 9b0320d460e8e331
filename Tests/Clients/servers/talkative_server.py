"""A real server of the legacy era with a tool for each way in which a server talks back: `talkative_server.py PORT TRANSPORT`."""

import sys

from mcp.server.fastmcp import Context, FastMCP
from mcp.types import SamplingMessage, TextContent
from pydantic import BaseModel

server = FastMCP("features", host="127.0.0.1", port=int(sys.argv[1]), log_level="WARNING")


class Name(BaseModel):
    name: str


@server.tool()
def headers(context: Context) -> str:
    """The names of the header fields of this very request."""
    return ",".join(context.request_context.request.headers.keys())


@server.tool()
async def count(steps: int, context: Context) -> str:
    """Reports progress, and says so in the log."""
    for step in range(steps):
        await context.report_progress(step + 1, steps)
        await context.info(f"step {step + 1}")
    return f"{steps} steps"


@server.tool()
async def ask(context: Context) -> str:
    """Asks the user."""
    if not hasattr(context, "elicit"):
        return "this SDK can't ask"
    answer = await context.elicit("who are you?", Name)
    return f"{answer.action} {answer.data.name}"


@server.tool()
async def think(context: Context) -> str:
    """Asks the model."""
    question = SamplingMessage(role="user", content=TextContent(type="text", text="why?"))
    answer = await context.session.create_message([question], max_tokens=10)
    return answer.content.text


@server.tool()
async def change(context: Context) -> str:
    """Says that the tools changed."""
    await context.session.send_tool_list_changed()
    return "changed"


server.run(transport=sys.argv[2])
