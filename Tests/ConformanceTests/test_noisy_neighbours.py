"""A-44: a tenant that asks for a hundred times what it may takes nothing from others. How long they wait is
measured where it means something: `make bench ONLY=neighbour`."""

from martlet_support import Gateway
from martlet_support.lanes import Lane, Mirror, run
from martlet_support.steps import FULL, count

TOOLS = {"tools": ["echo"], "prompts": [], "resources": []}
LIMITS = {"rates": [{"name": "fair", "per": "tenant", "calls": 20, "every": "1h"}], "concurrent": [{"name": "room", "per": "tenant", "calls": 50}]}


def test_A_44_others_have_their_room():
    quota, noisy_lanes = count(20, 200), 8
    limits = {**LIMITS, "rates": [{**LIMITS["rates"][0], "calls": quota}]}
    with Mirror(TOOLS) as mirror, Gateway({"first": {"url": mirror.url, "protocol": "2026-07-28"}}, config={"limits": limits}) as gateway:
        keys = {tenant: gateway.cli_json("key", "create", "k", "--tenant", tenant)["key"] for tenant in ("noisy", "alone", "calm")}
        step = ("first", "tools/call", {"name": "echo", "arguments": {}})
        heard = {tenant: [] for tenant in keys}

        def lane(tenant: str, number: int) -> Lane:
            return Lane(gateway.port, keys[tenant], iter([step] * number),
                        lambda _step, status, *_: heard[tenant].append(status))

        run([lane("alone", quota)])
        run([*(lane("noisy", quota * 100 // noisy_lanes) for _ in range(noisy_lanes)), lane("calm", quota)])
    assert heard["alone"] == heard["calm"] == [200] * quota
    let_through = heard["noisy"].count(200)
    assert quota <= let_through <= quota * 1.05 + 1 and set(heard["noisy"]) == {200, 429}, let_through
    assert mirror.calls == 2 * quota + let_through, "what is refused costs the server nothing"
    if FULL:
        print(f"proof: A-44 count={len(heard['noisy'])}")
