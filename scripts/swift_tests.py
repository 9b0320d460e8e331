#!/usr/bin/env python3
"""Runs the Swift tests, one target and one test at a time. Called by scripts/test_stages.py.

usage: scripts/swift_tests.py FOLDER

One test at a time: hundreds at once starve each other on two cores, and time limits in the code then fire. One target at a
time: the testing library remembers every error that was thrown in its process and looks through all of them at the next.
"""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    reports = Path(arguments[0])
    reports.mkdir(parents=True, exist_ok=True)
    targets = sorted(folder.name for folder in REPOSITORY.glob("Tests/*Tests") if any(folder.rglob("*.swift")))
    red = []
    for target in targets:
        print(f"--- {target}", flush=True)
        report = reports / f"{target}.xml"
        command = ["swift", "test", "--skip-build", "--no-parallel", "--filter", rf"^{target}\."]
        outcome = subprocess.run([*command, "--xunit-output", str(report)], cwd=REPOSITORY, stdin=subprocess.DEVNULL)
        if outcome.returncode != 0 or not report.with_name(f"{target}-swift-testing.xml").exists():
            red.append(target)
    if red:
        print(f"red: {', '.join(red)}", file=sys.stderr)
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
