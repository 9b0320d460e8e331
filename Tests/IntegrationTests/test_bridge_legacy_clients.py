"""Real clients of the legacy era with a real server that speaks 2026-07-28 only: every feature, side by side, restarts."""

import contextlib
import json
import queue
import subprocess
import threading

import pytest
from martlet_support import Gateway, repository
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import python, real_server
from martlet_support.route import fresh_token
from martlet_support.steps import Person, registered

CLIENTS = {
    # name: (environment, driver, revision)
    "sdk-2.3-legacy": ("fastmcp", "features_sdk_2.py", "2025-11-25"),
    "sdk-1.30": ("sdk1", "features_sdk_1.py", "2025-11-25"),
    "sdk-1.9.4": ("sdk19", "features_sdk_1.py", "2025-03-26"),
}
TOOLS = ["add", "ask_model", "greet", "log", "slow", "touch", "visit", "where", "who_cancelled"]


class LegacyClient:
    """One real client in a process of its own, told what to do line by line."""

    def __init__(self, kind: str, name: str, url: str, token: str):
        environment, driver, self.revision = CLIENTS[kind]
        self.process = subprocess.Popen(
            [python(environment), repository / "Tests/Clients/drivers" / driver],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.events: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.send(json.dumps({"url": url, "token": token, "name": name}))

    def _read(self) -> None:
        for line in self.process.stdout:
            if line.startswith("{"):
                self.events.put(json.loads(line))
        self.events.put({"event": "gone"})

    def send(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def expect(self, event: str, timeout: float = 200) -> dict:
        found = self.events.get(timeout=timeout)
        assert found["event"] == event, found.get("error", found)
        return found

    def do(self, phase: str) -> dict:
        self.send(phase)
        return self.expect(phase.split()[0])

    def __enter__(self) -> "LegacyClient":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(real_server("modern"))
        gateway = stack.enter_context(Gateway({"modern": url}, users={USER: PASSWORD, "bob": PASSWORD}))
        yield Installation(gateway, {})


@pytest.fixture(scope="module")
def token(world) -> str:
    return fresh_token(world, "modern")


@pytest.mark.parametrize("kind", CLIENTS)
def test_every_feature(world, token, kind):
    with LegacyClient(kind, "ada", world.mcp_url("modern"), token) as client:
        ready = client.expect("ready")
        assert (ready["protocol"], ready["server"]) == (client.revision, "modern")
        assert ready["instructions"] == "Be kind."
        seen = client.do("features")
        assert seen["tools"] == TOOLS
        assert (seen["add"], seen["mirrored"]) == ("5", "Z\u00fcrich")
        assert (seen["resources"], seen["templates"]) == (["test://note"], ["test://notes/{name}"])
        assert (seen["read"], seen["missing"]) == (["a note", "note a"], -32002)
        assert (seen["prompts"], seen["prompt"]) == (["poem"], "A poem about rain")
        assert seen["completion"] == ["sunflower"]
        assert (seen["slow"], seen["progress"]) == ("done", [1, 2, 3])
        assert seen["log"] == [["info: at info", "error: at error"], ["error: at error"]]
        assert seen["model"] == "model of ada in file:///ada"
        assert sorted(seen["asked"][:2]) == ["roots", "sampling"]
        if client.revision > "2025-03-26":
            assert seen["greet"] == "Hello ada.First ada.Last"
            assert seen["asked"][2:] == ["form", "form"]
            pages = client.do("pages")
            assert (pages["text"], pages["asked"][4:]) == ("accept", ["url"])
        assert seen["changes"] == ["tools", "prompts", "resources", "updated test://note", "before it was watched: False"]
        assert seen["cancelled"] is True
        client.send("end")
        client.expect("end")


def test_nobody_gets_a_question_of_somebody_else(world, token):
    """Two processes of one client and one of another user, all asked at once, again and again."""
    bob = Person(world, "bob", PASSWORD).tokens(registered(world), world.mcp_url("modern")).access
    people = {"ada1": token, "ada2": token, "bob": bob}
    with contextlib.ExitStack() as stack:
        clients = {
            name: stack.enter_context(LegacyClient(kind, name, world.mcp_url("modern"), access))
            for (name, access), kind in zip(people.items(), ("sdk-1.30", "sdk-1.30", "sdk-2.3-legacy"))
        }
        for client in clients.values():
            client.expect("ready")
        for client in clients.values():
            client.send("greet 12")
        for name, client in clients.items():
            assert client.expect("greet")["texts"] == [f"Hello {name}.First {name}.Last"] * 12


@pytest.mark.parametrize("crash", [False, True], ids=["SIGTERM", "SIGKILL"])
def test_a_session_outlives_a_restart_of_martlet(world, token, crash):
    with LegacyClient("sdk-1.30", "ada", world.mcp_url("modern"), token) as client:
        client.expect("ready")
        assert client.do("greet 1")["texts"] == ["Hello ada.First ada.Last"]
        world.gateway.restart(crash=crash)
        assert client.do("greet 2")["texts"] == ["Hello ada.First ada.Last"] * 2
        seen = client.do("features")
        assert seen["changes"][-1] == "before it was watched: False" and seen["cancelled"] is True
        client.send("end")
        client.expect("end")
