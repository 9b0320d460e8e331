"""Any MCP Python SDK, 1.9.4 to 2.3, over HTTP+SSE or Streamable HTTP: one call of each tool of servers/talkative_server.py.

It reads one line of JSON (url, wire, token, nonces) and prints one: what it heard.
"""

import asyncio
import contextlib
import inspect
import json
import sys

import mcp.types as types
from common import causes, text_of
from mcp import ClientSession


class Listener:
    """Everything that the server says beside its answers."""

    def __init__(self, nonce: str):
        self.nonce = nonce
        self.progress, self.logs, self.others = [], [], []
        self.changed = asyncio.Event()

    async def on_progress(self, progress, total, *_) -> None:
        self.progress.append(progress)

    async def on_log(self, params) -> None:
        self.logs.append(params.data)

    async def on_sampling(self, *_):
        content = types.TextContent(type="text", text=f"because {self.nonce}")
        return types.CreateMessageResult(role="assistant", content=content, model="none")

    async def on_elicitation(self, *_):
        return types.ElicitResult(action="accept", content={"name": self.nonce})

    async def on_message(self, message) -> None:
        inner = getattr(message, "root", message)
        if getattr(inner, "method", "") == "notifications/tools/list_changed":
            self.changed.set()

    def callbacks(self, of) -> dict:
        wanted = {
            "logging_callback": self.on_log,
            "sampling_callback": self.on_sampling,
            "elicitation_callback": self.on_elicitation,
            "message_handler": self.on_message,
        }
        return {name: value for name, value in wanted.items() if name in inspect.signature(of).parameters}


@contextlib.asynccontextmanager
async def connected(settings: dict, listener: Listener):
    """A session that has been initialized, and the version that it speaks."""
    headers = {"Authorization": f"Bearer {settings['token']}"}
    try:
        from mcp import Client
    except ImportError:
        async with transport_1(settings, headers) as streams:
            async with ClientSession(*streams[:2], **listener.callbacks(ClientSession)) as session:
                yield session, (await session.initialize()).protocolVersion
        return
    async with transport_2(settings, headers) as transport:
        async with Client(transport, mode=settings.get("mode", "legacy"), **listener.callbacks(Client)) as client:
            yield client, client.protocol_version


def transport_1(settings: dict, headers: dict):
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamablehttp_client

    return (sse_client if settings["wire"] == "sse" else streamablehttp_client)(settings["url"], headers=headers)


@contextlib.asynccontextmanager
async def transport_2(settings: dict, headers: dict):
    from mcp.client.sse import sse_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    if settings["wire"] == "sse":
        yield sse_client(settings["url"], headers=headers)
        return
    async with create_mcp_http_client(headers=headers) as http:
        yield streamable_http_client(settings["url"], http_client=http)


async def main() -> None:
    settings = json.loads(sys.stdin.readline())
    listener = Listener(settings["nonce"])
    async with connected(settings, listener) as (session, protocol):
        found = {"protocol": str(protocol), "tools": sorted(tool.name for tool in (await session.list_tools()).tools)}
        counted = await session.call_tool("count", {"steps": 3}, progress_callback=listener.on_progress)
        found["count"] = text_of(counted)
        for name in ("headers", "think", "ask", "change"):
            result = await session.call_tool(name, {})
            found[name] = text_of(result) if not getattr(result, "isError", getattr(result, "is_error", False)) else "error"
        await asyncio.wait_for(listener.changed.wait(), 20)
        # Several calls at once, each with its own answer.
        results = await asyncio.gather(*(session.call_tool("count", {"steps": n}) for n in range(8)))
        found["gathered"] = [text_of(result) for result in results]
    found |= {"progress": listener.progress, "logs": listener.logs[:3]}
    print(json.dumps(found), flush=True)


try:
    asyncio.run(asyncio.wait_for(main(), 80))
except BaseException as error:
    sys.exit(" | ".join(causes(error)))
