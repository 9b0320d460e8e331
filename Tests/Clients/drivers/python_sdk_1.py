"""The MCP Python SDK 1.x: 1.30 speaks 2025-11-25, 1.9.4 speaks 2025-03-26. One program, the environment
decides; `wire` may be "sse", the transport of 2024-11-05."""

import asyncio
import inspect

import httpx
from common import Person, Storage, converse, key_in, run, text_of
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata


def provider(settings: dict, person: Person, storage: Storage) -> OAuthClientProvider:
    seen = []

    async def go(url: str) -> None:
        seen.append(await asyncio.to_thread(person.visit, url))

    async def come_back() -> tuple[str, str | None]:
        callback = seen.pop()
        return callback.code, callback.state

    # 1.9.4 doesn't know client metadata documents.
    known = inspect.signature(OAuthClientProvider).parameters
    extra = {name: settings[name] for name in ("client_metadata_url",) if name in settings and name in known}
    return OAuthClientProvider(
        server_url=settings["url"],
        client_metadata=OAuthClientMetadata(client_name="Python SDK 1", redirect_uris=[settings["redirect_uri"]]),
        storage=storage,
        redirect_handler=go,
        callback_handler=come_back,
        **extra,
    )


async def main(settings: dict) -> None:
    person = Person(settings)
    known = settings.get("client")
    storage = Storage(OAuthClientInformationFull(redirect_uris=[settings["redirect_uri"]], **known) if known else None)
    auth = provider(settings, person, storage) if settings.get("gateway") else None
    if "key_file" in settings:
        auth = key_in(settings["key_file"], httpx.Auth)
    transport = sse_client if settings.get("wire") == "sse" else streamablehttp_client
    async with transport(settings["url"], auth=auth) as (reading, writing, *_):
        async with ClientSession(reading, writing) as session:
            greeting = await session.initialize()

            async def tools():
                return (await session.list_tools()).tools

            async def call(name, arguments):
                return text_of(await session.call_tool(name, arguments))

            async def tokens():
                return storage.tokens

            async def client_id():
                return storage.client_information.client_id if storage.client_information else None

            await converse(
                settings,
                person,
                tools=tools,
                call=call,
                tokens=tokens,
                client_id=client_id,
                protocol=lambda: greeting.protocolVersion,
            )


run(main)
