"""Runs the tests of some checks, Swift's and Python's, and says which went red and in what words."""

import os
import re
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

import prove
import swift_tests

SWIFT_LIMIT = 240
PYTHON_LIMIT = 420
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
ISSUE = re.compile(r"Test (?:case .* to )?`?(\w+)(?:\([^)]*\))?`? recorded an issue.*? at ([\w+]+\.swift):(\d+):\d+: (.*)")
ENDED = re.compile(r"^\S+ Test `?(\w+)(?:\([^)]*\))?`?(?: with \d+ test cases?)? (passed|failed) after")
BEGUN = re.compile(r"Test `?(\w+)(?:\([^)]*\))?`? started")


@dataclass
class Outcome:
    red: dict[str, str] = field(default_factory=dict)
    green: list[str] = field(default_factory=list)
    trouble: str = ""


def run(
    names: list[str], root: Path, mutant: str | None, languages: tuple[str, ...] = ("swift", "python")
) -> Outcome:
    """The tests that carry one of these ids, under a time limit; a run that hangs or crashes proves nothing."""
    known = prove.tests()
    wanted = {prove.canonical(name) for name in names}
    found = set()
    for identifier, tests in known.items():
        if identifier in wanted or (identifier[-1:].isalpha() and identifier[:-1] in wanted):
            found |= tests
    outcome = Outcome()
    environment = {**os.environ, **swift_tests.ENVIRONMENT, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("MARTLET_MUTANT", None)
    if mutant:
        environment["MARTLET_MUTANT"] = mutant
    swift = sorted({spelling for spelling, place in found if not place.endswith(".py")})
    if swift and "swift" in languages:
        run_swift(rf"^\w+\.(?:.*[^A-Za-z0-9])?({'|'.join(swift)})(_|\(|$)", root, environment, outcome)
    python = sorted({(spelling, place) for spelling, place in found if place.endswith(".py")})
    if python and "python" in languages:
        run_python(python, root, environment, outcome, many=mutant is None)
    if not found:
        outcome.trouble = "no test"
    return outcome


def execute(command: list[str], root: Path, environment: dict, limit: float) -> tuple[int | None, str]:
    process = subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    try:
        output, _ = process.communicate(timeout=limit)
        return process.returncode, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        return None, output


def run_swift(pattern: str, root: Path, environment: dict, outcome: Outcome) -> None:
    bundle = next((root / ".build/debug").glob("*.xctest"))
    command = [str(bundle), "--testing-library", "swift-testing", "--no-parallel", "--filter", pattern]
    limit = SWIFT_LIMIT if "MARTLET_MUTANT" in environment else 4 * SWIFT_LIMIT
    code, output = execute(command, root, environment, limit)
    begun, ended = set(), set()
    for line in ESCAPES.sub("", output).splitlines():
        if match := ISSUE.search(line):
            outcome.red.setdefault(match[1], f"{match[2]}:{match[3]} {match[4]}"[:300])
        elif match := ENDED.search(line):
            ended.add(match[1])
            if match[2] == "passed":
                outcome.green.append(match[1])
            else:
                outcome.red.setdefault(match[1], "failed")
        elif match := BEGUN.search(line):
            begun.add(match[1])
    if code is None:
        outcome.trouble = f"hung: {', '.join(sorted(begun - ended))}"
    elif code < 0 or (code not in (0, 1) and not ended):
        outcome.trouble = f"crashed ({code}): {', '.join(sorted(begun - ended))}"


def run_python(tests: list[tuple[str, str]], root: Path, environment: dict, outcome: Outcome, many: bool) -> None:
    names = sorted({f"{spelling}_" for spelling, _ in tests})
    files = sorted({place for _, place in tests})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [".venvs/test/bin/python", "-m", "pytest", *files, "-k", " or ".join(names), "-v", "--tb=short"]
        command += ["-p", "no:cacheprovider", f"--junitxml={report}", "-o", "faulthandler_timeout=180"]
        if many:
            command += ["--numprocesses", "3", "--dist", "loadfile"]
        code, output = execute(command, root, environment, (6 if many else 1) * PYTHON_LIMIT)
        if not report.exists():
            running = re.findall(r"::test_(\w+)(?:\[.*?\])? *$", output, re.MULTILINE)
            outcome.trouble = f"hung: {', '.join(running[-1:])}" if code is None else f"broke off ({code})"
            for name in re.findall(r"::test_(\w+)(?:\[[^\n]*\])? FAILED", output):
                outcome.red.setdefault(name, "failed, before the run hung")
            return
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            name = case.get("name", "").split("[")[0].removeprefix("test_")
            failure, error = case.find("failure"), case.find("error")
            if failure is not None:
                outcome.red.setdefault(name, " ".join((failure.get("message") or "").split())[:300])
            elif error is not None:
                outcome.trouble = outcome.trouble or f"set-up failed: {(error.get('message') or '')[:200]}"
            elif case.find("skipped") is None:
                outcome.green.append(name)
    outcome.green = [name for name in dict.fromkeys(outcome.green) if name not in outcome.red]
