"""A real client of the legacy era with a real server that speaks 2026-07-28 only, while Martlet restarts. The whole list of features,
with every client and server, is Tests/Clients/test_matrix.py."""

import contextlib
import time

import pytest
from martlet_support import Gateway
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import FeatureClient, real_server
from martlet_support.route import fresh_token

# Seconds. This client gives its stream up after two failures, and a cut is one; attempts are a second apart. A slow machine may need
# longer to start. A stop begins with half a second's notice.
STREAM_PATIENCE = {"SIGTERM": 2.5, "SIGKILL": 1.0}
NEED_THE_STREAM = {"list_changed", "resource_updated"}


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
        began = time.monotonic()
        world.gateway.restart(crash=crash)
        outlasted = time.monotonic() - began > STREAM_PATIENCE["SIGKILL" if crash else "SIGTERM"]
        assert client.do("greet 2")["texts"] == ["Hello ada.First ada.Last"] * 2
        seen = client.do("features")["seen"]
        missing = {name for name, outcome in seen.items() if "ok" not in outcome}
        assert missing <= (NEED_THE_STREAM if outlasted else set()), seen
        client.end()
