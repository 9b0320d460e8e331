"""A real server of the legacy era with everything that a session can do: the MCP Python SDK 1.30."""

import asyncio
import sys
from functools import partial

import mcp.types as types
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.lowlevel import NotificationOptions
from pydantic import AnyUrl, BaseModel

server = FastMCP("legacy-features", instructions="Ask nicely.", host="127.0.0.1", port=int(sys.argv[1]), log_level="WARNING")
lowlevel = server._mcp_server
lowlevel.create_initialization_options = partial(
    lowlevel.create_initialization_options,
    NotificationOptions(tools_changed=True, prompts_changed=True, resources_changed=True),
)
watched: set[str] = set()
cancelled: list[str] = []


class Name(BaseModel):
    name: str


@server.tool()
async def add(a: int, b: int) -> int:
    return a + b


@server.tool()
async def steps(count: int, context: Context) -> str:
    """Tells how far it is, and logs."""
    for step in range(count):
        await context.report_progress(step + 1, count, f"step {step + 1}")
        await context.debug(f"debug {step + 1}")
        await context.warning(f"warning {step + 1}")
    return f"{count} steps"


@server.tool()
async def greet(context: Context, tag: str = "") -> str:
    """Asks the user twice."""
    first = await context.elicit(f"{tag} Who?", Name)
    second = await context.elicit(f"{tag} And who else?", Name)
    names = [answer.data.name if answer.action == "accept" else answer.action for answer in (first, second)]
    return f"{tag} " + " and ".join(names)


@server.tool()
async def visit(context: Context) -> str:
    """Sends the user to a page."""
    answer = await context.elicit_url("Log in there", "https://login.example/", "e-1")
    return answer.action


@server.tool()
async def think(context: Context) -> str:
    """Asks the client's model, and for its roots."""
    question = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="6 by 9?"))
    related = context.request_context.request_id
    roots = await context.session.send_request(
        types.ServerRequest(types.ListRootsRequest()),
        types.ListRootsResult,
        metadata=types_metadata(related),
    )
    answer = await context.session.create_message([question], max_tokens=9, related_request_id=related)
    return f"{answer.content.text} in {roots.roots[0].uri}"


def types_metadata(related):
    from mcp.shared.message import ServerMessageMetadata

    return ServerMessageMetadata(related_request_id=related)


@server.tool()
async def think_aloud(context: Context) -> str:
    """Asks the client's model outside of this call's stream."""
    question = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="?"))
    return (await context.session.create_message([question], max_tokens=9)).content.text


@server.tool()
async def wait(name: str) -> str:
    try:
        await asyncio.sleep(300)
    except asyncio.CancelledError:
        cancelled.append(name)
        raise
    return "waited"


@server.tool()
async def was_cancelled(name: str) -> bool:
    return name in cancelled


@server.tool()
async def change(context: Context) -> str:
    """Everything changes."""
    await context.session.send_tool_list_changed()
    await context.session.send_prompt_list_changed()
    await context.session.send_resource_list_changed()
    for uri in sorted(watched):
        await context.session.send_resource_updated(AnyUrl(uri))
    return ",".join(sorted(watched))


@server.resource("note://one")
async def note() -> str:
    return "first note"


@server.resource("note://by/{name}")
async def note_by(name: str) -> str:
    return f"note {name}"


@server.prompt()
async def praise(who: str) -> str:
    return f"Praise {who}"


@server.completion()
async def complete(ref, argument, context):
    return types.Completion(values=[argument.value + "phine", argument.value + "ter"], hasMore=False)


@lowlevel.subscribe_resource()
async def subscribe(uri) -> None:
    watched.add(str(uri))


@lowlevel.unsubscribe_resource()
async def unsubscribe(uri) -> None:
    watched.discard(str(uri))


@lowlevel.set_logging_level()
async def set_level(level) -> None:
    pass


server.run(transport="streamable-http")
