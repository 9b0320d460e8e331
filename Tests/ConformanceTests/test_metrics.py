"""What Prometheus reads: whole by its own rules, right in its sums, and for this machine only."""

import re

import pytest
from martlet_support import request
from martlet_support.route import connect
from martlet_support.steps import until

SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?[0-9.]+)$')


@pytest.fixture(scope="module")
def world(install_for_file):
    return install_for_file(config={"trusted_proxies": ["127.0.0.1/32"]})


def samples(world) -> dict[tuple, float]:
    answer = request("GET", world.url + "/metrics")
    assert answer.status == 200 and answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8", answer.describe()
    assert answer.header("cache-control") == "no-store" and answer.text.endswith("\n")
    described, found = {}, {}
    for line in answer.text.splitlines():
        if line.startswith("# TYPE "):
            name, kind = line.split()[2:]
            assert name not in described, f"{name} is described twice"
            described[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.match(line).groups()
            base = re.sub("_(bucket|sum|count)$", "", name) if name not in described else name
            assert base in described, f"{name} isn't described"
            assert described[base] != "counter" or base.endswith("_total")
            key = (name, *sorted(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', labels or "")))
            assert key not in found, f"{key} stands there twice"
            found[key] = float(value)
    return found


def exchanges(world, **labels) -> float:
    return sum(value for key, value in samples(world).items() if key[0] == "martlet_exchanges_total" and set(labels.items()) <= set(key[1:]))


def test_calls_are_summed_up(world):
    opened = connect(world, "modern")
    before = exchanges(world, outcome="forwarded", route="/modern/mcp", status="200", tenant="default")
    for _ in range(3):
        opened.tool("echo", {"text": "x"})
    assert until(lambda: exchanges(world, outcome="forwarded", route="/modern/mcp", status="200", tenant="default") == before + 3)
    refused = exchanges(world, outcome="refused", status="401")
    request("POST", world.mcp_url("modern"), headers={"Authorization": "Bearer wrong"}, json={})
    assert until(lambda: exchanges(world, outcome="refused", status="401") == refused + 1)
    found = samples(world)
    assert found[("martlet_ready",)] == 1 and found[("martlet_trail_lost_total",)] == 0
    assert found[("martlet_events_total", ("action", "token.issued"))] >= 1


def test_buckets_add_up(world):
    connect(world, "modern").tool("echo", {"text": "x"})
    label = ("route", "/modern/mcp")
    assert until(lambda: samples(world).get(("martlet_exchange_duration_seconds_count", label), 0) >= 1)
    found = samples(world)
    buckets = sorted((float(dict(key[1:])["le"].replace("+Inf", "inf")), value) for key, value in found.items()
                     if key[0] == "martlet_exchange_duration_seconds_bucket" and label in key)
    counts = [value for _, value in buckets]
    assert len(buckets) == 14 and counts == sorted(counts) and counts[-1] == found[("martlet_exchange_duration_seconds_count", label)]
    assert found[("martlet_exchange_duration_seconds_sum", label)] >= 0


def test_A_45_strangers_make_no_labels(world):
    """Whatever comes without a credential is told apart by nothing that it says of itself."""
    before = None
    for round in range(2):
        for number in range(20):
            name = f"x{round}-{number}"
            for path in (f"/{name}/mcp", f"/modern/mcp?{name}", f"/t/{name}/modern/mcp", f"/api/{name}", f"/.well-known/{name}"):
                request("POST", world.url + path, headers={"User-Agent": name, "Authorization": f"Bearer {name}", "X-Tenant": name, "Mcp-Method": name, "Mcp-Name": name},
                        json={"jsonrpc": "2.0", "id": name, "method": name, "params": {"name": name}})
        names = set(samples(world))
        assert "x0-" not in repr(names) and "x1-" not in repr(names)
        assert before is None or names == before, names ^ before
        before = names


def test_others_do_not_get_them(world):
    answer = request("GET", world.url + "/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.status == 403 and "this machine" in answer.json()["error_description"], answer.describe()
    assert request("GET", world.url + "/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status == 200
