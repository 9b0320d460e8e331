"""A job that calls a tool through Martlet as itself: the MCP Python SDK's own client credentials flow.

usage: NIGHTLY_CLIENT_SECRET=… client.py [URL]
"""

import asyncio
import os
import sys

from mcp import Client
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


class MemoryStorage:
    """Tokens are kept in memory: a job that runs for minutes needs no more."""

    def __init__(self):
        self.tokens = self.client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client_info):
        self.client = client_info


async def main(url: str) -> None:
    auth = ClientCredentialsOAuthProvider(url, MemoryStorage(), "nightly", os.environ["NIGHTLY_CLIENT_SECRET"])
    async with create_mcp_http_client(auth=auth) as http:
        async with Client(streamable_http_client(url, http_client=http)) as client:
            result = await client.call_tool("who_am_i")
            print(result.content[0].text)


asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080/demo/mcp"))
