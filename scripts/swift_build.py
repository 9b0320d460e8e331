#!/usr/bin/env python3
"""Builds everything in debug mode; red where the compiler warns of a file of ours. Called by scripts/test_stages.py."""

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
WARNING = re.compile(rf"^({re.escape(str(REPOSITORY))}/(?:Sources|Tests)/[^:]*\.swift):\d+:\d+: warning: ")


def warned(lines: list[str]) -> list[str]:
    """The files of ours that a build warned of."""
    return sorted({found[1] for found in map(WARNING.match, lines) if found})


def main() -> int:
    command = ["swift", "build", "--build-tests"]
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        print(line, end="", flush=True)
    files = warned(lines)
    for file in files:
        # The compiler tells of a warning once only: the next build is to hear of it too.
        Path(file).touch()
        print(f"the compiler warns of {Path(file).relative_to(REPOSITORY)}", file=sys.stderr)
    return process.wait() or (1 if files else 0)


if __name__ == "__main__":
    sys.exit(main())
