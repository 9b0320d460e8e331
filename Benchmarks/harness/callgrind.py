"""Instructions of a process in user mode, counted by valgrind: unlike times, the same on a busy machine."""

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .process import DidNotStart

SHIM = Path(__file__).resolve().parents[1] / "load/sigsuspend.c"
COST = re.compile(r"^[+*\-\d]\S* (\d+)$")
NAMED = re.compile(r"^(c?fn|c?ob)=(?:\(\d+\) ?)?(.*)$")


@dataclass
class Counts:
    """Instructions by function: its own, and with everything that it calls."""

    own: Counter = field(default_factory=Counter)
    inside: Counter = field(default_factory=Counter)
    calls: Counter = field(default_factory=Counter)
    # What a function calls, with everything inside of that: (caller, callee) to instructions.
    edges: Counter = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.own.values())


def preloaded(folder: Path) -> dict[str, str]:
    """The environment that a program of Swift's needs to run under valgrind."""
    library = folder / "sigsuspend.so"
    done = subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", library, SHIM], capture_output=True, text=True)
    if done.returncode:
        raise DidNotStart(done.stderr)
    return {"LD_PRELOAD": str(library)}


def command(program: list, folder: Path) -> list:
    """The program under valgrind; nothing is counted until `switch` says so. Valgrind can't read Swift's debug symbols."""
    bare = folder / "program"
    subprocess.run(["strip", "-g", "-o", bare, program[0]], check=True)
    program = [bare, *program[1:]]
    return ["valgrind", "--tool=callgrind", "--instr-atstart=no", "--compress-strings=no", "--compress-pos=no",
            f"--callgrind-out-file={folder}/callgrind.out", *program]


def switch(pid: int, on: bool) -> None:
    _control(f"--instr={'on' if on else 'off'}", pid)


def dump(pid: int, folder: Path) -> Counts:
    """What was counted since the last dump."""
    for old in folder.glob("callgrind.out*"):
        old.unlink()
    _control("--dump", pid)
    found = sorted(folder.glob("callgrind.out*"), key=lambda path: path.stat().st_size)
    if not found:
        raise DidNotStart("callgrind wrote nothing")
    return read(found[-1].read_text(errors="replace").splitlines())


def read(lines) -> Counts:
    counts = Counts()
    here = there = place = place_there = ""
    is_call = False
    for line in lines:
        if named := NAMED.match(line):
            kind, name = named.groups()
            if kind == "ob":
                place = name
            elif kind == "cob":
                place_there = name
            elif kind == "fn":
                here = _key(name, place)
            else:
                there, place_there = _key(name, place_there or place), ""
        elif line.startswith("calls="):
            is_call = True
            counts.calls[there] += int(line[6:].split()[0])
        elif cost := COST.match(line):
            if is_call:
                counts.edges[here, there] += int(cost[1])
                is_call = False
            else:
                counts.own[here] += int(cost[1])
    counts.inside.update(counts.own)
    for (caller, callee), cost in counts.edges.items():
        # Calls of itself are inside already.
        if caller != callee:
            counts.inside[caller] += cost
    return counts


def _key(name: str, place: str) -> str:
    return re.sub(r"'\d+$", "", name) + " [" + place.rsplit("/", 1)[-1] + "]"


def _control(what: str, pid: int) -> None:
    done = subprocess.run(["callgrind_control", what, str(pid)], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise DidNotStart(f"callgrind_control: {done.stdout}{done.stderr}")
