"""A TCP proxy that cuts whatever has been quiet for too long, as load balancers do."""

import contextlib
import socket
import threading
import time


class IdleProxy:
    """Stands before a port of 127.0.0.1 and closes a connection on which the server said nothing for `idle` seconds."""

    def __init__(self, target: int, idle: float):
        self.target, self.idle = target, idle
        self.cut = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> "IdleProxy":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self.target))
        asked = [time.monotonic()]  # when the client last said something
        threading.Thread(target=self._up, args=(client, server, asked), daemon=True).start()
        try:
            self._down(client, server, asked)
        finally:
            for sock in (client, server):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()

    def _up(self, client: socket.socket, server: socket.socket, asked: list[float]) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                asked[0] = time.monotonic()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _down(self, client: socket.socket, server: socket.socket, asked: list[float]) -> None:
        heard = time.monotonic()
        while True:
            server.settimeout(max(0.01, max(heard, asked[0]) + self.idle - time.monotonic()))
            try:
                data = server.recv(65536)
            except TimeoutError:
                if time.monotonic() - max(heard, asked[0]) < self.idle:
                    continue
                self.cut += 1
                return
            except OSError:
                return
            if not data:
                return
            heard = time.monotonic()
            with contextlib.suppress(OSError):
                client.sendall(data)
