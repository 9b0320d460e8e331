"""How a FakeMCPServer talks HTTP."""

import inspect
import json
import queue
import secrets
import select
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler

from .modern_rules import RPCError, check

META = "io.modelcontextprotocol/"


class FakeStream:
    """The event stream that answers one request, for a conversation of a FakeMCPServer."""

    def __init__(self, handler, fake, message: dict, request):
        self._handler, self._fake = handler, fake
        self.message, self.request = message, request
        self.params = message.get("params") or {}
        self.progress_token = (self.params.get("_meta") or {}).get("progressToken")

    def send(self, method: str, params: dict | None = None) -> None:
        self._handler.event({"jsonrpc": "2.0", "method": method, **({"params": params} if params else {})})

    def write(self, event: str) -> None:
        """An event as it stands."""
        self._handler.chunk(f"{event}\n\n".encode())

    def ask_later(self, method: str, params: dict | None = None) -> queue.Queue:
        """A server's request; answers where its response will be found."""
        identifier = f"server-{secrets.token_hex(4)}"
        answers: queue.Queue = queue.Queue()
        with self._fake.lock:
            self._fake.answers[identifier] = answers
        self._handler.event(
            {"jsonrpc": "2.0", "id": identifier, "method": method, **({"params": params} if params else {})}
        )
        return answers

    def ask(self, method: str, params: dict | None = None, *, timeout: float = 60) -> dict:
        """A server's request; answers the client's whole response."""
        return self.ask_later(method, params).get(timeout=timeout)

    def wait_for_close(self, timeout: float = 60) -> bool:
        """Whether the client closed the connection within the time."""
        sock = self._handler.connection
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            readable, _, _ = select.select([sock], [], [], 0.1)
            try:
                if readable and sock.recv(1, socket.MSG_PEEK) == b"":
                    return True
            except OSError:
                return True
        return False


def handler_for(fake):
    """A request handler that answers as its FakeMCPServer says."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 300

        def setup(self):
            super().setup()
            with fake.lock:
                fake.sockets.add(self.connection)

        def finish(self):
            with fake.lock:
                fake.sockets.discard(self.connection)
            super().finish()

        def log_message(self, *_):
            pass

        def record(self):
            if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
                body = self.read_chunks()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return fake.recorded(self.command, self.path, list(self.headers.items()), body, self.client_address[1])

        def read_chunks(self) -> bytes:
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return body

        def answer(self, status, body=b"", headers=()):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if status not in (204,):
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def answer_json(self, status, value, headers=()):
            self.answer(status, json.dumps(value).encode(), [("Content-Type", "application/json"), *headers])

        def scripted(self, method) -> bool:
            if fake.fails.is_set():
                self.answer(503)
                return True
            entry = fake.take_script(method)
            if entry is None:
                return False
            _, status, headers, body = entry
            self.answer(status, body, headers)
            return True

        def guarded(self, seen) -> bool:
            refusal = fake.guard(seen) if fake.guard else None
            if refusal:
                self.answer(*refusal)
            return refusal is not None

        def session(self):
            """False after an answer was sent for a session that doesn't exist."""
            identifier = self.headers.get("Mcp-Session-Id")
            with fake.lock:
                known = identifier in fake.sessions or identifier in fake.probes
            if fake.mode != "stateful" or known:
                return True
            self.answer_json(
                404 if identifier else 400,
                {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no such session"}},
            )
            return False

        def do_POST(self):
            seen = self.record()
            if self.guarded(seen):
                return
            try:
                message = json.loads(seen.body)
            except ValueError:
                return self.answer_json(
                    400, {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "not JSON"}}
                )
            if isinstance(message, list):
                return self.answer_json(
                    200,
                    [{"jsonrpc": "2.0", "id": m["id"], "result": fake.result(m, seen)} for m in message if "id" in m],
                )
            method = message.get("method")
            if not seen.is_probe and self.scripted(method):
                return
            extra = []
            if method == "initialize" and fake.mode == "stateful":
                identifier = secrets.token_hex(16)
                with fake.lock:
                    if seen.is_probe:
                        fake.probes.add(identifier)
                    else:
                        fake.sessions[identifier] = []
                extra = [("Mcp-Session-Id", identifier)]
            elif method != "initialize" and not self.session():
                return
            if fake.mode == "modern" and method is not None:
                try:
                    check(seen, message, fake.revision, fake.tools)
                except RPCError as error:
                    return self.answer_json(error.status, error.body(message.get("id")))
            if method is None:
                with fake.lock:
                    waiting = fake.answers.get(message.get("id"))
                if waiting:
                    waiting.put(message)
            if "id" not in message or method is None:
                return self.answer(202)
            if fake.conversation(method):
                return self.converse(fake.conversation(method), message, seen)
            if method == "subscriptions/listen" and fake.mode == "modern":
                return self.listen(message)
            try:
                result = fake.result(message, seen)
            except RPCError as error:
                return self.answer_json(error.status, error.body(message["id"]), extra)
            if inspect.isgenerator(result):
                return self.stream_messages(message, result, extra)
            if result is None:
                status = 404 if fake.mode == "modern" else 200
                return self.answer_json(
                    status,
                    {"jsonrpc": "2.0", "id": message["id"], "error": {"code": -32601, "message": "Method not found"}},
                    extra,
                )
            response = {"jsonrpc": "2.0", "id": message["id"], "result": result}
            slow = method == "tools/call" and (message.get("params") or {}).get("name") == "slow"
            if fake.answer == "sse" or slow:
                return self.stream_answer(message, response, extra, slow)
            self.answer_json(200, response, extra)

        def open_events(self, extra=()):
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Cache-Control", "no-cache")
            for name, value in extra:
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()

        def event(self, message, identifier=None):
            field = f"id: {identifier}\n" if identifier else ""
            data = f"{field}event: message\ndata: {json.dumps(message)}\n\n".encode()
            self.chunk(data)

        def chunk(self, data):
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        def end_events(self):
            self.wfile.write(b"0\r\n\r\n")

        def stream_answer(self, message, response, extra, slow):
            if fake.resumable:
                name = secrets.token_hex(4)
                fake.streams[name] = []
                threading.Thread(target=self.tell, args=(name, message, response, slow), daemon=True).start()
                return self.resume(name, 0, extra)
            self.open_events(extra)
            try:
                for said in self.said(message, response, slow):
                    self.event(said)
                self.end_events()
            except OSError:
                fake.disconnects += 1
                self.close_connection = True

        def stream_messages(self, message, steps, extra):
            """What a handler yields goes out at once: notifications as they are, the last one as the result."""
            self.open_events(extra)
            try:
                for step in steps:
                    if "method" not in step:
                        step = {"jsonrpc": "2.0", "id": message["id"], "result": fake.complete(step)}
                    self.event(step)
                self.end_events()
            except OSError:
                fake.disconnects += 1
                self.close_connection = True

        def converse(self, conversation, message, seen):
            self.open_events()
            stream = FakeStream(self, fake, message, seen)
            try:
                result = conversation(stream)
                if result is not None:
                    kind = "error" if "code" in result and "message" in result else "result"
                    self.event({"jsonrpc": "2.0", "id": message["id"], kind: result})
                self.end_events()
            except OSError:
                fake.disconnects += 1
                self.close_connection = True

        def said(self, message, response, slow):
            """The messages of an answer, each when its time has come."""
            params = message.get("params") or {}
            if slow:
                arguments = params.get("arguments") or {}
                steps = arguments.get("steps", 3)
                token = (params.get("_meta") or {}).get("progressToken", 0)
                for step in range(steps):
                    progress = {"progressToken": token, "progress": step + 1, "total": steps}
                    yield {"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}
                    if arguments.get("paced"):
                        fake.pace.acquire(timeout=120)
                    else:
                        time.sleep(arguments.get("delay", 0.05))
            yield response

        def tell(self, name, message, response, slow):
            for said in self.said(message, response, slow):
                fake.streams[name].append(said)
            fake.streams[name].append(None)

        def resume(self, name, position, extra=()):
            """The rest of one stream, as it comes."""
            self.open_events(extra)
            stop = None if fake.closes_after is None else position + fake.closes_after
            try:
                while True:
                    if position == stop:
                        return self.end_events()
                    if position >= len(fake.streams[name]):
                        time.sleep(0.01)
                        continue
                    said = fake.streams[name][position]
                    position += 1
                    if said is None:
                        return self.end_events()
                    self.event(said, f"{name}-{position}")
            except OSError:
                fake.disconnects += 1
                self.close_connection = True

        def listen(self, message):
            self.open_events()
            tag = {META + "subscriptionId": message["id"]}
            stream = queue.Queue()
            with fake.lock:
                fake.sessions.setdefault("", []).append(stream)
            try:
                self.event(
                    {
                        "jsonrpc": "2.0",
                        "method": "notifications/subscriptions/acknowledged",
                        "params": {
                            "notifications": (message.get("params") or {}).get("notifications", {}),
                            "_meta": tag,
                        },
                    }
                )
                self.relay(stream, lambda m: {**m, "params": {**m.get("params", {}), "_meta": tag}})
            finally:
                with fake.lock:
                    if stream in fake.sessions.get("", []):
                        fake.sessions[""].remove(stream)

        def relay(self, stream, shape=lambda m: m):
            try:
                while True:
                    try:
                        item = stream.get(timeout=0.25)
                    except queue.Empty:
                        self.wfile.write(b"3\r\n:\n\n\r\n")
                        self.wfile.flush()
                        continue
                    if item is None:
                        return self.end_events()
                    if "retry" in item:
                        self.chunk(f"retry: {item['retry']}\n\n".encode())
                        continue
                    self.event(shape(item))
            except OSError:
                fake.disconnects += 1
                self.close_connection = True

        def do_GET(self):
            if self.guarded(self.record()) or self.scripted("GET"):
                return
            if fake.mode != "stateful":
                return self.answer(405, headers=[("Allow", "POST")])
            if not self.session():
                return
            name, _, position = (self.headers.get("Last-Event-ID") or "").partition("-")
            if name in fake.streams:
                return self.resume(name, int(position))
            identifier, stream = self.headers.get("Mcp-Session-Id"), queue.Queue()
            with fake.lock:
                fake.sessions[identifier].append(stream)
            self.open_events()
            try:
                self.relay(stream)
            finally:
                with fake.lock:
                    if stream in fake.sessions.get(identifier, []):
                        fake.sessions[identifier].remove(stream)

        def do_DELETE(self):
            seen = self.record()
            if self.guarded(seen):
                return
            if not seen.is_probe and self.scripted("DELETE"):
                return
            if fake.mode != "stateful":
                return self.answer(405, headers=[("Allow", "POST")])
            if not self.session():
                return
            with fake.lock:
                fake.probes.discard(self.headers.get("Mcp-Session-Id"))
                for stream in fake.sessions.pop(self.headers.get("Mcp-Session-Id"), []):
                    stream.put(None)
            self.answer(204)

    return Handler
