"""Mixed load for a long time, one request in a hundred going wrong: memory stays flat, and no descriptor is left behind."""

import contextlib
import http.client
import json
import random
import socket
import statistics
import sys
import threading
import time
import traceback
import urllib.parse

import pytest
from martlet_support import MCPConnection, Tokens, request
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.sse_connection import SSEConnection
from martlet_support.steps import FULL, count, until
from martlet_support.vitals import Vitals, vitals

SECONDS = count(8, 30 * 60)
WORKERS = 6
FAULTS = 0.01
FILES = 20  # the store opens its four readers when they are first needed, each with two files
MIB = 1 << 20
LISTEN = {"notifications": {"toolsListChanged": True}}
TROUBLE = (OSError, http.client.HTTPException, AssertionError, ValueError, StopIteration)


class Worker(threading.Thread):
    """One user of everything: calls in both eras, over bridges and over HTTP+SSE, streams that open and close."""

    def __init__(self, world, number: int, tokens: dict[str, str], stop: threading.Event):
        super().__init__(daemon=True)
        self.world, self.tokens, self.stopped = world, tokens, stop
        self.random = random.Random(number)
        self.done, self.faults, self.failed = 0, 0, 0
        self.kinds = [self.legacy, self.legacy, self.modern, self.modern, self.stream, self.listen, self.older]

    def run(self):
        while not self.stopped.wait(0.02):
            try:
                if self.random.random() < FAULTS * 3:  # a visit to `legacy` and the like is three requests and more
                    self.faults += 1
                    self.random.choice([self.leave, self.nonsense, self.forged, self.broken_server, self.lost_sessions])()
                else:
                    self.random.choice(self.kinds)()
                self.done += 1
            except TROUBLE:
                self.failed += 1  # somebody's fault of this very moment; what counts is what it leaves behind

    def connection(self, revision: str) -> MCPConnection:
        server = self.random.choice(["modern", "stateful", "stateless", "old"])
        return MCPConnection(self.world.mcp_url(server), self.tokens[server], revision=revision)

    @contextlib.contextmanager
    def session(self, made: MCPConnection):
        """Ends whatever happens: a session that its client leaves lives on by right, for half an hour."""
        try:
            made.initialize()
            yield made
        finally:
            if made.session:
                made.end()

    def legacy(self):
        with self.session(self.connection(LEGACY)) as made:
            for step in range(self.random.randrange(1, 6)):
                made.tool("echo", {"text": f"{step}" * 50})

    def modern(self):
        made = self.connection(MODERN)
        made.tool("echo", {"text": "x" * self.random.randrange(2000)})
        made.tool("slow", {"steps": 2, "delay": 0.01})

    def stream(self):
        with self.session(MCPConnection(self.world.mcp_url("stateful"), self.tokens["stateful"])) as made:
            answer = made.open_stream()
            with contextlib.closing(answer.stream):
                made.tool("slow", {"steps": 2, "delay": 0.01})

    def listen(self):
        answer = self.connection(MODERN).post("subscriptions/listen", LISTEN, stream=True)
        if answer.stream:
            with contextlib.closing(answer.stream):
                next(answer.stream.messages())

    def older(self):
        server = self.random.choice(["modern", "stateful", "old"])
        with SSEConnection(f"{self.world.url}/{server}/sse", self.tokens[server]) as made:
            made.initialize()
            made.tool("echo", {"text": "y"})

    # What goes wrong

    def leave(self):
        """The client is gone in the middle of its call."""
        made = self.connection(MODERN)
        body = json.dumps(made.body("tools/call", {"name": "slow", "arguments": {"steps": 20}}))
        head = {**made.headers("tools/call", {"name": "slow"}), "Host": f"127.0.0.1:{self.world.gateway.port}",
                "Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"POST {urllib.parse.urlsplit(made.url).path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        with socket.create_connection(("127.0.0.1", self.world.gateway.port)) as sock:
            sock.sendall(("\r\n".join(lines) + "\r\n\r\n" + body[: self.random.randrange(len(body) + 1)]).encode())
            time.sleep(self.random.random() * 0.1)

    def nonsense(self):
        request("POST", self.world.mcp_url("stateful"), headers={"Authorization": f"Bearer {self.tokens['stateful']}"}, body=b'{"a":1,"a":2}')

    def forged(self):
        request("POST", self.world.mcp_url("modern"), headers={"Authorization": f"Bearer {self.random.random()}"}, json={})

    def broken_server(self):
        self.world.upstreams["stateless"].script(500, b"out of order", method="tools/call")
        self.legacy()

    def lost_sessions(self):
        self.world.upstreams["stateful"].drop_sessions()
        self.world.upstreams["old"].drop_streams()


@pytest.fixture
def world(install):
    with FakeSSEServer() as old:
        made = install(servers={"old": old.url})
        made.upstreams["old"] = old
        yield made


def test_R_94_memory_is_flat_and_no_descriptor_leaks(world):
    tokens = {server: world.log_in(server)[1].access for server in world.upstreams}
    looks, totals = [], {"visits": 0, "faults": 0, "failed": 0}
    process = world.gateway.process.pid
    load(world, tokens, 3, totals, [])  # every path once, before the first look
    before = quiet(process)
    load(world, tokens, SECONDS, totals, looks)
    after = quiet(process, before.descriptors + 5)
    assert world.gateway.process.poll() is None
    tell(before, after, looks, totals)
    assert totals["failed"] < totals["visits"] / 5, totals
    assert abs(after.descriptors - before.descriptors) <= 5, (before, after)
    assert after.files <= FILES, (before, after)
    assert after.threads <= before.threads + 4, (before, after)
    assert growth(looks) < (4 * MIB if FULL else 64 * MIB), [look.memory // MIB for look in looks]
    assert log_in_still_works(world)
    print(f"proof: R-94 count={totals['visits']}")


def load(world, tokens: dict[str, str], seconds: float, totals: dict, looks: list[Vitals]) -> None:
    """Runs the workers for so long. Tokens live an hour, the run half of one."""
    stop = threading.Event()
    workers = [Worker(world, number, tokens, stop) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(min(5.0, max(0.1, seconds / 20)))
        looks.append(vitals(world.gateway.process.pid))
        for upstream in world.upstreams.values():
            upstream.clear()  # the recordings are the test's own memory
    stop.set()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive(), "".join(traceback.format_stack(sys._current_frames()[worker.ident]))
        totals["visits"] += worker.done
        totals["faults"] += worker.faults
        totals["failed"] += worker.failed


def quiet(process: int, most: int | None = None) -> Vitals:
    """A look once nothing is under way: unused connections to servers are closed after 4 s, idle clients' after 75 s; what a client left
    open is resumable for 2 min."""
    seen: list[int] = []

    def settled() -> bool:
        seen.append(vitals(process).descriptors)
        return len(seen) > 20 and len(set(seen[-20:])) == 1 and (most is None or seen[-1] <= most)

    until(settled, 240, every=0.5)
    return vitals(process)


def growth(looks: list[Vitals]) -> int:
    """How much more memory the last quarter takes than the second one; the first fills caches and pools."""
    memory, quarter = [look.memory for look in looks], len(looks) // 4
    return int(statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter]))


def tell(before: Vitals, after: Vitals, looks: list[Vitals], totals: dict) -> None:
    quarter = len(looks) // 4
    medians = [statistics.median(look.memory for look in looks[n * quarter : (n + 1) * quarter]) / MIB for n in range(4)]
    print(f"{SECONDS} s, {totals}; memory by quarters {[f'{m:.1f}' for m in medians]} MiB; descriptors {before.descriptors} before, "
          f"{max(look.descriptors for look in looks)} at most, {after.descriptors} after; files {before.files} and {after.files}; threads {before.threads} and {after.threads}")


def log_in_still_works(world) -> bool:
    client, tokens = world.log_in("modern")
    return bool(Tokens.of(client.refresh(tokens.refresh)).access)
