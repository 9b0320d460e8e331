"""`{vault: …}` and `{aws_secret: …}`: secrets that managers keep are fetched at the start and when they are due."""

import json
import ssl

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.patience import until
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect
from martlet_support.secret_managers import SecretManagers
from martlet_support.steps import reconfigure
from martlet_support.tls import ThrowawayCA

CANARY = "kept-canary-81c2"


def servers(upstream) -> dict:
    def header(reference: dict) -> dict:
        return {"url": upstream.url, "credential": {"header": {"name": "X-Key", "value": reference}}}

    return {"vaulted": header({"vault": "secret/martlet/up#key"}), "amazon": header({"aws_secret": "prod/up#key"}),
        "whole": header({"aws_secret": "whole"})}


@pytest.fixture
def managers():
    with SecretManagers(namespace="team", session="session-canary") as one:
        one.kept = {"secret/martlet/up": {"key": f"{CANARY}-vault"}, "prod/up": json.dumps({"key": f"{CANARY}-aws"}), "whole": f"{CANARY}-whole"}
        yield one


@pytest.fixture
def world(managers):
    with FakeMCPServer("stateless") as upstream:
        config = {"secrets": managers.settings(ttl="10s", stale="1h")}
        gateway = Gateway(servers(upstream), users={USER: PASSWORD}, config=config, env=managers.env)
        yield Installation(gateway.start(), {"up": upstream})
        gateway.close()


def carried(world, server: str) -> set:
    world.upstreams["up"].clear()
    assert connect(world, server).tool("echo", {"text": "x"})["content"][0]["text"] == "x"
    return {one.header("x-key") for one in world.upstreams["up"].received("tools/call")}


def test_secrets_are_fetched_signed_for_and_followed(world, managers):
    """Both managers check who asks; another value is taken in by itself; while they are away what is known stays in use."""
    assert managers.refused == []
    assert carried(world, "vaulted") == {f"{CANARY}-vault"} and carried(world, "amazon") == {f"{CANARY}-aws"}
    assert carried(world, "whole") == {f"{CANARY}-whole"}
    managers.kept["secret/martlet/up"] = {"key": f"{CANARY}-new"}
    assert until(lambda: carried(world, "vaulted") == {f"{CANARY}-new"}, 90, 1), world.gateway.log()[-2000:]
    managers.act = "drop"
    assert until(lambda: "can't be fetched; what is known stays in use" in world.gateway.log(), 90)
    reconfigure(world, {"log": {"format": "text"}})
    assert carried(world, "vaulted") == {f"{CANARY}-new"} and carried(world, "amazon") == {f"{CANARY}-aws"}
    for secret in (CANARY, managers.KEY, managers.VAULT_TOKEN, "session-canary"):
        assert secret not in world.gateway.log()


@pytest.mark.parametrize(("change", "said"), [
    (lambda one: one.kept.pop("secret/martlet/up"), "vault secret/martlet/up#key: Vault has no such secret"),
    (lambda one: one.kept.update({"secret/martlet/up": {"other": "x"}}), "no text in its member key"),
    (lambda one: setattr(one, "VAULT_TOKEN", "another"), "doesn't let this token read it"),
    (lambda one: one.kept.pop("whole"), "aws_secret whole: AWS refuses: ResourceNotFoundException"),
    (lambda one: one.kept.update({"prod/up": "no object"}), "no text in its member key"),
    (lambda one: setattr(one, "KEY", "another"), "AWS refuses: InvalidSignatureException"),
    (lambda one: setattr(one, "act", "drop"), "doesn't answer"),
    (lambda one: setattr(one, "act", 500), "answers 500"),
])
def test_what_can_not_be_fetched_is_named_with_its_place(managers, change, said):
    env = dict(managers.env)
    change(managers)
    with FakeMCPServer("stateless") as upstream:
        gateway = Gateway(servers(upstream), config={"secrets": managers.settings()}, env=env)
        try:
            answer = gateway.cli("config", "check", exit_code=2).stderr
            assert said in answer and "servers." in answer and "credential.header.value" in answer, answer
            assert CANARY not in answer
            assert gateway.cli("policy", "check", exit_code=None).returncode in (0, 1), "a command that needs no secret fetches none"
        finally:
            gateway.close()


def test_a_manager_is_reached_over_TLS_that_is_checked(managers, tmp_path):
    authority, context = ThrowawayCA(tmp_path), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("127.0.0.1"))
    with SecretManagers(context=context) as safe, FakeMCPServer("stateless") as upstream:
        safe.kept = managers.kept
        for trusted in (True, False):
            config = {"secrets": safe.settings(), "egress": {"ca_file": str(authority.ca_file)} if trusted else {}}
            gateway = Gateway(servers(upstream), config=config, env=safe.env)
            try:
                answer = gateway.cli("config", "check", exit_code=0 if trusted else 2)
                assert trusted or "doesn't answer" in answer.stderr
            finally:
                gateway.close()
        assert safe.refused == []


@pytest.mark.parametrize(("value", "said"), [
    ({"vault": "secret"}, "names no secret"), ({"vault": "secret/../x#k"}, "names no secret"),
    ({"vault": "secret/x?y#k"}, "names no secret"), ({"aws_secret": ""}, "names no secret"),
    ({"vault": "secret/x#k", "env": "HOME"}, "must name one source")])
def test_a_reference_that_names_nothing_is_refused(managers, value, said):
    credential = {"header": {"name": "X-Key", "value": value}}
    gateway = Gateway({"x": {"url": "http://127.0.0.1:9/mcp", "credential": credential}}, config={"secrets": managers.settings()}, env=managers.env)
    try:
        assert said in gateway.cli("config", "check", exit_code=2).stderr
        assert managers.asked == []
    finally:
        gateway.close()


def test_what_opens_a_manager_is_not_kept_by_one(managers):
    settings = managers.settings()
    settings["vault"] |= {"token": {"vault": "secret/x#k"}, "address": "http://vault.example.com"}
    gateway = Gateway({"x": "http://127.0.0.1:9/mcp"}, config={"secrets": settings}, env=managers.env)
    try:
        answer = gateway.cli("config", "check", exit_code=2).stderr
        assert "opens the manager itself" in answer and "must be an absolute https URL" in answer
    finally:
        gateway.close()
