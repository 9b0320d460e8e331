"""Daily quotas: counted in the store, never exceeded, and there again after a restart."""

import pytest
from martlet_support import MCPConnection
from martlet_support.mcp import MODERN
from martlet_support.route import token
from martlet_support.steps import at_once, reconfigure
from martlet_support.trail import records

TOOLS = [{"name": name, "inputSchema": {"type": "object"}} for name in ("echo", "big")]
LIMITS = {
    "daily": [{"name": "echoes", "per": ["user"], "calls": 30, "tools": ["echo"]},
              {"name": "bigs", "per": ["tenant", "tool"], "calls": 25, "tools": ["big"]}],
    "costs": [{"tools": ["big"], "calls": 5}],
}


@pytest.fixture(scope="module")
def world(install_for_file):
    world = install_for_file(config={"limits": LIMITS})
    for upstream in world.upstreams.values():
        upstream.tools = [*TOOLS]
        upstream.on("tools/call", lambda *_: {"content": []})
    return world


def post(world, tool="echo", at=None):
    opened = MCPConnection((at or world).mcp_url("modern"), token(world, "modern"), revision=MODERN)
    return opened.post("tools/call", {"name": tool, "arguments": {}})


def test_V_085_a_quota_is_used_up_once_for_a_day_by_all_processes_and_outlives_them(world):
    twin = world.gateway.twin().start()
    try:
        first = [answer.status for answer in at_once(12, lambda index: post(world, at=twin if index % 2 else None))]
        assert first == [200] * 12
    finally:
        twin.close()
    world.gateway.restart()
    answers = at_once(30, lambda _: post(world))
    assert sorted(answer.status for answer in answers) == [200] * 18 + [429] * 12, "30 in all, with a restart between"
    refused = next(answer for answer in answers if answer.status == 429)
    error = refused.json()["error"]
    assert error["code"] == -31002 and error["data"]["kind"] == "daily" and error["data"]["limit"] == "echoes"
    assert int(refused.header("retry-after")) == error["data"]["retry_after"] <= 86_400
    assert refused.header("ratelimit-policy") == '"echoes";q=30;w=86400'
    assert "limited:daily:echoes" in [record.get("reason") for record in records(world)]


def test_V_085_a_killed_process_loses_a_block_at_most_and_never_lets_more_through(world):
    assert [post(world, "big").status for _ in range(2)] == [200, 200]
    world.gateway.restart(crash=True)
    through = 2 + [post(world, "big").status for _ in range(6)].count(200)
    assert 3 <= through <= 5, "5 of 5 calls each at most; what the killed process held is lost"


def test_V_085_other_calls_and_other_limits_are_not_counted(world):
    reconfigure(world, {"limits": {**LIMITS, "daily": [{"name": "other", "per": ["client"], "calls": 3}]}})
    assert [post(world).status for _ in range(4)] == [200, 200, 200, 429]
    reconfigure(world, {"limits": LIMITS})
