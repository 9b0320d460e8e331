"""Many calls at the same moment, each on a connection of its own, and a server for them that does next to nothing."""

import asyncio
import json
import threading
import urllib.parse
from collections import Counter

from .mcp import MODERN, MCPConnection
from .patience import PATIENCE


async def _message(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes]:
    """Reads one HTTP message with Content-Length: its first line, its fields and its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return head[0], fields, await reader.readexactly(int(fields.get("content-length", 0)))


class ThinServer:
    """A modern MCP server for thousands of connections: it answers every tools/call whose bearer is good. A context manager.

    is_good: tells so of a token. seen: how often each token was presented.
    """

    def __init__(self, is_good):
        self.is_good = is_good
        self.seen: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()

    def __enter__(self) -> "ThinServer":
        threading.Thread(target=self._run, daemon=True).start()
        assert self._ready.wait(PATIENCE)
        return self

    def __exit__(self, *_) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def calls(self) -> int:
        return sum(self.seen.values())

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=4096))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader, writer) -> None:
        try:
            while True:
                _, fields, body = await _message(reader)
                token = fields.get("authorization", "").removeprefix("Bearer ")
                self.seen[token] += 1
                status, answer = "401 Unauthorized", b"{}"
                if self.is_good(token):
                    result = {"resultType": "complete", "content": [{"type": "text", "text": "done"}]}
                    status, answer = "200 OK", json.dumps(
                        {"jsonrpc": "2.0", "id": json.loads(body)["id"], "result": result}).encode()
                head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(answer)}\r\n\r\n"
                writer.write(head.encode() + answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            writer.close()


class Crowd:
    """`number` modern calls of one tool, all begun at once, or one for each of several URLs; use as a context manager."""

    def __init__(self, url: str | list[str], token: str, number: int = 0):
        self._requests = [self._request(one, token) for one in ([url] if isinstance(url, str) else url)]
        parts = urllib.parse.urlsplit(url if isinstance(url, str) else url[0])
        self._address = (parts.hostname, parts.port)
        self.number = number or len(self._requests)
        self._sent = threading.Semaphore(0)
        self._loop = asyncio.new_event_loop()
        self._answers: list[dict] | None = None
        self._leave = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @staticmethod
    def _request(url: str, token: str) -> bytes:
        parts = urllib.parse.urlsplit(url)
        connection = MCPConnection(url, token, revision=MODERN)
        params = {"name": "echo", "arguments": {}}
        body = json.dumps(connection.body("tools/call", params)).encode()
        fields = {**connection.headers("tools/call", params), "Host": parts.netloc, "Content-Type": "application/json",
            "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    def __enter__(self) -> "Crowd":
        self._thread.start()
        for _ in range(self.number):
            assert self._sent.acquire(timeout=PATIENCE), "not every call could be sent"
        return self

    def __exit__(self, *_) -> None:
        self.leave()

    def answers(self) -> list[dict]:
        """Everybody's answer, once all have one; {"status": …} where it is no JSON of a call."""
        self._thread.join(PATIENCE * 2)
        assert self._answers is not None, "not every call was answered"
        return self._answers

    def leave(self) -> None:
        """Everybody hangs up."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._leave.set)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._answers = self._loop.run_until_complete(self._call_all())

    async def _call_all(self):
        leaving = asyncio.create_task(self._leave.wait())
        calls = [asyncio.create_task(self._call(self._requests[n % len(self._requests)])) for n in range(self.number)]
        gathered = asyncio.gather(*calls, return_exceptions=True)
        await asyncio.wait([asyncio.ensure_future(gathered), leaving], return_when=asyncio.FIRST_COMPLETED)
        if not gathered.done():
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            return None
        leaving.cancel()
        return [one if isinstance(one, dict) else {"error": repr(one)} for one in gathered.result()]

    async def _call(self, message: bytes) -> dict:
        writer = None
        try:
            reader, writer = await asyncio.open_connection(*self._address)
            writer.write(message)
            await writer.drain()
            self._sent.release()
            status, _, body = await _message(reader)
            return json.loads(body) if status.split()[1] == "200" else {"status": status, "body": body.decode()}
        finally:
            if writer:
                writer.close()
