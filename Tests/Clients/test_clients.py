"""Every real client, every way to register, every real server: log in, call, outlive the access token, call again."""

import contextlib
import functools
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from martlet_support import Gateway, free_port
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.real import CLIENTS, Call, RealClient, real_server
from martlet_support.tls import DocumentServer, ThrowawayCA

ACCESS_TTL = 3
TOOL = {"demo": "who_am_i", "everything": "test_simple_text", "legacy": "headers"}
PROTOCOL = {
    # client -> what it speaks to a server of both eras, what it speaks to one of the legacy era (over the bridge)
    "sdk-2.3": ("2026-07-28", "2026-07-28"),
    "sdk-2.3-legacy": ("2025-11-25", "2025-11-25"),
    "sdk-1.30": ("2025-11-25", "2025-11-25"),
    "sdk-1.9.4": ("2025-03-26", "2025-03-26"),
    "fastmcp": ("2026-07-28", "2026-07-28"),
}
# 1.9.4 has never heard of client metadata documents.
RUNS = [
    *(
        (client, how, "demo")
        for client in CLIENTS
        for how in ("dcr", "added", "configured", "cimd")
        if (client, how) != ("sdk-1.9.4", "cimd")
    ),
    *((client, "dcr", server) for client in CLIENTS for server in ("everything", "legacy")),
]


SECRET = "a secret of more than thirty-two characters"


@functools.cache
def callback_port(run: tuple[str, str, str]) -> int:
    return free_port()


def configured() -> dict[str, dict]:
    """The clients that martlet.yaml knows: confidential, each with its one redirect URI."""
    return {
        label(run): {
            "name": "Configured",
            "redirect_uris": [redirect_uri(run)],
            "grants": ["authorization_code", "refresh_token"],
            "auth": "client_secret_post",
            "secret": {"env": "CLIENT_SECRET"},
        }
        for run in RUNS
        if run[1] == "configured"
    }


def label(run: tuple[str, str, str]) -> str:
    return "-".join(run).replace(".", "-")


def redirect_uri(run: tuple[str, str, str]) -> str:
    return f"http://{'localhost' if run[0] == 'fastmcp' else '127.0.0.1'}:{callback_port(run)}/callback"


@dataclass
class Outcome:
    first: Call
    second: Call
    third: Call
    expected_client_id: str | None


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """One gateway with short-lived access tokens in front of all real servers, and a place for client documents."""
    ca = ThrowawayCA(tmp_path_factory.mktemp("ca"))
    with contextlib.ExitStack() as stack:
        documents = stack.enter_context(DocumentServer(ca))
        servers = {name: stack.enter_context(real_server(name)) for name in TOOL}
        gateway = stack.enter_context(
            Gateway(
                servers,
                users={USER: PASSWORD},
                env={"CLIENT_SECRET": SECRET},
                config={
                    "clients": configured(),
                    "tokens": {"access_ttl": f"{ACCESS_TTL}s"},
                    "egress": {"allow": ["127.0.0.0/8", "::1/128"], "ca_file": str(ca.ca_file)},
                },
            )
        )
        yield gateway, documents


@pytest.fixture(scope="module")
def outcomes(world, request):
    """All runs that were asked for, a few at a time: each of them mostly waits for its token to expire."""
    gateway, documents = world
    wanted = {item.callspec.params.get("run") for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(max_workers=5) as pool:
        futures = {run: pool.submit(perform, gateway, documents, *run) for run in RUNS if run in wanted}
        yield futures
        for future in futures.values():
            future.cancel()


def perform(gateway: Gateway, documents: DocumentServer, *run: str) -> Outcome:
    name, how, server = run
    client = RealClient(name, gateway, server, USER, PASSWORD, TOOL[server], callback_port=callback_port(run))
    client.registration, expected = registration(gateway, documents, run)
    with client:
        first = client.connect()
        second = client.again()
        time.sleep(ACCESS_TTL + 1)
        third = client.again()
        client.end()
    return Outcome(first, second, third, expected)


def registration(gateway: Gateway, documents: DocumentServer, run) -> tuple[dict, str | None]:
    """What a driver needs for one way to register, and the client id where it is known beforehand."""
    how = run[1]
    if how == "cimd":
        client_id = documents.client(redirect_uri(run), path=f"/{label(run)}.json")
        return {"client_metadata_url": client_id}, client_id
    if how == "configured":
        return known(label(run), SECRET), label(run)
    if how == "added":
        made = gateway.add_client(label(run), "--redirect-uri", redirect_uri(run))
        return known(made["client_id"], made.get("client_secret")), made["client_id"]
    return {}, None


def known(client_id: str, secret: str | None) -> dict:
    return {
        "client": {
            "client_id": client_id,
            "client_secret": secret,
            "token_endpoint_auth_method": "client_secret_post" if secret else "none",
        }
    }


@pytest.mark.parametrize("run", RUNS, ids=["-".join(run) for run in RUNS])
def test_a_real_client_outlives_its_access_token(outcomes: dict[tuple, Future], run):
    name, how, server = run
    outcome: Outcome = outcomes[run].result(timeout=900)
    first, second, third = outcome.first, outcome.second, outcome.third
    assert TOOL[server] in first.tools
    assert first.protocol == PROTOCOL[name][server == "legacy"]

    assert first.logins == 1 and third.logins == 1, "one login for the whole run"
    assert len(second.access) >= 1 and len(third.access) > len(second.access), (
        "a refresh between the second and third call"
    )
    assert len(set(third.access)) == len(third.access), "each refresh brought another access token"
    assert all(third.refresh), "a refresh token every time"
    assert len(set(third.refresh)) == len(third.refresh), "refresh tokens rotate"
    assert first.client_id == third.client_id
    if outcome.expected_client_id:
        assert first.client_id == outcome.expected_client_id

    if server == "demo":
        for call in (first, second, third):
            seen = json.loads(call.text)
            assert seen["authorization_header_present"] is False, "the client's token never reaches the server"
            assert seen["claims"]["client_id"] == first.client_id
            assert seen["claims"]["tenant"] == "default"
        assert len({json.loads(call.text)["claims"]["sub"] for call in (first, second, third)}) == 1
    if server == "legacy":
        sent = {key.lower() for key in json.loads(first.text)}
        assert "martlet-assertion" in sent
        assert not sent & {"authorization", "cookie", "origin"}
