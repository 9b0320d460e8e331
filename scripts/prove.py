#!/usr/bin/env python3
"""Runs every test of one check at its full count and records the result in docs/proof.md.

usage: scripts/prove.py [--built] R-20 | --list

The tests of a check are those whose name carries its id: `R_20_…` in Swift, `test_R_20_…` in Python; those of V-050a and the
other parts are V-050's too. They read
MARTLET_FULL_COUNTS=1 as "the full count". A test that says `proof: R-20 count=10000` has its count recorded; otherwise
the number of tests is. scripts/proofs.json may set a check's environment, limit in minutes or tests' ids where they
differ, and that its calls are so many that the program is built in release mode. --built trusts that this tree was built as it is.
"""

import datetime
import json
import os
import re
import signal
import string
import subprocess
import sys
import time
from pathlib import Path

import swift_tests

REPOSITORY = Path(__file__).resolve().parent.parent
RECORD = REPOSITORY / "docs/proof.md"
HEAD = """# Proof

Checks at their full count (`make prove CHECK=…`; `make test` runs them at a reduced one). A `+` behind a commit: the
tree held changes that were not committed.

| date | commit | check | count | took | result |
|---|---|---|---|---|---|
"""
SWIFT_NAME = re.compile(r"func\s+`?([A-Z]{1,2}_?\d+[a-z]?(?:_\w+)?)")
PYTHON_NAME = re.compile(r"def\s+test_([A-Z]{1,2}_?\d+[a-z]?(?:_\w+)?)")


def canonical(identifier: str) -> str:
    """V_018a, V-18a and V018a are one id; so are G7 and G_07."""
    match = re.fullmatch(r"([A-Za-z]{1,2})[-_]?0*(\d+)([a-z]?)", identifier)
    return f"{match[1].upper()}-{match[2]}{match[3]}" if match else identifier


def tests() -> dict[str, set[tuple[str, str]]]:
    """Check ids -> (the id as a test spells it, where: a Swift test target or a Python test file)."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in sorted(REPOSITORY.joinpath("Tests").rglob("*")):
        pattern = {".swift": SWIFT_NAME, ".py": PYTHON_NAME}.get(path.suffix)
        if pattern is None:
            continue
        place = path.relative_to(REPOSITORY).parts[1] if path.suffix == ".swift" else str(path.relative_to(REPOSITORY))
        for name in pattern.findall(path.read_text(encoding="utf-8")):
            for spelling in spellings(name):
                found.setdefault(canonical(spelling), set()).add((spelling, place))
    return found


def carriers(known: dict[str, set[tuple[str, str]]], check: str) -> set[tuple[str, str]]:
    """The tests of a check, those of its lettered parts too: V-050 is V-050a, V-050b and so on."""
    parts = {check, *(check + letter for letter in string.ascii_lowercase)}
    return set().union(*(found for identifier, found in known.items() if identifier in parts))


def spellings(name: str) -> list[str]:
    """The ids at the head of a test's name: V_018a_x has V_018a; N_12_N_13_x has both."""
    out = []
    while match := re.match(r"([A-Z]{1,2}_?\d+[a-z]?)(?:_|$)", name):
        out.append(match[1])
        name = name[match.end() :]
    return out


def commands(found: set[tuple[str, str]]) -> list[list[str]]:
    """What runs the tests of one check, Swift's and Python's."""
    swift = sorted({spelling for spelling, place in found if not place.endswith(".py")})
    python = [(spelling, place) for spelling, place in found if place.endswith(".py")]
    out = []
    if swift:
        out.append(["swift", "test", "--skip-build", "--filter", rf"(^|[^A-Za-z0-9])({'|'.join(swift)})(_|\(|$)"])
    if python:
        names = sorted({f"{spelling}_" for spelling, _ in python})
        files = sorted({place for _, place in python})
        # The dump of all threads after five minutes is meant for tests that hang; a full count takes longer by right.
        quiet = ["-o", "faulthandler_timeout=0"]
        out.append([".venvs/test/bin/python", "-m", "pytest", *files, "-k", " or ".join(names), "-rA", "-s", *quiet])
    return out


def run(command: list[str], environment: dict[str, str], limit: float) -> tuple[int | None, str]:
    """Runs one command, shows its output as it comes, and answers exit code (None: too slow) and output."""
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **swift_tests.ENVIRONMENT, **environment},
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    deadline = time.monotonic() + limit
    expired = False

    def expire(*_):
        nonlocal expired
        expired = True
        os.killpg(process.pid, signal.SIGKILL)

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(deadline - time.monotonic(), 0.1))
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            print(line, end="", flush=True)
        code = process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return (None if expired else code), "".join(lines)


def counted(check: str, output: str) -> tuple[int, str]:
    """How many tests ran, and the count to record."""
    ran = sum(int(n) for n in re.findall(r"Test run with (\d+) tests?", output))
    ran += sum(int(n) for n in re.findall(r"(\d+) passed(?:[, ].*)? in ", output))
    counts = re.findall(rf"proof: {re.escape(check)} count=(\d+)", output)
    return ran, f"{sum(map(int, counts)):,}" if counts else f"{ran} tests"


def commit() -> str:
    def git(*arguments):
        return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()

    head = git("rev-parse", "--short", "HEAD") or "none"
    changed = [line for line in git("status", "--porcelain").splitlines() if "docs/proof.md" not in line]
    return head + ("+" if changed else "")


def record(check: str, count: str, seconds: float, result: str) -> None:
    RECORD.parent.mkdir(exist_ok=True)
    if not RECORD.exists():
        RECORD.write_text(HEAD)
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    took = f"{seconds / 60:.1f} min" if seconds >= 60 else f"{seconds:.0f} s"
    with RECORD.open("a") as file:
        file.write(f"| {today} | {commit()} | {check} | {count} | {took} | {result} |\n")


def main(arguments: list[str]) -> int:
    known = tests()
    if arguments == ["--list"]:
        for identifier, found in sorted(known.items()):
            print(f"{identifier:<8} {', '.join(sorted({place for _, place in found}))}")
        return 0
    is_built = arguments[:1] == ["--built"]
    arguments = arguments[is_built:]
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    check = arguments[0]
    table = json.loads((REPOSITORY / "scripts/proofs.json").read_text())
    entry = table.get(check, {})
    found = set().union(*(carriers(known, canonical(name)) for name in entry.get("tests", [check])))
    if not found:
        print(
            f"prove: no test carries the id {check}; `scripts/prove.py --list` names those that exist", file=sys.stderr
        )
        return 2
    kind = "release" if entry.get("release") else "debug"
    environment = {
        "MARTLET_FULL_COUNTS": "1",
        "MARTLET_BIN": str(REPOSITORY / f".build/{kind}/martlet"),
        **entry.get("environment", {}),
    }
    # One way of building for both kinds of tests, or each would undo the other's work. It isn't part of the check's time.
    program = ["--product", "martlet"]
    builds = [["-c", "release", *program]] if kind == "release" else [["--build-tests"], program]
    if not is_built and any(run(["swift", "build", *each], {}, 45 * 60)[0] != 0 for each in builds):
        print("prove: the build failed (output above)", file=sys.stderr)
        return 1
    limit, started, output, result = entry.get("minutes", 30) * 60, time.monotonic(), "", "passed"
    for command in commands(found):
        print(f"==> {' '.join(command)}", flush=True)
        code, text = run(command, environment, limit - (time.monotonic() - started))
        output += text
        if code != 0:
            result = "FAILED" if code is not None else f"FAILED: not done after {limit // 60:.0f} min"
            break
    ran, count = counted(check, output)
    if ran == 0 and result == "passed":
        result = "FAILED: no test ran"
    record(check, count, time.monotonic() - started, result)
    print(f"\n{check}: {result}, {count} (recorded in docs/proof.md)")
    return 0 if result == "passed" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
