"""The SDK's own conformance client, unchanged, with everything written down that it is answered.

It reads one line of JSON (url, token or null, scenario, revision) and prints one: the handshake and each result, in order.
"""

import asyncio
import importlib.util
import json
import logging
import os
import sys
import warnings
from pathlib import Path

settings = json.loads(sys.stdin.readline())
os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"] = settings["revision"]
warnings.simplefilter("ignore")

source = Path(__file__).resolve().parents[3] / ".venvs/everything-server/client.py"
spec = importlib.util.spec_from_file_location("conformance_client", source)
conformance = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conformance)
logging.disable(logging.CRITICAL)

from mcp.client.client import Client  # noqa: E402
from mcp.client.streamable_http import streamable_http_client  # noqa: E402
from mcp.shared._httpx_utils import create_mcp_http_client  # noqa: E402

heard: list = []
ASKED = ("list_tools", "call_tool", "list_resources", "list_resource_templates", "read_resource", "list_prompts", "get_prompt")


class Recording(Client):
    """The SDK's client; it answers everything that it may be asked, as the conformance client does elsewhere."""

    def __init__(self, server, **options):
        if isinstance(server, str) and settings["token"]:
            http = create_mcp_http_client(headers={"Authorization": f"Bearer {settings['token']}"})
            server = streamable_http_client(server, http_client=http)
        options.setdefault("sampling_callback", conformance.stub_sampling_callback)
        options.setdefault("list_roots_callback", conformance.stub_list_roots_callback)
        options.setdefault("elicitation_callback", conformance.default_elicitation_callback)
        super().__init__(server, logging_callback=self.log, read_timeout_seconds=30, **options)

    async def __aenter__(self):
        entered = await super().__aenter__()
        greeting = [self.protocol_version, plain(self.server_info), plain(self.server_capabilities), self.instructions]
        heard.append(["handshake", *greeting])
        return entered

    async def log(self, params):
        heard.append(["log", plain(params)])


def plain(value):
    return value.model_dump(by_alias=True, exclude_none=True, mode="json") if hasattr(value, "model_dump") else value


def recorded(name: str):
    async def ask(self, *arguments, **options):
        steps: list = []
        if name == "call_tool":

            async def step(*told):
                steps.append(told)

            options.setdefault("progress_callback", step)
        call = [name, *(argument for argument in arguments)]
        try:
            result = await getattr(super(Recording, self), name)(*arguments, **options)
        except Exception as error:
            heard.append([*call, "error", str(getattr(getattr(error, "error", None), "code", type(error).__name__)), str(error)])
            raise
        heard.append([*call, steps, plain(result)])
        return result

    return ask


for name in ASKED:
    setattr(Recording, name, recorded(name))
conformance.Client = Recording


async def main() -> None:
    handler = conformance.HANDLERS[settings["scenario"]]
    try:
        await asyncio.wait_for(handler(settings["url"]), 150)
    except Exception as error:
        heard.append(["ended by", type(error).__name__])
    print(json.dumps(heard), flush=True)


asyncio.run(main())
