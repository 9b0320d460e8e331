"""Martlet itself as a test sees it: a process on a free port with a data folder of its own."""

import contextlib
import http.client
import json
import os
import random
import secrets
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

repository = Path(__file__).resolve().parents[3]


TOLD_BY_THE_TRAIL = ("audit", "flow")
TRAIL_SETTLES = 60  # seconds


class CommandFailed(AssertionError):
    """A martlet command ended with another exit code than expected; the message holds all that it said."""


_ports_given: set[int] = set()


def free_port() -> int:
    """A port that no connection is given by the kernel (those begin at 32768), so that a gateway finds it free when it starts
    again; and never one twice, since tokens are remembered by URL."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        if port in _ports_given:
            continue
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _ports_given.add(port)
            return port


def binary() -> Path:
    """The program under test: MARTLET_BIN, or the debug build."""
    path = Path(os.environ.get("MARTLET_BIN") or repository / ".build/debug/martlet")
    if not path.exists():
        raise CommandFailed(f"no program at {path}: run `swift build` first, or set MARTLET_BIN")
    return path


class Gateway:
    """One gateway on 127.0.0.1 with a temporary data folder; use as a context manager.

    servers: name -> URL, or name -> the whole entry of `servers:` in martlet.yaml.
    config: anything else of martlet.yaml, merged over the defaults of this class.
    users: login name -> password, made by `martlet user add` before the start.

    MARTLET_TEST_HTTP_CODEC=nio runs everything over the codec that `http_codec` falls back on.
    """

    def __init__(
        self,
        servers: dict[str, str | dict] | None = None,
        *,
        config: dict | None = None,
        users: dict[str, str] | None = None,
        port: int | None = None,
        data_dir: str | Path | None = None,
        public_url: str | None = None,
        env: dict[str, str] | None = None,
    ):
        self.port = port or free_port()
        self.scheme = "https" if (config or {}).get("tls") else "http"
        self.url = public_url or f"{self.scheme}://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="martlet-test-")
        self.folder = Path(self._folder.name)
        self.data_dir = Path(data_dir) if data_dir else self.folder / "data"
        self.config_path = self.folder / "martlet.yaml"
        self.log_path = self.folder / "martlet.log"
        self.users = dict(users or {})
        self.env = dict(env or {})
        self.process: subprocess.Popen | None = None
        self.config: dict = {
            "public_url": self.url,
            "listen": f"127.0.0.1:{self.port}",
            "data_dir": str(self.data_dir),
            "servers": {
                name: {"url": entry} if isinstance(entry, str) else entry for name, entry in (servers or {}).items()
            },
            **({"http_codec": os.environ["MARTLET_TEST_HTTP_CODEC"]} if os.environ.get("MARTLET_TEST_HTTP_CODEC") else {}),
            **(config or {}),
        }
        self.write_config()

    # Life

    def __enter__(self) -> "Gateway":
        return self.start()

    def __exit__(self, *_) -> None:
        self.close()

    def start(self, *, timeout: float = 120) -> "Gateway":
        """Makes the users on the first start, starts the process and waits until /readyz answers 200."""
        for name, password in self.users.items():
            self.add_user(name, password)
        self.users = {}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [binary(), "serve", "--config", self.config_path],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, **self.env},
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise CommandFailed(f"martlet serve ended with {self.process.returncode}:\n{self.log()}")
            if self._is_ready():
                return self
            time.sleep(0.05)
        raise CommandFailed(f"martlet serve was not ready after {timeout} s:\n{self.log()}")

    def _is_ready(self) -> bool:
        return self._asked("/readyz")[0] == 200

    def _asked(self, path: str) -> tuple[int, str]:
        """Status and text of an answer; 0 where nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        if self.scheme == "https":
            # Whose certificate it is doesn't matter here; tests that care name their authority.
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=10, context=ssl._create_unverified_context())
        try:
            connection.request("GET", path, headers={"Host": urllib.parse.urlsplit(self.config["public_url"]).netloc})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def _metric(self, name: str) -> int | None:
        """A number of /metrics; `None` where it isn't told."""
        lines = (line.split(" ") for line in self._asked("/metrics")[1].splitlines() if line.startswith(name + " "))
        return next((int(line[1]) for line in lines), None)

    def stop(self, *, timeout: float = 90) -> int:
        """SIGTERM, then waits; answers the exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.terminate()
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise CommandFailed(f"martlet did not stop within {timeout} s of SIGTERM:\n{self.log()}") from None

    def kill(self) -> None:
        """SIGKILL: what a crash or a power cut leaves behind."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def restart(self, *, crash: bool = False) -> "Gateway":
        """Stops (or kills) the process and starts it again on the same port, data and configuration."""
        if crash:
            self.kill()
        else:
            self.stop()
        return self.start()

    def reload(self, config: dict | None = None) -> None:
        """SIGHUP, after `config` was merged into martlet.yaml."""
        if config:
            self.config.update(config)
            self.write_config()
        assert self.process is not None, "not running"
        self.process.send_signal(signal.SIGHUP)

    def close(self) -> None:
        try:
            self.stop()
        finally:
            self._folder.cleanup()

    def twin(self) -> "Gateway":
        """A second process on the same data folder, on its own port, with the same public URL."""
        other = Gateway(config={**self.config}, data_dir=self.data_dir, env=self.env)
        other.config["listen"] = f"127.0.0.1:{other.port}"
        other.config["public_url"] = self.url
        other.url = f"{self.scheme}://127.0.0.1:{other.port}"
        other.config["allowed_hosts"] = [f"127.0.0.1:{other.port}", f"127.0.0.1:{self.port}"]
        other.write_config()
        return other

    # What tests ask of it

    def mcp_url(self, server: str) -> str:
        return f"{self.url}/{server}/mcp"

    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def settle_trail(self) -> None:
        """Waits until no record is on its way to the store. A process that is stopped, or can't write, has none that this could wait for."""
        if self.process is None or self.process.poll() is not None:
            return
        deadline = time.monotonic() + TRAIL_SETTLES
        while self._metric("martlet_trail_waiting") not in (0, None):
            if time.monotonic() > deadline:
                raise CommandFailed(f"the trail was not written within {TRAIL_SETTLES} s:\n{self.log()}")
            time.sleep(0.02)

    def write_config(self) -> None:
        # JSON is YAML: no YAML library is needed to write the file.
        self.config_path.write_text(json.dumps(self.config, indent=2))

    # The command line

    def cli(self, *arguments: str, stdin: str | None = None, exit_code: int | None = 0, timeout: float = 180):
        """Runs `martlet ARGUMENTS --config …` and answers the completed process; `exit_code=None` accepts any.

        What reads the trail waits until the process wrote down all that it had answered so far.
        """
        if arguments[0] in TOLD_BY_THE_TRAIL:
            self.settle_trail()
        command = [str(binary()), *arguments, "--config", str(self.config_path)]
        done = subprocess.run(
            command,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.folder,
            env={**os.environ, **self.env},
        )
        if exit_code is not None and done.returncode != exit_code:
            raise CommandFailed(
                f"`martlet {' '.join(arguments)}` ended with {done.returncode}\n"
                f"stdout: {done.stdout}\nstderr: {done.stderr}"
            )
        return done

    def cli_json(self, *arguments: str, **options):
        """The same with --json; answers the parsed output."""
        done = self.cli(*arguments, "--json", **options)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise CommandFailed(f"`martlet {' '.join(arguments)} --json` did not print JSON:\n{done.stdout}") from None

    def add_user(self, name: str, password: str | None = None, *arguments: str) -> str:
        """`martlet user add`; answers the password."""
        password = password or secrets.token_urlsafe(12)
        self.cli("user", "add", name, "--password-stdin", *arguments, stdin=password + "\n")
        return password

    def add_client(self, name: str, *arguments: str) -> dict:
        """`martlet client add NAME … --json`: client_id and, for confidential clients, client_secret."""
        return self.cli_json("client", "add", name, *arguments)

    def revoke(self, *arguments: str):
        """`martlet token revoke TOKEN`, or `--user U`, or `--client C`."""
        return self.cli("token", "revoke", *arguments)
