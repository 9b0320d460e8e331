"""The MCP Python SDK 2.3 in the modern era, using every feature that a server of the legacy era may have.

Reads settings from one line of JSON (`url`, `token`, `mode`, `only`), says what it saw in one line of JSON.
"""

import asyncio
import json
import sys
import traceback

import anyio
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class Host:
    """What a host does for a server, and what it has heard."""

    def __init__(self, tag: str):
        self.tag, self.asked, self.logged = tag, [], []

    async def elicit(self, context, params):
        self.asked.append(params.message)
        if params.mode == "url":
            return types.ElicitResult(action="accept" if params.url == "https://login.example/" else "decline")
        return types.ElicitResult(action="accept", content={"name": f"{self.tag}{len(self.asked)}"})

    async def sample(self, context, params):
        self.asked.append(params.messages[0].content.text)
        return types.CreateMessageResult(role="assistant", model="deep", content=types.TextContent(type="text", text="42"))

    async def roots(self, context):
        return types.ListRootsResult(roots=[types.Root(uri="file:///home")])

    async def log(self, params):
        self.logged.append(params.data)


def text(result) -> str:
    return "".join(part.text for part in result.content if part.type == "text")


async def features(client: Client, host: Host) -> dict:
    seen: dict = {
        "protocol": client.protocol_version,
        "server": client.server_info and client.server_info.name,
        "instructions": client.instructions,
        "capabilities": client.server_capabilities.model_dump(by_alias=True, exclude_none=True),
    }
    seen["tools"] = sorted(tool.name for tool in (await client.list_tools()).tools)
    seen["add"] = text(await client.call_tool("add", {"a": 2, "b": 3}))
    seen["resources"] = [str(r.uri) for r in (await client.list_resources()).resources]
    seen["templates"] = [t.uri_template for t in (await client.list_resource_templates()).resource_templates]
    seen["read"] = [c.text for c in (await client.read_resource("note://by/me")).contents]
    seen["prompts"] = [p.name for p in (await client.list_prompts()).prompts]
    seen["prompt"] = (await client.get_prompt("praise", {"who": "Ada"})).messages[0].content.text
    completed = await client.complete(types.PromptReference(name="praise"), {"name": "who", "value": "jose"})
    seen["completion"] = completed.completion.values
    progress = []

    async def told(done, total, message):
        progress.append([done, total, message])

    seen["steps"] = text(await client.call_tool("steps", {"count": 3}, progress_callback=told))
    seen["progress"], seen["logged"] = progress, list(host.logged)
    seen["greeting"] = text(await client.call_tool("greet", {"tag": host.tag}))
    seen["visit"] = text(await client.call_tool("visit", {}))
    seen["thought"] = text(await client.call_tool("think", {}))
    aloud = await client.call_tool("think_aloud", {})
    seen["aloud"] = [aloud.is_error, text(aloud)]
    seen["asked"] = host.asked
    try:
        await client.read_resource("note://gone")
    except Exception as error:
        seen["gone"] = getattr(getattr(error, "error", None), "code", str(error))
    return seen


async def cancellation(client: Client, name: str) -> dict:
    with anyio.move_on_after(1.5):
        await client.call_tool("wait", {"name": name})
    for _ in range(100):
        if json.loads(text(await client.call_tool("was_cancelled", {"name": name}))):
            return {"cancelled": True}
        await anyio.sleep(0.1)
    return {"cancelled": False}


async def changes(client: Client) -> dict:
    async with client.listen(
        tools_list_changed=True,
        prompts_list_changed=True,
        resources_list_changed=True,
        resource_subscriptions=["note://one"],
    ) as listening:
        honoured = listening.honored.model_dump(by_alias=True, exclude_none=True)
        watched = text(await client.call_tool("change", {}))
        events = []
        with anyio.fail_after(30):
            async for event in listening:
                events.append(type(event).__name__ + (f" {event.uri}" if hasattr(event, "uri") else ""))
                if len(events) == 4:
                    break
    return {"honoured": honoured, "watched": watched, "events": sorted(events)}


async def greetings(client: Client, host: Host) -> dict:
    async def one(number: int, found: list):
        found.append(text(await client.call_tool("greet", {"tag": f"{host.tag}/{number}"})))

    found: list = []
    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(one, number, found)
    return {"greetings": found, "asked": host.asked}


async def main(settings: dict) -> dict:
    host = Host(settings.get("tag", "x"))
    async with create_mcp_http_client(headers={"Authorization": f"Bearer {settings['token']}"}) as http:
        async with Client(
            streamable_http_client(settings["url"], http_client=http),
            mode=settings.get("mode", "auto"),
            elicitation_callback=host.elicit,
            sampling_callback=host.sample,
            list_roots_callback=host.roots,
            logging_callback=host.log,
            log_level="warning",
            read_timeout_seconds=60,
        ) as client:
            if settings.get("only") == "greetings":
                return await greetings(client, host)
            seen = await features(client, host)
            seen |= await cancellation(client, host.tag)
            return seen | await changes(client)


try:
    print(json.dumps(asyncio.run(asyncio.wait_for(main(json.loads(sys.stdin.readline())), 150))), flush=True)
except BaseException:
    traceback.print_exc()
    sys.exit(1)
