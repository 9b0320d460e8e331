"""V-032: a call that needs an approval waits for a person, is bound to this very call, and goes through once."""

import hashlib
import hmac
import http.server
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import MCPConnection, request
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.steps import Person, count, reconfigure, registered, until
from martlet_support.trail import records

BOSS, BOB = "another horse battery staple", "a third horse battery staple"
SECRET = b"a secret for the notices"
TOOLS = [
    {"name": name, "inputSchema": {"type": "object"}} for name in ("deploy", "delete_repo", "get_repo")
]
POLICY = {
    "default": "allow",
    "roles": {"leads": {"users": ["boss", "alice"]}, "bobs": {"users": ["bob"]}},
    "rules": [
        {"name": "ask", "effect": "require_approval", "approvers": ["leads"],
         "what": {"tools": ["deploy", "delete_*"], "prompts": ["launch"]}},
        {"name": "no-secrets", "effect": "deny", "what": {"tools": ["delete_*"]},
         "when": {"arguments": {"repo": "secret"}}},
        {"name": "ask-bob", "effect": "require_approval", "approvers": ["bobs"], "self": True, "expires": "1m",
         "what": {"tools": ["get_repo"]}, "when": {"arguments": {"repo": "own"}}},
    ],
}
ACCEPTED = {"inputResponses": {"martlet_approval": {"action": "accept"}}, "requestState": "martlet.approval"}


class Hook:
    """Takes notices."""

    def __init__(self):
        owner = self
        self.got: list[tuple[str, bytes]] = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                owner.got.append((self.headers["martlet-signature"], self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture(scope="module")
def world(install_for_file, tmp_path_factory):
    hook = Hook()
    secret = tmp_path_factory.mktemp("hook") / "secret"
    secret.write_bytes(SECRET)
    world = install_for_file(
        users={"boss": BOSS, "bob": BOB},
        config={"policy": POLICY, "approvals": {"webhook": {"url": hook.url, "secret": {"file": str(secret)}}}})
    world.hook = hook
    world.people = {"alice": Person(world), "boss": Person(world, "boss", BOSS), "bob": Person(world, "bob", BOB)}
    for upstream in world.upstreams.values():
        upstream.tools = [*TOOLS]
        upstream.capabilities = {"tools": {}, "prompts": {}}
        upstream.on("tools/call", lambda message, _: {"content": [{"type": "text", "text": "done"}]})
        upstream.on("prompts/get", lambda *_: {"messages": []})
    yield world
    hook.server.shutdown()
    hook.server.server_close()


def connection(world, server, revision, user="bob", url=False, name="martlet-tests") -> MCPConnection:
    client = registered(world, extra={"client_name": name})
    opened = MCPConnection(world.mcp_url(server), world.people[user].tokens(client, world.mcp_url(server)).access,
                           revision=revision)
    opened.declares = {"elicitation": {"url": {}}} if url else {}
    if not opened.modern:
        opened.initialize(opened.declares)
    return opened


def call(opened, tool="deploy", arguments=None, **more) -> dict:
    params = {"name": tool, "arguments": {"to": "test"} if arguments is None else arguments, **more}
    if opened.modern:
        params["_meta"] = {"io.modelcontextprotocol/clientCapabilities": opened.declares}
    return opened.call("tools/call", params)


def asked(answer: dict) -> str:
    """The approval that an answer leads to, in whatever form it does."""
    found = set(re.findall(r"/approvals/(apr_[\w-]+)", json.dumps(answer)))
    assert len(found) == 1, answer
    return found.pop()


def went_through(answer: dict) -> bool:
    return answer.get("result", {}).get("content") == [{"type": "text", "text": "done"}]


def decide(world, user, approval, decision="allow"):
    """Opens the page, where needed by logging in, and presses a button."""
    person = world.people[user]
    page = person.browser.open(f"{world.url}/approvals/{approval}")
    if page.has_form and "password" in page.main_form.names:
        page = person.browser.submit(page, {"username": person.user, "password": person.password})
    assert page.status == 200, page.response.describe()
    if page.has_form and "decision" in page.main_form.names:
        return person.browser.submit(page, {"decision": decision})
    return page


def cli(world, *words):
    return json.loads(world.gateway.cli("approval", *words, "--json").stdout)


@pytest.mark.parametrize("server, revision", [("modern", MODERN), ("stateful", LEGACY), ("stateless", MODERN), ("modern", LEGACY)])
def test_V_032_a_call_waits_and_goes_through_once_when_somebody_approves(world, server, revision):
    bob, upstream = connection(world, server, revision), world.upstreams[server]
    upstream.clear()
    arguments = {"to": f"production-{server}-{revision}"}
    first = call(bob, arguments=arguments)
    assert first["result"]["isError"] is True, "a client that can't be sent to a page gets the link as text"
    approval = asked(first)
    assert asked(call(bob, arguments=dict(reversed(arguments.items())))) == approval, "asked once, however often it is called"
    assert upstream.received("tools/call") == []
    page = decide(world, "boss", approval)
    assert "not used yet" in page.text, page.response.describe()
    assert went_through(call(bob, arguments=arguments))
    assert asked(call(bob, arguments=arguments)) != approval, "once"
    assert len(upstream.received("tools/call")) == 1
    assert upstream.received("tools/call")[0].json["params"]["arguments"] == arguments
    assert until(lambda: [r["action"] for r in records(world) if approval in (r.get("reason") or "")]
                 == ["approval.requested", "exchange.refused", "exchange.refused", "approval.granted", "approval.used"])


@pytest.mark.parametrize("server, revision", [("modern", MODERN), ("stateful", LEGACY)])
def test_V_032_whatever_differs_asks_again_and_spends_nothing(world, server, revision):
    bob, upstream = connection(world, server, revision), world.upstreams[server]
    upstream.clear()
    arguments = {"repo": f"site-{revision}"}
    approval = asked(call(bob, "delete_repo", arguments))
    decide(world, "boss", approval)
    for other in [
        call(bob, "delete_repo", {**arguments, "force": True}), call(bob, "deploy", arguments),
        call(connection(world, server, revision, "alice"), "delete_repo", arguments),
        call(connection(world, server, revision, name="other program"), "delete_repo", arguments),
        call(connection(world, "stateless", revision), "delete_repo", arguments),
    ]:
        assert asked(other) != approval
    changed = [{**tool, "description": "Now it does more."} for tool in TOOLS]
    upstream.tools = changed
    try:
        assert asked(call(bob, "delete_repo", arguments)) != approval, "another tool by now"
    finally:
        upstream.tools = [*TOOLS]
    assert upstream.received("tools/call") == [], "nothing was made"
    assert went_through(call(bob, "delete_repo", arguments)), "nothing was spent"
    assert len(upstream.received("tools/call")) == 1


@pytest.mark.parametrize("server, revision", [("modern", MODERN), ("stateful", LEGACY), ("modern", LEGACY), ("stateful", MODERN)])
def test_V_032_clients_that_can_are_sent_to_the_page(world, server, revision):
    bob = connection(world, server, revision, url=True)
    arguments = {"to": f"elicited-{server}-{revision}"}
    first = call(bob, arguments=arguments)
    approval = asked(first)
    if not bob.modern:
        assert first["error"]["code"] == -32042
        assert first["error"]["data"]["elicitations"][0]["mode"] == "url"
        decide(world, "boss", approval)
        assert went_through(call(bob, arguments=arguments))
        return
    assert first["result"]["resultType"] == "input_required" and first["result"]["requestState"] == "martlet.approval"
    declined = {**ACCEPTED, "inputResponses": {"martlet_approval": {"action": "decline"}}}
    assert call(bob, arguments=arguments, **declined)["result"]["isError"] is True, "who didn't want to isn't asked again"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(call, bob, arguments=arguments, **ACCEPTED)
        decide(world, "boss", approval)
        assert went_through(waiting.result()), "who has gone to the page is kept waiting for a while"
    sent = world.upstreams[server].received("tools/call")[-1].json["params"]
    assert "requestState" not in sent and "inputResponses" not in sent


def parameters(opened, arguments) -> dict:
    """Of the call of a modern client whose user is said to be at the page."""
    meta = {"io.modelcontextprotocol/clientCapabilities": opened.declares}
    return {"name": "deploy", "arguments": arguments, "_meta": meta, **ACCEPTED}


def test_V_032_who_left_while_waiting_spends_nothing(world):
    bob, upstream = connection(world, "modern", MODERN, url=True), world.upstreams["modern"]
    arguments = {"to": "whoever is gone"}
    approval = asked(call(bob, arguments=arguments))
    upstream.clear()
    with pytest.raises(TimeoutError):
        bob.post("tools/call", parameters(bob, arguments), timeout=2)
    assert until(lambda: any(row["reason"] == "client_disconnected" for row in records(world)))
    decide(world, "boss", approval)
    time.sleep(2.5)  # A call that waits looks every second.
    assert [one["state"] for one in cli(world, "list", "--all") if one["id"] == approval] == ["approved"]
    assert upstream.received("tools/call") == []
    assert went_through(call(bob, arguments=arguments)), "it is there for the call that is made"
    assert len(upstream.received("tools/call")) == 1


@pytest.mark.parametrize("taken", ["token", "key", "user"])
def test_V_032_V_041_who_lost_access_while_waiting_calls_nothing(world, taken):
    name = f"waits-{taken}"
    world.gateway.add_user(name, BOB)
    world.people[name] = Person(world, name, BOB)
    caller, upstream = connection(world, "modern", MODERN, name, url=True), world.upstreams["modern"]
    if taken == "key":
        caller.token = world.gateway.cli_json("key", "create", "k", "--owner", name)["key"]
    arguments = {"to": f"without {taken}"}
    approval = asked(call(caller, arguments=arguments))
    upstream.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(caller.post, "tools/call", parameters(caller, arguments))
        assert until(lambda: len(upstream.received("tools/list")) > 0), "it waits"
        command = {"token": ("token", "revoke", caller.token), "key": ("key", "revoke", "k", "--owner", name),
                   "user": ("user", "disable", name)}[taken]
        world.gateway.cli(*command)
        time.sleep(1)  # What is taken away is known everywhere within half a second.
        decide(world, "boss", approval)
        assert waiting.result().status == 401, waiting.result().describe()
    assert upstream.received("tools/call") == []
    assert [one["state"] for one in cli(world, "list", "--all") if one["id"] == approval] == ["approved"], "nothing was spent"


def test_what_nobody_can_be_asked_about_says_so(world):
    for one in cli(world, "list"):
        world.gateway.cli("approval", "revoke", one["id"])
    bob = connection(world, "modern", MODERN)
    large = call(bob, arguments={"to": "x" * 40_000})["error"]
    assert large["code"] == -31001 and "32768 bytes" in large["message"]
    for index in range(20):
        asked(call(bob, arguments={"to": f"many {index}"}))
    full = call(bob, arguments={"to": "one more"})["error"]
    assert full["code"] == -31001 and "too many calls wait" in full["message"] and "again" in full["message"]
    for one in cli(world, "list"):
        world.gateway.cli("approval", "revoke", one["id"])


def test_V_032_prompts_wait_too_and_what_a_rule_denies_nobody_is_asked_about(world):
    bob = connection(world, "modern", MODERN)
    refused = bob.call("prompts/get", {"name": "launch"})
    assert refused["error"]["code"] == -31001
    decide(world, "boss", asked(refused))
    assert "result" in bob.call("prompts/get", {"name": "launch"})
    denied = call(bob, "delete_repo", {"repo": "secret"})
    assert denied["error"]["code"] == -31001 and "approvals" not in json.dumps(denied)
    assert [tool["name"] for tool in bob.call("tools/list")["result"]["tools"]] == [tool["name"] for tool in TOOLS]
    assert call(bob, "delete_everything")["error"]["code"] == -31001, "nobody is asked about a tool that isn't there"


def test_V_032_many_at_once_make_one_call(world):
    bob, upstream = connection(world, "modern", MODERN), world.upstreams["modern"]
    decide(world, "boss", asked(call(bob, arguments={"to": "race"})))
    upstream.clear()
    attempts = count(40, 1000)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: call(bob, arguments={"to": "race"}), range(attempts)))
    assert sum(went_through(answer) for answer in answers) == 1
    assert len(upstream.received("tools/call")) == 1
    assert len({asked(answer) for answer in answers if not went_through(answer)}) == 1, "the others share one request"


def test_V_032_who_may_decide(world):
    alice = connection(world, "modern", MODERN, "alice")
    own = asked(call(alice, arguments={"to": "self"}))
    seen = decide(world, "alice", own)
    assert "An approver has to decide" in seen.text and not seen.has_form, "not one's own calls"
    assert "&quot;self&quot;" not in seen.text, "what it says is shown to those who decide"
    stranger = world.people["bob"].browser
    answer = stranger.open(f"{world.url}/approvals/{own}")
    if answer.has_form:
        answer = stranger.submit(answer, {"username": "bob", "password": BOB})
    assert answer.status == 404
    assert decide(world, "boss", own, "deny").status == 200
    again = call(alice, arguments={"to": "self"})
    assert again["error"]["code"] == -31001, "it was denied, and stays so for a while"
    assert "decided against it" in again["error"]["message"]
    bob = connection(world, "modern", MODERN)
    mine = asked(call(bob, "get_repo", {"repo": "own"}))
    decide(world, "bob", mine)
    assert went_through(call(bob, "get_repo", {"repo": "own"})), "unless the rule says self: true"


def test_V_032_a_job_s_call_is_the_call_of_the_user_it_acts_for(world):
    """The user decides about it only where the rule says self: true, the job never, and an approval of one opens nothing for the other."""
    gateway = world.gateway
    gateway.cli("user", "add", "nightly", "--service")

    def job_for(user: str) -> MCPConnection:
        made = gateway.cli_json("delegation", "create", "--user", user, "--job", "nightly", "--server", "modern")
        key = gateway.cli_json("key", "create", f"for-{user}", "--owner", "nightly", "--delegation", made["id"])["key"]
        opened = MCPConnection(world.mcp_url("modern"), key, revision=MODERN)
        opened.declares = {}
        return opened

    for_alice, arguments = job_for("alice"), {"to": "by a job"}
    held = asked(call(for_alice, arguments=arguments))
    seen = decide(world, "alice", held)
    assert "An approver has to decide" in seen.text and not seen.has_form, "alice is an approver, but it is a call of hers"
    mine = asked(call(connection(world, "modern", MODERN, "alice"), arguments=arguments))
    assert mine != held
    decide(world, "boss", mine)
    assert asked(call(for_alice, arguments=arguments)) == held, "what she may, her job may not"
    decide(world, "boss", held)
    assert went_through(call(for_alice, arguments=arguments))
    marked = {r["action"]: r["key_name"] for r in records(world) if held in (r["reason"] or "") and r["key_name"]}
    assert set(marked.values()) == {f"for-alice: job nightly for user {world.gateway.cli_json('user', 'list')[0]['id']}"}, marked
    for_bob = job_for("bob")
    own = asked(call(for_bob, "get_repo", {"repo": "own"}))
    assert "job nightly" in decide(world, "bob", own).text, "who calls is shown"
    assert went_through(call(for_bob, "get_repo", {"repo": "own"})), "the rule says self: true"


def test_what_a_call_needs_is_told(world):
    ask = lambda *more, code=1: world.gateway.cli("policy", "test", "--user", "bob", "--call", "modern/deploy", *more, exit_code=code)
    assert ask().stdout.strip() == "needs approval"
    assert json.loads(ask("--json").stdout) == {"allowed": False, "effect": "require_approval", "rule": "ask", "engine_decides_too": False}
    told = world.gateway.cli("policy", "explain", "--user", "bob", "--call", "modern/deploy").stdout
    assert "bob may call modern/deploy once somebody approves: by the rule ask." in told
    free = world.gateway.cli("policy", "test", "--user", "bob", "--call", "modern/get_repo")
    assert free.stdout.strip() == "allowed"
    denied = world.gateway.cli("policy", "test", "--user", "bob", "--call", "modern/delete_x", "--args", '{"repo": "secret"}', exit_code=1)
    assert denied.stdout.strip() == "denied"


def test_V_032_a_page_decides_only_what_it_showed_to_whom_it_showed_it(world):
    bob = connection(world, "modern", MODERN)
    approval = asked(call(bob, arguments={"to": "<script>alert(1)</script>\u202egnp.exe\u0000"}))
    browser = world.people["boss"].browser
    page = browser.open(f"{world.url}/approvals/{approval}")
    assert "<script>" not in page.text and "⟨U+202E⟩" in page.text and "\u202e" not in page.text
    policy = page.response.header("content-security-policy")
    assert "default-src 'none'" in policy and "form-action 'self'" in policy and "script-src" not in policy
    form = dict(page.main_form.fields)
    send = lambda fields, **headers: browser.fetch("POST", f"{world.url}/approvals/{approval}", form=list(fields.items()), headers=headers)
    assert send({**form, "csrf": "x", "decision": "allow"}).status == 403
    assert send({**form, "binding": "00" * 32, "decision": "allow"}).status == 409, "not what was shown"
    assert send({**form, "decision": "allow"}, **{"Sec-Fetch-Site": "cross-site"}).status == 403
    assert send({**form, "decision": "whatever"}).status == 400
    other = world.people["alice"].browser
    assert other.fetch("POST", f"{world.url}/approvals/{approval}", form=[*form.items(), ("decision", "allow")]).status == 403
    assert cli(world, "show", approval)["state"] == "pending"
    assert send({**form, "decision": "allow"}).status == 303
    assert send({**form, "decision": "deny"}).status == 409, "decided once"


def test_V_032_an_hour_is_explicit_visible_and_can_be_taken_back(world):
    bob = connection(world, "stateful", LEGACY)
    approval = asked(call(bob, arguments={"to": "first"}))
    decide(world, "boss", approval, "allow_hour")
    assert went_through(call(bob, arguments={"to": "first"})) and went_through(call(bob, arguments={"to": "second"}))
    asked(call(bob, "delete_repo", {"repo": "x"}))
    assert approval in [one["id"] for one in cli(world, "grants")]
    assert approval in world.people["boss"].browser.open(f"{world.url}/approvals").text
    assert decide(world, "boss", approval, "revoke").status == 200
    asked(call(bob, arguments={"to": "first"}))
    assert approval not in [one["id"] for one in cli(world, "grants")]


def test_V_032_changed_rules_ask_again(world):
    bob = connection(world, "modern", MODERN)
    approval = asked(call(bob, arguments={"to": "changed rules"}))
    decide(world, "boss", approval)
    rules = [*POLICY["rules"], {"name": "more", "effect": "deny", "what": {"tools": ["nothing"]}}]
    reconfigure(world, {"policy": {**POLICY, "rules": rules}})
    try:
        assert asked(call(bob, arguments={"to": "changed rules"})) != approval
    finally:
        reconfigure(world, {"policy": POLICY})
    assert went_through(call(bob, arguments={"to": "changed rules"})), "the rules are the same again"


def test_V_032_the_api_and_the_command_line_decide(world):
    bob = connection(world, "modern", MODERN)
    admin = world.gateway.cli("admin", "token", "--role", "admin", "--ttl", "1h").stdout.strip()
    auditor = world.gateway.cli("admin", "token", "--role", "auditor", "--ttl", "1h").stdout.strip()
    elsewhere = world.gateway.cli("admin", "token", "--role", "tenant-admin", "--tenant", "acme", "--ttl", "1h").stdout.strip()

    def api(method, path, body=None, token=admin):
        return request(method, f"{world.url}/api/approvals{path}", headers={"Authorization": f"Bearer {token}"}, json=body)

    approval = asked(call(bob, arguments={"to": "by api"}))
    listed = {one["id"]: one for one in api("GET", "").json()["approvals"]}
    assert listed[approval]["parameters"]["arguments"] == {"to": "by api"} and listed[approval]["subject"] == "bob"
    schema = request("GET", f"{world.url}/api/openapi.json").json()["components"]["schemas"]["Approval"]
    assert set(schema["required"]) <= set(listed[approval]) <= set(schema["properties"])
    assert api("POST", f"/{approval}/approve", {}, auditor).status == 403
    assert api("GET", f"/{approval}", None, elsewhere).status == 404 and api("POST", f"/{approval}/approve", {}, elsewhere).status == 404
    assert api("POST", f"/{approval}/approve", {"binding": "00" * 32}).status == 409
    approved = api("POST", f"/{approval}/approve", {"binding": listed[approval]["binding"]})
    assert approved.status == 200 and approved.json()["state"] == "approved", approved.describe()
    assert api("POST", f"/{approval}/deny").status == 409
    assert went_through(call(bob, arguments={"to": "by api"}))
    second = asked(call(bob, arguments={"to": "by command"}))
    assert second in [one["id"] for one in cli(world, "list")]
    assert cli(world, "approve", second)["state"] == "approved"
    assert cli(world, "revoke", second)["state"] == "revoked"
    third = asked(call(bob, arguments={"to": "by command"}))
    assert third != second and cli(world, "deny", third)["state"] == "denied"
    assert call(bob, arguments={"to": "by command"})["error"]["code"] == -31001


def test_V_032_a_signed_notice_tells_that_a_call_waits(world):
    bob = connection(world, "modern", MODERN)
    approval = asked(call(bob, arguments={"to": "noticed", "password": "hunter2"}))
    mine = lambda: [got for got in world.hook.got if json.loads(got[1])["id"] == approval]
    assert until(lambda: mine())
    signature, body = mine()[0]
    time, code = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", signature).groups()
    assert hmac.new(SECRET, f"{time}.".encode() + body, hashlib.sha256).hexdigest() == code
    assert json.loads(body)["link"] == f"{world.url}/approvals/{approval}" and b"hunter2" not in body


def test_V_032_nobody_floods_the_approvers(world):
    bob = connection(world, "modern", MODERN)
    for one in cli(world, "list"):
        world.gateway.cli("approval", "revoke", one["id"])
    answers = [call(bob, arguments={"to": f"flood {index}"}) for index in range(21)]
    assert [asked(answer) for answer in answers[:20]] and answers[20]["error"]["code"] == -31001
    assert asked(call(connection(world, "modern", MODERN, "alice"), arguments={"to": "flood"})), "others aren't held up"
    large = call(connection(world, "modern", MODERN, "alice"), arguments={"to": "x" * 40_000})
    assert large["error"]["code"] == -31001, "nobody decides about what can't be seen whole"


def test_V_032_approvals_outlive_the_process(world):
    for one in cli(world, "list"):
        world.gateway.cli("approval", "revoke", one["id"])
    bob = connection(world, "modern", MODERN)
    approval = asked(call(bob, arguments={"to": "restart"}))
    world.gateway.cli("approval", "approve", approval)
    world.gateway.restart()
    assert went_through(call(bob, arguments={"to": "restart"}))
    assert asked(call(bob, arguments={"to": "restart"})) != approval
