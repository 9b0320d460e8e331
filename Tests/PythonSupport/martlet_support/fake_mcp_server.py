"""An MCP server that remembers every byte it was sent and can be told what to answer."""

import contextlib
import json
import queue
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

from .fake_mcp_handler import handler_for
from .patience import PATIENCE
from .probes import is_probe

MODES = ("modern", "stateful", "stateless")
META = "io.modelcontextprotocol/"
SERVER = {"name": "fake", "version": "1"}

TOOLS = [
    {
        "name": "echo",
        "description": "Says the text again",
        "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    },
    {
        "name": "headers",
        "description": "The headers that this server was sent",
        "inputSchema": {"type": "object"},
    },
    {
        "name": "slow",
        "description": "Reports progress, then answers",
        "inputSchema": {"type": "object", "properties": {"steps": {"type": "integer"}, "delay": {"type": "number"}}},
    },
]


@dataclass
class RecordedRequest:
    """One request as it arrived. Header names keep their spelling and order."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    peer_port: int = 0
    is_probe: bool = False
    time: float = field(default_factory=time.monotonic)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    @property
    def rpc_method(self) -> str | None:
        message = self.json
        return message.get("method") if isinstance(message, dict) else None


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    # The default is 5: hundreds that connect at once would wait for the kernel to try again.
    request_queue_size = 1024


class FakeMCPServer:
    """One fake upstream on 127.0.0.1; use as a context manager.

    mode: "modern" (2026-07-28), "stateful" (legacy with sessions) or "stateless" (legacy without).
    answer: "json" or "sse", how POSTed requests are answered.
    resumable: events carry ids, and a GET with Last-Event-ID gets the rest of that stream.
    """

    def __init__(
        self, mode: str = "stateful", *, answer: str = "json", port: int = 0, revision: str | None = None,
        resumable: bool = False,
    ):
        assert mode in MODES, mode
        self.resumable = resumable
        self.streams: dict[str, list[dict | None]] = {}  # what was said on each, None at its end
        self.closes_after: int | None = None  # events of a resumable stream, after which its client has to come back
        self.mode, self.answer = mode, answer
        self.revision = revision or ("2026-07-28" if mode == "modern" else "2025-11-25")
        self.requests: list[RecordedRequest] = []
        self.sessions: dict[str, list[queue.Queue]] = {}
        self.probes: set[str] = set()  # sessions begun by Martlet's own questions
        self.sockets: set[socket.socket] = set()
        self.disconnects = 0
        self.pace: threading.Semaphore | None = None
        self.tools = [*TOOLS]
        self.capabilities: dict = {"tools": {"listChanged": True}}
        self.lock = threading.Lock()
        self.guard = None  # guard(request) -> None, or (status, body, headers) for a request that is turned away
        self.fails = threading.Event()  # while it is set, everything is answered with 503
        self._scripted: list[tuple[str | None, int, list[tuple[str, str]], bytes]] = []
        self._handlers: dict[str, object] = {}
        self._conversations: dict[str, object] = {}
        self.answers: dict[object, queue.Queue] = {}
        self._server = _Listener(("127.0.0.1", port), handler_for(self))
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> "FakeMCPServer":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> "FakeMCPServer":
        return self.__enter__()

    def stop(self) -> None:
        for streams in self.sessions.values():
            for stream in streams:
                stream.put(None)
        self._server.shutdown()
        self._server.server_close()

    def leave(self) -> None:
        """Is gone as after an orderly stop: nothing is accepted any more, and both sides have hung up every connection."""
        self.stop()
        deadline = time.monotonic() + PATIENCE
        while True:
            with self.lock:
                sockets = list(self.sockets)
            if not sockets:
                return
            assert time.monotonic() < deadline, f"{len(sockets)} connections are still open"
            for sock in sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_WR)
            time.sleep(0.02)

    # Instructions

    def script(self, status: int, body: bytes | str | dict = b"", *, headers=None, method: str | None = None) -> None:
        """The next request (or the next one of an RPC method) gets exactly this answer, once."""
        if isinstance(body, dict):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        with self.lock:
            self._scripted.append((method, status, pairs, body))

    def on(self, method: str, handler) -> None:
        """handler(message, request) -> result (dict), answers an RPC method from now on.

        It may raise RPCError, or yield: notifications, then the result, each sent at once.
        """
        self._handlers[method] = handler

    def converse(self, method: str, conversation) -> None:
        """conversation(stream) -> result, answers an RPC method on an event stream from now on (FakeStream)."""
        self._conversations[method] = conversation

    def push(self, message: dict, session: str | None = None) -> int:
        """Sends a message on the open GET streams of one session or of all; answers how many streams got it."""
        with self.lock:
            streams = [s for key, group in self.sessions.items() if session in (None, key) for s in group]
        for stream in streams:
            stream.put(message)
        return len(streams)

    def reset(self) -> None:
        """Forgets instructions and recordings, but no session."""
        with self.lock:
            self.requests.clear()
            self._scripted.clear()
        self._handlers, self._conversations = {}, {}

    def drop_sessions(self) -> None:
        """Forgets all sessions, as a restart would."""
        with self.lock:
            self.sessions.clear()

    def crash(self) -> None:
        """Is gone as after SIGKILL: no connection is accepted any more, and those there are break in the middle."""
        self._server.shutdown()
        self._server.server_close()
        with self.lock:
            sockets, self.sockets = list(self.sockets), set()
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.shutdown(socket.SHUT_RDWR)

    # What arrived

    def clear(self) -> None:
        with self.lock:
            self.requests.clear()

    def received(self, rpc_method: str | None = None, *, probes: bool = False) -> list[RecordedRequest]:
        """What arrived, without Martlet's own questions about eras unless they are asked for."""
        with self.lock:
            return [
                r for r in self.requests
                if (probes or not r.is_probe) and (rpc_method is None or r.rpc_method == rpc_method)
            ]

    def wait_for(self, rpc_method: str, *, count: int = 1, timeout: float = PATIENCE) -> list[RecordedRequest]:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            found = self.received(rpc_method)
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{rpc_method} did not arrive {count} times: {[r.rpc_method for r in self.received()]}")

    def wait_for_streams(self, *, count: int = 1, timeout: float = PATIENCE) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with self.lock:
                if sum(len(group) for group in self.sessions.values()) >= count:
                    return
            time.sleep(0.02)
        raise AssertionError(f"no {count} open GET streams after {timeout} s")

    # Used by the handler

    def recorded(self, *values) -> RecordedRequest:
        request = RecordedRequest(*values)
        with self.lock:
            request.is_probe = is_probe(request.body) or request.header("mcp-session-id") in self.probes
            self.requests.append(request)
        return request

    def conversation(self, method: str | None):
        return self._conversations.get(method)

    def take_script(self, method: str | None):
        with self.lock:
            for index, entry in enumerate(self._scripted):
                if entry[0] in (None, method):
                    return self._scripted.pop(index)
        return None

    def result(self, message: dict, request: RecordedRequest) -> dict | None:
        """The result of one RPC method; None where the method is unknown."""
        method, params = message["method"], message.get("params") or {}
        if method in self._handlers:
            return self._handlers[method](message, request)
        if method == "initialize" and self.mode != "modern":
            return {
                "protocolVersion": min(params.get("protocolVersion", self.revision), self.revision),
                "capabilities": self.capabilities,
                "serverInfo": SERVER,
            }
        if method == "ping" and self.mode != "modern":
            return {}
        if method == "server/discover" and self.mode == "modern":
            return self.complete(
                {
                    "supportedVersions": [self.revision],
                    "capabilities": self.capabilities,
                    "ttlMs": 0,
                    "cacheScope": "private",
                    "_meta": {META + "serverInfo": SERVER},
                }
            )
        if method == "tools/list":
            listing = {"tools": self.tools}
            return self.complete({**listing, "ttlMs": 0, "cacheScope": "public"}) if self.mode == "modern" else listing
        if method == "tools/call":
            return self.complete(
                {"content": [{"type": "text", "text": self.tool_text(params, request)}], "isError": False}
            )
        return None

    def complete(self, result: dict) -> dict:
        return {"resultType": "complete", **result} if self.mode == "modern" else result

    def tool_text(self, params: dict, request: RecordedRequest) -> str:
        arguments = params.get("arguments") or {}
        if params.get("name") == "headers":
            return json.dumps([[name, value] for name, value in request.headers])
        if params.get("name") == "slow":
            return f"{arguments.get('steps', 3)} steps done" + "x" * arguments.get("size", 0)
        return str(arguments.get("text", ""))
