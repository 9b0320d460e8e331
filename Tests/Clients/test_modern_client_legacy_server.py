"""A real modern client (SDK 2.3) with a real server that asks where nobody knows whom it means. The whole list of features is
test_matrix.py."""

import contextlib

import pytest
from martlet_support import Gateway
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import FeatureClient, legacy_features_server
from martlet_support.route import fresh_token


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(legacy_features_server())
        yield Installation(stack.enter_context(Gateway({"old": url}, users={USER: PASSWORD})), {})


@pytest.mark.parametrize("mode", ["auto", "2026-07-28"])
def test_a_question_outside_of_the_calls_stream_is_refused_not_left_hanging(world, mode):
    """With and without `server/discover` before."""
    with FeatureClient("sdk-2.3", "ada", world.gateway, "old", fresh_token(world, "old"), mode=mode) as client:
        assert client.expect("ready")["protocol"] == "2026-07-28"
        assert "asked" in client.do("aloud")["text"]
        assert client.do("greet 2")["texts"] == ["Hello ada.First ada.Last"] * 2
        client.end()
