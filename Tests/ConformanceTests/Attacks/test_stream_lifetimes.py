"""A stream stays open after the right to it is gone: revoked, expired, disabled. Open streams are looked at every second, and what was
taken away ends within five; a stream that goes on is kept alive, flushed at once and bounded."""

import contextlib
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.route import connect, fresh_token
from martlet_support.steps import at_once, count, person, registered, until, within


def wait_for_end(stream, limit: float) -> float:
    """Seconds until a stream ended."""
    began = time.monotonic()
    ended = threading.Event()

    def read():
        try:
            for _ in stream.messages():
                pass
        except Exception:
            pass
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    assert ended.wait(limit), f"still open after {limit} s"
    return time.monotonic() - began


def watched(streams) -> dict[int, float]:
    """When each of many streams ended, as it happens."""
    ends: dict[int, float] = {}

    def read(index: int, stream):
        try:
            for _ in stream.messages():
                pass
        except Exception:
            pass
        ends[index] = time.monotonic()

    for index, stream in enumerate(streams):
        threading.Thread(target=read, args=(index, stream), daemon=True).start()
    return ends


def opened(world, access: str, number: int = 1):
    connection = MCPConnection(world.mcp_url("stateful"), access)
    streams = []
    for _ in range(number):
        connection = MCPConnection(world.mcp_url("stateful"), access)
        connection.initialize()
        answer = connection.open_stream()
        assert answer.status == 200, answer.describe()
        streams.append(answer.stream)
    return connection, streams


@pytest.mark.parametrize("how", ["endpoint", "token", "client", "user"])
def test_V_041_revocation_closes_open_streams(install, how):
    world = install(users={"carol": "carols long password"})
    client = registered(world, extra={"client_name": "Carol's"})  # equal registrations would be one client
    tokens = client.log_in(world.mcp_url("stateful"), "carol", "carols long password")
    other = fresh_token(world)
    connection, streams = opened(world, tokens.access, count(5, 1000))
    _, kept = opened(world, other)
    ends = watched(streams)
    world.upstreams["stateful"].wait_for_streams(count=len(streams) + 1)
    if how == "endpoint":
        assert client.revoke(tokens.access).status == 200
    elif how == "token":
        world.gateway.revoke(tokens.access)
    elif how == "client":
        world.gateway.revoke("--client", client.client_id)
    else:
        world.gateway.cli("user", "disable", "carol")
    done = time.monotonic()
    assert until(lambda: len(ends) == len(streams)), f"{len(streams) - len(ends)} of {len(streams)} are still open"
    assert max(ends.values()) - done <= within(5)
    assert connection.post("tools/list").status == 401, "and a new request hears 401"
    assert connection.open_stream().status == 401
    # The fake notices a closed connection when it next writes, four times a second.
    streams_left = lambda: sum(len(group) for group in world.upstreams["stateful"].sessions.values())
    assert until(lambda: streams_left() == 1), "only the other's is left"
    world.upstreams["stateful"].push({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})
    assert next(kept[0].messages())["method"] == "notifications/message"
    print(f"proof: V-041 count={len(streams)}")


def test_V_041_expiry_closes_open_streams(install):
    world = install(config={"tokens": {"access_ttl": "8s"}})
    client, tokens = world.log_in()
    _, streams = opened(world, tokens.access)
    assert wait_for_end(streams[0], within(18)) <= within(13)
    assert client.refresh(tokens.refresh).status == 200


def test_a_call_outlives_its_token(install):
    # It was allowed when it was made; what was revoked ends all the same.
    world = install(config={"tokens": {"access_ttl": "8s"}})
    tokens = world.log_in()[1]
    connection = MCPConnection(world.mcp_url("stateful"), tokens.access)
    connection.initialize()
    call = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 20, "delay": 0.5}}, stream=True)
    assert "result" in list(call.stream.messages())[-1]
    assert until(lambda: connection.post("tools/list").status == 401)


def test_V_041_revocation_ends_calls_too(install):
    world = install()
    access = fresh_token(world)
    connection = MCPConnection(world.mcp_url("stateful"), access)
    connection.initialize()
    call = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 300, "delay": 0.1}}, stream=True)
    next(call.stream.messages())
    world.gateway.revoke(access)
    assert wait_for_end(call.stream, within(8)) <= within(5)


@pytest.mark.parametrize("server", ["stateful", "modern"])
def test_V_041_a_call_that_waits_for_its_server_is_not_made_after_a_revocation(install, server):
    """For a session that has to be begun anew, or for the definition of its tool."""
    world = install()
    upstream = world.upstreams[server]
    access = fresh_token(world, server)
    connection = MCPConnection(world.mcp_url(server), access)
    connection.initialize()
    may, awaited = threading.Event(), "initialize" if server == "stateful" else "tools/list"

    def guard(seen):
        if seen.rpc_method == awaited:
            may.wait(60)

    upstream.drop_sessions()
    upstream.guard = guard
    upstream.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connection.post, "tools/call", {"name": "echo", "arguments": {"text": "late"}})
        upstream.wait_for(awaited)
        refused = len(upstream.received("tools/call"))
        world.gateway.revoke(access)
        time.sleep(1)  # What is taken away is known everywhere within half a second.
        may.set()
        assert "result" not in waiting.result().text, waiting.result().describe()
    assert len(upstream.received("tools/call")) == refused, "the one that told that the session is lost, at most"


def goes_on(stream):
    stream.send("notifications/message", {"level": "info", "data": "begun"})
    stream.wait_for_close(timeout=600)
    return {"content": []}


@pytest.mark.parametrize("by", ["the process", "another process"])
def test_V_041_the_end_of_a_session_ends_its_calls(install, by):
    world = install()
    # A server that takes DELETE and goes on with what it does.
    world.upstreams["stateful"].converse("tools/call", goes_on)
    connection = MCPConnection(world.mcp_url("stateful"), fresh_token(world))
    connection.initialize()
    call = connection.post("tools/call", {"name": "endless"}, stream=True)
    next(call.stream.messages())
    if by == "the process":
        assert connection.end().status == 200
    else:
        with world.gateway.twin() as twin:
            connection.url = twin.mcp_url("stateful")
            assert connection.end().status == 200
    assert wait_for_end(call.stream, within(8)) <= within(5)


def test_X5_streams_speak_at_once_and_are_kept_alive(shared):
    # All take a pause of 15 s, so they take it together.
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(quiet, shared) for quiet in (quiet_stream, quiet_call, quiet_bridged_call)]:
            done.result()


def quiet_stream(shared):
    connection = connect(shared, "stateful")
    began = time.monotonic()
    answer = connection.open_stream(timeout=120)
    assert answer.status == 200 and answer.header("content-type").startswith("text/event-stream")
    assert answer.header("x-accel-buffering") == "no" and answer.header("content-encoding") is None
    assert "no-store" in answer.header("cache-control") or "no-cache" in answer.header("cache-control")
    raw = answer.stream._raw
    assert raw.readline().startswith(b":"), "a comment comes at once"
    assert time.monotonic() - began < within(2)
    shared.upstreams["stateful"].wait_for_streams()
    before = time.monotonic()
    shared.upstreams["stateful"].push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    assert next(answer.stream.messages())["method"] == "notifications/tools/list_changed"
    assert time.monotonic() - before < within(1), "flushed at once"
    quiet = time.monotonic()
    while True:
        line = raw.readline()
        if line.startswith(b":"):
            break
        assert line.strip() == b"", line
    assert 0 < time.monotonic() - quiet <= within(16.5), "a comment at least every 15 s"
    answer.stream.close()


def quiet_call(shared):
    connection = connect(shared, "stateful")
    answer = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 1, "delay": 16.5}}, stream=True, timeout=120)
    messages = list(answer.stream.messages())
    # The other stream's notification goes out on every stream of the fake but this one, which is a call's.
    assert [m.get("method") for m in messages] == ["notifications/progress", None]
    assert len([c for c in answer.stream.comments]) >= 2, "one at once, one in the pause"


def quiet_bridged_call(shared):
    modern, patience = shared.upstreams["modern"], threading.Event()
    modern.on("tools/call", lambda *_: patience.wait(60) and {"resultType": "complete", "content": []})
    try:
        answer = connect(shared, "modern", revision=LEGACY).post("tools/call", {"name": "patient"}, stream=True, timeout=120)
        assert answer.stream, "proxies on the way would wonder: " + answer.describe()
        patience.set()
        assert ["result" in message for message in answer.stream.messages() if message][-1]
    finally:
        patience.set()
        modern.reset()


def test_4_2_each_event_is_flushed_when_it_comes(shared):
    connection = connect(shared, "stateful")
    upstream = shared.upstreams["stateful"]
    upstream.pace = threading.Semaphore(1)
    try:
        answer = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 4, "paced": True}}, stream=True)
        seen = 0
        for _ in answer.stream.messages():  # One that is held back would never be followed by another.
            seen += 1
            upstream.pace.release()
    finally:
        upstream.pace = None
    assert seen == 5


def leave_in_the_middle(world, server: str, delay: float = 0.1, steps: int = 100):
    connection = connect(world, server)
    answer = connection.post("tools/call", {"name": "slow", "arguments": {"steps": steps, "delay": delay}}, stream=True)
    assert answer.status == 200, answer.describe()
    next(answer.stream.messages())
    before = world.upstreams[server].disconnects
    answer.stream.close()
    return before


def test_R_61_modern_a_client_that_leaves_cancels_the_call(shared):
    before = leave_in_the_middle(shared, "modern")
    began = time.monotonic()
    while shared.upstreams["modern"].disconnects == before and time.monotonic() - began < within(3):
        time.sleep(0.02)
    assert shared.upstreams["modern"].disconnects == before + 1, "the upstream was not told"
    assert time.monotonic() - began <= within(1.2)


def test_R_61_modern_no_call_is_left_behind(install):
    """Cut after cut, on a server of either era: each call ends at the server."""
    world, number = install(), count(40, 10_000)
    held = {server: fresh_token(world, server) for server in ("modern", "stateful")}

    def leave(index: int) -> None:
        server = ("modern", "stateful")[index % 2]
        made = MCPConnection(world.mcp_url(server), held[server], revision=MODERN)
        params = {"name": "slow", "arguments": {"steps": 1000, "delay": 0.1}, "_meta": {"progressToken": f"p{index}"}}
        answer = made.post("tools/call", params, stream=True)
        assert answer.status == 200, answer.describe()
        next(answer.stream.messages())
        answer.stream.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(leave, range(number)))
    gone = [world.upstreams[server] for server in held]
    assert until(lambda: sum(upstream.disconnects for upstream in gone) == number, within(2 + 60)), [u.disconnects for u in gone]
    assert len(gone[1].received("notifications/cancelled")) == number // 2, "a legacy server is told, too"
    print(f"proof: R-61 count={number}")


@pytest.mark.parametrize("leaves", ["closes", "shuts its side down"])
def test_R_61_modern_a_client_that_leaves_before_the_answer_cancels_too(shared, leaves):
    gone, begun, ports = threading.Event(), threading.Event(), []

    def late(message, seen):
        ports.append(seen.peer_port)
        begun.set()
        gone.wait(120)
        return shared.upstreams["modern"].complete({"content": []})

    shared.upstreams["modern"].on("prompts/get", late)
    connection = connect(shared, "modern")
    body = json.dumps(connection.body("prompts/get", {"name": "p"}))
    head = [f"POST /modern/mcp HTTP/1.1", f"Host: 127.0.0.1:{shared.gateway.port}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    head += [f"{n}: {v}" for n, v in connection.headers("prompts/get", {"name": "p"}).items()]
    sock = socket.create_connection(("127.0.0.1", shared.gateway.port))
    sock.sendall(("\r\n".join(head) + "\r\n\r\n" + body).encode())
    assert begun.wait(60)
    if leaves == "closes":
        sock.close()
    else:
        sock.shutdown(socket.SHUT_WR)
    # The fake is still at work; what counts is that Martlet's end of the connection is closed.
    try:
        assert until(lambda: not is_established(ports[0])), "the upstream call goes on without its client"
    finally:
        gone.set()
        shared.upstreams["modern"]._handlers.pop("prompts/get")


def is_established(local_port: int) -> bool:
    lines = (line.split() for line in open("/proc/net/tcp").read().splitlines()[1:])
    return any(line[1].endswith(f":{local_port:04X}") and line[3] == "01" for line in lines)


def test_4_2_legacy_a_client_that_leaves_does_not_cancel(shared):
    before = leave_in_the_middle(shared, "stateful", delay=0.05, steps=30)
    time.sleep(2.2)
    assert shared.upstreams["stateful"].disconnects == before, "leaving is no cancellation in this era"


def test_X5_the_newest_get_replaces_the_one_before(shared):
    connection = connect(shared, "stateful")
    first = connection.open_stream()
    shared.upstreams["stateful"].wait_for_streams()
    second = connection.open_stream()
    assert second.status == 200, "no 409: " + second.describe()
    wait_for_end(first.stream, within(5))
    heard = threading.Event()

    def push():  # Until the upstream too has noticed which of the two is left.
        while not heard.wait(0.3):
            shared.upstreams["stateful"].push({"jsonrpc": "2.0", "method": "notifications/message"})

    threading.Thread(target=push, daemon=True).start()
    assert next(second.stream.messages())["method"] == "notifications/message"
    heard.set()
    second.stream.close()


def test_X5_of_two_gets_at_the_same_instant_one_stays(shared):
    """They may come on two event loops, each of which hears of the other's a moment later."""
    upstream, note = shared.upstreams["stateful"], {"jsonrpc": "2.0", "method": "notifications/message"}
    connection = connect(shared, "stateful")
    for _ in range(count(5, 100)):
        answers = at_once(2, lambda _: connection.open_stream())
        streams = [answer.stream for answer in answers if answer.status == 200]
        assert streams, [answer.describe() for answer in answers]
        heard: list = []
        listen = lambda stream: heard.extend(next([message] for message in stream.messages()))
        listeners = [threading.Thread(target=lambda s=stream: suppressed(listen, s), daemon=True) for stream in streams]
        for listener in listeners:
            listener.start()
        assert until(lambda: upstream.push(note) and heard, every=0.2), "neither of them is left"
        assert until(lambda: not any(listener.is_alive() for listener in listeners)), "the other one has ended"
        for stream in streams:
            stream.close()


def suppressed(work, *arguments) -> None:
    with contextlib.suppress(Exception):
        work(*arguments)


def test_V_041_modern_subscriptions_close_on_revocation(install):
    world = install()
    client = registered(world)
    access = person(world).tokens(client, world.mcp_url("modern")).access
    connection = MCPConnection(world.mcp_url("modern"), access, revision=MODERN)
    answer = connection.post("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, stream=True)
    assert answer.status == 200, answer.describe()
    assert next(answer.stream.messages())["method"] == "notifications/subscriptions/acknowledged"
    world.gateway.revoke(access)
    assert wait_for_end(answer.stream, within(8)) <= within(6)


def test_V_041_modern_subscriptions_close_on_expiry(install):
    world = install(config={"tokens": {"access_ttl": "8s"}})
    client = registered(world)
    tokens = person(world).tokens(client, world.mcp_url("modern"))
    connection = MCPConnection(world.mcp_url("modern"), tokens.access, revision=MODERN)
    answer = connection.post("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, stream=True)
    assert next(answer.stream.messages())["method"] == "notifications/subscriptions/acknowledged"
    assert wait_for_end(answer.stream, within(18)) <= within(13)
    assert connection.post("tools/list").status == 401
    fresh = client.refresh(tokens.refresh).json()["access_token"]
    again = MCPConnection(world.mcp_url("modern"), fresh, revision=MODERN)
    answer = again.post("subscriptions/listen", {"notifications": {"toolsListChanged": True}}, stream=True)
    assert answer.status == 200, "a new token opens a new one: " + answer.describe()
    answer.stream.close()


def test_R_51_V_084_a_slow_reader_of_a_stream_is_bounded(install):
    world = install()
    connection = connect(world, "stateful")
    body = "GET /stateful/mcp HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in {
        **connection.headers(), "Accept": "text/event-stream", "Host": f"127.0.0.1:{world.gateway.port}"}.items()) + "\r\n"
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", world.gateway.port))
    sock.sendall(body.encode())
    world.upstreams["stateful"].wait_for_streams()
    before = rss(world)
    big = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "x" * 100_000}}
    for _ in range(count(300, 2000)):
        world.upstreams["stateful"].push(big)
    time.sleep(2)
    assert rss(world) - before < 24 << 20, "a reader that doesn't read costs memory"
    assert connect(world, "stateless").call("tools/list")["result"], "others go on"
    sock.close()


def rss(world) -> int:
    with open(f"/proc/{world.gateway.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


def test_V_041_a_get_without_a_good_token_opens_nothing(shared):
    connection = connect(shared, "stateful")
    answer = request("GET", connection.url, headers={"Mcp-Session-Id": connection.session, "Accept": "text/event-stream"})
    assert answer.status == 401, answer.describe()
