"""What a running gateway takes of its machine, as Linux counts it."""

import os
from dataclasses import dataclass


@dataclass
class Vitals:
    """One look at a process: resident memory in bytes, open descriptors apart from files, open files, threads."""

    memory: int
    descriptors: int
    files: int
    threads: int


def vitals(process: int) -> Vitals:
    with open(f"/proc/{process}/statm") as file:
        memory = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    targets = [target for target in map(target_of, os.scandir(f"/proc/{process}/fd")) if target]
    files = sum(target.startswith("/") for target in targets)
    return Vitals(memory, len(targets) - files, files, len(os.listdir(f"/proc/{process}/task")))


def target_of(descriptor: os.DirEntry) -> str | None:
    """What a descriptor leads to, `socket:[1]` or a path; nothing where it was closed while we looked."""
    try:
        return os.readlink(descriptor.path)
    except FileNotFoundError:
        return None
