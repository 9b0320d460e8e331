"""Two readers that see different things in the same bytes are a hole in every decision. Martlet's JSON reader against Python's and node's:
what it takes, both take, and all three read the same; what it refuses alone, it refuses for a reason that is written down."""

import base64
import json
import random
import re
import shutil
import subprocess

import pytest
from martlet_support import request
from martlet_support.mcp import MODERN, MCPConnection
from martlet_support.route import token
from martlet_support.steps import count

MARK = b"@@"
STRINGS = ['""', '"a"', r'"\u0041\n\t\/\""', r'"\ud83d\ude00"', '"\u20ac\U0001f426\u2028"', r'"\u0000"', r'"\ud800"', '"x\\u00e9"']
NUMBERS = ["0", "-0", "1", "-17", "3.25", "1e3", "1E-7", "0.1", "9007199254740993", "123456789012345678901234567890", "1e400", "-1.5e+300", "01", "1.", ".5", "+1", "0x1"]
ODD = ["true", "false", "null", "NaN", "Infinity", "nul", "'a'", "/**/1", "[1,]", '{"a":1,}', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', "{a:1}"]
NODE = """
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean);
for (const line of lines) {
  try {
    const text = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(Buffer.from(line, 'base64'));
    const value = JSON.parse(text);
    console.log(JSON.stringify({value}, (_, x) => x === Infinity || x === -Infinity ? `‹${x}›` : x));
  } catch { console.log('null'); }
}
"""


class Refused(Exception):
    pass


def document(dice: random.Random, depth: int = 0) -> str:
    kind = dice.random()
    if depth > 4 or kind < 0.6:
        return dice.choice(dice.choice([STRINGS, NUMBERS[:12], NUMBERS, ODD[:3], ODD]))
    space = dice.choice(["", " ", "\n\t", "\u00a0" if dice.random() < 0.05 else ""])
    parts = [document(dice, depth + 1) for _ in range(dice.randrange(4))]
    if kind < 0.8:
        return "[" + space + f"{space},".join(parts) + space + "]"
    return "{" + space + ",".join(f'{space}"{"k" * n}"{space}:{part}' for n, part in enumerate(parts)) + space + "}"


def mutated(dice: random.Random, data: bytes) -> bytes:
    """Half of the documents as they are; of the others some bytes flipped, lost, doubled or moved."""
    out = bytearray(data)
    for _ in range(dice.choice([0, 0, 1, 1, 2, 4])):
        at = dice.randrange(len(out) + 1)
        match dice.randrange(4):
            case 0 if at < len(out):
                out[at] ^= 1 << dice.randrange(8)
            case 1 if at < len(out):
                del out[at]
            case 2:
                out[at:at] = dice.choice([b'"', b"\\", b"{", b"]", b",", b":", b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xc0\xaf", b"\xed\xa0\x80", b"1", b" "])
            case _:
                out[at:at] = bytes(out[at : at + dice.randrange(8)])
    return bytes(out)


def python_reads(data: bytes):
    """Python's reader, held to RFC 8259 where it is lax by default."""

    def constant(_):
        raise Refused

    try:
        text = data.decode("utf-8")
        return json.loads(text, parse_constant=constant)
    except (ValueError, RecursionError, Refused):
        return Refused


def has_a_reason(data: bytes) -> bool:
    """Why Martlet may refuse what others take: members of the same name, half a surrogate pair, a number that is no double."""
    found = []

    def pairs(members):
        if len({name for name, _ in members}) < len(members):
            found.append("members")
        return dict(members)

    def number(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            found.append("number")
        return value

    value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_float=number)
    if re.search("[\ud800-\udfff]", json.dumps(value, ensure_ascii=False)):
        found.append("surrogate")
    return bool(found)


def same(one, other) -> bool:
    """Equal as JSON values; node knows doubles only, and has no JSON for an infinite one."""
    if isinstance(one, float) and abs(one) == float("inf"):
        return other in (one, "‹Infinity›" if one > 0 else "‹-Infinity›")
    if isinstance(one, bool) or isinstance(other, bool) or one is None or other is None:
        return one is other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return float(one) == float(other)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


def node_reads(bodies: list[bytes]) -> list:
    lines = "\n".join(base64.b64encode(body).decode() for body in bodies)
    done = subprocess.run([shutil.which("node"), "-e", NODE], input=lines, capture_output=True, text=True, timeout=120, check=True)
    return [Refused if answer is None else answer["value"] for answer in map(json.loads, done.stdout.strip("\n").split("\n"))]


def bodies(connection: MCPConnection, number: int) -> list[bytes]:
    dice = random.Random(28)
    frame = json.dumps(connection.body("tools/call", {"name": "echo", "arguments": {"text": MARK.decode()}})).encode()
    quoted = b'"' + MARK + b'"'
    return [frame.replace(quoted, mutated(dice, document(dice).encode("utf-8", "surrogatepass"))) for _ in range(number)]


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_V_028_what_is_read_is_what_python_and_node_read(install):
    """Over a bridge the server gets what Martlet read, written anew: that is compared, not only the verdict."""
    world, number = install(), count(400, 20_000)
    upstream = world.upstreams["stateful"]
    connection = MCPConnection(world.mcp_url("stateful"), token(world), revision=MODERN)
    headers = {**connection.headers("tools/call", {"name": "echo"}), "Content-Type": "application/json"}
    sent = bodies(connection, number)
    tally = {"taken": 0, "refused by all": 0, "refused by Martlet alone": 0}
    for body, node in zip(sent, node_reads(sent), strict=True):
        upstream.clear()
        answer = request("POST", connection.url, headers=headers, body=body)
        python, error = python_reads(body), answer.json().get("error", {})
        if error.get("code") in (-32700, -32600) and answer.status == 400:
            if python is Refused or node is Refused:
                tally["refused by all"] += 1
            elif error["code"] == -32700:
                assert has_a_reason(body), (body, answer.text)
                tally["refused by Martlet alone"] += 1
            continue
        assert python is not Refused and node is not Refused, (body, answer.text)
        assert same(python, node), (body, python, node)
        for call in upstream.received("tools/call"):
            assert same(call.json["params"].get("arguments"), python["params"].get("arguments")), (body, call.body)
            tally["taken"] += 1
    print(f"{number} documents: {tally}")
    assert min(tally.values()) > 0, f"a kind that never comes up compares nothing: {tally}"
    print(f"proof: V-028 count={number}")
