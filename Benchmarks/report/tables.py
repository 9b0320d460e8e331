"""The report's tables, as Markdown."""

from .figures import (
    added, best, best_ratio, both, good, growth, limited, middle, neighbour_cost, rate_ratio, slower)
from .targets import verdicts


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def targets(results: dict) -> str:
    return table(["target", "wanted", "measured", ""], [[v.what, v.wanted, v.measured, v.word] for v in verdicts(results)])


def throughput(part: dict) -> str:
    rows, plain = [], good(part["rows"].get("haproxy", []))
    for key, title in part["titles"].items():
        runs = good(part["rows"][key])
        if not runs:
            rows.append([title, "no run without failures", *[""] * 6])
            continue
        version = part["versions"].get(key, "")
        rows.append([
            f"{title} {version}".strip(), f"{middle(runs, 'rate'):,.0f}", f"{best(runs):,.0f}",
            f"{rate_ratio(runs, plain):.3g} ×" if plain else "–",
            milliseconds(middle(runs, "p50_us")), milliseconds(middle(runs, "p99_us")),
            f"{middle(runs, 'cpu_us'):,.1f}" if key != "direct" else "–",
            f"{middle(runs, 'pss') / 1e6:.0f}" if key != "direct" else "–"])
    rows += [[key, reason, *[""] * 6] for key, reason in part["missing"].items()]
    return table(["", "calls/s, median", "best", "of HAProxy plain", "p50 ms", "p99 ms", "CPU µs a call", "PSS MB"], rows)


def ratios(part: dict) -> str:
    """Martlet's rows over everything else: the median of the rounds, and best by best."""
    ours = [key for key in ("martlet", "martlet-fresh", "martlet-legacy") if good(part["rows"].get(key, []))]
    rows = []
    for key, title in part["titles"].items():
        theirs = good(part["rows"][key])
        if theirs and not key.startswith("martlet") and key != "direct":
            rows.append([f"÷ {title}", *(
                f"{number(rate_ratio(good(part['rows'][mine]), theirs))} ({number(best_ratio(good(part['rows'][mine]), theirs))})"
                for mine in ours)])
    return table(["", *(part["titles"][key] for key in ours)], rows)


def doubts(part: dict) -> list[str]:
    """What a reader should know before believing a row."""
    found = []
    for key, runs in part["rows"].items():
        title, bad = part["titles"][key], len(runs) - len(good(runs))
        if bad:
            found.append(f"{title}: {bad} of {len(runs)} rounds had failed calls and don't count.")
        if key == "direct" or not good(runs):
            continue
        if limited(good(runs)):
            found.append(f"{title}: its core was busy for {middle(runs, 'core_use'):.0%} only; believe its CPU a call, not its rate.")
        if middle(runs, "foreign_use") > 0.05:
            found.append(f"{title}: other work took {middle(runs, 'foreign_use'):.0%} of its core.")
    return found


def latency(part: dict) -> str:
    direct, rows = good(part["rows"]["direct"]), []
    for key, title in part["titles"].items():
        runs = good(part["rows"][key])
        if not runs or not direct:
            rows.append([title, "calls failed at this rate", "", "", ""])
            continue
        extra = ["–", "–"] if key == "direct" else [f"{added(runs, direct, name):+,.0f}" for name in ("p50", "p99")]
        rows.append([title, f"{middle(runs, 'p50'):,.0f}", f"{middle(runs, 'p99'):,.0f}", *extra])
    return table(["", "p50 µs", "p99 µs", "added p50 µs", "added p99 µs"], rows)


def neighbour(part: dict) -> str:
    rows, alone = [], part["rows"]["alone"]
    for kind, title in part["titles"].items():
        pairs = both(part["rows"][kind], alone)
        if not pairs:
            rows.append([title, "no round counts", "", "", "", "", f"0 of {len(alone)}"])
            continue
        runs = [run for run, _ in pairs]
        cost = f"{neighbour_cost(pairs):.0f}" if all(run["neighbour"] for run in runs) and kind != "past" else ""
        rows.append([
            title, f"{middle(runs, 'p50'):,.0f}", f"{middle(runs, 'p90'):,.0f}", f"{middle(runs, 'p99'):,.0f}",
            f"{slower(pairs):.2f} ×" if kind != "alone" else "1 ×", cost, f"{len(pairs)} of {len(alone)}"])
    return table([f"a tenant's {part['calm_rate']} calls a second", "p50 µs", "p90 µs", "p99 µs", "p99, of alone", "CPU µs a neighbour's call",
                  "rounds that count"], rows)


def sizes(part: dict) -> str:
    rows = []
    for kind, found in part["kinds"].items():
        rows.append([kind, *(per_call(good(found[key])) if key in found else "–" for key in part["titles"])])
    return table(["", *(f"{title}: calls/s, CPU µs" for title in part["titles"].values())], rows)


def events(part: dict) -> str:
    rows = []
    for key, title in part["titles"].items():
        runs = good(part["rows"][key])
        if runs:
            count = part["events"]
            rows.append([title, f"{middle(runs, 'rate'):,.0f}", f"{middle(runs, 'rate') * count:,.0f}",
                         f"{middle(runs, 'cpu_us') / count:.2f}" if key != "direct" else "–", milliseconds(middle(runs, "p99_us"))])
    return table(["", "streams/s", "events/s", "CPU µs an event", "p99 ms a stream"], rows)


def idle(part: dict) -> str:
    rows = [[row["title"], f"{row['streams']:,}", f"{row['bytes_each'] / 1024:.1f}", f"{row['idle_core_use']:.1%}",
             "" if row["valid"] else "streams ended"] for row in part["rows"].values()]
    return table(["", "streams", "KB each", "CPU while idle", ""], rows)


def start(part: dict) -> str:
    ours = part["starts"]
    rows = [["Martlet", f"{middle(ours, 'ready') * 1000:.0f}", f"{middle(ours, 'answered') * 1000:.0f}",
             f"{middle(ours, 'rss') / 1e6:.1f}", f"{middle(ours, 'pss') / 1e6:.1f}"],
            ["Martlet, first start of all", f"{sorted(part['first_run'])[len(part['first_run']) // 2] * 1000:.0f}", "", "", ""]]
    rows += [[row["title"], f"{row['ready'] * 1000:,.0f}", "", f"{row['rss'] / 1e6:.1f}", f"{row['pss'] / 1e6:.1f}"]
             for row in part["others"].values()]
    return table(["", "ready ms", "first authorised answer ms", "RSS MB", "PSS MB"], rows)


def growths(part: dict) -> str:
    rows = []
    for what in ("routes", "sessions"):
        for count, runs in part[what].items():
            rows.append([f"{int(count):,} {what}", per_call(good(runs)), milliseconds(middle(good(runs), "p99_us")) if good(runs) else ""])
        rows.append([f"growth over {what}", f"{growth(part[what]):+.1%} CPU a call", ""])
    for count, run in part.get("first", {}).items():
        rows.append([
            f"{int(count):,} sessions, the first call in each", f"–, {run['cpu_us']:,.0f}" if run["valid"] else "failed", milliseconds(run["p99_us"])])
    return table(["", "calls/s, CPU µs", "p99 ms"], rows)


def per_call(runs: list[dict]) -> str:
    return f"{middle(runs, 'rate'):,.0f}, {middle(runs, 'cpu_us'):,.0f}" if runs else "failed"


def milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1000:,.1f}"


def number(ratio: float) -> str:
    return f"{ratio:,.0f} ×" if ratio >= 100 else f"{ratio:.3g} ×"
