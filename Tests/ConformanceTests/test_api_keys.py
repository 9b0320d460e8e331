"""API keys: what they open, what they don't, and how they end (A-30 to A-32, R-84)."""

import json
import re
import sqlite3
import threading
import time
import zlib

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import MODERN
from martlet_support.steps import count, until, within
from martlet_support.trail import records

FORM = re.compile(r"mrt_key_[0-9A-Za-z]{12}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}")
LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def create(world, name: str, *options: str) -> dict:
    return world.gateway.cli_json("key", "create", name, *options)


def status(world, key: str, server: str = "stateless", base: str | None = None, **headers) -> int:
    url = (base or world.url) + f"/{server}/mcp"
    return MCPConnection(url, key).post("ping", headers=headers).status


def refused(answer):
    """As an invalid token is."""
    assert answer.status == 401, answer.describe()
    assert 'error="invalid_token"' in answer.header("www-authenticate"), answer.describe()


@pytest.fixture(scope="module")
def world(own):
    return own


def test_A_30_form_and_checksum(world):
    key = create(world, "form", "--owner", world.user)["key"]
    assert FORM.fullmatch(key), key
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    body, rest, digits = key[:-7], zlib.crc32(key[:-7].encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = alphabet[digit] + digits
    assert key == f"{body}_{digits}"


@pytest.mark.parametrize("server", ["modern", "stateful", "stateless"])
@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_a_key_opens_every_route_either_way(world, server, header):
    key = create(world, f"{server}-{header}", "--owner", world.user)["key"]
    connection = MCPConnection(world.mcp_url(server), key, revision=MODERN if server == "modern" else "2025-06-18")
    if header == "X-API-Key":
        original = connection.headers
        connection.headers = lambda *a, **k: {
            **{name: value for name, value in original(*a, **k).items() if name != "Authorization"}, "X-API-Key": key}
    if server != "modern":
        connection.initialize()
    for number in range(3):
        assert connection.tool("echo", {"text": str(number)})["content"][0]["text"] == str(number)
    for one in world.upstreams[server].received():
        assert key not in json.dumps(one.headers), "the key went to the server"


def test_A_31_the_key_is_shown_once_and_kept_nowhere(world):
    made = create(world, "canary", "--owner", world.user)
    key = made["key"]
    assert status(world, key) == 200
    shown = world.gateway.cli("key", "list").stdout + json.dumps(world.gateway.cli_json("key", "list", "--all"))
    assert key not in shown and "canary" in shown and made["last_four"] == key[-4:]
    records(world)
    assert key not in world.gateway.log()
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
        assert not [line for line in database.iterdump() if key in line or key.split("_")[3] in line]


def test_a_wrong_key_is_refused_like_an_invalid_token(world):
    key = create(world, "wrong", "--owner", world.user)["key"]
    other = create(world, "wrong-too", "--owner", world.user)["key"]
    swapped = "_".join(key.split("_")[:3] + other.split("_")[3:])
    for text in (key[:-1] + ("a" if key[-1] != "a" else "b"), swapped, key + "x", "mrt_", "mrt_key", key.upper(),
                 key.replace("_key_", "_adm_")):
        refused(request("POST", world.mcp_url(), headers={"Authorization": f"Bearer {text}"}, json=LISTING))
        refused(request("POST", world.mcp_url(), headers={"X-API-Key": text}, json=LISTING))
    refused(request("POST", world.mcp_url(), headers={"X-API-Key": "somebody-else's"}, json=LISTING))
    both = {"Authorization": f"Bearer {key}", "X-API-Key": key}
    refused(request("POST", world.mcp_url(), headers=both, json=LISTING))
    assert status(world, key) == 200


def test_A_31_an_expired_key_is_refused_and_its_name_is_free(world):
    key = create(world, "short", "--owner", world.user, "--expires-in", "2s")["key"]
    assert until(lambda: status(world, key) == 401)
    assert status(world, create(world, "short", "--owner", world.user)["key"]) == 200


def test_two_names_at_once_and_one_taken(world):
    first = create(world, "one", "--owner", world.user, "--expires-in", "1d")
    second = create(world, "two", "--owner", world.user, "--expires-in", "2d")
    assert status(world, first["key"]) == status(world, second["key"]) == 200
    assert first["expires_at"] < second["expires_at"]
    done = world.gateway.cli("key", "create", "one", "--owner", world.user, exit_code=1)
    assert "has a key of that name" in done.stderr
    assert status(world, create(world, "one")["key"]) == 200, "another owner's name is another name"
    assert "several owners" in world.gateway.cli("key", "revoke", "one", exit_code=1).stderr


def test_A_31_scopes_hold(world):
    key = create(world, "scoped", "--owner", world.user, "--server", "stateful", "--tool", "ec*")["key"]
    refused(MCPConnection(world.mcp_url("stateless"), key).post("ping"))
    connection = MCPConnection(world.mcp_url(), key)
    connection.initialize()
    assert connection.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    before = len(world.upstreams["stateful"].received("tools/call"))
    denied = connection.call("tools/call", {"name": "delete", "arguments": {}})
    assert denied["error"]["code"] == -31001, denied
    assert [tool["name"] for tool in connection.call("tools/list")["result"]["tools"]] == ["echo"], "lists show what may be called"
    reading = MCPConnection(world.mcp_url(), create(world, "reader", "--owner", world.user, "--read-only")["key"])
    reading.initialize()
    tools = world.upstreams["stateful"].tools
    tools.append({"name": "get", "inputSchema": {"type": "object"}, "annotations": {"readOnlyHint": True}})
    try:
        for name in ("echo", "delete"):
            assert reading.call("tools/call", {"name": name, "arguments": {}})["error"]["code"] == -31001
        assert len(world.upstreams["stateful"].received("tools/call")) == before, "it reached the server"
        assert [tool["name"] for tool in reading.call("tools/list")["result"]["tools"]] == ["get"]
        assert "result" in reading.call("tools/call", {"name": "get", "arguments": {}})
    finally:
        tools.pop()
    assert "there is no server" in world.gateway.cli("key", "create", "x", "--server", "nosuch", exit_code=2).stderr
    assert "no address range" in world.gateway.cli("key", "create", "x", "--address", "10.0.0.1/8", exit_code=1).stderr


def test_V_085_address_ranges_see_through_trusted_proxies_only(install):
    world = install(config={"trusted_proxies": ["127.0.0.1/32"]})
    key = create(world, "office", "--owner", world.user, "--address", "192.0.2.0/24", "--address", "2001:db8::/32")["key"]
    for address, answer in [("192.0.2.7", 200), ("198.51.100.7", 401), ("2001:db8::1", 200), ("192.0.2.7, 203.0.113.9", 401),
                            ("203.0.113.9, 192.0.2.9", 200)]:
        assert status(world, key, **{"X-Forwarded-For": address}) == answer, address
    assert status(world, key) == 401
    found = [row for row in records(world) if row["reason"] == "invalid_token:key_address"]
    assert len(found) == 3 and {row["address"] for row in found} == {"198.51.100.7", "203.0.113.9", "127.0.0.1"}


def test_the_trail_names_the_key(world):
    key = create(world, "named", "--owner", world.user)["key"]
    assert status(world, key) == 200
    found = [row for row in records(world) if row["key_name"] == "named"]
    actions = [row["action"] for row in found]
    assert actions[0] == "key.created" and "exchange.forwarded" in actions, actions
    assert len({row["subject"] for row in found}) == 1 and found[-1]["subject"].startswith("usr_")
    assert until(lambda: [one for one in world.gateway.cli_json("key", "list") if one["name"] == "named"][0]["last_used_at"])


@pytest.mark.parametrize("how", ["revoke", "disable", "rotate"])
def test_A_32_an_end_reaches_every_process_and_open_streams_in_5_s(pair, how):
    world, twin = pair
    user = f"owner-{how}"
    world.gateway.add_user(user)
    made = create(world, f"end-{how}", "--owner", user)
    streams = []
    for base in (world.url, twin.url):
        connection = MCPConnection(base + "/stateful/mcp", made["key"])
        connection.initialize()
        stream = connection.open_stream(timeout=within(30))
        assert stream.status == 200
        streams.append(stream)
    ended = [threading.Thread(target=lambda stream=stream: list(stream.stream.events())) for stream in streams]
    for thread in ended:
        thread.start()
    begun = time.monotonic()
    commands = {"revoke": ["key", "revoke", f"end-{how}"], "disable": ["user", "disable", user],
                "rotate": ["key", "rotate", f"end-{how}", "--grace", "0s"]}
    world.gateway.cli(*commands[how])
    for base in (world.url, twin.url):
        while status(world, made["key"], base=base) != 401:
            assert time.monotonic() - begun < within(5)
            time.sleep(0.05)
    for thread in ended:
        thread.join(within(5))
        assert not thread.is_alive(), "the stream goes on"
    print("proof: A-32 count=2")


def test_logging_a_user_out_leaves_keys_working(world):
    """`token revoke --user` takes tokens; keys are ended by name, or with everything else by disabling."""
    key = create(world, "stays", "--owner", world.user)["key"]
    assert status(world, key) == 200
    world.gateway.revoke("--user", world.user)
    time.sleep(0.7)
    assert status(world, key) == 200
    world.gateway.cli("user", "disable", world.user)
    assert until(lambda: status(world, key) == 401)
    world.gateway.cli("user", "enable", world.user)
    assert status(world, key) == 200


def test_R_84_rotation_under_load_fails_no_call(pair):
    """Clients change over at any moment of the grace; sessions go on under the new key."""
    world, twin = pair
    keys = [create(world, "loaded", "--owner", world.user)["key"]]
    failures, done, stop, stays = [], [0] * 4, threading.Event(), threading.Event()

    def calls(index: int) -> None:
        base = (world, twin)[index % 2].url
        connection = MCPConnection(f"{base}/stateful/mcp", keys[0])
        connection.initialize()
        while not stop.is_set():
            # Half of them stay with the predecessor as long as they may.
            connection.token = keys[-1] if index < 2 or not stays.is_set() else keys[max(0, len(keys) - 2)]
            answer = connection.post("tools/call", {"name": "echo", "arguments": {"text": "x"}})
            if answer.status != 200 or "result" not in answer.text:
                failures.append(answer.describe())
            done[index] += 1

    threads = [threading.Thread(target=calls, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    rotations = count(3, 20)
    try:
        for _ in range(rotations):
            # The next rotation ends the predecessor, before the command that does it has ended.
            stays.clear()
            before = list(done)
            assert until(lambda: failures or all(now > then + 1 for now, then in zip(done, before)))
            keys.append(world.gateway.cli_json("key", "rotate", "loaded", "--grace", "60s")["key"])
            stays.set()
            before = list(done)
            assert until(lambda: failures or all(now > then + 3 for now, then in zip(done, before)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures[0]
    assert status(world, keys[-1]) == status(world, keys[-2]) == 200
    assert status(world, keys[-3]) == 401, "two at a time"
    print(f"proof: R-84 count={rotations} calls={sum(done)}")


def test_R_84_the_predecessor_ends_with_the_grace(pair):
    world, twin = pair
    old = create(world, "graced", "--owner", world.user)["key"]
    assert status(world, old) == status(world, old, base=twin.url) == 200
    new = world.gateway.cli_json("key", "rotate", "graced", "--grace", "3s")["key"]
    assert status(world, old) == status(world, new) == status(world, new, base=twin.url) == 200
    assert until(lambda: status(world, old) == status(world, old, base=twin.url) == 401)
    assert status(world, new) == 200


def test_R_84_the_predecessor_never_outlives_its_successor(world):
    old = create(world, "brief", "--owner", world.user)["key"]
    world.gateway.cli("key", "rotate", "brief", "--grace", "1h", "--expires-in", "3s")
    assert status(world, old) == 200
    assert until(lambda: status(world, old) == 401), "nobody could revoke it by name any more"
    assert status(world, create(world, "brief", "--owner", world.user)["key"]) == 200


def test_service_accounts_own_keys_and_nobody_logs_in(world):
    made = world.gateway.cli_json("user", "add", "robot", "--service")
    assert made["service"] is True and "password" not in made
    key = create(world, "nightly", "--owner", "robot")["key"]
    assert status(world, key) == 200
    assert world.gateway.cli("user", "password", "robot", exit_code=1).stderr
    assert world.gateway.cli("user", "add", "robot", "--password-stdin", stdin="long enough\n", exit_code=1).stderr
    world.gateway.cli("user", "disable", "robot")
    assert until(lambda: status(world, key) == 401)


def test_V_068_wrong_keys_are_slowed_down_and_known_ones_pass(install):
    world = install()
    good = create(world, "good", "--owner", world.user)["key"]
    assert status(world, good) == 200
    forged = []
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    for number in range(60):
        body = f"mrt_key_{number:012d}_" + "x" * 32
        rest, digits = zlib.crc32(body.encode()), ""
        for _ in range(6):
            rest, digit = divmod(rest, 62)
            digits = alphabet[digit] + digits
        forged.append(f"{body}_{digits}")
    answers = [MCPConnection(world.mcp_url(), key).post("ping") for key in forged]
    assert {answer.status for answer in answers} == {401, 429}, "wrong keys cost a look-up each"
    assert int(next(a for a in answers if a.status == 429).header("retry-after")) >= 1
    assert status(world, good) == 200, "a key in use isn't held up"


def test_A_33_a_leaked_key_ends_and_nobody_is_told(world):
    leaked, other = create(world, "leaked", "--owner", world.user)["key"], create(world, "kept", "--owner", world.user)["key"]
    bearer = world.gateway.cli("admin", "token", "--role", "auditor", "--ttl", "1h").stdout.strip()

    def report(*keys: str):
        return request("POST", f"{world.url}/api/leaked-keys", json={"keys": list(keys)})

    invented = leaked[:-1] + ("a" if leaked[-1] != "a" else "b")
    swapped = "_".join(leaked.split("_")[:3] + other.split("_")[3:])
    answers = [report(invented), report(swapped), report("nonsense"), report(leaked, bearer), report(leaked)]
    assert {(one.status, one.text) for one in answers} == {(202, '{"status":"accepted"}')}
    assert status(world, leaked) == 401 and status(world, other) == 200
    assert request("GET", f"{world.url}/api/keys", headers={"Authorization": f"Bearer {bearer}"}).status == 401
    row = [row for row in records(world) if row["reason"] == "leaked"][-1]
    assert (row["action"], row["key_name"], row["subject"]) == ("key.revoked", "leaked", "leak_report")
    assert "a leaked key was ended" in world.gateway.log() and leaked not in world.gateway.log()
    for body in ({}, {"keys": "x"}, {"keys": []}, {"keys": ["x"] * 101}):
        assert request("POST", f"{world.url}/api/leaked-keys", json=body).status == 400
