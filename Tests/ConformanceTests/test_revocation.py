"""Taking tokens away, at the endpoint and by the command line, and the keys that sign them (N-14, R-80; RFC 7009)."""

import time

import pytest
from martlet_support import MCPConnection, Tokens, request
from martlet_support.oauth import jwt_header
from martlet_support.pytest_plugin import USER
from martlet_support.steps import FULL, Person, count, error_of, person, registered, within


def gone_within(world, token: str, seconds: float, *, base: str | None = None) -> float:
    begun = time.monotonic()
    url = (base or world.url) + "/stateful/mcp"
    while (answer := MCPConnection(url, token).post("ping")).status != 401:
        assert time.monotonic() - begun < within(seconds), f"still accepted after {seconds} s: {answer.status}"
        time.sleep(0.05)
    assert 'error="invalid_token"' in answer.header("www-authenticate")
    return time.monotonic() - begun


def kids(base: str) -> set[str]:
    return {key["kid"] for key in request("GET", f"{base}/jwks").json()["keys"]}


def test_N_14_a_client_gives_back_its_refresh_token_and_with_it_the_grant(shared):
    client = registered(shared)
    tokens = person(shared).tokens(client)
    tokens = Tokens.of(client.refresh(tokens.refresh))
    answer = client.revoke(tokens.refresh)
    assert answer.status == 200 and answer.body == b"", answer.describe()
    gone_within(shared, tokens.access, 1)
    assert client.refresh(tokens.refresh).json()["error"] == "invalid_grant"
    assert client.revoke(tokens.refresh).status == 200, "a second time is no error"


def test_N_14_a_client_gives_back_one_access_token(shared):
    client = registered(shared)
    tokens = person(shared).tokens(client)
    assert client.revoke(tokens.access, extra={"token_type_hint": "refresh_token"}).status == 200, "a hint may be wrong"
    gone_within(shared, tokens.access, 1)
    assert Tokens.of(client.refresh(tokens.refresh)).access


@pytest.mark.parametrize("token", ["nonsense", "mrf_" + "A" * 43, "a.b.c", "é", "x" * 10_000])
def test_N_14_an_unknown_token_is_no_error(shared, token):
    answer = registered(shared).revoke(token)
    assert answer.status == 200 and answer.body == b"", answer.describe()


def test_V_050f_another_clients_token_is_left_alone_in_the_same_words(shared):
    mine, other = registered(shared), registered(shared, extra={"client_name": "other"})
    tokens = person(shared).tokens(mine)
    connection = MCPConnection(shared.mcp_url(), tokens.access)
    connection.initialize()
    nothing = other.revoke("nonsense")
    for token in (tokens.refresh, tokens.access):
        answer = other.revoke(token)
        assert (answer.status, answer.body) == (nothing.status, nothing.body) == (200, b"")
    time.sleep(1)
    assert connection.post("ping").status == 200 and Tokens.of(mine.refresh(tokens.refresh)).access


def test_revocation_needs_the_client(shared):
    client = registered(shared)
    tokens = person(shared).tokens(client)
    answer = request("POST", f"{shared.url}/revoke", form={"token": tokens.refresh})
    assert answer.status in (400, 401), answer.describe()
    answer = request("POST", f"{shared.url}/revoke", form={"token": tokens.refresh, "client_id": "unknown"})
    assert answer.status == 401 and answer.json()["error"] == "invalid_client", answer.describe()
    answer = request("POST", f"{shared.url}/revoke", form={"client_id": client.client_id})
    assert answer.status == 400 and answer.json()["error"] == "invalid_request", answer.describe()
    assert Tokens.of(client.refresh(tokens.refresh)).access


@pytest.mark.parametrize("how", ["token", "refresh token", "client", "user"])
def test_N_14_revocation_by_the_command_line_reaches_every_process_in_5_s(pair, how):
    world, twin = pair
    client, bystander = registered(world, extra={"client_name": how}), registered(world,
        extra={"client_name": "bystander"})
    tokens, other = person(world).tokens(client), person(world).tokens(bystander)
    for base in (world.url, twin.url):
        assert MCPConnection(base + "/stateful/mcp", tokens.access).initialize().status == 200
    arguments = {"token": [tokens.access], "refresh token": [tokens.refresh], "user": ["--user", USER],
        "client": ["--client", client.client_id]}
    world.gateway.revoke(*arguments[how])
    for base in (world.url, twin.url):
        gone_within(world, tokens.access, 5, base=base)
    print("proof: N-14 count=2")
    if how != "token":
        assert client.refresh(tokens.refresh).json()["error"] == "invalid_grant"
    if how != "user":
        assert MCPConnection(world.mcp_url(), other.access).initialize().status == 200, "nobody else's"
    else:
        gone_within(world, other.access, 5)
    fresh = Person(world).tokens(client)
    assert MCPConnection(world.mcp_url(),
        fresh.access).initialize().status == 200, "it covers what was issued before, not what comes after"


@pytest.mark.parametrize("how", [
    ["token", "revoke", "--user", USER], ["token", "revoke", "--client", "CLIENT"], ["access", "revoke", "--user", USER],
    ["access", "revoke", "--client", "CLIENT"], ["access", "revoke", "--server", "stateful"],
], ids=" ".join)
def test_V_053_N_14_a_code_from_before_a_revocation_begins_nothing(pair, how):
    world, twin = pair
    client = registered(world, extra={"client_name": " ".join(how)})
    callback, pkce = Person(world).allow(client)
    world.gateway.cli(*[client.client_id if word == "CLIENT" else word for word in how])
    client.base = twin.url
    error_of(client.exchange(callback.code, pkce, resource=world.mcp_url()), "invalid_grant")
    client.base = world.url
    assert Person(world).tokens(client).access, "what is allowed afterwards is"


def test_R_80_rotating_the_signing_key_refuses_no_valid_token(pair):
    world, twin = pair
    client = registered(world, extra={"client_name": "rotating"})
    tokens = Person(world).tokens(client)
    before = kids(world.url)
    issued = [tokens]
    rotations = count(2, 10)
    for _ in range(rotations):
        world.gateway.cli("signing-key", "rotate")
        tokens = Tokens.of(client.refresh(tokens.refresh))
        issued.append(tokens)
        for token in issued:
            for base in (world.url, twin.url):
                assert MCPConnection(base + "/stateful/mcp", token.access).post("ping").status != 401
    world.gateway.restart()
    assert before < kids(
        world.url), "old keys stay until their last token has expired, new ones are published before they sign"
    for token in issued:
        assert jwt_header(token.access)["kid"] in kids(world.url)
        assert MCPConnection(world.mcp_url(), token.access).post("ping").status != 401
    deadline = time.monotonic() + (45 if FULL else 0)
    while kids(twin.url) != kids(world.url) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not FULL or kids(twin.url) == kids(world.url), "the other process learns of it without a restart"
    print(f"proof: R-80 count={rotations}")


def test_N_14_a_revocation_outlives_a_crash(pair):
    world, _ = pair
    client = registered(world, extra={"client_name": "crash"})
    tokens = Person(world).tokens(client)
    assert client.revoke(tokens.refresh).status == 200
    world.gateway.restart(crash=True)
    answer = MCPConnection(world.mcp_url(), tokens.access).post("ping")
    assert answer.status == 401, "from the first request on: " + answer.describe()
