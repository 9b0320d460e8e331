"""FastMCP's client with its own OAuth: it looks at /authorize itself, opens a browser, waits on a callback server."""

import threading
import time
import webbrowser

from common import Person, converse, run, text_of
from fastmcp import Client
from fastmcp.client.auth import OAuth
from martlet_support.wire import request


def send_browser(person: Person) -> None:
    """Puts our person in front of the browser that FastMCP opens."""

    def visit(url: str) -> None:
        callback = person.visit(url)
        # The callback server comes up while the person is still logging in.
        for _ in range(100):
            try:
                request("GET", callback.url, timeout=60)
                return
            except OSError:
                time.sleep(0.1)

    def opened(url: str, *_, **__) -> bool:
        threading.Thread(target=visit, args=(url,), daemon=True).start()
        return True

    webbrowser.open = opened


class RecordingOAuth(OAuth):
    """FastMCP's OAuth with one more eye: the tokens it stored, in order."""

    def _bind(self, mcp_url: str) -> None:
        super()._bind(mcp_url)
        self.stored = []
        store = self.token_storage_adapter.set_tokens

        async def remember(tokens):
            self.stored.append(tokens)
            await store(tokens)

        self.token_storage_adapter.set_tokens = remember


async def main(settings: dict) -> None:
    person = Person(settings)
    send_browser(person)
    known = settings.get("client") or {}
    auth = None
    if settings.get("gateway"):
        auth = RecordingOAuth(
            callback_port=settings["callback_port"],
            callback_host=settings.get("callback_host", "localhost"),
            callback_timeout=240,
            client_metadata_url=settings.get("client_metadata_url"),
            client_id=known.get("client_id"),
            client_secret=known.get("client_secret"),
        )
    async with Client(settings["url"], auth=auth) as client:

        async def call(name, arguments):
            return text_of(await client.call_tool(name, arguments))

        async def tokens():
            return auth.stored if auth else []

        async def client_id():
            return auth.context.client_info.client_id if auth else None

        def protocol():
            return getattr(client, "protocol_version", None) or client.session.protocol_version

        await converse(
            settings, person, tools=client.list_tools, call=call, tokens=tokens, client_id=client_id, protocol=protocol
        )


run(main)
