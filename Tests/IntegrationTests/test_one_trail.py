"""A-07: several processes on one data folder write one trail for each tenant, without gaps and without waiting for one another."""

import sqlite3

from martlet_support.lanes import Lane, Mirror, run
from martlet_support import Gateway
from martlet_support.steps import count, until

TOOLS = {"tools": ["echo"], "prompts": [], "resources": []}


def test_A_07_two_processes_write_one_chain_for_each_tenant():
    calls = count(150, 5_000)
    with Mirror(TOOLS) as mirror, Gateway({"first": {"url": mirror.url, "protocol": "2026-07-28"}}) as gateway:
        twin = gateway.twin()
        try:
            twin.start()
            keys = [gateway.cli_json("key", "create", "k", "--tenant", tenant)["key"] for tenant in ("acme", "globex")]
            step = ("first", "tools/call", {"name": "echo", "arguments": {}})
            made = run([Lane(process.port, key, [step] * calls, lambda *_: None) for key in keys for process in (gateway, twin, gateway)])
            assert mirror.calls == made
            # One is killed; what the other writes meanwhile goes on from where they were.
            twin.kill()
            run([Lane(gateway.port, keys[0], [step] * 20, lambda *_: None)])
            twin.start()
            assert until(lambda: told(gateway) == 1), "the crash is told once"
            assert forwarded(gateway) >= made + 20 - lost(gateway)
        finally:
            twin.close()
        gateway.stop()
        for report in gateway.cli_json("audit", "verify"):
            assert report["whole"], report
        with sqlite3.connect(gateway.data_dir / "martlet.sqlite") as database:
            for tenant in ("acme", "globex"):
                numbers = [number for number, in database.execute("SELECT sequence FROM audit_event WHERE tenant = ? ORDER BY sequence", (tenant,))]
                assert numbers == list(range(1, len(numbers) + 1)), tenant
    print(f"proof: A-07 count={made}")


def rows(gateway, action: str) -> list:
    with sqlite3.connect(f"file:{gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        return database.execute("SELECT target FROM audit_event WHERE action = ?", (action,)).fetchall()


def forwarded(gateway) -> int:
    return len(rows(gateway, "exchange.forwarded"))


def told(gateway) -> int:
    return len(rows(gateway, "trail.interrupted"))


def lost(gateway) -> int:
    return sum(int(number) for number, in rows(gateway, "trail.interrupted"))
