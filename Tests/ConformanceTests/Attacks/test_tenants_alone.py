"""Two tenants with identical names call the same servers at the same time; each hears what it hears alone (A-43, A-41)."""

import hashlib
import json
import random

from martlet_support import Gateway
from martlet_support.admin import bearer
from martlet_support.lanes import Lane, Mirror, run
from martlet_support.pytest_plugin import Installation
from martlet_support.steps import count

TENANTS = ("one", "two")
NAMED = {"tools": ["get_a", "get_b", "change", "few", "once"], "prompts": ["greet", "leak"], "resources": ["docs://a", "docs://b"]}
SCOPES = [{}, {"tools": ["get_*", "few"]}, {"servers": ["first"]}, {"read_only": True}, {"tools": ["*"], "servers": ["second", "third"]}, {}]
SERVERS = ["first", "second", "third", "nosuch"]
CONFIG = {
    "policy": {"default": "deny", "rules": [
        {"name": "most", "effect": "allow", "what": {"tools": ["*"], "prompts": ["*"], "resources": ["*"]}},
        {"name": "no-leak", "effect": "deny", "what": {"prompts": ["leak"], "tools": ["change"], "servers": ["second"]}},
        {"name": "ask", "effect": "require_approval", "approvers": ["nobody"], "what": {"tools": ["once"], "servers": ["third"]}}],
        "roles": {"nobody": {"groups": ["none"]}}},
    # What fills again does so once a day: no answer depends on how long the test takes.
    "limits": {"rates": [{"name": "few-for-a-key", "per": "key", "calls": 1, "every": "1d", "burst": 40, "tools": ["few"]}],
               "concurrent": [{"name": "wide", "per": "tenant", "calls": 500}]},
}


def steps(seed: int, number: int):
    """A key's calls, drawn at random; the same for whoever draws with the same seed."""
    draw = random.Random(seed)
    for index in range(number):
        server = draw.choices(SERVERS, weights=[6, 5, 4, 1])[0]
        kind = draw.randrange(12)
        if kind < 7:
            arguments = {"n": draw.randrange(1000)} if draw.random() < 0.9 else {"tenant": "one", "n": index}
            tool = draw.choices([*NAMED["tools"], "nothing"], weights=[5, 5, 3, 2, 1, 1])[0]
            yield server, "tools/call", {"name": tool, "arguments": arguments if tool != "once" else {}}
        elif kind < 9:
            yield server, draw.choice(["tools/list", "prompts/list", "resources/list", "server/discover"]), {}
        elif kind == 9:
            yield server, "prompts/get", {"name": draw.choice(NAMED["prompts"])}
        elif kind == 10:
            yield server, "resources/read", {"uri": draw.choice(NAMED["resources"])}
        else:
            # Whoever says to be of another tenant hears what everybody hears.
            yield server, "tools/call", {"name": "get_a", "arguments": {}}, {"X-Tenant": draw.choice(TENANTS), "Martlet-Tenant": "default"}


class Tenant:
    """One tenant's keys, and what was heard with each."""

    def __init__(self, world: Installation, name: str, calls: int):
        self.name, self.wrong = name, []
        self.heard = [hashlib.sha256() for _ in SCOPES]
        self.parts: list[list[bytes]] = [[] for _ in SCOPES]
        api = bearer(world, "tenant-admin", "--tenant", name)
        self.keys = [api.ok("POST", "/api/keys", {"name": f"k{number}", **scope}, 201)["key"] for number, scope in enumerate(SCOPES)]
        self.lanes = [Lane(world.gateway.port, key, steps(f"{name}-{number}", calls), self.hears(number)) for number, key in enumerate(self.keys)]

    def hears(self, number: int):
        def hear(step, status, headers, body):
            said = plain(body)
            for text in said.pop("by", []):
                if text.get("tenant") != self.name:
                    self.wrong.append((step, text))
            line = json.dumps([status, said], sort_keys=True).encode()
            self.heard[number].update(line)
            if len(self.parts[number]) < 5_000:
                self.parts[number].append(line)

        return hear


def plain(body: bytes) -> dict:
    """An answer without what is drawn at random: ids of approvals, subjects of keys, the time until a limit has room."""
    answer = json.loads(body) if body else {}
    result, error = answer.get("result", {}), answer.get("error")
    by = []
    for part in result.get("content", []) if isinstance(result, dict) else []:
        if part["text"].startswith('{"asked"'):
            said = json.loads(part["text"])
            by.append(said.pop("by"))
            part["text"] = said
        elif "/approvals/apr_" in part["text"]:
            part["text"] = "asks for an approval"
    if isinstance(error, dict):
        answer["error"] = {"code": error["code"], "limit": (error.get("data") or {}).get("limit")}
    return {"answer": answer, "by": by}


def play(tenants, calls: int) -> dict[str, Tenant]:
    with Mirror(NAMED) as mirror:
        servers = {name: {"url": mirror.url, "protocol": "2026-07-28"} for name in SERVERS[:3]}
        with Gateway(servers, config=CONFIG) as gateway:
            world = Installation(gateway, {})
            made = {name: Tenant(world, name, calls) for name in tenants}
            run([lane for tenant in made.values() for lane in tenant.lanes])
            assert gateway.cli("audit", "verify").returncode == 0
            return made


def test_A_43_A_41_calls_of_two_tenants_with_identical_names(request):
    calls = count(120, 83_400)
    together = play(TENANTS, calls)
    for name in TENANTS:
        alone = play([name], calls)[name]
        assert not together[name].wrong and not alone.wrong, together[name].wrong[:3]
        for number, (mine, apart) in enumerate(zip(together[name].heard, alone.heard)):
            differences = [pair for pair in zip(together[name].parts[number], alone.parts[number]) if pair[0] != pair[1]]
            assert mine.digest() == apart.digest(), f"{name}, key {number}: {differences[:2]}"
    for check in ("A-43", "A-41"):
        print(f"proof: {check} count={len(TENANTS) * len(SCOPES) * calls}")
