"""Clients of 2024-11-05 (HTTP+SSE) in front of Martlet: `/{server}/sse` and `/{server}/messages` (protocol.md §4.3)."""

import json
import secrets
import sqlite3
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import request
from martlet_support.fake_sse_server import FakeSSEServer
from martlet_support.oauth import challenge_parameters
from martlet_support.route import fresh_token, token
from martlet_support.sse_connection import SSEConnection
from martlet_support.steps import Person, count, registered

KINDS = ["stateful", "stateless", "older"]


@pytest.fixture(scope="module")
def upstream():
    with FakeSSEServer() as server:
        yield server


@pytest.fixture(scope="module")
def world(install_for_file, upstream):
    return install_for_file(servers={"older": {"url": upstream.url}}, users={"bob": "another correct horse"})


def sse_url(world, server: str) -> str:
    return f"{world.url}/{server}/sse"


def connected(world, server: str = "stateful", **options) -> SSEConnection:
    connection = SSEConnection(sse_url(world, server), options.pop("token", None) or token(world, server), **options).open()
    connection.initialize()
    return connection


@pytest.mark.parametrize("server", KINDS)
def test_4_3_a_whole_conversation(world, server):
    with SSEConnection(sse_url(world, server), token(world, server)) as connection:
        assert connection.opened.header("content-type").startswith("text/event-stream")
        assert connection.heard[0][1].startswith(f"/{server}/messages?session_id=mes_")
        assert connection.initialize()["result"]["serverInfo"]
        assert connection.call("tools/list")["result"]["tools"]
        assert connection.tool("echo", {"text": "h\u00e9llo\u2028"})["content"][0]["text"] == "h\u00e9llo\u2028"
        assert connection.call("no/such")["error"]["code"] == -32601
        slow = connection.tool("slow", {"steps": 3, "delay": 0.01}, _meta={"progressToken": "p"})
        assert slow["content"][0]["text"] == "3 steps done"
        assert [m["params"]["progress"] for m in connection.others if "params" in m] == [1, 2, 3]
        assert {kind for kind, _ in connection.heard[1:]} == {"message"}


def test_4_3_the_end_of_the_stream_is_the_end_of_the_session(world, upstream):
    server = world.upstreams["stateful"]
    before, theirs = len(server.sessions), len(upstream.streams)
    one, other = connected(world), connected(world, "older")
    assert len(server.sessions) == before + 1
    for connection in (one, other):
        connection.close()
    upstream.wait_for_streams(theirs)
    wait_until(lambda: len(server.sessions) == before)
    assert one.post("tools/list").status == 404


def test_4_3_the_server_speaks_first(world):
    server = world.upstreams["stateful"]
    with connected(world) as connection:
        server.wait_for_streams()
        session = list(server.sessions)[-1]
        asked = {"jsonrpc": "2.0", "id": "s1", "method": "roots/list"}
        assert server.push(asked, session) == 1
        assert connection.next() == asked
        assert connection.say({"jsonrpc": "2.0", "id": "s1", "result": {"roots": []}}).status == 202
        wait_until(lambda: any((r.json or {}).get("id") == "s1" for r in server.received() if r.body))


def test_4_3_the_server_asks_in_the_middle_of_a_call(world):
    with connected(world, "older") as connection:
        assert connection.post("tools/call", {"name": "ask", "arguments": {}}).status == 202
        call = connection.next_id
        asked = connection.next()
        assert asked.get("method") == "elicitation/create", asked
        connection.say({"jsonrpc": "2.0", "id": asked["id"], "result": {"action": "decline"}})
        assert json.loads(connection.answer_to(call)["result"]["content"][0]["text"]) == {"action": "decline"}


def test_4_3_the_servers_own_stream_is_opened_again(world):
    server = world.upstreams["stateful"]
    with connected(world) as connection:
        server.wait_for_streams()
        session = list(server.sessions)[-1]
        for stream in list(server.sessions[session]):
            stream.put(None)
        wait_until(lambda: not server.sessions[session])
        wait_until(lambda: server.sessions[session])
        server.push({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "again"}}, session)
        assert connection.next()["params"]["data"] == "again"


@pytest.mark.parametrize("method,path", [("GET", "sse"), ("POST", "messages?session_id=x"), ("GET", "sse/"), ("POST", "sse"), ("DELETE", "messages")])
@pytest.mark.parametrize("bearer", [None, "nonsense"])
def test_D7_strangers_are_told_where_to_log_in(world, method, path, bearer):
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    answer = request(method, f"{world.url}/stateful/{path}", headers=headers, json={} if method == "POST" else None)
    assert answer.status == 401, answer.describe()
    challenge = challenge_parameters(answer)
    assert ("error" in challenge) == bool(bearer)
    document = request("GET", challenge["resource_metadata"])
    assert document.status == 200, document.describe()
    resource = document.json()["resource"]
    assert resource == f"{world.url}/stateful/sse" + ("/" if path == "sse/" else ""), "what strict clients compare with their URL"


def test_D12_the_streams_path_is_another_spelling_of_the_route(world):
    """A token that was asked for under the stream's URL is the route's, and good at both; one of another route is not."""
    tokens = Person(world).tokens(registered(world), sse_url(world, "stateful"))
    assert tokens.claims["aud"] in (world.mcp_url("stateful"), [world.mcp_url("stateful")])
    assert world.connect("stateful", tokens.access).initialize().status == 200
    connected(world, token=tokens.access).close()
    foreign = request("GET", sse_url(world, "stateless"), headers={"Authorization": f"Bearer {tokens.access}"})
    assert foreign.status == 401, foreign.describe()


@pytest.mark.parametrize("path,allowed", [("sse", "GET"), ("messages", "POST")])
def test_X3_other_verbs_are_405(world, path, allowed):
    headers = {"Authorization": f"Bearer {token(world, 'stateful')}"}
    for verb in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"):
        if verb != allowed:
            answer = request(verb, f"{world.url}/stateful/{path}", headers=headers)
            assert answer.status == 405 and allowed in answer.header("allow"), answer.describe()


def test_V_014_a_stream_is_its_owners(world):
    bob = Person(world, "bob", "another correct horse")
    client = registered(world)
    theirs = bob.tokens(client, world.mcp_url("stateful")).access
    other_client = registered(world, extra={"client_name": "another"})
    elsewhere = Person(world).tokens(other_client, world.mcp_url("stateful")).access
    with connected(world) as connection:
        unknown = connection.say({"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=connection.headers)
        assert unknown.status == 202
        connection.answer_to(1)
        endpoint = urllib.parse.urlsplit(connection.endpoint)
        guess = f"{endpoint.scheme}://{endpoint.netloc}{endpoint.path}?session_id=mes_{secrets.token_urlsafe(32)}"
        missing = request("POST", guess, headers=connection.headers, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert missing.status == 404, missing.describe()
        for bearer in (theirs, elsewhere):
            answer = connection.say({"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers={"Authorization": f"Bearer {bearer}"})
            assert answer.status == 404 and answer.body == missing.body, answer.describe()
        other_route = connection.endpoint.replace("/stateful/", "/stateless/")
        answer = request("POST", other_route, headers={"Authorization": f"Bearer {token(world, 'stateless')}"}, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert answer.status == 404, answer.describe()
        assert connection.call("ping")["result"] == {}, "and nothing of it came out on the stream"
        mine = {"Authorization": f"Bearer {fresh_token(world)}"}
        assert connection.say({"jsonrpc": "2.0", "id": 7, "method": "ping"}, headers=mine).status == 202, "a refreshed token"
        connection.answer_to(7)


@pytest.mark.parametrize("query", ["", "?", "?session_id=", "?session_id", "?x=1", "?session_id={id}&session_id={id}", "?Session_Id={id}", "?session_id={id}%20"])
def test_V_016_no_stream_is_ever_guessed(world, query):
    with connected(world) as connection:
        identifier = connection.endpoint.partition("session_id=")[2]
        answer = request("POST", f"{world.url}/stateful/messages{query.format(id=identifier)}", headers=connection.headers, json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert answer.status == 404, answer.describe()


def test_V_014_ids_of_streams_and_sessions_are_not_interchangeable(world):
    with connected(world) as connection:
        identifier = connection.endpoint.partition("session_id=")[2]
        headers = {**connection.headers, "Mcp-Session-Id": identifier}
        assert request("POST", world.mcp_url("stateful"), headers=headers, json={"jsonrpc": "2.0", "id": 1, "method": "ping"}).status == 404
    streamable = world.connect("stateful", token(world, "stateful"))
    streamable.initialize()
    answer = request("POST", f"{world.url}/stateful/messages?session_id={streamable.session}", headers=streamable.headers(), json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert answer.status == 404


@pytest.mark.parametrize("body,status", [(b"", 400), (b"{", 400), (b"[]", 400), (b'{"jsonrpc":"2.0","id":1}', 400), (b'{"id":1,"id":2}', 400), (b"[1]", 400)])
def test_V_028_unreadable_messages_are_refused_where_they_were_posted(world, body, status):
    with connected(world) as connection:
        answer = request("POST", connection.endpoint, headers={**connection.headers, "Content-Type": "application/json"}, body=body)
        assert answer.status == status, answer.describe()
        assert connection.call("ping")["result"] == {}


def test_limits_are_those_of_the_route(world):
    with connected(world) as connection:
        assert connection.post("tools/call", {"name": "echo", "arguments": {"text": "x" * (4 << 20)}}).status == 413
        assert request("POST", connection.endpoint, headers={**connection.headers, "Content-Type": "text/plain"}, body=b"{}").status == 415
        assert connection.call("ping")["result"] == {}


def test_N_25_foreign_pages_may_not(world):
    for method, path in (("GET", "sse"), ("POST", "messages?session_id=x")):
        answer = request(method, f"{world.url}/stateful/{path}", headers={"Authorization": f"Bearer {token(world, 'stateful')}", "Origin": "https://evil.example"})
        assert answer.status == 403, answer.describe()
    preflight = request("OPTIONS", sse_url(world, "stateful"), headers={"Origin": world.url, "Access-Control-Request-Method": "GET"})
    assert preflight.status == 204 and preflight.header("access-control-allow-origin") == world.url
    own = request("GET", sse_url(world, "stateful"), headers={"Origin": world.url})
    assert own.status == 401 and own.header("access-control-allow-origin") == world.url


def test_4_3_no_upstream_url_path_or_session_reaches_the_client(world, upstream):
    """And none of ours the upstream: the rewriting of `endpoint` is total."""
    upstream.clear()
    with connected(world, "older") as connection:
        connection.tool("echo", {"text": "x"})
        heard = json.dumps(connection.heard) + json.dumps(connection.opened.headers)
        identifier = connection.endpoint.partition("session_id=")[2]
        theirs = {dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(r.path).query))["session_id"] for r in upstream.received() if "?" in r.path}
    assert theirs
    for secret in (*theirs, f":{upstream.port}", "mus_"):
        assert secret not in heard, secret
    for seen in upstream.received():
        whole = seen.path + json.dumps(seen.headers) + seen.body.decode()
        for secret in (identifier, "mes_", "mse_", "mus_", connection.token, str(world.gateway.port)):
            assert secret not in whole.replace(seen.header("martlet-assertion"), ""), f"{secret} in {whole}"


def test_V_013_many_clients_with_equal_ids(world):
    clients = [connected(world, KINDS[n % 3]) for n in range(9)]
    rounds = count(25, 2500)

    def talk(connection: SSEConnection) -> int:
        connection.next_id, wrong = 100, 0
        for _ in range(rounds):
            nonce = secrets.token_hex(8)
            result = connection.tool("echo", {"text": nonce})
            wrong += result["content"][0]["text"] != nonce
            connection.tool("slow", {"steps": 1, "delay": 0}, _meta={"progressToken": nonce})
            wrong += any(m.get("params", {}).get("progressToken") != nonce for m in connection.others)
            connection.others.clear()
        return wrong

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sum(pool.map(talk, clients)) == 0
    print(f"proof: V-013 count={rounds * len(clients)}")
    for connection in clients:
        connection.close()


def test_4_3_answers_do_not_wait_for_each_other(world):
    with connected(world, "older") as connection:
        connection.post("tools/call", {"name": "echo", "arguments": {"text": "late", "delay": 1}})
        late = connection.next_id
        assert connection.call("ping")["result"] == {}
        assert connection.answer_to(late)["result"]["content"][0]["text"] == "late"


def test_4_3_a_failing_server_answers_on_the_stream(world, upstream):
    with connected(world, "older") as connection:
        answer = connection.call("tools/call", {"name": "drop", "arguments": {}})
        assert answer["error"]["code"] == -31003, answer


def test_A_01_every_message_leaves_one_record_and_the_stream_too(world):
    since = position(world)
    with connected(world) as connection:
        connection.tool("echo", {"text": "x"})
        connection.say({}, headers={})
        assert connection.say([]).status == 400
    wait_until(lambda: len(exchanges(world, since)) == 8)
    found = [(row["method"], row["action"], row["status"]) for row in exchanges(world, since)]
    assert sorted(found) == [
        ("DELETE", "exchange.forwarded", 200),
        ("GET", "exchange.forwarded", 200),  # the server's own stream
        ("GET", "exchange.forwarded", 200),  # the client's
        ("POST", "exchange.refused", 400),
        ("POST", "exchange.refused", 401),
        ("initialize", "exchange.forwarded", 200),
        ("notifications/initialized", "exchange.forwarded", 202),
        ("tools/call", "exchange.forwarded", 200),
    ], found


def position(world) -> int:
    time.sleep(0.4)  # written within 100 ms
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        return database.execute("SELECT coalesce(max(position), 0) FROM audit_event").fetchone()[0]


def exchanges(world, since: int) -> list[sqlite3.Row]:
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        database.row_factory = sqlite3.Row
        found = database.execute("SELECT * FROM audit_event WHERE position > ? AND route = '/stateful/mcp'", (since,))
        return [row for row in found if row["action"].startswith("exchange.")]


def wait_until(condition, timeout: float = 20) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)
