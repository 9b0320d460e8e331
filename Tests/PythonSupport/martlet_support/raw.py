"""Bytes on a socket: requests that no HTTP library would write, and an upstream that no HTTP library would be."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field

from .probes import is_probe


@dataclass
class RawResponse:
    """One response as it stood on the wire."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    complete: bool = True

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Conversation:
    """All that came back for the bytes that were sent, and whether the other end closed the connection."""

    received: bytes
    closed: bool
    responses: list[RawResponse] = field(default_factory=list)

    @property
    def statuses(self) -> list[int]:
        return [response.status for response in self.responses]


def converse(port: int, data: bytes | list[bytes], *, wait: float = 20, quiet: float = 0.25, pause: float = 0.02, answers: int = 1) -> Conversation:
    """Sends bytes (a list: piece by piece) on a new connection and reads until it is closed, or until `quiet` seconds after the last of
    so many whole answers; for answers, and for a close that one of them announces, it waits for `wait` seconds in all."""
    pieces = [data] if isinstance(data, bytes) else data
    with socket.create_connection(("127.0.0.1", port), timeout=wait) as sock:
        received, closed = b"", False
        try:
            for index, piece in enumerate(pieces):
                if index:
                    time.sleep(pause)
                sock.sendall(piece)
        except OSError:
            pass
        deadline = time.monotonic() + wait
        while time.monotonic() < deadline:
            sock.settimeout(quiet if _is_settled(received, answers) else max(0.01, deadline - time.monotonic()))
            try:
                chunk = sock.recv(65536)
            except TimeoutError:
                break
            except OSError:
                closed = True
                break
            if not chunk:
                closed = True
                break
            received += chunk
    return Conversation(received, closed, parse_responses(received))


def _is_settled(received: bytes, answers: int) -> bool:
    """Whether nothing more is owed: enough whole answers, and no word of a close."""
    responses = [response for response in parse_responses(received) if response.status >= 200]
    if len(responses) < answers or not responses[-1].complete:
        return False
    return "close" not in (responses[-1].header("connection") or "").lower()


def parse_responses(data: bytes) -> list[RawResponse]:
    """The responses in a byte string; an unfinished last one is kept with what there is of it."""
    found = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        parts = lines[0].split(" ", 2)
        if not separator or len(parts) < 2 or not parts[1].isdigit():
            break
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if ":" in line]
        response = RawResponse(int(parts[1]), headers, b"")
        if (response.header("transfer-encoding") or "").lower() == "chunked":
            response.body, rest, response.complete = _chunks(rest)
        elif (length := response.header("content-length")) is not None and length.isdigit():
            response.body, rest = rest[: int(length)], rest[int(length):]
            response.complete = len(response.body) == int(length)
        elif response.status == 204 or response.status < 200:
            pass
        else:
            response.body, rest, response.complete = rest, b"", False
        found.append(response)
        data = rest
    return found


def _chunks(data: bytes) -> tuple[bytes, bytes, bool]:
    body = b""
    while True:
        line, separator, data = data.partition(b"\r\n")
        if not separator:
            return body, b"", False
        size = int(line.split(b";")[0] or b"0", 16)
        if size == 0:
            return body, data.partition(b"\r\n")[2], True
        body, data = body + data[:size], data[size + 2:]


@dataclass
class Arrival:
    """One request as it reached a RawUpstream; `connection` counts connections."""

    head: bytes
    body: bytes
    connection: int

    @property
    def is_health_probe(self) -> bool:
        """A GET of no session: no client's comes through."""
        return self.head.startswith(b"GET ") and b"mcp-session-id" not in self.head.lower()

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [tuple(part.strip() for part in line.split(":", 1)) for line in lines if ":" in line]


class RawUpstream:
    """An upstream whose answer is exactly the bytes that a test gives it; a context manager.

    `answer` is bytes, or a function (socket, arrival) -> bytes | None that may write to the socket itself. Requests with other
    framing than Content-Length or chunked are recorded with an empty body. `leftovers` holds what came behind them.
    """

    def __init__(self, answer=b""):
        self.answer = answer
        self.arrivals: list[Arrival] = []
        self.ended: list[float] = []
        self._lock = threading.Lock()
        self._count = 0
        self._sockets: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/mcp"

    def __enter__(self) -> "RawUpstream":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def start(self) -> "RawUpstream":
        return self.__enter__()

    def __exit__(self, *_) -> None:
        self.stop()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in list(self._sockets):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def clear(self) -> None:
        self.arrivals.clear()
        self.ended.clear()

    def received(self) -> list[Arrival]:
        """What arrived, without Martlet's own questions about eras and health."""
        return [arrival for arrival in list(self.arrivals) if not is_probe(arrival.body) and not arrival.is_health_probe]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._count += 1
                number = self._count
            self._sockets.add(sock)
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        buffer = b""
        try:
            while True:
                while b"\r\n\r\n" not in buffer:
                    chunk = sock.recv(65536)
                    if not chunk:
                        return
                    buffer += chunk
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                body, buffer = self._body(sock, head, buffer)
                arrival = Arrival(head, body, number)
                self.arrivals.append(arrival)
                answer = self.answer(sock, arrival) if callable(self.answer) else self.answer
                if answer is None:
                    return
                sock.sendall(answer)
                if b"connection: close" in answer.partition(b"\r\n\r\n")[0].lower():
                    return
        except OSError:
            pass
        finally:
            self.ended.append(time.monotonic())
            self._sockets.discard(sock)
            # A plain close with unread bytes would be a reset, which may eat the answer.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    @staticmethod
    def _body(sock: socket.socket, head: bytes, buffer: bytes) -> tuple[bytes, bytes]:
        names = {line.split(b":", 1)[0].lower(): line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")[1:] if b":" in line}
        if names.get(b"transfer-encoding", b"").lower() == b"chunked":
            while not buffer.endswith(b"0\r\n\r\n"):
                buffer += _more(sock)
            return _chunks(buffer)
        length = int(names.get(b"content-length", b"0"))
        while len(buffer) < length:
            buffer += _more(sock)
        return buffer[:length], buffer[length:]


def _more(sock: socket.socket) -> bytes:
    chunk = sock.recv(65536)
    if not chunk:
        raise OSError("closed in the middle of a body")
    return chunk


def json_answer(body: bytes, *, status: str = "200 OK", extra: bytes = b"", content_type: bytes = b"application/json") -> bytes:
    """A whole HTTP answer around a body; `extra` holds further header lines, each with its line end."""
    return (
        b"HTTP/1.1 " + status.encode() + b"\r\nContent-Type: " + content_type + b"\r\n" + extra
        + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )


def events_answer(body: bytes, *, extra: bytes = b"") -> bytes:
    """A whole event stream that ends with its connection."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n" + extra + b"Connection: close\r\n\r\n" + body
