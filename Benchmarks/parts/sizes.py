"""Bodies and results of 1 KB, 100 KB and 1 MB."""

from harness.measurement import Row, moving, running, rush
from proxies.lineup import HAProxy, Martlet, Nginx, trust

from .plan import Plan

SIZES = {"1 KB": 1024, "100 KB": 100_000, "1 MB": 1_000_000}
SECONDS, CONNECTIONS = 2, 32


def run(plan: Plan) -> dict:
    site = plan.site
    paths = {label: f"/mcp/size/{size}" for label, size in SIZES.items()}
    martlet = Martlet(site, ("/mcp", *paths.values()))
    found: dict[str, dict[str, list[dict]]] = {}
    try:
        martlet.start()
        trust(site, martlet)
        others = [Nginx(site), HAProxy(site)]
        with running(site, others) as missing:
            proxies = [proxy for proxy in others if proxy.name not in missing] + [martlet]
            kinds = {f"body of {label}": ("/mcp", {"size": size}) for label, size in SIZES.items()}
            kinds |= {f"result of {label}": (paths[label], {}) for label in SIZES}
            rows_of = {kind: [Row.of(proxy, path, connections=CONNECTIONS, **shape) for proxy in proxies]
                       for kind, (path, shape) in kinds.items()}
            for kind, rows in rows_of.items():
                found[kind] = {row.key: [] for row in rows}
                for _ in range(min(plan.rounds, 3)):
                    for row in rows:
                        with moving(row.proxy):
                            rush(site, row, seconds=1)
                            found[kind][row.key].append(rush(site, row, seconds=plan.seconds(SECONDS)))
                plan.say(f"{kind}: " + ", ".join(f"{key} {runs[-1]['rate']:,.0f}" for key, runs in found[kind].items()))
    finally:
        martlet.stop()
    return {"kinds": found, "titles": {proxy.name: proxy.title for proxy in proxies}, "missing": missing}
