"""Sizes: a file above 500 lines or a function above 80 fails; above 300 or 40 it is listed."""

import re
import sys

from swift_source import Problem, Source, report, sources

LARGE_FILE, LARGEST_FILE = 300, 500
LARGE_FUNCTION, LARGEST_FUNCTION = 40, 80
FUNCTION = re.compile(r"(?m)^[ \t]*(?:(?:@\w+(?:\([^)\n]*\))?|[a-z]+(?:\(\w+\))?)[ \t]+)*(?:func[ \t]+[^\s(<]+|init[?]?)(?=[(<])")


def functions(source: Source) -> list[tuple[str, int, int]]:
    """Name, first line and length of each function that has a body."""
    found = []
    code = source.code
    for match in FUNCTION.finditer(code):
        start = body_start(code, match.end())
        if start is None:
            continue
        depth, position = 0, start
        while position < len(code):
            depth += {"{": 1, "}": -1}.get(code[position], 0)
            position += 1
            if depth == 0:
                break
        first = source.line_at(match.start() + len(match.group()) - len(match.group().lstrip()))
        found.append((match.group().split()[-1], first, source.line_at(position - 1) - first + 1))
    return found


def body_start(code: str, position: int) -> int | None:
    """Where the `{` of the body is; nil for a requirement without one."""
    depth = 0
    while position < len(code):
        character = code[position]
        if character == "{" and depth == 0:
            return position
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
            if depth < 0:
                return None
        elif character == "\n" and depth == 0:
            rest = code[position:].lstrip()
            if not rest.startswith(("{", "->", "where", "throws", "async", "rethrows")):
                line_end = code[:position].rstrip()
                if not line_end.endswith(("->", "where", ",", "throws", "async", "&")):
                    return None
        position += 1
    return None


def check(source: Source) -> tuple[list[Problem], list[str]]:
    problems, notes = [], []
    lines = len(source.text.splitlines())
    if lines > LARGEST_FILE:
        problems.append(Problem(source.path, 1, "sizes", f"{lines} lines, at most {LARGEST_FILE}: take it apart"))
    elif lines > LARGE_FILE:
        notes.append(f"large: {source.path} has {lines} lines")
    for name, line, length in functions(source):
        if length > LARGEST_FUNCTION:
            problems.append(Problem(source.path, line, "sizes", f"{name} has {length} lines, at most {LARGEST_FUNCTION}"))
        elif length > LARGE_FUNCTION:
            notes.append(f"large: {source.path}:{line} {name} has {length} lines")
    return problems, notes


def main() -> int:
    found = sources("Sources", "Tests")
    problems: list[Problem] = []
    notes: list[str] = []
    for source in found:
        own_problems, own_notes = check(source)
        problems += own_problems
        notes += own_notes
    lengths = sorted(len(source.text.splitlines()) for source in found)
    median = lengths[len(lengths) // 2] if lengths else 0
    return report(problems, notes, summary=f"{len(found)} files, median {median} lines, {len(notes)} large")


if __name__ == "__main__":
    sys.exit(main())
