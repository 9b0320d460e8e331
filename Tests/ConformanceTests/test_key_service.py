"""`master_key: {aws_kms: …}` and `{vault_transit: …}`: the key that seals everything is wrapped by a key that never leaves its service."""

import base64
import json

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.connect_world import let_logins_end
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect
from martlet_support.secret_managers import SecretManagers
from martlet_support.steps import until
from martlet_support.token_authority import TokenAuthority

SERVICES = {"aws": {"aws_kms": "alias/martlet"}, "transit": {"vault_transit": "transit/martlet"}}


@pytest.fixture
def services():
    with SecretManagers(namespace="team", session="session-canary") as one:
        yield one


@pytest.fixture(params=sorted(SERVICES))
def world(request, services):
    """A server that wants a token of Martlet's own, sealed under a key that a service wraps."""
    with TokenAuthority() as authority, FakeMCPServer("stateless") as server:
        server.guard = authority.guard
        credential = {"client_credentials": authority.client()}
        gateway = Gateway({"own": {"url": server.url, "credential": credential}}, users={USER: PASSWORD},
            config={"master_key": SERVICES[request.param], "secrets": services.settings()},
            env={**services.env, **authority.environment})
        world = Installation(gateway.start(), {})
        world.authority = authority
        yield world
        gateway.close()


def works(world) -> bool:
    return connect(world, "own").tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"


def entries(world) -> list[dict]:
    return json.loads((world.gateway.data_dir / "master.key.wrapped").read_text())["keys"]


def is_nowhere(world, secret: bytes):
    for path in world.gateway.folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        assert secret not in content and base64.b64encode(secret) not in content, path


def test_A_20_A_25_the_key_is_made_wrapped_and_opened_by_its_service(world, services):
    assert works(world) and services.refused == []
    assert not (world.gateway.data_dir / "master.key").exists()
    assert (world.gateway.data_dir / "master.key.wrapped").stat().st_mode & 0o077 == 0
    ((_, _, plain),) = services.wrapped.values()
    is_nowhere(world, plain)
    world.gateway.restart()
    assert works(world) and world.authority.count() == 1, "what was sealed opens again"
    for secret in (services.KEY, services.VAULT_TOKEN, "session-canary"):
        assert secret not in world.gateway.log()


def test_R_82_while_the_service_is_away_all_goes_on_and_nothing_starts(world, services):
    assert works(world)
    before = (world.gateway.data_dir / "master.key.wrapped").read_bytes()
    services.act = "drop"
    assert works(world), "a process asks when it starts"
    said = world.gateway.cli("user", "list", exit_code=1).stderr
    assert "doesn't answer" in said and "see that it answers" in said.lower(), said
    assert world.gateway.cli("secret", "rotate", exit_code=1).returncode == 1
    assert works(world) and (world.gateway.data_dir / "master.key.wrapped").read_bytes() == before
    services.act = None
    world.gateway.restart()
    assert works(world) and world.authority.count() == 1


def test_R_81_a_wrapped_key_is_replaced_and_who_runs_learns_of_it_unasked(world, services):
    assert works(world)
    (first,) = entries(world)
    world.gateway.cli("secret", "rotate")
    asked = len(services.asked)
    assert [one["name"] for one in entries(world)][1:] == [first["name"]] and "passed_on" in entries(world)[0]
    assert until(lambda: "master.key was read again" in world.gateway.log()), world.gateway.log()[-2000:]
    world.gateway.cli("connection", "list")
    asked_by_commands = len(services.asked) - asked
    assert works(world)
    let_logins_end(world)
    assert until(lambda: world.gateway.cli_json("secret", "status")["rotation"] is None, 180, 2), world.gateway.log()[-2000:]
    (only,) = entries(world)
    assert only["name"] != first["name"] and "passed_on" not in only
    assert asked_by_commands == 2, "one for each key that the command opened, none by the gateway"
    world.gateway.restart()
    assert works(world) and world.authority.count() == 1
    for _, _, plain in services.wrapped.values():
        is_nowhere(world, plain)
    assert world.gateway.cli("audit", "verify").returncode == 0, "keys for single purposes stay"


def test_a_key_moves_from_its_file_to_a_service(services):
    with Gateway({"x": "http://127.0.0.1:9/mcp"}, users={USER: PASSWORD}, env=services.env) as gateway:
        gateway.stop()
        file = gateway.data_dir / "master.key"
        kept = file.read_bytes()
        gateway.config |= {"master_key": SERVICES["aws"], "secrets": services.settings()}
        gateway.write_config()
        gateway.start()
        assert "remove it from data_dir" in gateway.log()
        assert [plain for _, _, plain in services.wrapped.values()] == [kept]
        file.unlink()
        gateway.restart()
        assert USER in gateway.cli("user", "list").stdout
        gateway.cli("backup", str(gateway.folder / "copy"))


@pytest.mark.parametrize(("change", "said"), [
    (lambda one: setattr(one, "KEY", "another"), "AWS refuses: InvalidSignatureException"),
    (lambda one: setattr(one, "key", ("alias/other", "other")), "AWS refuses: NotFoundException"),
    (lambda one: setattr(one, "act", 500), "AWS refuses: 500"),
    (lambda one: one.wrapped.clear(), "AWS refuses: InvalidCiphertextException"),
    (lambda one: one.wrapped.update({blob: (*found[:2], bytes(32)) for blob, found in one.wrapped.items()}), "was altered"),
])
def test_A_22_A_24_what_a_service_does_not_open_is_told(services, change, said):
    gateway = Gateway({"x": "http://127.0.0.1:9/mcp"}, config={"master_key": SERVICES["aws"], "secrets": services.settings()},
        env=dict(services.env))
    try:
        gateway.add_user(USER)
        change(services)
        answer = gateway.cli("user", "list", exit_code=1).stderr
        assert said in answer, answer
    finally:
        gateway.close()


def test_A_24_a_database_without_its_wrapped_key_is_not_given_another(services):
    gateway = Gateway({"x": "http://127.0.0.1:9/mcp"}, config={"master_key": SERVICES["transit"], "secrets": services.settings()},
        env=services.env)
    try:
        gateway.add_user(USER)
        (gateway.data_dir / "master.key.wrapped").unlink()
        assert "is missing, but there is a database" in gateway.cli("user", "list", exit_code=1).stderr
        assert not (gateway.data_dir / "master.key.wrapped").exists()
    finally:
        gateway.close()


@pytest.mark.parametrize(("key", "said"), [
    ({"aws_kms": ""}, "names no key"), ({"vault_transit": "martlet"}, "names no key"), ({"vault_transit": "../martlet"}, "names no key"),
    ({"vault_transit": "transit/a?b"}, "names no key"), ({"aws_kms": "a", "env": "X"}, "must name one source")])
def test_what_names_no_key_is_refused(services, key, said):
    gateway = Gateway({"x": "http://127.0.0.1:9/mcp"}, config={"master_key": key, "secrets": services.settings()}, env=services.env)
    try:
        assert said in gateway.cli("config", "check", exit_code=2).stderr
    finally:
        gateway.close()


def test_a_service_that_nobody_said_how_to_reach_is_told():
    gateway = Gateway({"x": "http://127.0.0.1:9/mcp"}, config={"master_key": SERVICES["aws"]})
    try:
        assert "needs secrets.aws" in gateway.cli("config", "check", exit_code=2).stderr
    finally:
        gateway.close()
