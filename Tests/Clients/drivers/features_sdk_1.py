"""The MCP Python SDK 1.x (1.30: 2025-11-25, 1.12.4: 2025-06-18, 1.9.4: 2025-03-26, 1.6.0: 2024-11-05) through every feature it has."""

import asyncio
import inspect

from features import Adapter, converse, run
from mcp import ClientSession, McpError, types
from mcp.client.sse import sse_client
from pydantic import AnyUrl


class Client(Adapter):
    def __init__(self, settings: dict):
        super().__init__(settings)
        self.session: ClientSession | None = None
        self.can_elicit = hasattr(types, "ElicitResult")
        self.can_visit = hasattr(types, "ElicitRequestURLParams")
        self.steps: dict = {}  # who hears of progress, by token, where the SDK leaves that to others

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
        root = getattr(message, "root", None)
        if isinstance(root, types.ResourceUpdatedNotification):
            self.told.append(f"updated {root.params.uri}")
        elif isinstance(root, types.ProgressNotification) and root.params.progressToken in self.steps:
            self.steps[root.params.progressToken](root.params.progress)
        elif getattr(root, "method", "").endswith("/list_changed"):
            self.told.append(root.method.split("/")[1])

    # What the client asks

    async def tools(self):
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def text(self, tool, arguments=None, progress=None):
        async def step(done, total, message=None):
            progress(done)

        if progress and "progress_callback" not in inspect.signature(ClientSession.call_tool).parameters:
            result = await self.call_with_token(tool, arguments or {}, progress)
        else:
            options = {"progress_callback": step} if progress else {}
            result = await self.session.call_tool(tool, arguments or {}, **options)
        assert not result.isError, result
        return "".join(part.text for part in result.content)

    async def call_with_token(self, tool, arguments, progress):
        token = f"progress {len(self.steps)}"
        self.steps[token] = progress
        params = {"name": tool, "arguments": arguments, "_meta": {"progressToken": token}}
        request = types.CallToolRequest(method="tools/call", params=types.CallToolRequestParams(**params))
        return await self.session.send_request(types.ClientRequest(request), types.CallToolResult)

    async def resources(self):
        return [str(resource.uri) for resource in (await self.session.list_resources()).resources]

    async def templates(self):
        return [t.uriTemplate for t in (await self.session.list_resource_templates()).resourceTemplates]

    async def read(self, uri):
        return (await self.session.read_resource(AnyUrl(uri))).contents[0].text

    async def code_of(self, awaitable):
        try:
            await awaitable
        except McpError as error:
            return error.error.code

    async def prompts(self):
        return [prompt.name for prompt in (await self.session.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return (await self.session.get_prompt(name, arguments)).messages[0].content.text

    async def complete(self, prompt, argument, value):
        ref = types.PromptReference(type="ref/prompt", name=prompt)
        return (await self.session.complete(ref, {"name": argument, "value": value})).completion.values

    async def ping(self):
        await self.session.send_ping()

    async def set_level(self, level):
        await self.session.set_logging_level(level)

    async def subscribe(self, uri):
        await self.session.subscribe_resource(AnyUrl(uri))

    async def unsubscribe(self, uri):
        await self.session.unsubscribe_resource(AnyUrl(uri))

    async def cancel(self, call):
        """This SDK tells nobody when a task is cancelled: the notification is sent by hand."""
        identifier = self.session._request_id - 1
        params = types.CancelledNotificationParams(requestId=identifier, reason="no longer wanted")
        notification = types.CancelledNotification(method="notifications/cancelled", params=params)
        await self.session.send_notification(types.ClientNotification(notification))
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


def transport(settings: dict, headers: dict):
    if settings["wire"] == "sse":
        return sse_client(settings["url"], headers=headers)
    from mcp.client.streamable_http import streamablehttp_client

    return streamablehttp_client(settings["url"], headers=headers)


async def main(settings: dict) -> None:
    client = Client(settings)
    headers = {"Authorization": f"Bearer {settings['token']}"}
    callbacks = {
        "sampling_callback": client.sample,
        "list_roots_callback": client.roots,
        "logging_callback": client.log,
        "message_handler": client.notice,
    }
    if "elicitation_callback" in inspect.signature(ClientSession.__init__).parameters:
        callbacks["elicitation_callback"] = client.elicit
    async with transport(settings, headers) as streams:
        async with ClientSession(*streams[:2], **callbacks) as session:
            greeting = await session.initialize()
            client.session = session
            client.protocol, client.instructions = str(greeting.protocolVersion), greeting.instructions
            client.server = greeting.serverInfo.name
            await converse(client)


run(main)
