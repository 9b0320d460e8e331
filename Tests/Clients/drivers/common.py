"""What the drivers share: how a test talks to them, and the person at the browser.

A driver is one real MCP client in its own environment. It reads one line of JSON (its settings), connects, lists the
tools and calls one, says so in a line of JSON, and waits: "again" calls once more, "end" leaves. The test decides what
happens in between.
"""

import asyncio
import json
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "PythonSupport"))

from martlet_support.browser import Browser, Callback  # noqa: E402


class Person:
    """Logs in and consents through the real pages whenever the client sends a browser somewhere."""

    def __init__(self, settings: dict):
        self.settings = settings
        self.browser = Browser(settings["gateway"]) if settings.get("gateway") else None
        self.logins = 0
        self.passwords = 0

    def visit(self, url: str) -> Callback:
        self.logins += 1
        before = len(self.browser.trail)
        callback = self.browser.log_in(
            url, self.settings["username"], self.settings["password"], resource=self.settings.get("resource", self.settings["url"])
        )
        self.passwords += sum(r.method == "POST" and r.url.endswith("/login") for r in self.browser.trail[before:])
        return callback


class Storage:
    """Token storage as all the SDKs ask for it; it remembers every token that it was given."""

    def __init__(self, client_information=None):
        self.tokens, self.client_information = [], client_information

    async def get_tokens(self):
        return self.tokens[-1] if self.tokens else None

    async def set_tokens(self, tokens):
        self.tokens.append(tokens)

    async def get_client_info(self):
        return self.client_information

    async def set_client_info(self, client_information):
        self.client_information = client_information


def key_in(file: str, auth: type):
    """How a client sends an API key that its operator keeps in a file, and may replace there at any time.

    `auth` is what the client's HTTP library calls its way of authenticating."""

    class KeyFile(auth):
        def auth_flow(self, request):
            request.headers["X-API-Key"] = Path(file).read_text()
            yield request

    return KeyFile()


class ToolFailed(AssertionError):
    """What a tool says that failed."""


def text_of(result) -> str:
    """The text of a tool's result, whatever the SDK calls the field."""
    text = "".join(part.text for part in result.content if part.type == "text")
    if getattr(result, "isError", getattr(result, "is_error", False)):
        raise ToolFailed(text)
    return text


def say(event: str, **values) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


async def converse(settings: dict, person: Person, *, tools, call, tokens, client_id, protocol) -> None:
    """The conversation itself. Each argument but the first two is a function that asks the client."""
    names = [tool.name for tool in await tools()]
    while True:
        begun = time.monotonic()
        try:
            text = await call(settings["tool"], settings.get("arguments", {}))
        except ToolFailed as failed:
            # As an agent does, which reads what went wrong and goes on.
            if not settings.get("goes_on"):
                raise
            text = str(failed)
        held = await tokens()
        say(
            "called",
            tools=names,
            text=text,
            seconds=time.monotonic() - begun,
            protocol=str(protocol()),
            logins=person.logins,
            passwords=person.passwords,
            client_id=await client_id(),
            access=[t.access_token for t in held],
            refresh=[t.refresh_token for t in held],
        )
        line = (await asyncio.to_thread(sys.stdin.readline)).strip()
        if line != "again":
            return


def run(main) -> None:
    """Runs a driver; whatever goes wrong is said in one event, innermost cause last."""
    settings = json.loads(sys.stdin.readline())
    try:
        asyncio.run(asyncio.wait_for(main(settings), settings.get("limit", 600)))
        say("end")
    except BaseException as error:  # a driver reports everything, exception groups too
        traceback.print_exc()
        say("failed", error=" | ".join(causes(error)))
        sys.exit(1)


def causes(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [line for inner in error.exceptions for line in causes(inner)]
    text = [f"{type(error).__name__}: {error}"]
    return causes(error.__cause__) + text if error.__cause__ else text
