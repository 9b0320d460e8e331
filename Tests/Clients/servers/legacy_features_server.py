"""A real server of the legacy era with everything that a session can do: the MCP Python SDK 1.30.

`legacy_features_server.py PORT [streamable-http | stateless | sse]`. What `features.py` asks for has the names that it has in
modern_server.py.
"""

import asyncio
import json
import sys
from functools import partial
from weakref import WeakKeyDictionary

import mcp.types as types
from mcp.server.fastmcp import Context, FastMCP
from mcp.server.lowlevel import NotificationOptions
from mcp.shared.message import ServerMessageMetadata
from pydantic import AnyUrl, BaseModel

how = sys.argv[2] if len(sys.argv) > 2 else "streamable-http"
server = FastMCP(
    "legacy-features",
    instructions="Ask nicely.",
    host="127.0.0.1",
    port=int(sys.argv[1]),
    log_level="WARNING",
    stateless_http=how == "stateless",
)
lowlevel = server._mcp_server
lowlevel.create_initialization_options = partial(
    lowlevel.create_initialization_options,
    NotificationOptions(tools_changed=True, prompts_changed=True, resources_changed=True),
)
LEVELS = ["debug", "info", "notice", "warning", "error"]
watched: WeakKeyDictionary = WeakKeyDictionary()  # session -> the URIs that it watches
levels: WeakKeyDictionary = WeakKeyDictionary()  # session -> the least level that it wants
cancelled: list[str] = []


class Name(BaseModel):
    name: str


@server.tool()
async def add(a: int, b: int) -> int:
    return a + b


@server.tool()
async def where(region: str) -> str:
    return region


@server.tool()
async def slow(name: str, steps: int, context: Context) -> str:
    """Reports progress; remembers who cancelled it."""
    try:
        for step in range(steps):
            await context.report_progress(step + 1, steps)
            await asyncio.sleep(0.05)
    except asyncio.CancelledError:
        cancelled.append(name)
        raise
    return "done"


@server.tool()
async def who_cancelled() -> str:
    return json.dumps(cancelled)


@server.tool()
async def log(context: Context) -> str:
    """Logs at three levels, as far as the session wants to hear them."""
    for level in ("debug", "info", "error"):
        if LEVELS.index(level) >= LEVELS.index(levels.get(context.session, "debug")):
            await context.log(level, f"at {level}")
    return "logged"


@server.tool()
async def greet(context: Context) -> str:
    """Asks twice: for a first and for a last name."""
    names = []
    for which in ("First", "Last"):
        answer = await context.elicit(f"{which} name?", Name)
        names.append(answer.data.name if answer.action == "accept" else answer.action)
    return "Hello " + " ".join(names)


@server.tool()
async def ask_model(context: Context) -> str:
    """Asks the client's model, and for its roots."""
    question = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="Say something"))
    related = context.request_context.request_id
    answer = await context.session.create_message([question], max_tokens=9, related_request_id=related)
    roots = await context.session.send_request(
        types.ServerRequest(types.ListRootsRequest()),
        types.ListRootsResult,
        metadata=ServerMessageMetadata(related_request_id=related),
    )
    return f"{answer.content.text} in {roots.roots[0].uri}"


@server.tool()
async def visit(context: Context) -> str:
    """Sends the user to a page."""
    answer = await context.elicit_url("Log in there", "https://login.example/", "e-1")
    return answer.action


@server.tool()
async def think_aloud(context: Context) -> str:
    """Asks the client's model outside of this call's stream."""
    question = types.SamplingMessage(role="user", content=types.TextContent(type="text", text="?"))
    return (await context.session.create_message([question], max_tokens=9)).content.text


@server.tool()
async def touch(context: Context) -> str:
    """Says that everything changed."""
    await context.session.send_tool_list_changed()
    await context.session.send_prompt_list_changed()
    await context.session.send_resource_list_changed()
    for uri in sorted(watched.get(context.session, ())):
        await context.session.send_resource_updated(AnyUrl(uri))
    return "touched"


@server.resource("test://note")
async def note() -> str:
    return "a note"


@server.resource("test://notes/{name}")
async def named_note(name: str) -> str:
    return f"note {name}"


@server.prompt()
async def poem(subject: str) -> str:
    return f"A poem about {subject}"


@server.completion()
async def complete(ref, argument, context):
    return types.Completion(values=[argument.value + "flower"], total=1, hasMore=False)


@lowlevel.subscribe_resource()
async def subscribe(uri) -> None:
    watched.setdefault(lowlevel.request_context.session, set()).add(str(uri))


@lowlevel.unsubscribe_resource()
async def unsubscribe(uri) -> None:
    watched.setdefault(lowlevel.request_context.session, set()).discard(str(uri))


@lowlevel.set_logging_level()
async def set_level(level) -> None:
    levels[lowlevel.request_context.session] = level


server.run(transport="sse" if how == "sse" else "streamable-http")
