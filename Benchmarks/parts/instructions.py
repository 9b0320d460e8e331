"""What a call costs in instructions of user mode, and in system calls: the same numbers on an idle and on a busy machine."""

import re
import shutil
import socket
import subprocess
import time

from harness import callgrind
from harness.measurement import Row, first_answer
from proxies.haproxy import HAProxy, HAProxyJWT
from proxies.lineup import Martlet, trust
from proxies.proxy import NotInstalled, Proxy

from .plan import Plan
from .profile import readable
from .throughput import martlet_rows

CONNECTIONS, CALLS, WARM = 16, 1600, 800
# What a function must cost with everything inside of it to be kept, in instructions a call.
LEAST = 2_000


def run(plan: Plan) -> dict:
    missing = {name: "not installed" for name in ("valgrind", "strace") if not shutil.which(name)}
    if "valgrind" in missing:
        return {"missing": missing, "rows": {}}
    site, rows = plan.site, {}
    calls = 320 if plan.is_quick else CALLS
    martlet = counted(Martlet)(site)
    try:
        martlet.start()
        for row in martlet_rows(martlet):
            tokens = martlet.mint.tokens(martlet.resource(), calls) if row.key.endswith("fresh") else None
            rows[row.key] = measured(plan, row, calls, tokens)
        trust(site, martlet)
        for kind in (HAProxy, HAProxyJWT):
            rows |= of_another(plan, counted(kind)(site), calls)
    finally:
        martlet.stop()
    return {"missing": missing, "rows": rows, "system_calls": {} if missing else of_system(plan, calls)}


def measured(plan: Plan, row: Row, calls: int, tokens: list[str] | None = None) -> dict:
    found = measure(row, calls, tokens)
    plan.say(f"{row.key}: {found['instructions']:,.0f} instructions a call")
    return found


def of_another(plan: Plan, proxy: Proxy, calls: int) -> dict[str, dict]:
    try:
        proxy.start()
        row = Row.of(proxy)
        return {row.key: measured(plan, row, calls)}
    except NotInstalled:
        return {}
    finally:
        if proxy.process:
            proxy.stop()


def of_system(plan: Plan, calls: int) -> dict[str, float]:
    martlet = Martlet(plan.site)
    try:
        martlet.start()
        return system_calls(martlet_rows(martlet)[0], calls)
    finally:
        martlet.stop()


def counted(kind: type) -> type:
    """The same proxy under valgrind."""

    class Counted(kind):
        def command(self) -> list:
            return callgrind.command([*super().command()], self.folder)

        def environment(self) -> dict[str, str]:
            return super().environment() | callgrind.preloaded(self.folder)

    return Counted


def measure(row: Row, calls: int, tokens: list[str] | None = None) -> dict:
    first_answer(row)
    pid = row.proxy.process.popen.pid
    requests = [row.call.filled(token, session) for token, session in row.values.pairs]
    driver = Driver(row.proxy.port)
    driver.send(requests, WARM)
    time.sleep(2)  # The trail of the warm-up is written.
    callgrind.switch(pid, True)
    driver.send([row.call.filled(token) for token in tokens] if tokens else requests, calls)
    time.sleep(1)
    callgrind.switch(pid, False)
    counts = callgrind.dump(pid, row.proxy.folder)
    driver.close()
    listed = [(name, count / calls, counts.own[name] / calls, counts.calls[name] / calls)
              for name, count in counts.inside.most_common() if count > calls * LEAST]
    names = readable({name.rsplit(" [", 1)[0] for name, *_ in listed})
    return {
        "title": row.title, "instructions": counts.total / calls,
        "functions": [[f"{names[name.rsplit(' [', 1)[0]]} [{name.rsplit(' [', 1)[1]}", inside, own, times]
                      for name, inside, own, times in listed],
    }


def system_calls(row: Row, calls: int) -> dict[str, float]:
    """System calls by name, for each call; of the program itself, since valgrind makes some of its own."""
    requests = [row.call.filled(token, session) for token, session in row.values.pairs]
    driver = Driver(row.proxy.port)
    driver.send(requests, WARM)
    tracer = subprocess.Popen(
        ["strace", "-c", "-f", "-q", "-p", str(row.proxy.process.popen.pid)], stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    driver.send(requests, calls)
    tracer.terminate()
    said = tracer.communicate(timeout=60)[1]
    driver.close()
    found = re.findall(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", said, re.MULTILINE)
    return {name: int(count) / calls for count, name in found if name != "total"}


class Driver:
    """Sends calls over kept connections, one each at a time; waits for all answers before it goes on."""

    def __init__(self, port: int):
        self.connections = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(CONNECTIONS)]

    def send(self, requests: list[bytes], calls: int) -> None:
        for start in range(0, calls, CONNECTIONS):
            for offset, connection in enumerate(self.connections):
                connection.sendall(requests[(start + offset) % len(requests)])
            for connection in self.connections:
                self.read(connection)

    @staticmethod
    def read(connection: socket.socket) -> None:
        answer = b""
        while True:
            part = connection.recv(1 << 16)
            if not part:
                raise ConnectionError(f"closed after {answer[:200]!r}")
            answer += part
            head, end, body = answer.partition(b"\r\n\r\n")
            if end:
                length = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)[1])
                if len(body) >= length:
                    if not head.startswith(b"HTTP/1.1 200"):
                        raise ConnectionError(f"answered {head[:300]!r}")
                    return

    def close(self) -> None:
        for connection in self.connections:
            connection.close()
