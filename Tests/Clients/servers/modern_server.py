"""A real server of 2026-07-28 that knows nothing older: the MCP Python SDK 2.3 behind a door that refuses all else."""

import asyncio
import json
import sys
from typing import Annotated

import uvicorn
from mcp.server.mcpserver import Context, MCPServer, RequestStateSecurity
from mcp.types import (
    Completion,
    CreateMessageRequest,
    CreateMessageRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    EmptyResult,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    TextContent,
)
from pydantic import Field

REVISION = b"2026-07-28"
server = MCPServer(
    "modern", version="1.0", instructions="Be kind.", request_state_security=RequestStateSecurity(keys=[b"k" * 32])
)
cancelled: list[str] = []


async def take_level(*_) -> EmptyResult:
    return EmptyResult()


# A handler is what makes this SDK declare the capability; the method itself isn't part of the revision.
server._lowlevel_server.add_request_handler("logging/setLevel", SetLevelRequestParams, take_level)


@server.tool()
def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


@server.tool()
def where(region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})]) -> str:
    """Wants its argument in a header too."""
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
def who_cancelled() -> str:
    """Whose calls were cancelled."""
    return json.dumps(cancelled)


@server.tool()
async def log(context: Context) -> str:
    """Logs at three levels."""
    for level in ("debug", "info", "error"):
        await context.log(level, f"at {level}")
    return "logged"


def form(message: str) -> ElicitRequest:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def name_in(responses, key: str) -> str:
    answer = responses[key]
    return answer.content["name"] if answer.action == "accept" else answer.action


@server.tool()
async def greet(context: Context) -> str | InputRequiredResult:
    """Asks twice: for a first and for a last name."""
    responses, state = context.input_responses or {}, context.request_state
    if "first" in responses:
        return InputRequiredResult(input_requests={"last": form("Last name?")}, request_state=name_in(responses, "first"))
    if "last" in responses:
        return f"Hello {state} {name_in(responses, 'last')}"
    return InputRequiredResult(input_requests={"first": form("First name?")}, request_state="begun")


@server.tool()
async def visit(context: Context) -> str | InputRequiredResult:
    """Sends the user to a page."""
    if context.input_responses:
        return context.input_responses["page"].action
    page = ElicitRequestURLParams(mode="url", message="Visit this", url="https://example.com/page")
    return InputRequiredResult(input_requests={"page": ElicitRequest(params=page)})


@server.tool()
async def ask_model(context: Context) -> str | InputRequiredResult:
    """Asks the client's model, and for its roots, at once."""
    responses = context.input_responses
    if responses:
        return f"{responses['model'].content.text} in {responses['roots'].roots[0].uri}"
    question = SamplingMessage(role="user", content=TextContent(type="text", text="Say something"))
    model = CreateMessageRequest(params=CreateMessageRequestParams(messages=[question], max_tokens=10))
    return InputRequiredResult(input_requests={"model": model, "roots": ListRootsRequest()})


@server.tool()
async def touch(context: Context) -> str:
    """Says that everything changed."""
    await context.notify_tools_changed()
    await context.notify_prompts_changed()
    await context.notify_resources_changed()
    await context.notify_resource_updated("test://note")
    return "touched"


@server.resource("test://note")
def note() -> str:
    return "a note"


@server.resource("test://notes/{name}")
def named_note(name: str) -> str:
    return f"note {name}"


@server.prompt()
def poem(subject: str) -> str:
    return f"A poem about {subject}"


@server.completion()
async def complete(ref, argument, context) -> Completion:
    return Completion(values=[argument.value + "flower"], total=1, has_more=False)


class ModernOnly:
    """Lets in what names the one revision; the rest never reaches the SDK, which would speak the legacy era too."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        version = dict(scope["headers"]).get(b"mcp-protocol-version")
        if scope["method"] != "POST":
            return await self.refuse(send, 405, b"")
        if version != REVISION:
            requested = (version or b"").decode("ascii", "replace")
            data = {"supported": [REVISION.decode()], "requested": requested}
            error = {"code": -32022 if version else -32020, "message": "Unsupported protocol version", "data": data}
            return await self.refuse(send, 400, json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode())
        await self.app(scope, receive, send)

    async def refuse(self, send, status: int, body: bytes):
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


uvicorn.run(ModernOnly(server.streamable_http_app()), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
