"""The admin API does everything that the command line does: command by command, option by option."""

import json
import sqlite3
import subprocess

from martlet_support import request
from martlet_support.admin import bearer, refused
from martlet_support.gateway import binary
from martlet_support.steps import Person, registered, until
from martlet_support.trail import records

# Commands that no operation stands for.
HERE_ALONE = {
    "serve": "it is what answers",
    "config check": "a file on the machine, before anything runs; what stands under policy: policy.check",
    "backup": "writes a file on the machine",
    "restore": "puts files in the place of a stopped installation's",
    "admin token": "a bearer that was found can't make another one that outlives it",
}
# Commands whose operation is called otherwise.
CALLED = {
    "access report": "access.report",
    "admin list": "admin_tokens.list",
    "admin revoke": "admin_tokens.revoke",
    "approval grants": "approvals.list",
    "audit stats": "analytics.read",
    "audit tail": "audit.search",
    "connection enter": "server_keys.keep",
    "policy test": "policy.explain",
}
# Options under another name, or with a reason why there is none.
PUT_AS = {
    "address": ["addresses"], "<id>": ["name"], "<name>": ["name"], "<client-id>": ["client_id"], "<flow>": ["name"],
    "<server>": ["name"], "<token>": ["token"], "<server/tool>": ["server", "tool"],
    "before": ["cursor"], "call": ["server", "tool"], "args": ["arguments"], "hour": ["for"], "password-stdin": ["password"],
}
NO_FIELD = {
    "audit export since": "audit.search", "audit export until": "audit.search", "audit export user": "audit.search",
    "audit export client": "audit.search", "audit export server": "audit.search", "audit export action": "audit.search",
    "audit export target": "audit.search",
    "audit export format": "JSON",
    "secret rotate wait": "secrets.status says when it has ended",
    "token revoke user": "access.revoke", "token revoke client": "access.revoke",
}
EVERYWHERE = {"config", "data-dir", "json", "help", "version"}


def commands() -> dict[str, list[str]]:
    """What the program says of itself: each command with its options."""
    found: dict[str, list[str]] = {}

    def walk(command, path):
        below = [one for one in command.get("subcommands", []) if one["commandName"] != "help"]
        if not below:
            names = [one["preferredName"]["name"] if "preferredName" in one else f"<{one['valueName']}>" for one in command.get("arguments", [])]
            found[" ".join(path)] = [name for name in names if name not in EVERYWHERE]
        for one in below:
            walk(one, [*path, one["commandName"]])

    walk(json.loads(subprocess.run([binary(), "--experimental-dump-help"], capture_output=True, text=True, check=True).stdout)["command"], [])
    return found


def operations(world) -> dict[str, set[str]]:
    """What the document says: each operation with the names of its fields."""
    found = {}
    for item in request("GET", f"{world.url}/api/openapi.json").json()["paths"].values():
        for operation in item.values():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            fields = {one["name"] for one in operation.get("parameters", [])} | set(content.get("schema", {}).get("properties", {}))
            found[operation["operationId"]] = fields
    return found


def named(command: str) -> str:
    noun, verb = command.split(" ")
    return CALLED.get(command, f"{noun.replace('-', '_')}s.{verb}".replace("policys.", "policy.").replace("audits.", "audit.").replace("accesss.", "access."))


def test_the_admin_api_does_everything_that_the_command_line_does(own):
    known, ways = commands(), operations(own)
    assert len(known) > 50 and set(HERE_ALONE) | set(CALLED) <= set(known), "a command of these tables is gone"
    missing = []
    for command, options in known.items():
        if command in HERE_ALONE:
            continue
        fields = ways.get(named(command))
        if fields is None:
            missing.append(f"{command}: no operation {named(command)}")
            continue
        for option in options:
            wanted = option.replace("-", "_")
            if f"{command} {option}" not in NO_FIELD and not {wanted, f"{wanted}s"} & fields and not set(PUT_AS.get(option, ["?"])) <= fields:
                missing.append(f"{command}: nothing for {option} in {named(command)}")
    assert not missing, "\n".join(missing)


def test_V_069_a_flow_is_shown_to_whoever_sees_the_installation(own):
    Person(own).tokens(registered(own), own.mcp_url("modern"))
    admin, auditor, acme = bearer(own, "admin"), bearer(own, "auditor"), bearer(own, "auditor", "--tenant", "acme")
    flow = auditor.ok("GET", "/api/flows?limit=1")["flows"][0]["flow"]
    found = auditor.ok("GET", f"/api/flows/{flow}?limit=1000")
    assert [one["action"] for one in found["records"]] == [one["action"] for one in own.gateway.cli_json("flow", "show", flow)]
    assert len(found["records"]) > 3 and {one["flow"] for one in found["records"]} == {flow} and found["next_cursor"] is None
    first = admin.ok("GET", f"/api/flows/{flow}?limit=2")
    rest = admin.ok("GET", f"/api/flows/{flow}?limit=1000&cursor={first['next_cursor']}")
    assert first["records"] + rest["records"] == found["records"]
    refused(auditor("GET", "/api/flows/flow_unknown"), 404, "not_found")
    refused(acme("GET", f"/api/flows/{flow}"), 403, "forbidden")


def test_A_05_the_trail_is_verified_over_the_api(install):
    world = install()
    world.gateway.add_user("ada", "correct horse battery", "--tenant", "acme")
    admin, auditor, acme = bearer(world, "admin"), bearer(world, "auditor"), bearer(world, "auditor", "--tenant", "acme")
    admin.ok("POST", "/api/users/ada/disable")
    whole = {trail["tenant"]: trail for trail in auditor.ok("POST", "/api/audit/verify")["trails"]}
    assert whole["default"]["whole"] and whole["acme"]["whole"] and not whole["default"]["findings"]
    (own,) = acme.ok("POST", "/api/audit/verify", {})["trails"]
    assert own["tenant"] == "acme" and own["records"] >= 1
    refused(acme("POST", "/api/audit/verify", {"tenant": "default"}), 404, "not_found")
    refused(auditor("POST", "/api/audit/verify", {"anchors": ["anything"]}), 409, "conflict")
    # Lines that were kept elsewhere say what the records alone can't: that they were written anew.
    world.gateway.restart()
    lines = lambda: [line for line in (world.gateway.data_dir / "audit-anchors.jsonl").read_text().splitlines() if '"acme"' in line]
    assert until(lambda: lines()), "anchors are written at a start and an end"
    kept = lines()
    assert admin.ok("POST", "/api/audit/verify", {"tenant": "acme", "anchors": kept[-1:]})["trails"][0]["anchors"] == 1
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
        database.execute("UPDATE audit_event SET reason = 'nothing' WHERE tenant = 'acme' AND sequence = 1")
    (found,) = acme.ok("POST", "/api/audit/verify")["trails"]
    assert not found["whole"] and found["findings"] == ["record 1 was altered, put in or moved"]
    assert admin.ok("POST", "/api/audit/verify", {"tenant": "default"})["trails"][0]["whole"]


def test_the_keys_that_seal_are_replaced_over_the_api(install):
    world = install()
    admin, auditor, acme = bearer(world, "admin"), bearer(world, "auditor"), bearer(world, "tenant-admin", "--tenant", "acme")
    refused(acme("GET", "/api/secrets"), 403, "forbidden")
    refused(auditor("POST", "/api/secrets/rotate"), 403, "forbidden")
    before = auditor.ok("GET", "/api/secrets")
    (old,) = [key["key"] for key in before["keys"] if key["kind"] == "master"]
    assert before["rotation"] is None and before["lost"] == []
    begun = admin.ok("POST", "/api/secrets/rotate", {"only": "master-key"}, 202)["rotation"]
    assert begun["master_key"] and not begun["data_keys"]
    newest = lambda: [key["key"] for key in auditor.ok("GET", "/api/secrets")["keys"] if key["kind"] == "master" and key["in_use"]]
    assert until(lambda: newest() != [old]), "the running gateway goes on with it"
    assert [key for key in world.gateway.cli_json("secret", "status")["keys"] if key["in_use"] and key["kind"] == "master"][0]["key"] == newest()[0]
    (noted,) = [row for row in records(world) if row["action"] == "secret.rotation_begun"]
    assert noted["reason"] == "by_api" and noted["subject"].startswith("admin_token:")
