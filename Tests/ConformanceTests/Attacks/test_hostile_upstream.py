"""A malicious or broken upstream writes events, headers or statuses that would speak for the gateway: another event inside its own, a
cookie, a redirect, a challenge that logs the user out. One upstream event is one client event; its status and headers are never ours."""

import gzip
import json
import threading
import time

import pytest
from martlet_support import Gateway, MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import RawUpstream, events_answer, json_answer
from martlet_support.route import token
from martlet_support.steps import count, within

RESULT = {"jsonrpc": "2.0", "id": 1, "result": {"content": []}}
LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {}}}
# What an answer of a route may carry, whatever the upstream sent.
MINE = {"content-type", "cache-control", "vary", "x-request-id", "x-content-type-options", "content-length", "transfer-encoding", "connection",
        "x-accel-buffering", "retry-after", "allow", "mcp-session-id", "date"}


INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
              "params": {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}}


def opening(session: bytes) -> bytes:
    """How an upstream opens a session."""
    result = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": LEGACY, "capabilities": {}, "serverInfo": {"name": "r", "version": "1"}}}
    return json_answer(json.dumps(result).encode(), extra=b"Mcp-Session-Id: " + session + b"\r\n")


@pytest.fixture(scope="module")
def world():
    upstream = RawUpstream().start()
    gateway = Gateway({"raw": upstream.url}, users={USER: PASSWORD}).start()
    installation = Installation(gateway, {})
    installation.raw = upstream
    # Martlet knows the server's era from here on, whichever test comes first.
    upstream.answer = json_answer(json.dumps(RESULT).encode())
    assert post(installation).status == 200
    yield installation
    gateway.close()
    upstream.stop()


@pytest.fixture(autouse=True)
def fresh(world):
    world.raw.clear()


def post(world, message=LISTING, *, stream=False, timeout=90, headers=None):
    sent = {"Authorization": f"Bearer {token(world, 'raw')}", "Accept": "application/json, text/event-stream", "MCP-Protocol-Version": LEGACY}
    return request("POST", world.mcp_url("raw"), headers={**sent, **(headers or {})}, json=message, stream=stream, timeout=timeout)


def data(message) -> bytes:
    return b"data: " + json.dumps(message).encode() + b"\n\n"


HEADERS = {
    "Set-Cookie": "session=evil; Path=/", "Location": "https://evil.example/", "WWW-Authenticate": "Bearer realm=evil", "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "*", "Proxy-Authenticate": "Basic", "Keep-Alive": "timeout=1",
    "Upgrade": "h2c", "Trailer": "X-Evil", "X-Frame-Options": "ALLOWALL", "Content-Security-Policy": "x", "Strict-Transport-Security": "max-age=0",
    "Refresh": "0; url=https://evil.example", "Clear-Site-Data": "*", "Server": "evil/1", "X-Powered-By": "evil", "Link": "<https://evil.example>; rel=x",
    "Alt-Svc": "h3=evil", "Content-Encoding": "gzip", "X-Evil": "1", "Public-Key-Pins": "x", "Mcp-Session-Id": "fixated", "Retry-After": "1",
}


@pytest.mark.parametrize("kind", ["json", "events", "error"])
def test_V_040_no_header_of_the_upstream_is_relayed(world, kind):
    for name, value in HEADERS.items():
        if name == "Content-Encoding" and kind != "error":
            continue
        extra = f"{name}: {value}\r\n".encode()
        world.raw.answer = {
            "json": json_answer(json.dumps(RESULT).encode(), extra=extra), "events": events_answer(data(RESULT), extra=extra),
            "error": json_answer(b'{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no"}}', status="400 Bad Request", extra=extra),
        }[kind]
        answer = post(world)
        assert answer.status == (400 if kind == "error" else 200), f"{name}: {answer.describe()}"
        found = {n.lower() for n, _ in answer.headers}
        assert found <= MINE, f"{name}: {found - MINE}"
        assert value not in [v for _, v in answer.headers], answer.describe()


STREAMS = {
    "lf": b"data: {\"a\":1}\n\n", "crlf": b"data: {\"a\":1}\r\n\r\n", "cr": b"data: {\"a\":1}\r\r",
    "event name": b"event: message\ndata: {\"a\":1}\n\n", "several lines": b"data: {\ndata: \"a\":1}\n\n",
    "cr inside": b"data: {\"a\":1}\rdata: {\"b\":2}\n\n", "injected id": b"id: 1\rid: 2\ndata: {\"a\":1}\n\n",
    "injected event": b"event: x\revent: endpoint\ndata: https://evil.example/\n\n", "retry junk": b"retry: 1e9\ndata: {\"a\":1}\n\n",
    "retry huge": b"retry: 99999999999999999999999\ndata: {\"a\":1}\n\n", "unknown field": b"evil: x\ndata: {\"a\":1}\n\n",
    "comment": b": evil\ndata: {\"a\":1}\n\n", "bom": b"\xef\xbb\xbfdata: {\"a\":1}\n\n", "nul in id": b"id: a\x00b\ndata: {\"a\":1}\n\n",
    "nul in data": b"data: {\"a\":\"\x00\"}\n\n", "not utf-8": b"data: {\"a\":\"\xff\"}\n\n", "no space": b"data:{\"a\":1}\n\n",
    "nel and separators": "data: {\"a\":\"\u0085\u2028\u2029\"}\n\n".encode(), "unfinished": b"data: {\"a\":1}\n", "empty": b"\n\n\n\n",
}


def blocks(body: bytes) -> list[list[bytes]]:
    """The events of a stream as bytes, comments left out."""
    found = []
    for block in body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n"):
        lines = [line for line in block.split(b"\n") if line and not line.startswith(b":")]
        if any(line.startswith(b"data") for line in lines):
            found.append(lines)
    return found


@pytest.mark.parametrize("name", STREAMS)
def test_V_040_one_upstream_event_is_one_client_event(world, name):
    world.raw.answer = events_answer(STREAMS[name] + data(RESULT))
    try:
        body = post(world).body
    except Exception:  # a stream that was cut in the middle
        assert name in ("not utf-8", "nul in data", "nul in id"), "only what can't be read is cut"
        return
    expected = len(blocks(STREAMS[name] + data(RESULT)))
    # Where the response drowned in an event before it, Martlet says so in its own name.
    events = [lines for lines in blocks(body) if b"-31003" not in b"".join(lines)]
    assert len(events) <= expected, body
    # A NUL in data is for the reader of the JSON to refuse; in an id or a name it would be read differently by different readers.
    assert b"\r" not in body and not any(b"\x00" in line for lines in events for line in lines if not line.startswith(b"data")), body
    for lines in events:
        names = [line.split(b":", 1)[0] for line in lines]
        assert set(names) <= {b"event", b"data", b"id", b"retry"}, body
        for once in (b"event", b"id", b"retry"):
            assert names.count(once) <= 1, body
    assert b"evil:" not in body and b": evil" not in body


def test_V_040_an_endless_line_is_cut(world):
    ended = threading.Event()

    def endless(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ")
        try:
            for _ in range(400):
                sock.sendall(b"x" * 65536)
        finally:
            ended.set()

    world.raw.answer = endless
    before = rss(world)
    try:
        answer = post(world)
        assert len(answer.body) < 1 << 20, "nothing of an unfinished event is relayed"
    except Exception:
        pass  # cut in the middle, as it should be
    assert ended.wait(90)
    assert rss(world) - before < 64 << 20


def rss(world) -> int:
    with open(f"/proc/{world.gateway.process.pid}/statm") as file:
        return int(file.read().split()[1]) * 4096


STATUSES = [401, 403, 500, 502, 503, 504, 501, 418, 302, 303, 301, 599]


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("html", [False, True])
def test_S3_an_upstreams_status_is_never_ours(world, status, html):
    body, kind = (b"<h1>oops</h1>", b"text/html") if html else (b'{"error":"invalid_token"}', b"application/json")
    world.raw.answer = json_answer(body, status=f"{status} X", content_type=kind, extra=b"WWW-Authenticate: Bearer\r\nLocation: https://evil.example/\r\n")
    answer = post(world)
    assert answer.header("www-authenticate") is None and answer.header("location") is None
    assert b"oops" not in answer.body
    if status == 418:
        assert answer.status == 418, "other refusals keep their status, by which clients tell eras"
        return
    assert answer.status == 200, answer.describe()
    error = answer.json()
    assert error["id"] == 1 and error["error"]["code"] == -31003, answer.describe()
    notification = post(world, {"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert notification.status == 503 and notification.header("retry-after"), notification.describe()


def test_S3_html_instead_of_an_answer_is_unavailable(world):
    world.raw.answer = json_answer(b"<html>login</html>", content_type=b"text/html")
    answer = post(world)
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
    assert "login" not in answer.text


@pytest.mark.parametrize("answer", [
    b"", b"garbage\r\n\r\n", b"HTTP/1.1 200\r\n\r\n", b"HTTP/3 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n{}x", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{}x",
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: 1\r\n" % i for i in range(5000)) + b"\r\n",
], ids=["closed", "garbage", "no reason", "http/3", "bad length", "two lengths", "length and chunks", "bad chunk", "huge header", "many headers"])
def test_V_082_what_is_not_http_is_unavailable(world, answer):
    def once(sock, _):
        sock.sendall(answer)

    world.raw.answer = once
    try:
        heard = post(world, CALL)
    except Exception:
        return  # the head was out already: the client must not take half an answer for a whole one
    assert heard.status == 200, heard.describe()
    assert heard.json()["error"]["code"] == -31003, heard.describe()
    world.raw.answer = json_answer(json.dumps(RESULT).encode())
    assert post(world).json() == RESULT, "the next call goes over a clean connection"


def test_V_082_a_second_answer_on_the_line_is_never_taken_for_the_next(world):
    poison = json_answer(b'{"jsonrpc":"2.0","id":1,"result":{"poison":true}}')
    world.raw.answer = json_answer(json.dumps(RESULT).encode()) + poison
    for _ in range(20):
        answer = post(world)
        assert b"poison" not in answer.body, answer.describe()


def test_R_54_a_call_is_never_sent_twice(world):
    # Read, then gone: nobody knows whether the tool ran.
    world.raw.answer = lambda sock, arrival: None
    number = count(50, 10_000)
    for _ in range(number):
        answer = post(world, CALL)
        assert answer.json()["error"]["code"] == -31003, answer.describe()
    # What else arrives is Martlet asking whether the instance has recovered.
    calls = [a for a in world.raw.received() if b"tools/call" in a.body]
    assert len(calls) == number, f"{len(calls)} arrived for {number} that were sent"
    # Also on a connection that was used before.
    state = {"n": 0}

    def second_time_gone(sock, arrival):
        state["n"] += 1
        return json_answer(json.dumps(RESULT).encode()) if b"tools/list" in arrival.body else None

    world.raw.answer = second_time_gone
    world.raw.clear()
    for _ in range(20):
        post(world)
        post(world, CALL)
    calls = [a for a in world.raw.received() if b"tools/call" in a.body]
    assert len(calls) == 20, f"{len(calls)} arrived for 20 that were sent"
    print(f"proof: R-54 count={number + 20}")


def test_R_54_a_half_answered_call_is_cut_not_completed(world):
    def half(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"jsonrpc\"")

    world.raw.answer = half
    with pytest.raises(Exception):
        post(world, CALL)
    assert len([a for a in world.raw.received() if b"tools/call" in a.body]) == 1


def test_R_50_an_upstream_that_is_down(world):
    answer = None
    gone = Gateway({"raw": "http://127.0.0.1:9/mcp"}, users={USER: PASSWORD})
    with gone:
        there = Installation(gone, {})
        for method in ("initialize", "tools/list", "tools/call", "ping"):
            answer = post(there, {"jsonrpc": "2.0", "id": "a", "method": method, "params": {"name": "echo"}})
            assert answer.status == 200 and answer.json()["error"]["code"] == -31003 and answer.json()["id"] == "a", answer.describe()
        discover = MCPConnection(there.mcp_url("raw"), token(there, "raw"), revision=MODERN).post("server/discover")
        assert discover.status in (200, 503), discover.describe()
        notification = post(there, {"jsonrpc": "2.0", "method": "notifications/initialized"})
        assert notification.status == 503 and notification.header("retry-after")
        assert gone.process.poll() is None


@pytest.mark.parametrize("status,body,kind", [
    (202, b"", b"text/plain"), (202, b"Accepted", b"text/plain"), (200, b"", b"text/plain"), (204, b"", b"text/plain"),
    (202, b"{}", b"application/json"), (200, b"null", b"application/json"), (200, b"ok", b"text/plain"),
])
def test_a_notification_that_was_taken_is_202_without_a_body(world, status, body, kind):
    # Real servers answer in all these ways; the client hears what the transport says (§4.1, §4.2).
    world.raw.answer = (b"HTTP/1.1 204 No Content\r\n\r\n" if status == 204 else json_answer(body, status=f"{status} X", content_type=kind))
    for message in ({"jsonrpc": "2.0", "method": "notifications/initialized"}, {"jsonrpc": "2.0", "id": 4, "result": {}}):
        answer = post(world, message)
        assert answer.status == 202 and answer.body == b"", answer.describe()


@pytest.mark.parametrize("status,kind", [(200, b"application/json"), (200, b"text/html"), (202, b"text/plain"), (400, b"application/json"), (405, b"text/plain"),
                                         (406, b"application/json"), (501, b"text/plain")])
def test_X3_a_get_that_gives_no_stream_is_405(world, status, kind):
    world.raw.answer = opening(b"upstream-session")
    session = post(world, INITIALIZE).header("mcp-session-id")
    world.raw.answer = json_answer(b"{}", status=f"{status} X", content_type=kind)
    answer = request("GET", world.mcp_url("raw"), headers={"Authorization": f"Bearer {token(world, 'raw')}", "Mcp-Session-Id": session, "Accept": "text/event-stream"})
    assert answer.status == 405 and "POST" in answer.header("allow"), answer.describe()


def test_X5_a_conflict_at_the_upstream_is_outlived(world):
    # The upstream has not seen yet that the stream before has ended.
    world.raw.answer = opening(b"upstream-session")
    session = post(world, INITIALIZE).header("mcp-session-id")
    left = [2]

    def conflict(sock, arrival):
        left[0] -= 1
        return json_answer(b"{}", status="409 Conflict") if left[0] >= 0 else events_answer(data(RESULT))

    world.raw.answer = conflict
    answer = request("GET", world.mcp_url("raw"), headers={"Authorization": f"Bearer {token(world, 'raw')}", "Mcp-Session-Id": session, "Accept": "text/event-stream"})
    assert answer.status == 200 and b'"result"' in answer.body, answer.describe()


def test_an_empty_answer_to_a_request_is_no_answer(world):
    for status in (200, 202, 204):
        world.raw.answer = b"HTTP/1.1 204 X\r\n\r\n" if status == 204 else json_answer(b"", status=f"{status} X", content_type=b"text/plain")
        answer = post(world, CALL)
        assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "x-unknown"])
@pytest.mark.parametrize("message", [CALL, LISTING, INITIALIZE])
@pytest.mark.parametrize("kind", ["json", "chunks", "events"])
def test_an_encoded_answer_is_refused_by_name(world, kind, message, coding):
    extra, body = b"Content-Encoding: %s\r\n" % coding.encode(), gzip.compress(json.dumps(RESULT).encode())
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (extra, len(body), body)
    world.raw.answer = {"json": json_answer(body, extra=extra), "chunks": chunked, "events": events_answer(body, extra=extra)}[kind]
    answer = post(world, message)
    error = answer.json()["error"]
    assert answer.status == 200 and error["code"] == -31003 and "Content-Encoding" in error["message"], answer.describe()
    assert ("not sent again" in error["message"]) == (message is CALL)


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
def test_an_answer_that_says_it_is_not_encoded_is_taken(world, coding):
    world.raw.answer = json_answer(json.dumps(RESULT).encode(), extra=b"Content-Encoding: %s\r\n" % coding.encode())
    assert post(world, LISTING).json() == RESULT


@pytest.mark.parametrize("asked", ["gzip, br", "*", "identity;q=0, gzip", None])
def test_X9_a_server_that_encodes_where_it_may_is_told_not_to(world, asked):
    def answer(_, arrival):
        told = {name.lower(): value for name, value in arrival.headers}.get("accept-encoding")
        body = json.dumps(RESULT).encode()
        return json_answer(body) if told == "identity" else json_answer(gzip.compress(body), extra=b"Content-Encoding: gzip\r\n")

    world.raw.answer = answer
    for message in (LISTING, CALL):
        assert post(world, message, headers={"Accept-Encoding": asked} if asked else {}).json() == RESULT


def test_a_refusal_keeps_its_status_however_it_is_encoded(world):
    world.raw.answer = json_answer(gzip.compress(b"{}"), status="418 X", extra=b"Content-Encoding: gzip\r\n")
    answer = post(world, CALL)
    assert answer.status == 418 and answer.json()["error"]["code"] == -31003, answer.describe()


NOTHING = {"length": b"Content-Length: 0\r\n\r\n", "chunks": b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "chunks with a trailer": b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Evil: 1\r\n\r\n"}


@pytest.mark.parametrize("framing", NOTHING)
@pytest.mark.parametrize("message", [CALL, LISTING])
def test_nothing_is_no_answer_whatever_its_type(world, message, framing):
    world.raw.answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + NOTHING[framing]
    answer = post(world, message)
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()


@pytest.mark.parametrize("extra", [b"", data({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": 1, "progress": 1}})])
def test_a_stream_that_ends_without_the_response_says_so(world, extra):
    # Nobody could come back for it: the server gave no event ids.
    whole = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(extra)
    world.raw.answer = opening(b"upstream-session")
    session = post(world, INITIALIZE).header("mcp-session-id")
    world.raw.answer = whole + extra
    for headers in ({}, {"Mcp-Session-Id": session}):
        answer = post(world, CALL, headers=headers)
        assert b'"id":1,"error":{"code":-31003' in answer.body, answer.describe()


@pytest.mark.parametrize("kind", ["stateless", "session"])
def test_an_event_that_cannot_be_read_leaves_nobody_waiting(world, kind):
    world.raw.answer = opening(b"upstream-session")
    session = post(world, INITIALIZE).header("mcp-session-id")
    world.raw.answer = events_answer(data({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": 1}}) + b"data: " + b"x" * (16 << 20) + b"\n\n")
    answer = post(world, CALL, headers={"Mcp-Session-Id": session} if kind == "session" else {})
    assert answer.status == 200 and b'"id":1,"error":{"code":-31003' in answer.body, answer.describe()
    assert b"xxxx" not in answer.body


# What Martlet's own strict reader would not take from a client, but every client takes from its server.
LOOSE = {
    "many keys": json.dumps({"rows": [{"a": n, "b": n} for n in range(6_000)]}),
    "deep": "[" * 100 + "]" * 100,
    "twice": '{"a": 1, "a": 2}',
    "half a pair": '"\\ud800"',
}


@pytest.mark.parametrize("kind", ["stateless", "session"])
@pytest.mark.parametrize("name", [*LOOSE, "batch"])
def test_a_response_that_is_hard_to_read_is_one(world, name, kind):
    """It goes on as it came; no word follows that it is lost."""
    text = '{"jsonrpc": "2.0", "id": 1, "result": {"content": [], "structuredContent": %s}}' % LOOSE.get(name, "{}")
    text = f"[{text}]" if name == "batch" else text
    world.raw.answer = opening(b"upstream-session")
    session = post(world, INITIALIZE).header("mcp-session-id")
    world.raw.answer = events_answer(b"data: " + text.encode() + b"\n\n")
    answer = post(world, CALL, headers={"Mcp-Session-Id": session} if kind == "session" else {})
    assert text.encode() in answer.body and b"-31003" not in answer.body, answer.describe()


def test_a_word_after_the_response_takes_nothing_back(world):
    more = data({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "done"}})
    world.raw.answer = opening(b"upstream-session")
    session = post(world, INITIALIZE).header("mcp-session-id")

    def answer(sock, _):
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(data(RESULT) + more + more))
        for part in (data(RESULT), more, more):
            sock.sendall(part)
            time.sleep(0.05)
        return b""

    world.raw.answer = answer
    for headers in ({}, {"Mcp-Session-Id": session}):
        body = post(world, CALL, headers=headers).body
        assert b'"result"' in body and body.count(b"notifications/message") == 2 and b"-31003" not in body, body


def test_an_answer_of_the_client_that_is_not_taken_has_no_answer_under_its_id(world):
    # The id is the server's; under the same one the client may be waiting for something of its own.
    world.raw.answer = json_answer(b"", status="500 X")
    answer = post(world, {"jsonrpc": "2.0", "id": 4, "result": {}})
    assert answer.status == 503 and answer.json()["id"] is None, answer.describe()
    lost = post(world, {"jsonrpc": "2.0", "id": 4, "result": {}}, headers={"Mcp-Session-Id": "mse_unknown"})
    assert lost.status == 404 and lost.json()["id"] is None, lost.describe()


def test_X11_a_slash_redirect_is_followed_once_with_the_body(world):
    def slash(sock, arrival):
        path = arrival.head.split(b" ")[1]
        if path == b"/mcp":
            return json_answer(b"", status="307 Temporary Redirect", extra=b"Location: http://127.0.0.1:%d/mcp/\r\n" % world.raw.port)
        return json_answer(json.dumps(RESULT).encode())

    world.raw.answer = slash
    assert post(world, CALL).json() == RESULT
    first, second = world.raw.received()
    assert first.body == second.body and second.head.startswith(b"POST /mcp/ ")


@pytest.mark.parametrize("location", ["https://evil.example/mcp/", "http://127.0.0.1:1/mcp/", "//evil.example/mcp/", "/other", "/mcp/../x", "/mcp/?a=b",
                                      "http://x@127.0.0.1/mcp/", "ftp://127.0.0.1/mcp/", "", "/mcp//", "\\\\evil\\mcp/"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_V_037_X11_no_other_redirect_is_followed(world, status, location):
    world.raw.answer = json_answer(b"", status=f"{status} X", extra=f"Location: {location}\r\n".encode())
    answer = post(world, CALL)
    assert len(world.raw.received()) == 1, f"{status} to {location} was followed"
    assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()
    assert answer.header("location") is None


def test_X11_a_redirect_loop_ends(world):
    def loop(sock, arrival):
        other = b"/mcp/" if arrival.head.split(b" ")[1] == b"/mcp" else b"/mcp"
        return json_answer(b"", status="307 X", extra=b"Location: " + other + b"\r\n")

    world.raw.answer = loop
    assert post(world).json()["error"]["code"] == -31003
    assert len(world.raw.received()) == 2


def test_V_040_a_bad_session_id_of_the_upstream_is_no_session(world):
    for value in (b"a b", b"\xff\xfe", b"x" * 10_000, b"a\tb", b"", b"good\x7f"):
        world.raw.answer = opening(value)
        answer = post(world, INITIALIZE)
        assert answer.status == 200, answer.describe()
        session = answer.header("mcp-session-id")
        world.raw.answer = json_answer(json.dumps(RESULT).encode())
        world.raw.clear()
        follow = post(world, LISTING, headers={"Mcp-Session-Id": session} if session else {})
        assert follow.status in (200, 404), follow.describe()
        for arrival in world.raw.received():
            sent = dict(arrival.headers).get("mcp-session-id")
            assert sent is None or sent.isascii() and " " not in sent and "\t" not in sent, sent


def test_V_040_hostile_initialize_answers_open_no_session(world):
    for body in (b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0","id":1,"result":{},"result":{}}', b"x" * (2 << 20), b'{"jsonrpc":"2.0","id":1}'):
        world.raw.answer = json_answer(body, extra=b"Mcp-Session-Id: abc\r\n")
        answer = post(world, INITIALIZE)
        assert answer.header("mcp-session-id") is None, answer.describe()
        assert answer.status == 200 and answer.json()["error"]["code"] == -31003, answer.describe()


def test_V_040_an_early_hint_or_a_flood_of_them_is_no_answer(world):
    world.raw.answer = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + json_answer(json.dumps(RESULT).encode())
    answer = post(world)
    assert answer.json() == RESULT and answer.header("link") is None
    began = time.monotonic()
    assert post(world).json() == RESULT and time.monotonic() - began < within(5)
