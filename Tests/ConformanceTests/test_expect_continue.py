"""A client that waits with a large body (curl does, beyond 1 MiB) is told to send it where it will be read, and refused at once where not."""

import json
import socket

import pytest
from martlet_support.raw import parse_responses
from martlet_support.route import bearer

WORD = b"HTTP/1.1 100 Continue\r\n\r\n"
LISTING = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()


class Waiting:
    """A client that has sent the head of a request and waits."""

    def __init__(self, world, path: str, length: int, headers: dict, expect: str = "100-continue"):
        self.sock = socket.create_connection(("127.0.0.1", world.gateway.port), timeout=60)
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{world.gateway.port}", f"Content-Length: {length}", f"Expect: {expect}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        self.heard = b""

    def hear(self, wanted) -> bytes:
        while not wanted(self.heard):
            piece = self.sock.recv(65536)
            assert piece, f"the connection ended: {self.heard!r}"
            self.heard += piece
        return self.heard


def whole(heard: bytes) -> bool:
    answers = [answer for answer in parse_responses(heard) if answer.status >= 200]
    return bool(answers) and answers[-1].complete


@pytest.fixture(scope="module", params=["martlet", "nio"])
def world(request, install_for_file):
    return install_for_file(config={"http_codec": request.param})


def test_a_call_that_will_be_read_is_asked_for(world):
    headers = {**bearer(world), "Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    client = Waiting(world, "/stateful/mcp", len(LISTING), headers)
    assert client.hear(lambda heard: heard.endswith(b"\r\n\r\n")) == WORD
    client.sock.sendall(LISTING)
    (answer,) = [a for a in parse_responses(client.hear(whole)) if a.status >= 200]
    assert answer.status in (200, 400) and answer.header("connection") is None, "the connection goes on"


def test_so_is_a_form(world):
    client = Waiting(world, "/token", 18, {"Content-Type": "application/x-www-form-urlencoded"})
    assert client.hear(lambda heard: heard.endswith(b"\r\n\r\n")) == WORD
    client.sock.sendall(b"grant_type=nothing")
    assert b"invalid_client" in client.hear(whole)[len(WORD):]


@pytest.mark.parametrize("path,length,headers,status", [
    ("/stateful/mcp", 5 << 20, {"Content-Type": "application/json"}, 401),
    ("/stateful/mcp", 5 << 20, {"Content-Type": "application/json", "Authorization": "…"}, 413),
    ("/stateful/mcp", 100, {"Content-Type": "text/plain", "Authorization": "…"}, 415),
    ("/token", 1 << 20, {"Content-Type": "application/x-www-form-urlencoded"}, 413),
    ("/a/../b", 100, {}, 404),
])
def test_what_is_refused_by_its_head_is_not_asked_for(world, path, length, headers, status):
    headers = {**headers, **(bearer(world) if "Authorization" in headers else {})}
    client = Waiting(world, path, length, headers)
    (answer,) = parse_responses(client.hear(whole))
    assert answer.status == status and answer.header("connection") == "close", client.heard


def test_another_expectation_is_nobodys_business(world):
    client = Waiting(world, "/token", 18, {"Content-Type": "application/x-www-form-urlencoded"}, expect="miracles")
    client.sock.sendall(b"grant_type=nothing")
    (answer,) = parse_responses(client.hear(whole))
    assert answer.status == 401
