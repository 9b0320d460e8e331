"""What a client does with a server, feature after feature; each SDK says in its own words how.

A driver makes an `Adapter` and calls `converse`: one line of JSON comes in (the settings), then a phase a line; one line goes out
for each (what happened), until "end".
"""

import asyncio
import contextlib
import json
import secrets
import sys
import traceback

KINDS = ["tools", "prompts", "resources"]
WATCHED = "test://note"
FEATURES = {}


class Absent(Exception):
    """The client's revision has no such thing."""


class Adapter:
    """The words of one SDK. `told` collects what came unasked; `asked` what the client was asked."""

    protocol: str
    instructions: str | None
    server: str | None

    def __init__(self, settings: dict):
        self.name = settings["name"]
        self.limits = settings.get("limits", {})
        self.has_person = settings.get("has_person", False)
        self.told: list[str] = []
        self.logged: list[str] = []
        self.asked: list[str] = []
        self.can_elicit = self.can_visit = True

    async def text(self, tool: str, arguments: dict | None = None, progress=None) -> str:
        raise NotImplementedError

    async def visited(self, url: str) -> None:
        """The person opens a page that the client was told to show them; it goes on when they say that they are done."""
        if self.has_person:
            say("visit", url=url)
            await asyncio.to_thread(sys.stdin.readline)

    @contextlib.asynccontextmanager
    async def listening(self, *uris: str):
        """Changes are told in here; those of resources where they are named."""
        for uri in uris:
            await self.subscribe(uri)
        yield
        for uri in uris:
            await self.unsubscribe(uri)


def feature(ask):
    FEATURES[ask.__name__] = ask
    return ask


@feature
async def handshake(client):
    return [client.protocol, client.server, client.instructions]


@feature
async def tools(client):
    return [sorted(await client.tools()), await client.text("add", {"a": 2, "b": 3}), await client.text("where", {"region": "Z\u00fcrich"})]


@feature
async def resources(client):
    reads = [await client.read(WATCHED), await client.read("test://notes/a")]
    return [await client.resources(), await client.templates(), reads]


@feature
async def prompts(client):
    return [await client.prompts(), await client.prompt("poem", {"subject": "rain"})]


@feature
async def completion(client):
    return await client.complete("poem", "subject", "sun")


@feature
async def errors(client):
    """The code for a resource that isn't there, and what is said of a tool that isn't."""
    code = await client.code_of(client.read("test://nowhere"))
    try:
        return [code, await client.text("no_such_tool")]
    except Exception as error:
        return [code, "no_such_tool" in " ".join(words(error))]


@feature
async def ping(client):
    await client.ping()
    return True


@feature
async def progress(client):
    steps = []
    text = await client.text("slow", {"name": "patient", "steps": 3}, progress=steps.append)
    await until(lambda: len(steps) >= 3)
    return [text, steps]


@feature
async def logging(client):
    """What came before a level was set, and after."""
    await client.text("log")
    await until(lambda: any("error" in line for line in client.logged))
    before = [*client.logged]
    await client.set_level("error")
    client.logged.clear()
    await client.text("log")
    await until(lambda: client.logged)
    return [before, [*client.logged]]


@feature
async def sampling_and_roots(client):
    before = len(client.asked)
    return [await client.text("ask_model"), sorted(client.asked[before:])]


@feature
async def elicitation(client):
    if not client.can_elicit:
        raise Absent("elicitation came with 2025-06-18")
    before = len(client.asked)
    return [await client.text("greet"), client.asked[before:]]


@feature
async def elicitation_by_url(client):
    if not client.can_visit:
        raise Absent("elicitation by URL came with 2025-11-25")
    before = len(client.asked)
    return [await client.text("visit"), client.asked[before:]]


@feature
async def list_changed(client):
    client.told.clear()
    async with client.listening():
        await touched(client, KINDS)
    return [*KINDS, f"unwatched resource: {'updated ' + WATCHED in client.told}"]


@feature
async def resource_updated(client):
    client.told.clear()
    async with client.listening(WATCHED):
        await touched(client, [f"updated {WATCHED}"])
    return True


@feature
async def cancellation(client):
    """A cancelled call ends at the server."""
    name, steps = f"cancelled by {client.name} {secrets.token_hex(8)}", []
    call = asyncio.create_task(client.text("slow", {"name": name, "steps": 1000}, progress=steps.append))
    await until(lambda: steps)
    await client.cancel(call)
    while name not in json.loads(await client.text("who_cancelled")):
        await asyncio.sleep(0.05)
    return True


async def touched(client, wanted: list[str]) -> None:
    """Changes everything until the client has heard of it: its stream may still be on its way."""
    while not all(kind in client.told for kind in wanted):
        await client.text("touch")
        await asyncio.sleep(0.2)


async def until(condition) -> None:
    while not condition():
        await asyncio.sleep(0.02)


async def features(client) -> dict:
    """The whole list, once: what each brought, or in which words it was refused."""
    seen = {}
    for name, ask in FEATURES.items():
        try:
            seen[name] = {"ok": await asyncio.wait_for(ask(client), client.limits.get(name, 60))}
        except Absent as absent:
            seen[name] = {"absent": str(absent)}
        except TimeoutError:
            seen[name] = {"silence": client.limits.get(name, 60)}
        except Exception as error:
            seen[name] = {"refused": " | ".join(words(error))}
    return seen


def words(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [line for inner in error.exceptions for line in words(inner)]
    data = getattr(getattr(error, "error", None), "data", None)
    return [f"{type(error).__name__}: {error}" + (f" {json.dumps(data)}" if data else "")]


async def converse(client) -> None:
    """Takes a phase from each line: `features`, `greet N` (be asked N times at once), `aloud` (be asked outside of
    a call's stream), `call TOOL`, `end`."""
    say("ready", protocol=client.protocol, instructions=client.instructions, server=client.server)
    while True:
        phase, _, rest = (await asyncio.to_thread(sys.stdin.readline)).strip().partition(" ")
        if phase == "features":
            say("features", seen=await features(client))
        elif phase == "greet":
            say("greet", texts=await asyncio.gather(*(said(client, "greet") for _ in range(int(rest)))))
        elif phase == "aloud":
            say("aloud", text=await said(client, "think_aloud"))
        elif phase == "call":
            say("call", text=await said(client, rest))
        else:
            return


async def said(client, tool: str) -> str:
    """What a tool says, or in which words it is refused."""
    try:
        return await client.text(tool)
    except Exception as error:
        return " | ".join(words(error))


def say(event: str, **values) -> None:
    print(json.dumps({"event": event, **values}), flush=True)


def run(main) -> None:
    settings = json.loads(sys.stdin.readline())
    try:
        asyncio.run(asyncio.wait_for(main(settings), settings.get("limit", 400)))
        say("end")
    except BaseException:  # a driver reports everything, exception groups too
        say("failed", error=traceback.format_exc()[-3000:])
        sys.exit(1)
