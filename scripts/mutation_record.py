"""What mutations showed: kept in scripts/mutations/record.json, written out as docs/able-to-fail.md."""

import ast
import json
import subprocess
from pathlib import Path

import prove

REPOSITORY = Path(__file__).resolve().parent.parent
RECORD = REPOSITORY / "scripts/mutations/record.json"
PAGE = REPOSITORY / "docs/able-to-fail.md"
LINTS = REPOSITORY / "scripts/check/selftest.py"
HEAD = """# Able to fail

A test that can't fail proves nothing. For each check, the code was broken on purpose, and the check's own tests had to go red by a
failed expectation; `make mutate CHECK=V-050` does it again. The mutations stand in `scripts/mutations/`. Made by
`scripts/mutate.py`; not edited by hand.

"""


def commit() -> str:
    """What is being broken; a `+` where it holds changes that were not committed."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True).stdout.strip()

    own = (RECORD.name, PAGE.name)
    changed = [line for line in git("status", "--porcelain").splitlines() if not line.endswith(own)]
    return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")


def load() -> dict:
    return json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}


def keep(name: str, result: dict) -> None:
    """Adds to what earlier runs of the same mutation at the same commit saw, or of another language's tests."""
    results = load()
    before = results.get(name)
    if before and before["means"] == result["means"]:
        again = set(result["red"]) | set(result["green"])
        result["red"] = dict(sorted({**{k: v for k, v in before["red"].items() if k not in again}, **result["red"]}.items()))
        result["green"] = sorted({test for test in before["green"] if test not in again} | set(result["green"]))
        if result["red"]:
            result["verdict"] = "killed"
    results[name] = result
    RECORD.write_text(json.dumps(dict(sorted(results.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def order(check: str) -> tuple:
    letters = check.split("-")[0]
    return (letters, int("".join(c for c in check.split("-")[1] if c.isdigit())), check)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def ids(test: str) -> set[str]:
    return {prove.canonical(spelling) for spelling in prove.spellings(test)}


def render() -> None:
    """One section a check: what was broken and which tests noticed; then the tests that no mutation turned red yet."""
    results = load()
    lines = [HEAD]
    checks = sorted({check for result in results.values() for check in result["checks"]}, key=order)
    lines.append("| check | broken on purpose | commit | went red |\n|---|---|---|---|\n")
    for check in checks:
        for name, result in results.items():
            if check not in result["checks"]:
                continue
            canonical = prove.canonical(check)
            own = [test for test in result["red"] if any(i == canonical or i[:-1] == canonical for i in ids(test))]
            went = ", ".join(f"`{test}`" for test in own) or f"**{result['verdict']}**"
            lines.append(f"| {check} | {cell(result['means'])} (`{name}`) | {result['commit']} | {cell(went)} |\n")
    lines.append("\n" + lints())
    seen = {test for result in results.values() for test in result["red"]}
    never = {test for result in results.values() for test in result["green"]} - seen
    if never:
        lines.append("\n## Not seen red\n\nTests of these checks that stayed green under every mutation so far:\n\n")
        lines += [f"- `{test}`\n" for test in sorted(never)]
    PAGE.write_text("".join(lines), encoding="utf-8")


def lints() -> str:
    """The rules of scripts/check/lint.py that have a bad sample in its self-test."""
    tree = ast.parse(LINTS.read_text(encoding="utf-8"))
    samples: dict[str, int] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "BAD_CODE":
            for entry in ast.literal_eval(node.value):
                samples[entry[0]] = samples.get(entry[0], 0) + 1
    rules = ", ".join(f"{rule} ({count})" for rule, count in sorted(samples.items(), key=lambda s: s[0]) if rule.startswith("S-"))
    return f"Rules of the lint are shown bad samples at each `make check`, and must refuse them; samples by rule: {rules}.\n"
