"""HTTP+SSE (2024-11-05) with real SDKs on either hop: each combination runs every way in which a server talks back."""

import contextlib
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import Gateway, repository
from martlet_support.oauth import OAuthClient
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.real import RealClient, talkative_server, python

ENVIRONMENT = {"1.9.4": "sdk19", "1.30": "sdk1", "2.3": "fastmcp"}
# name of the server: (SDK, its transport)
SERVERS = {
    "sse-1-30": ("1.30", "sse"),
    "sse-1-9-4": ("1.9.4", "sse"),
    "streamable-1-30": ("1.30", "streamable-http"),
}
RUNS = [(sdk, wire, server) for server in SERVERS for sdk in ENVIRONMENT for wire in ("sse", "streamable") if "sse" in (wire, SERVERS[server][1])]


@pytest.fixture(scope="module")
def gateway():
    with contextlib.ExitStack() as stack:
        urls = {name: stack.enter_context(talkative_server(ENVIRONMENT[sdk], wire)) for name, (sdk, wire) in SERVERS.items()}
        yield stack.enter_context(Gateway(urls, users={USER: PASSWORD, "bob": PASSWORD}))


@pytest.fixture(scope="module")
def tokens(gateway):
    made: dict[tuple[str, str], str] = {}

    def token(server: str, user: str = USER) -> str:
        if (server, user) not in made:
            made[(server, user)] = OAuthClient(gateway.url).log_in(gateway.mcp_url(server), user, PASSWORD).access
        return made[(server, user)]

    return token


@pytest.fixture(scope="module")
def outcomes(gateway, tokens, request):
    """All runs that were asked for, a few at a time."""
    wanted = {item.callspec.params.get("run") for item in request.session.items if hasattr(item, "callspec")}
    held = {server: tokens(server) for server in SERVERS}
    with ThreadPoolExecutor(4) as pool:
        futures = {run: pool.submit(perform, gateway, held[run[2]], *run) for run in RUNS if run in wanted}
        yield futures
        for future in futures.values():
            future.cancel()


def perform(gateway: Gateway, token: str, sdk: str, wire: str, server: str, nonce: str = "ada") -> dict:
    url = f"{gateway.url}/{server}/sse" if wire == "sse" else gateway.mcp_url(server)
    done = subprocess.run(
        [python(ENVIRONMENT[sdk]), repository / "Tests/Clients/drivers/http_sse.py"],
        input=json.dumps({"url": url, "wire": wire, "token": token, "nonce": nonce}) + "\n",
        capture_output=True,
        text=True,
        timeout=120,
        cwd=repository,
    )
    assert done.returncode == 0, f"{sdk} over {wire} with {server}: {done.stderr[-3000:]}\n{gateway.log()[-1000:]}"
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("run", RUNS, ids=["-".join(run) for run in RUNS])
def test_every_feature_over_http_sse(outcomes, run):
    sdk, _, server = run
    found = outcomes[run].result(timeout=300)
    expect(found, "ada", asks=server.endswith("1-30") and sdk != "1.9.4")
    names = set(found["headers"].lower().split(","))
    assert "martlet-assertion" in names and not names & {"authorization", "cookie", "origin"}


def expect(found: dict, nonce: str, *, asks: bool) -> None:
    assert found["tools"] == ["ask", "change", "count", "headers", "think"]
    assert found["count"] == "3 steps" and found["progress"] == [1, 2, 3] and found["logs"] == ["step 1", "step 2", "step 3"], found
    assert found["think"] == f"because {nonce}", found
    if asks:
        assert found["ask"] == f"accept {nonce}", found
    assert found["change"] == "changed"
    assert found["gathered"] == [f"{n} steps" for n in range(8)]


def test_V_013_two_users_and_two_processes_of_one_client(gateway, tokens):
    """Side by side on the same servers: nobody gets another's question, whichever wire."""
    people = [(user, sdk, wire) for user in (USER, "bob") for sdk, wire in (("1.30", "sse"), ("1.30", "streamable"), ("2.3", "sse"))]
    held = {user: tokens("sse-1-30", user) for user in (USER, "bob")}
    with ThreadPoolExecutor(len(people)) as pool:
        found = list(pool.map(lambda p: perform(gateway, held[p[0]], p[1], p[2], "sse-1-30", nonce="-".join(p)), people))
    for who, heard in zip(people, found):
        expect(heard, "-".join(who), asks=True)


@pytest.mark.parametrize("name", ["sdk-1.30", "sdk-1.9.4"])
@pytest.mark.parametrize("server", ["sse-1-30", "streamable-1-30"])
def test_a_real_client_logs_in_over_http_sse(gateway, name, server):
    """Discovery, registration and login start from the stream's URL; the token is the route's."""
    settings = {"url": f"{gateway.url}/{server}/sse", "resource": gateway.mcp_url(server), "wire": "sse"}
    client = RealClient(name, gateway, server, USER, PASSWORD, "headers", registration=settings)
    with client:
        first, second = client.connect(), client.again()
        client.end()
    assert first.logins == 1 and second.logins == 1
    assert "martlet-assertion" in first.text and "authorization" not in second.text
