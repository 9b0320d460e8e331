"""One HTTP request, exactly as written: no redirect followed, no header added, no status made an exception."""

import http.client
import json as json_module
import ssl
import time
import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Response:
    status: int
    headers: list[tuple[str, str]]
    body: bytes
    url: str = ""
    method: str = ""
    stream: "EventStream | None" = field(default=None, repr=False)

    def header(self, name: str) -> str | None:
        """The only value of a header; several values are joined as HTTP allows."""
        values = self.header_values(name)
        return ", ".join(values) if values else None

    def header_values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json_module.loads(self.body)

    def describe(self) -> str:
        """The answer in a form that belongs into an assertion message."""
        lines = [f"{self.method} {self.url} -> {self.status}"]
        lines += [f"  {name}: {value}" for name, value in self.headers]
        return "\n".join(lines + ["", self.text[:2000]])


class EventStream:
    """Reads server-sent events from an open answer, one at a time."""

    def __init__(self, connection: http.client.HTTPConnection, raw: http.client.HTTPResponse):
        self._connection, self._raw = connection, raw
        self.comments: list[str] = []

    def events(self, silence: float = 150):
        """Yields (event, data, id) for each event until the stream ends; comments are collected in `comments`.

        Comments keep a stream alive for ever: one that holds nothing else for so many seconds fails the test that waits for more.
        """
        event, data, identifier = "message", [], None
        heard = time.monotonic()
        while True:
            line = self._raw.readline()
            if not line:
                return
            text = line.decode("utf-8").rstrip("\r\n")
            if text == "":
                if data:
                    yield event, "\n".join(data), identifier
                    heard = time.monotonic()
                event, data = "message", []
            elif text.startswith(":"):
                self.comments.append(text[1:].strip())
                assert time.monotonic() - heard < silence, f"nothing but comments for {silence} s"
            else:
                name, _, value = text.partition(":")
                value = value.removeprefix(" ")
                if name == "event":
                    event = value
                elif name == "data":
                    data.append(value)
                elif name == "id":
                    identifier = value

    def messages(self, **patience):
        """Yields the JSON messages of the stream; patience as for its events."""
        for _, data, _ in self.events(**patience):
            if data:
                yield json_module.loads(data)

    def close(self) -> None:
        # The socket is shut hard: the other end must notice a client that went away.
        sock = self._connection.sock
        if sock is not None:
            sock.close()
        self._raw.close()
        self._connection.close()


def request(
    method: str,
    url: str,
    *,
    headers: dict[str, str] | list[tuple[str, str]] | None = None,
    body: bytes | str | None = None,
    form: dict | list[tuple[str, str]] | None = None,
    json=None,
    timeout: float = 90,
    ca_file: str | None = None,
    stream: bool = False,
) -> Response:
    """Sends one request and reads the answer; with `stream`, an event stream stays open in `Response.stream`."""
    parts = urllib.parse.urlsplit(url)
    pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
    names = {name.lower() for name, _ in pairs}
    if form is not None:
        body = urllib.parse.urlencode(list(form.items()) if isinstance(form, dict) else form)
        if "content-type" not in names:
            pairs.append(("Content-Type", "application/x-www-form-urlencoded"))
    if json is not None:
        body = json_module.dumps(json)
        if "content-type" not in names:
            pairs.append(("Content-Type", "application/json"))
    if isinstance(body, str):
        body = body.encode()
    if parts.scheme == "https":
        context = ssl.create_default_context(cafile=ca_file)
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
    for name, value in pairs:
        connection.putheader(name, value)
    if (
        "content-length" not in names
        and "transfer-encoding" not in names
        and (body or method in ("POST", "PUT", "PATCH"))
    ):
        connection.putheader("Content-Length", str(len(body or b"")))
    connection.endheaders(body)
    raw = connection.getresponse()
    answer = Response(raw.status, raw.getheaders(), b"", url, method)
    if stream and (answer.header("content-type") or "").startswith("text/event-stream"):
        answer.stream = EventStream(connection, raw)
        return answer
    answer.body = _whole(raw, timeout) if (answer.header("content-type") or "").startswith("text/event-stream") else raw.read()
    connection.close()
    return answer


def _whole(raw: http.client.HTTPResponse, timeout: float) -> bytes:
    """A whole event stream; its comments would keep a wait for one piece alive for ever."""
    body, deadline = b"", time.monotonic() + timeout + 30
    while piece := raw.read1(65536):
        body += piece
        assert time.monotonic() < deadline, f"the stream didn't end in {timeout + 30} s: {body[-200:]!r}"
    return body
