"""Two processes on one data folder are restarted in turn, as an operator rolls out a new version: no call fails, every stream is back at
once. What stands in front of them asks which is ready, and tries the other one where a connection is refused, or was closed while nothing
was under way."""

import http.client
import json
import random
import threading
import time
import urllib.parse

from martlet_support import request
from martlet_support.mcp import MCPConnection
from martlet_support.route import connect, token
from martlet_support.steps import PATIENCE, count, until, within
from martlet_support.stream_crowd import StreamCrowd


class Balancer(threading.Thread):
    """Knows which processes are ready, as what stands in front of them does."""

    def __init__(self, ports: list[int], over: threading.Event):
        super().__init__(daemon=True)
        self.ready, self.ports, self.over = list(ports), ports, over
        self.start()

    def run(self):
        while not self.over.wait(0.05):
            self.ready = [port for port in self.ports if self.is_ready(port)] or self.ready

    @staticmethod
    def is_ready(port: int) -> bool:
        try:
            return request("GET", f"http://127.0.0.1:{port}/readyz").status == 200
        except OSError:
            return False


class Caller(threading.Thread):
    """Calls, one after the other, on a connection that it keeps, at a process that is ready."""

    def __init__(self, balancer: Balancer, connection: MCPConnection, over: threading.Event):
        super().__init__(daemon=True)
        self.balancer, self.connection, self.over = balancer, connection, over
        self.path = urllib.parse.urlsplit(connection.url).path
        self.failed: list = []
        self.done = 0
        self.start()

    def connected(self) -> http.client.HTTPConnection:
        deadline = time.monotonic() + PATIENCE
        while True:
            kept = http.client.HTTPConnection("127.0.0.1", random.choice(self.balancer.ready), timeout=PATIENCE)
            try:
                kept.connect()
                return kept
            except ConnectionRefusedError:
                assert time.monotonic() < deadline, "nobody listens"
                time.sleep(0.01)

    def run(self):
        kept, heard = None, 0.0
        while not self.over.is_set():
            if kept is None:
                kept, heard = self.connected(), time.monotonic()
            sent = time.monotonic()
            body = json.dumps(self.connection.body("tools/call", {"name": "echo", "arguments": {"text": "x"}}))
            try:
                kept.request("POST", self.path, body, {**self.connection.headers(), "Content-Type": "application/json"})
                answer = kept.getresponse()
                assert answer.status == 200 and "result" in json.loads(answer.read()), answer.status
            except (OSError, http.client.HTTPException, AssertionError) as problem:
                # Nobody who keeps a connection without using it can know that it is still there.
                if isinstance(problem, AssertionError) or sent - heard < 0.3:
                    self.failed.append(problem)
                kept = None
                continue
            self.done, heard = self.done + 1, time.monotonic()
            if answer.getheader("connection") == "close":
                kept = None
            time.sleep(random.random() * 0.02)


def test_R_70_a_rolling_restart_fails_no_call(install):
    world = install()
    twin = world.gateway.twin()
    twin.start()
    over = threading.Event()
    ports = [world.gateway.port, twin.port]
    token(world)
    try:
        streams = count(8, 500)
        crowd = StreamCrowd(ports, [connect(world, "stateful") for _ in range(streams)])
        balancer = Balancer(ports, over)
        callers = [Caller(balancer, connect(world, "stateless"), over) for _ in range(count(6, 24))]
        calls = lambda: sum(caller.done for caller in callers)
        assert until(lambda: crowd.all_listen and calls() > 50)
        for turn in range(count(2, 20)):
            before, node = calls(), (world.gateway, twin)[turn % 2]
            assert node.stop() == 0
            node.start()
            assert until(lambda: calls() > before + count(50, 500) and crowd.all_listen)
        over.set()
        for caller in callers:
            caller.join(PATIENCE)
        crowd.stop()
        failed = [problem for caller in callers for problem in caller.failed] + crowd.refused
        assert not failed, f"{len(failed)} of {calls()} failed: {failed[:3]!r}"
        assert crowd.times > streams, "streams ended and came back"
        assert crowd.longest <= within(5)
        print(f"proof: R-70 count={calls()}")
    finally:
        over.set()
        twin.close()
