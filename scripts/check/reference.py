"""Makes docs/reference from the sources, or (without --write) says which page is out of date."""

import json
import re
import subprocess
import sys
from pathlib import Path

from swift_source import REPOSITORY

PAGES = REPOSITORY / "docs/reference"
KEYS = REPOSITORY / "Sources/MartletServer/Configuration/ConfigurationKeys.swift"
EVENTS = REPOSITORY / "Sources/MartletDomain/Audit/AuditEvent.swift"
PROGRAM = REPOSITORY / ".build/debug/martlet"
NOTICE = "<!-- Made by scripts/check/reference.py --write; change the sources instead. -->\n"
LITERAL = r'"((?:[^"\\]|\\.)*)"'


def unescaped(literal: str) -> str:
    return literal.replace('\\"', '"').replace("\\\\", "\\")


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def configuration(source: str) -> str:
    """One table for each section of martlet.yaml."""
    page = [
        "# martlet.yaml", "", NOTICE,
        "Keys are snake_case. Relative paths start from the folder of the file. Durations are a number with a unit: `500ms`,",
        "`90s`, `2m`, `1h`, `30d`. A secret is a reference, `{env: NAME}` or `{file: PATH}`, and never stands in the file.",
        "Names of servers and providers are 1 to 64 of `a-z`, `0-9` and `-`, and not a path that Martlet has itself.",
        "`martlet config check` tells all problems of a file at once; SIGHUP reads it anew, and an invalid file changes nothing.",
    ]
    for title, body in re.findall(r"/// ([^\n]+)\n  static let \w+: \[ConfigurationKey\] = \[\n(.*?)\n  \]", source, re.S):
        page += ["", f"## {title if ' ' in title else f'`{title}`'}", "", "| key | value | without it | |", "|---|---|---|---|"]
        keys = re.findall(rf"Key\(\s*{LITERAL},\s*{LITERAL},\s*{LITERAL},\s*{LITERAL}\s*\)", body)
        if body.count("Key(") != len(keys):
            raise SystemExit(f"reference: can't read every key of {title}")
        for key in keys:
            name, kind, fallback, meaning = (cell(unescaped(part)) for part in key)
            page.append(f"| `{name}` | {kind} | {fallback or '–'} | {meaning} |")
    return "\n".join(page) + "\n"


def audit_events(source: str) -> str:
    body = re.search(r"public enum AuditAction[^{]*\{\n(.*?)\n\}", source, re.S)
    if not body:
        raise SystemExit("reference: can't find AuditAction")
    events = re.findall(r"  /// ([^\n]+)\n  case \w+ = \"([^\"]+)\"", body.group(1))
    if body.group(1).count("\n  case ") + body.group(1).startswith("  case ") != len(events):
        raise SystemExit("reference: can't read every case of AuditAction")
    page = ["# Audit events", "", NOTICE, "What can stand in the trail, as `noun.verb`.", "", "| event | when |", "|---|---|"]
    page += [f"| `{name}` | {cell(meaning)} |" for meaning, name in events]
    return "\n".join(page) + "\n"


def command_line(help_tree: dict) -> str:
    page = [
        "# The command line", "", NOTICE,
        "Every command answers on standard output and complains on standard error. Exit codes: 0 done, 1 failed, 2 misused or",
        "misconfigured.",
    ]

    def walk(command: dict, path: list[str]) -> None:
        children = [child for child in command.get("subcommands", []) if child["commandName"] != "help"]
        if not children:
            page.extend(["", f"## `{' '.join(path)}`", ""] + described(command, path))
        for child in children:
            walk(child, path + [child["commandName"]])

    walk(help_tree["command"], ["martlet"])
    return "\n".join(page) + "\n"


def described(command: dict, path: list[str]) -> list[str]:
    arguments = [
        argument for argument in command.get("arguments", [])
        if argument.get("shouldDisplay") and argument["valueName"] not in ("help", "version")
    ]
    words = []
    for argument in arguments:
        word = f"<{argument['valueName']}>"
        if argument["kind"] != "positional":
            name = "--" + argument["preferredName"]["name"]
            word = name if argument["kind"] == "flag" else f"{name} {word}"
        if argument.get("isRepeating"):
            word += " …"
        words.append(f"[{word}]" if argument.get("isOptional") else word)
    lines = [command.get("abstract", ""), "", "```", " ".join(path + words), "```"]
    if arguments:
        lines += ["", "| argument | |", "|---|---|"]
    for argument in arguments:
        name = f"<{argument['valueName']}>"
        if argument["kind"] != "positional":
            name = "--" + argument["preferredName"]["name"]
        default = f" By default `{argument['defaultValue']}`." if argument.get("defaultValue") else ""
        lines.append(f"| `{name}` | {cell(argument.get('abstract', ''))}{default} |")
    if command.get("discussion"):
        lines += ["", "```", command["discussion"], "```"]
    return lines


def pages() -> tuple[dict[str, str], list[str]]:
    """The pages, and notes about those that can't be made now."""
    made = {
        "configuration.md": configuration(KEYS.read_text()),
        "audit-events.md": audit_events(EVENTS.read_text()),
    }
    if not PROGRAM.exists():
        return made, ["cli.md was not looked at: nothing is built (swift build)"]
    newest = max(path.stat().st_mtime for path in (REPOSITORY / "Sources/martlet").rglob("*.swift"))
    if PROGRAM.stat().st_mtime < newest:
        return made, ["cli.md was not looked at: the build is older than Sources/martlet (swift build)"]
    done = subprocess.run(
        [PROGRAM, "--experimental-dump-help"], capture_output=True, text=True, timeout=60, check=True)
    made["cli.md"] = command_line(json.loads(done.stdout))
    return made, []


def main() -> int:
    made, notes = pages()
    if "--write" in sys.argv:
        PAGES.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (PAGES / name).write_text(text)
        print("\n".join(notes + [f"wrote {', '.join(sorted(made))} to docs/reference"]))
        return 0
    stale = [name for name, text in made.items() if not is_current(PAGES / name, text)]
    for name in stale:
        print(f"docs/reference/{name} is out of date: python3 scripts/check/reference.py --write", file=sys.stderr)
    print("; ".join(notes) or f"{len(made)} pages")
    return 1 if stale else 0


def is_current(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main())
