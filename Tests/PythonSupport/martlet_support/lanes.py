"""Very many calls, in an order that each caller decides: a lane is one caller's connection, and its calls follow one another."""

import asyncio
import base64
import json
import multiprocessing

from .crowd import _message
from .mcp import MODERN

META = "io.modelcontextprotocol/"
USES = {"tools/call", "prompts/get", "resources/read", "completion/complete"}
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


def body_of(number: int, method: str, params: dict) -> dict:
    """A modern request."""
    meta = {META + "protocolVersion": MODERN, META + "clientCapabilities": {}, META + "clientInfo": {"name": "lane", "version": "1"}}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": {**params, "_meta": meta}}


class Lane:
    """One caller. `steps` yields (server, method, params) or (…, more headers); what was heard goes to `hear(step, status, headers, body)`."""

    def __init__(self, port: int, token: str, steps, hear):
        self.port, self.token, self.steps, self.hear = port, token, steps, hear

    async def run(self) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        number = 0
        for step in self.steps:
            number += 1
            server, method, params = step[:3]
            body = json.dumps(body_of(number, method, params)).encode()
            named = params.get(NAMED[method]) if method in NAMED else None
            fields = [f"POST /{server}/mcp HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Authorization: Bearer {self.token}",
                "Accept: application/json, text/event-stream", "Content-Type: application/json", f"Content-Length: {len(body)}",
                f"MCP-Protocol-Version: {MODERN}", f"Mcp-Method: {method}", *([f"Mcp-Name: {named}"] if named else []),
                *(f"{name}: {value}" for name, value in (step[3] if len(step) > 3 else {}).items()), "", ""]
            writer.write("\r\n".join(fields).encode() + body)
            await writer.drain()
            first, headers, answer = await _message(reader)
            self.hear(step, int(first.split()[1]), headers, answer)
            if headers.get("connection", "").lower() == "close":
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()
        return number


def run(lanes: list[Lane]) -> int:
    """Runs all lanes side by side; answers how many calls were made."""

    async def together():
        return sum(await asyncio.gather(*(lane.run() for lane in lanes)))

    return asyncio.run(together())


class Mirror:
    """A modern MCP server in a process of its own, which answers with what it was asked and by whom. A context manager.

    named: what it has: {"tools": [...], "prompts": [...], "resources": [...]}, by name or URI.
    """

    def __init__(self, named: dict[str, list[str]]):
        self.named = named
        self._seen = multiprocessing.Value("q", 0)

    @property
    def calls(self) -> int:
        """How many requests have come that use something; lists don't, and Martlet asks for some itself."""
        return self._seen.value

    def __enter__(self) -> "Mirror":
        # Not by fork: the test's threads and open sockets are none of the server's business.
        context = multiprocessing.get_context("spawn")
        self._seen = context.Value("q", 0)
        ours, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(self.named, theirs, self._seen), daemon=True)
        self._process.start()
        self.url = f"http://127.0.0.1:{ours.recv()}/mcp"
        return self

    def __exit__(self, *_) -> None:
        self._process.terminate()
        self._process.join()


def _serve(named, pipe, seen) -> None:
    async def main():
        server = await asyncio.start_server(lambda reader, writer: _answer_all(named, seen, reader, writer), "127.0.0.1", 0, backlog=1024)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def _answer_all(named, seen, reader, writer) -> None:
    try:
        while True:
            _, fields, body = await _message(reader)
            message = json.loads(body)
            answer = json.dumps({"jsonrpc": "2.0", "id": message.get("id"), "result": result_of(named, message, fields)}).encode()
            if message["method"] in USES:
                with seen.get_lock():
                    seen.value += 1
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n".encode() + answer)
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError):
        writer.close()


def result_of(named, message, fields) -> dict:
    """What the mirror answers; every call says for whom Martlet made it."""
    method, params = message["method"], message.get("params") or {}
    lists = {
        "tools/list": lambda: {"tools": [{"name": name, "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": name.startswith("get")}} for name in named["tools"]]},
        "prompts/list": lambda: {"prompts": [{"name": name} for name in named["prompts"]]},
        "resources/list": lambda: {"resources": [{"uri": uri, "name": uri} for uri in named["resources"]]},
        "resources/templates/list": lambda: {"resourceTemplates": [{"uriTemplate": uri, "name": uri} for uri in named["resources"]]},
    }
    if method in lists:
        return {"resultType": "complete", **lists[method](), "ttlMs": 600_000, "cacheScope": "public"}
    if method == "server/discover":
        capabilities = {"tools": {}, "prompts": {}, "resources": {}, "completions": {}}
        return {"resultType": "complete", "supportedVersions": [MODERN], "capabilities": capabilities, "serverInfo": {"name": "mirror", "version": "1"}}
    if method == "prompts/get":
        return {"resultType": "complete", "messages": []}
    if method == "resources/read":
        return {"resultType": "complete", "contents": [], "ttlMs": 0, "cacheScope": "private"}
    if method == "completion/complete":
        return {"resultType": "complete", "completion": {"values": []}}
    said = json.dumps({"asked": {**params, "_meta": None}, "by": identity(fields.get("martlet-assertion", ""))}, sort_keys=True)
    return {"resultType": "complete", "content": [{"type": "text", "text": said}]}


def identity(assertion: str) -> dict:
    """Tenant and subject of an assertion, which isn't verified here."""
    if assertion.count(".") != 2:
        return {}
    payload = assertion.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return {"tenant": claims.get("tenant"), "sub": claims.get("sub")}
