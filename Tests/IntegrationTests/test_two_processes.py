"""Two processes on one data folder: one installation, as the command line and later other nodes see it."""

import time

import pytest
from martlet_support import MCPConnection, Tokens
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import within

WITHIN = within(5)


@pytest.fixture
def pair(install):
    """An installation, and a second process on the same data."""
    world = install()
    twin = world.gateway.twin()
    twin.start()
    yield world, twin
    twin.close()


def refused_within(connection: MCPConnection, seconds: float) -> float:
    """How long until a connection's token is refused; fails when it takes longer."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        if connection.post("ping").status == 401:
            return time.monotonic() - begun
        time.sleep(0.1)
    raise AssertionError(f"{connection.url} still accepts the token after {seconds} s")


def both(world, twin, token: str) -> list[MCPConnection]:
    path = world.mcp_url("stateful").removeprefix(world.url)
    return [MCPConnection(base + path, token) for base in (world.url, twin.url)]


def test_what_one_issues_the_other_accepts(pair):
    world, twin = pair
    client, tokens = world.log_in("stateful")
    for connection in both(world, twin, tokens.access):
        connection.initialize()
        assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
    client.base = twin.url
    assert Tokens.of(client.refresh(tokens.refresh)).access != tokens.access


def test_a_session_made_by_one_is_known_to_the_other(pair):
    world, twin = pair
    here, there = both(world, twin, world.log_in("stateful")[1].access)
    here.initialize()
    there.session = here.session
    assert there.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"


@pytest.mark.parametrize("how", ["token", "user", "client"])
def test_a_revocation_by_the_command_line_reaches_both(pair, how):
    world, twin = pair
    client, tokens = world.log_in("stateful")
    connections = both(world, twin, tokens.access)
    for connection in connections:
        connection.initialize()
    arguments = {"token": [tokens.access], "user": ["--user", USER], "client": ["--client", client.client_id]}[how]
    world.gateway.revoke(*arguments)
    took = [refused_within(connection, WITHIN) for connection in connections]
    print("proof: revocation seconds", took)
    if how != "token":
        answer = client.refresh(tokens.refresh)
        assert answer.status in (400, 401), answer.describe()


def test_a_revocation_at_the_endpoint_reaches_both(pair):
    world, twin = pair
    client, tokens = world.log_in("stateful")
    connections = both(world, twin, tokens.access)
    assert client.revoke(tokens.refresh).status == 200
    for connection in connections:
        refused_within(connection, WITHIN)
    assert client.refresh(tokens.refresh).status == 400


def test_a_disabled_user_is_out_of_both(pair):
    world, twin = pair
    client, tokens = world.log_in("stateful")
    world.gateway.cli("user", "disable", USER)
    for connection in both(world, twin, tokens.access):
        refused_within(connection, WITHIN)
    assert client.refresh(tokens.refresh).status == 400


def test_a_refresh_race_between_processes_has_one_successor(pair):
    """Both processes are asked with the same refresh token at once: both answer, with the same successor."""
    from concurrent.futures import ThreadPoolExecutor

    world, twin = pair
    client, tokens = world.log_in("stateful")
    for _ in range(5):

        def refresh(base: str, tokens: Tokens = tokens):
            other = world.client(client_id=client.client_id, client_secret=client.client_secret, auth=client.auth)
            other.base = base
            return Tokens.of(other.refresh(tokens.refresh))

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(refresh, [world.url, twin.url] * 4))
        assert len({answer.refresh for answer in answers}) == 1
        assert len({answer.access for answer in answers}) == 1
        tokens = answers[0]


def test_a_user_added_while_running_can_log_in_at_both(pair):
    world, twin = pair
    world.gateway.add_user("late", PASSWORD)
    for base in (world.url, twin.url):
        client = world.client()
        client.base = world.url
        tokens = client.log_in(world.mcp_url("stateful"), "late", PASSWORD)
        assert MCPConnection(base + "/stateful/mcp", tokens.access).initialize().status == 200
