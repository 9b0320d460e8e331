"""What a legacy client does with a server, feature after feature; each SDK says in its own words how.

A driver makes an `Adapter` and calls `converse`: one line of JSON comes in (a phase with its settings), one goes out
(what happened), until "end".
"""

import asyncio
import json
import sys
import traceback


class Adapter:
    """The words of one SDK. `told` collects what came unasked; `asked` what the client was asked."""

    def __init__(self, name: str):
        self.name = name
        self.told: list[str] = []
        self.logged: list[str] = []
        self.asked: list[str] = []
        self.can_elicit = True

    async def text(self, tool: str, arguments: dict | None = None, progress=None) -> str:
        raise NotImplementedError

    def said(self, kind: str) -> int:
        return self.told.count(kind)


async def features(client) -> dict:
    """The whole list, once."""
    seen = {"tools": sorted(await client.tools())}
    seen["add"] = await client.text("add", {"a": 2, "b": 3})
    seen["mirrored"] = await client.text("where", {"region": "Z\u00fcrich"})
    seen["resources"] = await client.resources()
    seen["templates"] = await client.templates()
    seen["read"] = [await client.read("test://note"), await client.read("test://notes/a")]
    seen["missing"] = await client.code_of(client.read("test://nowhere"))
    seen["prompts"] = await client.prompts()
    seen["prompt"] = await client.prompt("poem", {"subject": "rain"})
    seen["completion"] = await client.complete("poem", "subject", "sun")
    await client.ping()
    steps = []
    seen["slow"] = await client.text("slow", {"name": "patient", "steps": 3}, progress=steps.append)
    await until(lambda: len(steps) >= 3)
    seen["progress"] = steps
    seen["log"] = await logs(client)
    seen["model"] = await client.text("ask_model")
    if client.can_elicit:
        seen["greet"] = await client.text("greet")
    seen["changes"] = await changes(client)
    seen["cancelled"] = await cancels(client)
    seen["asked"] = client.asked
    return seen


async def until(condition, limit: float = 30) -> None:
    async with asyncio.timeout(limit):
        while not condition():
            await asyncio.sleep(0.02)


async def logs(client) -> list:
    """What came before a level was set, and after."""
    await client.text("log")
    await until(lambda: len(client.logged) >= 2)
    before = [*client.logged]
    await client.set_level("error")
    client.logged.clear()
    await client.text("log")
    await until(lambda: client.logged)
    return [before, [*client.logged]]


async def changes(client) -> list[str]:
    """Every kind of change comes on the client's own stream; the resource's only while it is watched."""
    kinds = ["tools", "prompts", "resources"]

    async def touched(wanted) -> None:
        async with asyncio.timeout(40):
            while not all(kind in client.told for kind in wanted):
                await client.text("touch")
                await asyncio.sleep(0.2)

    await touched(kinds)
    unwatched = "updated test://note" in client.told
    await client.subscribe("test://note")
    await touched([*kinds, "updated test://note"])
    await client.unsubscribe("test://note")
    return [*kinds, "updated test://note", f"before it was watched: {unwatched}"]


async def cancels(client) -> bool:
    """A cancelled call ends at the server."""
    name = f"cancelled by {client.name}"
    steps = []
    call = asyncio.create_task(client.text("slow", {"name": name, "steps": 1000}, progress=steps.append))
    await until(lambda: steps)
    await client.cancel(call)
    async with asyncio.timeout(30):
        while name not in json.loads(await client.text("who_cancelled")):
            await asyncio.sleep(0.05)
    return True


async def converse(client) -> None:
    """Takes a phase from each line: `features`, `greet N` (be asked N times, one after the other), `pages`, `end`."""
    say("ready", protocol=client.protocol, instructions=client.instructions, server=client.server)
    while True:
        phase, _, count = (await asyncio.to_thread(sys.stdin.readline)).strip().partition(" ")
        if phase == "features":
            say("features", **await features(client))
        elif phase == "greet":
            say("greet", texts=[await client.text("greet") for _ in range(int(count))])
        elif phase == "pages":
            say("pages", text=await client.text("visit"), asked=client.asked)
        else:
            return


def say(event: str, **values) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


def run(main) -> None:
    settings = json.loads(sys.stdin.readline())
    try:
        asyncio.run(asyncio.wait_for(main(settings), settings.get("limit", 240)))
        say("end")
    except BaseException:  # a driver reports everything, exception groups too
        say("failed", error=traceback.format_exc()[-3000:])
        sys.exit(1)
