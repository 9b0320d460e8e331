"""Martlet and the server behind it die at any moment, under load: no session is lost, and no call is executed twice."""

import http.client
import json
import random
import threading
import time

from martlet_support import Gateway, MCPConnection
from martlet_support.mcp import answer_of
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import token
from martlet_support.steps import count
from martlet_support.upstream_process import UpstreamProcess

SESSIONS = 8


class Worker(threading.Thread):
    """One client that calls and calls, each time with another nonce, and notes what it heard. It never repeats a call."""

    def __init__(self, number: int, connection: MCPConnection, stop: threading.Event):
        super().__init__(daemon=True)
        self.number, self.connection, self.stopped = number, connection, stop
        self.heard: dict[str, str] = {}
        self.lost: list[str] = []

    def run(self):
        index = 0
        while not self.stopped.is_set():
            index += 1
            nonce = f"{self.number}-{index}"
            self.heard[nonce] = self.call(nonce)
            if self.heard[nonce] == "broken":
                time.sleep(0.05)

    def call(self, nonce: str) -> str:
        try:
            answer = self.connection.post("tools/call", {"name": "once", "arguments": {"nonce": nonce}}, timeout=30)
            if answer.status in (400, 401, 404):
                self.lost.append(answer.describe())
                return "lost"
            message = answer_of(answer)
        except (OSError, http.client.HTTPException, AssertionError, json.JSONDecodeError):
            return "broken"
        if "result" in message:
            assert message["result"]["content"][0]["text"] == nonce, message
            return "done"
        assert message["error"]["code"] == -31003, message
        return "unknown" if "before you repeat" in message["error"]["message"] else "refused"


def test_R_63_R_54_kill_9_of_both_sides_loses_no_session_and_executes_nothing_twice(tmp_path):
    kills = count(10, 200)
    with UpstreamProcess(tmp_path) as upstream, Gateway({"many": {"url": upstream.url}}, users={USER: PASSWORD}) as gateway:
        world, stop = Installation(gateway, {}), threading.Event()
        workers = []
        for number in range(SESSIONS):
            connection = MCPConnection(world.mcp_url("many"), token(world, "many"))
            opened(connection)
            workers.append(Worker(number, connection, stop))
        for worker in workers:
            worker.start()
        for kill in range(kills):
            time.sleep(random.uniform(0.1, 0.8))
            victims = [gateway] if kill % 3 == 0 else [upstream] if kill % 3 == 1 else [gateway, upstream]
            for victim in victims:
                victim.kill()
            time.sleep(random.uniform(0, 0.2))
            for victim in victims:
                victim.start()
        time.sleep(1)
        stop.set()
        for worker in workers:
            worker.join(60)
            assert not worker.is_alive()
        judge(workers, upstream, kills)


def opened(connection: MCPConnection) -> None:
    """A session, as soon as the server is there."""
    deadline = time.monotonic() + 20
    while True:
        try:
            connection.initialize()
            if connection.session:
                return
        except (OSError, AssertionError, http.client.HTTPException):
            assert time.monotonic() < deadline
        time.sleep(0.1)


def judge(workers: list[Worker], upstream: UpstreamProcess, kills: int) -> None:
    # Every session still works, under the id that it began with.
    deadline = time.monotonic() + 30
    for worker in workers:
        while worker.call(f"{worker.number}-last") != "done":
            assert not worker.lost, worker.lost[0]
            worker.number += 1000  # another nonce for another try
            assert time.monotonic() < deadline, "a session never came back"
            time.sleep(0.1)
    executed = upstream.executed()
    heard = {nonce: outcome for worker in workers for nonce, outcome in worker.heard.items()}
    tally = {outcome: sum(1 for o in heard.values() if o == outcome) for outcome in ("done", "refused", "unknown", "broken", "lost")}
    twice = [nonce for nonce, times in executed.items() if times > 1]
    lied = [nonce for nonce, outcome in heard.items() if outcome == "done" and executed[nonce] != 1]
    refused = [nonce for nonce, outcome in heard.items() if outcome == "refused" and executed[nonce] != 0]
    print(f"{kills} kills, {len(heard)} calls: {tally}; executed {sum(executed.values())}, twice {len(twice)}, "
          f"sessions lost {sum(len(w.lost) for w in workers)} of {len(workers)}")
    assert not [w.lost for w in workers if w.lost], "a session was lost"
    assert not twice, twice
    assert not lied, "a call was answered that was not executed once"
    assert not refused, "a call was executed though its client was told that it was not sent"
    assert tally["done"] > kills
    print(f"proof: R-63 count={kills}")
