"""Runs the stages of the suite one after the other and adds up what they counted. Called by scripts/test.sh.

A stage that fails does not keep later ones from running, unless they need what it makes. The exit code is 1 where
anything failed.
"""

import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
REPORTS = REPOSITORY / ".build/test-reports"
MINUTE = 60


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    failures: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return self.note or f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


@dataclass
class Stage:
    name: str
    what: str
    command: list[str]
    limit: float
    report: str | None = None
    needs: str | None = None
    folder: str | None = None
    environment: dict[str, str] = field(default_factory=dict)


def pytest(name: str, what: str, folder: str, limit: float, workers: int = 0) -> Stage:
    report = REPORTS / f"{name}.xml"
    command = [".venvs/test/bin/python", "-m", "pytest", folder, "--quiet", f"--junitxml={report}", "--durations=5"]
    if workers:
        # Most of these tests wait; a file's tests stay together, since they share an installation.
        command += ["--numprocesses", str(workers), "--dist", "loadfile"]
    return Stage(name, what, command, limit, report=str(report), needs="build", folder=folder)


STAGES = [
    Stage("build", "debug build of everything, without a warning", [sys.executable, "scripts/swift_build.py"], 40 * MINUTE),
    Stage("check", "format, lint, layers, documentation, sizes", ["scripts/check.sh"], 5 * MINUTE),
    Stage(
        "swift",
        "Swift tests",
        [sys.executable, "scripts/swift_tests.py", str(REPORTS / "swift")],
        15 * MINUTE,
        report=str(REPORTS / "swift"),
        needs="build",
    ),
    pytest("conformance", "conformance and attacks, over HTTP", "Tests/ConformanceTests", 25 * MINUTE, workers=4),
    pytest("integration", "restart, OIDC provider, two processes, pages", "Tests/IntegrationTests", 15 * MINUTE, workers=2),
    pytest("clients", "real MCP clients", "Tests/Clients", 15 * MINUTE, workers=2),
]


def run(stage: Stage) -> int | None:
    """Runs one stage in a process group of its own; answers its exit code (None: too slow)."""
    environment = {
        "MARTLET_BIN": str(REPOSITORY / ".build/debug/martlet"),
        "PYTHONDONTWRITEBYTECODE": "1",
        **os.environ,
        **stage.environment,
    }
    try:
        process = subprocess.Popen(
            stage.command,
            cwd=REPOSITORY,
            env=environment,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        print(f"cannot start {stage.command[0]}: {error.strerror}", file=sys.stderr)
        return 127

    def pass_on(number, _):
        os.killpg(process.pid, number)

    previous = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return process.wait(stage.limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return None
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def count(report: str) -> Outcome | None:
    """Adds up a JUnit report, or a folder of them; None where there is no usable one."""
    path = Path(report)
    try:
        roots = [ElementTree.parse(file).getroot() for file in (sorted(path.glob("*.xml")) if path.is_dir() else [path])]
    except (OSError, ElementTree.ParseError):
        return None
    outcome = Outcome()
    for case in (case for root in roots for case in root.iter("testcase")):
        failure = case.find("failure") if case.find("failure") is not None else case.find("error")
        if failure is not None:
            outcome.failed += 1
            first_line = (failure.get("message") or failure.text or "").strip().splitlines()[:1]
            outcome.failures.append(f"{case.get('classname')} {case.get('name')}: {''.join(first_line)[:400]}")
        elif case.find("skipped") is not None:
            outcome.skipped += 1
        else:
            outcome.passed += 1
    return outcome


def ending(code: int | None) -> str:
    """An exit code in words."""
    return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"


def judge(stage: Stage, code: int | None) -> Outcome:
    """What a stage's exit code and report say together: a red exit code is never a green stage."""
    if stage.report is None:
        outcome = Outcome(passed=1) if code == 0 else Outcome(failed=1)
    else:
        outcome = count(stage.report) or Outcome(failed=1, note=f"no report: the run broke off with {ending(code)}")
        if code != 0 and outcome.failed == 0:
            outcome.failed = 1
        if code == 0 and outcome.passed == 0:
            outcome.failed, outcome.note = outcome.failed + 1, "no test ran"
    if code is None:
        outcome.failed += 1 if outcome.failed == 0 else 0
        outcome.note = f"stopped after {stage.limit / MINUTE:.0f} min, its limit"
    return outcome


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - {stage.name for stage in STAGES})
    if unknown:
        print(
            f"no stage is called {', '.join(unknown)}; there are: {', '.join(s.name for s in STAGES)}", file=sys.stderr
        )
        return 2
    REPORTS.mkdir(parents=True, exist_ok=True)
    for old in REPORTS.rglob("*.xml"):
        old.unlink()
    begun, outcomes, rows = time.monotonic(), {}, []
    for stage in STAGES:
        if names and stage.name not in names:
            continue
        print(f"\n==> [{clock(begun)}] {stage.name}: {stage.what}", flush=True)
        started = time.monotonic()
        if stage.needs in outcomes and outcomes[stage.needs].failed:
            outcome = Outcome(failed=1, note=f"not run: the {stage.needs} stage failed")
        elif stage.folder and not any(REPOSITORY.joinpath(stage.folder).rglob("test_*.py")):
            outcome = Outcome(failed=1, note=f"no tests in {stage.folder}")
        else:
            outcome = judge(stage, run(stage))
        outcomes[stage.name] = outcome
        rows.append((stage.name, clock(started), outcome))
        print(f"    {stage.name}: {outcome.words} ({clock(started)})", flush=True)

    print(f"\n==> [{clock(begun)}] Summary")
    for name, took, outcome in rows:
        print(f"    {'ok  ' if not outcome.failed else 'FAIL'} {name:<12} {took:>6}  {outcome.words}")
    for outcome in outcomes.values():
        for failure in outcome.failures:
            print(f"    red: {failure}")
    total = Outcome(*(sum(getattr(o, key) for o in outcomes.values()) for key in ("passed", "failed", "skipped")))
    if total.failed:
        print("\n    One stage again: scripts/test.sh NAME. What failed stands in its output above.")
    print(f"\ntest: {total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed else 0


def clock(since: float) -> str:
    seconds = int(time.monotonic() - since)
    return f"{seconds // 60}:{seconds % 60:02}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
