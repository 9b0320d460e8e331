"""Many streams of server-sent events that are only held open."""

import select
import socket
import time

AT_ONCE = 64


class StreamRefused(Exception):
    """A stream was not opened; the message holds what came instead."""


class Streams:
    def __init__(self, port: int):
        self.port = port
        self.sockets: list[socket.socket] = []

    def open(self, requests: list[bytes]) -> None:
        """Opens streams, some at a time, each until its first event has come."""
        for start in range(0, len(requests), AT_ONCE):
            opened = []
            for request in requests[start : start + AT_ONCE]:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
                connection.sendall(request)
                opened.append(connection)
            self.sockets += opened
            for connection in opened:
                self._read_first_event(connection)

    @staticmethod
    def _read_first_event(connection: socket.socket) -> None:
        seen, deadline = b"", time.monotonic() + 30
        while b"subscriptionId" not in seen:
            part = connection.recv(65536)
            seen += part
            if not part or not seen.startswith(b"HTTP/1.1 200"[: len(seen)]) or time.monotonic() > deadline:
                raise StreamRefused(repr(seen[:300]))
        connection.setblocking(False)

    def all_open(self) -> bool:
        """Whether no stream has ended."""
        poll = select.poll()
        for connection in self.sockets:
            poll.register(connection, select.POLLRDHUP)
        return not poll.poll(0)

    def close(self) -> None:
        for connection in self.sockets:
            connection.close()
