"""A process of the benchmark: pinned to cores, and measured with everything that it starts."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
TICK = os.sysconf("SC_CLK_TCK")


class DidNotStart(Exception):
    """A process ended, or was not ready in time; the message holds its last words."""


@dataclass(frozen=True)
class Memory:
    """Bytes. PSS counts pages that several processes share once."""

    rss: int
    pss: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class PinnedProcess:
    def __init__(self, command: list, cores: tuple[int, ...], log: Path, *, cwd: Path | None = None, env: dict | None = None):
        self.log = log
        self.started = time.monotonic()
        self.command = command
        with open(log, "ab") as output:
            self.popen = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=cwd,
                env={**os.environ, **(env or {})}, start_new_session=True,
                preexec_fn=lambda: _begin(cores),
            )

    # Life

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60, pause: float = 0.05) -> float:
        """Seconds from the start until `ready()`."""
        while time.monotonic() < self.started + seconds:
            if self.popen.poll() is not None:
                raise DidNotStart(f"{self.command[0]} ended with {self.popen.returncode}\n{self.last_words()}")
            if ready():
                return time.monotonic() - self.started
            time.sleep(pause)
        self.stop()
        raise DidNotStart(f"{self.command[0]} was not ready after {seconds} s\n{self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def freeze(self) -> None:
        """Stands still while another is measured."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def move(self, cores: tuple[int, ...]) -> None:
        """Pins it, with all its threads, to other cores."""
        for pid in self.pids():
            for task in os.listdir(f"/proc/{pid}/task"):
                try:
                    os.sched_setaffinity(int(task), cores)
                except ProcessLookupError:
                    pass

    def stop(self) -> None:
        self.thaw()
        self._signal(signal.SIGTERM)
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            pass
        self._signal(signal.SIGKILL)
        self.popen.wait()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.popen.pid, number)
        except ProcessLookupError:
            pass

    # Measuring

    def pids(self) -> list[int]:
        """The process and all that descend from it."""
        parents: dict[int, list[int]] = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (fields := _stat(int(entry))):
                parents.setdefault(int(fields[1]), []).append(int(entry))
        found = [self.popen.pid]
        for pid in found:
            found += parents.get(pid, [])
        return found

    def cpu_seconds(self) -> float:
        """User and system time that it and its living descendants have used."""
        return sum((int(f[11]) + int(f[12])) for pid in self.pids() if (f := _stat(pid))) / TICK

    def memory(self) -> Memory:
        totals = {"Rss": 0, "Pss": 0}
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
                name, value = line.split(":")
                if name in totals:
                    totals[name] += int(value.split()[0]) * 1024
        return Memory(totals["Rss"], totals["Pss"])


def _begin(cores: tuple[int, ...]) -> None:
    """Runs in the child: its cores, and an end with the benchmark, however that ends."""
    os.sched_setaffinity(0, cores)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
