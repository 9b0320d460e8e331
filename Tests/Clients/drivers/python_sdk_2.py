"""The MCP Python SDK 2.3: modern where the server is, legacy by fallback ("auto") or by choice ("legacy")."""

import asyncio

import httpx2
from common import Person, Storage, converse, key_in, run, text_of
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientInformationFull, OAuthClientMetadata


def provider(settings: dict, person: Person, storage: Storage) -> OAuthClientProvider:
    seen = []

    async def go(url: str) -> None:
        seen.append(await asyncio.to_thread(person.visit, url))

    async def come_back() -> AuthorizationCodeResult:
        callback = seen.pop()
        return AuthorizationCodeResult(code=callback.code, state=callback.state, iss=callback.iss)

    return OAuthClientProvider(
        server_url=settings["url"],
        client_metadata=OAuthClientMetadata(client_name="Python SDK 2", redirect_uris=[settings["redirect_uri"]]),
        storage=storage,
        redirect_handler=go,
        callback_handler=come_back,
        client_metadata_url=settings.get("client_metadata_url"),
    )


async def main(settings: dict) -> None:
    person = Person(settings)
    known = settings.get("client")
    storage = Storage(OAuthClientInformationFull(redirect_uris=[settings["redirect_uri"]], **known) if known else None)
    auth = provider(settings, person, storage) if settings.get("gateway") else None
    if "key_file" in settings:
        auth = key_in(settings["key_file"], httpx2.Auth)
    async with create_mcp_http_client(auth=auth) as http:
        async with Client(
            streamable_http_client(settings["url"], http_client=http), mode=settings.get("mode", "auto")
        ) as client:

            async def tools():
                return (await client.list_tools()).tools

            async def call(name, arguments):
                return text_of(await client.call_tool(name, arguments))

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
                protocol=lambda: client.protocol_version,
            )


run(main)
