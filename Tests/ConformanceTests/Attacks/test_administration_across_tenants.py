"""Each operation of the admin API against what belongs to another tenant: it isn't there, and nothing of it changes (V-069, N-36, A-42)."""

import sqlite3

import pytest
from martlet_support import request
from martlet_support.admin import bearer, placed
from martlet_support.mcp import MODERN, MCPConnection
from martlet_support.pytest_plugin import PASSWORD
from martlet_support.steps import Person, registered
from martlet_support.trail import records

POLICY = {"default": "allow", "pin_tools": True, "roles": {"leads": {"users": ["globex-lead"]}},
          "rules": [{"name": "ask", "effect": "require_approval", "approvers": ["leads"], "what": {"tools": ["echo"]}}]}
WRITTEN_ANYHOW = {"audit_event", "audit_trail", "trail_cursor", "call_sum", "idempotent_request"}


@pytest.fixture(scope="module")
def world(install_for_file):
    world = install_for_file(config={"policy": POLICY})
    for tenant in ("acme", "globex"):
        for name in ("user", "lead"):
            world.gateway.add_user(f"{tenant}-{name}", PASSWORD, "--tenant", tenant)
        world.gateway.cli("user", "add", f"{tenant}-job", "--service", "--tenant", tenant)
    return world


def belongings(world) -> dict[str, str]:
    """One of everything that globex has, by the first segment of its path: the name under which it would be found."""
    gateway = world.gateway
    token = Person(world, "globex-user", PASSWORD).tokens(registered(world), world.mcp_url("modern")).access
    delegation = gateway.cli_json("delegation", "create", "--user", "globex-user", "--job", "globex-job", "--server", "modern")["id"]
    gateway.cli("key", "create", "globex-key", "--owner", "globex-user")
    gateway.cli("key", "create", "globex-itself", "--tenant", "globex")
    admin = gateway.cli_json("admin", "token", "--role", "tenant-admin", "--tenant", "globex", "--ttl", "1h")
    held = MCPConnection(world.mcp_url("modern"), token, revision=MODERN).call("tools/call", {"name": "echo", "arguments": {"text": "x"}})
    assert "/approvals/" in str(held), held
    approval = gateway.cli_json("approval", "list")[0]["id"]
    return {"keys": "globex-key", "users": "globex-user", "delegations": delegation, "approvals": approval, "admin-tokens": admin["id"],
            "tenants": "globex", "connections": "modern", "clients": "no-such-client", "token": token}


def rows(world) -> dict[str, list]:
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        tables = [name for name, in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        columns = {name: [row[1] for row in database.execute(f"PRAGMA table_info({name})")] for name in tables}
        return {name: sorted(map(repr, database.execute(f"SELECT * FROM {name} WHERE tenant = 'globex'")))
                for name in tables if "tenant" in columns[name] and name not in WRITTEN_ANYHOW}


def test_V_069_N_36_A_42_no_operation_reaches_another_tenant(world):
    names = belongings(world)
    document = request("GET", f"{world.url}/api/openapi.json").json()
    acme, admin = bearer(world, "tenant-admin", "--tenant", "acme"), bearer(world, "admin")
    before = rows(world)
    assert {"api_key", "delegation", "approval", "user_account", "tool_pin"} <= {table for table, found in before.items() if found}, before.keys()
    # Every member that can name a thing names globex's.
    foreign = {"owner": "globex-user", "user": "globex-user", "job": "globex-job", "tenant": "globex", "server": "modern", "tool": "echo", "token": names["token"],
               "delegation": names["delegations"], "confirm": "globex", "client": names["clients"], "target": "echo", "name": "mine", "role": "auditor",
               "servers": ["modern"], "grants": ["client_credentials"], "password": PASSWORD}
    tried = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            kind = path.split("/")[2]
            query = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query" and one["name"] in foreign]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}).get("properties")
            for named in [[], ["tenant"], *([one] for one in query if one != "tenant"), query]:
                if not set(named) <= set(query):
                    continue
                target = placed(path, names.get(kind, "globex-user")) + "?" + "&".join(f"{one}={foreign[one]}" for one in named)
                answer = acme(method.upper(), target.rstrip("?"), None if body is None else {one: foreign[one] for one in body if one in foreign})
                tried += 1
                assert answer.status in (200, 201, 400, 403, 404, 409), answer.describe()
                heard = answer.text.replace("globex-user", "", 1) if answer.status == 400 else answer.text
                assert "globex" not in heard and names["approvals"] not in heard, answer.describe()
                if "{" in path or named and answer.status < 400:
                    assert answer.status != 200 or not [one for one in answer.json().values() if one], answer.describe()
    assert tried >= 60 and rows(world) == before
    # The same operations do reach it for who may.
    assert admin.ok("GET", f"/api/approvals/{names['approvals']}")["tenant"] == "globex"
    assert admin.ok("GET", "/api/tools?tenant=globex")["tools"]
    refusals = [row for row in records(world) if row["tenant"] == "globex" and "admin_token" in (row["subject"] or "")]
    assert not [row for row in refusals if row["action"] == "administration.refused"], "what is refused stands in the asker's trail"
