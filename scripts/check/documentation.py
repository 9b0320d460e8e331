"""Every public declaration, requirement of a public protocol and case of a public enum has a doc comment."""

import re
import sys

from swift_source import Problem, Source, report, sources

PUBLIC = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:nonisolated\s+|final\s+|static\s+)*(?:public|open)\s+(?!extension\b|import\b|internal\()")
REQUIREMENT = re.compile(r"^\s*(?:@\w+\s+)*(?:static\s+|mutating\s+)*(func|var|init|associatedtype|subscript)\b")
CASE = re.compile(r"^\s*(?:indirect\s+)?case\s")
OPENING = re.compile(r"\bpublic\s+(?:indirect\s+)?(protocol|enum)\s+\w+")


def check(source: Source) -> list[Problem]:
    lines, code = source.lines, source.code_lines
    problems = []
    depth = 0
    inside: list[tuple[int, str]] = []
    """Bodies of public protocols and enums that we are in: their depth and kind."""
    for number, line in enumerate(code):
        kind = inside[-1][1] if inside and inside[-1][0] == depth else ""
        needs = (
            PUBLIC.match(line)
            or (kind == "protocol" and REQUIREMENT.match(line))
            or (kind == "enum" and CASE.match(line))
        )
        if needs and not is_documented(lines, number):
            problems.append(Problem(source.path, number + 1, "documentation", f"undocumented: {line.strip()[:80]}"))
        opening = OPENING.search(line)
        opened = depth
        depth += line.count("{") - line.count("}")
        if opening and depth > opened:
            inside.append((depth, opening.group(1)))
        while inside and inside[-1][0] > depth:
            inside.pop()
    return problems


def is_documented(lines: list[str], number: int) -> bool:
    """Attributes and conditions may stand between the comment and the declaration."""
    above = number - 1
    while above >= 0 and (lines[above].strip().startswith(("@", "#if")) or lines[above].strip() == ""):
        if lines[above].strip() == "":
            return False
        above -= 1
    return above >= 0 and lines[above].strip().startswith("///")


def main() -> int:
    found = sources("Sources")
    problems = [problem for source in found for problem in check(source)]
    return report(problems, summary=f"{len(found)} files")


if __name__ == "__main__":
    sys.exit(main())
