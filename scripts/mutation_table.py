"""The table of mutations: what scripts/mutations/*.toml say, and how their changes are put into a copy of the sources.

A mutation's new text names `mutated`: false in an ordinary run, true where MARTLET_MUTANT names this mutation. So one build
holds them all, and each test run switches on one. `alone = true` marks a change that can't be a switch (a resource, a declaration):
it is written into the copy for its own run and put back.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

SWITCH = """#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

private let active = getenv("MARTLET_MUTANT").map { String(cString: $0) }

@usableFromInline func isMutated(_ name: String) -> Bool { active == name }
"""


@dataclass
class Mutation:
    name: str
    checks: list[str]
    file: str
    old: str
    new: str
    means: str
    alone: bool = False
    tests: list[str] = field(default_factory=list)
    """Ids at the heads of the tests that must notice; the checks' own where nothing is said."""
    also: list[dict] = field(default_factory=list)
    """More places that this mutation needs: file, old, new."""

    def edits(self) -> list[tuple[str, str, str]]:
        """Each place of the change: a file, what stands there, and what shall."""
        places = [(self.file, self.old, self.new)] + [(each["file"], each["old"], each["new"]) for each in self.also]
        if self.alone:
            return places
        switch = f'isMutated("{self.name}")'
        return [(file, old, re.sub(r"\bmutated\b", switch, new)) for file, old, new in places]


class TableError(Exception):
    pass


def read(folder: Path) -> list[Mutation]:
    """All mutations, by name; the table is refused where two share a name or one lacks its switch."""
    found: dict[str, Mutation] = {}
    for path in sorted(folder.glob("*.toml")):
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutation", []):
            mutation = Mutation(**entry)
            if mutation.name in found:
                raise TableError(f"{path.name}: two mutations are called {mutation.name}")
            if mutation.alone == bool(re.search(r"\bmutated\b", mutation.new)):
                raise TableError(f"{path.name}: {mutation.name}: either `mutated` in the new text, or alone = true")
            found[mutation.name] = mutation
    return list(found.values())


def misplaced(mutation: Mutation, root: Path) -> list[str]:
    """What of a mutation doesn't stand exactly once in the sources."""
    found = []
    for name, old, _ in mutation.edits():
        path = root / name
        count = path.read_text(encoding="utf-8").count(old) if path.exists() else 0
        if count != 1:
            found.append(f"{mutation.name}: its old text stands {count} times in {name}")
    return found


def changed(mutations: list[Mutation], root: Path) -> dict[Path, tuple[str, str]]:
    """Every file that the mutations change, as it is and as it becomes; a TableError names all that can't be changed."""
    texts: dict[Path, tuple[str, str]] = {}
    problems = []
    edits = [(mutation.name, *edit) for mutation in mutations for edit in mutation.edits()]
    for name in sorted({file for _, file, _, _ in edits}):
        path = root / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        spans = []
        for mutation, old, new in ((mutation, old, new) for mutation, file, old, new in edits if file == name):
            if text.count(old) != 1:
                problems.append(f"{mutation}: its old text stands {text.count(old)} times in {name}")
                continue
            spans.append((text.index(old), text.index(old) + len(old), new, mutation))
        spans.sort()
        problems += [f"{b[3]} overlaps {a[3]} in {name}" for a, b in zip(spans, spans[1:]) if b[0] < a[1]]
        broken = text
        for start, end, new, _ in reversed(spans):
            broken = broken[:start] + new + broken[end:]
        texts[path] = (text, broken)
    if problems:
        raise TableError("\n".join(problems))
    return texts


def apply(mutations: list[Mutation], root: Path) -> dict[Path, str | None]:
    """Writes the changes into the sources under `root`: all of them or none. Answers what was there before (None: a new file)."""
    texts = changed(mutations, root)
    before: dict[Path, str | None] = {path: text for path, (text, _) in texts.items()}
    for path, (_, broken) in texts.items():
        path.write_text(broken, encoding="utf-8")
    together = [mutation for mutation in mutations if not mutation.alone]
    for target in sorted({Path(*Path(file).parts[:2]) for mutation in together for file, _, _ in mutation.edits()}):
        switch_file = root / target / "MutationSwitch.swift"
        before[switch_file] = None
        switch_file.write_text(SWITCH, encoding="utf-8")
    return before


def put_back(before: dict[Path, str | None]) -> None:
    for path, text in before.items():
        if text is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(text, encoding="utf-8")
