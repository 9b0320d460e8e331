"""Many clients that each keep a stream open, on one thread: a thread for each would spend the machine on waiting for
one another, and what is measured would be that."""

import random
import selectors
import socket
import threading
import time
import urllib.parse

from .mcp import MCPConnection


class _Stream:
    """One client's stream, and how long it has been without."""

    def __init__(self, connection: MCPConnection):
        url = urllib.parse.urlsplit(connection.url)
        fields = {**connection.headers(), "Host": url.netloc, "Accept": "text/event-stream"}
        lines = [f"GET {url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
        self.request = "\r\n".join(lines).encode()
        self.socket: socket.socket | None = None
        self.head = b""
        self.ended: float | None = None
        self.listens = False


class StreamCrowd(threading.Thread):
    """Opens a stream for each connection, at whichever port takes it, and again whenever one ends."""

    def __init__(self, ports: list[int], connections: list[MCPConnection]):
        super().__init__(daemon=True)
        self.ports = ports
        self.times = 0
        self.longest = 0.0
        self.refused: list[bytes] = []
        self._over = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._streams = [_Stream(connection) for connection in connections]
        self.start()

    @property
    def all_listen(self) -> bool:
        return all(stream.listens for stream in self._streams)

    def stop(self) -> None:
        self._over.set()
        self.join()
        for stream in self._streams:
            if stream.socket:
                stream.socket.close()
        self._selector.close()

    def run(self) -> None:
        while not self._over.is_set():
            for stream in self._streams:
                if stream.socket is None:
                    self._open(stream)
            for key, _ in self._selector.select(0.05):
                self._read(key.data)

    def _open(self, stream: _Stream) -> None:
        try:
            stream.socket = socket.create_connection(("127.0.0.1", random.choice(self.ports)))
            stream.socket.sendall(stream.request)
        except OSError:
            return self._closed(stream)
        stream.socket.setblocking(False)
        stream.head = b""
        self._selector.register(stream.socket, selectors.EVENT_READ, stream)

    def _read(self, stream: _Stream) -> None:
        try:
            data = stream.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            return self._closed(stream)
        if stream.listens:
            return
        stream.head += data
        if b"\r\n\r\n" not in stream.head:
            return
        if not stream.head.startswith(b"HTTP/1.1 200 "):
            self.refused.append(stream.head.partition(b"\r\n")[0])
            return self._closed(stream)
        stream.listens = True
        self.times += 1
        if stream.ended is not None:
            self.longest = max(self.longest, time.monotonic() - stream.ended)

    def _closed(self, stream: _Stream) -> None:
        if stream.socket:
            if stream.socket.fileno() in self._selector.get_map():
                self._selector.unregister(stream.socket)
            stream.socket.close()
            stream.socket = None
        if stream.listens:
            stream.listens, stream.ended = False, time.monotonic()
