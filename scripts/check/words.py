"""The repository speaks of the project only: no paths of somebody's machine, no private hosts, no keys, no marks of a merge."""

import re
import subprocess
import sys
from pathlib import Path

from swift_source import REPOSITORY, Problem, report

FORBIDDEN = [
    (r"(?<![\w.~-])/(?:work|root|Users|home)/[\w.-]+", "a path of somebody's machine"),
    (r"(?<![\w.~-])/tmp/(?!\$|\{|martlet)[\w.-]+/", "a path of somebody's machine"),
    (r"https?://[^/\s\"'`)]*(?:artifactory|jfrog|nexus|devpi|goproxy|mirror)[^/\s\"'`)]*", "a private registry or mirror"),
    (r"https?://[^/\s:@\"'`]+:[^/\s@\"'`{$<…]+@[\w.-]+", "a password in a URL"),
    (r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}", "a private key"),
    (r"(?m)^(?:<<<<<<<|>>>>>>>|\|\|\|\|\|\|\|)(?: |$)", "a mark that a merge left"),
    (r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|AKIA[A-Z0-9]{16}|xox[bap]-[0-9A-Za-z-]{20,}|sk-[A-Za-z0-9]{32,})\b", "a credential"),
]
OWN = {"scripts/check/words.py", "scripts/check/selftest.py"}


def check(path: str, text: str) -> list[Problem]:
    problems = []
    for pattern, message in FORBIDDEN:
        if message == "a password in a URL" and path.startswith("Tests/"):
            continue  # the corpora of hostile URLs
        for found in re.finditer(pattern, text):
            line = text.count("\n", 0, found.start()) + 1
            problems.append(Problem(path, line, "words", f"{message}: {found.group()[:60]!r}"))
    return problems


def files() -> list[str]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=True)
    return sorted({name for name in done.stdout.split("\0") if name and name not in OWN})


def main() -> int:
    problems, count = [], 0
    for name in files():
        path = Path(REPOSITORY, name)
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        count += 1
        problems += check(name, text)
    return report(problems, summary=f"{count} files")


if __name__ == "__main__":
    sys.exit(main())
