"""A client that was cut off comes back with Last-Event-ID and gets the rest of that stream, no more and no less (R-60). Event ids are
Martlet's own, bound to the session and so to its principal; where Martlet has forgotten, the server is asked by its own id."""

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection
from martlet_support.mcp import LEGACY
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import RawUpstream, events_answer, json_answer
from martlet_support.route import connect, fresh_token, token
from martlet_support.steps import count

SLOW = {"name": "slow", "arguments": {"steps": 12, "delay": 0.02}}


def resume(connection: MCPConnection, identifier: str, timeout: float = 30):
    answer = connection.open_stream(headers={"Last-Event-ID": identifier}, timeout=timeout)
    assert answer.status == 200, answer.describe()
    return answer


def read(stream, limit: int | None = None) -> tuple[list[dict], str | None]:
    """The messages of a stream and the last event id, up to `limit` events."""
    messages, last = [], None
    for _, data, identifier in stream.events():
        last = identifier or last
        if data:
            messages.append(json.loads(data))
        if limit is not None:
            limit -= 1
            if limit <= 0:
                break
    return messages, last


def whole(messages: list[dict], steps: int = 12) -> bool:
    return [m.get("params", {}).get("progress") for m in messages] == [*range(1, steps + 1), None] and "result" in messages[-1]


def cut_and_resume(connection: MCPConnection, cuts: list[int]) -> list[dict]:
    """One call whose stream is cut after so many events, again and again."""
    answer = connection.post("tools/call", SLOW, stream=True)
    got, last = read(answer.stream, cuts[0] if cuts else None)
    answer.stream.close()
    for index in range(len(cuts)):
        answer = resume(connection, last)
        limit = cuts[index + 1] if index + 1 < len(cuts) else None
        more, latest = read(answer.stream, limit)
        got, last = got + more, latest or last
        answer.stream.close()
        if more and "result" in more[-1]:
            break
    return got


def test_R_60_a_call_that_was_cut_is_resumed_without_loss(shared):
    number, done = count(40, 10_000), 0
    random.seed(60)

    def one(index: int) -> int:
        connection = connect(shared, "stateful")
        cuts = [random.randint(1, 6) for _ in range(random.randint(1, 4))]
        messages = cut_and_resume(connection, cuts)
        assert whole(messages), f"cut after {cuts}: {messages}"
        return len(cuts)

    with ThreadPoolExecutor(8) as pool:
        batch = 0
        while done < number:
            done += sum(pool.map(one, range(batch, batch + 16)))
            batch += 16
    calls = shared.upstreams["stateful"].received("tools/call")
    assert len(calls) == batch, "each was executed once"
    assert not [r for r in shared.upstreams["stateful"].received() if r.method == "GET"], "the server never heard of it"
    print(f"proof: R-60 count={done}")


def test_R_60_the_answer_comes_though_nobody_listens(shared):
    connection = connect(shared, "stateful")
    answer = connection.post("tools/call", SLOW, stream=True)
    _, last = read(answer.stream, 2)
    answer.stream.close()
    time.sleep(1)
    messages, end = read(resume(connection, last).stream)
    assert [m.get("params", {}).get("progress") for m in messages] == [*range(2, 13), None]
    again, _ = read(resume(connection, last).stream)
    assert again == messages, "as often as the client likes"
    assert read(resume(connection, end).stream) == ([], None), "whoever has everything gets nothing, and the end"


def test_R_60_a_client_that_is_still_connected_is_replaced(shared):
    # The old connection may be dead without anybody having noticed.
    connection = connect(shared, "stateful")
    first = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 30, "delay": 0.05}}, stream=True)
    got, last = read(first.stream, 4)
    second = resume(connection, last)
    rest, _ = read(second.stream)
    assert whole(got + rest, 30)
    left, _ = read(first.stream)
    assert not any("result" in m for m in left), "and nothing comes twice"
    assert connection.call("ping")["result"] == {}


def test_R_60_only_that_stream(shared):
    connection = connect(shared, "stateful")
    mine = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 10, "delay": 0.05}, "_meta": {"progressToken": "mine"}}, stream=True)
    other = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 10, "delay": 0.05}, "_meta": {"progressToken": "other"}}, stream=True)
    _, last = read(mine.stream, 3)
    mine.stream.close()
    messages, _ = read(resume(connection, last).stream)
    assert {m["params"]["progressToken"] for m in messages if "params" in m} == {"mine"} and messages[-1]["id"] == connection.next_id - 1
    assert read(other.stream)[0][-1]["id"] == connection.next_id, "the other goes on as it was"


def test_R_60_the_servers_own_stream_waits_for_its_client(shared):
    connection, upstream = connect(shared, "stateful"), shared.upstreams["stateful"]
    stream = connection.open_stream()
    upstream.wait_for_streams()
    session = upstream.received("notifications/initialized")[-1].header("mcp-session-id")
    note = lambda n: {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": n}}
    upstream.push(note(1), session)
    events = stream.stream.events()
    _, last = None, None
    for _, data, identifier in events:
        if data:
            last = identifier
            break
    stream.stream.close()
    for number in (2, 3):
        upstream.push(note(number), session)
    time.sleep(0.5)
    back = resume(connection, last)
    messages = back.stream.messages()
    assert [next(messages)["params"]["data"] for _ in range(2)] == [2, 3]
    upstream.push(note(4), session)
    assert next(messages)["params"]["data"] == 4, "and it goes on"
    assert len([r for r in upstream.received() if r.method == "GET"]) == 1, "the server's stream was never closed"
    back.stream.close()


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25"])
def test_4_2_a_first_event_to_come_back_by(shared, revision):
    connection = connect(shared, "stateful", revision=revision)
    stream = connection.post("tools/call", SLOW, stream=True).stream
    raw = [stream._raw.readline() for _ in range(8)]
    first = next(line for line in raw if line.startswith((b"id:", b"data:", b"event:")))
    after = raw[raw.index(first) + 1]
    primed = first.startswith(b"id:") and after.strip() == b"data:"
    assert primed == (revision == "2025-11-25"), "older clients would read an empty event as a message"
    stream.close()


# Someone else's


def test_R_60_V_014_a_foreign_event_id_is_nothing(install):
    world = install(users={"bob": "another long password"})
    from martlet_support.steps import Person, registered

    connection = connect(world, "stateful")
    stream = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 40, "delay": 0.05}}, stream=True).stream
    _, last = read(stream, 3)
    stream.close()
    standing = connection.open_stream().stream
    world.upstreams["stateful"].push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "secret"}})
    _, other = read(standing, 1)
    bob = MCPConnection(connection.url, Person(world, "bob", "another long password").tokens(registered(world)).access)
    bob.initialize()
    alices_second = connect(world, "stateful")
    gets = lambda: [r for r in world.upstreams["stateful"].received() if r.method == "GET"]
    for thief in (bob, alices_second):
        for stolen in (last, other, last.rsplit(".", 1)[0], last[:-2] + "AA"):
            before = len(gets())
            answer = thief.open_stream(headers={"Last-Event-ID": stolen}, timeout=3)
            # A fresh stream of the thief's own session, or none at all; never a word of Alice's.
            assert answer.status == 200, answer.describe()
            time.sleep(0.3)
            answer.stream.close()
            assert len(gets()) == before + 1 and gets()[-1].header("last-event-id") is None
    # The owner gets it all the same.
    messages, _ = read(resume(connection, last).stream)
    assert "result" in messages[-1]


# A server that closes streams early


def poll(connection: MCPConnection, call: dict) -> tuple[list[dict], int]:
    """A call whose stream ends early, asked for until it is answered; and how often that took."""
    got, last = read(connection.post("tools/call", call, stream=True).stream)
    for turn in range(100):
        if got and "result" in got[-1]:
            return got, turn
        more, latest = read(resume(connection, last).stream)
        got, last = got + more, latest or last
    raise AssertionError(f"never answered: {got}")


@pytest.mark.parametrize("events", [1, 3, 12])
def test_R_60_a_server_that_closes_streams_early_is_asked_for_the_rest(events):
    """2025-11-25: a server may end the stream of a call before its response, and its client comes back for it."""
    with FakeMCPServer("stateful", resumable=True) as upstream, Gateway({"stateful": upstream.url}, users={USER: PASSWORD}) as gateway:
        connection = connect(Installation(gateway, {"stateful": upstream}), "stateful")
        upstream.closes_after = events
        with ThreadPoolExecutor(8) as pool:
            for messages, turns in pool.map(lambda _: poll(connection_of(connection), SLOW), range(count(8, 400))):
                assert whole(messages) and turns >= 12 // events, (turns, messages)
        assert len(upstream.received("tools/call")) == count(8, 400), "each was executed once"
    print(f"proof: R-60 count={count(8, 400)}")


@pytest.fixture
def places():
    """A raw server whose session is open, and what its GETs asked for; a test sets how it answers calls and GETs."""
    asked: list[str | None] = []

    def answer(sock, arrival):
        if arrival.head.startswith(b"GET "):
            asked.append(next((value for name, value in arrival.headers if name.lower() == "last-event-id"), None))
            return events_answer(upstream.stream(len(asked)))
        message = json.loads(arrival.body or b"{}")
        if "id" not in message:
            return b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
        if message["method"] == "tools/call":
            return events_answer(upstream.call)
        result = {"protocolVersion": LEGACY, "capabilities": {}, "serverInfo": {"name": "places", "version": "1"}}
        return json_answer(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}).encode(), extra=b"Mcp-Session-Id: one\r\n")

    with RawUpstream(answer) as upstream, Gateway({"raw": upstream.url}, users={USER: PASSWORD}) as gateway:
        upstream.asked = asked
        yield connect(Installation(gateway, {}), "raw"), upstream


def test_R_60_the_servers_own_stream_may_end_and_goes_on(places):
    """A server closes its own stream whenever it likes: whoever comes back with what came last is for the server to serve."""
    connection, upstream = places
    upstream.stream = lambda turn: b'id: e%d\ndata: {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": %d}}\n\n' % (turn, turn)
    got, last = read(connection.open_stream().stream)
    for _ in range(3):
        more, last = read(resume(connection, last).stream)
        got += more
    assert [m["params"]["data"] for m in got] == [1, 2, 3, 4]
    assert upstream.asked == [None, "e1", "e2", "e3"]


def test_R_60_an_event_of_nothing_but_an_id_is_a_place(places):
    connection, upstream = places
    upstream.call = b"id: p1\nretry: 10\n\n"
    upstream.stream = lambda _: b'id: p2\ndata: {"jsonrpc": "2.0", "id": %d, "result": {"content": []}}\n\n' % connection.next_id
    said = connection.post("tools/call", SLOW, stream=True).stream._raw.read()
    last = [line[4:] for line in said.decode().splitlines() if line.startswith("id: ")][-1]
    messages, _ = read(resume(connection, last).stream)
    assert len(messages) == 1 and "result" in messages[0], messages
    assert upstream.asked == ["p1"]


def connection_of(connection: MCPConnection) -> MCPConnection:
    """Another session of the same client."""
    other = MCPConnection(connection.url, connection.token)
    other.initialize()
    return other


# After a restart of Martlet


@pytest.mark.parametrize("crash", [False, True])
def test_R_60_after_a_restart_the_server_is_asked_by_its_own_id(crash):
    with FakeMCPServer("stateful", resumable=True) as upstream, Gateway({"stateful": upstream.url}, users={USER: PASSWORD}) as gateway:
        world = Installation(gateway, {"stateful": upstream})
        connection = connect(world, "stateful")
        stream = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 30, "delay": 0.1}}, stream=True).stream
        got, last = read(stream, 4)
        if crash:
            gateway.kill()
            gateway.start()
        else:
            stream.close()
            gateway.restart()
        back = resume(connection, last)
        more, later = read(back.stream, 3)
        asked = [r for r in upstream.received() if r.method == "GET"][-1]
        assert asked.header("last-event-id") in {f"{name}-{position}" for name in upstream.streams for position in range(1, 40)}
        back.stream.close()
        # What was resumed can be resumed again.
        rest, _ = read(resume(connection, later or last).stream)
        assert whole(got + more + rest, 30), (got, more, rest)
        assert len(upstream.received("tools/call")) == 1


def test_R_60_after_a_crash_a_lost_answer_is_said_to_be_lost(install):
    world = install()
    connection = connect(world, "stateful")
    stream = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 100, "delay": 0.1}}, stream=True).stream
    _, last = read(stream, 3)
    world.gateway.restart(crash=True)
    messages, _ = read(resume(connection, last).stream)
    assert len(messages) == 1 and messages[0]["id"] == connection.next_id
    assert messages[0]["error"]["code"] == -31003 and "before you repeat" in messages[0]["error"]["message"], messages
    assert connection.call("ping")["result"] == {}, "the session is fine"


def test_R_70_streams_are_told_to_come_back(install):
    world = install()
    connection = connect(world, "stateful")
    stream = connection.open_stream().stream
    world.upstreams["stateful"].wait_for_streams()
    world.gateway.process.terminate()
    lines = []
    while line := stream._raw.readline():
        lines.append(line)
    assert any(line.startswith(b"retry:") and 0 < int(line[6:]) <= 10_000 for line in lines), lines
    assert world.gateway.process.wait(20) == 0
    world.gateway.process = None
    world.gateway.start()
    again = connection.open_stream()
    assert again.status == 200, again.describe()
    again.stream.close()


def test_R_60_a_revoked_token_resumes_nothing(install):
    world = install()
    access = fresh_token(world)
    connection = MCPConnection(world.mcp_url("stateful"), access)
    connection.initialize()
    stream = connection.post("tools/call", SLOW, stream=True).stream
    _, last = read(stream, 3)
    stream.close()
    world.gateway.revoke(access)
    deadline = time.monotonic() + 5
    while (answer := connection.open_stream(headers={"Last-Event-ID": last})).status != 401 and time.monotonic() < deadline:
        answer.stream and answer.stream.close()
        time.sleep(0.1)
    assert answer.status == 401, answer.describe()
    assert token(world)
