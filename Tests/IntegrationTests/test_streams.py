"""What happens to a stream when its token's time is up."""

import time

from martlet_support import MCPConnection
from martlet_support.steps import until, within


def test_a_call_outlives_its_token(install):
    """A call that began with a valid token gets its answer: nobody can repeat a tool call at will."""
    world = install(config={"tokens": {"access_ttl": "8s"}})
    connection = world.connect("stateful")
    connection.initialize()
    result = connection.tool("slow", {"steps": 20, "delay": 0.5})
    assert result["content"][0]["text"] == "20 steps done"
    assert until(lambda: connection.post("ping").status == 401), "and the next call needs another token"


def test_V_041_a_waiting_stream_ends_with_its_token(install):
    """The server's own stream ends within the grace of 30 s."""
    world = install(config={"tokens": {"access_ttl": "8s"}})
    connection: MCPConnection = world.connect("stateful")
    connection.initialize()
    stream = connection.open_stream(timeout=120)
    assert stream.status == 200 and stream.stream is not None
    begun = time.monotonic()
    list(stream.stream.events())
    assert time.monotonic() - begun < within(40)


def test_V_041_a_revocation_ends_open_streams(install):
    world = install()
    connection = world.connect("stateful")
    connection.initialize()
    stream = connection.open_stream(timeout=120)
    world.upstreams["stateful"].wait_for_streams()
    begun = time.monotonic()
    world.gateway.revoke("--user", world.user)
    list(stream.stream.events())
    assert time.monotonic() - begun < within(5)
