"""A stream of 2024-11-05 outlives the right to it, or a reader that stands still holds up everybody: revoked and expired streams end,
slow readers are bounded on either hop, and nobody else notices."""

import json
import socket
import time
import urllib.parse

import pytest
from martlet_support import MCPConnection, request
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.mcp import LEGACY, MODERN, answer_of
from martlet_support.oauth import Tokens
from martlet_support.route import connect, fresh_token
from martlet_support.sse_connection import SSEConnection
from martlet_support.steps import registered, until, within


@pytest.fixture(scope="module")
def upstream():
    with FakeSSEServer() as server:
        yield server


def opened(world, server: str, access: str) -> SSEConnection:
    connection = SSEConnection(f"{world.url}/{server}/sse", access, timeout=60).open()
    connection.initialize()
    return connection


@pytest.mark.parametrize("how", ["token", "user"])
def test_V_041_revocation_closes_the_stream(install, upstream, how):
    world = install(servers={"older": {"url": upstream.url}}, users={"carol": "carols long password"})
    client = registered(world, extra={"client_name": "Carol's"})
    tokens = client.log_in(world.mcp_url("older"), "carol", "carols long password")
    stream, kept = opened(world, "older", tokens.access), opened(world, "stateful", fresh_token(world))
    world.gateway.revoke(*([tokens.access] if how == "token" else ["--user", "carol"]))
    done = time.monotonic()
    assert stream.ended.wait(20) and time.monotonic() - done <= 5
    assert stream.post("tools/list").status == 401
    assert kept.call("ping")["result"] == {}
    kept.close()


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
@pytest.mark.parametrize("how", ["token", "user"])
def test_V_041_revocation_closes_the_stream_at_the_server_too(install, how, revision):
    """Nobody listens at this very moment: a session that its server may speak to in somebody's name is one all the same."""
    with FakeSSEServer() as server:
        world = install(servers={"older": {"url": server.url}}, users={"carol": "carols long password"})
        tokens = registered(world, extra={"client_name": "Carol's"}).log_in(world.mcp_url("older"), "carol", "carols long password")
        kept = connect(world, "older", revision=revision)
        connection = MCPConnection(world.mcp_url("older"), tokens.access, revision=revision)
        if revision == LEGACY:
            connection.initialize()
        for one in (kept, connection):
            assert one.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
        server.wait_for_streams(2)
        streams = dict(server.streams)
        world.gateway.revoke(*([tokens.access] if how == "token" else ["--user", "carol"]))
        assert until(lambda: len(server.streams) == 1, within(5)), "the stream is still open at the server"
        assert kept.tool("echo", {"text": "on"})["content"][0]["text"] == "on"
        assert set(server.streams) < set(streams), "the other's is the one that there was"


def test_V_041_a_stream_lives_as_long_as_its_newest_token(install, upstream):
    world = install(servers={"older": {"url": upstream.url}}, config={"tokens": {"access_ttl": "5s"}})
    client, tokens = world.log_in("older")
    left, renewed = opened(world, "older", tokens.access), opened(world, "older", tokens.access)
    newer = Tokens.of(client.refresh(tokens.refresh))
    time.sleep(2)
    newest = Tokens.of(client.refresh(newer.refresh))
    renewed.token = newest.access
    assert renewed.call("ping")["result"] == {}
    assert left.ended.wait(30), "its token's time is up"
    assert renewed.call("ping")["result"] == {}, "a newer one keeps it"
    assert renewed.ended.wait(30), "for as long as that is good"
    assert renewed.post("ping").status == 401


def test_R_70_the_stream_ends_when_the_process_stops(install, upstream):
    world = install(servers={"older": {"url": upstream.url}})
    connection = opened(world, "older", world.log_in("older")[1].access)
    assert world.gateway.stop() == 0
    assert connection.ended.wait(20)


@pytest.mark.parametrize("crash", [False, True], ids=["SIGTERM", "SIGKILL"])
def test_4_3_a_session_outlives_the_process(install, upstream, crash):
    """The server's stream ends with the process; the client's session goes on with another."""
    world = install(servers={"older": {"url": upstream.url}})
    connection = connect(world, "older")
    world.gateway.restart(crash=crash)
    for _ in range(2):
        assert connection.call("tools/list")["result"]["tools"]


def standing_still(world, url: str, headers: dict[str, str], body: bytes) -> socket.socket:
    """Sends a request, and reads nothing of its answer."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", world.gateway.port))
    parts = urllib.parse.urlsplit(url)
    lines = [f"{'POST' if body else 'GET'} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    sock.sendall(("\r\n".join(lines + [f"{k}: {v}" for k, v in headers.items()]) + "\r\n\r\n").encode() + body)
    return sock


def test_V_084_a_reader_that_stands_still_is_cut_and_its_session_goes_on(install_for_file, upstream):
    """All answers of a session come on one stream of the server's: it may wait for one reader, but not for ever."""
    world = install_for_file(servers={"older": {"url": upstream.url}})
    connection, other = connect(world, "older"), connect(world, "older")
    params = {"name": "flood", "arguments": {"messages": 400, "size": 100_000}, "_meta": {"progressToken": "f"}}
    body = json.dumps({"jsonrpc": "2.0", "id": 999, "method": "tools/call", "params": params}).encode()
    sock = standing_still(world, connection.url, connection.headers(), body)
    time.sleep(1)
    assert other.tool("echo", {"text": "unhurt"}, timeout=60)["content"][0]["text"] == "unhurt", "nobody else waits"
    answer = connection.post("ping", timeout=120)
    assert answer_of(answer)["result"] == {}
    sock.close()


def test_V_084_a_client_that_does_not_read_its_stream_is_cut(install_for_file, upstream):
    world = install_for_file(servers={"older": {"url": upstream.url}})
    access = world.log_in("older")[1].access
    url = f"{world.url}/older/sse"
    sock = standing_still(world, url, {"Authorization": f"Bearer {access}"}, b"")
    first = b""
    while b"session_id=" not in first or not first.endswith(b"\n\n\r\n"):
        first += sock.recv(512)
    endpoint = f"{world.url}/older/messages?session_id=" + first.partition(b"session_id=")[2].partition(b"\n")[0].decode()
    other = opened(world, "older", access)

    def post(identifier, method: str, params: dict | None = None) -> int:
        message = {"jsonrpc": "2.0", "method": method} | ({"id": identifier} if identifier else {}) | ({"params": params} if params else {})
        return request("POST", endpoint, headers={"Authorization": f"Bearer {access}"}, json=message).status

    initialize = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    assert post(1, "initialize", initialize) == 202
    deadline, received = time.monotonic() + 20, b""
    while b'"id": 1' not in received and b'"id":1' not in received:
        assert time.monotonic() < deadline, received
        received += sock.recv(512)
    assert post(None, "notifications/initialized") == 202
    flood = {"name": "flood", "arguments": {"messages": 400, "size": 100_000}, "_meta": {"progressToken": 2}}
    assert post(2, "tools/call", flood) == 202
    deadline = time.monotonic() + 120
    while post(99, "ping") == 202:
        assert time.monotonic() < deadline, "it is still taken for somebody who listens"
        time.sleep(0.5)
    assert other.call("ping")["result"] == {}
    other.close()
    sock.close()
