"""A job acts for a user: at chosen servers and tools, for a time, and never for anybody else."""

import sqlite3

import pytest
from martlet_support import MCPConnection, OAuthClient
from martlet_support.admin import API, bearer, refused
from martlet_support.connect_world import ConnectWorld
from martlet_support.mcp import MODERN
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import person, registered, until
from martlet_support.trail import records

POLICY = {
    "default": "deny",
    "rules": [
        {"name": "users", "effect": "allow", "who": {"users": ["alice"]}, "what": {"servers": ["stateless", "stateful"]}},
        {"name": "job", "effect": "allow", "who": {"users": ["nightly"]}, "what": {"servers": ["stateless"]}},
        {"name": "job-no-add", "effect": "deny", "who": {"users": ["nightly"]}, "what": {"tools": ["add"]}},
    ],
}


def delegate(world, *options: str, user: str | None = None, job: str = "nightly") -> dict:
    return world.gateway.cli_json("delegation", "create", "--user", user or world.user, "--job", job, *options)


def key(world, name: str, delegation: dict, *options: str, owner: str = "nightly") -> str:
    return world.gateway.cli_json("key", "create", name, "--owner", owner, "--delegation", delegation["id"], *options)["key"]


def status(world, token: str, server: str = "stateless") -> int:
    return MCPConnection(world.mcp_url(server), token).post("ping").status


@pytest.fixture(scope="module")
def world(own):
    own.gateway.cli("user", "add", "nightly", "--service")
    own.gateway.cli("user", "add", "weekly", "--service")
    own.gateway.cli("user", "add", "foreign", "--service", "--tenant", "acme")
    return own


@pytest.fixture(scope="module")
def admin(world):
    return bearer(world, "admin")


def test_a_job_acts_for_a_user_and_only_so(world):
    made = delegate(world, "--server", "stateless", "--tool", "echo")
    token = key(world, "for-alice", made)
    connection = MCPConnection(world.mcp_url("stateless"), token)
    connection.initialize()
    assert [tool["name"] for tool in connection.call("tools/list")["result"]["tools"]] == ["echo"]
    assert connection.tool("echo", {"text": "hi"})["content"][0]["text"] == "hi"
    answer = connection.post("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}).json()
    assert answer["error"]["code"] == -31001, answer
    assert status(world, token, "stateful") == 401, "not one of its servers"
    # Nothing that comes with a call says for whom.
    for name in ("Martlet-User", "X-Forwarded-User", "X-On-Behalf-Of"):
        assert connection.post("ping", headers={name: "bob"}).status == 200
    row = [row for row in records(world) if row["target"] == "echo"][-1]
    assert row["key_name"] == f"for-alice: job nightly for user {row['subject']}"
    plain = world.gateway.cli_json("key", "create", "own", "--owner", world.user)["key"]
    assert status(world, plain) == 200
    subject = [row for row in records(world) if row["key_name"] == "own"][-1]["subject"]
    assert row["subject"] == subject, "the user is who acted"
    own = world.gateway.cli_json("key", "create", "nightly-itself", "--owner", "nightly")["key"]
    assert status(world, own) == 200
    assert [row for row in records(world) if row["key_name"] == "nightly-itself"][-1]["subject"] != subject


def test_what_can_not_be_delegated(world):
    def no(*arguments: str, words: str):
        assert words in world.gateway.cli(*arguments, exit_code=1).stderr

    create = ("delegation", "create", "--server", "stateless")
    no(*create, "--user", world.user, "--job", "foreign", words="no such service account")
    no(*create, "--user", world.user, "--job", world.user, words="no such service account")
    no(*create, "--user", "nightly", "--job", "weekly", words="no such user")
    no(*create, "--user", world.user, "--job", "nightly", "--expires-in", "9999d", words="365")
    made = delegate(world, "--server", "stateless", "--expires-in", "1d")
    for owner in ("weekly", world.user):
        no("key", "create", "x", "--owner", owner, "--delegation", made["id"], words="no such delegation")
    no("key", "create", "x", "--owner", "nightly", "--delegation", "dlg_nosuch", words="no such delegation")
    short = world.gateway.cli_json("key", "create", "no-longer", "--owner", "nightly", "--delegation", made["id"])
    assert short["expires_at"] <= made["expires_at"], "a key doesn't outlive its delegation"


@pytest.mark.parametrize("end", ["delegation", "user", "job", "key", "access-user", "access-job"])
def test_V_053_what_ends_it(world, end):
    world.gateway.add_user(f"leaver-{end}", PASSWORD)
    world.gateway.cli("user", "add", f"job-{end}", "--service")
    made = delegate(world, "--server", "stateful", user=f"leaver-{end}", job=f"job-{end}")
    token = key(world, f"key-{end}", made, owner=f"job-{end}")
    connection = MCPConnection(world.mcp_url("stateful"), token)
    connection.initialize()
    stream = connection.open_stream()
    world.gateway.cli(*{
        "delegation": ("delegation", "revoke", made["id"]), "user": ("user", "disable", f"leaver-{end}"),
        "job": ("user", "disable", f"job-{end}"), "key": ("key", "revoke", f"key-{end}"),
        "access-user": ("access", "revoke", "--user", f"leaver-{end}"),
        "access-job": ("access", "revoke", "--user", f"job-{end}")}[end])
    assert until(lambda: status(world, token, "stateful") == 401)
    list(stream.stream.events())
    left = [one["state"] for one in world.gateway.cli_json("delegation", "list", "--user", f"leaver-{end}", "--all")]
    assert left == ["revoked" if end in ("delegation", "access-user", "access-job") else "active"]


def test_V_053_an_open_delegation_ends_by_itself(world):
    made = delegate(world, "--server", "stateless", "--expires-in", "60s")
    token = key(world, "minute", made)
    assert status(world, token) == 200
    assert world.gateway.cli_json("key", "list", "--owner", "nightly")
    report = [one for one in world.gateway.cli_json("access", "report") if one["by"] == "delegation"]
    assert {(one["subject"], one["through"], one["server"]) for one in report} >= {(world.user, "nightly", "stateless")}
    over = delegate(world, "--server", "stateless")
    late = key(world, "late", over)
    with sqlite3.connect(world.gateway.data_dir / "martlet.sqlite") as database:
        assert database.execute("UPDATE delegation SET expires_at = created_at WHERE id = ?", (over["id"],)).rowcount == 1
    assert status(world, late) == 401


def test_policy_is_asked_about_both(install):
    world = install(users={"bob": PASSWORD}, config={"policy": POLICY})
    world.gateway.cli("user", "add", "nightly", "--service")
    for user, server, tools in [(world.user, "stateless", ["echo"]), ("bob", "stateless", []), (world.user, "stateful", [])]:
        made = delegate(world, "--server", server, user=user)
        connection = MCPConnection(world.mcp_url(server), key(world, f"{user}-{server}", made))
        if tools:
            connection.initialize()
            names = [tool["name"] for tool in connection.call("tools/list")["result"]["tools"]]
            assert "echo" in names and "add" not in names, names
            assert connection.tool("echo", {"text": "1"})["content"]
            assert connection.post("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}}).json()["error"]["code"] == -31001
        else:
            answer = connection.post("tools/call", {"name": "echo", "arguments": {"text": "1"}})
            assert "-31001" in answer.text, f"{user} at {server}: {answer.describe()}"


def test_V_060_N_24_every_way_in_stands_under_the_same_rules(install):
    """With whichever credential somebody comes, what may not be done isn't done; a scope is needed and never enough."""
    rules = [{"name": "no-add", "effect": "deny", "what": {"tools": ["add"]}}]
    world = install(config={"policy": {"default": "allow", "rules": rules}})
    world.gateway.cli("user", "add", "nightly", "--service")
    given = delegate(world, "--server", "stateless")
    login = person(world).tokens(registered(world), world.mcp_url("stateless"))
    made = world.gateway.add_client("itself", "--grant", "client_credentials")
    itself = OAuthClient(world.url, client_id=made["client_id"], client_secret=made["client_secret"], auth="client_secret_basic")
    machine = itself.client_credentials(world.mcp_url("stateless")).json()["access_token"]
    ways = {"token": login.access, "key": world.gateway.cli_json("key", "create", "own", "--owner", world.user)["key"],
            "delegation": key(world, "job", given), "machine": machine}
    for way, credential in ways.items():
        connection = MCPConnection(world.mcp_url("stateless"), credential)
        connection.initialize()
        world.upstreams["stateless"].clear()
        answer = connection.post("tools/call", {"name": "add", "arguments": {"a": 1, "b": 2}})
        assert answer.json()["error"]["code"] == -31001, f"{way}: {answer.describe()}"
        assert world.upstreams["stateless"].received("tools/call") == [], way
        assert connection.tool("echo", {"text": way})["content"], way


def test_the_user_s_account_is_used_upstream():
    world = ConnectWorld()
    try:
        world.connect()
        world.gateway.cli("user", "add", "nightly", "--service")
        made = world.gateway.cli_json("delegation", "create", "--user", USER, "--job", "nightly", "--server", "up")
        token = world.gateway.cli_json("key", "create", "k", "--owner", "nightly", "--delegation", made["id"])["key"]
        mine = world.gateway.cli_json("key", "create", "mine", "--owner", USER)["key"]
        seen = []
        for credential in (token, mine):
            connection = MCPConnection(world.gateway.mcp_url("up"), credential)
            connection.initialize()
            assert connection.tool("echo", {"text": "x"})["content"][0]["text"] == "x"
            seen.append(world.up.received("tools/call")[-1].header("authorization"))
        assert seen[0] == seen[1] and seen[0].startswith("Bearer "), seen
        alone = world.gateway.cli_json("key", "create", "alone", "--owner", "nightly")["key"]
        connection = MCPConnection(world.gateway.mcp_url("up"), alone)
        connection.initialize()
        before = len(world.up.received("tools/call"))
        connection.post("tools/call", {"name": "echo", "arguments": {"text": "x"}})
        assert len(world.up.received("tools/call")) == before, "the job itself has no account"
    finally:
        world.close()


def test_over_the_api_users_manage_their_own(world, admin):
    client = registered(world, extra={"client_name": "delegating"})
    own = API(world, person(world).tokens(client, f"{world.url}/api").access)
    made = own.ok("POST", "/api/delegations", {"job": "weekly", "servers": ["stateless"], "tools": ["echo"]}, 201)
    assert (made["user"], made["job"], made["tools"]) == (world.user, "weekly", ["echo"])
    refused(own("POST", "/api/delegations", {"job": "weekly", "servers": ["nosuch"]}), 409, "conflict")
    world.gateway.add_user("neighbour", PASSWORD)
    theirs = admin.ok("POST", "/api/delegations", {"job": "weekly", "servers": ["stateless"], "user": "neighbour"}, 201)
    refused(own("POST", "/api/delegations", {"job": "weekly", "servers": ["stateless"], "user": "neighbour"}), 403, "forbidden")
    assert theirs["id"] not in own("GET", "/api/delegations").text
    refused(own("DELETE", f"/api/delegations/{theirs['id']}"), 404, "not_found")
    refused(own("POST", "/api/keys", {"name": "w", "delegation": made["id"]}), 409, "conflict")
    acme = bearer(world, "tenant-admin", "--tenant", "acme")
    refused(acme("DELETE", f"/api/delegations/{made['id']}"), 404, "not_found")
    assert made["id"] not in acme("GET", "/api/delegations").text
    token = admin.ok("POST", "/api/keys", {"name": "w", "owner": "weekly", "delegation": made["id"]}, 201)["key"]
    assert status(world, token) == 200
    own.ok("DELETE", f"/api/delegations/{made['id']}", status=204)
    assert status(world, token) == 401
    refused(own("DELETE", f"/api/delegations/{made['id']}"), 404, "not_found")


def test_on_the_account_page(world):
    browser = person(world).browser
    page = browser.open(f"{world.url}/account")
    if "password" in page.main_form.names:
        page = browser.submit(page, {"username": world.user, "password": world.password})
        page = browser.open(f"{world.url}/account")
    form = page.form_to("/account/delegations")
    csrf = dict(form.fields)["csrf"]
    assert "weekly" in page.text and "foreign" not in page.text
    done = browser.fetch("POST", f"{world.url}/account/delegations", form=[
        ("csrf", csrf), ("job", "weekly"), ("server", "stateless"), ("server", "modern"), ("tools", "echo get_*"), ("days", "2")])
    assert done.status == 303, done.describe()
    page = browser.open(f"{world.url}/account")
    assert "modern, stateless: echo get_*" in page.text
    made = [one for one in world.gateway.cli_json("delegation", "list") if one["tools"] == ["echo", "get_*"]][0]
    for bad in ("AAAA", ""):
        answer = browser.fetch("POST", f"{world.url}/account/delegations/revoke", form=[("csrf", bad), ("id", made["id"])])
        assert answer.status in (400, 403), answer.describe()
    assert browser.fetch("POST", f"{world.url}/account/delegations", form=[
        ("csrf", csrf), ("job", "weekly"), ("days", "2")]).status == 400, "no server"
    page = browser.submit(page, form=next(form for form in page.forms if ("id", made["id"]) in form.fields))
    assert page.status == 200
    assert [one["state"] for one in world.gateway.cli_json("delegation", "list", "--all") if one["id"] == made["id"]] == ["revoked"]
    token = [row for row in records(world) if row["action"] == "delegation.revoked"]
    assert token and token[-1]["reason"] == "by_user"


def test_modern_clients_too(world):
    made = delegate(world, "--server", "modern")
    connection = MCPConnection(world.mcp_url("modern"), key(world, "modern", made), revision=MODERN)
    assert connection.tool("echo", {"text": "m"})["content"][0]["text"] == "m"
