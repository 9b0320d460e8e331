"""A message that one parser reads one way and the next another, or that holds several, is allowed as one thing and executed as another.
What isn't exactly one unambiguous JSON-RPC message, and agrees with its headers, is refused before the upstream hears of it."""

import json
import time

import pytest
from martlet_support import request
from martlet_support.mcp import LEGACY, MODERN, MCPConnection
from martlet_support.route import bearer, connect, token
from martlet_support.steps import within

ROUTES = ["stateless", "modern"]
CALL = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'


def send(world, server: str, body: bytes | str, headers: dict | None = None):
    base = {**bearer(world, server), "Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    if server == "modern":
        base |= {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"}
    return request("POST", world.mcp_url(server), body=body, headers={**base, **(headers or {})})


def refused(world, server: str, body: bytes | str, codes: tuple[int, ...] = (-32600, -32700, -32602)) -> None:
    answer = send(world, server, body)
    assert answer.status == 400, f"{body[:200]!r}: {answer.describe()}"
    error = answer.json()
    assert error["jsonrpc"] == "2.0" and error["error"]["code"] in codes, answer.describe()
    assert world.upstreams[server].received() == [], f"{body[:200]!r} went through"


META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
BATCHES = ["[]", "[" + CALL + "]", f"[{CALL},{CALL}]", f" \n\t[{CALL}]", f"\ufeff[{CALL}]", f"[[{CALL}]]", f"[{CALL},null]", "[1]", "[null]",
           f"[{CALL},[]]", '[{"jsonrpc":"2.0","method":"notifications/initialized"}]', '[{"jsonrpc":"2.0","id":1,"result":{}}]', f"\r\n[{CALL}\r\n]",
           "[" + ",".join([CALL] * 60) + "]"]


@pytest.mark.parametrize("server", ROUTES)
@pytest.mark.parametrize("revision", ["2025-03-26", LEGACY, MODERN])
def test_V_027_batches_are_refused_whole(shared, server, revision):
    for body in BATCHES:
        answer = send(shared, server, body.encode(), {"MCP-Protocol-Version": revision})
        assert answer.status == 400, f"{body[:80]!r}: {answer.describe()}"
        assert answer.json()["error"]["code"] in (-32600, -32700) or revision == MODERN, answer.describe()
        if not body.startswith("\ufeff") and (revision == MODERN) == (server == "modern"):
            assert answer.json()["error"]["code"] == -32600, answer.describe()
    assert shared.upstreams[server].received() == []


DUPLICATES = [
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/list","meth\\u006fd":"tools/call"}',
    '{"jsonrpc":"2.0","id":1,"id":2,"method":"tools/list"}',
    '{"jsonrpc":"2.0","jsonrpc":"2.0","id":1,"method":"tools/list"}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","name":"headers","arguments":{}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","n\\u0061me":"headers","arguments":{}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"a","text":"b"}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":{"x":{"y":1,"y":2}}}}}',
    '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo"},"params":{"name":"headers"}}',
]
BAD_JSON = ["", " ", "{", "{}{}", CALL + "x", CALL + "\x00", "\ufeff" + CALL, "nul", "'a'", '{"jsonrpc":"2.0","id":1,"method":"tools/list",}',
            '{"jsonrpc":"2.0","id":01,"method":"tools/list"}', '{"jsonrpc":"2.0","id":NaN,"method":"tools/list"}',
            '{"jsonrpc":"2.0","id":1,"method":"tools/\\ud800list"}', '{"jsonrpc":"2.0","id":1,"method":"tools\nlist"}', '/*x*/' + CALL,
            "{jsonrpc:'2.0'}", '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":' + "[" * 100 + "]" * 100 + "}"]
BAD_BYTES = [b'{"jsonrpc":"2.0","id":1,"method":"tools/\xff"}', b'{"jsonrpc":"2.0","id":1,"method":"tools/\xc0\xaf"}',
             CALL.encode("utf-16"), CALL.encode("utf-32"), b"\x1f\x8b\x08\x00", b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}']
BAD_SHAPES = ["1", "null", '"tools/list"', "{}", '{"jsonrpc":"1.0","id":1,"method":"tools/list"}', '{"id":1,"method":"tools/list"}',
              '{"jsonrpc":2.0,"id":1,"method":"tools/list"}', '{"jsonrpc":"2.0","id":null,"method":"tools/list"}',
              '{"jsonrpc":"2.0","id":{},"method":"tools/list"}', '{"jsonrpc":"2.0","id":[1],"method":"tools/list"}',
              '{"jsonrpc":"2.0","id":true,"method":"tools/list"}', '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}',
              '{"jsonrpc":"2.0","id":1,"method":1}', '{"jsonrpc":"2.0","id":1,"method":null}', '{"jsonrpc":"2.0","id":1,"method":["tools/list"]}',
              '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":"x"}',
              '{"jsonrpc":"2.0","id":1,"method":"tools/list","result":{}}', '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}',
              '{"jsonrpc":"2.0","id":1}', '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{}}}x']
# Numbers of which readers make different ones.
BAD_IDS = ["1.0", "1e3", "-0.0", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "123456789012345678901234567890"]
FOLDING = ["Method", "METHOD", "method\\u0000", "\\uff4dethod", "\u017fmethod", "metho\\u0064\\u0000", "Id", "PARAMS", "JsonRpc", "Result"]


@pytest.mark.parametrize("server", ROUTES)
def test_V_028_S_01_duplicate_keys_are_refused(shared, server):
    for body in DUPLICATES:
        refused(shared, server, body)


@pytest.mark.parametrize("server", ROUTES)
def test_V_028_what_is_not_one_message_is_refused(shared, server):
    for body in [text.encode() for text in BAD_JSON + BAD_SHAPES] + BAD_BYTES:
        refused(shared, server, body)


@pytest.mark.parametrize("server", ROUTES)
def test_V_013_ids_that_readers_could_confuse_are_refused(shared, server):
    for identifier in BAD_IDS:
        refused(shared, server, '{"jsonrpc":"2.0","id":%s,"method":"tools/list"}' % identifier)


@pytest.mark.parametrize("identifier", [-(2**63), 2**63 - 1, 2**53 + 1, 0])
def test_whole_numbers_of_64_bits_come_back_exactly(shared, identifier):
    body = '{"jsonrpc":"2.0","id":%d,"method":"tools/list"}' % identifier
    answer = send(shared, "stateless", body.encode())
    assert answer.status == 200 and answer.json()["id"] == identifier, answer.describe()


@pytest.mark.parametrize("server", ROUTES)
def test_V_029_keys_that_fold_to_a_known_one_are_refused(shared, server):
    for key in FOLDING:
        if key == "\u017fmethod":
            continue  # folds to no known key
        refused(shared, server, '{"jsonrpc":"2.0","id":1,"method":"tools/list","%s":"tools/call"}' % key)
    refused(shared, server, '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","Name":"headers","arguments":{}}}')
    refused(shared, server, '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{},"Arguments":{}}}')


def test_V_028_accepted_bytes_arrive_unchanged(shared):
    # Spaces, order, escapes, big numbers: what was accepted is unambiguous, so it goes on byte by byte.
    body = ' {"id" : 12345678901234567890,\n "method":"tools/call", "jsonrpc":"2.0","params":{"arguments":{"text":"\\u00e9 \u00e9 1e400",' \
           '"n":1E3,"big":123456789012345678901234567890.5},"name":"echo"}}\r\n'
    answer = send(shared, "stateless", body.encode())
    if answer.status == 400:  # an id beyond 64 bits may be refused; then without it
        body = body.replace("12345678901234567890", "7")
        answer = send(shared, "stateless", body.encode())
    assert answer.status == 200, answer.describe()
    assert shared.upstreams["stateless"].received()[-1].body == body.encode()


def test_R_53_large_and_odd_values_neither_crash_nor_hang(shared):
    odd = ['1e999', '-0', '1E400', '0.' + '0' * 5000 + '1', '9' * 4000, '"' + "x" * 500_000 + '"', '"' + "\\u0000" * 1000 + '"']
    for value in odd:
        for body in ('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"x":%s}}' % value, '{"jsonrpc":"2.0","id":%s,"method":"tools/list"}' % value):
            answer = send(shared, "stateless", body)
            assert answer.status in (200, 400), answer.describe()
    many = '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{' + ",".join(f'"k{i}":0' for i in range(10_001)) + "}}"
    assert send(shared, "stateless", many).status == 400
    assert send(shared, "stateless", CALL[:-1] + ',"params":{"x":"' + "a" * (4 << 20) + '"}}').status == 413
    assert send(shared, "stateless", CALL).status == 200


# Mirrored headers (V-030)

def modern(shared, method="tools/call", params=None, headers=None, drop=(), body_meta=None):
    connection = MCPConnection(shared.mcp_url("modern"), token(shared, "modern"), revision=MODERN)
    params = params if params is not None else {"name": "echo", "arguments": {"text": "x"}}
    if body_meta:
        params = {**params, "_meta": body_meta}
    return connection.post(method, params, headers=headers, drop=drop)


MISMATCHES = [
    ("another method", {"Mcp-Method": "tools/list"}, ()), ("no method", {}, ("Mcp-Method",)), ("method in upper case", {"Mcp-Method": "TOOLS/CALL"}, ()),
    ("another name", {"Mcp-Name": "headers"}, ()), ("no name", {}, ("Mcp-Name",)), ("name in upper case", {"Mcp-Name": "ECHO"}, ()),
    ("empty name", {"Mcp-Name": ""}, ()), ("empty sentinel", {"Mcp-Name": "=?base64??="}, ()), ("bad base64", {"Mcp-Name": "=?base64?####?="}, ()),
    ("sentinel of another name", {"Mcp-Name": "=?base64?aGVhZGVycw==?="}, ()), ("doubly encoded", {"Mcp-Name": "=?base64?PT9iYXNlNjQ/WldOb2J3PT0/PQ==?="}, ()),
    ("not UTF-8 inside", {"Mcp-Name": "=?base64?/w==?="}, ()), ("marker in upper case", {"Mcp-Name": "=?BASE64?ZWNobw==?="}, ()),
    ("unknown version", {"MCP-Protocol-Version": "2099-01-01"}, ()),
    ("two versions", {"MCP-Protocol-Version": "2026-07-28, 2026-07-28"}, ()),
]


@pytest.mark.parametrize("what,headers,drop", MISMATCHES, ids=[row[0] for row in MISMATCHES])
def test_V_030_N_26_headers_that_disagree_with_the_body_are_refused(shared, what, headers, drop):
    answer = modern(shared, headers=headers, drop=drop)
    assert answer.status == 400, answer.describe()
    expected = (-32022,) if what == "unknown version" else (-32020, -32022) if what == "two versions" else (-32020,)
    assert answer.json()["error"]["code"] in expected, answer.describe()
    assert answer.json()["id"] is not None, "the id is echoed"
    assert shared.upstreams["modern"].received() == []


def test_V_030_a_header_that_comes_twice_is_refused(shared):
    connection = MCPConnection(shared.mcp_url("modern"), token(shared, "modern"), revision=MODERN)
    params = {"name": "echo", "arguments": {}}
    for name, value in (("Mcp-Method", "tools/call"), ("Mcp-Name", "echo"), ("MCP-Protocol-Version", MODERN)):
        pairs = list(connection.headers("tools/call", params).items()) + [(name, value)]
        answer = request("POST", connection.url, headers=pairs, json=connection.body("tools/call", params))
        assert answer.status == 400 and answer.json()["error"]["code"] in (-32020, -32022), f"{name}: {answer.describe()}"
    assert shared.upstreams["modern"].received() == []


def test_X7_V_030_an_older_version_around_a_modern_body_never_forwards_a_lie(shared):
    # Some connectors send this. Tolerated or not: a mirrored header that disagrees with the body must not arrive.
    for extra in ({}, {"Mcp-Name": "headers"}, {"Mcp-Method": "tools/list"}):
        answer = modern(shared, headers={"MCP-Protocol-Version": LEGACY, **extra})
        assert answer.status in (200, 400), answer.describe()
    # Taken for a legacy client of a modern server, whose tools Martlet then looks up: everything that arrives is its own.
    for arrived in shared.upstreams["modern"].received():
        assert arrived.header("mcp-method") == arrived.rpc_method
        assert arrived.header("mcp-name") == arrived.json["params"].get("name")
        assert arrived.json["params"].get("name") in (None, "echo")


def test_V_030_orphans_are_refused(shared):
    answer = modern(shared, "tools/list", {}, headers={"Mcp-Name": "echo"})
    assert answer.status == 400 and answer.json()["error"]["code"] == -32020, answer.describe()
    assert shared.upstreams["modern"].received() == []


def test_V_030_equal_headers_in_any_spelling_pass_and_are_computed_anew(shared):
    connection = MCPConnection(shared.mcp_url("modern"), token(shared, "modern"), revision=MODERN)
    params = {"name": "echo", "arguments": {}}
    usual = connection.headers("tools/call", params)
    for change in ({}, {"Mcp-Name": "=?base64?ZWNobw==?="}, {"Mcp-Method": None, "mcp-method": "tools/call"}, {"Mcp-Name": None, "MCP-NAME": "echo"},
                   {"Mcp-Name": " echo "}):
        headers = {name: value for name, value in (usual | change).items() if value is not None}
        answer = request("POST", connection.url, headers=headers, json=connection.body("tools/call", params))
        assert answer.status == 200, f"{change}: {answer.describe()}"
    for seen in shared.upstreams["modern"].received():
        assert seen.header("mcp-method") == "tools/call" and seen.header("mcp-name") in ("echo", "=?base64?ZWNobw==?=")
        assert len([n for n, _ in seen.headers if n.lower() in ("mcp-method", "mcp-name", "mcp-protocol-version")]) == 3


def test_V_030_unknown_parameters_go_on(shared):
    answer = modern(shared, headers={"Mcp-Param-Region": "eu-1", "mcp-param-Other": "=?base64?w6k=?=", "Mcp-Param-user_id": "u_1"})
    assert answer.status == 200, answer.describe()
    seen = shared.upstreams["modern"].received()[-1]
    assert seen.header("mcp-param-region") == "eu-1" and seen.header("mcp-param-other") == "=?base64?w6k=?="
    assert seen.header("mcp-param-user_id") == "u_1", "a tool's author may name a parameter so"


def test_V_030_without_a_modern_version_the_body_alone_decides(shared):
    # A legacy message: mirrored headers mean nothing, and lies in them change nothing.
    for version in (None, "2025-03-26", LEGACY):
        headers = {**bearer(shared, "stateless"), "Mcp-Method": "tools/list", "Mcp-Name": "headers", "Content-Type": "application/json"}
        if version:
            headers["MCP-Protocol-Version"] = version
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "body"}}}
        answer = request("POST", shared.mcp_url("stateless"), headers=headers, json=body)
        assert answer.status in (200, 400), answer.describe()
        if answer.status == 200:
            assert answer.json()["result"]["content"][0]["text"] == "body"
    for seen in shared.upstreams["stateless"].received():
        assert seen.header("mcp-name") in (None, "echo")


def test_V_035_every_method_with_bad_params_leaves_the_process_up(shared):
    methods = ["initialize", "ping", "tools/list", "tools/call", "resources/read", "prompts/get", "completion/complete", "logging/setLevel",
               "notifications/cancelled", "tasks/get", "subscriptions/listen", "server/discover", "", "x" * 2000, "../..", "\u0000"]
    values = [None, {}, {"name": None}, {"name": 1}, {"uri": []}, {"_meta": 1}, {"_meta": {"progressToken": {}}}, {"protocolVersion": 1},
              {"arguments": "x", "name": "echo"}, {"cursor": {}}, {"requestId": {}}]
    began = time.monotonic()
    for server in ("stateless", "modern"):
        for method in methods:
            for params in values:
                for with_id in (True, False):
                    message = {"jsonrpc": "2.0", "method": method, **({"id": "q"} if with_id else {}), **({"params": params} if params is not None else {})}
                    headers = {"Mcp-Method": method} if server == "modern" and method.isprintable() and method else {}
                    answer = send(shared, server, json.dumps(message), headers)
                    assert answer.status < 500 or answer.status == 503, f"{message}: {answer.describe()}"
    assert time.monotonic() - began < within(60)
    assert connect(shared, "stateless").call("tools/list")["result"]["tools"]
