"""Tenants: what is suspended is refused, what is deleted leaves nothing, and neither sees the other (A-40, A-43, A-46, V-053, V-069)."""

import random
import sqlite3

import pytest
from martlet_support import MCPConnection, request
from martlet_support.pytest_plugin import PASSWORD
from martlet_support.steps import Person, count, registered, until


def person_of(world, tenant: str) -> Person:
    return Person(world, f"{tenant}-user", PASSWORD)


@pytest.fixture(scope="module")
def world(own):
    for tenant in ("acme", "globex"):
        own.gateway.add_user(f"{tenant}-user", PASSWORD, "--tenant", tenant)
        own.gateway.cli("user", "add", f"{tenant}-job", "--service", "--tenant", tenant)
    return own


def status(world, token: str, server: str = "stateless") -> int:
    return MCPConnection(world.mcp_url(server), token).post("ping").status


class Belongings:
    """What a tenant has: tokens, keys, a delegation, an administrator, a client of its own, an open stream."""

    def __init__(self, world, tenant: str):
        gateway = world.gateway
        self.world, self.tenant = world, tenant
        self.person = person_of(world, tenant)
        self.client = registered(world, extra={"client_name": f"client of {tenant}"})
        self.tokens = self.person.tokens(self.client, world.mcp_url("stateless"))
        streaming = self.person.tokens(self.client, world.mcp_url("stateful")).access
        self.key = gateway.cli_json("key", "create", "k", "--owner", f"{tenant}-user")["key"]
        self.itself = gateway.cli_json("key", "create", "itself", "--tenant", tenant)["key"]
        made = gateway.cli_json("delegation", "create", "--user", f"{tenant}-user", "--job", f"{tenant}-job", "--server", "stateless")
        self.job = gateway.cli_json("key", "create", "j", "--owner", f"{tenant}-job", "--delegation", made["id"])["key"]
        self.admin = gateway.cli("admin", "token", "--role", "tenant-admin", "--tenant", tenant, "--ttl", "1h").stdout.strip()
        self.machine = world.client(**{k: v for k, v in gateway.add_client(
            f"machine of {tenant}", "--grant", "client_credentials", "--tenant", tenant).items() if k in ("client_id", "client_secret")},
            auth="client_secret_basic")
        self.machine_token = self.machine.client_credentials(world.mcp_url("stateless")).json()["access_token"]
        connection = MCPConnection(world.mcp_url("stateful"), streaming)
        connection.initialize()
        self.stream = connection.open_stream()

    def opens(self) -> dict[str, bool]:
        api = request("GET", f"{self.world.url}/api/keys", headers={"Authorization": f"Bearer {self.admin}"}).status
        return {
            "token": status(self.world, self.tokens.access) == 200,
            "key": status(self.world, self.key) == 200, "itself": status(self.world, self.itself) == 200,
            "job": status(self.world, self.job) == 200, "admin": api == 200,
            "machine token": status(self.world, self.machine_token) == 200,
            "machine": self.machine.client_credentials(self.world.mcp_url("stateless")).status == 200,
        }


def test_A_46_V_053_suspended_resumed_deleted(world):
    acme, globex = Belongings(world, "acme"), Belongings(world, "globex")
    assert all(acme.opens().values()), acme.opens()
    world.gateway.cli("tenant", "suspend", "acme")
    assert until(lambda: not any(acme.opens().values())), acme.opens()
    list(acme.stream.stream.events())
    assert acme.client.refresh(acme.tokens.refresh).status == 400
    page = acme.person.browser.open(f"{world.url}/login")
    answer = world.browser()
    wrong = answer.submit(answer.open(f"{world.url}/login"), {"username": "acme-user", "password": PASSWORD})
    assert wrong.status == 403, "nobody of it logs in"
    assert "acme-user" not in page.text
    refusal = world.gateway.cli("key", "create", "more", "--tenant", "acme", exit_code=1)
    assert "suspended" in refusal.stderr
    assert all(globex.opens().values()), "the neighbour goes on"
    states = {one["tenant"] if "tenant" in one else one["name"]: one["state"] for one in world.gateway.cli_json("tenant", "list")}
    assert (states["acme"], states["globex"]) == ("suspended", "active")
    world.gateway.cli("tenant", "resume", "acme")
    back = acme.opens()
    assert back["key"] and back["itself"] and back["job"] and back["admin"] and back["machine"], back
    assert not back["token"] and not back["machine token"], "tokens have ended for good"
    deleted(world, acme, globex)


def deleted(world, acme: Belongings, globex: Belongings):
    gateway = world.gateway
    assert "once more" in gateway.cli("tenant", "delete", "acme", "--confirm", "globex", exit_code=1).stderr
    with sqlite3.connect(gateway.data_dir / "martlet.sqlite") as database:
        user = database.execute("SELECT id FROM user_account WHERE login_name = 'acme-user'").fetchone()[0]
    assert gateway.cli_json("tenant", "delete", "acme", "--confirm", "acme")["rows"] > 5
    assert until(lambda: not any(acme.opens().values())), acme.opens()
    assert all(globex.opens().values()), globex.opens()
    # The trail, and the sums of it: what is refused afterwards is counted, too.
    kept = {"audit_event", "audit_trail", "trail_cursor", "call_sum", "revocation", "tenant_state"}
    with sqlite3.connect(gateway.data_dir / "martlet.sqlite") as database:
        tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            if "tenant" in columns and table not in kept:
                left = database.execute(f"SELECT COUNT(*) FROM {table} WHERE tenant = 'acme'").fetchone()[0]
                assert left == 0, f"{left} rows in {table}"
    # The trail still verifies, and speaks of an id that stands for nobody.
    assert gateway.cli("audit", "verify").returncode == 0
    with sqlite3.connect(gateway.data_dir / "martlet.sqlite") as database:
        assert database.execute("SELECT COUNT(*) FROM audit_event WHERE tenant = 'acme' AND subject = ?", (user,)).fetchone()[0]
        assert database.execute("SELECT COUNT(*) FROM audit_event WHERE action = 'tenant.deleted'").fetchone()[0] == 1
    for command in (("tenant", "resume", "acme"), ("tenant", "suspend", "acme")):
        assert "deleted" in gateway.cli(*command, exit_code=1).stderr
    assert gateway.cli("tenant", "delete", "default", "--confirm", "default", exit_code=1).stderr
    assert "no such tenant" in gateway.cli("tenant", "suspend", "nosuch", exit_code=1).stderr


def test_A_40_the_tenant_is_the_credential_s(world):
    """No header and no parameter moves a caller into another tenant."""
    gateway = world.gateway
    token = gateway.cli("admin", "token", "--role", "tenant-admin", "--tenant", "globex", "--ttl", "1h").stdout.strip()
    for name in ("X-Tenant", "Martlet-Tenant", "X-Tenant-ID", "X-Forwarded-Tenant"):
        answer = request("GET", f"{world.url}/api/users", headers={"Authorization": f"Bearer {token}", name: "default"})
        assert {one["tenant"] for one in answer.json()["users"]} == {"globex"}, answer.describe()
    for method, path in (("POST", "/api/tenants/globex/suspend"), ("POST", "/api/tenants/default/suspend"),
                         ("DELETE", "/api/tenants/default?confirm=default")):
        assert request(method, f"{world.url}{path}", headers={"Authorization": f"Bearer {token}"}).status == 403
    names = request("GET", f"{world.url}/api/tenants", headers={"Authorization": f"Bearer {token}"}).json()["tenants"]
    assert [one["name"] for one in names] == ["globex"]


def test_A_43_each_tenant_is_as_if_alone(install):
    """The same random operations, interleaved by two tenants with identical names and by each alone, answer the same."""
    seed, steps = random.Random(43), count(120, 10_000)
    script = [(seed.choice(["one", "two"]), *operation(seed)) for _ in range(steps)]
    together = play(install(), script, ("one", "two"))
    for tenant in ("one", "two"):
        alone = play(install(), [step for step in script if step[0] == tenant], (tenant,))
        differences = [(x, y) for x, y in zip(together[tenant], alone[tenant]) if x != y]
        assert not differences and len(together[tenant]) == len(alone[tenant]), differences[:3]


def operation(seed: random.Random) -> tuple[str, str, dict | None]:
    name = seed.choice(["a", "b", "c"])
    return seed.choice([
        ("GET", "/api/keys?all=true&limit=1000", None), ("POST", "/api/keys", {"name": name}),
        ("POST", f"/api/keys/{name}/rotate", {"grace": "0s"}), ("DELETE", f"/api/keys/{name}", None),
        ("GET", "/api/users", None), ("GET", "/api/access", None), ("GET", "/api/delegations", None),
        ("POST", "/api/keys", {"name": name, "servers": ["stateless"]}), ("CALL", name, None),
    ])


def play(world, script, tenants) -> dict[str, list]:
    """Runs a script by each tenant's own administrator; answers what was heard, without what is drawn at random."""
    bearers = {tenant: world.gateway.cli("admin", "token", "--role", "tenant-admin", "--tenant", tenant, "--ttl", "1h").stdout.strip()
               for tenant in tenants}
    heard: dict[str, list] = {tenant: [] for tenant in tenants}
    keys: dict[tuple[str, str], str] = {}
    for tenant, method, path, body in script:
        if method == "CALL":
            token = keys.get((tenant, path))
            heard[tenant].append((path, token and status(world, token)))
            continue
        answer = request(method, world.url + path, headers={"Authorization": f"Bearer {bearers[tenant]}"}, json=body)
        said = answer.json() if answer.body else None
        assert not said or not said.get("next_cursor"), "pages are in the order of random ids: only a whole list can be compared"
        if said and "key" in said:
            keys[(tenant, said["name"])] = said["key"]
        heard[tenant].append((method, path, answer.status, plain(said)))
    return heard


RANDOM = {"id", "key", "last_four", "created_at", "expires_at", "last_used_at", "since", "through", "tenant", "next_cursor"}


def plain(said):
    if isinstance(said, dict):
        return {name: plain(value) for name, value in said.items() if name not in RANDOM}
    return sorted((plain(one) for one in said), key=repr) if isinstance(said, list) else said
