"""What mutations showed: kept in scripts/mutations/record.json, written out as docs/able-to-fail.md."""

import ast
import json
import re
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


def plain(words: str) -> str:
    """A failure's words without what belongs to one machine and run: paths, addresses, generated names."""
    words = re.sub(r"(?<![\w.])/(?:[\w.+-]+/)*[\w.+-]*", lambda found: found[0] if found[0].count("/") < 3 else "…", words)
    words = re.sub(r"://[^/\s]*@", "://…@", words)
    words = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", words)
    return re.sub(r"\b(m[a-z]{2}|dcr|req|usr)_[\w-]{8,}|eyJ[\w.-]{8,}|0x[0-9a-f]{6,}", "…", words)[:160]


def keep(name: str, result: dict) -> None:
    """Adds to what earlier runs of the same mutation at the same commit saw, or of another language's tests."""
    results = load()
    result["red"] = {test: plain(words) for test, words in result["red"].items()}
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
    """The checks whose ids a test's name carries, spelt as the checks are: V-050a, R-20."""
    # `A6` and the like are sections of the protocol, not checks.
    spelt = [spelling for spelling in prove.spellings(test) if "_" in spelling]
    found = (re.fullmatch(r"([A-Z]+)-(\d+)([a-z]?)", prove.canonical(spelling)) for spelling in spelt)
    widths = {"V": 3}
    return {f"{match[1]}-{int(match[2]):0{widths.get(match[1], 2)}}{match[3]}" for match in found if match}


def render() -> None:
    """A row for each check and mutation that its tests noticed; then what nobody noticed, and the tests that stayed green."""
    results = load()
    rows: list[tuple[str, str]] = []
    for name, result in results.items():
        noticed: dict[str, list[str]] = {}
        for test in result["red"]:
            for check in ids(test):
                noticed.setdefault(check, []).append(test)
        for check, tests in noticed.items():
            went = ", ".join(f"`{test}`" for test in tests)
            rows.append((check, f"| {check} | {cell(result['means'])} (`{name}`) | {result['commit']} | {went} |\n"))
    lines = [HEAD, "| check | broken on purpose | commit | went red |\n|---|---|---|---|\n"]
    lines += [row for _, row in sorted(rows, key=lambda row: (order(row[0]), row[1]))]
    lines.append("\n" + lints())
    alive = {name: result for name, result in results.items() if result["verdict"] != "killed"}
    if alive:
        lines.append("\n## Not noticed\n\nA weak test, or a second wall behind which the first still stands:\n\n")
        lines += [f"- `{name}` ({', '.join(r['checks'])}): {r['means']}: {r['verdict']}\n" for name, r in alive.items()]
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
