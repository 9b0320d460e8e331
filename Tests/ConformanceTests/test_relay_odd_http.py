"""HTTP that is allowed and seldom on either hop: connections that end with their answer, readers that are slow, servers that hang up."""

import json
import os
import signal
import socket
import struct
import time

import pytest
from martlet_support import Gateway, request
from martlet_support.mcp import LEGACY
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import RawUpstream, events_answer, json_answer, parse_responses
from martlet_support.route import token
from martlet_support.steps import until

RESULT = {"jsonrpc": "2.0", "id": 1, "result": {"content": []}}
LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}
LARGE = json.dumps({**RESULT, "result": {"content": [{"type": "text", "text": "x" * 12_000_000}]}}).encode()


@pytest.fixture(scope="module")
def started():
    with RawUpstream(json_answer(json.dumps(RESULT).encode())) as upstream:
        gateway = Gateway({"raw": upstream.url}, users={USER: PASSWORD}).start()
        installation = Installation(gateway, {})
        installation.raw = upstream
        # Martlet knows the server's era from here on.
        assert post(installation).status == 200
        yield installation
        gateway.close()


@pytest.fixture
def world(started):
    started.raw.answer = json_answer(json.dumps(RESULT).encode())
    started.raw.clear()
    return started


def headers(world) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(world, 'raw')}", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": LEGACY}


def post(world, message=LISTING):
    return request("POST", world.mcp_url("raw"), headers=headers(world), json=message)


class Line:
    """A connection of a client, which reads when it is told to and takes little at once."""

    def __init__(self, world):
        self.world = world
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 10)
        self.sock.settimeout(60)
        self.sock.connect(("127.0.0.1", world.gateway.port))

    def post(self, message, *, version: str = "1.1", extra: str = "") -> None:
        body = json.dumps(message).encode()
        lines = [f"{name}: {value}\r\n" for name, value in headers(self.world).items()]
        head = f"POST /raw/mcp HTTP/{version}\r\nHost: 127.0.0.1:{self.world.gateway.port}\r\nContent-Type: application/json\r\n{''.join(lines)}{extra}"
        self.sock.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def answer(self):
        """The next answer; that the connection ends ends it too."""
        heard = b""
        while chunk := self.sock.recv(1 << 16):
            heard += chunk
            if len(heard) < len(LARGE) // 2 or len(heard) > len(LARGE):
                found = parse_responses(heard)
                if found and found[0].complete:
                    return found[0]
        return parse_responses(heard)[0]


# The last answer on a connection

ANSWERS = {
    "json": json_answer(LARGE),
    "chunks": b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(LARGE), LARGE),
    "events": events_answer(b"data: " + LARGE + b"\n\n"),
}


@pytest.mark.parametrize("version,extra", [("1.1", "Connection: close\r\n"), ("1.0", "")], ids=["close", "HTTP/1.0"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_R_51_the_last_answer_on_a_connection_reaches_a_slow_reader(world, kind, version, extra):
    """nginx speaks HTTP/1.0 to what is behind it, unless it is told otherwise."""
    world.raw.answer = ANSWERS[kind]
    line = Line(world)
    line.post(CALL, version=version, extra=extra)
    time.sleep(1)  # The server has said everything by then, or waits for this reader.
    assert line.answer().body.count(b"x") == LARGE.count(b"x")


def test_R_70_a_stop_cuts_no_answer_that_is_on_its_way():
    with RawUpstream(json_answer(json.dumps(RESULT).encode())) as upstream:
        gateway = Gateway({"raw": upstream.url}, users={USER: PASSWORD}).start()
        world = Installation(gateway, {})
        post(world)
        upstream.answer = ANSWERS["events"]
        line = Line(world)
        line.post(CALL)
        until(lambda: len(upstream.ended) > 1)
        gateway.process.send_signal(signal.SIGTERM)
        time.sleep(2)  # Connections that nobody uses are closed by then.
        assert line.answer().body.count(b"x") == LARGE.count(b"x")
        line.sock.close()
        assert gateway.process.wait(60) == 0
        gateway.close()


# Servers that hang up


def reset(sock) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def test_R_54_what_may_be_sent_twice_outlives_a_connection_that_was_reset(world):
    def second_time_reset(sock, arrival):
        if len(world.raw.arrivals) != 2:
            return json_answer(json.dumps(RESULT).encode())
        return reset(sock)

    world.raw.answer = second_time_reset
    for _ in range(2):
        assert post(world).json() == RESULT
    assert len(world.raw.received()) == 3


def test_R_54_a_call_that_was_read_before_its_connection_was_reset_is_not_sent_again(world):
    """A reset confirms nothing of what came before it."""
    def read_and_reset(sock, arrival):
        if b"tools/call" not in arrival.body:
            return json_answer(json.dumps(RESULT).encode())
        return reset(sock)

    world.raw.answer = read_and_reset
    for _ in range(30):
        for _ in range(3):
            assert post(world).json() == RESULT
        assert "may have reached" in post(world, CALL).json()["error"]["message"]
    assert len([arrival for arrival in world.raw.received() if b"tools/call" in arrival.body]) == 30


def test_R_54_no_call_goes_to_a_connection_that_the_server_has_closed(world):
    """Both have come when Martlet gets round to it: the call, and after it the end of the connection that it would go to."""
    sockets = []

    def remembered(sock, _):
        sockets.append(sock)
        return json_answer(json.dumps(RESULT).encode())

    world.raw.answer = remembered
    line = Line(world)
    line.post(LISTING)
    assert line.answer().complete
    os.kill(world.gateway.process.pid, signal.SIGSTOP)
    try:
        line.post(CALL)
        time.sleep(0.1)
        sockets[0].shutdown(socket.SHUT_RDWR)
        time.sleep(0.1)
    finally:
        os.kill(world.gateway.process.pid, signal.SIGCONT)
    assert json.loads(line.answer().body) == RESULT
    assert len(world.raw.received()) == 2


@pytest.mark.parametrize("status", [500, 502, 503])
def test_an_error_that_the_server_answers_is_no_lost_answer(world, status):
    """Neither MCP nor JSON-RPC says which status goes with an internal error."""
    error = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "the disk is full"}}
    world.raw.answer = json_answer(json.dumps(error).encode(), status=f"{status} X")
    for message in (CALL, LISTING):
        answer = post(world, message)
        assert (answer.status, answer.json()) == (200, error)
    world.raw.answer = json_answer(json.dumps({**error, "id": None}).encode(), status=f"{status} X")
    assert post(world, CALL).json()["error"]["code"] == -31003
