"""Sums of calls: as many as there were, by server, tool and client, over the admin API and on the command line; /metrics by Prometheus' own rules."""

import shutil
import subprocess

import pytest
from martlet_support import request
from martlet_support.route import connect
from martlet_support.steps import until

CALLS = {"echo": 5, "add": 2}


@pytest.fixture(scope="module")
def world(own):
    connection = connect(own, "modern")
    for tool, times in CALLS.items():
        for _ in range(times):
            connection.post("tools/call", {"name": tool, "arguments": {}})
    request("POST", own.mcp_url("modern"), json={})
    own.gateway.settle_trail()
    return own


def asked(world, query: str, token: str | None = None) -> dict:
    token = token or world.gateway.cli("admin", "token", "--role", "auditor", "--ttl", "1h").stdout.strip()
    return request("GET", f"{world.url}/api/analytics{query}", headers={"Authorization": f"Bearer {token}"})


def test_calls_are_summed_up_by_tool(world):
    def seen() -> dict:
        answer = asked(world, "?by=server,tool&since=1h")
        assert answer.status == 200, answer.describe()
        return {(sum["server"], sum["tool"]): sum for sum in answer.json()["analytics"]}

    assert until(lambda: all(seen().get(("modern", tool), {}).get("calls") == times for tool, times in CALLS.items())), seen()
    one = seen()[("modern", "echo")]
    assert one["refused"] == one["failed"] == 0 and 0 <= one["p50_ms"] <= one["p95_ms"] <= one["p99_ms"]
    assert seen()[("modern", "")]["refused"] == 1, "what named no tool"
    rows = world.gateway.cli_json("audit", "stats", "--by", "server,tool", "--since", "1h")
    assert {(row["server"], row["tool"]): row["calls"] for row in rows} == {key: sum["calls"] for key, sum in seen().items()}
    table = world.gateway.cli("audit", "stats").stdout
    assert "modern" in table and "p95" in table


def test_the_sums_of_all_clients_are_the_whole(world):
    assert until(lambda: asked(world, "?by=client&step=minute").json()["analytics"])
    by_client = asked(world, "?by=client&step=minute").json()["analytics"]
    whole = asked(world, "?by=tenant").json()["analytics"]
    assert sum(one["calls"] for one in by_client) == whole[0]["calls"] and whole[0]["tenant"] == "default"
    assert {one["start"][-8:] for one in by_client} == {"0:00.000Z"[-8:]} or all(one["start"].endswith(":00.000Z") for one in by_client)


@pytest.mark.parametrize("query", ["?by=user", "?since=1y", "?since=500d", "?step=day", "?limit=0", "?by="])
def test_what_cannot_be_meant_is_refused(world, query):
    if query == "?by=":
        assert asked(world, query).status == 400
        return
    answer = asked(world, query)
    assert answer.status == 400 and answer.json()["error_description"], answer.describe()


def test_V_061_a_tenants_administrator_sees_its_tenant_alone(world):
    world.gateway.add_user("acme-user", "correct horse battery", "--tenant", "acme")
    token = world.gateway.cli("admin", "token", "--role", "tenant-admin", "--tenant", "acme", "--ttl", "1h").stdout.strip()
    assert asked(world, "?by=tenant", token).json()["analytics"] == []
    assert asked(world, "?by=tenant&tenant=default", token).status == 404


def test_promtool_finds_nothing_wrong(world):
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's prometheus) isn't installed")
    page = request("GET", f"{world.url}/metrics").text
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and not done.stderr.strip(), done.stdout + done.stderr
