"""Tokens of users that a server refuses, or that end while many use them: what the authorization server is asked, what clients hear."""

import json
import re
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import FakeMCPServer, Gateway
from martlet_support.accounts import Someone
from martlet_support.crowd import Crowd, ThinServer
from martlet_support.mcp import LEGACY, MODERN, MCPConnection
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.steps import count, until
from martlet_support.token_authority import TokenAuthority
from martlet_support.trail import gone

ECHO = {"name": "echo", "arguments": {"text": "hi"}}
MODES = ("stateful", "stateless", "modern")


@pytest.fixture(scope="module")
def world(authority):
    upstreams = {mode: FakeMCPServer(mode).start() for mode in MODES}
    credential = {"oauth": authority.client(scopes=["tools"])}
    with ThinServer(authority.is_good) as thin:
        servers = {name: {"url": one.url, "credential": credential} for name, one in upstreams.items()}
        servers["thin"] = {"url": thin.url, "credential": credential, "protocol": MODERN}
        gateway = Gateway(servers, users={USER: PASSWORD}, env=authority.environment)
        installation = Installation(gateway.start(), upstreams)
        installation.thin = thin
        yield installation
        gateway.close()
    for one in upstreams.values():
        one.stop()


@pytest.fixture(autouse=True)
def answers_again(world, authority):
    for one in world.upstreams.values():
        one.reset()
        one.guard = authority.guard
    yield
    authority.release()
    authority.refusal = None


class Owner(Someone):
    """Somebody with an account at one server."""

    def __init__(self, world, server: str, authority: TokenAuthority):
        super().__init__(world, authority)
        self.server = server
        self.access = self.connect(server)
        self.family = authority.family[self.access]

    def calls(self, revision: str) -> MCPConnection:
        return self.client(self.server, revision)

    def crowd(self, number: int) -> Crowd:
        return Crowd(self.world.mcp_url(self.server), self.token(self.server), number)


@pytest.mark.parametrize("server", MODES)
@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_a_refused_token_is_replaced_and_the_call_goes_through(world, authority, server, revision):
    """In every cell: 401 means that nothing was executed, so even a tool's call is sent again, once."""
    user = Owner(world, server, authority)
    connection = user.calls(revision)
    assert connection.tool("echo", {"text": "one"})["content"][0]["text"] == "one"
    asked = authority.count()
    authority.disown(user.access)
    world.upstreams[server].clear()
    assert connection.tool("echo", {"text": "two"})["content"][0]["text"] == "two"
    assert authority.count() == asked + 1
    assert len(world.upstreams[server].received("tools/call")) == 2, "the refused one, and the one that was executed"
    assert authority.lost == set()


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_R_10_a_server_that_refuses_every_token_needs_its_user(world, authority, revision):
    """One replacement, then the link; and the next call doesn't begin it all again."""
    user = Owner(world, "stateless", authority)
    connection = user.calls(revision)
    upstream = world.upstreams["stateless"]
    upstream.guard = lambda _: (401, b"{}", [])
    asked = authority.count()
    upstream.clear()
    for _ in range(3):
        answer = connection.post("tools/call", ECHO)
        assert answer.status == 200, answer.describe()
        assert f"{world.url}/connect/stateless" in answer.text
    assert authority.count() == asked + 1
    assert len(upstream.received("tools/call")) <= 4


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_R_10_a_refresh_token_that_is_refused_is_asked_about_once(world, authority, revision):
    user = Owner(world, "stateless", authority)
    connection = user.calls(revision)
    with authority.lock:
        authority.lost.add(user.family)
    authority.disown(user.access)
    asked = authority.count()
    for _ in range(3):
        result = connection.tool("echo")
        assert result["isError"] and f"{world.url}/connect/stateless" in result["content"][0]["text"]
    assert authority.count() == asked + 1
    with authority.lock:
        authority.lost.clear()


@pytest.mark.parametrize("server", MODES)
def test_missing_scopes_lead_to_the_user(world, authority, server):
    """The link asks for what the server named beside what was asked for before, and then the call goes through."""
    user = Owner(world, server, authority)
    connection = user.calls(MODERN if server == "modern" else LEGACY)
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="tools files:write"'}
    world.upstreams[server].script(403, {}, headers=challenge, method="tools/call")
    asked = authority.count()
    result = connection.tool("echo")
    assert result["isError"] and f"{world.url}/connect/{server}" in result["content"][0]["text"]
    assert authority.count() == asked, "another token would have no more scopes"
    user.connect(server, re.search(r"http\S+", result["content"][0]["text"]).group())
    assert set(authority.asked[-1]["scope"].split()) >= {"tools", "files:write"}
    assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"


@pytest.mark.parametrize(("server", "revision"), [(server, revision) for server in ("stateful", "modern") for revision in (LEGACY, MODERN)])
def test_V_041_a_stream_ends_with_the_account_that_it_was_opened_with(world, authority, server, revision):
    """In every cell; another user's goes on, and what the client opens next is led to the page."""
    user, other = Owner(world, server, authority), Owner(world, server, authority)
    opened = {}
    for one in (user, other):
        connection = one.calls(revision)
        listening = {"notifications": {"toolsListChanged": True}}
        answer = connection.post("subscriptions/listen", listening, stream=True) if connection.modern else connection.open_stream()
        assert answer.status == 200, answer.describe()
        opened[one] = (connection, answer.stream)
    ended = {one: threading.Event() for one in opened}
    for one, (_, stream) in opened.items():
        threading.Thread(target=lambda one=one, stream=stream: (drain(stream), ended[one].set()), daemon=True).start()
    world.gateway.cli("connection", "revoke", server, "--user", user.name)
    assert ended[user].wait(30), "the stream goes on without its account"
    assert f"{world.url}/connect/{server}" in opened[user][0].tool("echo")["content"][0]["text"]
    assert not ended[other].is_set() and opened[other][0].tool("echo", {"text": "on"})["content"][0]["text"] == "on"
    opened[other][1].close()


def drain(stream):
    try:
        for _ in stream.messages():
            pass
    except Exception:
        pass


@pytest.mark.parametrize("server", MODES)
def test_V_017_nobody_is_called_for_with_anothers_token(world, authority, server):
    """Two people call at once, in both eras: each call carries a token of its own caller's account."""
    users = [Owner(world, server, authority) for _ in range(2)]
    connections = [(user, user.calls(revision)) for user in users for revision in (LEGACY, MODERN)]

    def call(index: int) -> bool:
        user, connection = connections[index % len(connections)]
        mine = MCPConnection(connection.url, connection.token, revision=connection.revision)
        mine.session, mine.next_id = connection.session, index
        sent = json.loads(mine.tool("headers")["content"][0]["text"])
        carried = [value for name, value in sent if name.lower() == "authorization"]
        return [authority.family.get(one.removeprefix("Bearer ")) for one in carried] == [user.family]

    with ThreadPoolExecutor(8) as pool:
        swapped = [index for index, is_own in enumerate(pool.map(call, range(count(80, 20_000)))) if not is_own]
    assert swapped == []


def test_R_01_a_refused_token_is_refreshed_once_for_everybody(world, authority):
    """All calls are refused at once; all wait for one refresh; all go through."""
    number = count(1000, 10_000)
    user = Owner(world, "thin", authority)
    asked, served = authority.count(), world.thin.calls
    authority.disown(user.access)
    authority.hold()
    with user.crowd(number) as crowd:
        assert until(lambda: world.thin.calls == served + number), "not every call was tried"
        authority.wait_for(asked + 1)
        authority.release()
        failed = [one for one in crowd.answers() if "result" not in one]
    assert not failed, (len(failed), json.dumps(failed[:3]))
    assert authority.count() == asked + 1, f"{authority.count() - asked} token requests for {number} calls"
    assert world.thin.calls == served + 2 * number and authority.lost == set()


def test_R_07_callers_that_hang_up_lose_no_rotation(world, authority):
    """They go in the middle of a refresh: its token is stored, used, and redeemed in its turn; nothing is redeemed twice."""
    number = count(300, 10_000)
    asked, left, served = authority.count(), gone(world), world.thin.calls
    authority.lifetimes = [0, 4]
    authority.hold()
    authority.let(1)  # the code; what is refreshed after it waits
    user = Owner(world, "thin", authority)
    asked += 1
    with user.crowd(number) as crowd:
        authority.wait_for(asked + 1)
        crowd.leave()
    assert until(lambda: gone(world) == left + number), f"{gone(world) - left} of {number} calls ended with their callers"
    authority.release()
    authority.wait_for(asked + 2)
    assert user.calls(MODERN).tool("echo")["content"][0]["text"] == "done"
    assert authority.lost == set() and world.thin.calls == served + 1
    assert authority.count() == asked + 2


@pytest.mark.parametrize("server", MODES)
@pytest.mark.parametrize("revision", [LEGACY, MODERN])
def test_V_041_who_lost_access_during_a_refresh_calls_nothing(world, authority, server, revision):
    """What waits for a new token is still to be made, whatever it was allowed when it came."""
    user = Owner(world, server, authority)
    connection = user.calls(revision)
    assert connection.tool("echo", {"text": "one"})["content"][0]["text"] == "one"
    upstream, asked = world.upstreams[server], authority.count()
    authority.disown(user.access)
    authority.hold()
    upstream.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(connection.post, "tools/call", ECHO)
        authority.wait_for(asked + 1)
        world.gateway.revoke(connection.token)
        time.sleep(1)  # What is taken away is known everywhere within half a second.
        authority.release()
        assert "-31003" in waiting.result().text, waiting.result().describe()
    executed = [call for call in upstream.received("tools/call") if authority.guard(call) is None]
    assert executed == []
    assert connection.post("tools/call", ECHO).status == 401


def test_R_01_two_processes_refresh_once(world, authority):
    """Calls are refused in two processes on one store at the same moment: one of them asks, both go on."""
    number = count(300, 5_000)
    user = Owner(world, "thin", authority)
    twin = world.gateway.twin().start()
    try:
        asked, served = authority.count(), world.thin.calls
        authority.disown(user.access)
        authority.hold()
        there = Crowd(twin.mcp_url("thin"), user.token("thin"), number)
        with user.crowd(number) as here, there:
            assert until(lambda: world.thin.calls == served + 2 * number), "not every call was tried"
            authority.wait_for(asked + 1)
            authority.release()
            failed = [one for one in here.answers() + there.answers() if "result" not in one]
        assert not failed, (len(failed), json.dumps(failed[:3]))
        assert authority.count() == asked + 1 and authority.lost == set()
    finally:
        twin.close()


def test_R_05_a_slow_authorization_server_holds_nothing_of_the_store(world, authority):
    """While refreshes wait for their answers, others write, read and call: no transaction spans a request."""
    users = [Owner(world, "thin", authority) for _ in range(count(3, 20))]
    free = Owner(world, "stateless", authority)
    authority.hold()
    asked = authority.count()
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", isolation_level=None, timeout=20) as database:
        number = database.execute(
            "UPDATE connection SET refresh_at = 1, retry_at = NULL WHERE route = '/thin/mcp' AND state = 'active'").rowcount
        authority.wait_for(asked + min(len(users), 16))  # so many at once
        for _ in range(50):
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")
    calls = free.calls(MODERN)
    for _ in range(10):
        assert "result" in calls.post("tools/call", ECHO).json()
    world.gateway.cli("user", "add", "r-05", "--password-stdin", stdin=PASSWORD + "\n")
    assert authority.count() <= asked + number, "a refresh that waits was begun again"
    authority.release()
    assert all(until(lambda one=one: "result" in one.calls(MODERN).post("tools/call", ECHO).json(), every=0.5) for one in users)
    assert authority.lost == set()
    print(f"proof: R-05 count={len(users)}")


def test_R_04_no_token_is_spent_while_nothing_can_be_stored(world, authority):
    """The store is locked when a refresh is due: nobody is asked; afterwards it is as if nothing had been."""
    for lifetime in (6, 12, 24):
        authority.lifetimes = [lifetime]
        user = Owner(world, "thin", authority)
        asked, ended = authority.count(), time.monotonic() + lifetime
        holder = sqlite3.connect(world.gateway.data_dir / "martlet.sqlite", isolation_level=None, timeout=30)
        holder.execute("BEGIN IMMEDIATE")
        if authority.count() == asked:
            break  # else the machine was so busy that it was refreshed before the lock was had
        holder.close()
    connection = user.calls(MODERN)
    try:
        assert until(lambda: time.monotonic() > ended)
        answer = connection.post("tools/call", ECHO)
        assert answer.status in (200, 503) and "result" not in answer.json(), answer.describe()
        assert authority.count() == asked, "a token was asked for that could not have been kept"
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert until(lambda: "result" in connection.post("tools/call", ECHO).json(), every=0.5), "the account was lost"
    assert authority.count() == asked + 1 and authority.lost == set()
