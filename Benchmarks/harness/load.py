"""The load: wrk as fast as it goes, or a fixed rate."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .call import Call
from .machine import Cores

FOLDER = Path(__file__).resolve().parents[1]


class LoadFailed(Exception):
    """The load generator itself failed; the message holds its output."""


@dataclass(frozen=True)
class Values:
    """The tokens that requests carry, each perhaps with a session; sent in turn, or each once only."""

    pairs: tuple[tuple[str, str], ...]
    once: bool = False

    @classmethod
    def of(cls, tokens, sessions=None, *, once: bool = False) -> "Values":
        sessions = sessions or [""]
        length = max(len(tokens), len(sessions)) if not once else len(tokens)
        return cls(tuple((tokens[i % len(tokens)], sessions[i % len(sessions)]) for i in range(length)), once)

    def rotated(self, count: int) -> "Values":
        """The same, beginning later."""
        count %= len(self.pairs)
        return Values(self.pairs[count:] + self.pairs[:count], self.once)

    def lines(self) -> str:
        return "".join(f"{token} {session}".rstrip() + "\n" for token, session in self.pairs)


@dataclass(frozen=True)
class Rush:
    """What wrk saw."""

    requests: int
    seconds: float
    bytes: int
    failures: int
    ran_out: bool
    p50_us: float
    p99_us: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


@dataclass(frozen=True)
class Pacing:
    """A fixed rate that is under way."""

    process: subprocess.Popen
    seconds: float

    def result(self) -> dict:
        """What it saw, once it has ended."""
        try:
            said, errors = self.process.communicate(timeout=self.seconds)
        finally:
            self.process.kill()
        if self.process.returncode:
            raise LoadFailed(f"paced ended with {self.process.returncode}\n{said}{errors}")
        return json.loads(said)


@dataclass(frozen=True)
class Load:
    folder: Path
    cores: Cores

    def rush(self, port: int, *, once: bool, seconds: float, connections: int) -> Rush:
        """As many requests as go through on so many connections. `write` comes first."""
        template, list_ = self._files
        threads = min(len(self.cores.load), connections)
        command = ["wrk", "-t", threads, "-c", connections, "-d", f"{max(1, round(seconds))}s", "--timeout", "30s",
                   "-s", FOLDER / "load/closed.lua", f"http://127.0.0.1:{port}/",
                   "--", template, list_, threads, "once" if once else "cycle"]
        said = self._run(command, seconds + 90)
        line = next((x for x in said.splitlines() if x.startswith("RESULT ")), None)
        if line is None:
            raise LoadFailed(said)
        seen = json.loads(line.removeprefix("RESULT "))
        failures = seen["status"] + seen["socket"] + seen["timeout"]
        return Rush(seen["requests"], seen["seconds"], seen["bytes"], failures, seen["exhausted"] > 0,
                    seen["p50"], seen["p99"])

    def paced(self, port: int, call: Call, values: Values, *, rate: int, seconds: float, connections: int = 32) -> dict:
        """A fixed rate; the times are in microseconds from the instant at which each request was due."""
        return self.pacing(port, call, values, rate=rate, seconds=seconds, connections=connections).result()

    def pacing(
        self, port: int, call: Call, values: Values, *, rate: int, seconds: float, connections: int = 32,
        name: str = "paced", core: int | None = None, spins: bool = True
    ) -> "Pacing":
        """The same beside other load: under a name of its own, and on one of the cores of the load.

        One whose times don't matter need not spin: a core that it keeps busy drives other work to the proxy's."""
        template, list_ = self.folder / f"{name}-request", self.folder / f"{name}-values"
        template.write_bytes(call.template())
        list_.write_text(values.lines())
        wait = "spin" if spins and not self.cores.is_crowded else "sleep"
        command = [self.folder / "paced", port, template, list_, connections, rate, seconds, wait]
        cores = self.cores.load if core is None else (core,)
        return Pacing(subprocess.Popen(
            [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores)), seconds + 30)

    def write(self, call: Call, values: Values) -> None:
        """Puts down what is to be sent."""
        template, list_ = self._files
        template.write_bytes(call.template())
        list_.write_text(values.lines())

    @property
    def _files(self) -> tuple[Path, Path]:
        return self.folder / "request", self.folder / "values"

    def _run(self, command: list, seconds: float) -> str:
        done = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=seconds,
            preexec_fn=lambda: os.sched_setaffinity(0, self.cores.load))
        if done.returncode:
            raise LoadFailed(f"{command[0]} ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout


def compile_program(source: Path, target: Path) -> None:
    done = subprocess.run(["cc", "-O2", "-o", str(target), str(source)], capture_output=True, text=True)
    if done.returncode:
        raise LoadFailed(f"cc could not compile {source}\n{done.stderr}")
