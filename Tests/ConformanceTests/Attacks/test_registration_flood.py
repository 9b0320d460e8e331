"""Registrations without end fill the store, or push real clients out.

Anybody may register. What never logs anybody in is bounded and expires; a client that was ever used stays, and what is
known already is answered even when there is no room for more. A flood pushes out itself: only its own network is turned away.
"""

import pytest
from martlet_support import Callback, OAuthClient, Pkce, Tokens, request
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import Person, count, registered

CAP = 20


@pytest.fixture(scope="module")
def flooded(install_for_file):
    config = {"registration": {"unused_clients": str(CAP)},
        "clients": {"known": {"redirect_uris": ["http://127.0.0.1/cb"]}}}
    world = install_for_file(config=config)
    used = registered(world, extra={"client_name": "in use"})
    tokens = Person(world).tokens(used)
    waiting = registered(world, extra={"client_name": "about to log in"})
    flood = [
        request("POST", f"{world.url}/register",
            json={"client_name": f"flood {i}", "redirect_uris": ["https://flood.example/cb"]})
        for i in range(count(200, 100_000))
    ]
    print(f"proof: V-100 count={len(flood)}")
    return world, used, tokens, waiting, flood


def test_V_100_the_store_does_not_grow_without_end(flooded):
    world, _, _, _, flood = flooded
    stored = world.gateway.cli_json("client", "list")
    assert len(stored) <= CAP + 3, len(stored)
    refused = [answer for answer in flood if answer.status != 201]
    assert all(a.status in (429, 503) and int(a.header("retry-after")) >= 1 for a in refused), refused[:1]
    assert len({a.json()["client_id"] for a in flood if a.status == 201}) == len(flood) - len(refused)


def test_V_100_clients_in_use_are_not_pushed_out(flooded):
    world, used, tokens, _, _ = flooded
    assert Tokens.of(used.refresh(tokens.refresh)).access
    assert Person(world).tokens(used).access


def test_V_100_who_was_about_to_log_in_still_can(flooded):
    world, _, _, waiting, _ = flooded
    assert Person(world).tokens(waiting).access


def test_V_100_known_registrations_are_answered_although_there_is_no_room(flooded):
    world, used, _, _, _ = flooded
    again = registered(world, extra={"client_name": "in use"})
    assert again.client_id == used.client_id


def test_V_100_configured_clients_do_not_notice(flooded):
    world, *_ = flooded
    client = OAuthClient(world.url, client_id="known", redirect_uri="http://127.0.0.1:7/cb")
    assert client.log_in(world.mcp_url(), USER, PASSWORD).access


def from_network(world, address: str, name: str):
    return request("POST", f"{world.url}/register", headers={"X-Forwarded-For": address},
        json={"client_name": name, "redirect_uris": ["http://127.0.0.1:7/cb"]})


def test_V_100_a_flood_turns_its_own_network_away_and_nobody_else(install):
    world = install(config={"registration": {"unused_clients": str(CAP)}, "trusted_proxies": ["127.0.0.0/8"]})
    neighbour = from_network(world, "198.51.100.7", "neighbour")
    assert neighbour.status == 201, neighbour.describe()
    number = count(200, 20_000)
    flood = [from_network(world, f"203.0.113.{i % 250}", f"flood {i}") for i in range(number)]
    refused = [answer for answer in flood if answer.status != 201]
    assert len(refused) == number - CAP + 1
    for answer in refused:
        assert answer.status == 503 and answer.json()["error"] == "temporarily_unavailable", answer.describe()
        assert int(answer.header("retry-after")) >= 1
    newcomers = [neighbour]
    for index, address in enumerate(["192.0.2.9", "2001:db8:1::1", "198.51.100.200", "192.0.2.10"]):
        newcomers.append(from_network(world, address, f"newcomer {index}"))
        assert newcomers[-1].status == 201, newcomers[-1].describe()
        # The places that were made are no gain for the flood.
        assert from_network(world, "203.0.113.4", f"again {index}").status == 503
    for answer in newcomers:
        client = OAuthClient(world.url, client_id=answer.json()["client_id"], redirect_uri="http://127.0.0.1:7/cb")
        assert Person(world).page(client.authorize_url(world.mcp_url(), Pkce())), "and it can be used"
    assert len(world.gateway.cli_json("client", "list")) <= CAP
    print(f"proof: V-100 count={number}")


def test_V_100_a_flood_of_authorizations_interrupts_nobody(install):
    world = install(config={"trusted_proxies": ["127.0.0.0/8"]})
    client = registered(world)
    here = Person(world)
    page = here.browser.open(client.authorize_url(world.mcp_url(), Pkce()))
    number = count(300, 12_000)  # the full count is more than there is room for
    for index in range(number):
        url = client.authorize_url(world.mcp_url(), Pkce())
        answer = request("GET", url, headers={"X-Forwarded-For": f"203.0.113.{index % 250}"})
        assert answer.status == 303, answer.describe()
    page = here.browser.submit(page, {"username": world.user, "password": world.password})
    assert isinstance(here.browser.submit(page, {"decision": "allow"}), Callback)
    print(f"proof: V-100 count={number}")


def test_V_101_a_secret_says_when_it_ends_and_can_be_replaced(shared):
    answer = request("POST", f"{shared.url}/register",
        json={"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "client_secret_post"})
    body = answer.json()
    assert isinstance(body.get("client_secret_expires_at"), int), "RFC 7591 §3.2.1"
    again = request("POST", f"{shared.url}/register",
        json={"redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "client_secret_post"})
    assert again.json()["client_id"] != body[
        "client_id"], "a new secret is a new registration; the old one expires unused"


def test_V_050k_a_list_is_never_longer_than_its_limit(flooded):
    world, *_ = flooded
    assert len(world.gateway.cli_json("flow", "list", "--limit", "3")) <= 3
    for limit in ("0", "-1", "1000000", "x", "99999999999999999999999"):
        world.gateway.cli("flow", "list", "--limit", limit, exit_code=2)
