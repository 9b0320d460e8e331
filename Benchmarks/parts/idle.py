"""Thousands of streams on which nothing happens: the memory of each."""

import time

from harness.measurement import running
from harness.process import Memory
from harness.streams import Streams
from proxies.lineup import Envoy, HAProxy, Martlet, Nginx, Proxy, trust

from .plan import Plan

STREAMS, WARM = 5000, 64


def run(plan: Plan) -> dict:
    count = 500 if plan.is_quick else STREAMS
    site, found, missing = plan.site, {}, {}
    issuer = Martlet(site)
    try:
        issuer.start()
        trust(site, issuer)
    finally:
        issuer.stop()
    for kind in (Nginx, HAProxy, Envoy):
        proxy = kind(site)
        with running(site, [proxy], plan.say) as absent:
            missing |= absent
            if not absent:
                proxy.process.thaw()
                found[proxy.name] = measure(plan, proxy, proxy.title, [listening(proxy)] * (count + WARM))
    for key, title in (("martlet", "Martlet, `subscriptions/listen`"), ("martlet-legacy", "Martlet, GET with a session")):
        martlet = Martlet(site)
        try:
            martlet.start()
            requests = [listening(martlet)] * (count + WARM) if key == "martlet" else getting(martlet, count + WARM)
            found[key] = measure(plan, martlet, title, requests)
        finally:
            martlet.stop()
    return {"rows": found, "missing": missing, "streams": count}


def listening(proxy: Proxy) -> bytes:
    return proxy.listen_call().filled(proxy.values().pairs[0][0])


def getting(martlet: Martlet, count: int) -> list[bytes]:
    """GET streams: one a session."""
    head = (f"GET /tools/mcp HTTP/1.1\r\nHost: 127.0.0.1:{martlet.port}\r\nAuthorization: Bearer {martlet.tokens()[0]}\r\n"
            "Accept: text/event-stream\r\nMCP-Protocol-Version: 2025-11-25\r\nMcp-Session-Id: ")
    return [f"{head}{session}\r\n\r\n".encode() for session in martlet.open_sessions(count)]


def measure(plan: Plan, proxy: Proxy, title: str, requests: list[bytes]) -> dict:
    streams = Streams(proxy.port)
    try:
        # What the first few cost is paid once, not for each.
        streams.open(requests[:WARM])
        before = settled(proxy)
        streams.open(requests[WARM:])
        after = settled(proxy)
        count = len(requests) - WARM
        cpu, since = proxy.process.cpu_seconds(), time.monotonic()
        time.sleep(2)
        use = (proxy.process.cpu_seconds() - cpu) / (time.monotonic() - since)
        each = (after.pss - before.pss) / count
        plan.say(f"{title}: {count} streams, {each / 1024:.1f} KB each")
        return {"title": title, "streams": count, "bytes_each": each, "pss_before": before.pss, "pss_after": after.pss,
                "idle_core_use": use, "valid": streams.all_open()}
    finally:
        streams.close()


def settled(proxy: Proxy) -> Memory:
    time.sleep(1)
    return proxy.process.memory()
