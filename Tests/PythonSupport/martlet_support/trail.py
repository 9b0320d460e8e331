"""What an installation's trail holds, read from its database."""

import sqlite3

from .patience import until
from .raw import converse

_markers: set[str] = set()


def records(world, since: int = 0) -> list[dict]:
    """All rows behind a position, in order. The trail is written in batches: what happened before a marker is there once the marker is."""
    answer = converse(world.gateway.port, b"POST /stateful/mcp HTTP/1.1\r\nHost: marker.invalid\r\nConnection: close\r\n\r\n")
    marker = answer.responses[0].header("x-request-id")
    assert marker, answer.received
    _markers.add(marker)
    assert until(lambda: any(row["request"] == marker for row in _rows(world, since))), "the trail is not written"
    return [row for row in _rows(world, since) if row["request"] not in _markers]


def _rows(world, since: int) -> list[dict]:
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        found = database.execute("SELECT * FROM audit_event WHERE position > ? ORDER BY position", (since,))
        return [{name: row[name] for name in row.keys() if name != "digest"} for row in found]


def gone(world) -> int:
    """How many exchanges ended because their caller hung up."""
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        return database.execute("SELECT count(*) FROM audit_event WHERE reason = 'client_disconnected'").fetchone()[0]
