"""The bridge (protocol.md §1, §4): a modern client with a server that knows the legacy era only."""

import itertools
import json
import threading
import time

import pytest
from martlet_support import MCPConnection
from martlet_support.mcp import MODERN
from martlet_support.route import fresh_token
from martlet_support.steps import Person, registered

META = "io.modelcontextprotocol/"
names = itertools.count()
FORM = {"elicitation": {"form": {}}}
QUESTION = {"message": "Who?", "requestedSchema": {"type": "object", "properties": {"name": {"type": "string"}}}}
FULL = {
    "tools": {"listChanged": True},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": True},
    "logging": {},
    "completions": {},
    "tasks": {"requests": {"tools": {"call": {}}}},
}


class ModernClient(MCPConnection):
    """A modern connection that declares capabilities."""

    def __init__(self, url: str, token: str, capabilities: dict | None = None):
        super().__init__(url, token, revision=MODERN)
        self.capabilities = capabilities or {}

    def body(self, method, params=None, *, notification=False):
        params = dict(params or {})
        params["_meta"] = {META + "clientCapabilities": self.capabilities, **params.get("_meta", {})}
        return super().body(method, params, notification=notification)

    def error(self, method, params=None, **options):
        answer = self.post(method, params, **options)
        return answer.status, answer.json()["error"]


@pytest.fixture(scope="module")
def world(install_for_file):
    return install_for_file(users={"bob": "another horse battery staple"})


@pytest.fixture
def upstream(world):
    world.upstreams["stateful"].reset()
    yield world.upstreams["stateful"]
    world.upstreams["stateful"].reset()


@pytest.fixture
def connect(world, upstream):
    """connect(capabilities) is a client that nobody else is, with a session of its own upstream."""
    return lambda capabilities=None: ModernClient(world.mcp_url(), own_token(world), capabilities)


def own_token(world, server: str = "stateful") -> str:
    """A token of a client of its own: the same registration twice is the same client."""
    client = registered(world, extra={"client_name": f"Client {next(names)}"})
    return fresh_token(world, server, client)


def initialized(upstream, capabilities: dict, **more) -> None:
    upstream.on(
        "initialize",
        lambda message, request: {
            "protocolVersion": "2025-11-25",
            "capabilities": capabilities,
            "serverInfo": {"name": "old", "version": "7"},
            **more,
        },
    )


def messages(answer):
    """All messages of an answer that is a stream."""
    assert answer.header("content-type") == "text/event-stream", answer.describe()
    return [json_of(block) for block in answer.text.replace("\r\n", "\n").split("\n\n") if "data:" in block]


def json_of(block: str):
    return json.loads("".join(line[5:] for line in block.split("\n") if line.startswith("data:")))


def eventually(condition, timeout: float = 20):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come about")


# Discovery and sessions


def test_discovery_is_answered_from_initialize(connect, upstream):
    initialized(upstream, FULL, instructions="Be kind.")
    found = connect(FORM).call("server/discover")["result"]
    assert found["resultType"] == "complete" and found["supportedVersions"] == [MODERN]
    assert found["capabilities"] == {key: value for key, value in FULL.items() if key != "tasks"}
    assert found["_meta"][META + "serverInfo"] == {"name": "old", "version": "7"}
    assert found["instructions"] == "Be kind." and found["cacheScope"] == "private" and found["ttlMs"] >= 0
    begun = upstream.received("initialize")[-1].json["params"]
    assert begun["capabilities"] == FORM and begun["clientInfo"]["name"] == "martlet-tests"
    assert begun["protocolVersion"] == "2025-11-25"


def test_requests_of_one_client_share_a_session_and_capabilities_divide_it(connect, upstream):
    client = connect()
    for _ in range(3):
        assert client.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    assert len(upstream.received("initialize")) == 1
    calls = upstream.received("tools/call")
    assert len({call.header("mcp-session-id") for call in calls}) == 1
    assert len({call.json["id"] for call in calls}) == 3
    client.capabilities = FORM
    client.tool("echo", {"text": "x"})
    assert len(upstream.received("initialize")) == 2
    assert upstream.received("tools/call")[-1].header("mcp-session-id") != calls[0].header("mcp-session-id")


def test_many_first_requests_at_once_begin_one_session(connect, upstream):
    client = connect()
    threads = [threading.Thread(target=client.tool, args=("echo", {"text": "x"})) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(upstream.received("tools/call")) == 8 and len(upstream.received("initialize")) == 1


def test_a_forgotten_session_begins_again_and_the_call_is_made_once(connect, upstream):
    client = connect()
    client.tool("echo", {"text": "x"})
    upstream.drop_sessions()
    upstream.clear()
    assert client.tool("echo", {"text": "y"})["content"][0]["text"] == "y"
    assert len(upstream.received("initialize")) == 1
    # The first was refused with 404: it was not executed.
    assert len(upstream.received("tools/call")) == 2
    upstream.script(404, b"", method="tools/call")
    upstream.script(404, b"", method="tools/call")
    status, error = client.error("tools/call", {"name": "echo", "arguments": {"text": "z"}})
    assert (status, error["code"]) == (200, -31003)


@pytest.mark.parametrize("status", [500, 502, 401, 403])
def test_a_call_that_failed_is_not_made_again(connect, upstream, status):
    client = connect()
    client.tool("echo", {"text": "x"})
    upstream.clear()
    upstream.script(status, b"", method="tools/call")
    error = client.error("tools/call", {"name": "echo", "arguments": {"text": "x"}})[1]
    assert error["code"] == -31003 and ("may have reached the server" in error["message"]) == (status >= 500), error
    assert len(upstream.received("tools/call")) == 1


@pytest.mark.parametrize("status", [404, 400, 405, 503])
def test_R_54_a_call_whose_stream_broke_is_not_made_again_when_its_rest_is_refused(connect, upstream, status):
    client = connect()
    client.tool("echo", {"text": "x"})
    upstream.clear()
    upstream.script(200, b"id: 7\nretry: 10\ndata:\n\n", headers={"Content-Type": "text/event-stream"}, method="tools/call")
    gone = {"jsonrpc": "2.0", "id": None, "error": {"code": -32000, "message": "Bad Request: No valid session ID provided"}}
    upstream.script(status, gone, headers={"Content-Type": "application/json"}, method="GET")
    error = client.error("tools/call", {"name": "echo", "arguments": {"text": "x"}})[1]
    assert error["code"] == -31003 and "may have reached the server" in error["message"], error
    assert len(upstream.received("tools/call")) == 1, "the server had taken it"


# Requests and results


@pytest.mark.parametrize(
    "method,params,result,cacheable",
    [
        ("tools/list", {"cursor": "c"}, {"tools": [{"name": "a", "inputSchema": {"type": "object"}}], "nextCursor": "d"}, True),
        ("tools/call", {"name": "t", "arguments": {"a": 1}}, {"content": [], "structuredContent": {"b": 2}}, False),
        ("prompts/list", {}, {"prompts": [{"name": "p"}]}, True),
        ("prompts/get", {"name": "p", "arguments": {"a": "b"}}, {"messages": []}, False),
        ("resources/list", {}, {"resources": [{"uri": "a:b", "name": "n"}]}, True),
        ("resources/templates/list", {}, {"resourceTemplates": []}, True),
        ("resources/read", {"uri": "a:b"}, {"contents": [{"uri": "a:b", "text": "x"}]}, True),
        (
            "completion/complete",
            {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": "b"}},
            {"completion": {"values": ["bc"]}},
            False,
        ),
    ],
)
def test_every_request_of_both_eras_goes_through(connect, upstream, method, params, result, cacheable):
    upstream.on(method, lambda message, request: result)
    vendor = {"example.com/keep": 1, META + "logLevel": "error", META + "related-task": {"taskId": "x"}}
    found = connect().call(method, {**params, "_meta": vendor})["result"]
    assert found["resultType"] == "complete" and found["_meta"][META + "serverInfo"]["name"] == "fake"
    assert (found.pop("ttlMs", None), found.pop("cacheScope", None)) == ((0, "private") if cacheable else (None, None))
    assert {key: found[key] for key in result} == result
    seen = upstream.received(method)[0]
    assert seen.json["params"] == {**params, "_meta": {"example.com/keep": 1}}
    assert seen.header("mcp-protocol-version") == "2025-11-25" and seen.header("mcp-session-id")
    assert seen.header("mcp-method") is None and seen.header("mcp-name") is None and seen.header("authorization") is None


def test_a_legacy_result_cant_pretend_to_be_something_else(connect, upstream):
    upstream.on("tools/call", lambda m, r: {"content": [], "resultType": "input_required", "requestState": "x"})
    assert connect().tool("echo")["resultType"] == "complete"


def test_tools_lose_what_only_tasks_need(connect, upstream):
    tool = {"name": "a", "inputSchema": {"type": "object", "x-mcp-header": "kept"}, "execution": {"taskSupport": "optional"}}
    upstream.on("tools/list", lambda m, r: {"tools": [tool]})
    assert connect().call("tools/list")["result"]["tools"] == [{k: v for k, v in tool.items() if k != "execution"}]


@pytest.mark.parametrize(
    "method,params",
    [("ping", {}), ("logging/setLevel", {"level": "info"}), ("resources/subscribe", {"uri": "a:b"}),
     ("resources/unsubscribe", {"uri": "a:b"}), ("tasks/get", {"taskId": "t"}), ("tasks/list", {})],
)  # fmt: skip
def test_what_the_modern_era_doesnt_have_is_404_and_named(connect, upstream, method, params):
    status, error = connect().error(method, params)
    assert (status, error["code"]) == (404, -32601) and method in error["message"]
    assert upstream.received(method) == []


def test_what_nobody_knows_goes_on(connect, upstream):
    """An extension's methods, which both servers and clients of both eras may have."""
    upstream.on("example/count", lambda m, r: {"count": m["params"]["of"], "_meta": {"example/x": 1}})
    result = connect().call("example/count", {"of": 3, "_meta": {"example/y": 2}})["result"]
    assert (result["count"], result["resultType"], result["_meta"]["example/x"]) == (3, "complete", 1)
    (seen,) = upstream.received("example/count")
    assert seen.json["params"] == {"of": 3, "_meta": {"example/y": 2}}
    status, error = connect().error("no/such")
    assert (status, error["code"]) == (404, -32601) and len(upstream.received("no/such")) == 1


def test_a_call_as_a_legacy_task_is_refused_and_named(connect, upstream):
    status, error = connect().error("tools/call", {"name": "echo", "arguments": {}, "task": {"ttl": 1}})
    assert (status, error["code"]) == (400, -32602) and "task" in error["message"]
    assert upstream.received("tools/call") == []


@pytest.mark.parametrize(
    "code,status,modern",
    [(-32002, 400, -32602), (-32601, 404, -32601), (-32602, 400, -32602), (-32603, 200, -32603), (-32000, 200, -32000),
     (-32021, 200, -32603), (-32042, 200, -32603), (7, 200, 7)],
)  # fmt: skip
def test_errors_of_the_server_keep_their_sense(connect, upstream, code, status, modern):
    error = {"code": code, "message": "no", "data": {"uri": "a:b"}}
    upstream.converse("resources/read", lambda stream: error)
    found, seen = connect().error("resources/read", {"uri": "a:b"})
    assert (found, seen["code"], seen["message"]) == (status, modern, "no")


def test_two_clients_with_one_progress_token_hear_their_own(connect, upstream):
    client = connect()
    answers = {}

    def call(steps):
        answers[steps] = client.post(
            "tools/call", {"name": "slow", "arguments": {"steps": steps, "delay": 0.2}, "_meta": {"progressToken": "same"}}
        )

    threads = [threading.Thread(target=call, args=(steps,)) for steps in (3, 5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len({r.json["params"]["_meta"]["progressToken"] for r in upstream.received("tools/call")}) == 2
    for steps, answer in answers.items():
        *told, response = messages(answer)
        assert [m["params"]["progress"] for m in told] == list(range(1, steps + 1))
        assert all(m["params"]["progressToken"] == "same" and m["params"]["total"] == steps for m in told)
        assert response["result"]["resultType"] == "complete"


def test_log_messages_come_to_whoever_asked_for_that_level(connect, upstream):
    initialized(upstream, FULL)
    upstream.on("logging/setLevel", lambda m, r: {})

    def talk(stream):
        for level in ("debug", "info", "error"):
            stream.send("notifications/message", {"level": level, "data": level})
        return {"content": []}

    upstream.converse("tools/call", talk)
    client = connect()

    def levels(level):
        meta = {META + "logLevel": level} if level else {}
        answer = client.post("tools/call", {"name": "t", "arguments": {}, "_meta": meta})
        assert answer.status == 200, answer.describe()
        if "json" in answer.header("content-type"):
            return []
        return [m["params"]["data"] for m in messages(answer) if m.get("method") == "notifications/message"]

    assert levels("info") == ["info", "error"]
    assert levels(None) == []
    assert levels("error") == ["error"]
    assert levels("debug") == ["debug", "info", "error"]
    assert [r.json["params"]["level"] for r in upstream.received("logging/setLevel")] == ["info", "debug"]
    assert client.error("tools/call", {"name": "t", "_meta": {META + "logLevel": "loud"}})[1]["code"] == -32602


# Input


def ask_a_name(stream):
    answer = stream.ask("elicitation/create", QUESTION)
    return {"content": [{"type": "text", "text": str(answer.get("result") or answer["error"]["code"])}]}


def retry(client, first: dict, responses: dict | None, params: dict | None = None, **options):
    more = {"requestState": first["requestState"]}
    if responses is not None:
        more["inputResponses"] = responses
    return client.post("tools/call", {**(params or {"name": "t", "arguments": {"a": 1}}), **more}, **options)


def begin(client, params: dict | None = None):
    found = client.call("tools/call", params or {"name": "t", "arguments": {"a": 1}})["result"]
    assert found["resultType"] == "input_required", found
    return found


def test_an_elicitation_becomes_a_request_for_input(connect, upstream):
    upstream.converse("tools/call", ask_a_name)
    client = connect(FORM)
    first = begin(client)
    ((key, asked),) = first["inputRequests"].items()
    assert asked == {"method": "elicitation/create", "params": QUESTION}
    answer = {"action": "accept", "content": {"name": "Ada"}}
    second = retry(client, first, {key: answer, "nobody-asked": 1}).json()
    assert second["result"]["content"][0]["text"] == str(answer) and second["result"]["resultType"] == "complete"
    assert len(upstream.received("tools/call")) == 1
    assert retry(client, first, {key: answer}).json()["error"]["code"] == -32602, "a state is good for one round"


def test_sampling_roots_and_several_rounds(connect, upstream):
    def work(stream):
        together = [stream.ask_later("roots/list"), stream.ask_later("sampling/createMessage", {"messages": [], "maxTokens": 5})]
        found = [waiting.get(timeout=60)["result"] for waiting in together]
        found.append(stream.ask("elicitation/create", QUESTION)["result"])
        return {"content": [], "structuredContent": {"found": found}}

    upstream.converse("tools/call", work)
    client = connect({"sampling": {}, "roots": {}, **FORM})
    roots, sample = {"roots": [{"uri": "file:///a"}]}, {"role": "assistant", "model": "m", "content": {"type": "text", "text": "x"}}
    given, found = {}, begin(client)
    while found["resultType"] == "input_required":
        replies = {}
        for key, asked in found["inputRequests"].items():
            given[asked["method"]] = asked.get("params")
            replies[key] = {"roots/list": roots, "sampling/createMessage": sample}.get(asked["method"], {"action": "decline"})
        found = retry(client, found, replies).json()["result"]
    assert given["roots/list"] is None and given["sampling/createMessage"] == {"messages": [], "maxTokens": 5}
    assert found["structuredContent"]["found"] == [roots, sample, {"action": "decline"}]


def test_missing_and_malformed_answers_leave_the_call_waiting(connect, upstream):
    upstream.converse("tools/call", ask_a_name)
    client = connect(FORM)
    first = begin(client)
    (key,) = first["inputRequests"]
    wrong = retry(client, first, {key: {"name": "Ada"}})
    assert wrong.status == 400 and key in wrong.json()["error"]["message"]
    again = retry(client, first, {}).json()["result"]
    assert again["resultType"] == "input_required" and list(again["inputRequests"]) == [key]
    assert again["requestState"] != first["requestState"]
    done = retry(client, again, {key: {"action": "cancel"}}).json()["result"]
    assert done["content"][0]["text"] == str({"action": "cancel"})


def test_progress_goes_on_under_the_token_of_the_round(connect, upstream):
    def work(stream):
        stream.send("notifications/progress", {"progressToken": stream.progress_token, "progress": 1})
        stream.ask("elicitation/create", QUESTION)
        stream.send("notifications/progress", {"progressToken": stream.progress_token, "progress": 2})
        return {"content": []}

    upstream.converse("tools/call", work)
    client = connect(FORM)
    params = {"name": "t", "arguments": {"a": 1}}
    told, first = messages(client.post("tools/call", {**params, "_meta": {"progressToken": 11}}))
    assert told["params"] == {"progressToken": 11, "progress": 1}
    (key,) = first["result"]["inputRequests"]
    second = retry(client, first["result"], {key: {"action": "decline"}}, {**params, "_meta": {"progressToken": "b"}})
    told, last = messages(second)
    assert told["params"] == {"progressToken": "b", "progress": 2} and last["result"]["resultType"] == "complete"


@pytest.mark.parametrize("declared", [{}, {"elicitation": {"url": {}}}, {"sampling": {}, "roots": {}}])
def test_what_wasnt_declared_is_never_asked(connect, upstream, declared):
    upstream.converse("tools/call", ask_a_name)
    assert connect(declared).tool("t")["content"][0]["text"] == "-32601", "a server that copes is left to it"


@pytest.mark.parametrize("failure", [{"content": [], "isError": True}, {"code": -32603, "message": "no client"}])
def test_a_call_that_fails_for_want_of_a_capability_says_which(connect, upstream, failure):
    def work(stream):
        stream.ask("elicitation/create", {"mode": "url", "message": "m", "url": "https://a.example", "elicitationId": "e"})
        return failure

    upstream.converse("tools/call", work)
    status, error = connect(FORM).error("tools/call", {"name": "t", "arguments": {}})
    assert (status, error["code"]) == (400, -32021)
    assert error["data"]["requiredCapabilities"] == {"elicitation": {"url": {}}}


def test_a_list_is_never_a_reason_to_ask(connect, upstream):
    def work(stream):
        return {"tools": [], "found": stream.ask("elicitation/create", QUESTION)["error"]["code"]}

    upstream.converse("tools/list", work)
    assert connect(FORM).call("tools/list")["result"]["found"] == -32601


def test_a_page_that_must_be_opened_first(connect, upstream):
    page = {"mode": "url", "elicitationId": "e", "url": "https://a.example/x", "message": "Log in"}
    upstream.converse("tools/call", lambda stream: {"code": -32042, "message": "first", "data": {"elicitations": [page]}})
    client = connect({"elicitation": {"url": {}}})
    found = begin(client)
    ((key, asked),) = found["inputRequests"].items()
    assert asked["params"] == {"mode": "url", "url": "https://a.example/x", "message": "Log in"} and "requestState" not in found
    params = {"name": "t", "arguments": {"a": 1}}
    refused = client.error("tools/call", {**params, "inputResponses": {key: {"action": "decline"}}})[1]
    assert refused["code"] == -32603 and len(upstream.received("tools/call")) == 1
    upstream.reset()
    done = client.call("tools/call", {**params, "inputResponses": {key: {"action": "accept"}}})
    assert done["result"]["resultType"] == "complete"
    assert "inputResponses" not in upstream.received("tools/call")[0].json["params"]
    upstream.converse("tools/call", lambda stream: {"code": -32042, "message": "first", "data": {"elicitations": [page]}})
    status, error = connect(FORM).error("tools/call", params)
    assert (status, error["code"], error["data"]["requiredCapabilities"]) == (400, -32021, {"elicitation": {"url": {}}})


def test_a_ping_of_the_server_is_answered(connect, upstream):
    upstream.converse("tools/call", lambda stream: {"content": [], "pong": stream.ask("ping")["result"]})
    assert connect().tool("t")["pong"] == {}


def test_an_answer_that_came_while_nobody_listened_is_kept(connect, upstream):
    def work(stream):
        stream.ask_later("elicitation/create", QUESTION)
        time.sleep(0.3)
        return {"content": [], "late": True}

    upstream.converse("tools/call", work)
    client = connect(FORM)
    first = begin(client)
    time.sleep(1)
    assert retry(client, first, {key: {"action": "decline"} for key in first["inputRequests"]}).json()["result"]["late"]


def test_V_015_a_request_state_is_its_principals_and_its_requests_alone(world, connect, upstream):
    upstream.converse("tools/call", ask_a_name)
    same_client = registered(world, extra={"client_name": "Same"})
    client = ModernClient(world.mcp_url(), fresh_token(world, client=same_client), FORM)
    first = begin(client)
    (key,) = first["inputRequests"]
    answer = {key: {"action": "accept", "content": {"name": "Eve"}}}
    bob = Person(world, "bob", "another horse battery staple")
    others = [
        connect(FORM),
        ModernClient(world.mcp_url(), bob.tokens(same_client, world.mcp_url()).access, FORM),
        ModernClient(world.mcp_url("stateless"), own_token(world, "stateless"), FORM),
    ]
    for other in others:
        refused = retry(other, first, answer)
        assert refused.status == 400 and refused.json()["error"]["code"] == -32602, refused.describe()
    for params in ({"name": "other", "arguments": {"a": 1}}, {"name": "t", "arguments": {"a": 2}}, {"name": "t"}):
        assert retry(client, first, answer, params).status == 400
    assert client.post("prompts/get", {"name": "t", "requestState": first["requestState"], "inputResponses": answer}).status == 400
    state = first["requestState"]
    for position in (0, 1, 10, len(state) // 2, len(state) - 2):
        bent = state[:position] + ("A" if state[position] != "A" else "B") + state[position + 1 :]
        assert retry(client, {"requestState": bent}, answer).status == 400
    for nonsense in ("", "x", 7, None, ["a"]):
        assert retry(client, {"requestState": nonsense}, answer).status in (200, 400)
    assert len([r for r in upstream.received("tools/call") if r.json["params"]["name"] == "t"]) <= 1 + 5
    done = retry(client, first, {key: {"action": "decline"}}).json()["result"]
    assert done["content"][0]["text"] == str({"action": "decline"}), "the one whose call it is goes on"


def test_two_users_and_two_processes_side_by_side_get_their_own(world, upstream):
    def work(stream):
        mine = stream.params["arguments"]["mine"]
        stream.send("notifications/progress", {"progressToken": stream.progress_token, "progress": 1, "message": mine})
        answer = stream.ask("elicitation/create", {**QUESTION, "message": mine})
        return {"content": [{"type": "text", "text": f"{mine}:{answer['result']['content']['name']}"}]}

    upstream.converse("tools/call", work)
    alice, client = Person(world), registered(world, extra={"client_name": "Side by side"})
    bob = Person(world, "bob", "another horse battery staple")
    url = world.mcp_url()
    # Two processes of one client of one user share an upstream session; the other user has one of their own.
    processes = [ModernClient(url, person.tokens(client, url).access, FORM) for person in (alice, alice, bob)]
    failures: list = []

    def run(process, number):
        for turn in range(5):
            mine = f"{number}-{turn}"
            params = {"name": "t", "arguments": {"mine": mine}, "_meta": {"progressToken": 1}}
            told, first = messages(process.post("tools/call", params))
            ((key, asked),) = first["result"]["inputRequests"].items()
            second = retry(process, first["result"], {key: {"action": "accept", "content": {"name": mine}}}, params)
            text = second.json()["result"]["content"][0]["text"]
            if (told["params"]["message"], asked["params"]["message"], text) != (mine, mine, f"{mine}:{mine}"):
                failures.append((mine, told, asked, text))

    threads = [threading.Thread(target=run, args=(process, number)) for number, process in enumerate(processes)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failures == [] and len(upstream.received("initialize")) == 2
    assert len(upstream.received("tools/call")) == 15


def test_too_many_waiting_calls_of_one_client_are_refused(connect, upstream):
    upstream.converse("tools/call", ask_a_name)
    client = connect(FORM)
    waiting = [begin(client) for _ in range(16)]
    answer = client.post("tools/call", {"name": "t", "arguments": {"a": 1}})
    assert answer.status == 429 and answer.json()["error"]["code"] == -31002, answer.describe()
    upstream.wait_for("notifications/cancelled")
    for first in waiting:
        assert retry(client, first, {key: {"action": "decline"} for key in first["inputRequests"]}).status == 200


def test_after_a_restart_the_client_is_told_to_repeat(install):
    world = install()
    upstream = world.upstreams["stateful"]
    upstream.converse("tools/call", ask_a_name)
    client = ModernClient(world.mcp_url(), own_token(world), FORM)
    first = begin(client)
    world.gateway.restart(crash=True)
    answer = retry(client, first, {key: {"action": "decline"} for key in first["inputRequests"]})
    assert answer.status == 400 and "again" in answer.json()["error"]["message"], answer.describe()
    assert len(upstream.received("tools/call")) == 1
    again = begin(client)
    assert retry(client, again, {key: {"action": "decline"} for key in again["inputRequests"]}).status == 200


# Cancellation


@pytest.mark.parametrize("asks", [False, True], ids=["at-once", "after-input"])
def test_a_client_that_goes_away_cancels_the_call(connect, upstream, asks):
    closed = threading.Event()

    def work(stream):
        if asks:
            stream.ask("elicitation/create", QUESTION)
        stream.send("notifications/progress", {"progressToken": stream.progress_token, "progress": 1})
        if stream.wait_for_close():
            closed.set()

    upstream.converse("tools/call", work)
    client = connect(FORM)
    params = {"name": "t", "arguments": {"a": 1}, "_meta": {"progressToken": 1}}
    if asks:
        first = begin(client, params)
        answer = retry(client, first, {key: {"action": "decline"} for key in first["inputRequests"]}, params, stream=True)
    else:
        answer = client.post("tools/call", params, stream=True)
    assert next(answer.stream.messages())["method"] == "notifications/progress"
    answer.stream.close()
    cancelled = upstream.wait_for("notifications/cancelled", timeout=20)[0]
    assert cancelled.json["params"]["requestId"] == upstream.received("tools/call")[0].json["id"]
    assert closed.wait(20), "the response stream is closed"


# Changes


def listen(client, filter: dict):
    answer = client.post("subscriptions/listen", {"notifications": filter}, stream=True, timeout=60)
    assert answer.stream is not None, answer.describe()
    told = answer.stream.messages()
    return answer.stream, told, next(told)


def test_listening_acknowledges_first_and_tags_what_changes(connect, upstream):
    initialized(upstream, FULL)
    upstream.on("resources/subscribe", lambda m, r: {} if m["params"]["uri"] != "a:gone" else None)
    upstream.on("resources/unsubscribe", lambda m, r: {})
    client = connect()
    wanted = {"toolsListChanged": True, "promptsListChanged": False, "resourceSubscriptions": ["a:b", "a:gone"]}
    stream, told, first = listen(client, wanted)
    tag = {META + "subscriptionId": client.next_id}
    assert first["method"] == "notifications/subscriptions/acknowledged"
    assert first["params"] == {"notifications": {"toolsListChanged": True, "resourceSubscriptions": ["a:b"]}, "_meta": tag}
    session = upstream.received("tools/list") or upstream.received("resources/subscribe")
    upstream.wait_for_streams()
    for message in (
        {"method": "notifications/prompts/list_changed"},
        {"method": "notifications/resources/updated", "params": {"uri": "a:other"}},
        {"method": "notifications/message", "params": {"level": "error", "data": "x"}},
        {"method": "notifications/resources/updated", "params": {"uri": "a:b"}},
        {"method": "notifications/tools/list_changed"},
    ):
        upstream.push({"jsonrpc": "2.0", **message}, session[0].header("mcp-session-id"))
    assert next(told)["params"] == {"uri": "a:b", "_meta": tag}
    assert next(told) == {"jsonrpc": "2.0", "method": "notifications/tools/list_changed", "params": {"_meta": tag}}
    stream.close()
    assert upstream.wait_for("resources/unsubscribe", timeout=20)[0].json["params"] == {"uri": "a:b"}


def test_listeners_of_one_session_share_its_stream(connect, upstream):
    initialized(upstream, FULL)
    upstream.on("resources/subscribe", lambda m, r: {})
    upstream.on("resources/unsubscribe", lambda m, r: {})
    client = connect()
    one = listen(client, {"resourceSubscriptions": ["a:b"]})
    two = listen(client, {"resourceSubscriptions": ["a:b", "a:c"], "toolsListChanged": True})
    gets = [r for r in upstream.received() if r.method == "GET"]
    assert len(gets) == 1
    assert [r.json["params"]["uri"] for r in upstream.received("resources/subscribe")] == ["a:b", "a:c"]
    session = gets[0].header("mcp-session-id")
    upstream.push({"jsonrpc": "2.0", "method": "notifications/resources/updated", "params": {"uri": "a:b"}}, session)
    assert next(one[1])["params"]["uri"] == next(two[1])["params"]["uri"] == "a:b"
    one[0].close()
    upstream.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}, session)
    assert next(two[1])["method"] == "notifications/tools/list_changed"
    assert upstream.received("resources/unsubscribe") == []
    two[0].close()
    upstream.wait_for("resources/unsubscribe", count=2, timeout=20)
    eventually(lambda: not upstream.sessions.get(session))


def test_a_request_of_the_server_that_belongs_to_no_call_is_refused(connect, upstream):
    initialized(upstream, FULL)
    client = connect(FORM)
    stream, told, _ = listen(client, {"toolsListChanged": True})
    session = next(r for r in upstream.received() if r.method == "GET").header("mcp-session-id")
    upstream.push({"jsonrpc": "2.0", "id": "s1", "method": "elicitation/create", "params": QUESTION}, session)
    refused = eventually(lambda: [r for r in upstream.received() if r.method == "POST" and r.json.get("id") == "s1"])
    assert refused[0].json["error"]["code"] == -32601
    stream.close()


def test_what_changes_during_a_call_comes_to_the_listener_only(connect, upstream):
    initialized(upstream, FULL)

    def work(stream):
        stream.send("notifications/tools/list_changed")
        return {"content": []}

    upstream.converse("tools/call", work)
    client = connect()
    stream, told, _ = listen(client, {"toolsListChanged": True})
    answer = client.post("tools/call", {"name": "t", "arguments": {}})
    assert "list_changed" not in answer.text and answer.status == 200
    assert next(told)["method"] == "notifications/tools/list_changed"
    stream.close()


def test_a_listener_outlives_the_session(connect, upstream):
    initialized(upstream, FULL)
    client = connect()
    stream, told, _ = listen(client, {"toolsListChanged": True})
    old = next(r for r in upstream.received() if r.method == "GET").header("mcp-session-id")
    with upstream.lock:
        ended = upstream.sessions.pop(old)
    for waiting in ended:
        waiting.put(None)
    # What changed meanwhile nobody knows: the client looks again.
    assert next(told)["method"] == "notifications/tools/list_changed"
    new = [r.header("mcp-session-id") for r in upstream.received() if r.method == "GET"][-1]
    assert new != old
    upstream.push({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}, new)
    assert next(told)["params"]["_meta"] == {META + "subscriptionId": client.next_id}
    stream.close()


@pytest.mark.parametrize("filter", [None, [], {"toolsListChanged": "yes"}, {"resourceSubscriptions": [1]}, {"resourceSubscriptions": "a:b"}])
def test_a_filter_of_the_wrong_shape_is_refused(connect, upstream, filter):
    assert connect().error("subscriptions/listen", {"notifications": filter})[1]["code"] == -32602


def test_a_stateless_server_tells_of_no_changes_and_says_so(world):
    client = ModernClient(world.mcp_url("stateless"), own_token(world, "stateless"))
    assert client.call("server/discover")["result"]["capabilities"] == {"tools": {}}
    stream, _, first = listen(client, {"toolsListChanged": True})
    assert first["params"]["notifications"] == {}
    stream.close()
    assert client.tool("echo", {"text": "x"})["content"][0]["text"] == "x"


def test_V_041_a_listener_whose_token_was_revoked_ends_with_a_word(world, upstream):
    initialized(upstream, FULL)
    client = registered(world, extra={"client_name": "Revoked"})
    tokens = Person(world).tokens(client, world.mcp_url())
    connection = ModernClient(world.mcp_url(), tokens.access)
    stream, told, _ = listen(connection, {"toolsListChanged": True})
    client.revoke(tokens.access)
    ends = list(told)
    assert ends == [
        {"jsonrpc": "2.0", "id": connection.next_id,
         "result": {"resultType": "complete", "_meta": {META + "subscriptionId": connection.next_id}}}
    ]  # fmt: skip
    stream.close()


# Streams that a server closes early


def test_the_rest_of_an_interrupted_stream_is_fetched(connect, upstream):
    client = connect()
    client.tool("echo")
    upstream.script(
        200, b'id: 7\nretry: 10\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\n',
        headers={"Content-Type": "text/event-stream"}, method="tools/call",
    )  # fmt: skip
    identifier = int(upstream.received("tools/call")[0].json["id"]) + 1
    upstream.script(
        200, b'id: 8\ndata: {"jsonrpc":"2.0","id":%d,"result":{"content":[],"rest":true}}\n\n' % identifier,
        headers={"Content-Type": "text/event-stream"}, method="GET",
    )  # fmt: skip
    answer = client.post("tools/call", {"name": "t", "arguments": {}})
    assert messages(answer)[-1]["result"]["rest"] is True
    assert next(r for r in upstream.received() if r.method == "GET").header("last-event-id") == "7"
    assert len(upstream.received("tools/call")) == 2
