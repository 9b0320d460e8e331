"""What a running gateway takes of its machine, as Linux counts it."""

import os
from dataclasses import dataclass


@dataclass
class Vitals:
    """One look at a process: resident memory in bytes, open descriptors, threads."""

    memory: int
    descriptors: int
    threads: int


def vitals(process: int) -> Vitals:
    with open(f"/proc/{process}/statm") as file:
        memory = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    descriptors = len(os.listdir(f"/proc/{process}/fd"))
    return Vitals(memory, descriptors, len(os.listdir(f"/proc/{process}/task")))
