"""One measurement: load through one proxy while all others stand still."""

import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from proxies.proxy import NotInstalled, Proxy

from .call import Call
from .load import Values
from .machine import busy_seconds
from .process import DidNotStart
from .site import Site


@dataclass(frozen=True)
class Row:
    """What is sent through one proxy. Martlet has several rows."""

    key: str
    title: str
    proxy: Proxy
    call: Call
    values: Values
    connections: int = 64

    @classmethod
    def of(cls, proxy: Proxy, path: str = "/mcp", *, connections: int | None = None, **shape) -> "Row":
        return cls(proxy.name, proxy.title, proxy, proxy.call(path, **shape), proxy.values(path),
                   connections or (8 if proxy.is_slow else 64))


class WrongAnswer(Exception):
    """A proxy doesn't answer the call as it should, so that timing it would mean nothing."""


def first_answer(row: Row) -> int:
    """Sends one request; answers how many bytes came back, once they were seen to be right."""
    token, session = row.values.pairs[0]
    answer = whole_answer(row.proxy.port, row.call.filled(token, session))
    head, _, body = answer.partition(b"\r\n\r\n")
    packed = body.replace(b" ", b"")
    if not head.startswith(b"HTTP/1.1 200") or b'"text"' not in body or b'"error"' in body or b'"isError":true' in packed:
        raise WrongAnswer(f"{row.key}: {head[:200]!r} {body[:300]!r}")
    return len(answer)


def answering(rows: list[Row], missing: dict[str, str], say=print) -> list[Row]:
    """Those rows that answer as they should; why the others don't goes to `missing`. Martlet must, in one era."""
    found = []
    for row in rows:
        try:
            with moving(row.proxy):
                first_answer(row)
            found.append(row)
        except (WrongAnswer, OSError) as reason:
            if row.key in ("martlet", "martlet-legacy", "martlet-fresh"):
                raise
            missing[row.key] = f"gives no right answer: {str(reason)[:200]}"
            say(missing[row.key])
    return found


def whole_answer(port: int, request: bytes) -> bytes:
    """The bytes of one answer, as they come."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(request)
        answer = b""
        while True:
            part = connection.recv(1 << 16)
            if not part:
                return answer
            answer += part
            head, end, body = answer.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            if end and (len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n")):
                return answer


def rush(site: Site, row: Row, *, seconds: float, values: Values | None = None) -> dict:
    """As fast as it goes: rate, CPU a call, latency, and what may have gone wrong."""
    size = first_answer(row)
    values = values or row.values
    site.load.write(row.call, values)
    process, core = row.proxy.process, site.cores.proxy[0]
    cpu, busy, wall = process.cpu_seconds() if process else 0, busy_seconds(core), time.monotonic()
    seen = site.load.rush(row.proxy.port, once=values.once, seconds=seconds, connections=row.connections)
    cpu, busy, wall = process.cpu_seconds() - cpu if process else 0, busy_seconds(core) - busy, time.monotonic() - wall
    requests = max(1, seen.requests)
    # Errors that came as HTTP 200 are shorter than the answer that was seen to be right.
    # Of what was under way at the end, the bytes were counted and the call was not.
    expected = requests * size
    wrong_size = not 0.98 * expected < seen.bytes < 1.02 * expected + row.connections * size
    return asdict(seen) | {
        "rate": seen.rate, "cpu_us": cpu / requests * 1e6, "core_use": cpu / seen.seconds,
        "foreign_use": max(0.0, (busy - cpu) / wall) if process else 0.0,
        "valid": not seen.failures and not seen.ran_out and not wrong_size and seen.requests > 0,
    }


@contextmanager
def running(site: Site, proxies: list[Proxy], say=print) -> Iterator[dict[str, str]]:
    """Starts proxies, each of which stands still until it is measured; answers why some are missing."""
    missing: dict[str, str] = {}
    try:
        for proxy in proxies:
            try:
                proxy.start()
                freeze(proxy)
            except NotInstalled as reason:
                missing[proxy.name] = f"not installed: {reason}"
            except DidNotStart as reason:
                missing[proxy.name] = f"did not start: {str(reason).splitlines()[0]}"
                say(str(reason))
        yield missing
    finally:
        for proxy in proxies:
            proxy.stop()


def freeze(proxy: Proxy) -> None:
    if proxy.process:
        proxy.process.freeze()


@contextmanager
def moving(proxy: Proxy) -> Iterator[None]:
    """While inside, this proxy runs."""
    if proxy.process:
        proxy.process.thaw()
    try:
        yield
    finally:
        freeze(proxy)
