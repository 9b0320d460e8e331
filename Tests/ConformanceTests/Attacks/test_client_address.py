"""A client writes the address it likes into X-Forwarded-For, and so escapes limits or blames another. The header counts only from declared
proxies, and of it only the right-most hop that none of them stands for."""

from martlet_support import request
from martlet_support.route import bearer
from martlet_support.trail import records


def heard(world, requests: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    """Sends one request with each of these headers (name, its values); answers the address that the trail has for each."""
    for name, values in requests:
        request("POST", world.mcp_url("stateless"), json={"jsonrpc": "2.0", "id": 1, "method": "ping"},
                headers=[*bearer(world, "stateless").items(), *[(name, value) for value in values]])
    found = [row["address"] for row in records(world) if row["action"].startswith("exchange.")][-len(requests):]
    assert len(found) == len(requests)
    return found


SPOOFS = [("203.0.113.9",), ("203.0.113.9, 127.0.0.1",), ("127.0.0.1",), ("::1",), ("203.0.113.1", "203.0.113.2"), ("x" * 300,), ("1.2.3.4\t,5.6.7.8",), ("",)]


def test_V_085_nobody_is_believed_by_default(install):
    world = install()
    others = ("X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP", "X-Client-IP")
    sent = [("X-Forwarded-For", values) for values in SPOOFS] + [(name, ("203.0.113.9",)) for name in others]
    for one, address in zip(sent, heard(world, sent)):
        assert address == "127.0.0.1", one


def test_V_085_a_declared_proxy_is_believed_for_its_own_hop(install):
    world = install(config={"trusted_proxies": ["127.0.0.0/8", "10.0.0.0/8", "2001:db8::/32"]})
    table = {
        ("203.0.113.9",): "203.0.113.9", ("198.51.100.1, 203.0.113.9",): "203.0.113.9", ("203.0.113.9, 10.1.2.3",): "203.0.113.9",
        ("203.0.113.9,10.1.2.3,127.0.0.2",): "203.0.113.9", ("198.51.100.1", "203.0.113.9"): "203.0.113.9",
        ("2001:db8::1",): "2001:db8::1", ("2002::1, 2001:db8::1",): "2002::1", ("evil, 203.0.113.9",): "203.0.113.9",
    }
    # What is no address ends the walk: the last hop that is known stands.
    for text in ("203.0.113.9, evil", "203.0.113.9, \u00e9".encode().decode("latin-1"), "203.0.113.9, " + "9" * 300, "<script>", '203.0.113.9:1234"'):
        table[(text,)] = "127.0.0.1"
    found = heard(world, [("X-Forwarded-For", values) for values in table])
    assert dict(zip(table, found)) == table


def test_V_085_forwarded_hosts_and_schemes_change_nothing(install):
    world = install(config={"trusted_proxies": ["127.0.0.0/8"]})
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "1", "Forwarded": "host=evil.example"}
    document = request("GET", world.url + "/.well-known/oauth-authorization-server", headers=headers)
    assert document.json()["issuer"] == world.url, "URLs come from public_url, never from a request"
    challenge = request("POST", world.mcp_url("stateless"), headers=headers, json={})
    assert "evil" not in challenge.header("www-authenticate")
