"""How much may be done: counts by who calls and what is called, never by address; told in words that an agent can act on."""

import json
import socket
import threading

import pytest
from martlet_support import Gateway, MCPConnection
from martlet_support.lanes import Lane, Mirror, run
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.route import token
from martlet_support.steps import Person, count, reconfigure, registered, until
from martlet_support.trail import records

BOB = "another horse battery staple"
PAIRS = [("modern", MODERN), ("stateful", LEGACY), ("stateless", LEGACY), ("stateful", MODERN), ("modern", LEGACY)]
TOGETHER = {"concurrent": [{"name": "two-at-once", "per": ["user"], "calls": 2, "tools": ["wait"]}]}


def rate(**more) -> dict:
    return {"rates": [{"name": "few", "per": "user", "calls": 3, "every": "1d", **more}]}


@pytest.fixture(scope="module")
def world(install_for_file):
    world = install_for_file(users={"bob": BOB})
    for upstream in world.upstreams.values():
        upstream.tools += [{"name": name, "inputSchema": {"type": "object"}} for name in ("wait", "dear")]
    return world


_bob: dict = {}


def connection(world, server="modern", revision=MODERN, user="alice") -> MCPConnection:
    if user == "bob" and server not in _bob:
        _bob[server] = Person(world, "bob", BOB).tokens(registered(world), world.mcp_url(server)).access
    opened = MCPConnection(world.mcp_url(server), token(world, server) if user == "alice" else _bob[server], revision=revision)
    if not opened.modern:
        opened.initialize()
    return opened


def echo(opened, text="x", **options):
    return opened.post("tools/call", {"name": "echo", "arguments": {"text": text}}, **options)


@pytest.mark.parametrize("server, revision", PAIRS)
def test_a_limit_that_is_met_says_when_to_come_back(world, server, revision):
    reconfigure(world, {"limits": {"rates": [{"name": f"few-{server}-{revision}", "per": ["user", "server"], "calls": 3, "every": "1h"}]}})
    opened = connection(world, server, revision)
    assert [echo(opened, str(number)).status for number in range(4)] == [200, 200, 200, 429]
    world.upstreams[server].clear()
    refused = echo(opened)
    error = refused.json()["error"]
    wait = error["data"]["retry_after"]
    assert error["code"] == -31002 and 1 <= wait <= 1200 and refused.json()["id"] == opened.next_id, error
    assert refused.header("retry-after") == str(wait)
    assert refused.header("ratelimit-policy") == f'"few-{server}-{revision}";q=3;w=3600'
    assert refused.header("ratelimit") == f'"few-{server}-{revision}";r=0;t={wait}'
    assert f"Wait {wait} seconds" in error["message"] and "3 in 3600 s" in error["message"]
    assert world.upstreams[server].received("tools/call") == []
    assert opened.post("ping" if not opened.modern else "server/discover").status == 200, "what keeps a connection isn't counted"
    assert echo(connection(world, server, revision, "bob")).status == 200, "others have room"


def test_a_refusal_stands_in_the_trail(world):
    reconfigure(world, {"limits": rate(name="traced", calls=1)})
    since = records(world)[-1]["position"]
    opened = connection(world)
    assert [echo(opened).status for _ in range(2)] == [200, 429]
    (row,) = [row for row in records(world, since) if row["action"] == "exchange.refused"]
    assert row["reason"] == "limited:rate:traced" and row["status"] == 429 and row["target"] == "echo"


def test_V_085_no_address_gives_or_takes_room(world):
    reconfigure(world, {"limits": rate(name="anywhere")})
    opened = connection(world)
    statuses = [echo(opened, headers={"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"}).status for number in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert echo(connection(world, user="bob")).status == 200, "who shares the address shares no count"


def test_V_085_all_limits_are_met_together_and_costs_count(world):
    reconfigure(world, {"limits": {
        "rates": [{"name": "all", "per": "tenant", "calls": 10, "every": "1d"}, {"name": "each", "per": ["user", "tool"], "calls": 2, "every": "1d", "tools": ["echo"]}],
        "costs": [{"tools": ["dear"], "calls": 4}]}})
    alice, bob = connection(world), connection(world, user="bob")
    assert [echo(alice).status for _ in range(6)] == [200, 200, 429, 429, 429, 429]
    dear = lambda: bob.post("tools/call", {"name": "dear", "arguments": {}}).status
    assert [dear(), dear(), dear()] == [200, 200, 429], "two of ten were used, and each of these counts for four"
    assert echo(bob).status == 429, "the tenant has used up all ten"


def test_V_085_very_many_calls_at_once_get_what_the_limit_allows():
    """Each on a connection of its own; half of them have room."""
    calls = count(300, 10_000)
    room, statuses = calls // 2, []
    limits = {"rates": [{"name": "all", "per": "tenant", "calls": 1, "every": "1d", "burst": room}]}
    with Mirror({"tools": ["echo"], "prompts": [], "resources": []}) as mirror, \
            Gateway({"first": {"url": mirror.url, "protocol": MODERN}}, config={"limits": limits}) as gateway:
        key = gateway.cli_json("key", "create", "k")["key"]
        step = ("first", "tools/call", {"name": "echo", "arguments": {}})
        run([Lane(gateway.port, key, [step], lambda step, status, *_: statuses.append(status)) for _ in range(calls)])
        allowed = statuses.count(200)
        assert allowed == mirror.calls and statuses.count(429) == calls - allowed, set(statuses)
        assert abs(allowed - room) <= room // 100, f"{allowed} of {calls}, where {room} had room"
    print(f"proof: V-085 count={calls}")


def test_a_loop_is_noticed(world):
    reconfigure(world, {"limits": {"loops": {"calls": 3, "within": "1d"}}})
    opened = connection(world)
    call = lambda arguments: opened.post("tools/call", {"name": "headers", "arguments": arguments})
    assert [call({"a": 1, "b": 2}).status, call({"b": 2, "a": 1}).status, call({"a": 1, "b": 2}).status] == [200] * 3
    refused = call({"b": 2, "a": 1})
    assert refused.status == 429 and refused.json()["error"]["data"]["kind"] == "loop" and "loop" in refused.json()["error"]["message"]
    assert call({"a": 1, "b": 3}).status == 200, "other arguments are another call"


def test_V_085_a_tool_has_one_count_in_every_spelling(world):
    reconfigure(world, {"limits": {"rates": [{"name": "spelled", "per": ["user", "tool"], "calls": 2, "every": "1d", "tools": ["headers"]}]}})
    opened = connection(world)
    statuses = [opened.post("tools/call", {"name": name, "arguments": {}}).status for name in ("headers", "Headers", "HEADERS", "headers")]
    assert statuses == [200, 200, 429, 429]


def test_a_limit_that_is_changed_makes_nobody_wait_for_the_old_one(world):
    reconfigure(world, {"limits": rate(name="changed", calls=2)})
    opened = connection(world)
    assert [echo(opened).status for _ in range(3)] == [200, 200, 429]
    reconfigure(world, {"limits": rate(name="changed", calls=2, every="2s")})
    assert until(lambda: echo(opened).status == 200)


def begin_call(world, server, opened) -> socket.socket:
    """Sends a call of `wait` and leaves its answer to come."""
    params = {"name": "wait", "arguments": {}}
    body = json.dumps(opened.body("tools/call", params)).encode()
    headers = {**opened.headers("tools/call", params), "Host": f"127.0.0.1:{world.gateway.port}", "Content-Type": "application/json", "Content-Length": str(len(body))}
    sent = socket.create_connection(("127.0.0.1", world.gateway.port))
    lines = [f"POST /{server}/mcp HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    sent.sendall("\r\n".join(lines).encode() + body)
    return sent


class Waiting:
    """Calls of a tool that end when a test says so."""

    def __init__(self, upstream):
        self.upstream, self.gate, self.begun = upstream, threading.Semaphore(0), 0
        upstream.on("tools/call", self.answer)

    def answer(self, message, _):
        if message["params"]["name"] == "wait":
            self.begun += 1
            self.gate.acquire(timeout=90)
        return {"content": [{"type": "text", "text": "done"}]}


@pytest.mark.parametrize("server, revision", PAIRS)
def test_V_085_calls_at_the_same_time_have_a_limit_and_their_place_is_given_back(world, server, revision):
    reconfigure(world, {"limits": TOGETHER})
    waiting = Waiting(world.upstreams[server])
    opened = connection(world, server, revision)
    wait = lambda: opened.post("tools/call", {"name": "wait", "arguments": {}})
    free = lambda: until(lambda: probe(), every=0.05)

    def probe() -> bool:
        waiting.gate.release()
        accepted = wait().status == 200
        if not accepted:
            waiting.gate.acquire(blocking=False)
        return accepted

    def both(end) -> None:
        """Two calls that fill the limit, and how they end."""
        begun = waiting.begun
        streams = [threading.Thread(target=end, args=(number,), daemon=True) for number in range(2)]
        for stream in streams:
            stream.start()
        assert until(lambda: waiting.begun >= begun + 2)
        refused = wait()
        assert refused.status == 429 and refused.json()["error"]["data"] == {"retry_after": 1, "limit": "two-at-once", "kind": "concurrency"}
        assert echo(opened).status == 200, "other tools have room"
        waiting.gate.release(2)
        for stream in streams:
            stream.join(90)

    both(lambda _: until(lambda: wait().status == 200))
    assert free(), "after an answer"
    upstream = world.upstreams[server]
    upstream.script(500, b"oops", method="tools/call")
    wait()
    upstream.script(200, b"{", headers={"Content-Type": "text/event-stream"}, method="tools/call")
    wait()
    assert free(), "after an upstream's failure"

    begun, gone = waiting.begun, []

    def two_more() -> bool:
        if waiting.begun < begun + 2:
            gone.append(begin_call(world, server, opened))
        return waiting.begun >= begun + 2

    # One place is free for sure; the other may still be given back.
    assert until(two_more, every=0.5)
    for connection_of_one in gone:
        connection_of_one.close()
    waiting.gate.release(2)
    assert free(), "after clients that went away"
    both(lambda _: until(lambda: wait().status == 200))


def test_problems_of_the_section_are_told_with_their_place(world):
    text = world.gateway.config_path.read_text()
    wrong = {"rates": [{"name": "a", "per": ["address"], "calls": 0}, {"per": "user", "calls": 3, "every": "1m", "burst": "many"},
                       {"name": "b", "per": "user", "calls": 1, "every": "1d", "burst": 1_000_000}],
             "concurrent": [{"name": "a", "calls": 2}], "loops": {"calls": 3}, "cost": []}
    try:
        world.gateway.config_path.write_text(json.dumps({**world.gateway.config, "limits": wrong}))
        told = {problem["path"] for problem in world.gateway.cli_json("config", "check", exit_code=2)["problems"]}
    finally:
        world.gateway.config_path.write_text(text)
    assert told == {
        "limits.rates[0].per", "limits.rates[0].calls", "limits.rates[0].every", "limits.rates[1].name", "limits.rates[1].burst", "limits.rates[2].burst",
        "limits.concurrent[0].name", "limits.concurrent[0].per", "limits.loops.within", "limits.cost"}, told
