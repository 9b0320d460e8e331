"""SIGHUP takes in a configuration whole or not at all; SIGTERM lets what is under way finish (R-70, R-90)."""

import contextlib
import http.client
import json
import random
import socket
import threading
import time
import urllib.parse

import pytest
from martlet_support import request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.route import connect
from martlet_support.steps import PATIENCE, until, within


def test_R_90_a_reload_adds_and_removes_routes(install, fake_mcp_server):
    world = install()
    extra = fake_mcp_server("stateless")
    connection = connect(world, "stateful")
    servers = dict(world.gateway.config["servers"])
    world.gateway.reload({"servers": {**servers, "extra": {"url": extra.url}}})
    assert until(lambda: request("POST", world.mcp_url("extra"), json={}).status == 401), world.gateway.log()
    assert connect(world, "extra").tool("echo", {"text": "new"})["content"]
    assert connection.call("tools/list")["result"], "sessions go on"
    servers.pop("modern")
    world.gateway.reload({"servers": servers})
    assert until(lambda: request("POST", world.mcp_url("extra"), json={}).status == 404)
    assert request("POST", world.mcp_url("modern"), json={}).status == 404
    assert request("GET", world.url + "/.well-known/oauth-protected-resource/modern/mcp").status == 404
    assert connection.call("tools/list")["result"]


BROKEN = ["{", "", "servers: [", '{"servers": {}}', '{"public_url": "ftp://x"}', "nonsense: true", "\x00", "servers: {time: {url: not a url}}"]


def test_R_90_an_invalid_file_changes_nothing(install):
    world = install()
    connection = connect(world, "stateful")
    before = request("GET", world.url + "/.well-known/oauth-authorization-server").json()
    good = world.gateway.config_path.read_text()
    for text in BROKEN:
        world.gateway.config_path.write_text(text)
        length = len(world.gateway.log())
        world.gateway.reload()
        assert until(lambda: len(world.gateway.log()) > length), f"{text!r}: nothing is said about it"
        assert world.gateway.process.poll() is None
        assert connection.call("tools/list")["result"]["tools"]
        assert request("GET", world.url + "/.well-known/oauth-authorization-server").json() == before
    # One bad server among good ones: none of the file counts.
    world.gateway.config_path.write_text(good.replace('"servers": {', '"servers": {"fine": {"url": "http://127.0.0.1:9/mcp"}, "bad": {"url": "nope"},', 1))
    world.gateway.reload()
    time.sleep(1)
    assert request("POST", world.mcp_url("fine"), json={}).status == 404
    world.gateway.config_path.write_text(good)
    world.gateway.reload()
    assert connection.call("tools/list")["result"]["tools"]


def test_R_90_reloads_under_load_fail_nothing(install):
    world = install()
    connection = connect(world, "stateless")
    failed, done, stop = [], [0], threading.Event()

    def work():
        while not stop.is_set():
            try:
                connection.call("tools/list", timeout=90)
                done[0] += 1
            except Exception as problem:
                failed.append(problem)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for index in range(20):
        world.gateway.reload({"allowed_origins": [f"https://n{index}.example"]})
        time.sleep(0.1)
    assert until(lambda: done[0] > 50 or failed), done
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed and done[0] > 50, failed[:2]
    last = {"Origin": "https://n19.example"}
    assert until(lambda: request("POST", world.mcp_url("stateless"), headers=last, json={}).status == 401)
    assert request("POST", world.mcp_url("stateless"), headers={"Origin": "https://n0.example"}, json={}).status == 403
    print("proof: R-90 count=20")


def test_R_70_sigterm_lets_a_call_finish_and_closes_streams(install):
    world = install()
    connection = connect(world, "stateful")
    stream = connection.open_stream()
    world.upstreams["stateful"].wait_for_streams()
    call = connect(world, "stateful").post("tools/call", {"name": "slow", "arguments": {"steps": 4, "delay": 0.5}}, stream=True)
    plain, gate = [], threading.Event()
    release = threading.Event()

    def late(message, _):
        gate.set()
        release.wait(60)
        return {"content": [{"type": "text", "text": "late"}]}

    world.upstreams["stateless"].on("prompts/get", late)
    unary = connect(world, "stateless")
    worker = threading.Thread(target=lambda: plain.append(unary.post("prompts/get", {"name": "p"})))
    worker.start()
    assert gate.wait(60)
    messages = call.stream.messages()
    next(messages)
    world.gateway.process.terminate()
    time.sleep(0.5)
    release.set()
    began = time.monotonic()
    rest = list(messages)
    worker.join(60)
    assert plain and plain[0].status == 200 and plain[0].json()["result"]["content"][0]["text"] == "late", "the unary call in flight finishes"
    assert rest and "result" in rest[-1], f"the streamed call in flight finishes: {rest}"
    list(stream.stream.messages())
    assert world.gateway.process.wait(90) == 0, world.gateway.log()
    assert time.monotonic() - began < within(15)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", world.gateway.port), timeout=60)
    world.gateway.process = None


def test_R_70_sigterm_under_load_fails_no_call(install):
    world = install()
    connections = [connect(world, "stateful") for _ in range(4)] + [connect(world, "stateless") for _ in range(4)]
    failed, done, last, stopping = [], [], [], threading.Event()

    def work(connection):
        kept = http.client.HTTPConnection("127.0.0.1", world.gateway.port, timeout=20)
        kept.connect()
        path = urllib.parse.urlsplit(connection.url).path
        while True:
            body = json.dumps(connection.body("tools/call", {"name": "echo", "arguments": {"text": "x"}}))
            try:
                kept.request("POST", path, body, {**connection.headers(), "Content-Type": "application/json"})
                answer = kept.getresponse()
                assert answer.status == 200 and "result" in json.loads(answer.read())
            except Exception as problem:
                return failed.append(problem)
            done.append(1)
            if answer.getheader("connection") == "close":
                return last.append(stopping.is_set())
            time.sleep(random.random() * 0.05)

    threads = [threading.Thread(target=work, args=(connection,)) for connection in connections]
    for thread in threads:
        thread.start()
    assert until(lambda: len(done) > 100, 30)
    stopping.set()
    world.gateway.process.terminate()
    for thread in threads:
        thread.join(30)
    assert world.gateway.process.wait(20) == 0
    world.gateway.process = None
    assert not failed, f"{len(failed)} calls failed on connections that had not been told to close: {failed[:2]}"
    assert last == [True] * 8, "each connection was told that its answer is the last"


@pytest.mark.parametrize("server, revision", [("stateless", LEGACY), ("stateless", MODERN)], ids=["relayed", "bridged"])
def test_R_70_a_call_that_never_ends_is_cut(install, server, revision):
    """SIGTERM waits for 30 s, not for ever."""
    world, asked, release = install(), threading.Event(), threading.Event()

    def never(message, _):
        asked.set()
        release.wait(200)
        return {"messages": []}

    world.upstreams[server].on("prompts/get", never)
    connection = connect(world, server, revision=revision)
    worker = threading.Thread(target=quietly, args=(connection,), daemon=True)
    worker.start()
    assert asked.wait(60)
    try:
        assert world.gateway.stop(timeout=80) == 0, "a stop that cuts is a stop"
        assert "some requests had not ended in time and were cut" in world.gateway.log()
    finally:
        release.set()
    worker.join(60)
    assert not worker.is_alive(), "the client hears that its call is over"


def quietly(connection) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection.post("prompts/get", {"name": "p"}, timeout=150)


def test_R_70_an_idle_process_stops_at_once(install):
    world = install()
    connect(world, "stateful").open_stream()
    idle = socket.create_connection(("127.0.0.1", world.gateway.port))
    began = time.monotonic()
    assert world.gateway.stop() == 0
    assert time.monotonic() - began < within(5), "idle connections and streams hold nothing up"
    idle.close()


def test_R_70_after_a_stop_everything_goes_on(install):
    world = install()
    connection = connect(world, "stateful")
    for _ in range(3):
        assert world.gateway.stop() == 0
        world.gateway.start()
        assert connection.call("tools/list")["result"]["tools"]


def test_R_71_after_kill_9_no_record_of_a_session_is_lost(install):
    world = install()
    for _ in range(3):
        connection = connect(world, "stateful")
        world.gateway.restart(crash=True)
        assert connection.call("tools/list")["result"]["tools"]


def test_health_and_readiness(shared):
    for path in ("/healthz", "/readyz"):
        answer = request("GET", shared.url + path)
        assert answer.status == 200 and answer.header("cache-control") == "no-store", answer.describe()
        assert request("HEAD", shared.url + path).status == 200
    assert request("GET", shared.url + "/healthz", headers={"Host": "10.1.2.3:1234"}).status == 200, "probes know us by address"


def test_R_70_a_connection_that_was_promised_another_request_takes_it(install):
    """The head of an answer that is out when the process is told to stop said nothing of an end, so the client uses its
    connection once more. A connection that was opened just before has promised its first request likewise."""
    world = install()
    call = connect(world, "stateful")
    path = urllib.parse.urlsplit(call.url).path
    fields = {**call.headers(), "Content-Type": "application/json"}
    ask = lambda method, params: json.dumps(call.body(method, params))

    def attempt():
        """Status and connection header of both last answers, and whether this test itself was quick enough to ask."""
        kept, fresh = (http.client.HTTPConnection("127.0.0.1", world.gateway.port, timeout=PATIENCE) for _ in range(2))
        kept.request("POST", path, ask("tools/call", {"name": "slow", "arguments": {"steps": 4, "delay": 0.5}}), fields)
        long = kept.getresponse()
        assert long.status == 200 and long.getheader("connection") != "close"
        fresh.connect()
        world.gateway.process.terminate()
        assert until(lambda: not reachable(world.gateway.port), every=0.01)
        seen, slowest = [], 0.0
        for connection, before in ((fresh, None), (kept, long)):
            assert before is None or b"result" in before.read()
            began = time.monotonic()
            with contextlib.suppress(OSError, http.client.HTTPException):
                connection.request("POST", path, ask("tools/list", {}), fields)
                answer = connection.getresponse()
                answer.read()
                seen.append((answer.status, answer.getheader("connection")))
            slowest = max(slowest, time.monotonic() - began)
        assert world.gateway.process.wait(PATIENCE) == 0
        world.gateway.process = None
        return seen, slowest < 0.3

    for _ in range(5):
        seen, was_quick = attempt()
        if was_quick or len(seen) == 2:
            break
        world.gateway.start()
    assert seen == [(200, "close")] * 2


def reachable(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE):
        return True
    return False
