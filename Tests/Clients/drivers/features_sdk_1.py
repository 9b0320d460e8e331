"""The MCP Python SDK 1.x (1.30 speaks 2025-11-25, 1.9.4 speaks 2025-03-26) through every feature it has."""

import asyncio
import inspect

from features import converse, run
from features_sdk import PythonSDK
from mcp import ClientSession, McpError, types
from mcp.client.streamable_http import streamablehttp_client
from pydantic import AnyUrl


class Client(PythonSDK):
    types = types

    def __init__(self, name: str):
        super().__init__(name)
        self.can_elicit = hasattr(types, "ElicitResult")

    def is_error(self, result):
        return result.isError

    def uri(self, text):
        return AnyUrl(text)

    async def templates(self):
        return [t.uriTemplate for t in (await self.session.list_resource_templates()).resourceTemplates]

    async def code_of(self, awaitable):
        try:
            await awaitable
        except McpError as error:
            return error.error.code

    async def cancel(self, call):
        """This SDK tells nobody when a task is cancelled: the notification is sent by hand."""
        identifier = self.session._request_id - 1
        params = types.CancelledNotificationParams(requestId=identifier, reason="no longer wanted")
        notification = types.CancelledNotification(method="notifications/cancelled", params=params)
        await self.session.send_notification(types.ClientNotification(notification))
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


async def main(settings: dict) -> None:
    client = Client(settings["name"])
    headers = {"Authorization": f"Bearer {settings['token']}"}
    callbacks = {
        "sampling_callback": client.sample,
        "list_roots_callback": client.roots,
        "logging_callback": client.log,
        "message_handler": client.notice,
    }
    if "elicitation_callback" in inspect.signature(ClientSession.__init__).parameters:
        callbacks["elicitation_callback"] = client.elicit
    async with streamablehttp_client(settings["url"], headers=headers) as (reading, writing, _):
        async with ClientSession(reading, writing, **callbacks) as session:
            greeting = await session.initialize()
            client.session = session
            client.protocol, client.instructions = greeting.protocolVersion, greeting.instructions
            client.server = greeting.serverInfo.name
            await converse(client)


run(main)
