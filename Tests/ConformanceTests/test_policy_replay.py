"""Recorded calls against a changed policy, before it is put in force."""

from martlet_support import MCPConnection
from martlet_support.mcp import MODERN
from martlet_support.route import token
from martlet_support.steps import until

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("get_repo", "delete_repo", "deploy", "secret")]
BEFORE = {"rules": [{"name": "no-secrets", "effect": "deny", "what": {"tools": ["secret"]}}]}
AFTER = {
    "roles": {"leads": {"users": ["alice"]}},
    "rules": [
        {"name": "no-deleting", "effect": "deny", "what": {"tools": ["delete_*"]}},
        {"name": "ask", "effect": "require_approval", "approvers": ["leads"], "what": {"tools": ["deploy"]},
         "when": {"arguments": {"to": "production"}}},
    ],
}


def test_V_006_a_changed_policy_is_tried_on_recorded_calls(install):
    world = install(config={"policy": BEFORE})
    world.upstreams["modern"].tools = TOOLS
    world.upstreams["modern"].on("tools/call", lambda *_: {"content": []})
    alice = MCPConnection(world.mcp_url("modern"), token(world, "modern"), revision=MODERN)
    for name in ("get_repo", "get_repo", "delete_repo", "deploy", "secret"):
        alice.call("tools/call", {"name": name, "arguments": {"to": "test"}})
    replay = lambda: world.gateway.cli_json("policy", "check", "--replay", "100")
    assert until(lambda: replay()["calls"] == 5)
    assert replay() == {"calls": 5, "changed": [], "unclear": []}
    # Written, and not yet in force.
    world.gateway.config["policy"] = AFTER
    world.gateway.write_config()
    report = replay()
    became = {one["target"]: (one["was"], one["becomes"], one["calls"]) for one in report["changed"]}
    assert became == {"delete_repo": ("allow", ["deny"], 1), "secret": ("deny", ["allow"], 1)}
    assert [(one["target"], one["becomes"]) for one in report["unclear"]] == [("deploy", ["allow", "require_approval"])]
    assert report["changed"][0]["user"] == "alice"
    assert "2 would be decided otherwise" in world.gateway.cli("policy", "check", "--replay", "100").stdout
