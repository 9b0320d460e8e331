"""An account at a real server (FastMCP's own authorization server) is connected, renewed and taken away."""

import urllib.parse

from martlet_support import Browser, Gateway
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.real import real_server


def test_an_account_at_fastmcp_is_connected_renewed_and_taken_away():
    with real_server("account") as url, Gateway({"real": {"url": url, "credential": "oauth"}}, users={USER: PASSWORD}) as gateway:
        parts = urllib.parse.urlsplit(url)
        browser = Browser(gateway.url, origins=(f"{parts.scheme}://{parts.netloc}",))
        page = browser.submit(browser.open(f"{gateway.url}/connect/real"), {"username": USER, "password": PASSWORD})
        assert page.status == 200 and "read" in page.text, page.response.describe()
        done = browser.submit(page)
        assert done.status == 200 and "connected" in done.text, browser.describe_trail()
        before = gateway.cli_json("connection", "show", "real", "--user", USER)
        assert (before["state"], before["scope"], before["refreshable"]) == ("active", "read", True)
        for _ in range(2):
            gateway.cli("connection", "refresh", "real", "--user", USER)
        after = gateway.cli_json("connection", "show", "real", "--user", USER)
        assert (after["state"], after["version"]) == ("active", before["version"] + 2)
        gateway.cli("connection", "revoke", "real", "--user", USER)
        assert gateway.cli_json("connection", "show", "real", "--user", USER)["state"] == "revoked"
