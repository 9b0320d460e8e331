"""`master_key: {env: …}` and `{file: …}`: the key that seals everything comes from outside the data folder."""

import base64
import os
from pathlib import Path

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.connect_world import let_logins_end
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect
from martlet_support.token_authority import TokenAuthority


def fresh() -> str:
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def world():
    """A server that wants a token of Martlet's own, sealed under a key from the environment."""
    with TokenAuthority() as authority, FakeMCPServer("stateless") as server:
        server.guard = authority.guard
        credential = {"client_credentials": authority.client()}
        gateway = Gateway({"own": {"url": server.url, "credential": credential}}, users={USER: PASSWORD},
            config={"master_key": {"env": "MASTER"}}, env={"MASTER": fresh(), **authority.environment})
        world = Installation(gateway.start(), {})
        world.authority = authority
        yield world
        gateway.close()


def works(world) -> bool:
    return connect(world, "own").tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"


def restart(world, key: str):
    world.gateway.stop()
    world.gateway.env["MASTER"] = key
    world.gateway.start()


def test_A_24_the_key_lies_nowhere_and_another_one_is_told_at_once(world):
    assert works(world) and world.authority.count() == 1
    assert not (world.gateway.data_dir / "master.key").exists()
    first = world.gateway.env["MASTER"]
    for path in world.gateway.data_dir.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert first.encode() not in content and base64.b64decode(first) not in content, path
    world.gateway.stop()
    world.gateway.env["MASTER"] = fresh()
    refused = world.gateway.cli("user", "list", exit_code=None)
    assert refused.returncode != 0 and "doesn't open this database" in refused.stderr, refused.stderr
    assert first not in refused.stderr
    restart(world, first)
    assert works(world) and world.authority.count() == 1, "what was sealed opens again"


def test_R_81_a_given_key_is_replaced_where_it_stands(world):
    assert works(world)
    first, second = world.gateway.env["MASTER"], fresh()
    said = world.gateway.cli("secret", "rotate", exit_code=None)
    assert said.returncode != 0 and "Put a new key before it in master_key" in said.stderr, said.stderr
    restart(world, f"{second} {first}")
    assert works(world)
    world.gateway.cli("secret", "rotate", "--only", "master-key")
    world.gateway.stop()
    let_logins_end(world)
    restart(world, second)
    assert works(world) and world.authority.count() == 1
    assert world.gateway.cli("audit", "verify").returncode == 0, "keys for single purposes stay"


def test_a_key_moves_out_of_its_file(world):
    with Gateway({"x": {"url": "http://127.0.0.1:9/mcp"}}, users={USER: PASSWORD}) as gateway:
        gateway.stop()
        file = gateway.data_dir / "master.key"
        gateway.env["MASTER"] = base64.b64encode(file.read_bytes()).decode()
        file.unlink()
        assert "master.key is missing" in gateway.cli("user", "list", exit_code=None).stderr
        gateway.config["master_key"] = {"env": "MASTER"}
        gateway.write_config()
        assert USER in gateway.cli("user", "list").stdout
        gateway.start()


@pytest.mark.parametrize("key, problem", [
    ("", "the environment variable MASTER is not set"), ("short", "is no key"),
    (base64.b64encode(bytes(31)).decode(), "is no key"), ("A" * 43 + "= " + "A" * 43 + "=", "is no key"),
])
def test_what_is_no_key_is_told(key, problem):
    gateway = Gateway({"x": {"url": "http://127.0.0.1:9/mcp"}}, config={"master_key": {"env": "MASTER"}}, env={"MASTER": key})
    try:
        assert problem in gateway.cli("user", "list", exit_code=2).stderr
    finally:
        gateway.close()


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="the limits of a process are read from Linux's /proc")
def test_A_25_a_core_dump_would_hold_nothing(world):
    """The kernel writes none, and one that were written all the same would hold no memory."""
    process = Path("/proc") / str(world.gateway.process.pid)
    (limit,) = [line.split() for line in (process / "limits").read_text().splitlines() if "core file" in line]
    assert limit[4:6] == ["1", "1"], limit
    assert int((process / "coredump_filter").read_text(), 16) == 0
