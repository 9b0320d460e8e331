"""Many stored sessions at once: copies of one that a real handshake made, each under an id of its own."""

import base64
import hashlib
import secrets
import sqlite3
from pathlib import Path


def add_sessions(database: Path, count: int) -> list[str]:
    """Adds sessions to the store of a Martlet that stands still; answers their ids."""
    identifiers = ["mse_" + base64.urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode() for _ in range(count)]
    with sqlite3.connect(database) as store:
        columns = [row[1] for row in store.execute("PRAGMA table_info(mcp_session)") if row[1] != "digest"]
        store.executemany(
            f"INSERT INTO mcp_session (digest, {', '.join(columns)})"
            f" SELECT ?, {', '.join(columns)} FROM (SELECT * FROM mcp_session LIMIT 1)",
            [(digest(identifier),) for identifier in identifiers])
    store.close()
    return identifiers


def digest(identifier: str) -> bytes:
    """What the store keeps of a session id."""
    return hashlib.sha256(b"martlet artefact mse\0" + identifier.encode()).digest()
