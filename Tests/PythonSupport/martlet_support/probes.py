"""Martlet asks a server which era it speaks before the first call of a route: `server/discover`, or `initialize` and DELETE."""

import json


def is_probe(body: bytes) -> bool:
    """Whether a body is one of these questions: Martlet names itself as the client."""
    if b'"martlet"' not in body:
        return False
    try:
        message = json.loads(body)
    except ValueError:
        return False
    if not isinstance(message, dict) or message.get("method") not in ("server/discover", "initialize"):
        return False
    params = message.get("params") or {}
    info = params.get("clientInfo") or (params.get("_meta") or {}).get("io.modelcontextprotocol/clientInfo") or {}
    return info.get("name") == "martlet"
