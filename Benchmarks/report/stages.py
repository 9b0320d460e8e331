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
    ("trail: chain, rows, commit (its own thread)", r"SQLiteStore\.appendAuditEvents\(_:linkedBy:\)$"),
]


def by_stage(row: dict) -> list[tuple[str, float]]:
    """Instructions a call by stage; what belongs to none comes last."""
    inside = []
    for _, pattern in STAGES:
        found = [numbers[0] for name, *numbers in row["functions"] if re.search(pattern, name.rsplit(" [", 1)[0])]
        inside.append(max(found, default=0.0))
    reading, head, message, policy, send, answer, trail = inside
    own = [reading - head - message - policy, head, message, policy - send, send, answer, trail]
    parts = [(stage[0], max(0.0, count)) for stage, count in zip(STAGES, own)]
    return parts + [("event loop, system calls' wrappers, timers, other threads", row["instructions"] - sum(own))]


def instructions(part: dict) -> str:
    rows = part["rows"]
    lines = [[row["title"], f"{row['instructions']:,.0f}"] for row in rows.values()]
    told = [table(["", "instructions a call"], lines)]
    for row in rows.values():
        if any(count for _, count in by_stage(row)[:-1]):
            told.append(table([row["title"], "instructions a call"],
                              [[stage, f"{count:,.0f}"] for stage, count in by_stage(row)]))
    if part.get("system_calls"):
        calls = sorted(part["system_calls"].items(), key=lambda pair: -pair[1])
        told.append("System calls of a warm call: " + ", ".join(f"{name} {count:.2f}" for name, count in calls if count >= 0.01) + ".")
    return "\n\n".join(told)
