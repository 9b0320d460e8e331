"""The calls that are sent: raw HTTP/1.1 requests with places for a token and a session."""

import json
from dataclasses import dataclass

TOKEN, SESSION = "{{token}}", "{{session}}"
META = "io.modelcontextprotocol/"
MODERN, LEGACY = "2026-07-28", "2025-11-25"


@dataclass(frozen=True)
class Call:
    """One request, as it goes on the wire once token and session are filled in."""

    path: str
    host: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def template(self) -> bytes:
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode() + self.body

    def filled(self, token: str = "", session: str = "") -> bytes:
        return self.template().replace(TOKEN.encode(), token.encode()).replace(SESSION.encode(), session.encode())


def tool_call(
    path: str, host: str, *, legacy: bool = False, session: bool = False, size: int = 1024, tool: str = "echo"
) -> Call:
    """`tools/call` with a body of exactly `size` bytes, with what a client of the era sends along."""
    params: dict = {"name": tool, "arguments": {"text": "hello", "filler": ""}}
    headers = _headers("tools/call", legacy=legacy, session=session)
    if not legacy:
        headers.append(("Mcp-Name", tool))
        params["_meta"] = _meta()
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    missing = size - len(json.dumps(message))
    params["arguments"]["filler"] = "x" * max(0, missing)
    return Call(path, host, json.dumps(message).encode(), tuple(headers))


def listen(path: str, host: str) -> Call:
    """`subscriptions/listen`: a stream of the modern era."""
    params = {"notifications": {"toolsListChanged": True}, "_meta": _meta()}
    message = {"jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen", "params": params}
    return Call(path, host, json.dumps(message).encode(), tuple(_headers("subscriptions/listen")))


def _headers(method: str, *, legacy: bool = False, session: bool = False) -> list[tuple[str, str]]:
    headers = [
        ("Authorization", f"Bearer {TOKEN}"),
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("User-Agent", "martlet-bench/1"),
        ("MCP-Protocol-Version", LEGACY if legacy else MODERN),
    ]
    if session:
        headers.append(("Mcp-Session-Id", SESSION))
    if not legacy:
        headers.append(("Mcp-Method", method))
    return headers


def _meta() -> dict:
    return {
        f"{META}protocolVersion": MODERN,
        f"{META}clientCapabilities": {},
        f"{META}clientInfo": {"name": "martlet-bench", "version": "1"},
    }
