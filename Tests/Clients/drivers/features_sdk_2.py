"""The MCP Python SDK 2.3, told to speak the legacy era, through every feature it has."""

import asyncio
import warnings

import mcp_types as types
from features import converse, run
from features_sdk import PythonSDK
from mcp import Client as SDKClient
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.exceptions import MCPError

warnings.simplefilter("ignore")


class Client(PythonSDK):
    types = types

    def is_error(self, result):
        return result.is_error

    async def templates(self):
        return [t.uri_template for t in (await self.session.list_resource_templates()).resource_templates]

    async def code_of(self, awaitable):
        try:
            await awaitable
        except MCPError as error:
            return error.error.code

    async def cancel(self, call):
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


async def main(settings: dict) -> None:
    client = Client(settings["name"])
    headers = {"Authorization": f"Bearer {settings['token']}"}
    async with create_mcp_http_client(headers=headers) as http:
        client.session = SDKClient(
            streamable_http_client(settings["url"], http_client=http),
            mode="legacy",
            sampling_callback=client.sample,
            elicitation_callback=client.elicit,
            list_roots_callback=client.roots,
            logging_callback=client.log,
            message_handler=client.notice,
        )
        async with client.session as session:
            client.protocol, client.instructions = session.protocol_version, session.instructions
            client.server = session.server_info.name
            await converse(client)


run(main)
