"""A raw client of 2024-11-05: it opens the stream, posts where the first event says, and hides nothing."""

import contextlib
import json
import queue
import socket
import threading
import urllib.parse

from .wire import Response, request


class SSEConnection:
    """One client of HTTP+SSE; a context manager. `url` is the stream's, such as `/time/sse`."""

    def __init__(self, url: str, token: str | None, *, timeout: float = 30):
        self.url, self.token, self.timeout = url, token, timeout
        self.next_id = 0
        self.heard: list[tuple[str, str]] = []
        self.messages: queue.Queue = queue.Queue()
        self.others: list[dict] = []
        self.endpoint: str | None = None
        self.opened: Response | None = None
        self.ended = threading.Event()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def open(self) -> "SSEConnection":
        """Opens the stream and waits for its first event."""
        self.opened = request("GET", self.url, headers={**self.headers, "Accept": "text/event-stream"}, stream=True, timeout=self.timeout)
        assert self.opened.status == 200 and self.opened.stream, self.opened.describe()
        events = self.opened.stream.events(silence=max(150, self.timeout))
        kind, data, _ = next(events)
        assert kind == "endpoint", (kind, data)
        self.heard.append((kind, data))
        self.endpoint = urllib.parse.urljoin(self.url, data)
        threading.Thread(target=self._read, args=(events,), daemon=True).start()
        return self

    def _read(self, events) -> None:
        try:
            for kind, data, _ in events:
                self.heard.append((kind, data))
                self.messages.put(json.loads(data))
        except (OSError, ValueError, AttributeError):
            pass
        finally:
            self.ended.set()
            self.messages.put(None)

    def __enter__(self) -> "SSEConnection":
        return self if self.opened else self.open()

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        if self.opened and self.opened.stream:
            # Another thread is reading: only this wakes it.
            with contextlib.suppress(OSError, AttributeError):
                self.opened.stream._connection.sock.shutdown(socket.SHUT_RDWR)
            self.ended.wait(self.timeout)
            self.opened.stream.close()

    def say(self, message: dict, **options) -> Response:
        """POSTs a message as it is."""
        return request("POST", self.endpoint, headers=options.pop("headers", self.headers), json=message, **options)

    def post(self, method: str, params: dict | None = None, **options) -> Response:
        self.next_id += 1
        message = {"jsonrpc": "2.0", "id": self.next_id, "method": method}
        return self.say(message if params is None else {**message, "params": params}, **options)

    def next(self, timeout: float | None = None) -> dict | None:
        """The next message on the stream; `None` when it has ended."""
        return self.messages.get(timeout=timeout or self.timeout)

    def answer_to(self, identifier) -> dict:
        """The response to a request; what comes before it is kept in `others`."""
        while True:
            message = self.next()
            assert message is not None, "the stream has ended"
            if "method" not in message and message.get("id") == identifier:
                return message
            self.others.append(message)

    def call(self, method: str, params: dict | None = None) -> dict:
        taken = self.post(method, params)
        assert taken.status == 202 and taken.body == b"", taken.describe()
        return self.answer_to(self.next_id)

    def tool(self, name: str, arguments: dict | None = None, **more) -> dict:
        answer = self.call("tools/call", {"name": name, "arguments": arguments or {}, **more})
        assert "result" in answer, answer
        return answer["result"]

    def initialize(self, revision: str = "2024-11-05", capabilities: dict | None = None) -> dict:
        params = {"protocolVersion": revision, "capabilities": capabilities or {}, "clientInfo": {"name": "martlet-tests", "version": "1"}}
        answer = self.call("initialize", params)
        done = self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert done.status == 202, done.describe()
        return answer
