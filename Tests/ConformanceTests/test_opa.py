"""Open Policy Agent decides beside the rules. Its program isn't used: a stand-in speaks its documented REST API."""

import http.server
import json
import threading
import time

import pytest
from martlet_support import MCPConnection
from martlet_support.mcp import LEGACY, MODERN, answer_of
from martlet_support.route import token
from martlet_support.steps import until

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("get_repo", "delete_repo", "deploy", "own_no")]


class Engine:
    """`POST /v1/data/martlet/allow`: answers `result` by what `decides` says of the input."""

    def __init__(self):
        owner = self
        self.inputs: list[dict] = []
        self.decides = lambda asked: True
        self.trouble = None

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                assert self.path == "/v1/data/martlet/allow" and list(body) == ["input"]
                owner.inputs.append(body["input"])
                if owner.trouble == "slow":
                    time.sleep(3)
                answer = {} if owner.trouble == "undefined" else {"result": owner.decides(body["input"])}
                if owner.trouble == "gone":
                    return self.connection.close()
                text = b"<html>" if owner.trouble == "garbage" else json.dumps(answer).encode()
                self.send_response(500 if owner.trouble == "error" else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1/data/martlet/allow"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture(scope="module")
def world(install_for_file):
    engine = Engine()
    rule = {"name": "own", "effect": "deny", "what": {"tools": ["own_no"]}}
    world = install_for_file(config={"policy": {"rules": [rule], "opa": {"url": engine.url, "timeout": "1s", "cache": "1m"}}})
    world.engine = engine
    for upstream in world.upstreams.values():
        upstream.tools = [*TOOLS]
        upstream.on("tools/call", lambda *_: {"content": []})
    yield world
    engine.server.shutdown()
    engine.server.server_close()


@pytest.mark.parametrize("server, revision", [("modern", MODERN), ("stateful", LEGACY)])
def test_V_006_the_engine_decides_calls_and_lists(world, server, revision):
    world.engine.decides = lambda asked: {"allow": asked["name"] != "delete_repo" and asked.get("arguments", {}).get("to") != "production"}
    alice = MCPConnection(world.mcp_url(server), token(world, server), revision=revision)
    if revision == LEGACY:
        alice.initialize()
    call = lambda name, **arguments: alice.call("tools/call", {"name": name, "arguments": arguments})
    assert "result" in call("get_repo") and "result" in call("deploy", to="test")
    world.upstreams[server].clear()
    for refused in (call("delete_repo"), call("deploy", to="production"), call("own_no"), call("no_such_tool")):
        assert refused["error"]["code"] == -31001
    assert world.upstreams[server].received("tools/call") == []
    assert [tool["name"] for tool in alice.call("tools/list")["result"]["tools"]] == ["get_repo", "deploy"]
    asked = next(one for one in world.engine.inputs if one["name"] == "deploy" and one["purpose"] == "call" and one["server"] == server)
    assert asked["user"]["name"] == "alice" and asked["arguments"] == {"to": "test"} and asked["tenant"] == "default"
    assert asked["kind"] == "tool" and asked["method"] == "tools/call" and asked["annotations"]["destructive"] is True
    assert not [one for one in world.engine.inputs if one["name"] == "own_no" and one["purpose"] == "call"], "what rules deny it isn't asked about"


def undecided(connection, method: str, params: dict | None = None) -> bool:
    """It is answered with a JSON-RPC error of its own, from which a client learns that it may try again."""
    answer = connection.post(method, params)
    said = answer.json()
    assert said["id"] == connection.next_id and said["error"]["code"] == -31003 and "result" not in said, answer.describe()
    assert "right now" in said["error"]["message"] and "opa" not in said["error"]["message"].lower(), answer.describe()
    return answer.status == 200 and int(answer.header("retry-after")) >= 1


@pytest.mark.parametrize("server, revision", [("modern", MODERN), ("stateful", LEGACY)])
def test_V_006_while_the_engine_does_not_answer_nothing_is_allowed(world, server, revision):
    world.engine.decides = lambda asked: True
    alice = MCPConnection(world.mcp_url(server), token(world, server), revision=revision)
    if revision == LEGACY:
        alice.initialize()
    post = lambda **arguments: alice.post("tools/call", {"name": "get_repo", "arguments": arguments})

    def stranger(name: str) -> MCPConnection:
        """Somebody whom the engine wasn't asked about yet."""
        key = world.gateway.cli_json("key", "create", name)["key"]
        connection = MCPConnection(world.mcp_url(server), key, revision=revision)
        if revision == LEGACY:
            connection.initialize()
        return connection

    known, earlier = f"by {server}", world.gateway.log()
    said = lambda text: world.gateway.log().count(text) - earlier.count(text)
    assert "result" in answer_of(post(known=known))
    world.upstreams[server].clear()
    for trouble in ("error", "garbage", "slow", "gone"):
        world.engine.trouble = trouble
        assert undecided(alice, "tools/call", {"name": "get_repo", "arguments": {"trouble": trouble}}), trouble
        assert undecided(stranger(f"{server}-{trouble}"), "tools/list"), "what can't be asked about isn't shown, nor taken for nothing"
        assert world.upstreams[server].received("tools/call") == [], "the server hears nothing of it"
        assert "result" in answer_of(post(known=known)), "an answer is remembered"
        world.upstreams[server].clear()
    world.engine.trouble = "undefined"
    assert post(trouble="undefined").json()["error"]["code"] == -31001, "what is undefined is not allowed"
    world.engine.trouble = None
    count = len(world.engine.inputs)
    assert "result" in answer_of(post(known=known)) and len(world.engine.inputs) == count
    assert post(trouble="undefined").json()["error"]["code"] == -31001, "a refusal is remembered, too"
    # Whoever looks after it learns of it once, and of its end.
    assert until(lambda: said("policy.opa answers again") == 1), world.gateway.log()[-2000:]
    assert said("policy.opa doesn't decide") == 1


def test_the_command_line_says_that_the_engine_has_a_say_too(world):
    question = ("--user", world.user, "--call")
    said = world.gateway.cli("policy", "explain", *question, "modern/get_repo").stdout
    assert "policy.opa" in said and "says of itself" not in said
    assert world.gateway.cli_json("policy", "explain", *question, "modern/get_repo")["engine_decides_too"] is True
    assert world.gateway.cli_json("policy", "explain", *question, "modern/own_no")["engine_decides_too"] is False, "the rules refuse"
    assert "policy.opa" in world.gateway.cli("policy", "test", *question, "modern/get_repo").stderr
