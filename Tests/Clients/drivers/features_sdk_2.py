"""The MCP Python SDK 2.3, in the era that it finds or told to speak the legacy one, through every feature it has."""

import asyncio
import contextlib
import warnings

import mcp_types as types
from features import KINDS, Absent, Adapter, converse, run
from mcp import Client as SDKClient
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

warnings.simplefilter("ignore")


class Client(Adapter):
    sdk: SDKClient
    is_modern: bool
    level = "info"

    # What the server asks and tells

    async def sample(self, context, params):
        self.asked.append("sampling")
        content = types.TextContent(type="text", text=f"model of {self.name}")
        return types.CreateMessageResult(role="assistant", content=content, model="m")

    async def roots(self, context):
        self.asked.append("roots")
        return types.ListRootsResult(roots=[types.Root(uri=f"file:///{self.name}")])

    async def elicit(self, context, params):
        mode = getattr(params, "mode", "form")
        self.asked.append(mode)
        if mode == "url":
            await self.visited(params.url)
            return types.ElicitResult(action="accept")
        return types.ElicitResult(action="accept", content={"name": self.name + "." + params.message.split()[0]})

    async def log(self, params):
        self.logged.append(f"{params.level}: {params.data}")

    async def notice(self, message):
        if isinstance(message, types.ResourceUpdatedNotification):
            self.told.append(f"updated {message.params.uri}")
        elif getattr(message, "method", "").endswith("/list_changed"):
            self.told.append(message.method.split("/")[1])

    # What the client asks

    async def tools(self):
        return [tool.name for tool in (await self.sdk.list_tools()).tools]

    async def text(self, tool, arguments=None, progress=None):
        async def step(done, total, message):
            progress(done)

        options = {"progress_callback": step} if progress else {}
        if self.is_modern:
            options["meta"] = {"io.modelcontextprotocol/logLevel": self.level}
        result = await self.sdk.call_tool(tool, arguments or {}, **options)
        assert not result.is_error, result
        return "".join(part.text for part in result.content)

    async def resources(self):
        return [str(resource.uri) for resource in (await self.sdk.list_resources()).resources]

    async def templates(self):
        return [t.uri_template for t in (await self.sdk.list_resource_templates()).resource_templates]

    async def read(self, uri):
        return (await self.sdk.read_resource(uri)).contents[0].text

    async def code_of(self, awaitable):
        try:
            await awaitable
        except MCPError as error:
            return error.error.code

    async def prompts(self):
        return [prompt.name for prompt in (await self.sdk.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return (await self.sdk.get_prompt(name, arguments)).messages[0].content.text

    async def complete(self, prompt, argument, value):
        ref = types.PromptReference(type="ref/prompt", name=prompt)
        return (await self.sdk.complete(ref, {"name": argument, "value": value})).completion.values

    async def ping(self):
        if self.is_modern:
            raise Absent("2026-07-28 has no ping")
        await self.sdk.send_ping()

    async def set_level(self, level):
        if self.is_modern:
            self.level = level  # each request names its own
        else:
            await self.sdk.set_logging_level(level)

    @contextlib.asynccontextmanager
    async def listening(self, *uris):
        if not self.is_modern:
            async with super().listening(*uris):
                yield
            return
        wanted = {f"{kind}_list_changed": True for kind in KINDS}
        async with self.sdk.listen(**wanted, resource_subscriptions=[*uris]) as events:
            hearing = asyncio.create_task(self.hear(events))
            yield
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    async def hear(self, events):
        async for event in events:
            name = type(event).__name__
            self.told.append(f"updated {event.uri}" if hasattr(event, "uri") else name.removesuffix("ListChanged").lower())

    async def subscribe(self, uri):
        await self.sdk.subscribe_resource(uri)

    async def unsubscribe(self, uri):
        await self.sdk.unsubscribe_resource(uri)

    async def cancel(self, call):
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


async def main(settings: dict) -> None:
    client = Client(settings)
    headers = {"Authorization": f"Bearer {settings['token']}"}
    async with create_mcp_http_client(headers=headers) as http:
        client.sdk = SDKClient(
            streamable_http_client(settings["url"], http_client=http),
            mode=settings["mode"],
            sampling_callback=client.sample,
            elicitation_callback=client.elicit,
            list_roots_callback=client.roots,
            logging_callback=client.log,
            message_handler=client.notice,
        )
        async with client.sdk:
            client.protocol, client.instructions = client.sdk.protocol_version, client.sdk.instructions
            client.server = client.sdk.server_info and client.sdk.server_info.name
            client.is_modern = client.protocol >= "2026"
            await converse(client)


run(main)
