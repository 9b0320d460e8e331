"""Reads Swift sources: code without comments and without the text of string literals, line numbers kept."""

import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Problem:
    file: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One file. `code` has blanks where comments and string contents were."""

    path: str
    text: str
    code: str

    @classmethod
    def of(cls, path: str, text: str) -> "Source":
        return cls(path, text, masked(text))

    @property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    @property
    def code_lines(self) -> list[str]:
        return self.code.split("\n")

    def line_at(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1


def sources(*folders: str) -> list[Source]:
    found = []
    for folder in folders:
        for path in sorted((REPOSITORY / folder).rglob("*.swift")):
            if ".build" not in path.parts:
                found.append(Source.of(str(path.relative_to(REPOSITORY)), path.read_text()))
    return found


def report(problems: list[Problem], notes: list[str] = (), summary: str = "") -> int:
    """Prints and answers the exit code."""
    for note in notes:
        print(note)
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems and summary:
        print(summary)
    return 1 if problems else 0


def masked(text: str) -> str:
    """Blanks comments and string contents; code inside interpolations stays."""
    out: list[str] = []
    position = 0

    def blank(upto: int) -> None:
        nonlocal position
        out.append("".join("\n" if c == "\n" else " " for c in text[position:upto]))
        position = upto

    def code(stop_at_parenthesis: bool) -> None:
        nonlocal position
        depth = 0
        while position < len(text):
            if text.startswith("//", position):
                end = text.find("\n", position)
                blank(len(text) if end < 0 else end)
            elif text.startswith("/*", position):
                blank(comment_end(text, position))
            elif opening := literal_opening(text, position):
                string(*opening)
            else:
                character = text[position]
                if stop_at_parenthesis and character == ")" and depth == 0:
                    return
                depth += {"(": 1, ")": -1}.get(character, 0)
                out.append(character)
                position += 1

    def string(hashes: int, quotes: str) -> None:
        nonlocal position
        out.append("#" * hashes + quotes)
        position += hashes + len(quotes)
        closing, escape = quotes + "#" * hashes, "\\" + "#" * hashes
        while position < len(text):
            if text.startswith(closing, position):
                out.append(closing)
                position += len(closing)
                return
            if len(quotes) == 1 and text[position] == "\n":
                return
            if text.startswith(escape + "(", position):
                blank(position + len(escape))
                out.append("(")
                position += 1
                code(stop_at_parenthesis=True)
                if position < len(text):
                    out.append(")")
                    position += 1
            elif text.startswith(escape, position):
                blank(min(len(text), position + len(escape) + 1))
            else:
                blank(position + 1)

    code(stop_at_parenthesis=False)
    return "".join(out)


def comment_end(text: str, start: int) -> int:
    depth, position = 0, start
    while position < len(text):
        if text.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif text.startswith("*/", position):
            depth, position = depth - 1, position + 2
            if depth == 0:
                return position
        else:
            position += 1
    return len(text)


def literal_opening(text: str, position: int) -> tuple[int, str] | None:
    hashes = 0
    while position + hashes < len(text) and text[position + hashes] == "#":
        hashes += 1
    if text.startswith('"""', position + hashes):
        return hashes, '"""'
    if text.startswith('"', position + hashes):
        return hashes, '"'
    return None
