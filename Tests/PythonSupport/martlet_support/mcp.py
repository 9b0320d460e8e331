"""A raw MCP client: it sends what a test tells it to and hides nothing of the answer."""

import json as json_module

from .wire import Response, request

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
ACCEPT = "application/json, text/event-stream"


class MCPConnection:
    """One MCP connection in either era. `revision` decides the headers and, in the modern era, the `_meta`."""

    def __init__(self, url: str, token: str | None = None, *, revision: str = LEGACY, ca_file: str | None = None):
        self.url, self.token, self.revision, self.ca_file = url, token, revision, ca_file
        self.session: str | None = None
        self.next_id = 0

    @property
    def modern(self) -> bool:
        return self.revision >= MODERN

    def headers(
        self, method: str | None = None, params: dict | None = None, *, initialized: bool = True
    ) -> dict[str, str]:
        headers = {"Accept": ACCEPT}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.modern:
            headers["MCP-Protocol-Version"] = self.revision
            if method:
                headers["Mcp-Method"] = method
            name = (params or {}).get("uri" if method == "resources/read" else "name")
            if method in ("tools/call", "prompts/get", "resources/read") and name:
                headers["Mcp-Name"] = name
        elif initialized:
            if self.revision >= "2025-06-18":
                headers["MCP-Protocol-Version"] = self.revision
            if self.session:
                headers["Mcp-Session-Id"] = self.session
        return headers

    def body(self, method: str, params: dict | None = None, *, notification: bool = False) -> dict:
        message: dict = {"jsonrpc": "2.0", "method": method}
        if not notification:
            self.next_id += 1
            message["id"] = self.next_id
        if self.modern:
            params = dict(params or {})
            params["_meta"] = {
                "io.modelcontextprotocol/protocolVersion": self.revision,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": {"name": "martlet-tests", "version": "1"},
                **params.get("_meta", {}),
            }
        if params is not None:
            message["params"] = params
        return message

    def post(
        self,
        method: str,
        params: dict | None = None,
        *,
        headers: dict | None = None,
        drop: tuple[str, ...] = (),
        notification: bool = False,
        stream: bool = False,
        timeout: float = 90,
    ) -> Response:
        """POSTs one message and answers the raw response."""
        sent = self.headers(method, params, initialized=method != "initialize") | (headers or {})
        sent = {name: value for name, value in sent.items() if name.lower() not in {d.lower() for d in drop}}
        return request(
            "POST",
            self.url,
            headers=sent,
            json=self.body(method, params, notification=notification),
            ca_file=self.ca_file,
            stream=stream,
            timeout=timeout,
        )

    def initialize(self, capabilities: dict | None = None) -> Response:
        """`initialize` and `notifications/initialized` (legacy); the session id is kept."""
        params = {
            "protocolVersion": self.revision,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "martlet-tests", "version": "1"},
        }
        response = self.post("initialize", params)
        assert response.status == 200, response.describe()
        self.session = response.header("mcp-session-id")
        done = self.post("notifications/initialized", notification=True)
        assert done.status == 202, done.describe()
        return response

    def call(self, method: str, params: dict | None = None, **options) -> dict:
        """POSTs one request and answers its JSON-RPC response, from JSON or from a stream."""
        response = self.post(method, params, **options)
        assert response.status == 200, response.describe()
        return answer_of(response)

    def tool(self, name: str, arguments: dict | None = None, **options) -> dict:
        """Calls a tool and answers its result."""
        answer = self.call("tools/call", {"name": name, "arguments": arguments or {}}, **options)
        assert "result" in answer, answer
        return answer["result"]

    def open_stream(self, *, timeout: float = 90, headers: dict | None = None) -> Response:
        """GET: the server's own stream (legacy)."""
        sent = {**self.headers(), "Accept": "text/event-stream", **(headers or {})}
        return request("GET", self.url, headers=sent, stream=True, timeout=timeout, ca_file=self.ca_file)

    def end(self) -> Response:
        """DELETE: ends the session (legacy)."""
        return request("DELETE", self.url, headers=self.headers(), ca_file=self.ca_file)


def answer_of(response: Response) -> dict:
    """The JSON-RPC response inside an answer: the JSON body, or the message with a result or an error on the stream."""
    if (response.header("content-type") or "").startswith("text/event-stream"):
        for block in response.text.replace("\r\n", "\n").split("\n\n"):
            data = "\n".join(line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:"))
            if data:
                message = json_module.loads(data)
                if "result" in message or "error" in message:
                    return message
        raise AssertionError(f"no response on the stream:\n{response.describe()}")
    return response.json()
