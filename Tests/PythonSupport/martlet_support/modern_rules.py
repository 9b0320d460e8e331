"""What a server of 2026-07-28 refuses before it looks at a method (Streamable HTTP, Request Metadata)."""

import base64

META = "io.modelcontextprotocol/"
NAMED = {"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}


class RPCError(Exception):
    """What a handler raises to answer with a JSON-RPC error."""

    def __init__(self, code: int, message: str, *, data=None, status: int = 400):
        super().__init__(message)
        self.code, self.message, self.data, self.status = code, message, data, status

    def body(self, identifier) -> dict:
        error = {"code": self.code, "message": self.message}
        return {"jsonrpc": "2.0", "id": identifier, "error": error | ({} if self.data is None else {"data": self.data})}


def decoded(value: str) -> str:
    if value.startswith("=?base64?") and value.endswith("?="):
        return base64.b64decode(value[9:-2]).decode()
    return value


def check(seen, message: dict, revision: str, tools: list[dict]) -> None:
    """Raises RPCError where headers and body of a request don't say the same, or say nothing of this revision."""
    header = seen.header("mcp-protocol-version")
    if header is None:
        raise RPCError(-32020, "MCP-Protocol-Version is missing")
    if header != revision:
        raise RPCError(-32022, "Unsupported protocol version", data={"supported": [revision], "requested": header})
    if "id" not in message:
        return
    params = message.get("params") or {}
    meta = params.get("_meta") or {}
    if META + "protocolVersion" not in meta or not isinstance(meta.get(META + "clientCapabilities"), dict):
        raise RPCError(-32602, "_meta is incomplete")
    method = message["method"]
    if meta[META + "protocolVersion"] != header or seen.header("mcp-method") != method:
        raise RPCError(-32020, "headers and body differ")
    if method in NAMED and decoded(seen.header("mcp-name") or "") != params.get(NAMED[method]):
        raise RPCError(-32020, "Mcp-Name and the body differ")
    if method == "tools/call":
        check_parameters(seen, params, tools)


def check_parameters(seen, params: dict, tools: list[dict]) -> None:
    tool = next((tool for tool in tools if tool["name"] == params.get("name")), {})
    for name, schema in tool.get("inputSchema", {}).get("properties", {}).items():
        if "x-mcp-header" not in schema:
            continue
        value = (params.get("arguments") or {}).get(name)
        text = {True: "true", False: "false"}.get(value, str(value)) if value is not None else None
        header = seen.header("Mcp-Param-" + schema["x-mcp-header"])
        if (None if header is None else decoded(header)) != text:
            raise RPCError(-32020, f"Mcp-Param-{schema['x-mcp-header']} and the body differ")
