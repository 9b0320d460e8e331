"""Several instances of one server: sessions stay where they began, everything else goes where there is least to do, and an instance that
is gone, fails or drains is no matter of the client's (R-63, R-64)."""

import itertools
import json
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN, answer_of
from martlet_support.modern_rules import RPCError
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import RawUpstream, json_answer
from martlet_support.route import connect, token
from martlet_support.steps import count, reconfigure


@pytest.fixture
def several():
    """several(mode, number) -> an installation whose one server `many` has so many instances."""
    started = []

    def start(mode: str, number: int = 3, kind=FakeMCPServer) -> Installation:
        instances = [kind(mode).start() for _ in range(number)]
        gateway = Gateway({"many": {"urls": [one.url for one in instances]}}, users={USER: PASSWORD}).start()
        world = Installation(gateway, {})
        world.instances = instances
        started.append(world)
        return world

    yield start
    for world in started:
        world.gateway.close()
        for one in world.instances:
            one.stop()


def modern(world) -> MCPConnection:
    return connect(world, "many", revision="2026-07-28")


def until(check, limit: float = 10):
    deadline = time.monotonic() + limit
    while not check():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def gone(world, index: int) -> FakeMCPServer:
    """Takes an instance away as a crash would; answers it."""
    one = world.instances[index]
    one.crash()
    return one


def configured(world, **changes: str) -> dict:
    """The server's entry with an instance drained or left out, by its index."""
    urls = []
    for index, one in enumerate(world.instances):
        change = changes.get(f"i{index}")
        if change != "removed":
            urls.append({"url": one.url, "drain": True} if change == "drained" else one.url)
    return {"servers": {"many": {"urls": urls}}}


def test_R_64_sessions_are_spread_and_stay(several):
    world = several("stateful")
    connections = [connect(world, "many") for _ in range(24)]
    placed = [len(one.sessions) for one in world.instances]
    assert sum(placed) == 24 and sum(1 for number in placed if number > 0) >= 2, placed
    for connection in connections * 3:
        assert connection.call("tools/list")["result"]["tools"]
    assert all(len(one.received("initialize")) == len(one.sessions) == number for one, number in zip(world.instances, placed)), "nobody moved"
    world.gateway.restart(crash=True)
    for connection in connections:
        assert connection.call("tools/list")["result"]["tools"]
    assert [len(one.received("initialize")) for one in world.instances] == placed, "nor after a restart"


def test_R_63_the_loss_of_an_instance_loses_no_session(several):
    world = several("stateful")
    connections = [connect(world, "many") for _ in range(count(24, 500))]
    lost = max(range(3), key=lambda index: len(world.instances[index].sessions))
    number = len(world.instances[lost].sessions)
    others = sum(len(one.sessions) for index, one in enumerate(world.instances) if index != lost)
    gone(world, lost)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda c: c.tool("echo", {"text": c.session})["content"][0]["text"] == c.session, connections))
    assert all(results), "not one call fails, for nothing had been sent"
    left = [one for index, one in enumerate(world.instances) if index != lost]
    assert sum(len(one.sessions) for one in left) == others + number
    assert sum(len(one.received("initialize")) for one in left) == others + number, "only those that lived there moved"
    assert sum(len(one.received("tools/call")) for one in left) == len(connections)
    print(f"proof: R-63 count={len(connections)}")


def test_R_63_a_stream_moves_with_its_session(several):
    world = several("stateful", 2)
    connection = connect(world, "many")
    stream = connection.open_stream(timeout=60)
    home = next(index for index, one in enumerate(world.instances) if one.sessions)
    world.instances[home].wait_for_streams()
    gone(world, home)
    other = world.instances[1 - home]
    other.wait_for_streams(timeout=30)
    other.push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "from elsewhere"}})
    assert next(stream.stream.messages())["params"]["data"] == "from elsewhere"
    assert connection.call("tools/list")["result"] and len(other.sessions) == 1
    stream.stream.close()


@pytest.mark.parametrize("mode", ["modern", "stateless"])
def test_R_63_calls_without_a_session_find_another_instance(several, mode):
    world = several(mode)
    connection = modern(world) if mode == "modern" else connect(world, "many")
    for _ in range(12):
        connection.tool("echo", {"text": "x"})
    assert all(one.received("tools/call") for one in world.instances), "everybody has some"
    gone(world, 0)
    for index in range(30):
        assert connection.tool("echo", {"text": str(index)})["content"][0]["text"] == str(index)
    assert sum(len(one.received("tools/call")) for one in world.instances) == 42, "none twice"


def test_modern_calls_go_where_there_is_least_to_do(several):
    world = several("modern", 2)
    connection = modern(world)
    busy = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 60, "delay": 0.1}}, stream=True)
    next(busy.stream.messages())
    at = next(one for one in world.instances if any((r.json["params"].get("name")) == "slow" for r in one.received("tools/call")))
    for _ in range(10):
        connection.tool("echo", {"text": "x"})
    assert len(at.received("tools/call")) == 1, "the busy one gets nothing while the other is idle"
    busy.stream.close()


def test_R_50_an_instance_that_fails_is_left_out_until_it_is_back(several):
    world = several("modern", 2)
    connection, (bad, good) = modern(world), world.instances
    connection.tool("echo", {"text": "x"})
    bad.fails.set()
    results = [connection.post("tools/call", {"name": "echo", "arguments": {"text": "x"}}).json() for _ in range(40)]
    failed = [r for r in results if "error" in r]
    assert 0 < len(failed) <= 6, f"{len(failed)} calls failed before it was left out"
    assert all(r["error"]["code"] == -31003 for r in failed)
    assert all("result" in connection.post("tools/call", {"name": "echo", "arguments": {"text": "x"}}).json() for _ in range(10))
    # It is asked whether it is back, and gets its share when it is.
    until(lambda: [r for r in bad.received() if r.method == "GET"])
    bad.fails.clear()
    bad.clear()
    until(lambda: connection.tool("echo", {"text": "x"}) and bad.received("tools/call"), 30)
    assert good.received("tools/call")


def test_R_50_nobody_has_an_instance_left_out_by_not_reading(install):
    together = threading.Barrier(8, timeout=60)

    def flood(sock, arrival):
        if b'"flood"' not in arrival.body:
            return json_answer(b'{"jsonrpc": "2.0", "id": 1, "result": {"content": []}}')
        sock.settimeout(1)
        try:
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (1 << 30))
            while True:
                sock.sendall(b" " * 65536)
        except TimeoutError:
            together.wait()
            # It has waited long enough, and resets the connection.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return None

    with RawUpstream(flood) as upstream:
        world = install(servers={"many": {"url": upstream.url, "protocol": "2025-11-25"}})
        body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "flood", "arguments": {}}}'
        head = "POST /many/mcp HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
        asked = head.format(f"127.0.0.1:{world.gateway.port}", token(world, "many"), len(body)).encode() + body
        readers = [socket.create_connection(("127.0.0.1", world.gateway.port)) for _ in range(8)]
        for reader in readers:
            reader.sendall(asked)
        until(lambda: len(upstream.ended) >= 8, 60)
        time.sleep(2)
        assert not [arrival for arrival in upstream.arrivals if arrival.is_health_probe], "it was taken for ill"
        for reader in readers:
            reader.close()


def test_R_50_all_instances_down_are_never_all_left_out(several):
    world = several("modern", 2)
    connection = modern(world)
    connection.tool("echo", {"text": "x"})
    ports = [gone(world, index).port for index in range(2)]
    for _ in range(6):
        answer = connection.post("tools/call", {"name": "echo", "arguments": {}})
        assert answer.json()["error"]["code"] == -31003, answer.describe()
    world.instances[0] = FakeMCPServer("modern", port=ports[0]).start()
    assert connection.tool("echo", {"text": "back"})["content"][0]["text"] == "back", "at once, though nobody probed it yet"
    world.instances[1] = FakeMCPServer("modern", port=ports[1]).start()


@pytest.mark.parametrize("how", ["drained", "removed"])
def test_R_64_an_instance_that_goes_gives_its_sessions_up(several, how):
    world = several("stateful")
    connections = [connect(world, "many") for _ in range(18)]
    going = max(range(3), key=lambda index: len(world.instances[index].sessions))
    moved, before = len(world.instances[going].sessions), [len(one.received("initialize")) for one in world.instances]
    streaming = connections[0]
    stream = streaming.open_stream(timeout=60)
    reconfigure(world, configured(world, **{f"i{going}": how}))
    for connection in connections:
        assert connection.tool("echo", {"text": connection.session})["content"][0]["text"] == connection.session
    left = [one for index, one in enumerate(world.instances) if index != going]
    assert sum(len(one.sessions) for one in left) == 18
    began = sum(len(one.received("initialize")) for one in left) - sum(number for index, number in enumerate(before) if index != going)
    assert began == moved, "only those that lived there moved"
    assert len(world.instances[going].received("tools/call")) == 0
    if how == "drained":
        until(lambda: not world.instances[going].sessions)  # they were ended, so that whoever waits for it sees it empty
    # New sessions begin elsewhere.
    for _ in range(6):
        connect(world, "many")
    assert len(world.instances[going].received("initialize")) == before[going]
    until(lambda: any(any(streams for streams in one.sessions.values()) for one in left))
    for one in left:
        one.push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "moved"}})
    assert next(stream.stream.messages())["params"]["data"] == "moved"
    stream.stream.close()


def test_R_64_a_stream_alone_is_use_enough_to_move(several):
    world = several("stateful", 2)
    connection = connect(world, "many")
    home = next(index for index, one in enumerate(world.instances) if one.sessions)
    stream = connection.open_stream(timeout=60)
    world.instances[home].wait_for_streams()
    reconfigure(world, configured(world, **{f"i{home}": "drained"}))
    world.instances[1 - home].wait_for_streams(timeout=20)
    until(lambda: not world.instances[home].sessions)
    world.instances[1 - home].push({"jsonrpc": "2.0", "method": "notifications/message"})
    assert next(stream.stream.messages())["method"] == "notifications/message"
    stream.stream.close()


def test_R_64_calls_go_on_at_an_instance_that_drains(several):
    world = several("stateful", 2)
    connection = connect(world, "many")
    home = next(one for one in world.instances if one.sessions)
    call = connection.post("tools/call", {"name": "slow", "arguments": {"steps": 40, "delay": 0.1}}, stream=True).stream.messages()
    assert next(call)["params"]["progress"] == 1
    reconfigure(world, configured(world, **{f"i{world.instances.index(home)}": "drained"}))
    # What needs no answer is for what is under way.
    answer = {"jsonrpc": "2.0", "id": "asked", "result": {"roots": []}}
    assert request("POST", connection.url, headers=connection.headers(), json=answer).status == 202
    assert [m for m in map(sent, home.received()) if m.get("id") == "asked"] == [answer]
    # The session goes elsewhere; what it began is not ended with it.
    assert connection.call("ping")["result"] == {}
    assert not [r for r in home.received("ping")]
    time.sleep(1.5)
    assert home.sessions, "ended in the middle of a call"
    assert "result" in list(call)[-1]
    until(lambda: not home.sessions)


def test_R_64_the_rest_of_a_call_is_asked_for_where_it_began(several):
    world = several("stateful", 2)
    for one in world.instances:
        one.resumable, one.closes_after = True, 3
    connection = connect(world, "many")
    home = next(one for one in world.instances if one.sessions)
    got = list(connection.post("tools/call", {"name": "slow", "arguments": {"steps": 6, "delay": 0.02}}, stream=True).stream.events())
    reconfigure(world, configured(world, **{f"i{world.instances.index(home)}": "drained"}))
    for _ in range(9):
        if '"result"' in got[-1][1]:
            break
        got += connection.open_stream(headers={"Last-Event-ID": got[-1][2]}, timeout=20).stream.events()
    assert '"result"' in got[-1][1] and "-31003" not in got[-1][1], got
    assert len(home.received("tools/call")) == 1


def sent(arrival) -> dict:
    return json.loads(arrival.body or b"{}")


def test_R_64_a_new_instance_takes_nobodys_session(several):
    world = several("stateful", 2)
    connections = [connect(world, "many") for _ in range(12)]
    world.instances.append(FakeMCPServer("stateful").start())
    reconfigure(world, configured(world))
    for connection in connections:
        assert connection.call("tools/list")["result"]
    assert not world.instances[2].received(), "what has a place keeps it"
    for _ in range(24):
        connect(world, "many")
    assert world.instances[2].received("initialize"), "what is new may go there"


TASKS = "io.modelcontextprotocol/tasks"
DECLARED = {"_meta": {"io.modelcontextprotocol/clientCapabilities": {"extensions": {TASKS: {}}}}}


class Worker(FakeMCPServer):
    """Every call becomes a task, of which this instance alone knows."""

    numbers = itertools.count(1)

    def __init__(self, mode: str):
        super().__init__(mode)
        self.tasks: set[str] = set()
        self.on("tools/call", self.begin)
        for method in ("tasks/get", "tasks/cancel", "tasks/update", "tasks/result"):
            self.on(method, self.known)

    def begin(self, *_):
        task = {"taskId": f"task-{next(self.numbers)}", "status": "working"}
        self.tasks.add(task["taskId"])
        return {"resultType": "task", **task} if self.mode == "modern" else {"task": task}

    def known(self, message, _):
        task = message["params"]["taskId"]
        if task not in self.tasks:
            raise RPCError(-32602, f"{task} is not here")
        return {"taskId": task, "status": "working"}


def begun(connection, number: int) -> list[str]:
    params = {"name": "echo", "arguments": {}, **(DECLARED if connection.modern else {"task": {"ttl": 60000}})}
    results = [connection.call("tools/call", params)["result"] for _ in range(number)]
    return [result.get("task", result)["taskId"] for result in results]


def asked(connection, tasks, *methods: str) -> None:
    """Asks for each twice in a row, so that instances in turn are not those where the tasks began."""
    for method in methods:
        for task in (one for task in tasks for one in (task, task)):
            answer = connection.call(method, {"taskId": task})
            assert answer.get("result", answer).get("taskId") == task, (method, answer)


@pytest.mark.parametrize("mode", ["modern", "stateless"])
@pytest.mark.parametrize("answer", ["json", "sse"])
def test_R_63_a_task_is_asked_for_where_it_began(several, mode, answer):
    world = several(mode, kind=Worker)
    for one in world.instances:
        one.answer = answer
    connection = modern(world) if mode == "modern" else connect(world, "many")
    tasks = begun(connection, 12)
    assert all(one.tasks for one in world.instances), "everybody has some"
    methods = ["tasks/get", "tasks/update" if mode == "modern" else "tasks/result", "tasks/cancel"]
    asked(connection, tasks, *methods)
    world.gateway.restart(crash=answer == "json")
    asked(connection, tasks, *methods)
    assert sum(len(one.received(method)) for one in world.instances for method in methods) == 2 * 3 * 2 * 12, "each was asked for once"


def test_R_63_a_task_is_listened_for_where_it_began(several):
    world = several("modern", kind=Worker)
    connection = modern(world)
    for task in (one for task in begun(connection, 4) for one in (task, task)):
        answer = connection.post("subscriptions/listen", {"notifications": {"taskIds": [task]}}, stream=True)
        next(answer.stream.messages())
        home = next(one for one in world.instances if task in one.tasks)
        assert [r.json["params"]["notifications"]["taskIds"] for r in home.received("subscriptions/listen")][-1:] == [[task]]
        answer.stream.close()


def test_R_64_an_instance_that_drains_is_asked_for_its_tasks(several):
    world = several("modern", 2, kind=Worker)
    connection = modern(world)
    tasks = begun(connection, 6)
    reconfigure(world, configured(world, i0="drained"))
    asked(connection, tasks, "tasks/get")
    before = len(world.instances[0].received("tools/call"))
    begun(connection, 4)
    assert len(world.instances[0].received("tools/call")) == before, "it gets nothing new"


@pytest.mark.parametrize("how", ["lost", "removed"])
def test_R_63_a_task_whose_instance_is_gone_is_asked_for_elsewhere(several, how):
    """Instances that share what they know answer for one another."""
    world = several("modern", 3, kind=Worker)
    connection = modern(world)
    tasks = begun(connection, 9)
    shared = set().union(*(one.tasks for one in world.instances))
    for one in world.instances:
        one.tasks = shared
    if how == "lost":
        gone(world, 0)
    else:
        reconfigure(world, configured(world, i0="removed"))
        world.instances[0].clear()
    for _ in range(3):
        asked(connection, tasks, "tasks/get")
    assert how == "lost" or not world.instances[0].received()


class Stuck(FakeMCPServer):
    """Takes connections and requests, and says nothing until it is let go."""

    def __init__(self, mode: str):
        super().__init__(mode)
        self.let_go = threading.Event()
        self.let_go.set()
        self.guard = lambda request: self.let_go.wait(120) and None

    def stop(self) -> None:
        self.let_go.set()
        super().stop()


@pytest.fixture
def half_stuck(several):
    """half_stuck(mode) -> an installation whose first instance is stuck; the second is well."""

    def start(mode: str) -> Installation:
        world = several(mode, 2, kind=Stuck)
        world.instances[0].let_go.clear()
        return world

    return start


CELLS = [("stateful", LEGACY), ("stateful", MODERN), ("modern", LEGACY)]


@pytest.mark.parametrize("mode,revision", CELLS)
def test_R_63_an_instance_that_says_nothing_holds_up_no_beginning(half_stuck, mode, revision):
    """Neither the question for an era nor what begins a session, in any bridge: enough of them that either instance is asked."""
    world = half_stuck(mode)
    stuck, well = world.instances
    connections = [connect(world, "many", revision=revision, initialize=False) for _ in range(6)]

    def begin(connection):
        if not connection.modern:
            assert "result" in answer_of(connection.initialize())
        return mode == "modern" or connection.call("tools/list")["result"]["tools"]

    with ThreadPoolExecutor(len(connections)) as pool:
        assert all(pool.map(begin, connections)), "while the other is still stuck"
    assert stuck.received(probes=True) and well.received(probes=True), "both were asked"
    # What it begins now is nobody's, and ended.
    asked = [r for r in stuck.received(probes=True) if r.rpc_method == "initialize"]
    stuck.let_go.set()
    until(lambda: len([r for r in stuck.received(probes=True) if r.method == "DELETE"]) >= (len(asked) if mode == "stateful" else 0), 30)
    until(lambda: not stuck.sessions and not stuck.probes, 30)
