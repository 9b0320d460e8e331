"""Writes the report: README.md, plots, and all raw data."""

import json
from pathlib import Path

from . import chart, hot_spots, stages, tables
from .figures import good, middle
from .targets import verdicts

INTRO = """# Benchmarks

<!-- Made by make bench; what each part does is told in Benchmarks/README.md. -->

The same `tools/call` (1,024 bytes, an ES256 token; 1,024 bytes back) through Martlet and through other proxies: each on one
core, server and load generator on others, one after the other in each round while all others stand still. Martlet does all
of its work meanwhile: token, body, session, policy, trail. HAProxy's `jwt_verify` checks the signature alone. Ratios are
medians over the rounds. [results.json](results.json) holds every run."""

SECTIONS = [
    ("throughput", "As fast as it goes", tables.throughput),
    ("latency", "At 1,000 calls a second", tables.latency),
    ("neighbour", "Beside a tenant over its quota", tables.neighbour),
    ("sizes", "Larger bodies and results", tables.sizes),
    ("events", "Streams of 100 events", tables.events),
    ("idle", "Idle streams", tables.idle),
    ("start", "Start and rest", tables.start),
    ("growth", "Many routes, many sessions", tables.growths),
    ("instructions", "Instructions and system calls", stages.instructions),
]


def write(new: dict, folder: Path) -> None:
    """Adds what was measured to what is there, and writes everything anew. Prints the targets."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "results.json"
    results = (json.loads(data.read_text()) if data.exists() else {}) | {
        name: part for name, part in new.items() if name != "profile"}
    data.write_text(json.dumps(results, indent=1, default=str) + "\n")
    (folder / "README.md").write_text(page(results))
    if "throughput" in results:
        (folder / "throughput.svg").write_text(plot(results["throughput"]))
    if new.get("profile", {}).get("stacks"):
        (folder / "profile.md").write_text(hot_spots.page(new["profile"]))
        (folder / "flame.svg").write_text(chart.flame("Martlet under warm calls", new["profile"]["stacks"]))
    if "throughput" in new:
        print("\n" + tables.ratios(new["throughput"]))
    print("\n" + tables.targets(results) + f"\n\nThe whole report: {folder}/README.md")
    missed = [verdict for verdict in verdicts(results) if verdict.met is False]
    print(f"{len(missed)} target(s) missed." if missed else "Every measured target is met.")


def page(results: dict) -> str:
    parts = [INTRO, "## Targets", tables.targets(results)]
    for name, title, of in SECTIONS:
        if name in results:
            part = results[name]
            parts += [f"## {title}", circumstances(part), of(part)]
            if name == "throughput":
                parts += ["![calls a second](throughput.svg)", "Martlet's rows over everything else (in brackets: best by best):",
                          tables.ratios(part)]
                parts += ["\n".join(f"* {doubt}" for doubt in tables.doubts(part))] if tables.doubts(part) else []
            parts += ["\n".join(f"* {key}: {why}" for key, why in part.get("missing", {}).items())] if part.get("missing") else []
    return "\n\n".join(parts) + "\n"


def circumstances(part: dict) -> str:
    machine = part["machine"]
    return (f"{part['at']}; {machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}; {part['cores']}; "
            f"load before the start {machine['load']:.1f}; rounds: {part['rounds']}.")


def plot(part: dict) -> str:
    rows = [(part["titles"][key].replace("`", ""), middle(good(runs), "rate"), key.startswith("martlet"))
            for key, runs in part["rows"].items() if good(runs) and key != "direct"]
    return chart.bars("tools/call, calls a second on one core (logarithmic)", sorted(rows, key=lambda row: -row[1]), "/s")
