"""From nothing to ready, to the first authorised answer, and what an idle process weighs."""

import shutil
import socket
import time

from harness.measurement import Row, whole_answer
from harness.process import DidNotStart, PinnedProcess
from proxies.lineup import SLOW, Envoy, HAProxy, Martlet, Nginx, Proxy, trust
from proxies.proxy import NotInstalled

from .plan import Plan

STARTS = 10


def run(plan: Plan) -> dict:
    site, missing, idle = plan.site, {}, {}
    martlet = Martlet(site)
    first_run = []
    for _ in range(3):
        shutil.rmtree(martlet.folder / "data", ignore_errors=True)
        first_run.append(timed_start(martlet, None)["ready"])
        martlet.stop()
    try:
        martlet.start()
        trust(site, martlet)
        row = Row.of(martlet)
    finally:
        martlet.stop()
    starts = []
    for _ in range(3 if plan.is_quick else STARTS):
        starts.append(timed_start(martlet, row.call.filled(*row.values.pairs[0])))
        time.sleep(1)
        starts[-1] |= weight(martlet)
        martlet.stop()
    plan.say(f"Martlet: ready in {median(starts, 'ready') * 1000:.0f} ms, {median(starts, 'rss') / 1e6:.1f} MB")
    for kind in (Nginx, HAProxy, Envoy, *SLOW):
        proxy = kind(site)
        try:
            seconds = proxy.start()
            time.sleep(2)
            idle[proxy.name] = {"title": proxy.title, "ready": seconds} | weight(proxy)
        except NotInstalled as reason:
            missing[proxy.name] = f"not installed: {reason}"
        except DidNotStart as reason:
            missing[proxy.name] = f"did not start: {str(reason).splitlines()[0]}"
        finally:
            proxy.stop()
    return {"starts": starts, "first_run": first_run, "others": idle, "missing": missing}


def timed_start(martlet: Martlet, request: bytes | None) -> dict:
    """Asks every millisecond from the start on."""
    began = time.monotonic()
    martlet.process = PinnedProcess(
        martlet.command(), martlet.site.cores.proxy, martlet.folder / "log", cwd=martlet.folder)
    ready = f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{martlet.port}\r\n\r\n".encode()
    await_ok(martlet, ready)
    times = {"ready": time.monotonic() - began}
    if request:
        await_ok(martlet, request)
        times["answered"] = time.monotonic() - began
    return times


def await_ok(proxy: Proxy, request: bytes) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if whole_answer(proxy.port, request).startswith(b"HTTP/1.1 200"):
                return
        except (OSError, socket.timeout):
            pass
        time.sleep(0.001)
    raise DidNotStart(f"no answer after 30 s\n{proxy.process.last_words()}")


def weight(proxy: Proxy) -> dict:
    memory = proxy.process.memory()
    return {"rss": memory.rss, "pss": memory.pss}


def median(rows: list[dict], key: str) -> float:
    return sorted(row[key] for row in rows)[len(rows) // 2]
