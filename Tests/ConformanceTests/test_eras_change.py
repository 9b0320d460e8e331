"""A server that is upgraded or rolled back while Martlet runs: what was found out about its era is found out anew when the server
contradicts it, and every client goes on as soon as it has begun anew by its own rules."""

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect


@pytest.fixture
def begin():
    """begin(mode) is an installation with one server of that era."""
    opened = []

    def start(mode: str) -> Installation:
        upstream = FakeMCPServer(mode).start()
        gateway = Gateway({"server": upstream.url}, users={USER: PASSWORD}).start()
        opened.extend([gateway.close, upstream.stop])
        return Installation(gateway, {"server": upstream})

    yield start
    for close in opened:
        close()


def become(world: Installation, mode: str) -> None:
    upstream = world.upstreams["server"]
    upstream.mode, upstream.revision = mode, MODERN if mode == "modern" else LEGACY
    upstream.drop_sessions()
    upstream.clear()


def works(connection) -> bool:
    return connection.tool("echo", {"text": "here"})["content"][0]["text"] == "here"


CHANGES = [("stateful", "modern"), ("stateless", "modern"), ("modern", "stateful")]


@pytest.mark.parametrize("before,after", CHANGES)
def test_4_1_a_modern_client_goes_on(begin, before, after):
    world = begin(before)
    client = connect(world, "server", revision=MODERN)
    assert works(client)
    become(world, after)
    refused = client.post("tools/call", {"name": "echo", "arguments": {"text": "x"}})
    assert refused.status == 400 or "error" in refused.json(), "what was refused is not repeated under other rules"
    assert works(client), "the next finds the other era"
    assert len(world.upstreams["server"].received("tools/call")) <= 3


@pytest.mark.parametrize("before,after", CHANGES)
def test_4_2_a_legacy_client_is_told_to_begin_anew(begin, before, after):
    world = begin(before)
    client = connect(world, "server")
    assert works(client)
    become(world, after)
    if client.session:
        answers = [client.post("tools/call", {"name": "echo", "arguments": {"text": "x"}}) for _ in range(2)]
        assert answers[-1].status == 404, answers[-1].describe()
    client.session = None
    client.initialize()
    assert works(client)


@pytest.mark.parametrize("before,after", CHANGES)
def test_4_2_a_legacy_client_that_comes_new_is_the_first_to_notice(begin, before, after):
    world = begin(before)
    assert works(connect(world, "server"))
    become(world, after)
    client = connect(world, "server", initialize=False)
    client.initialize()
    assert works(client)
