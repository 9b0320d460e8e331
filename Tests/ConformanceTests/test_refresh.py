"""Refresh rotation as clients live it: one successor, the same answer again, through crashes and over several processes
(T5, T6; R-20 … R-24).
"""

import json
import random
import socket
import sqlite3
import threading
import time
import urllib.parse

import pytest
from martlet_support import MCPConnection, Tokens, request
from martlet_support.steps import Person, at_once, count, person, reconfigure, registered, within


def refused(answer) -> None:
    assert answer.status == 400 and answer.json()["error"] == "invalid_grant", answer.describe()


def dead_within(world, token: str, seconds: float = 5) -> None:
    """An access token ends with its family."""
    deadline = time.monotonic() + within(seconds)
    while MCPConnection(world.mcp_url(), token).post("ping").status != 401:
        assert time.monotonic() < deadline, f"still accepted after {seconds} s"
        time.sleep(0.1)


def events(world) -> str:
    """The trail of all flows, as the command line shows it; it is written within 100 ms."""
    time.sleep(0.5)
    return "\n".join(world.gateway.cli("flow", "show", flow["flow"],
        "--json").stdout for flow in world.gateway.cli_json("flow", "list"))


def test_N_11_each_refresh_rotates(shared):
    client = registered(shared)
    tokens = person(shared).tokens(client)
    seen = {tokens.refresh}
    for _ in range(10):
        tokens = Tokens.of(client.refresh(tokens.refresh))
        assert tokens.refresh not in seen
        seen.add(tokens.refresh)


def test_T5_the_predecessor_answers_with_the_same_bytes_until_its_successor_is_used(shared):
    client = registered(shared)
    first = person(shared).tokens(client)
    answers = [client.refresh(first.refresh) for _ in range(4)]
    assert all(a.status == 200 and a.body == answers[0].body for a in answers), "idempotent replay"
    second = Tokens.of(answers[0])
    third = Tokens.of(client.refresh(second.refresh))
    refused(client.refresh(first.refresh))
    assert third.refresh != second.refresh


def test_R_20_V_058_T5_many_at_once_over_two_processes_get_one_successor(install):
    world = install()
    twin = world.gateway.twin()
    twin.start()
    try:
        client, tokens = world.log_in()
        rounds, width = count(5, 100), count(48, 1000)
        for _ in range(rounds):
            def refresh(index: int):
                form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "client_id": client.client_id}
                return request("POST", (world.url, twin.url)[index % 2] + "/token", form=form, timeout=180)

            hands = min(width, 64)
            answers = at_once(hands, lambda i: [refresh(n) for n in range(i, width, hands)])
            flat = [answer for group in answers for answer in group]
            assert len(flat) == width
            assert {a.status for a in flat} == {200}, next(a.describe() for a in flat if a.status != 200)
            assert len({a.body for a in flat}) == 1, "byte-identical replies"
            tokens = Tokens.of(flat[0])
        print(f"proof: R-20 count={rounds * width}")
        assert MCPConnection(world.mcp_url(), tokens.access).initialize().status == 200, "0 family revocations"
        with sqlite3.connect(f"file:{database(world)}?mode=ro", uri=True) as reader:
            tables = {name for (name,) in reader.execute("SELECT name FROM sqlite_master WHERE type='table'")}
            if "refresh_token" in tables:
                (stored,) = reader.execute("SELECT count(*) FROM refresh_token").fetchone()
                assert stored <= rounds + 1, "one successor a round, not a fan"
    finally:
        twin.close()


def database(world):
    return next(path for path in world.gateway.data_dir.iterdir() if path.read_bytes()[:16] == b"SQLite format 3\x00")


def test_R_21_an_answer_that_never_arrived_is_given_again(install):
    """Several grants take turns: a cut request that is still under way must not meet its own successor's successor."""
    world = install()
    client, grants = registered(world), []
    for _ in range(count(20, 100)):
        grants.append(person(world).tokens(client))
    host, port = urllib.parse.urlsplit(world.url).netloc.split(":")
    rounds = count(100, 10_000)
    for index in range(rounds):
        tokens = grants.pop(0)
        form = urllib.parse.urlencode(
            {"grant_type": "refresh_token", "refresh_token": tokens.refresh, "client_id": client.client_id})
        head = (f"POST /token HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                f"Content-Length: {len(form)}\r\n\r\n")
        with socket.create_connection((host, int(port))) as cut:
            cut.sendall((head + form).encode())
            time.sleep(random.uniform(0, 0.008))
        grants.append(Tokens.of(client.refresh(tokens.refresh)))
    print(f"proof: R-21 count={rounds}")


def test_R_24_kill_9_between_consuming_and_answering_loses_nobody(install):
    world = install()
    client, tokens = world.log_in()
    kills = count(6, 500)
    for _ in range(kills):
        last = tokens

        def go_on():
            nonlocal last
            while True:
                try:
                    answer = client.refresh(last.refresh)
                except OSError:
                    return
                if answer.status != 200:
                    return
                last = Tokens.of(answer)

        worker = threading.Thread(target=go_on)
        worker.start()
        time.sleep(random.uniform(0.01, 0.12))
        world.gateway.kill()
        worker.join(120)
        world.gateway.start()
        tokens = Tokens.of(client.refresh(last.refresh))
    assert MCPConnection(world.mcp_url(), tokens.access).initialize().status == 200
    print(f"proof: R-24 count={kills}")


@pytest.fixture
def world(own):
    """This file's installation; a test may change its settings and they are put back."""
    before = json.loads(json.dumps(own.gateway.config))
    yield own
    if own.gateway.config != before:
        own.gateway.config = before
        reconfigure(own, before)


def begun(world, name: str) -> tuple:
    client = registered(world, extra={"client_name": name})
    return client, person(world).tokens(client)


def test_R_22_V_072_two_generations_old_ends_the_family_inside_the_window(world):
    client, first = begun(world, "R-22")
    second = Tokens.of(client.refresh(first.refresh))
    third = Tokens.of(client.refresh(second.refresh))
    connection = MCPConnection(world.mcp_url(), third.access)
    connection.initialize()
    refused(client.refresh(first.refresh))
    refused(client.refresh(third.refresh))
    dead_within(world, third.access)
    assert "token.reused" in events(world), "R-23: with an event"


def test_R_23_after_the_window_the_family_ends(world):
    reconfigure(world, {"tokens": {"replay_window": "1s"}})
    client, first = begun(world, "R-23")
    second = Tokens.of(client.refresh(first.refresh))
    time.sleep(1.3)
    refused(client.refresh(first.refresh))
    refused(client.refresh(second.refresh))
    dead_within(world, second.access)


def test_R_23_T6_the_policy_refuse_takes_only_the_old_token(world):
    reconfigure(world, {"tokens": {"replay_window": "1s", "reuse": "refuse"}})
    client, first = begun(world, "T6")
    second = Tokens.of(client.refresh(first.refresh))
    time.sleep(1.3)
    refused(client.refresh(first.refresh))
    third = Tokens.of(client.refresh(second.refresh))
    refused(client.refresh(first.refresh))
    assert MCPConnection(world.mcp_url(), third.access).initialize().status == 200
    assert "token.reused" in events(world)


def test_a_window_of_nothing_is_strict(world):
    reconfigure(world, {"tokens": {"replay_window": "0s"}})
    client, first = begun(world, "strict")
    second = Tokens.of(client.refresh(first.refresh))
    refused(client.refresh(first.refresh))
    refused(client.refresh(second.refresh))


def test_R_23_V_050g_another_client_can_neither_use_nor_end_it(shared):
    mine, other = registered(shared), registered(shared, extra={"client_name": "other"})
    tokens = person(shared).tokens(mine)
    refused(other.refresh(tokens.refresh))
    spent = tokens
    tokens = Tokens.of(mine.refresh(tokens.refresh))
    tokens = Tokens.of(mine.refresh(tokens.refresh))
    refused(other.refresh(spent.refresh))
    for forged in (tokens.refresh[:-1] + "A", tokens.refresh + "A", "mrf_" + "A" * 43, tokens.refresh.upper()):
        if forged != tokens.refresh:
            refused(mine.refresh(forged))
    assert Tokens.of(mine.refresh(tokens.refresh)).refresh, "only a fully matching token triggers anything"


def test_N_11_idle_and_absolute_lifetime(world):
    reconfigure(world, {"tokens": {"refresh_ttl": "4s", "refresh_max_ttl": "9s", "access_ttl": "1s"}})
    client, tokens = begun(world, "idle")
    idle = tokens
    started = time.monotonic()
    while (answer := client.refresh(tokens.refresh)).status == 200:
        tokens = Tokens.of(answer)
        assert time.monotonic() - started < within(9 + 2), "the family ends although it was used all the time"
        time.sleep(0.3)
    refused(answer)
    assert time.monotonic() - started > 4.5, "but each use kept it for a while"
    connection = MCPConnection(world.mcp_url(), idle.access)
    while (answer := connection.post("ping")).status != 401:
        assert time.monotonic() - started < within(9 + 8), "more than 8 s of leeway"
        time.sleep(0.2)
    assert 'error="invalid_token"' in answer.header("www-authenticate")


def test_N_11_an_idle_refresh_token_ends(world):
    reconfigure(world, {"tokens": {"refresh_ttl": "1s"}})
    client, tokens = begun(world, "unused")
    time.sleep(1.2)
    refused(client.refresh(tokens.refresh))


# V-053, N-12: what ends a grant ends it at the next refresh


def disable_user(world, client, user):
    world.gateway.cli("user", "disable", user)


def remove_client(world, client, user):
    world.gateway.cli("client", "remove", client.client_id)


def revoke_user(world, client, user):
    world.gateway.revoke("--user", user)


def revoke_client(world, client, user):
    world.gateway.revoke("--client", client.client_id)


def remove_route(world, client, user):
    reconfigure(world, {"servers": {n: e for n, e in world.gateway.config["servers"].items() if n != "stateful"}})


def close_route_to_tenant(world, client, user):
    servers = json.loads(json.dumps(world.gateway.config["servers"]))
    servers["stateful"]["tenants"] = ["other"]
    reconfigure(world, {"servers": servers})


@pytest.mark.parametrize("end", [disable_user, remove_client, revoke_user, revoke_client, remove_route,
    close_route_to_tenant])
def test_V_053_N_12_what_ends_a_grant_ends_its_refresh_and_its_streams(world, end):
    user = f"user-{end.__name__.replace('_', '-')}"
    password = world.gateway.add_user(user)
    client = registered(world, extra={"client_name": end.__name__})
    tokens = Person(world, user, password).tokens(client)
    stream = MCPConnection(world.mcp_url(), tokens.access)
    stream.initialize()
    opened = stream.open_stream()
    assert opened.stream is not None, opened.describe()
    closed = threading.Event()

    def read():
        try:
            for _ in opened.stream.events():
                pass
        except (OSError, ValueError):
            pass
        closed.set()

    threading.Thread(target=read, daemon=True).start()
    end(world, client, user)
    deadline = time.monotonic() + within(5)
    while (answer := client.refresh(tokens.refresh)).status == 200:
        tokens = Tokens.of(answer)
        assert time.monotonic() < deadline, "still refreshed after 5 s"
        time.sleep(0.1)
    assert answer.status in (400, 401), answer.describe()
    assert answer.json()["error"] == ("invalid_client" if end is remove_client else "invalid_grant"), answer.describe()
    assert closed.wait(within(6)), "the open stream goes with it"
    assert stream.post("ping").status in (401, 404)


def test_enabling_a_user_again_gives_nothing_back(world):
    password = world.gateway.add_user("returning")
    client = registered(world, extra={"client_name": "returning"})
    visitor = Person(world, "returning", password)
    tokens = visitor.tokens(client)
    callback, pkce = visitor.allow(client)
    world.gateway.cli("user", "disable", "returning")
    world.gateway.cli("user", "enable", "returning")
    dead_within(world, tokens.access)
    refused(client.refresh(tokens.refresh))
    refused(client.exchange(callback.code, pkce))
    assert Person(world, "returning", password).tokens(client).access, "but a new login works"
