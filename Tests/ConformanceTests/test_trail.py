"""The trail: every exchange on a route leaves one record, refused ones too; a connection attempt can be followed from probe to first call."""

import json
import time

import pytest
from martlet_support import MCPConnection, OAuthClient, request
from martlet_support.admin import bearer as admin_bearer
from martlet_support.raw import converse
from martlet_support.route import bearer, connect, token
from martlet_support.steps import Person, at_once
from martlet_support.steps import until as eventually
from martlet_support.trail import records

LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


def position(world) -> int:
    found = records(world)
    return found[-1]["position"] if found else 0


def exchanges(world, since: int) -> list[dict]:
    return [row for row in records(world, since) if row["action"].startswith("exchange.")]


def refusals(world):
    """(name, send, status): one request each that is refused, at every stage."""
    url, good = world.mcp_url("stateful"), bearer(world)
    post = lambda headers, **options: request("POST", url, headers=headers, **({"json": LISTING} | options))
    return [
        ("no token", lambda: post({}), 401), ("bad token", lambda: post({"Authorization": "Bearer x"}), 401),
        ("foreign origin", lambda: post({**good, "Origin": "https://evil.example"}), 403), ("wrong verb", lambda: request("PUT", url, headers=good), 405),
        ("no stream", lambda: request("GET", url, headers=good), 405), ("wrong type", lambda: post({**good, "Content-Type": "text/plain"}), 415),
        ("not JSON", lambda: request("POST", url, headers={**good, "Content-Type": "application/json"}, body=b"{"), 400),
        ("batch", lambda: request("POST", url, headers=good, json=[LISTING]), 400),
        ("duplicate key", lambda: request("POST", url, headers={**good, "Content-Type": "application/json"}, body=b'{"jsonrpc":"2.0","id":1,"id":1,"method":"ping"}'), 400),
        ("unknown session", lambda: post({**good, "Mcp-Session-Id": "x"}), 404), ("unknown route", lambda: request("POST", world.mcp_url("nosuch"), json=LISTING), 404),
        ("mirror", lambda: post({**good, "MCP-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call"}), 400),
        ("too large", lambda: request("POST", url, headers={**good, "Content-Type": "application/json"}, body=b" " * (5 << 20)), 413),
        ("foreign host", lambda: converse(world.gateway.port, b"POST /stateful/mcp HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"), 421),
    ]


def test_A_01_N_34_every_refused_exchange_leaves_one_record(install):
    world = install()
    token(world)
    since, sent = position(world), refusals(world)
    for name, send, status in sent:
        answer = send()
        assert (answer.statuses[0] if hasattr(answer, "statuses") else answer.status) == status, name
    found = exchanges(world, since)
    assert len(found) == len(sent), [(row["status"], row["reason"]) for row in found]
    for (name, _, status), row in zip(sent, found):
        assert row["action"] == "exchange.refused" and row["status"] == status and row["reason"], f"{name}: {row}"
        assert row["address"] == "127.0.0.1" and row["request"] and row["duration_ns"] >= 0, f"{name}: {row}"
        knows = name not in ("no token", "bad token", "foreign origin", "unknown route", "foreign host")
        assert (row["subject"] is not None) == knows, f"{name}: {row}"


def test_A_01_bytes_that_are_no_request_leave_a_record(install):
    world = install()
    since = position(world)
    for data, status, why in [(b"nonsense\r\n\r\n", 400, "request_line"), (b"GET /x HTTP/1.1\r\nA: " + b"a" * 40_000 + b"\r\n\r\n", 431, "fields_too_large"),
                              (b"POST /stateful/mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", 400, "framing")]:
        assert converse(world.gateway.port, data).statuses == [status], why
        assert eventually(lambda: exchanges(world, since), every=0.1), why
        (row,) = exchanges(world, since)
        assert row["action"] == "exchange.refused" and row["status"] == status and row["reason"] == f"unreadable:{why}", row
        assert row["address"] == "127.0.0.1" and row["request"] and row["subject"] is None and row["route"] is None, row
        since = row["position"]


def test_A_01_and_whoever_sends_many_does_not_fill_the_trail(install):
    world = install()
    since, began = position(world), time.monotonic()
    at_once(8, lambda _: [converse(world.gateway.port, b"nonsense\r\n\r\n") for _ in range(17)])
    assert eventually(lambda: len(exchanges(world, since)) >= 100, every=0.1)
    token(world)
    assert request("POST", world.mcp_url("stateful"), json=LISTING).status == 401
    assert eventually(lambda: exchanges(world, since)[-1]["status"] == 401, every=0.1), "other records are still written"
    reasons = [row["reason"] for row in exchanges(world, since) if row["status"] == 400]
    if time.monotonic() - began < 55:
        assert len(reasons) == 100 and reasons[99] == "unreadable:and_more" and reasons.count("unreadable:and_more") == 1, reasons


def test_A_01_every_forwarded_exchange_leaves_one_record(install):
    world = install()
    connection = connect(world, "stateful")
    since = position(world)
    connection.tool("echo", {"text": "secret-text-of-a-call"})
    connection.post("notifications/cancelled", {"requestId": 1}, notification=True)
    stream = connection.open_stream()
    world.upstreams["stateful"].wait_for_streams()
    stream.stream.close()
    assert eventually(lambda: any(row["action"].startswith("exchange.") and row["method"] == "GET" for row in records(world, since)))
    connection.end()
    world.upstreams["stateful"].script(500, b"oops", method="ping")
    connection.initialize()
    connection.post("ping")
    found = exchanges(world, since)
    assert [row["method"] for row in found] == ["tools/call", "notifications/cancelled", "GET", "DELETE", "initialize", "notifications/initialized", "ping"], found
    call = found[0]
    assert call["target"] == "echo" and call["status"] == 200 and call["action"] == "exchange.forwarded" and call["route"] == "/stateful/mcp"
    assert call["subject"] and call["client"] and call["tenant"] == "default"
    assert "upstream" in (found[-1]["reason"] or ""), "an upstream's failure is to be seen: " + str(found[-1])
    whole = json.dumps(records(world))
    assert "secret-text-of-a-call" not in whole and token(world) not in whole and connection.session not in whole


def test_A_02_N_34_a_record_says_who_did_what_when_from_where_and_how_it_ended(install):
    world = install()
    made = world.gateway.cli_json("key", "create", "nightly-report", "--owner", world.user)
    (user,) = [one["id"] for one in world.gateway.cli_json("user", "list") if one["name"] == world.user]
    since, trace, before = position(world), "4bf92f3577b34da6a3ce929d0e0e4736", int(time.time() * 1000)
    connection = MCPConnection(world.mcp_url("stateless"), made["key"])
    connection.initialize()
    call = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "echo", "arguments": {"text": "x"}}}
    sent = {"Authorization": f"Bearer {made['key']}", "MCP-Protocol-Version": connection.revision, "Accept": "application/json, text/event-stream",
            "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    assert request("POST", world.mcp_url("stateless"), headers=sent, json=call).status == 200
    (row,) = [row for row in exchanges(world, since) if row["method"] == "tools/call"]
    wanted = {"tenant": "default", "action": "exchange.forwarded", "subject": user, "route": "/stateless/mcp", "target": "echo", "status": 200,
              "address": "127.0.0.1", "key_name": "nightly-report"}
    assert {name: row[name] for name in wanted} == wanted, row
    assert trace in row["trace"] and row["request"] and row["client"] and row["sequence"] > 0
    assert before <= row["at"] <= int(time.time() * 1000) and 0 < row["duration_ns"] < 600_000_000_000
    (told,) = [line for line in map(json.loads, world.gateway.cli("audit", "export").stdout.splitlines())
               if line.get("record", {}).get("request") == row["request"]]
    assert len(told["head"]["digest"]) == 64 and told["head"]["sequence"] == row["sequence"]


def test_A_12_whoever_is_removed_can_not_be_told_from_the_trail(install):
    """People are ids in it, whatever was done about them; the chain stays as it is."""
    world = install(users={"zacharias": "another good password"})
    gateway = world.gateway
    (user,) = [one["id"] for one in gateway.cli_json("user", "list") if one["name"] == "zacharias"]
    browser = world.browser()
    for password in ("wrong password", "another good password"):
        page = browser.submit(browser.open(f"{world.url}/login"), {"username": "zacharias", "password": password})
        assert (page.status == 403) == (password == "wrong password")
    gateway.cli("user", "add", "robot", "--service")
    made = gateway.cli_json("delegation", "create", "--user", "zacharias", "--job", "robot", "--server", "stateless")
    keys = [gateway.cli_json("key", "create", "k", "--owner", "zacharias")["key"],
            gateway.cli_json("key", "create", "j", "--owner", "robot", "--delegation", made["id"])["key"]]
    for key in keys:
        assert MCPConnection(world.mcp_url("stateless"), key).post("ping").status == 200
    gateway.cli("user", "disable", "zacharias")
    gateway.cli("user", "enable", "zacharias")
    gateway.cli("access", "revoke", "--user", "zacharias")
    admin_bearer(world, "admin").ok("DELETE", "/api/users/zacharias", status=204)
    rows = records(world)
    assert len([row for row in rows if user in (row["subject"], row["target"])]) >= 8
    assert f"job robot for user {user}" in json.dumps(rows)
    exported = gateway.cli("audit", "export").stdout
    assert user in exported
    for told in (json.dumps(rows), exported, gateway.cli("audit", "export", "--format", "csv").stdout):
        assert "zacharias" not in told
    assert "zacharias" not in gateway.cli("user", "list", "--json").stdout
    assert gateway.cli("audit", "verify").returncode == 0


def test_A_11_values_of_strangers_stay_on_one_line(install):
    world = install()
    connection = connect(world, "stateless")
    since = position(world)
    hostile = "a\r\nb\u2028c\u001b[31m\u202ed\u0000"
    connection.post("tools/call", {"name": hostile, "arguments": {}})
    connection.post("x\n" + hostile, {})
    for row in exchanges(world, since):
        for value in row.values():
            if isinstance(value, str):
                assert not set(value) & set("\r\n\u2028\u2029\u0085\u001b\u0000\u202e"), row
    for line in world.gateway.log().splitlines():
        assert "\u001b" not in line


def flow_of(world, client_id: str) -> dict:
    """The one flow that a client is named in."""
    found = [flow for flow in world.gateway.cli_json("flow", "list", "--limit", "100") if flow["client_id"] == client_id]
    assert len(found) == 1, found
    return found[0]


STEPS = ["route.probed", "resource_metadata.read", "server_metadata.read", "client.registered", "authorization.requested", "consent.granted", "code.issued",
         "token.issued", "token.presented"]


def attempt(world, *, until: str) -> OAuthClient:
    client = world.client()
    client.resource_metadata(world.mcp_url("stateful"))
    client.metadata()
    assert client.register(extra={"client_name": f"until {until}"}).status == 201
    callback, pkce = Person(world).allow(client)
    if until == "code":
        return client
    tokens = client.exchange(callback.code, pkce, resource=world.mcp_url("stateful")).json()
    if until == "token":
        return client
    MCPConnection(world.mcp_url("stateful"), tokens["access_token"]).initialize()
    return client


@pytest.mark.parametrize("until", ["code", "token", "call"])
def test_a_flow_shows_how_far_an_attempt_came(install, until):
    world = install()
    client = attempt(world, until=until)
    records(world)
    flow = flow_of(world, client.client_id)
    seen = [event["action"] for event in world.gateway.cli_json("flow", "show", flow["flow"])]
    expected = {"code": STEPS[:7], "token": STEPS[:8], "call": STEPS}[until]
    found = [action for action in dict.fromkeys(seen) if action in STEPS]
    assert found == expected, seen
    assert [action for action in flow["actions"] if action in STEPS] == expected
    notes = {"code": "code issued, never redeemed", "token": "token issued, never presented", "call": None}
    assert flow["note"] == notes[until], flow
    for_people = world.gateway.cli("flow", "list").stdout
    assert flow["flow"] in for_people and (notes[until] or "") in for_people


def test_a_token_is_presented_once_a_flow(install):
    world = install()
    client = attempt(world, until="call")
    connection = MCPConnection(world.mcp_url("stateful"), Person(world).tokens(client).access)
    connection.initialize()
    connection.call("tools/list")
    presented = [row for row in records(world) if row["action"] == "token.presented"]
    assert len(presented) == 2, "one for each token"
    assert all(row["flow"] for row in presented)


def test_flow_show_of_nothing_fails_clearly(install):
    world = install()
    done = world.gateway.cli("flow", "show", "nosuchflow", exit_code=None)
    assert done.returncode == 1 and done.stderr.strip() and "Traceback" not in done.stderr
