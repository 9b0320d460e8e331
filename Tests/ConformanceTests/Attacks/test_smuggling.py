"""A request whose end two parsers see in different places hides a second one inside. Every case of the corpus is either refused, and the
connection closed, or reaches the upstream as exactly one request with the body that was meant; never is anything behind it executed."""

import contextlib
import json
import threading
import time

import pytest
from martlet_support import Gateway
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.raw import RawUpstream, converse, json_answer
from martlet_support.route import token

BODY = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
HIDDEN_BODY = b'{"jsonrpc":"2.0","id":666,"method":"tools/call","params":{"name":"hidden","arguments":{}}}'
RESULT = b'{"jsonrpc":"2.0","id":1,"result":{}}'


@pytest.fixture(scope="module", params=["martlet", "nio"])
def world(request):
    """Both codecs: the one that is used, and the one to fall back on."""
    upstream = RawUpstream(json_answer(RESULT)).start()
    gateway = Gateway({"raw": upstream.url}, users={USER: PASSWORD}, config={"http_codec": request.param}).start()
    installation = Installation(gateway, {})
    installation.raw = upstream
    yield installation
    gateway.close()
    upstream.stop()


def chunked(*pieces: bytes, last: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + last


N = len(BODY)
CHUNKS = chunked(BODY)
# (name, header lines in place of Content-Length, body bytes, line end of the head). `{hidden}` is a whole second request.
CL = b"Content-Length: %d" % N
TE = b"Transfer-Encoding: chunked"
CORPUS: list[tuple[str, list[bytes], bytes]] = [
    ("plain", [CL], BODY),
    ("chunked", [TE], CHUNKS),
    ("chunks of one byte", [TE], chunked(*[BODY[i:i + 1] for i in range(N)])),
    ("CL.TE", [b"Content-Length: %d" % len(CHUNKS), TE], CHUNKS),
    ("CL.TE hidden", [b"Content-Length: %d" % (len(CHUNKS) + 400), TE], CHUNKS + b"{hidden}"),
    ("TE.CL", [TE, b"Content-Length: 4"], b"%x\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("TE.CL hidden", [TE, b"Content-Length: 4"], chunked(b"{hidden}")),
    ("0.CL", [b"Content-Length: 0", CL], BODY),
    ("CL.0", [CL, b"Content-Length: 0"], BODY),
    ("same CL twice", [CL, CL], BODY),
    ("list of CL", [b"Content-Length: %d, %d" % (N, N)], BODY),
    ("different CL", [CL, b"Content-Length: %d" % (N + 400)], BODY + b"{hidden}"),
    ("plus CL", [b"Content-Length: +%d" % N], BODY),
    ("minus CL", [b"Content-Length: -%d" % N], BODY),
    ("hex CL", [b"Content-Length: 0x%x" % N], BODY),
    ("octal-looking CL", [b"Content-Length: 0%d" % N], BODY),
    ("float CL", [b"Content-Length: %d.0" % N], BODY),
    ("exponent CL", [b"Content-Length: 4e1"], BODY),
    ("huge CL", [b"Content-Length: 99999999999999999999999"], BODY),
    ("2^64 CL", [b"Content-Length: %d" % (2**64 + N)], BODY),
    ("2^63 CL", [b"Content-Length: %d" % 2**63], BODY),
    ("empty CL", [b"Content-Length: "], BODY),
    ("words CL", [b"Content-Length: ten"], BODY),
    ("CL with junk", [b"Content-Length: %d x" % N], BODY),
    ("CL in unicode digits", ["Content-Length: \u0664\u0666".encode()], BODY),
    ("space before colon", [b"Content-Length : %d" % N], BODY),
    ("space before TE colon", [b"Transfer-Encoding : chunked"], CHUNKS),
    ("tab before colon", [b"Content-Length\t: %d" % N], BODY),
    ("space before name", [b" Content-Length: %d" % N], BODY),
    ("obs-fold", [b"X: a\r\n b", CL], BODY),
    ("obs-fold CL", [b"Content-Length:\r\n %d" % N], BODY),
    ("obs-fold TE", [b"Transfer-Encoding:\r\n chunked"], CHUNKS),
    ("obs-fold TE tail", [b"Transfer-Encoding: identity\r\n\tchunked"], CHUNKS),
    ("TE twice", [TE, TE], CHUNKS),
    ("TE.TE identity", [TE, b"Transfer-Encoding: identity"], CHUNKS),
    ("TE identity first", [b"Transfer-Encoding: identity, chunked"], CHUNKS),
    ("TE chunked not last", [b"Transfer-Encoding: chunked, identity"], CHUNKS),
    ("TE chunked twice", [b"Transfer-Encoding: chunked, chunked"], CHUNKS),
    ("TE gzip", [b"Transfer-Encoding: gzip, chunked"], CHUNKS),
    ("xchunked", [b"Transfer-Encoding: xchunked", CL], BODY),
    ("chunkedx", [b"Transfer-Encoding: chunkedx", CL], BODY),
    ("quoted chunked", [b'Transfer-Encoding: "chunked"', CL], BODY),
    ("chunked with parameter", [b"Transfer-Encoding: chunked;q=1", CL], BODY),
    ("TE empty", [b"Transfer-Encoding: ", CL], BODY),
    ("TE identity with CL", [b"Transfer-Encoding: identity", CL], BODY),
    ("vertical tab TE", [b"Transfer-Encoding: \x0bchunked", CL], BODY),
    ("nul TE", [b"Transfer-Encoding: chunked\x00", CL], BODY),
    ("TE upper case", [b"TRANSFER-ENCODING: CHUNKED"], CHUNKS),
    ("underscore TE", [b"Transfer_Encoding: chunked", CL], BODY),
    ("underscore CL", [b"Content_Length: 5", CL], BODY),
    ("nul in a name", [b"X\x00Y: a", CL], BODY),
    ("nul in a value", [b"X: a\x00b", CL], BODY),
    ("cr in a value", [b"X: a\rContent-Length: 0", CL], BODY),
    ("bare lf between headers", [b"X: a\nY: b", CL], BODY),
    ("bare lf hides a header", [b"X: a\nTransfer-Encoding: chunked", CL], BODY),
    ("no colon", [b"Nonsense", CL], BODY),
    ("empty name", [b": x", CL], BODY),
    ("name with a space", [b"X Y: x", CL], BODY),
    ("name in unicode", ["Tr\u00e4nsfer: x".encode(), CL], BODY),
    ("chunk extension", [TE], b"%x;a=b\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("long chunk extension", [TE], b"%x;" % N + b"a" * 100_000 + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    ("chunk extension with bare lf", [TE], b"%x;a\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk extension with bare cr", [TE], b"%x;a\rb\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size with space", [TE], b" %x\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size and space", [TE], b"%x \r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size 0x", [TE], b"0x%x\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size plus", [TE], b"+%x\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size minus", [TE], b"-%x\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size underscore", [TE], b"2_e\r\n" + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size zeros", [TE], b"0000000000%x\r\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size overflow", [TE], b"%x\r\n" % (2**64 + N) + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size empty", [TE], b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    ("chunk size bare lf", [TE], b"%x\n" % N + BODY + b"\r\n0\r\n\r\n"),
    ("chunk too short", [TE], b"%x\r\n" % (N - 1) + BODY + b"\r\n0\r\n\r\n"),
    ("chunk too long", [TE], b"%x\r\n" % (N + 1) + BODY + b"\r\n0\r\n\r\n"),
    ("chunk without crlf", [TE], b"%x\r\n" % N + BODY + b"0\r\n\r\n"),
    ("chunk with two byte terminator", [TE], b"%x\r\n" % N + BODY + b"xx0\r\n\r\n"),
    ("last chunk bare lf", [TE], b"%x\r\n" % N + BODY + b"\r\n0\n\n"),
    ("trailers", [TE], chunked(BODY, last=b"0\r\nX: y\r\n\r\n")),
    ("trailer content-length", [TE], chunked(BODY, last=b"0\r\nContent-Length: 5\r\n\r\n")),
    ("trailer authorization", [TE], chunked(BODY, last=b"0\r\nAuthorization: Bearer x\r\nMcp-Session-Id: x\r\n\r\n")),
    ("CL shorter than body", [b"Content-Length: %d" % (N - 3)], BODY),
    ("pipelined", [CL], BODY + b"{benign}"),
    ("hidden behind a short body", [b"Content-Length: 2"], b"{}" + b"{hidden}"),
    ("no length at all", [], BODY),
    ("expect", [CL, b"Expect: 100-continue"], BODY),
    ("upgrade h2c", [CL, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"], BODY),
    ("upgrade websocket", [CL, b"Connection: Upgrade", b"Upgrade: websocket"], BODY),
    ("content-encoding", [CL, b"Content-Encoding: gzip"], BODY),
    ("keep-alive junk", [CL, b"Keep-Alive: x", b"Proxy-Connection: keep-alive"], BODY),
]
# (name, request line and head as bytes with {common}, whole)
HEADS: list[tuple[str, bytes]] = [
    ("HTTP/1.0 with TE", b"POST /raw/mcp HTTP/1.0\r\n{common}Transfer-Encoding: chunked\r\n\r\n" + CHUNKS),
    ("HTTP/1.0", b"POST /raw/mcp HTTP/1.0\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("HTTP/0.9", b"POST /raw/mcp\r\n\r\n"),
    ("HTTP/2.0", b"POST /raw/mcp HTTP/2.0\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("HTTP/1.2", b"POST /raw/mcp HTTP/1.2\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("http/1.1 in lower case", b"POST /raw/mcp http/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("two spaces", b"POST  /raw/mcp HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("space in the target", b"POST /raw/mcp x HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("tab in the target", b"POST /raw/mcp\tx HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("nul in the target", b"POST /raw/mcp\x00 HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("cr in the target", b"POST /raw/mcp\rX HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("lf line ends", b"POST /raw/mcp HTTP/1.1\n{common}" + CL + b"\n\n" + BODY),
    ("cr line ends", b"POST /raw/mcp HTTP/1.1\r{common}" + CL + b"\r\r" + BODY),
    ("leading crlf", b"\r\n\r\nPOST /raw/mcp HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("leading space", b" POST /raw/mcp HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("method in lower case", b"post /raw/mcp HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("GET with a body", b"GET /raw/mcp HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("DELETE with a body", b"DELETE /raw/mcp HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("asterisk form", b"POST * HTTP/1.1\r\n{common}" + CL + b"\r\n\r\n" + BODY),
    ("authority form", b"CONNECT 127.0.0.1:80 HTTP/1.1\r\n{common}\r\n{hidden}"),
    ("nothing but lines", b"\r\n" * 1000),
    ("tls hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200)),
]


WELL_FORMED = ("plain", "chunked", "chunks of one byte", "trailers", "TE upper case")


def hidden(world) -> bytes:
    common = head_of(world)
    return b"POST /raw/mcp HTTP/1.1\r\n" + common + b"Content-Length: %d\r\n\r\n" % len(HIDDEN_BODY) + HIDDEN_BODY


def head_of(world) -> bytes:
    lines = [f"Host: 127.0.0.1:{world.gateway.port}", f"Authorization: Bearer {token(world, 'raw')}", "Content-Type: application/json"]
    return "".join(line + "\r\n" for line in lines).encode()


def judge(world, name: str, data: bytes, may_hold_second: bool) -> str:
    world.raw.clear()
    # Only what is well formed must be answered; some of the rest waits for more bytes.
    talk = converse(world.gateway.port, data, wait=60 if name in WELL_FORMED else 1.2, quiet=0.15)
    arrived = world.raw.received()
    for one in arrived:
        ids = json.loads(one.body)["id"] if one.body else None
        assert ids != 666 or may_hold_second, f"{name}: what was hidden was executed"
        if ids != 666:
            assert one.body == BODY, f"{name}: another body arrived: {one.body!r}"
        framing = [n.lower() for n, _ in one.headers if n.lower() in ("content-length", "transfer-encoding")]
        assert framing == ["content-length"] or not one.body, f"{name}: {one.headers}"
    assert len(arrived) <= (2 if may_hold_second else 1), f"{name}: {len(arrived)} requests arrived"
    # Rubbish behind a refused request is refused once more.
    assert len([s for s in talk.statuses if 200 <= s < 400]) <= (2 if may_hold_second else 1), f"{name}: {talk.statuses}"
    if not arrived:
        assert not talk.statuses or talk.statuses[-1] >= 400, f"{name}: {talk.statuses}"
        assert talk.closed or not talk.statuses or talk.statuses[-1] in (400, 401, 404, 405, 415, 413, 408), name
        framing_error = talk.statuses and talk.statuses[-1] == 400 and b'"jsonrpc"' not in talk.received
        assert talk.closed or not framing_error, f"{name}: the connection stays open after a framing error"
        return "refused"
    return "one"


@pytest.mark.parametrize("name", [row[0] for row in CORPUS])
def test_V_082_S_18_bodies(world, name):
    _, lines, body = next(row for row in CORPUS if row[0] == name)
    # A second request in the open is no attack: it is the next request of the same caller.
    benign = b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + CL + b"\r\n\r\n" + BODY
    if b"{hidden}" in body and lines[0] == TE and len(lines) > 1:
        body = chunked(hidden(world))
    body = body.replace(b"{hidden}", hidden(world)).replace(b"{benign}", benign)
    data = b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body
    if name == "pipelined":
        talk = converse(world.gateway.port, data, answers=2)
        assert talk.statuses == [200, 200]
        return
    if name == "hidden behind a short body":
        # `{}` ends where its length says; behind it stands a whole request of the same caller: two requests, in order.
        assert judge(world, name, data, True) == "one"
        return
    verdict = judge(world, name, data, False)
    if name in WELL_FORMED:
        assert verdict == "one", f"{name} is well formed"
    if name in ("CL.TE", "CL.TE hidden", "TE.CL", "TE.CL hidden", "0.CL", "CL.0", "different CL", "plus CL", "hex CL", "bare lf hides a header",
                "chunk extension with bare lf", "obs-fold TE", "space before TE colon", "2^64 CL", "chunk size overflow", "chunk size 0x"):
        assert verdict == "refused", f"{name} must be refused"


@pytest.mark.parametrize("name", [row[0] for row in HEADS])
def test_V_082_S_18_heads(world, name):
    data = dict(HEADS)[name].replace(b"{common}", head_of(world)).replace(b"{hidden}", hidden(world))
    if name == "lf line ends":
        data = data.replace(b"\r\n", b"\n")
    judge(world, name, data, False)


def test_V_082_an_error_ends_the_connection(world):
    good = b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + CL + b"\r\n\r\n" + BODY
    for bad in (b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", b"X : y\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"X: \x00\r\n\r\n"):
        world.raw.clear()
        talk = converse(world.gateway.port, b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + bad + good)
        assert talk.closed and world.raw.received() == [], f"{bad!r}: {talk.statuses}"


def test_V_082_an_unread_body_is_never_the_next_request(world):
    # Refused by its head: what follows is body, whatever it looks like.
    for first in (b"POST /raw/mcp HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % world.gateway.port, b"POST /raw/mcp HTTP/1.1\r\nHost: evil.example\r\n",
                  b"PUT /raw/mcp HTTP/1.1\r\n" + head_of(world), b"POST /nosuch HTTP/1.1\r\n" + head_of(world), b"POST /a/../b HTTP/1.1\r\n" + head_of(world)):
        world.raw.clear()
        inside = hidden(world)
        talk = converse(world.gateway.port, first + b"Content-Length: %d\r\n\r\n" % len(inside) + inside)
        assert world.raw.received() == [], first
        assert len(talk.statuses) == 1 and talk.statuses[0] >= 400, talk.statuses
        # Half of it, then a close: nothing either.
        converse(world.gateway.port, first + b"Content-Length: %d\r\n\r\n" % (len(inside) * 2) + inside, wait=0.3)
        assert world.raw.received() == [], first


def test_V_081_V_083_http2_is_not_offered(world):
    good = CL + b"\r\n\r\n" + BODY
    for data in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), b"POST /raw/mcp HTTP/2\r\n" + head_of(world) + good,
                 b":method: POST\r\n:path: /raw/mcp\r\n\r\n", b"POST /raw/mcp HTTP/1.1\r\n:path: /healthz\r\n" + head_of(world) + good):
        world.raw.clear()
        talk = converse(world.gateway.port, data)
        assert talk.closed and world.raw.received() == [] and talk.statuses in ([400], []), f"{data[:40]!r}: {talk.statuses}"
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
    talk = converse(world.gateway.port, b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + upgrade + good)
    assert talk.statuses == [200], "an offer of another protocol is not taken up"


def test_V_064_names_with_underscores_are_not_there(world):
    forged = b"Martlet_Assertion: x\r\nMcp_Session_Id: x\r\nX_Gateway_User: root\r\nContent_Type: text/plain\r\nMcp-Session_Id: x\r\n"
    world.raw.clear()
    talk = converse(world.gateway.port, b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + forged + CL + b"\r\n\r\n" + BODY)
    assert talk.statuses == [200], "a session id that isn't there is not unknown"
    assert [n for arrival in world.raw.received() for n, _ in arrival.headers if "_" in n] == []
    # What only such a name says was not said.
    nobody = b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world).replace(b"Authorization:", b"Authorization_:") + CL + b"\r\n\r\n" + BODY
    assert converse(world.gateway.port, nobody).statuses == [401]
    assert converse(world.gateway.port, nobody.replace(b"Host:", b"Ho_st:")).statuses == [400]


def test_V_082_absolute_targets_agree_with_host(world):
    host = b"127.0.0.1:%d" % world.gateway.port
    for authority, expected in ((host, [200]), (host.upper(), [200]), (b"localhost:%d" % world.gateway.port, [400]), (b"evil.example", [400]),
                                (b"x@" + host, [400]), (b"", [400]), (host + b".", [400])):
        world.raw.clear()
        talk = converse(world.gateway.port, b"POST http://" + authority + b"/raw/mcp HTTP/1.1\r\n" + head_of(world) + CL + b"\r\n\r\n" + BODY)
        assert talk.statuses == expected, f"{authority!r}: {talk.statuses}"
        assert len(world.raw.received()) == (expected == [200])


def test_V_082_an_answer_that_nobody_asked_for_is_never_taken_for_the_next(world):
    poisoned = threading.Event()

    def late(sock, _):
        sock.sendall(json_answer(RESULT))
        time.sleep(0.05)
        with contextlib.suppress(OSError):
            sock.sendall(json_answer(b'{"jsonrpc":"2.0","id":1,"result":{"poison":true}}'))
        poisoned.set()
        return b""

    call = b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + CL + b"\r\n\r\n" + BODY
    world.raw.answer = late
    try:
        for _ in range(5):
            poisoned.clear()
            talk = converse(world.gateway.port, call)
            assert poisoned.wait(5)
            assert talk.statuses == [200] and b"poison" not in talk.received, talk.received
    finally:
        world.raw.answer = json_answer(RESULT)
    assert converse(world.gateway.port, call).statuses == [200]


def test_V_082_pieces_do_not_matter(world):
    data = b"POST /raw/mcp HTTP/1.1\r\n" + head_of(world) + TE + b"\r\n\r\n" + CHUNKS
    world.raw.clear()
    size = max(1, len(data) // 150)
    talk = converse(world.gateway.port, [data[i:i + size] for i in range(0, len(data), size)], pause=0.001, wait=60)
    assert talk.statuses == [200] and [a.body for a in world.raw.received()] == [BODY]


def test_V_082_at_least_sixty_cases():
    assert len(CORPUS) + len(HEADS) >= 100
    print(f"proof: V-082 count={len(CORPUS) + len(HEADS)}")
