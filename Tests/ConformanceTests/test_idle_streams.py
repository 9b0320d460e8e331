"""Streams that have nothing to say live on behind a proxy that cuts whatever is quiet for 20 s."""

import threading
import time

import pytest
from martlet_support import MCPConnection
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.idle_proxy import IdleProxy
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.route import token
from martlet_support.sse_connection import SSEConnection
from martlet_support.steps import count, until

IDLE = 20
CHANGED = {"jsonrpc": "2.0", "method": "notifications/tools/list_changed"}
LISTEN = {"notifications": {"toolsListChanged": True}}


class Quiet:
    """One open stream, read in the background."""

    def __init__(self, name: str, stream, silence: float = 60):
        self.name, self.heard, self.ended, self.silence = name, [], False, silence
        threading.Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream) -> None:
        try:
            for message in stream.messages(silence=self.silence):
                self.heard.append(message)
        except OSError:
            pass
        finally:
            self.ended = True

    def got(self, method: str) -> bool:
        return any(message.get("method") == method for message in self.heard)


@pytest.fixture
def world(install):
    with FakeSSEServer() as old:
        made = install(servers={"old": old.url}, config={"allowed_hosts": ["127.0.0.1"]})
        made.upstreams["old"] = old
        yield made


def opened(world, proxy: IdleProxy, seconds: float) -> list[Quiet]:
    """Every kind of stream that there is, on every kind of server, and two calls that take their time."""

    def connection(server: str, revision: str) -> MCPConnection:
        made = MCPConnection(f"http://127.0.0.1:{proxy.port}/{server}/mcp", token(world, server), revision=revision)
        if revision == LEGACY:
            made.initialize()
        return made

    streams = []
    for server in ("stateful", "modern", "old"):
        answer = connection(server, LEGACY).open_stream(timeout=seconds + 120)
        assert answer.header("x-accel-buffering") == "no" and answer.stream, answer.describe()
        streams.append(Quiet(f"GET {server}", answer.stream, seconds + 120))
    for server in ("modern", "stateful", "old"):
        answer = connection(server, MODERN).post("subscriptions/listen", LISTEN, stream=True, timeout=seconds + 120)
        assert answer.header("x-accel-buffering") == "no" and answer.stream, answer.describe()
        streams.append(Quiet(f"listen {server}", answer.stream, seconds + 120))
    slow = {"name": "slow", "arguments": {"steps": 1, "delay": seconds}}
    for server, revision in (("stateful", LEGACY), ("modern", MODERN), ("modern", LEGACY), ("stateful", MODERN)):
        answer = connection(server, revision).post("tools/call", slow, stream=True, timeout=seconds + 120)
        assert answer.header("x-accel-buffering") == "no" and answer.stream, answer.describe()
        streams.append(Quiet(f"call {server} {revision}", answer.stream, seconds + 120))
    return streams


def test_R_62_idle_streams_live_through_a_proxy_that_cuts_after_20_s(world):
    seconds = count(30, 300)
    with IdleProxy(world.gateway.port, IDLE) as proxy:
        streams = opened(world, proxy, seconds)
        older = SSEConnection(f"http://127.0.0.1:{proxy.port}/stateful/sse", token(world), timeout=seconds + 120)
        with older:
            older.initialize()
            time.sleep(seconds)
            waiting, calls = streams[:6], streams[6:]
            assert not [s.name for s in waiting if s.ended] and not older.ended.is_set()
            for upstream in world.upstreams.values():
                upstream.push(CHANGED)
            assert until(lambda: all(s.got(CHANGED["method"]) for s in waiting)), [s.name for s in waiting if not s.got(CHANGED["method"])]
            assert until(lambda: any("list_changed" in data for _, data in older.heard)), older.heard
            assert until(lambda: all(any("result" in m for m in s.heard) for s in calls)), [(s.name, s.heard) for s in calls]
        print(f"{len(streams) + 1} streams, {seconds} s behind a proxy that cuts after {IDLE} s of silence: {proxy.cut} cut")
        assert proxy.cut == 0
    print(f"proof: R-62 count={len(streams) + 1}")


def test_the_proxy_of_these_tests_cuts_what_is_quiet(world):
    """Shown able to fail: with a shorter patience than 15 s, everything goes."""
    with IdleProxy(world.gateway.port, 2) as proxy:
        made = MCPConnection(f"http://127.0.0.1:{proxy.port}/stateful/mcp", token(world), revision=LEGACY)
        made.initialize()
        stream = Quiet("GET", made.open_stream().stream)
        assert until(lambda: stream.ended) and proxy.cut >= 1
