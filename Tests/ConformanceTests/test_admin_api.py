"""The admin API: who may do what in it, keys over it, and that its document says what it does (A-34, V-061, V-067, V-069)."""

import base64
import json
import sqlite3
import threading
import time
import zlib

import pytest
from martlet_support import MCPConnection, request
from martlet_support.admin import API, bearer, placed, refused
from martlet_support.steps import person, registered, until, within
from martlet_support.trail import records

LISTING = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.fixture(scope="module")
def world(own):
    for tenant in ("acme", "globex"):
        own.gateway.add_user(f"{tenant}-user", "correct horse battery", "--tenant", tenant)
        own.gateway.cli("key", "create", "shared-name", "--owner", f"{tenant}-user")
    return own


@pytest.fixture(scope="module")
def admin(world):
    return bearer(world, "admin")


def status(world, key: str) -> int:
    return MCPConnection(world.mcp_url("stateless"), key).post("ping").status


def test_a_key_is_made_rotated_and_ended(world, admin):
    made = admin.ok("POST", "/api/keys", {"name": "production-v2", "expires_in": "30d"}, 201)
    assert made["name"] == "production-v2" and made["expires_at"].endswith("Z")
    assert status(world, made["key"]) == 200
    refused(admin("POST", "/api/keys", {"name": "production-v2"}), 409, "conflict")
    rotated = admin.ok("POST", "/api/keys/production-v2/rotate", {"grace": "24h"})
    assert rotated["name"] == "production-v2" and rotated["key"] != made["key"]
    assert status(world, made["key"]) == status(world, rotated["key"]) == 200
    admin.ok("DELETE", "/api/keys/production-v2", status=204)
    assert status(world, made["key"]) == status(world, rotated["key"]) == 401
    refused(admin("DELETE", "/api/keys/production-v2"), 404, "not_found")
    assert status(world, admin.ok("POST", "/api/keys", {"name": "production-v2"}, 201)["key"]) == 200
    one = [key for key in admin.ok("GET", "/api/keys?limit=1000")["keys"] if key["name"] == "production-v2"]
    assert len(one) == 1 and one[0]["owner"] is None and one[0]["state"] == "active"


def test_a_user_manages_keys_of_their_own_with_a_token_for_the_api(world, admin):
    client = registered(world, extra={"client_name": "key page"})
    tokens = person(world).tokens(client, f"{world.url}/api")
    own = API(world, tokens.access)
    made = own.ok("POST", "/api/keys", {"name": "mine", "servers": ["stateless"]}, 201)
    assert status(world, made["key"]) == 200
    names = [key["name"] for key in own.ok("GET", "/api/keys")["keys"]]
    assert "mine" in names and "shared-name" not in names
    assert [key for key in admin.ok("GET", f"/api/keys?owner={world.user}")["keys"] if key["name"] == "mine"][0]["owner"] == world.user
    refused(own("POST", "/api/keys", {"name": "x", "owner": "acme-user"}), 403, "forbidden")
    refused(own("DELETE", "/api/keys/shared-name"), 404, "not_found")
    for method, path in [("GET", "/api/users"), ("GET", "/api/access"), ("POST", "/api/access/revoke"), ("GET", "/api/admin-tokens")]:
        refused(own(method, path), 403, "forbidden")
    refused_by_route = MCPConnection(world.mcp_url("stateless"), tokens.access).post("ping")
    assert refused_by_route.status == 401, "a token for the API opens no MCP route"
    own.ok("DELETE", "/api/keys/mine", status=204)


def test_V_067_A_34_nothing_else_opens_the_api(world, admin):
    key = admin.ok("POST", "/api/keys", {"name": "strong", "owner": world.user}, 201)["key"]
    route_token = person(world).tokens(registered(world, extra={"client_name": "route"})).access
    metadata = f"{world.url}/.well-known/oauth-protected-resource/api"
    for token in (None, "nonsense", key, route_token, admin.token[:-1] + ("1" if admin.token[-1] == "0" else "0"), "mrt_adm_", admin.token + "x"):
        for method, path in [("GET", "/api/keys"), ("POST", "/api/keys"), ("DELETE", "/api/keys/x"), ("GET", "/api/users")]:
            answer = API(world, token)(method, path)
            refused(answer, 401, "invalid_token")
            assert metadata in answer.header("www-authenticate"), answer.describe()
            assert ('error="invalid_token"' in answer.header("www-authenticate")) == (token is not None)
    refused(API(world, None)("GET", "/api/keys", **{"X-API-Key": admin.token}), 401, "invalid_token")
    assert request("GET", metadata).json()["resource"] == f"{world.url}/api"
    assert MCPConnection(world.mcp_url(), admin.token).post("ping").status == 401, "an admin bearer opens no MCP route"


def test_V_067_no_answer_of_the_api_holds_a_secret_or_what_is_kept_of_it(world, admin):
    login = person(world).tokens(registered(world, extra={"client_name": "canary"}))
    secrets = [login.access, login.refresh, admin.token, admin.ok("POST", "/api/keys", {"name": "canary", "owner": world.user}, 201)["key"],
               admin.ok("POST", "/api/users", {"name": "canary-user"}, 201)["password"],
               admin.ok("POST", "/api/clients", {"name": "canary", "grants": ["client_credentials"]}, 201)["client_secret"]]
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        kept = [digest for digest, in database.execute("SELECT digest FROM api_key UNION SELECT digest FROM admin_token")]
    assert len(kept) >= 4
    hidden = set(secrets)
    for digest in kept:
        hidden |= {digest.hex(), base64.b64encode(digest).decode().rstrip("="), base64.urlsafe_b64encode(digest).decode().rstrip("=")}
    document = request("GET", f"{world.url}/api/openapi.json").json()
    lists = [path for path, operations in document["paths"].items() if "get" in operations and "{" not in path]
    assert len(lists) >= 14
    for path in lists:
        paged = {"limit", "cursor"} <= {one["name"] for one in document["paths"][path]["get"].get("parameters", [])}
        whole = "?limit=1000" if paged and path != "/api/analytics" else ""
        answer = admin("GET", path + whole)
        assert answer.status == 200, answer.describe()
        assert not [one for one in hidden if one in answer.text], path


def test_V_068_wrong_bearers_are_slowed_down(install):
    world = install()
    good = bearer(world, "admin")
    wrong = [API(world, forged_bearer(number))("GET", "/api/keys?limit=1") for number in range(60)]
    assert {answer.status for answer in wrong} == {401, 429}
    late = next(answer for answer in wrong if answer.status == 429)
    assert int(late.header("retry-after")) >= 1
    assert good("GET", "/api/keys?limit=1").status == 429, "the network is slowed down, and told when to come back"


def forged_bearer(number: int) -> str:
    """A bearer of the right form that nobody was given."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    body = f"mrt_adm_{number:012d}_" + "x" * 32
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = alphabet[digit] + digits
    return f"{body}_{digits}"


READS = ["/api/keys", "/api/users", "/api/clients", "/api/access"]


def test_V_069_A_34_roles_hold_for_every_operation(world):
    document = request("GET", f"{world.url}/api/openapi.json").json()
    bearers = {"admin": bearer(world, "admin"), "auditor": bearer(world, "auditor"),
               "tenant-admin": bearer(world, "tenant-admin", "--tenant", "acme")}
    seen = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for role, api in bearers.items():
                answer = api(method.upper(), placed(path, "no-such-thing"))
                allowed = role in operation["x-martlet-roles"]
                assert (answer.status == 403) == (not allowed), f"{role} {method} {path}: {answer.status}"
                assert str(answer.status) in operation["responses"], f"{method} {path}: {answer.status}"
                reads = method == "get" or operation["operationId"] == "audit.verify"
                assert not (role == "auditor" and allowed and not reads), f"an auditor changes by {method} {path}"
                seen += 1
    assert seen >= 36
    assert [row for row in records(world) if row["action"] == "administration.refused" and row["status"] == 403]


def test_V_069_a_foreign_tenant_is_not_there(world, admin):
    acme = bearer(world, "tenant-admin", "--tenant", "acme")
    foreign = admin.ok("GET", "/api/keys?owner=globex-user")["keys"][0]
    for path in READS:
        answer = acme("GET", path)
        assert answer.status == 200 and "globex" not in answer.text and foreign["id"] not in answer.text, answer.describe()
    for method, path, body in [
        ("GET", "/api/keys?owner=globex-user", None), ("POST", "/api/keys", {"name": "x", "owner": "globex-user"}),
        ("POST", "/api/keys", {"name": "x", "tenant": "globex"}), ("POST", "/api/keys/shared-name/rotate", {"owner": "globex-user"}),
        ("DELETE", "/api/keys/shared-name?owner=globex-user", None), ("POST", "/api/users", {"name": "x", "tenant": "globex"}),
        ("POST", "/api/users/globex-user/disable", {}), ("POST", "/api/users/globex-user/enable", {}),
        ("DELETE", "/api/users/globex-user", None), ("GET", "/api/access?user=globex-user", None),
        ("POST", "/api/access/revoke", {"user": "globex-user"}), ("POST", "/api/access/revoke", {"tenant": "globex"}),
    ]:
        refused(acme(method, path, body), 404, "not_found")
    assert admin.ok("GET", "/api/keys?owner=globex-user")["keys"][0]["state"] == "active"
    made = acme.ok("POST", "/api/keys", {"name": "acme-own"}, 201)
    assert [key["tenant"] for key in admin.ok("GET", "/api/keys?limit=1000")["keys"] if key["id"] == made["id"]] == ["acme"]
    refused(acme("POST", "/api/users", {"name": "boss", "admin": True}), 403, "forbidden")
    refused(acme("POST", "/api/access/revoke", {"server": "stateful"}), 403, "forbidden")


@pytest.mark.parametrize(("body", "words"), [
    (b"{", "JSON"), (b"[]", "JSON"), (b'{"name": "a", "name": "b"}', "JSON"), (b'{"name": 1}', "name"), (b"{}", "missing"),
    (b'{"name": "a", "expires_in": "soon"}', "expires_in"), (b'{"name": "a", "expires_in": "9999d"}', "365"),
    (b'{"name": "a", "nmae": 1}', "nmae"), (b'{"name": "a/b"}', "characters"), (b'{"name": "a", "servers": []}', "servers"),
    (b'{"name": "a", "addresses": ["10.0.0.1/8/9"]}', "range"), (b'{"name": "a", "expires_in": "007d"}', "expires_in"),
    (b'{"name": "a", "read_only": "yes"}', "read_only"), (b'{"name": "a", "tools": [1]}', "tools"),
])
def test_V_059_what_can_not_be_meant_is_a_clear_400(world, admin, body, words):
    answer = request("POST", f"{world.url}/api/keys", body=body,
                     headers={"Authorization": f"Bearer {admin.token}", "Content-Type": "application/json"})
    refused(answer, 400, "invalid_request")
    assert words in answer.json()["error_description"], answer.describe()


@pytest.mark.parametrize(("path", "body", "words"), [
    ("/api/keys", {"name": "a", "servers": ["nosuch"]}, "configured"),
    ("/api/keys", {"name": "a", "addresses": ["10.0.0.1/8"]}, "range"),
    ("/api/clients", {"name": "a", "grants": ["authorization_code"]}, "redirect_uris"),
    ("/api/clients", {"name": "a", "redirect_uris": ["javascript:alert(1)"]}, "redirect_uris"),
    ("/api/users", {"name": "a", "service": True, "admin": True}, "service account"),
    ("/api/delegations", {"job": "a", "servers": ["stateless"]}, "user"),
])
def test_what_fits_and_contradicts_itself_is_a_clear_409(world, admin, path, body, words):
    answer = admin("POST", path, body)
    refused(answer, 409, "conflict")
    assert words in answer.json()["error_description"], answer.describe()


def test_other_refusals_are_clear_too(world, admin):
    answer = request("POST", f"{world.url}/api/keys", body=b'{"name": "a"}',
                     headers={"Authorization": f"Bearer {admin.token}", "Content-Type": "text/plain"})
    refused(answer, 415, "unsupported_media_type")
    for method in ("PUT", "QUERY", "PROPFIND"):
        answer = admin(method, "/api/keys")
        refused(answer, 405, "method_not_allowed")
        assert answer.header("allow") == "GET, POST", answer.describe()
        refused(admin(method, "/api/nothing"), 404, "not_found")
    refused(admin("GET", "/api/keys?unknown=1"), 400, "invalid_request")
    refused(admin("GET", "/api/keys?limit=0"), 400, "invalid_request")
    refused(admin("GET", "/api/keys?limit=1&limit=2"), 400, "invalid_request")
    refused(admin("GET", "/api/nothing"), 404, "not_found")
    assert API(world, admin.token)("HEAD", "/api/keys").status == 200


def test_V_061_pages_hold_everything_once_and_cursors_are_not_forged(world, admin):
    for number in range(7):
        admin.ok("POST", "/api/keys", {"name": f"page-{number}"}, 201)
    whole = [key["id"] for key in admin.ok("GET", "/api/keys?limit=1000")["keys"]]
    found, cursor, cursors = [], "", []
    while cursor is not None:
        page = admin.ok("GET", "/api/keys?limit=3" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["keys"]) <= 3
        found += [key["id"] for key in page["keys"]]
        cursor = page["next_cursor"]
        cursors.append(cursor)
    assert found == whole
    good = cursors[0]
    for text in ("x", "'%20OR%201=1", "A" * 513):
        refused(admin("GET", f"/api/keys?cursor={text}"), 400, "invalid_request")
    for text in (good[:-4] + "AAAA", "A" * len(good)):
        refused(admin("GET", f"/api/keys?cursor={text}"), 404, "unknown_cursor")
    refused(admin("GET", f"/api/users?cursor={good}"), 404, "unknown_cursor")
    refused(bearer(world, "tenant-admin", "--tenant", "acme")("GET", f"/api/keys?cursor={good}"), 404, "unknown_cursor")


def test_N_29_an_administrator_ends_login_sessions(world, admin):
    world.gateway.add_user("leaving", "correct horse battery")
    browsers = [world.browser(), world.browser()]
    for browser in browsers:
        browser.submit(browser.open(f"{world.url}/login"), {"username": "leaving", "password": "correct horse battery"})
        assert "password" not in browser.open(f"{world.url}/account").main_form.names
    admin.ok("POST", "/api/access/revoke", {"user": "leaving"})
    for browser in browsers:
        page = browser.open(f"{world.url}/account")
        assert "password" in page.main_form.names, page.response.describe()


def pages(admin, path: str, member: str, limit: int):
    found, cursor = [], ""
    while cursor is not None:
        page = admin.ok("GET", f"{path}limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page[member]) <= limit
        found += page[member]
        cursor = page["next_cursor"]
    return found


def test_V_061_flows_and_sums_come_in_pages_too(world, admin):
    for _ in range(5):
        assert request("POST", world.mcp_url(), json=LISTING).status == 401
    made = [admin.ok("POST", "/api/keys", {"name": name}, 201) for name in ("sum-1", "sum-2", "sum-3")]
    assert [status(world, key["key"]) for key in made] == [200] * 3
    count = lambda path, member: len(admin.ok("GET", path)[member])
    # Calls are written in their order: when the last of these is there, all before are.
    assert until(lambda: all(key["id"] in admin("GET", "/api/analytics?by=client").text for key in made))
    flows = [flow["flow"] for flow in pages(admin, "/api/flows?", "flows", 1)]
    assert flows and len(set(flows)) == len(flows) == count("/api/flows?limit=1000", "flows")
    sums = [one["client_id"] for one in pages(admin, "/api/analytics?by=client&", "analytics", 1)]
    assert len(set(sums)) == len(sums) == count("/api/analytics?by=client", "analytics") >= 3
    flow_cursor = admin.ok("GET", "/api/flows?limit=1")["next_cursor"]
    refused(admin("GET", f"/api/analytics?cursor={flow_cursor}"), 404, "unknown_cursor")


def test_N_30_a_bearer_that_lies_unused_ends(world):
    """It doesn't come back, and the trail says why; others live on."""
    idle, lasting = bearer(world, "auditor", "--idle", "1s"), bearer(world, "auditor", "--idle", "never")
    time.sleep(2)
    refused(idle("GET", "/api/keys?limit=1"), 401, "invalid_token")
    refused(idle("GET", "/api/keys?limit=1"), 401, "invalid_token")
    lasting.ok("GET", "/api/keys?limit=1")
    assert [row for row in records(world) if row["reason"] == "bearer_idle"]
    limits = {one["idle_limit"] for one in bearer(world, "admin").ok("GET", "/api/admin-tokens?limit=1000")["admin_tokens"]}
    assert {"1s", "30m", None} <= limits
    assert "unused" in world.gateway.cli("admin", "token", "--role", "auditor", "--idle", "0s", exit_code=1).stderr


def test_V_061_the_trail_is_read_page_by_page(world, admin):
    """Every record once, however many are written meanwhile; by the API and by the command line."""
    fitting = "action=administration.refused"
    for _ in range(7):
        refused(bearer(world, "auditor")("POST", "/api/keys", {"name": "no"}), 403, "forbidden")
    assert until(lambda: len(admin.ok("GET", f"/api/audit?{fitting}&limit=1000")["records"]) >= 7)
    whole = admin.ok("GET", f"/api/audit?{fitting}&limit=1000")["records"]
    found, cursor = [], ""
    while cursor is not None:
        page = admin.ok("GET", f"/api/audit?{fitting}&limit=3" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["records"]) <= 3
        found += page["records"]
        first = cursor or page["next_cursor"]
        cursor = page["next_cursor"]
        refused(bearer(world, "auditor")("POST", "/api/keys", {"name": "no"}), 403, "forbidden")
    # The trail is written in batches: the first page may hold records that were on their way when `whole` was read.
    assert whole and found[-len(whole):] == whole and len({one["request"] for one in found}) == len(found) <= len(whole) + 7
    refused(admin("GET", f"/api/audit/export?cursor={first}"), 404, "unknown_cursor")
    refused(bearer(world, "tenant-admin", "--tenant", "acme")("GET", f"/api/audit?cursor={first}"), 404, "unknown_cursor")
    search = lambda *more: world.gateway.cli_json("audit", "search", "--action", "administration.refused", *more)
    newest = search("--limit", "2")
    older = search("--limit", "1000", "--before", str(newest[0]["position"]))
    both = [one["position"] for one in older + newest]
    assert [one["position"] for one in search("--limit", "1000")][:len(both)] == both
    assert "--before" in world.gateway.cli("audit", "search", "--limit", "1").stderr


def test_a_policy_is_tried_before_it_is_in_force(world, admin):
    assert admin.ok("POST", "/api/policy/check", {}) == {"valid": True, "problems": [], "rules": 0, "default": "allow", "replay": None}
    key = admin.ok("POST", "/api/keys", {"name": "tries"}, 201)["key"]
    connection = MCPConnection(world.mcp_url("stateless"), key)
    connection.initialize()
    connection.tool("echo", {"text": "x"})
    policy = {"default": "allow", "rules": [{"name": "007", "effect": "deny", "what": {"tools": ["echo"]}}]}
    asked = lambda: admin.ok("POST", "/api/policy/check", {"policy": policy, "replay": 1000})
    assert until(lambda: asked()["replay"]["calls"])
    answer = asked()
    assert (answer["valid"], answer["rules"]) == (True, 1)
    assert [(one["target"], one["was"], one["becomes"]) for one in answer["replay"]["changed"]] == [("echo", "allow", ["deny"])]
    wrong = admin.ok("POST", "/api/policy/check", {"policy": {"rules": [{"name": "x", "effekt": "deny", "who": {"roles": ["nobody"]}}]}})
    assert not wrong["valid"] and len(wrong["problems"]) >= 3 and any("effect" in one for one in wrong["problems"])
    opa = {"opa": {"url": "http://127.0.0.1:1/v1/data/x", "token": {"file": "/etc/passwd"}}}
    assert "root" not in admin("POST", "/api/policy/check", {"policy": opa}).text, "no file is opened for it"
    assert connection.tool("echo", {"text": "x"}), "and nothing has changed"
    refused(bearer(world, "tenant-admin", "--tenant", "acme")("POST", "/api/policy/check", {}), 403, "forbidden")


def test_a_password_that_is_too_long_is_not_called_too_short(world):
    for password in ("x" * 7, "x" * 1025):
        told = world.gateway.cli("user", "add", "ada", "--password-stdin", stdin=password + "\n", exit_code=1).stderr
        assert "8 to 1024 bytes" in told and "longer" not in told


def test_users_and_clients(world, admin):
    made = admin.ok("POST", "/api/users", {"name": "Grace", "tenant": "acme"}, 201)
    assert made["name"] == "grace" and len(made["password"]) >= 16
    refused(admin("POST", "/api/users", {"name": "grace"}), 409, "conflict")
    refused(admin("POST", "/api/users", {"name": "no spaces"}), 400, "invalid_request")
    robot = admin.ok("POST", "/api/users", {"name": "robot-api", "service": True}, 201)
    assert robot["service"] and "password" not in robot
    key = admin.ok("POST", "/api/keys", {"name": "nightly", "owner": "robot-api"}, 201)["key"]
    assert status(world, key) == 200
    assert admin.ok("POST", "/api/users/robot-api/disable")["disabled"] is True
    assert until(lambda: status(world, key) == 401)
    assert admin.ok("POST", "/api/users/robot-api/enable")["disabled"] is False
    assert status(world, key) == 200
    admin.ok("DELETE", "/api/users/robot-api", status=204)
    assert status(world, key) == 401
    assert "robot-api" not in admin("GET", "/api/users?limit=1000").text
    made = admin.ok("POST", "/api/clients", {"name": "Nightly run", "grants": ["client_credentials"], "servers": ["stateless"]}, 201)
    assert made["client_secret"] and made["client_id"].startswith("nightly-run-") and made["token_endpoint_auth_method"] == "client_secret_basic"
    basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    token = request("POST", f"{world.url}/token", headers={"Authorization": f"Basic {basic}"},
                    form={"grant_type": "client_credentials", "resource": world.mcp_url("stateless")})
    access = token.json()["access_token"]
    assert status(world, access) == 200
    assert admin.ok("POST", "/api/tokens/revoke", {"token": access}) == {"revoked": "this access token", "grants": 0}
    assert until(lambda: status(world, access) == 401)
    refused(admin("POST", "/api/tokens/revoke", {"token": "nonsense"}), 404, "not_found")
    refused(admin("POST", "/api/clients", {"name": "x"}), 400, "invalid_request")
    refused(admin("POST", "/api/clients", {"name": "x", "grants": ["password"]}), 400, "invalid_request")
    client = registered(world, extra={"client_name": "going"})
    tokens = person(world).tokens(client, world.mcp_url("stateless"))
    assert client.client_id in admin("GET", "/api/clients?limit=1000").text
    admin.ok("DELETE", f"/api/clients/{client.client_id}", status=204)
    assert until(lambda: status(world, tokens.access) == 401)
    refused(admin("DELETE", f"/api/clients/{client.client_id}"), 404, "not_found")


@pytest.mark.parametrize(("whose", "how"), [("user", "api"), ("client", "command"), ("tenant", "command"), ("server", "api")])
def test_V_053_access_is_seen_and_taken_away(install, whose, how):
    """Tokens, keys and open streams end; others stay as they are."""
    world = install(users={"bob": "another good password"})
    admin = bearer(world, "admin")
    client, other = registered(world, extra={"client_name": "one"}), registered(world, extra={"client_name": "two"})
    tokens, others = person(world).tokens(client), person(world).tokens(other)
    mine = admin.ok("POST", "/api/keys", {"name": "mine", "owner": world.user}, 201)["key"]
    theirs = admin.ok("POST", "/api/keys", {"name": "theirs", "owner": "bob", "servers": ["modern"]}, 201)["key"]
    streams = []
    for token in (tokens.access, mine):
        connection = MCPConnection(world.mcp_url(), token)
        connection.initialize()
        streams.append(connection.open_stream(timeout=within(30)))
    entries = admin.ok("GET", "/api/access?limit=1000")["access"]
    assert {(one["subject"], one["server"], one["by"]) for one in entries} == {
        (world.user, "stateful", "grant"), (world.user, "modern", "key"), (world.user, "stateful", "key"),
        (world.user, "stateless", "key"), ("bob", "modern", "key")}
    assert {one["through"] for one in entries if one["by"] == "grant"} == {client.client_id, other.client_id}
    assert entries == json.loads(json.dumps(world.gateway.cli_json("access", "report"))) or len(entries) == len(
        world.gateway.cli_json("access", "report"))
    named = {"user": world.user, "client": client.client_id, "tenant": "default", "server": "stateful"}[whose]
    ends = [threading.Thread(target=lambda stream=stream: list(stream.stream.events())) for stream in streams]
    for thread in ends:
        thread.start()
    if how == "api":
        done = admin.ok("POST", "/api/access/revoke", {whose: named})
    else:
        done = world.gateway.cli_json("access", "revoke", f"--{whose}", named)
    gone = {"user": (True, True, True, False), "client": (True, False, False, False), "tenant": (True, True, True, True),
            "server": (True, True, True, False)}[whose]
    begun = time.monotonic()
    checks = [(tokens.access, "stateful"), (others.access, "stateful"), (mine, "stateful"), (theirs, "modern")]
    for (token, server), ended in zip(checks, gone):
        connection = MCPConnection(world.mcp_url(server), token)
        if ended:
            while connection.post("ping").status != 401:
                assert time.monotonic() - begun < within(5), f"{server} is still open"
                time.sleep(0.05)
        else:
            assert connection.post("ping").status != 401
    assert (done["grants"], done["keys"]) == {"user": (2, 1), "client": (1, 0), "tenant": (2, 2), "server": (2, 0)}[whose]
    # A key for other servers goes on for those.
    assert (MCPConnection(world.mcp_url("stateless"), mine).post("ping").status == 200) == (whose in ("client", "server"))
    assert [row for row in records(world) if row["action"] == "access.revoked"]
    ends[0].join(within(5))
    assert not ends[0].is_alive(), "the stream goes on"
    if gone[2]:
        ends[1].join(within(5))
        assert not ends[1].is_alive(), "the key's stream goes on"
    world.gateway.stop()
    for thread in ends:
        thread.join(within(10))


def test_the_api_does_what_the_command_line_does(world, admin):
    world.gateway.add_user("forgetful", "correct horse battery")
    made = admin.ok("POST", "/api/users/forgetful/password", {})["password"]
    browser = world.browser()
    page = browser.submit(browser.open(f"{world.url}/login"), {"username": "forgetful", "password": made})
    assert page.url.endswith("/account"), page.url
    refused(admin("POST", "/api/users/forgetful/password", {"password": "short"}), 400, "invalid_request")
    kid = admin.ok("POST", "/api/signing-keys/rotate", {}, 201)["kid"]
    assert kid in [one["kid"] for one in admin.ok("GET", "/api/signing-keys")["signing_keys"]]
    verdict = admin.ok("POST", "/api/policy/explain", {"user": "forgetful", "server": "stateless", "tool": "echo"})
    assert verdict["allowed"] is True and verdict["otherwise"]
    refused(admin("POST", "/api/policy/explain", {"server": "stateless", "tool": "echo"}), 400, "invalid_request")
    found = admin.ok("GET", "/api/audit?user=forgetful&action=user.changed")["records"]
    assert {one["reason"] for one in found} == {"password_set"}
    assert request("POST", world.mcp_url(), json=LISTING).status == 401
    assert until(lambda: admin.ok("GET", "/api/flows?limit=5")["flows"])
    assert admin.ok("GET", "/api/connections")["connections"] == []
    refused(admin("DELETE", "/api/connections/stateless"), 404, "not_found")
    cursor, seen = "", []
    while cursor is not None:
        page = admin.ok("GET", f"/api/audit/export?limit=5{cursor and '&cursor=' + cursor}")
        seen += [one["sequence"] for one in page["records"]]
        cursor = page["next_cursor"]
    assert seen == list(range(1, len(seen) + 1)) and len(seen) > 10, seen[:5]
    refused(admin("GET", "/api/audit/export?cursor=AAAA"), 400, "invalid_request")
    acme = bearer(world, "tenant-admin", "--tenant", "acme")
    assert {one["tenant"] for one in acme.ok("GET", "/api/audit?limit=1000")["records"]} <= {"acme"}
    for path in ("/api/audit/export?tenant=default", "/api/audit?user=forgetful", "/api/connections?user=forgetful"):
        refused(acme("GET", path), 404, "not_found")
    refused(acme("POST", "/api/users/forgetful/password", {}), 404, "not_found")
    refused(acme("DELETE", "/api/connections/stateless?tenant=default"), 404, "not_found")


def test_a_post_that_names_itself_is_carried_out_once(world, admin):
    name = {"Idempotency-Key": "8e03978e-40d5"}
    first = admin("POST", "/api/keys", {"name": "once"}, **name)
    again = admin("POST", "/api/keys", {"name": "once"}, **name)
    assert first.status == again.status == 201 and first.json() == again.json(), again.describe()
    assert again.header("idempotent-replayed") == "true" and not first.header("idempotent-replayed")
    assert status(world, again.json()["key"]) == 200
    refused(admin("POST", "/api/keys", {"name": "other"}, **name), 409, "idempotency_key_reused")
    refused(admin("POST", "/api/users", {"name": "once"}, **name), 409, "idempotency_key_reused")
    # Somebody else's name is another name, and refusals are answers too.
    other = bearer(world, "admin")
    refused(other("POST", "/api/keys", {"name": "once"}, **name), 409, "conflict")
    admin.ok("DELETE", "/api/keys/once", status=204)
    refused(other("POST", "/api/keys", {"name": "once"}, **name), 409, "conflict")
    assert admin("POST", "/api/keys", {"name": "once"}, **name).json() == first.json()
    refused(admin("POST", "/api/keys", {"name": "x"}, **{"Idempotency-Key": "a b"}), 400, "invalid_request")
    racing = [None] * 8

    def send(index: int):
        racing[index] = admin("POST", "/api/keys", {"name": "raced"}, **{"Idempotency-Key": "race"})

    threads = [threading.Thread(target=send, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status for answer in racing} <= {201, 409}
    assert len({answer.json()["key"] for answer in racing if answer.status == 201}) == 1
    with open(world.gateway.data_dir / "martlet.sqlite", "rb") as file:
        assert first.json()["key"].encode() not in file.read()


def test_admin_bearers_are_seen_and_end(world, admin):
    made = world.gateway.cli_json("admin", "token", "--role", "auditor", "--ttl", "1h")
    auditor = API(world, made["token"])
    assert auditor("GET", "/api/keys").status == 200
    listed = auditor("GET", "/api/admin-tokens?limit=1000")
    assert made["id"] in listed.text and made["token"] not in listed.text
    admin.ok("DELETE", f"/api/admin-tokens/{made['id']}", status=204)
    refused(auditor("GET", "/api/keys"), 401, "invalid_token")
    short = API(world, world.gateway.cli("admin", "token", "--role", "admin", "--ttl", "1s").stdout.strip())
    assert until(lambda: short("GET", "/api/keys").status == 401)
    world.gateway.cli("admin", "revoke", made["id"], exit_code=1)
    for wrong in (["--role", "tenant-admin"], ["--role", "admin", "--tenant", "acme"], ["--role", "god"], ["--role", "admin", "--ttl", "soon"]):
        world.gateway.cli("admin", "token", *wrong, exit_code=2)
    assert made["token"] not in world.gateway.log() and admin.token not in world.gateway.log()


def test_the_document_is_whole(world):
    document = request("GET", f"{world.url}/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids)) and {"keys.create", "keys.rotate", "keys.revoke", "access.revoke"} <= set(ids)
    references = set()

    def walk(node):
        if isinstance(node, dict):
            references.update({node["$ref"]} if "$ref" in node else set())
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(document["paths"])
    assert all(one.removeprefix("#/components/schemas/") in document["components"]["schemas"] for one in references)


def test_answers_are_as_the_document_says(world, admin):
    """Members and types of real answers, against the schemas that the document gives for them."""
    document = request("GET", f"{world.url}/api/openapi.json").json()
    types = {"string": str, "boolean": bool, "integer": int, "array": list, "object": dict, "null": type(None)}

    def fits(value, schema, place):
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        allowed = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert isinstance(value, tuple(types[one] for one in allowed)), f"{place}: {value!r} is no {allowed}"
        if isinstance(value, dict):
            assert set(schema.get("required", [])) <= set(value) <= set(schema["properties"]), f"{place}: {sorted(value)}"
            for name, member in value.items():
                fits(member, schema["properties"][name], f"{place}.{name}")
        if isinstance(value, list):
            for member in value:
                fits(member, schema["items"], f"{place}[]")

    person_token = person(world).tokens(registered(world, extra={"client_name": "shown"}), world.mcp_url("stateless")).access
    bodies = {"clients.add": {"name": "schema", "redirect_uris": ["http://127.0.0.1/cb"]}, "tokens.revoke": {"token": person_token},
              "keys.create": {"name": "schema"}, "users.add": {"name": "schema-user"}, "access.revoke": {"user": "schema-user"},
              "delegations.create": {"job": "schema-job", "servers": ["stateless"], "user": world.user},
              "policy.explain": {"user": world.user, "server": "stateless", "tool": "echo"},
              "policy.check": {"policy": {"default": "deny"}, "replay": 100}}
    world.gateway.cli("user", "add", "schema-job", "--service")
    flow = admin.ok("GET", "/api/flows?limit=1")["flows"][0]["flow"]
    for path, operations in document["paths"].items():
        for method, operation in sorted(operations.items()):
            name = "schema" if "/keys/" in path else "globex" if "/tenants/" in path else flow if "/flows/" in path else "schema-user"
            # What waits for approval is compared in test_approvals, a changed tool in test_policy, keys of tenants in test_tenant_keys,
            # accounts in test_connect.
            if method == "delete" or path == "/api/tools/accept" or path.startswith(("/api/approvals/", "/api/servers/", "/api/connections/")):
                continue
            answer = admin(method.upper(), placed(path, name), bodies.get(operation["operationId"]))
            success = next(code for code in operation["responses"] if code.startswith("2"))
            assert str(answer.status) == success, answer.describe()
            if answer.body:
                fits(answer.json(), operation["responses"][success]["content"]["application/json"]["schema"], path)
