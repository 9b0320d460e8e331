"""A screenshot has some megabytes, and many servers answer every call by a stream: an event that large goes to every kind of client,
whichever kind of server says it, also where its reader takes its time."""

import json
import time

import pytest
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.raw import RawUpstream, events_answer, json_answer
from martlet_support.route import connect, token
from martlet_support.sse_connection import SSEConnection

SIZE = 6 << 20
SERVERS = ["modern", "stateful", "stateless", "older"]
LARGE = {"name": "slow", "arguments": {"steps": 1, "size": SIZE}, "_meta": {"progressToken": "p"}}


@pytest.fixture(scope="module")
def raw():
    upstream = RawUpstream().start()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def world(install_for_file, raw):
    with FakeSSEServer() as older:
        yield install_for_file(servers={"older": {"url": older.url}, "raw": {"url": raw.url}})


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
@pytest.mark.parametrize("server", SERVERS)
def test_R_51_a_large_answer_on_a_stream_arrives_whole(world, server, revision):
    call = connect(world, server, revision=revision).post("tools/call", LARGE, stream=True)
    time.sleep(1)
    *before, answer = call.stream.messages()
    assert [message["method"] for message in before] == ["notifications/progress"]
    assert answer["result"]["content"][0]["text"] == "1 steps done" + "x" * SIZE


@pytest.mark.parametrize("server", SERVERS)
def test_R_51_a_large_answer_reaches_a_client_of_http_and_sse(world, server):
    with SSEConnection(f"{world.url}/{server}/sse", token(world, server)) as connection:
        connection.open()
        connection.initialize()
        assert connection.tool("slow", LARGE["arguments"])["content"][0]["text"] == "1 steps done" + "x" * SIZE


@pytest.mark.parametrize("revision", [MODERN, LEGACY])
def test_R_51_what_follows_a_large_event_follows_it(world, raw, revision):
    """However much of it still waits for its reader."""
    notices = [{"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x" * size}} for size in (SIZE, *range(50))]
    result = {"jsonrpc": "2.0", "id": 1, "result": {"resultType": "complete", "content": []}}
    raw.answer = json_answer(json.dumps(result).encode())
    connection = connect(world, "raw", revision=revision, initialize=False)
    connection.post("tools/list")
    result["id"] = connection.next_id + 1
    raw.answer = events_answer(b"".join(b"data: %s\n\n" % json.dumps(message).encode() for message in (*notices, result)))
    call = connection.post("tools/call", {"name": "echo", "arguments": {}}, stream=True)
    time.sleep(1)
    assert list(call.stream.messages()) == [*notices, result]
