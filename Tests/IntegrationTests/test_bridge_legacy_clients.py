"""A real client of the legacy era with a real server that speaks 2026-07-28 only, while Martlet restarts. The whole list of features,
with every client and server, is Tests/Clients/test_matrix.py."""

import contextlib

import pytest
from martlet_support import Gateway
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import FeatureClient, real_server
from martlet_support.route import fresh_token


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(real_server("modern"))
        yield Installation(stack.enter_context(Gateway({"modern": url}, users={USER: PASSWORD})), {})


@pytest.mark.parametrize("crash", [False, True], ids=["SIGTERM", "SIGKILL"])
def test_a_session_outlives_a_restart_of_martlet(world, crash):
    with FeatureClient("sdk-1.30", "ada", world.gateway, "modern", fresh_token(world, "modern")) as client:
        client.expect("ready")
        assert client.do("greet 1")["texts"] == ["Hello ada.First ada.Last"]
        world.gateway.restart(crash=crash)
        assert client.do("greet 2")["texts"] == ["Hello ada.First ada.Last"] * 2
        seen = client.do("features")["seen"]
        assert not [name for name, outcome in seen.items() if "ok" not in outcome], seen
        client.end()
