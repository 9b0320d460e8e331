"""Who may do what, against an oracle of its own that knows nothing of Martlet's code: users × servers × methods (V-006)."""

import json
import random
from collections import Counter
from fnmatch import fnmatchcase

import pytest
from martlet_support import Gateway
from martlet_support.admin import bearer
from martlet_support.lanes import USES, Lane, Mirror, run
from martlet_support.pytest_plugin import Installation
from martlet_support.steps import count

TENANTS = ["default", "acme", "globex"]
TOOLS = ["get_repo", "get_secret", "delete_repo", "deploy"]
PROMPTS = ["greet", "leak"]
RESOURCES = ["docs://a", "docs://secret", "file:///etc"]
KINDS = {"tools": TOOLS, "prompts": PROMPTS, "resources": RESOURCES}
LISTS = {"tools/list": ("tools", "name"), "prompts/list": ("prompts", "name"), "resources/list": ("resources", "uri"),
         "resources/templates/list": ("resources", "uriTemplate")}
PATTERNS = {"tools": ["get_*", "*_repo", "deploy", "*", "*secret"], "prompts": ["greet", "*", "l*k"],
            "resources": ["docs://*", "*", "*secret", "file:///etc"]}
# docs/limits.md: what more waits for approval is denied.
WAITING_OF_A_USER, WAITING_OF_A_TENANT = 20, 1_000
WEIGHT = {"allow": 0, "require_approval": 1, "deny": 2}


class World:
    """Users, servers, keys and rules that are drawn at random, and what has to come of them."""

    def __init__(self, size: int, seed: int):
        draw = random.Random(seed)
        self.users = {f"user-{number}": draw.choice(TENANTS) for number in range(size)}
        self.servers = {f"server-{number}": draw.choice([None, None, draw.sample(TENANTS, 2)]) for number in range(size)}
        self.roles = {f"role-{number}": draw.sample(sorted(self.users), max(1, size // 3)) for number in range(4)}
        self.default = draw.choice(["deny", "allow"])
        self.rules = [self.rule(draw, number) for number in range(12)]
        self.scopes = {user: draw.choice([{}, {}, {"tools": ["get_*"]}, {"servers": draw.sample(sorted(self.servers), size // 2)}, {"tools": ["*_repo", "deploy"]}])
                       for user in self.users}

    def rule(self, draw: random.Random, number: int) -> dict:
        who = draw.choice([{}, {"roles": draw.sample(sorted(self.roles), 2)}, {"users": draw.sample(sorted(self.users), max(1, len(self.users) // 4))}, {"tenants": [draw.choice(TENANTS)]},
                           {"roles": [draw.choice(sorted(self.roles))], "tenants": draw.sample(TENANTS, 2)}])
        what = {}
        if draw.random() < 0.6:
            what["servers"] = draw.sample(sorted(self.servers), max(1, len(self.servers) // 3))
        for kind in draw.sample(sorted(KINDS), draw.choice([0, 1, 1, 2])):
            what[kind] = draw.sample(PATTERNS[kind], draw.choice([1, 2]))
        if not any(kind in what for kind in KINDS) and draw.random() < 0.7:
            what["tools"] = [draw.choice(PATTERNS["tools"])]
        effect = draw.choice(["allow", "allow", "allow", "deny", "require_approval"])
        return {"name": f"rule-{number}", "effect": effect, "who": who, "what": what, **({"approvers": ["role-0"]} if effect == "require_approval" else {})}

    @property
    def policy(self) -> dict:
        return {"default": self.default, "roles": {name: {"users": users} for name, users in self.roles.items()}, "rules": self.rules}

    # What has to come of it

    def about(self, user: str, server: str) -> list[dict]:
        def meant(rule) -> bool:
            who = rule["who"]
            return (("servers" not in rule["what"] or server in rule["what"]["servers"])
                    and ("users" not in who or user in who["users"]) and ("tenants" not in who or self.users[user] in who["tenants"])
                    and ("roles" not in who or any(user in self.roles[role] for role in who["roles"])))

        return [rule for rule in self.rules if meant(rule)]

    def effect(self, user: str, server: str, kind: str | None, name: str | None) -> str:
        """allow, deny or require_approval; without a kind, whether one may connect."""
        found = self.about(user, server)
        is_whole = lambda rule: not any(one in rule["what"] for one in KINDS)
        if kind is None:
            if any(rule["effect"] == "deny" and is_whole(rule) for rule in found):
                return "deny"
            return "allow" if any(rule["effect"] != "deny" for rule in found) else self.default
        fold = lambda rule, text: text if rule["effect"] == "allow" else text.lower()
        # docs/policy.md: nobody can tell what a server makes of `..`, so that each rule about resources that refuses holds.
        in_doubt = lambda rule: rule["effect"] != "allow" and kind == "resources" and ".." in name.split("/")
        effects = [rule["effect"] for rule in found if is_whole(rule)
                   or any(in_doubt(rule) or fnmatchcase(fold(rule, name), fold(rule, pattern)) for pattern in rule["what"].get(kind, []))]
        return max(effects, key=WEIGHT.get, default=self.default)

    def is_there(self, user: str, server: str) -> bool:
        tenants = self.servers.get(server, [])
        return (tenants is None or self.users[user] in tenants) and server in self.scopes[user].get("servers", [server])

    def in_scope(self, user: str, tool: str) -> bool:
        return any(fnmatchcase(tool, pattern) for pattern in self.scopes[user].get("tools", ["*"]))

    def expected(self, user: str, server: str, method: str, kind: str | None, name: str | None):
        """What is heard: "absent", "denied", "held", "allowed", or the names of a list."""
        if not self.is_there(user, server):
            return "absent"
        if method in LISTS:
            if self.effect(user, server, None, None) == "deny":
                return "denied"
            shown = LISTS[method][0]
            return [one for one in KINDS[shown] if self.effect(user, server, shown, one) != "deny" and (shown != "tools" or self.in_scope(user, one))]
        effect = self.effect(user, server, kind, name)
        if effect == "deny" or kind == "tools" and not self.in_scope(user, name):
            return "denied"
        if effect == "require_approval":
            # Nobody is asked about what isn't one call, or about a tool that isn't there.
            return "denied" if method == "completion/complete" or kind == "tools" and name not in TOOLS else "held"
        return "allowed"


def steps_at(server: str):
    """Everything that can be asked at a server: (server, method, parameters, no more headers, kind, name)."""
    yield server, "server/discover", {}, {}, None, None
    for method in LISTS:
        yield server, method, {}, {}, None, None
    for tool in [*TOOLS, "no_such_tool", "GET_SECRET"]:
        yield server, "tools/call", {"name": tool, "arguments": {}}, {}, "tools", tool
    for prompt in [*PROMPTS, "nothing"]:
        yield server, "prompts/get", {"name": prompt}, {}, "prompts", prompt
    for uri in [*RESOURCES, "file:///etc/../secret"]:
        yield server, "resources/read", {"uri": uri}, {}, "resources", uri
    yield server, "completion/complete", {"ref": {"type": "ref/prompt", "name": "leak"}, "argument": {"name": "a", "value": "b"}}, {}, "prompts", "leak"


def heard(method: str, status: int, body: bytes):
    if status in (401, 404):
        return "absent"
    answer = json.loads(body)
    error = answer.get("error")
    if error:
        return "held" if "approvals/apr_" in json.dumps(error) else "denied" if error["code"] == -31001 else f"error {error}"
    if method in LISTS:
        kind, member = LISTS[method]
        return [one[member] for one in answer["result"]["resourceTemplates" if "templates" in method else kind]]
    return "held" if "approvals/apr_" in body.decode() else "allowed"


@pytest.mark.parametrize("seed", [6, 66])
def test_V_006_users_servers_and_methods_against_an_oracle(seed):
    """And nothing that was refused has reached a server."""
    size = count(5, 50)
    drawn = World(size, seed)
    mismatches, absent, allowed, held = [], set(), 0, Counter()
    with Mirror(KINDS) as mirror:
        servers = {name: {"url": mirror.url, "protocol": "2026-07-28", **({"tenants": tenants} if tenants else {})} for name, tenants in drawn.servers.items()}
        with Gateway(servers, config={"policy": drawn.policy}) as gateway:
            admin = bearer(Installation(gateway, {}), "admin")
            keys = {}
            for user, tenant in drawn.users.items():
                admin.ok("POST", "/api/users", {"name": user, "service": True, "tenant": tenant}, 201)
                keys[user] = admin.ok("POST", "/api/keys", {"name": "k", "owner": user, **drawn.scopes[user]}, 201)["key"]

            def lane(user: str) -> Lane:
                def hear(step, status, headers, body):
                    nonlocal allowed
                    server, method, _, _, kind, name = step
                    found, wanted = heard(method, status, body), drawn.expected(user, server, method, kind, name)
                    if method == "server/discover" and wanted == "allowed":
                        wanted = "allowed" if drawn.effect(user, server, None, None) != "deny" else "denied"
                    held.update({user: 1, drawn.users[user]: 1} if found == "held" else {})
                    is_full = held[user] == WAITING_OF_A_USER or held[drawn.users[user]] == WAITING_OF_A_TENANT
                    if found != wanted and not (is_full and (found, wanted) == ("denied", "held")):
                        mismatches.append((user, server, method, name, found, wanted))
                    allowed += found == "allowed" and method in USES
                    if found == "absent" and server in servers:
                        absent.add((status, body.replace(server.encode(), b"?"), headers.get("www-authenticate", "").replace(server, "?")))

                return Lane(gateway.port, keys[user], [step for server in [*servers, "no-such-server"] for step in steps_at(server)], hear)

            calls = run([lane(user) for user in drawn.users])
            assert not mismatches, f"{len(mismatches)} of {calls}: {mismatches[:5]}"
            assert allowed > calls // 20, "the drawn rules allow something"
            # Another tenant's, or out of a key's scope: no difference can be seen. That a server is configured at all is public.
            assert len(absent) == 1 and {status for status, *_ in absent} == {401}, absent
            assert mirror.calls == allowed
    print(f"proof: V-006 count={calls}")
