"""Real MCP servers and real MCP clients, each in the environment that scripts/python-env.sh made for it."""

import contextlib
import json
import queue
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from .gateway import Gateway, free_port, repository

VENVS = repository / ".venvs"


def python(environment: str) -> Path:
    path = VENVS / environment / "bin/python"
    assert path.exists(), f"no environment {environment}: run `scripts/python-env.sh {environment}`"
    return path


# Servers

SERVERS = {
    # name: (environment, arguments before the port, working folder)
    "demo": ("fastmcp", [str(repository / "Examples/demo-server/server.py"), "--port"], repository),
    "everything": ("fastmcp", ["-m", "mcp_everything_server", "--port"], VENVS / "everything-server"),
    "modern": ("fastmcp", [str(repository / "Tests/Clients/servers/modern_server.py")], repository),
    "account": ("fastmcp", [str(repository / "Tests/Clients/servers/account_server.py")], repository),
    "notes": ("fastmcp", [str(repository / "Tests/Clients/servers/notes_server.py")], repository),
    "legacy": ("sdk1", [str(repository / "Tests/Clients/servers/legacy_server.py")], repository),
}


def real_server(name: str, *more: str):
    """Runs one of SERVERS on a free port, with more arguments after it; yields its MCP URL."""
    environment, arguments, folder = SERVERS[name]
    return _running(name, environment, lambda port: [*arguments, str(port), *more], folder, "mcp")


def legacy_features_server(how: str = "streamable-http"):
    """Runs Tests/Clients/servers/legacy_features_server.py: `streamable-http`, `stateless` or `sse`; yields the URL for clients."""
    script = str(repository / "Tests/Clients/servers/legacy_features_server.py")
    path = "sse" if how == "sse" else "mcp"
    return _running(f"legacy features, {how}", "sdk1", lambda port: [script, str(port), how], repository, path)


def talkative_server(environment: str, transport: str):
    """Runs Tests/Clients/servers/talkative_server.py over `sse` or `streamable-http`; yields the URL for clients."""
    script = str(repository / "Tests/Clients/servers/talkative_server.py")
    path = "sse" if transport == "sse" else "mcp"
    return _running(f"features on {environment}", environment, lambda port: [script, str(port), transport], repository, path)


@contextlib.contextmanager
def _running(name: str, environment: str, arguments, folder: Path, path: str):
    port = free_port()
    process = subprocess.Popen(
        [python(environment), *arguments(port)],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(port, process, name)
        yield f"http://127.0.0.1:{port}/{path}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_port(port: int, process: subprocess.Popen, name: str, timeout: float = 120) -> None:
    import socket

    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{name} ended with {process.returncode}"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"{name} did not listen on {port} after {timeout} s")


# Clients

CLIENTS = {
    # name: (environment, driver, settings)
    "sdk-2.3": ("fastmcp", "python_sdk_2.py", {"mode": "auto"}),
    "sdk-2.3-legacy": ("fastmcp", "python_sdk_2.py", {"mode": "legacy"}),
    "sdk-1.30": ("sdk1", "python_sdk_1.py", {}),
    "sdk-1.9.4": ("sdk19", "python_sdk_1.py", {}),
    "fastmcp": ("fastmcp", "fastmcp_client.py", {}),
}


@dataclass
class Call:
    """What a client says after a tool call."""

    tools: list[str]
    text: str
    seconds: float
    protocol: str
    logins: int
    passwords: int
    client_id: str | None
    access: list[str]
    refresh: list[str | None]


class ClientFailed(AssertionError):
    pass


@dataclass
class RealClient:
    """One real client in its own process. `connect` logs in and makes the first call; `again` makes another."""

    name: str
    gateway: Gateway
    server: str
    username: str
    password: str
    tool: str
    arguments: dict = field(default_factory=dict)
    registration: dict = field(default_factory=dict)
    callback_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        # FastMCP's callback server calls itself localhost; nothing listens for the others, the browser stops there.
        host = "localhost" if self.name == "fastmcp" else "127.0.0.1"
        self.redirect_uri = f"http://{host}:{self.callback_port}/callback"

    def __enter__(self) -> "RealClient":
        environment, driver, extra = CLIENTS[self.name]
        settings = {
            "url": self.gateway.mcp_url(self.server),
            "gateway": self.gateway.url,
            "username": self.username,
            "password": self.password,
            "tool": self.tool,
            "arguments": self.arguments,
            "redirect_uri": self.redirect_uri,
            "callback_port": self.callback_port,
            **extra,
            **self.registration,
        }
        self._errors = open(self.gateway.folder / f"{self.name}-{self.callback_port}.log", "w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [python(environment), repository / "Tests/Clients/drivers" / driver],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=repository,
        )
        self._events: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._send(json.dumps(settings))
        return self

    def __exit__(self, *_) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._errors.close()

    def _read(self) -> None:
        for line in self._process.stdout:
            if line.startswith("{"):
                self._events.put(json.loads(line))
        self._events.put({"event": "gone"})

    def _send(self, line: str) -> None:
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def _next(self, event: str, timeout: float) -> dict:
        try:
            found = self._events.get(timeout=timeout)
        except queue.Empty:
            raise ClientFailed(f"{self.name} said nothing for {timeout} s\n{self._said()}") from None
        if found["event"] != event:
            raise ClientFailed(f"{self.name}: {found.get('error', found['event'])}\n{self._said()}")
        return {key: value for key, value in found.items() if key != "event"}

    def _said(self) -> str:
        self._errors.flush()
        return Path(self._errors.name).read_text()[-3000:]

    def connect(self, *, timeout: float = 240) -> Call:
        """Waits until the client has logged in, listed the tools and called one."""
        return Call(**self._next("called", timeout))

    def again(self, *, timeout: float = 240) -> Call:
        """Has the client call its tool once more."""
        self._send("again")
        return Call(**self._next("called", timeout))

    def end(self, *, timeout: float = 120) -> None:
        """Has the client close its connection in its own way, and end."""
        self._send("end")
        self._next("end", timeout)


FEATURE_CLIENTS = {
    # name: (environment, driver, settings, revision)
    "sdk-2.3": ("fastmcp", "features_sdk_2.py", {"mode": "auto"}, "2026-07-28"),
    "sdk-2.3-legacy": ("fastmcp", "features_sdk_2.py", {"mode": "legacy"}, "2025-11-25"),
    "sdk-1.30": ("sdk1", "features_sdk_1.py", {"wire": "http"}, "2025-11-25"),
    "sdk-1.12.4": ("sdk112", "features_sdk_1.py", {"wire": "http"}, "2025-06-18"),
    "sdk-1.9.4": ("sdk19", "features_sdk_1.py", {"wire": "http"}, "2025-03-26"),
    "sdk-1.6.0": ("sdk16", "features_sdk_1.py", {"wire": "sse"}, "2024-11-05"),
}


class FeatureClient:
    """One real client that goes through drivers/features.py in a process of its own, told what to do line by line."""

    def __init__(self, kind: str, name: str, gateway: Gateway, server: str, token: str, **settings):
        environment, driver, extra, self.revision = FEATURE_CLIENTS[kind]
        url = f"{gateway.url}/{server}/sse" if extra.get("wire") == "sse" else gateway.mcp_url(server)
        self.process = subprocess.Popen(
            [python(environment), repository / "Tests/Clients/drivers" / driver],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.events: queue.Queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.send(json.dumps({"url": url, "token": token, "name": name, **extra, **settings}))

    def _read(self) -> None:
        for line in self.process.stdout:
            if line.startswith("{"):
                self.events.put(json.loads(line))
        self.events.put({"event": "gone"})

    def send(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def expect(self, event: str, timeout: float = 300) -> dict:
        found = self.events.get(timeout=timeout)
        assert found["event"] == event, found.get("error", found)
        return found

    def do(self, phase: str) -> dict:
        self.send(phase)
        return self.expect(phase.split()[0])

    def end(self) -> None:
        self.send("end")
        self.expect("end")

    def __enter__(self) -> "FeatureClient":
        return self

    def __exit__(self, *_) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
