"""What Martlet must reach, and whether it does. A miss is told as such; what was not measured, too."""

from collections.abc import Callable
from dataclasses import dataclass

from .figures import added, both, cpu_ratio, deciding_ratio, good, growth, middle, slower


@dataclass(frozen=True)
class Verdict:
    what: str
    wanted: str
    measured: str
    met: bool | None

    @property
    def word(self) -> str:
        return {True: "met", False: "**missed**", None: "not measured"}[self.met]


def verdicts(results: dict) -> list[Verdict]:
    return throughput(results.get("throughput")) + others(results)


RATIOS = [
    ("martlet", "haproxy-jwt", 3.0, "warm tokens ÷ HAProxy `jwt_verify`"),
    ("martlet-fresh", "haproxy-jwt", 0.8, "tokens never seen ÷ HAProxy `jwt_verify`"),
    ("martlet-legacy", "haproxy-jwt", 3.0, "warm tokens, legacy with sessions ÷ HAProxy `jwt_verify`"),
    ("martlet", "haproxy", 0.6, "warm tokens ÷ HAProxy plain (the goal beyond: 1.0)"),
    ("martlet-legacy", "haproxy", 0.6, "warm tokens, legacy with sessions ÷ HAProxy plain"),
    ("martlet", "envoy-cache", 2.0, "warm tokens ÷ Envoy with token cache"),
]


def throughput(part: dict | None) -> list[Verdict]:
    rows = {key: good(runs) for key, runs in part["rows"].items()} if part else {}
    found = []
    for ours, theirs, wanted, what in RATIOS:
        if rows.get(ours) and rows.get(theirs):
            ratio, of = deciding_ratio(rows[ours], rows[theirs])
            found.append(Verdict(what, f"≥ {wanted:g} ×", f"{ratio:.2f} × ({of})", ratio >= wanted))
        else:
            found.append(Verdict(what, f"≥ {wanted:g} ×", "–", None))
    for theirs, title in (("fastmcp", "FastMCP's proxy"), ("contextforge", "ContextForge")):
        what = f"warm tokens ÷ {title}, calls and CPU a call"
        if rows.get("martlet") and rows.get(theirs):
            calls = middle(rows["martlet"], "rate") / middle(rows[theirs], "rate")
            cpu = cpu_ratio(rows["martlet"], rows[theirs])
            found.append(Verdict(what, "≥ 100 ×", f"{calls:,.0f} ×, {cpu:,.0f} ×", min(calls, cpu) >= 100))
        else:
            found.append(Verdict(what, "≥ 100 ×", "–", None))
    return found


def others(results: dict) -> list[Verdict]:
    return [
        verdict(results, "latency", "added p99 at 1,000 calls/s", "≤ 1 ms", added_p99, 1.0, "{:.2f} ms"),
        verdict(results, "neighbour", "a tenant's p99 beside one at 100 times its quota", "≤ + 10 %", added_by_neighbour, 10.0,
                "{:+.0f} %"),
        verdict(results, "idle", "memory of an idle stream", "≤ 16 KB", stream_kilobytes, 16.0, "{:.1f} KB"),
        verdict(results, "start", "RSS when idle", "≤ 40 MB", idle_megabytes, 40.0, "{:.1f} MB"),
        verdict(results, "start", "from start to ready", "≤ 150 ms", ready_milliseconds, 150.0, "{:.0f} ms"),
        verdict(results, "growth", "cost of a call, 1,000 routes against 1", "≤ + 10 %",
                lambda part: growth(part["routes"]) * 100, 10.0, "{:+.1f} %"),
        verdict(results, "growth", "cost of a call, 100,000 sessions against 1", "≤ + 10 %",
                lambda part: growth(part["sessions"]) * 100, 10.0, "{:+.1f} %"),
    ]


def verdict(results: dict, part: str, what: str, wanted: str, of: Callable, most: float, form: str) -> Verdict:
    """A figure that must not exceed a number."""
    try:
        value = of(results[part])
    except (KeyError, ValueError, StopIteration):  # The part was not run, or no run of it counts.
        return Verdict(what, wanted, "–", None)
    return Verdict(what, wanted, form.format(value), value <= most)


def added_p99(part: dict) -> float:
    """Milliseconds; the worse era decides."""
    rows = part["rows"]
    return max(added(good(rows[key]), good(rows["direct"]), "p99") for key in ("martlet", "martlet-legacy")) / 1000


def added_by_neighbour(part: dict) -> float:
    """Per cent; StatisticsError, a ValueError, where no round counts."""
    return (slower(both(part["rows"]["over"], part["rows"]["alone"])) - 1) * 100


def stream_kilobytes(part: dict) -> float:
    """The worse kind decides; a stream that ended leaves nothing to measure."""
    rows = [part["rows"]["martlet"], part["rows"]["martlet-legacy"]]
    if not all(row["valid"] for row in rows):
        raise ValueError("a stream ended")
    return max(row["bytes_each"] for row in rows) / 1024


def idle_megabytes(part: dict) -> float:
    return middle(part["starts"], "rss") / 1e6


def ready_milliseconds(part: dict) -> float:
    return middle(part["starts"], "ready") * 1000
