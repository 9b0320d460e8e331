#!/usr/bin/env python3
"""Runs the Swift tests in one process, one test at a time. Called by scripts/test_stages.py.

usage: scripts/swift_tests.py FOLDER

One test at a time: hundreds at once starve each other on two cores, and time limits in the code then fire. A target that has
tests, none of which is in the report, is red.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
# The testing library would keep a backtrace of every error that a test sees thrown, and look through all of them at the
# next: nine tenths of the time of tests that throw much.
ENVIRONMENT = {"SWT_SWIFT_ERROR_BACKTRACING_ENABLED": "0"}


def silent(targets: list[str], report: Path) -> list[str]:
    """The targets of which the report holds no test; all of them where there is no report."""
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return targets
    heard = {case.get("classname", "").split(".")[0] for case in cases}
    return [target for target in targets if target not in heard]


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    reports = Path(arguments[0])
    reports.mkdir(parents=True, exist_ok=True)
    targets = sorted(folder.name for folder in REPOSITORY.glob("Tests/*Tests") if any(folder.rglob("*.swift")))
    command = ["swift", "test", "--skip-build", "--no-parallel", "--xunit-output", str(reports / "all.xml")]
    environment = {**os.environ, **ENVIRONMENT}
    outcome = subprocess.run(command, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL)
    # Where it writes what the tests of Swift Testing did.
    unheard = silent(targets, reports / "all-swift-testing.xml")
    if unheard:
        print(f"no test of these is in the report: {', '.join(unheard)}", file=sys.stderr)
    return 1 if outcome.returncode != 0 or unheard else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
