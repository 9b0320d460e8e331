"""`martlet access report` and `GET /api/access` say when somebody last came through, by what, at which server."""

from datetime import datetime, timedelta, timezone

import pytest
from martlet_support import MCPConnection, Tokens
from martlet_support.admin import bearer
from martlet_support.mcp import MODERN
from martlet_support.steps import Person, registered


@pytest.fixture(scope="module")
def world(own):
    own.gateway.cli("user", "add", "nightly", "--service")
    return own


def call(world, token: str, server: str = "stateless") -> int:
    return MCPConnection(world.mcp_url(server), token).post("ping").status


def last_uses(world) -> dict[tuple[str, str, str], str | None]:
    """(by, through, server) -> when."""
    world.gateway.settle_trail()
    shown = bearer(world, "auditor").ok("GET", "/api/access?limit=1000")["access"]
    assert shown == world.gateway.cli_json("access", "report")
    return {(one["by"], one["through"], one["server"]): one["last_used_at"] for one in shown}


def is_recent(text: str | None) -> bool:
    """As exact as it is documented: a minute."""
    return text is not None and timedelta(0) <= datetime.now(timezone.utc) - datetime.fromisoformat(text) <= timedelta(seconds=150)


def test_each_way_in_tells_its_own_last_use(world):
    gateway, me = world.gateway, Person(world)
    client, unused = registered(world), registered(world)
    tokens, spare = me.tokens(client, world.mcp_url("stateless")), me.tokens(unused, world.mcp_url("stateless"))
    key = gateway.cli_json("key", "create", "mine", "--owner", world.user)["key"]
    refused = gateway.cli_json("key", "create", "narrow", "--owner", world.user, "--server", "modern")["key"]
    made = gateway.cli_json("delegation", "create", "--user", world.user, "--job", "nightly", "--server", "stateless", "--server", "stateful")
    job = gateway.cli_json("key", "create", "j", "--owner", "nightly", "--delegation", made["id"])["key"]
    machine = world.client(**{name: value for name, value in gateway.add_client("machine", "--grant", "client_credentials").items()
                              if name in ("client_id", "client_secret")}, auth="client_secret_basic")
    before = last_uses(world)
    assert set(before.values()) == {None}, "what was only made wasn't used"
    # A refresh isn't a use, and neither is a call that is refused.
    Tokens.of(unused.refresh(spare.refresh))
    assert call(world, refused) == 401 and call(world, refused, "stateful") == 401
    assert set(last_uses(world).values()) == {None}
    assert call(world, tokens.access) == call(world, key) == call(world, job) == 200
    assert call(world, Tokens.of(machine.client_credentials(world.mcp_url("stateless"))).access) == 200
    used = {place: when for place, when in last_uses(world).items() if when}
    assert set(used) == {
        ("grant", client.client_id, "stateless"), ("key", "mine", "stateless"), ("delegation", "nightly", "stateless"),
        ("client_credentials", "machine", "stateless")}, used
    assert all(is_recent(when) for when in used.values()), used
    # It outlives the key's rotation and the process.
    successor = gateway.cli_json("key", "rotate", "mine", "--owner", world.user)["key"]
    gateway.restart()
    assert MCPConnection(world.mcp_url("modern"), successor, revision=MODERN).post("tools/list").status == 200
    after = last_uses(world)
    assert after[("key", "mine", "stateless")] == used[("key", "mine", "stateless")] and is_recent(after[("key", "mine", "modern")])
