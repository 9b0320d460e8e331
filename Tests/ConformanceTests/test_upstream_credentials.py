"""What a server behind Martlet is called with (`servers.NAME.credential`), and who gets to see it: that server and nobody else."""

import json
import sqlite3

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect

KEY = "canary-3f9c1b7e-key"
SERVERS = {"keyed": "stateless", "session": "stateful", "modern": "modern", "open": "stateless"}


@pytest.fixture(scope="module")
def world():
    """Three servers with a key in three eras, one without."""
    upstreams = {name: FakeMCPServer(mode).start() for name, mode in SERVERS.items()}
    credential = {"header": {"name": "X-API-Key", "value": {"env": "SERVER_KEY"}}}
    bearer = {"header": {"name": "Authorization", "value": {"file": "bearer"}}}
    entries = {name: {"url": one.url} for name, one in upstreams.items()}
    entries["keyed"]["credential"] = credential
    entries["session"]["credential"] = bearer
    entries["modern"]["credential"] = credential
    gateway = Gateway(entries, users={USER: PASSWORD}, env={"SERVER_KEY": KEY})
    (gateway.folder / "bearer").write_text(f"Bearer {KEY}\n")
    gateway.env["SERVER_KEY"] = KEY
    installation = Installation(gateway.start(), upstreams)
    yield installation
    gateway.close()
    for one in upstreams.values():
        one.stop()


def sent(world, server: str, name: str) -> list[str | None]:
    """That header of every request that reached the server."""
    return [one.header(name) for one in world.upstreams[server].received()]


@pytest.mark.parametrize(("server", "header", "value"), [
    ("keyed", "x-api-key", KEY), ("session", "authorization", f"Bearer {KEY}"), ("modern", "x-api-key", KEY)])
def test_every_request_carries_it(world, server, header, value):
    world.upstreams[server].clear()
    revision = "2026-07-28" if server == "modern" else None
    connection = connect(world, server, revision=revision)
    assert connection.post("tools/call", {"name": "echo", "arguments": {}}).status == 200
    values = sent(world, server, header)
    assert values and set(values) == {value}, values


def test_V_009_N_28_no_other_server_sees_it(world):
    connect(world, "open").post("tools/call", {"name": "echo", "arguments": {}})
    for one in world.upstreams["open"].received():
        assert KEY not in json.dumps(one.headers), "the key went to another server"


def test_V_038_the_clients_own_header_does_not_count(world):
    connection = connect(world, "keyed")
    world.upstreams["keyed"].clear()
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}}, headers={"X-API-Key": "mine"})
    assert answer.status == 200, answer.describe()
    assert sent(world, "keyed", "x-api-key") == [KEY]


@pytest.mark.parametrize("status", [302, 303, 307, 308])
def test_V_037_redirects_to_other_origins_are_not_followed(world, status):
    connection = connect(world, "keyed")
    elsewhere = world.upstreams["open"]
    elsewhere.clear()
    world.upstreams["keyed"].script(status, headers={"Location": elsewhere.url}, method="tools/call")
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}})
    assert not elsewhere.received(), "the call was taken elsewhere"
    assert KEY not in answer.describe()


@pytest.mark.parametrize("status", [401, 403])
def test_S3_a_refusal_of_the_key_is_not_a_refusal_of_the_client(world, status):
    connection = connect(world, "keyed")
    world.upstreams["keyed"].script(
        status, {"error": KEY}, headers={"WWW-Authenticate": f'Bearer realm="{KEY}"'}, method="tools/call")
    answer = connection.post("tools/call", {"name": "echo", "arguments": {}})
    assert answer.status == 200, answer.describe()
    assert answer.json()["error"]["code"] == -31003
    assert KEY not in answer.describe()


def test_A_10_it_is_nowhere_to_be_read(world):
    """Log, trail, database, pages and the file's check: the key is in none of them."""
    gateway = world.gateway
    connect(world, "keyed").post("tools/call", {"name": "echo", "arguments": {}})
    said = gateway.cli("config", "check")
    flows = gateway.cli("flow", "list")
    assert KEY not in gateway.log() + said.stdout + said.stderr + flows.stdout
    with sqlite3.connect(gateway.data_dir / "martlet.sqlite") as database:
        assert not [line for line in database.iterdump() if KEY in line]
    for path in gateway.data_dir.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_a_key_that_is_not_set_is_said_before_the_start(world):
    del world.gateway.env["SERVER_KEY"]
    try:
        refused = world.gateway.cli("config", "check", exit_code=2)
    finally:
        world.gateway.env["SERVER_KEY"] = KEY
    assert "servers.keyed.credential.header.value" in refused.stdout + refused.stderr
