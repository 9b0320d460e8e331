"""Where the trail is taken to: receivers that remember what they got, and fail when they are told to."""

import json
import re
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEADER = re.compile(rb"<(\d+)>1 (\S+) (\S+) martlet (\d+) (\S+) (\[meta sequenceId=\"\d+\"\]) (\{.*\})", re.S)


class HTTPReceiver:
    """Takes posts; `status` is what it answers."""

    def __init__(self):
        self.posts: list[tuple[str, dict, bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if receiver.status < 300:
                    receiver.posts.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                answer = b"{}"
                self.send_response(receiver.status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SyslogReceiver:
    """Takes datagrams, of a port or of a path, and knows RFC 5424."""

    def __init__(self, path=None):
        self.messages: list[dict] = []
        self.socket = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(str(path) if path else ("127.0.0.1", 0))
        self.port = None if path else self.socket.getsockname()[1]
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                message = self.socket.recv(65_536)
            except OSError:
                return
            self.messages.append(read_message(message))

    def close(self):
        self.socket.close()


class SyslogStream:
    """Takes messages behind their length (RFC 6587, octet counting)."""

    def __init__(self):
        self.messages: list[dict] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._read, args=(connection,), daemon=True).start()

    def _read(self, connection):
        with connection, connection.makefile("rb") as stream:
            while True:
                length = b""
                while (byte := stream.read(1)) not in (b"", b" "):
                    length += byte
                if not length:
                    return
                self.messages.append(read_message(stream.read(int(length))))

    def close(self):
        self.socket.close()


def read_message(message: bytes) -> dict:
    found = HEADER.fullmatch(message)
    assert found, message
    return {"priority": int(found[1]), "at": found[2].decode(), "action": found[5].decode(), **json.loads(found[7])}
