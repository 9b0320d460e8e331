#!/usr/bin/env python3
"""Shows that the tests of a check can fail: breaks the code in a copy of it, runs the check's tests, and demands red.

usage: scripts/mutate.py [--here] [--built] [--sound] [--only swift|python] [--jobs N] [--list] [CHECK or mutation …]      (make mutate CHECK=V-050)

Without a name: every mutation of scripts/mutations/*.toml. The copy is .build/mutants, which is built from nothing the first time;
--here breaks this very tree instead (it must be committed) and puts it back; --built trusts that this tree was built with them.
Every test is first run with no mutation switched on. What went red is kept in scripts/mutations/record.json, from which
docs/able-to-fail.md is made.
"""

import argparse
import datetime
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import mutation_record
import mutation_tests
import prove
from mutation_table import Mutation, TableError, apply, changed, misplaced, put_back, read

REPOSITORY = Path(__file__).resolve().parent.parent
TABLE = REPOSITORY / "scripts/mutations"
BUILD_LIMIT = 40 * 60


def copy_of_the_sources() -> Path:
    """.build/mutants with what git knows of; files that didn't change keep their time, so that builds stay incremental."""
    root = REPOSITORY / ".build/mutants"
    names = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    wanted = {name for name in names.decode().split("\0") if name and (REPOSITORY / name).is_file()}
    for name in wanted:
        source, target = REPOSITORY / name, root / name
        if not target.exists() or target.read_bytes() != source.read_bytes():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    for folder in ("Sources", "Tests"):
        for path in root.joinpath(folder).rglob("*"):
            if path.is_file() and str(path.relative_to(root)) not in wanted and path.suffix == ".swift":
                path.unlink()
    venvs = root / ".venvs"
    if not venvs.exists():
        venvs.symlink_to(REPOSITORY / ".venvs")
    return root


def build(root: Path) -> bool:
    """A debug build of everything; shows what the compiler said where it fails."""
    for command in (["swift", "build", "--build-tests"], ["swift", "build", "--product", "martlet"]):
        try:
            outcome = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=BUILD_LIMIT)
        except subprocess.TimeoutExpired:
            print("mutate: the build took too long", file=sys.stderr)
            return False
        if outcome.returncode != 0:
            output = outcome.stdout.splitlines() + outcome.stderr.splitlines()
            errors = dict.fromkeys(line for line in output if ".swift:" in line and ": error:" in line)
            print("\n".join(errors or output[-20:]), file=sys.stderr)
            return False
    return True


def chosen(mutations: list[Mutation], names: list[str]) -> list[Mutation]:
    """The mutations of the named checks, or those so called; all of them without a name."""
    if not names:
        return mutations
    wanted = {prove.canonical(name) for name in names}

    def belongs(mutation: Mutation) -> bool:
        checks = {prove.canonical(check) for check in mutation.checks}
        return mutation.name in names or bool(checks & wanted) or any(check.rstrip("abcdefghijk") in wanted for check in checks)

    return [mutation for mutation in mutations if belongs(mutation)]


def attempt(mutation: Mutation, root: Path, sound: set[str] | None, commit: str, languages: tuple[str, ...]) -> dict:
    """Runs a mutation's tests with it switched on."""
    outcome = mutation_tests.run(mutation.tests or mutation.checks, root, mutant=mutation.name, languages=languages)
    red = {name: words for name, words in outcome.red.items() if sound is None or name in sound}
    unsound = sorted(set(outcome.red) - set(red))
    verdict = "killed" if red else outcome.trouble or ("unsound" if unsound else "survived")
    return {
        "checks": mutation.checks,
        "file": mutation.file,
        "means": mutation.means,
        "commit": commit,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "verdict": verdict,
        "trouble": outcome.trouble,
        "red": dict(sorted(red.items())),
        "green": sorted(outcome.green),
    }


def work(mutations: list[Mutation], root: Path, options: argparse.Namespace) -> bool:
    """Switches first, in one build; then those that need a build of their own."""
    together = [mutation for mutation in mutations if not mutation.alone]
    commit = mutation_record.commit()
    languages = (options.only,) if options.only else ("swift", "python")
    kept: dict = {}
    try:
        if together:
            kept = {} if options.built else apply(together, root)
            print(f"==> {len(together)} mutations in one build", flush=True)
            if not options.built and not build(root):
                return False
            sound = None if options.sound else baseline(together, root, languages)
            with ThreadPoolExecutor(options.jobs) as pool:
                tries = pool.map(lambda mutation: attempt(mutation, root, sound, commit, languages), together)
                for mutation, result in zip(together, tries):
                    report(mutation, result)
    finally:
        put_back(kept)
    for mutation in (each for each in mutations if each.alone):
        kept = apply([mutation], root)
        try:
            if build(root):
                report(mutation, attempt(mutation, root, None, commit, languages))
        finally:
            put_back(kept)
    return True


def baseline(mutations: list[Mutation], root: Path, languages: tuple[str, ...]) -> set[str]:
    """The tests that pass with no mutation switched on: only of these red means something."""
    print("==> the same tests with none switched on", flush=True)
    names = sorted({name for mutation in mutations for name in mutation.tests or mutation.checks})
    outcome = mutation_tests.run(names, root, mutant=None, languages=languages)
    for name, words in outcome.red.items():
        print(f"    red without a mutation: {name}: {words}", flush=True)
    return set(outcome.green)


def report(mutation: Mutation, result: dict) -> None:
    mutation_record.keep(mutation.name, result)
    print(f"{result['verdict']:<9} {mutation.name} ({', '.join(mutation.checks)}): {mutation.means}", flush=True)
    for name, words in result["red"].items():
        print(f"            red: {name}: {words[:160]}", flush=True)
    if result["verdict"] != "killed":
        print(f"            green: {', '.join(result['green'])}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--here", action="store_true")
    parser.add_argument("--built", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--stale", action="store_true", help="name the mutations whose old text no longer stands where it did")
    parser.add_argument("--sound", action="store_true", help="the suite is known to be green: no run without a mutation")
    parser.add_argument("--only", choices=["swift", "python"], help="the tests of one language; what was seen before stays")
    parser.add_argument("--alive", action="store_true", help="leave out what tests noticed in an earlier run")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--render", action="store_true", help="only write docs/able-to-fail.md anew")
    options = parser.parse_args()
    try:
        mutations = chosen(read(TABLE), [name for name in options.names if name])
    except TableError as error:
        print(f"mutate: {error}", file=sys.stderr)
        return 2
    if options.alive:
        killed = {name for name, result in mutation_record.load().items() if result["verdict"] == "killed"}
        mutations = [mutation for mutation in mutations if mutation.name not in killed]
    if options.render:
        mutation_record.render()
        return 0
    if options.stale:
        stale = [problem for mutation in mutations for problem in misplaced(mutation, REPOSITORY)]
        try:
            changed([mutation for mutation in mutations if not mutation.alone], REPOSITORY)
        except TableError as error:
            stale = stale or str(error).splitlines()
        print("\n".join(stale) or f"all {len(mutations)} mutations find their places")
        return 1 if stale else 0
    if options.list:
        for mutation in mutations:
            print(f"{mutation.name:<44} {', '.join(mutation.checks):<24} {mutation.means}")
        return 0
    if not mutations:
        print("mutate: no mutation has such a name or check; --list names them", file=sys.stderr)
        return 2
    root = REPOSITORY if options.here else copy_of_the_sources()
    os.environ["MARTLET_BIN"] = str(root / ".build/debug/martlet")
    try:
        done = work(mutations, root, options)
    except TableError as error:
        print(f"mutate: {error}", file=sys.stderr)
        return 2
    mutation_record.render()
    results = mutation_record.load()
    alive = [mutation.name for mutation in mutations if results.get(mutation.name, {}).get("verdict") != "killed"]
    print(f"\n{len(mutations) - len(alive)} of {len(mutations)} mutations were noticed", *alive, sep="\n  ")
    return 0 if done and not alive else 1


if __name__ == "__main__":
    sys.exit(main())
