"""The machine that the benchmark runs on: which core does what, and what the report says about it."""

import os
import platform
import resource
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """Who runs where. A proxy under test always has one core."""

    proxy: tuple[int, ...]
    upstream: tuple[int, ...]
    load: tuple[int, ...]

    @classmethod
    def of_this_machine(cls) -> "Cores":
        usable = sorted(os.sched_getaffinity(0))
        if len(usable) >= 3:
            return cls((usable[0],), (usable[1],), tuple(usable[2:4]))
        return cls((usable[0],), (usable[-1],), (usable[-1],))

    @property
    def is_crowded(self) -> bool:
        """Whether load generator and server share a core: then throughput says less than CPU a call."""
        return self.upstream == self.load

    def described(self) -> str:
        text = f"proxy on core {self.proxy[0]}, server on core {self.upstream[0]}, load on {list(self.load)}"
        return text + (" (too few cores: server and load share one)" if self.is_crowded else "")


def allow_many_files() -> int:
    """Raises the descriptor limit as far as it goes, for this process and those that it starts."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def busy_seconds(core: int) -> float:
    """How long a core has been busy since the start, with whatever."""
    line = next(line for line in open("/proc/stat") if line.startswith(f"cpu{core} "))
    fields = [int(x) for x in line.split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def description() -> dict:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return {"cpu": model, "cores": os.cpu_count(), "kernel": platform.release().split("-")[0], "load": os.getloadavg()[0]}
