"""A server that answers with a task leaves the caller an id; whoever learns it could read, steer and end somebody else's work, since the
server doesn't know who calls. A task belongs to the principal whose request became one; any other caller hears what they would hear of
an id that never was, and the server hears nothing (V-015)."""

import itertools

import pytest
from martlet_support import FakeMCPServer, Gateway, MCPConnection
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import Person, registered

BOB, BOBS_PASSWORD = "bob", "another long password"
EXTENSION = "io.modelcontextprotocol/tasks"
DECLARED = {"_meta": {"io.modelcontextprotocol/clientCapabilities": {"extensions": {EXTENSION: {}}}}}
ASKED = {"modern": DECLARED, "stateful": {"task": {"ttl": 60000}}}
METHODS = {"modern": ["tasks/get", "tasks/cancel", "tasks/update", "tasks/else"],
           "stateful": ["tasks/get", "tasks/cancel", "tasks/result", "tasks/else"]}


class TaskServer(FakeMCPServer):
    """Every call becomes a task where the client can tell; everybody's are listed, and known by their id alone."""

    def __init__(self, mode: str):
        super().__init__(mode)
        self.tasks: list[str] = []
        numbers = itertools.count(1)

        def call(message, _):
            params = message["params"]
            declared = params.get("_meta", {}).get("io.modelcontextprotocol/clientCapabilities", {}).get("extensions", {})
            if "task" not in params and EXTENSION not in declared:
                return {"content": []}
            self.tasks.append(f"task-{next(numbers)}")
            task = {"taskId": self.tasks[-1], "status": "working"}
            return {"resultType": "task", **task} if self.mode == "modern" else {"task": task}

        self.on("tools/call", call)
        self.on("tasks/list", lambda *_: {"tasks": [{"taskId": task, "status": "working"} for task in self.tasks]})
        for method in {*METHODS["modern"], *METHODS["stateful"]}:
            self.on(method, lambda message, _: {"taskId": message["params"].get("taskId"), "status": "working"})


@pytest.fixture(scope="module")
def world():
    upstreams = {"modern": TaskServer("modern").start(), "stateful": TaskServer("stateful").start(), "second": TaskServer("modern").start()}
    gateway = Gateway({name: upstream.url for name, upstream in upstreams.items()}, users={USER: PASSWORD, BOB: BOBS_PASSWORD}).start()
    installation = Installation(gateway, upstreams)
    clients = [registered(installation), registered(installation, extra={"client_name": "Another client"})]
    alice, bob = Person(installation), Person(installation, BOB, BOBS_PASSWORD)
    installation.tokens = {
        (name, server, number): person.tokens(clients[number], installation.mcp_url(server)).access
        for name, person in (("alice", alice), ("bob", bob)) for server in upstreams for number in (0, 1)
    }
    yield installation
    gateway.close()
    for upstream in upstreams.values():
        upstream.stop()


def connection(world, server: str, name: str = "alice", number: int = 0) -> MCPConnection:
    made = MCPConnection(world.mcp_url(server), world.tokens[name, server, number], revision=LEGACY if server == "stateful" else MODERN)
    if not made.modern:
        made.initialize()
    return made


def begin(world, server: str, answer: str, caller: MCPConnection) -> str:
    world.upstreams[server].answer = answer
    result = caller.call("tools/call", {"name": "echo", "arguments": {}, **ASKED[server]})["result"]
    return result.get("task", result)["taskId"]


def refused(answer: dict) -> bool:
    return answer.get("error") == {"code": -32602, "message": "Task not found"}


@pytest.mark.parametrize("answer", ["json", "sse"])
@pytest.mark.parametrize("server", ["modern", "stateful"])
def test_V_015_a_task_is_its_owners(world, server, answer):
    owner = connection(world, server)
    task = begin(world, server, answer, owner)
    others = [connection(world, server, "bob"), connection(world, server, number=1), connection(world, server, "bob", 1)]
    for method in METHODS[server]:
        assert owner.call(method, {"taskId": task})["result"]["taskId"] == task, "the owner goes on"
        world.upstreams[server].clear()
        for other in others:
            foreign, never = other.call(method, {"taskId": task}), other.call(method, {"taskId": "never"})
            assert refused(foreign) and refused(never), (method, foreign, never)
    assert refused(owner.call("tasks/get", {"taskId": task + " "}))


def test_V_015_the_server_hears_nothing_of_foreign_tasks(world):
    task = begin(world, "modern", "json", connection(world, "modern"))
    heard = len(world.upstreams["modern"].received())
    for method in METHODS["modern"]:
        assert refused(connection(world, "modern", "bob").call(method, {"taskId": task}))
    assert len(world.upstreams["modern"].received()) == heard


def test_V_015_a_task_of_one_route_is_none_at_another(world):
    owner = connection(world, "modern")
    task = begin(world, "modern", "json", owner)
    assert refused(connection(world, "second").call("tasks/get", {"taskId": task}))


@pytest.mark.parametrize("answer", ["json", "sse"])
def test_V_015_a_list_shows_the_callers_tasks_alone(world, answer):
    alice, bob = connection(world, "stateful"), connection(world, "stateful", "bob")
    hers, his = begin(world, "stateful", answer, alice), begin(world, "stateful", answer, bob)
    seen = [task["taskId"] for task in bob.call("tasks/list")["result"]["tasks"]]
    assert his in seen and hers not in seen, seen
    assert hers in [task["taskId"] for task in alice.call("tasks/list")["result"]["tasks"]]


@pytest.mark.parametrize("wanted", [
    {"taskIds": ["never"]}, {"taskIds": "never"}, {"taskIds": [7]}, {"taskIds": {"a": "b"}}, {"TaskIDs": ["never"]}, {"x": [{"taskId": "never"}]},
])
def test_V_015_nobody_listens_for_foreign_tasks(world, wanted):
    world.upstreams["modern"].clear()
    answer = connection(world, "modern").post("subscriptions/listen", {"notifications": wanted}, stream=True)
    assert not answer.stream, "it listens"
    assert answer.json()["error"]["code"] == -32602, answer.describe()
    assert world.upstreams["modern"].received() == []


@pytest.mark.parametrize("method,status", [("tasks/cancel", 400), ("tasks/else", 404)])
def test_V_015_what_wants_no_answer_names_no_task(world, method, status):
    owner = connection(world, "modern")
    task = begin(world, "modern", "json", owner)
    world.upstreams["modern"].clear()
    answer = connection(world, "modern", "bob").post(method, {"taskId": task}, notification=True)
    assert answer.status == status, answer.describe()
    assert world.upstreams["modern"].received() == []


@pytest.mark.parametrize("answer", ["json", "sse"])
def test_a_large_answer_reaches_who_understands_tasks(world, answer):
    upstream = world.upstreams["modern"]
    text, usual = "x" * 300_000, upstream._handlers["tools/call"]
    upstream.answer = answer
    upstream.on("tools/call", lambda *_: {"content": [{"type": "text", "text": text}]})
    try:
        result = connection(world, "modern").call("tools/call", {"name": "echo", "arguments": {}, **DECLARED})["result"]
    finally:
        upstream.on("tools/call", usual)
    assert result["content"][0]["text"] == text


def test_V_015_the_owner_listens(world):
    owner = connection(world, "modern")
    task = begin(world, "modern", "json", owner)
    answer = owner.post("subscriptions/listen", {"notifications": {"taskIds": [task]}}, stream=True)
    assert answer.status == 200, answer.describe()
    answer.stream.close()


@pytest.mark.parametrize("crash", [False, True])
@pytest.mark.parametrize("server", ["modern", "stateful"])
def test_V_015_tasks_stay_their_owners_over_a_restart(world, server, crash):
    owner = connection(world, server)
    task = begin(world, server, "json", owner)
    world.gateway.restart(crash=crash)
    assert owner.call("tasks/get", {"taskId": task})["result"]["taskId"] == task
    assert refused(connection(world, server, "bob").call("tasks/get", {"taskId": task}))


def test_V_015_an_id_that_is_no_text_is_refused(world):
    answer = connection(world, "modern").post("tasks/get", {"taskId": 7})
    assert answer.json()["error"]["code"] == -32602, answer.describe()
