"""Where the instructions of a call go, by stage of the request path."""

import re

from .tables import table

# What a stage is: a function with everything inside of it, less the stages that it calls.
STAGES = [
    ("reading the request: HTTP codec", r"WireServerHandler\.channelRead"),
    ("head: route, token, rules about the caller", r"ConnectionHandler\.begin\("),
    ("message: strict JSON, era, mirrored headers", r"^Classifier\.classify\(_:body:\)"),
    ("policy, limits, session", r"^GatewayExchange\.proceed"),
    ("send: request for the server, connection, codec", r"^AnswerRelay\.start"),
    ("answer: codec, head, body, end, record", r"WireUpstreamHandler\.channelRead"),
    ("trail: chain, rows, commit (its own thread)", r"SQLiteStore\.appendAuditBatch\(_:linkedBy:\)$"),
]

# Where the blocks of a digest are worked through.
DIGESTS = r"sha256_block_data_order_\w+$"


def by_stage(row: dict) -> list[tuple[str, float]]:
    """Instructions a call by stage; what belongs to none comes last. Nothing for what isn't Martlet."""
    inside = [max(_inside(row, pattern), default=None) for _, pattern in STAGES]
    if not any(inside):
        return []
    missing = [stage for (stage, _), count in zip(STAGES, inside) if count is None]
    if missing:
        raise LookupError(f"no function is the stage any more that was: {'; '.join(missing)}")
    reading, head, message, policy, send, answer, trail = inside
    own = [reading - head - message - policy, head, message, policy - send, send, answer, trail]
    parts = [(stage[0], max(0.0, count)) for stage, count in zip(STAGES, own)]
    return parts + [("event loop, system calls' wrappers, timers, other threads", row["instructions"] - sum(own))]


def _inside(row: dict, pattern: str, column: int = 0) -> list[float]:
    return [numbers[column] for name, *numbers in row["functions"] if re.search(pattern, name.rsplit(" [", 1)[0])]


def instructions(part: dict) -> str:
    rows = part["rows"]
    lines = [[row["title"], f"{row['instructions']:,.0f}", f"{sum(_inside(row, DIGESTS, column=1)):,.0f}"] for row in rows.values()]
    told = [table(["", "instructions a call", "of these SHA-256"], lines),
            "Valgrind knows none of the instructions that processors have for SHA-256: by themselves, the programs need far fewer."]
    for row in rows.values():
        if stages := by_stage(row):
            told.append(table([row["title"], "instructions a call"], [[stage, f"{count:,.0f}"] for stage, count in stages]))
    if part.get("system_calls"):
        calls = sorted(part["system_calls"].items(), key=lambda pair: -pair[1])
        told.append("System calls of a warm call: " + ", ".join(f"{name} {count:.2f}" for name, count in calls if count >= 0.01) + ".")
    return "\n\n".join(told)
