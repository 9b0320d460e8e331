"""Servers over https whose certificates come from an authority of the operator's own (`egress.ca_file`)."""

import ssl

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect
from martlet_support.tls import ThrowawayCA

MODES = ("stateful", "stateless", "modern")


def over_tls(mode: str, ca: ThrowawayCA, name: str) -> FakeMCPServer:
    """A server reached as localhost, whose certificate is for `name`."""
    server = FakeMCPServer(mode)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*ca.issue(name, file=f"{mode}-{name}"))
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True, do_handshake_on_connect=False)
    server.url = f"https://localhost:{server.port}/mcp"
    return server.start()


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return ThrowawayCA(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def world(ca):
    servers = {mode: over_tls(mode, ca, "localhost") for mode in MODES}
    servers["misnamed"] = over_tls("stateless", ca, "elsewhere.example")
    gateway = Gateway({name: one.url for name, one in servers.items()}, users={USER: PASSWORD},
        config={"egress": {"ca_file": str(ca.ca_file)}})
    yield Installation(gateway.start(), servers)
    gateway.close()
    for one in servers.values():
        one.stop()


@pytest.mark.parametrize("server", MODES)
@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_servers_of_an_own_authority_are_reached(world, server, revision):
    connection = connect(world, server, revision=revision)
    assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"


def test_a_certificate_for_another_name_is_refused(world):
    refused(world, "misnamed")


def test_an_authority_that_nobody_named_is_refused(ca):
    server = over_tls("stateless", ca, "localhost")
    try:
        with Gateway({"stateless": server.url}, users={USER: PASSWORD}) as gateway:
            refused(Installation(gateway, {"stateless": server}), "stateless")
    finally:
        server.stop()


@pytest.mark.parametrize("hangs_up", [False, True])
def test_R_54_a_call_that_no_handshake_let_through_was_not_sent(ca, hangs_up):
    """Whoever calls may call again; where there is another instance, that is called."""
    good, bad = over_tls("stateless", ca, "localhost"), over_tls("stateless", ca, "elsewhere.example")
    if hangs_up:
        bad._server.get_request = lambda: hung_up(bad._server.socket)
    servers = {"bad": {"url": bad.url, "protocol": LEGACY}, "both": {"urls": [bad.url, good.url], "protocol": LEGACY}}
    try:
        with Gateway(servers, users={USER: PASSWORD}, config={"egress": {"ca_file": str(ca.ca_file)}}) as gateway:
            world = Installation(gateway, {"bad": bad, "both": good})
            error = connect(world, "bad", initialize=False).call("tools/call", {"name": "echo", "arguments": {}})["error"]
            assert error["code"] == -31003 and "may have reached" not in error["message"], error
            caller = connect(world, "both", initialize=False)
            for _ in range(6):
                assert caller.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
    finally:
        good.stop()
        bad.stop()


def hung_up(listener):
    """What a balancer does that has nobody behind it: the connection is taken, and ends."""
    sock, _ = listener.accept()
    sock.close()
    raise OSError("hung up")


def refused(world, name: str) -> None:
    """The client hears that the server can't be reached, and the server hears nothing."""
    answer = connect(world, name, revision=MODERN).post("tools/call", {"name": "echo", "arguments": {"text": "hi"}})
    assert answer.json()["error"]["code"] == -31003, answer.describe()
    assert not world.upstreams[name].received(probes=True)
