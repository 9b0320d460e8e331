"""An upstream of 2024-11-05, HTTP+SSE: one stream for everything that it says, one endpoint for all that it is told."""

import contextlib
import json
import queue
import secrets
import socket
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from .fake_mcp_server import RecordedRequest

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("echo", "slow", "ask", "flood", "never", "drop")]


class _Stream(queue.Queue):
    """What goes to one client next; nothing means the end."""

    def __init__(self):
        super().__init__()
        self.over = threading.Event()


class FakeSSEServer:
    """A server on a free port; a context manager. `url` is its stream's.

    endpoint: what the first event names; `{session}` and `{origin}` are filled in.
    revision: what `initialize` answers.
    post_status: the status that every POST gets, unless a test sets another; what isn't 2xx is not executed.
    newline: what ends a line of the stream.
    first: an event type instead of `endpoint`.
    """

    def __init__(self, *, endpoint="/messages?session_id={session}", revision="2024-11-05", newline="\n", first="endpoint", name="fake-sse"):
        self.endpoint, self.revision, self.newline, self.first, self.name = endpoint, revision, newline, first, name
        self.post_status = 202
        self.lock = threading.Lock()
        self.streams: dict[str, queue.Queue] = {}
        self.asked: dict[object, queue.Queue] = {}
        self.requests: list[RecordedRequest] = []
        self.executed: list[dict] = []
        self.gone = 0
        self.guard = None  # as a FakeMCPServer's
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                if not fake.refuses(self, b""):
                    fake.stream(self)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if not fake.refuses(self, body):
                    fake.post(self, body)

            def do_DELETE(self):
                fake.record(self, b"")
                fake.plain(self, 405)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.origin}/sse"

    def start(self) -> "FakeSSEServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def stop(self) -> None:
        self.drop_streams()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "FakeSSEServer":
        return self.start()

    def __exit__(self, *_) -> None:
        self.stop()

    # What tests look at and do

    def clear(self) -> None:
        with self.lock:
            self.requests.clear()
            self.executed.clear()

    def received(self, method: str | None = None) -> list[RecordedRequest]:
        with self.lock:
            return [r for r in self.requests if method is None or r.rpc_method == method]

    def drop_streams(self) -> None:
        """Ends every stream, and with it every session; returns when the other side has hung up, too."""
        with self.lock:
            streams, self.streams = list(self.streams.values()), {}
        for stream in streams:
            stream.put(None)
        for stream in streams:
            stream.over.wait(10)

    def push(self, message: dict, session: str | None = None) -> int:
        """Says something on one stream, or on all; answers how many heard it."""
        with self.lock:
            found = [stream for key, stream in self.streams.items() if session in (None, key)]
        for stream in found:
            stream.put(message)
        return len(found)

    def ask(self, session: str, message: dict, timeout: float = 20) -> dict:
        """Asks the client of a session and waits for what it answers."""
        answer = self.asked.setdefault(message["id"], queue.Queue())
        self.push(message, session)
        return answer.get(timeout=timeout)

    def wait_for_streams(self, count: int, timeout: float = 20) -> None:
        deadline = time.monotonic() + timeout
        while len(self.streams) != count:
            assert time.monotonic() < deadline, f"{len(self.streams)} streams instead of {count}"
            time.sleep(0.02)

    # HTTP

    def record(self, handler, body: bytes) -> RecordedRequest:
        request = RecordedRequest(handler.command, handler.path, list(handler.headers.items()), body)
        with self.lock:
            self.requests.append(request)
        return request

    def refuses(self, handler, body: bytes) -> bool:
        request = self.record(handler, body)
        refusal = self.guard(request) if self.guard else None
        if refusal:
            self.plain(handler, refusal[0], refusal[1])
        return refusal is not None

    def plain(self, handler, status: int, body: bytes = b"") -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def stream(self, handler) -> None:
        if urllib.parse.urlsplit(handler.path).path != "/sse":
            return self.plain(handler, 404)
        session, stream = secrets.token_hex(16), _Stream()
        with self.lock:
            self.streams[session] = stream
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        try:
            self.event(handler, self.first, self.endpoint.format(session=session, origin=self.origin))
            while True:
                try:
                    item = stream.get(timeout=0.25)
                except queue.Empty:
                    self.chunk(handler, ": ping" + self.newline * 2)
                    continue
                if item is None:
                    return self.hang_up(handler)
                if isinstance(item, str):
                    self.chunk(handler, item)
                else:
                    self.event(handler, "message", json.dumps(item))
        except OSError:
            handler.close_connection = True
        finally:
            self.gone += 1
            stream.over.set()
            with self.lock:
                self.streams.pop(session, None)

    @staticmethod
    def hang_up(handler) -> None:
        """Ends a stream and its connection, and waits until the other side has, too."""
        handler.close_connection = True
        handler.wfile.write(b"0\r\n\r\n")
        handler.wfile.flush()
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_WR)
            handler.connection.settimeout(10)
            while handler.connection.recv(4096):
                pass

    def event(self, handler, kind: str, data: str) -> None:
        self.chunk(handler, f"event: {kind}{self.newline}data: {data}{self.newline * 2}")

    def chunk(self, handler, text: str) -> None:
        data = text.encode()
        handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        handler.wfile.flush()

    def post(self, handler, body: bytes) -> None:
        parts = urllib.parse.urlsplit(handler.path)
        if parts.path == "/sse":
            return self.plain(handler, 405)
        session = dict(urllib.parse.parse_qsl(parts.query)).get("session_id", "")
        with self.lock:
            stream = self.streams.get(session)
        if stream is None:
            return self.plain(handler, 404, b"Could not find session")
        if self.post_status >= 300:
            return self.plain(handler, self.post_status, b"refused")
        self.plain(handler, self.post_status, b"Accepted")
        message = json.loads(body)
        with self.lock:
            self.executed.append(message)
        threading.Thread(target=self.answer, args=(message, session, stream), daemon=True).start()

    # MCP

    def answer(self, message: dict, session: str, stream: queue.Queue) -> None:
        if "method" not in message:
            waiting = self.asked.get(message.get("id"))
            if waiting is not None:
                waiting.put(message)
            return
        if "id" not in message:
            return
        result = self.result(message, session, stream)
        if result is not None:
            stream.put({"jsonrpc": "2.0", "id": message["id"], **result})

    def result(self, message: dict, session: str, stream: queue.Queue) -> dict | None:
        params = message.get("params") or {}
        match message["method"]:
            case "initialize":
                server = {"name": self.name, "version": "1"}
                return {"result": {"protocolVersion": self.revision, "capabilities": {"tools": {"listChanged": True}}, "serverInfo": server}}
            case "ping":
                return {"result": {}}
            case "tools/list":
                return {"result": {"tools": TOOLS}}
            case "tools/call":
                return self.tool(params, params.get("arguments") or {}, session, stream)
        return {"error": {"code": -32601, "message": "Method not found"}}

    def tool(self, params: dict, arguments: dict, session: str, stream: queue.Queue) -> dict | None:
        match params["name"]:
            case "echo":
                time.sleep(arguments.get("delay", 0))
                return text(arguments.get("text", ""))
            case "slow":
                steps = arguments.get("steps", 3)
                for step in range(steps):
                    token = (params.get("_meta") or {}).get("progressToken", 0)
                    progress = {"progressToken": token, "progress": step + 1, "total": steps}
                    stream.put({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
                    time.sleep(arguments.get("delay", 0.02))
                return text(f"{steps} steps done" + "x" * arguments.get("size", 0))
            case "ask":
                asked = {"jsonrpc": "2.0", "id": secrets.token_hex(8), "method": "elicitation/create", "params": {"message": "who?"}}
                return text(json.dumps(self.ask(session, asked).get("result")))
            case "flood":
                token = (params.get("_meta") or {}).get("progressToken", 0)
                for step in range(arguments["messages"]):
                    progress = {"progressToken": token, "progress": step, "message": "x" * arguments["size"]}
                    stream.put({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress})
                return text("flooded")
            case "drop":
                stream.put(None)
                return None
            case "never":
                return None
        return {"error": {"code": -32602, "message": "no such tool"}}


def text(value: str) -> dict:
    return {"result": {"content": [{"type": "text", "text": value}]}}
