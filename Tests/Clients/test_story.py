"""One story from end to end, with real clients and a real server: an administrator invites a user, policy denies `delete_note`, an approval
is asked and given, a key is rotated while it is used, the user is off-boarded, and an auditor exports and verifies a trail that tells all of it."""

import json
import re
import threading

import pytest
from martlet_support import Browser, Gateway, MCPConnection, request
from martlet_support.real import ClientFailed, RealClient, real_server
from martlet_support.steps import until

BOSS = "another horse battery staple"
POLICY = {
    "roles": {"leads": {"users": ["boss"]}},
    "rules": [
        {"name": "nothing-is-deleted", "effect": "deny", "what": {"tools": ["delete_*"]}},
        {"name": "sharing-is-asked", "effect": "require_approval", "approvers": ["leads"], "what": {"tools": ["share_*"]}},
    ],
}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    file = tmp_path_factory.mktemp("siem") / "trail.jsonl"
    with (
        real_server("notes") as url,
        Gateway({"notes": url}, users={"boss": BOSS}, config={"policy": POLICY, "audit": {"sinks": [{"file": str(file)}]}}) as gateway,
    ):
        gateway.shipped = file
        yield gateway


def api(gateway, role: str, method: str, path: str, body=None):
    token = gateway.cli("admin", "token", "--role", role, "--ttl", "1h").stdout.strip()
    answer = request(method, gateway.url + path, headers={"Authorization": f"Bearer {token}"}, json=body)
    assert answer.status < 300, answer.describe()
    return answer.json() if answer.body else None


def job(gateway, kind: str, key_file) -> RealClient:
    return RealClient(kind, gateway, "notes", "carol", "", "list_notes", {}, {"key_file": str(key_file)})


def client(gateway, kind: str, password: str, tool: str, **arguments) -> RealClient:
    return RealClient(kind, gateway, "notes", "carol", password, tool, arguments, {"goes_on": tool == "share_note"})



def test_from_the_invitation_to_the_audit(gateway):
    # An administrator invites a user, who gets a password to begin with.
    carol = api(gateway, "admin", "POST", "/api/users", {"name": "carol"})
    with client(gateway, "sdk-2.3", carol["password"], "list_notes") as reader:
        called = reader.connect()
        assert called.text == "milk, bread" and sorted(called.tools) == ["list_notes", "share_note"], "what is denied isn't listed either"
        with client(gateway, "sdk-1.30", carol["password"], "delete_note", name="milk") as deleter, pytest.raises(ClientFailed, match="(?i)denied|not allowed|policy"):
            deleter.connect()
        approved(gateway, carol["password"])
        nightly = rotated_under_load(gateway)
        # She leaves: everything of hers ends, in the client that is logged in too.
        revoked = api(gateway, "admin", "POST", "/api/access/revoke", {"user": "carol"})
        api(gateway, "admin", "POST", "/api/users/carol/disable", {})
        assert revoked["grants"] >= 1 and revoked["keys"] >= 1
        with pytest.raises(ClientFailed):
            reader.again()
        for key in nightly:
            assert MCPConnection(gateway.mcp_url("notes"), key).post("ping").status == 401, "neither key is left"
        with client(gateway, "sdk-2.3", carol["password"], "list_notes") as later, pytest.raises(ClientFailed):
            later.connect()
    audited(gateway, carol["id"])


def approved(gateway, password: str):
    """A call waits for somebody who leads, who says yes on a page; then it goes through, once: for clients of either era."""
    for kind, note in (("sdk-2.3", "bread"), ("sdk-1.30", "milk")):
        with client(gateway, kind, password, "share_note", name=note) as sharer:
            first = sharer.connect().text
            asked = re.search(r"/approvals/(apr_[\w-]+)", first)
            assert asked and "shared" not in first, f"the way to the approval isn't told: {first}"
            assert "shared" not in sharer.again().text, "nobody has decided yet"
            browser = Browser(gateway.url)
            page = browser.open(gateway.url + asked[0])
            if page.has_form and "password" in page.main_form.names:
                page = browser.submit(page, {"username": "boss", "password": BOSS})
            browser.submit(page, {"decision": "allow"})
            assert f"{note} is shared" in sharer.again().text
            assert "shared" not in sharer.again().text, "it counts once"


def rotated_under_load(gateway) -> list[str]:
    """No call of two jobs fails while the key is replaced in the file that they take it from, and the one before works on in its grace.
    Answers the two that are left."""
    keys, file = [], gateway.folder / "nightly.key"
    stop, failures, done = threading.Event(), [], [0, 0]

    def put(key: str):
        keys.append(key)
        (new := file.with_suffix(".new")).write_text(key)
        new.replace(file)

    def work(index: int, kind: str):
        try:
            with job(gateway, kind, file) as one:
                called = one.connect()
                while not stop.is_set():
                    assert called.text == "milk, bread" and not called.logins, called
                    done[index] += 1
                    called = one.again()
        except AssertionError as failure:
            failures.append(str(failure))

    put(api(gateway, "admin", "POST", "/api/keys", {"name": "nightly", "owner": "carol"})["key"])
    threads = [threading.Thread(target=work, args=at) for at in enumerate(("sdk-2.3", "sdk-1.30"))]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            before = list(done)
            assert until(lambda: failures or all(now > then + 3 for now, then in zip(done, before)))
            put(api(gateway, "admin", "POST", "/api/keys/nightly/rotate", {"grace": "60s", "owner": "carol"})["key"])
        before = list(done)
        assert until(lambda: failures or all(now > then + 3 for now, then in zip(done, before)))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures, failures[0]
    assert [MCPConnection(gateway.mcp_url("notes"), key).post("ping").status == 401 for key in keys] == [True, False, False]
    return keys[1:]


def audited(gateway, carol: str):
    """The auditor's part: the trail is whole, and tells the story in its order; what was shipped is the same."""
    auditor = gateway.cli("admin", "token", "--role", "auditor", "--ttl", "1h").stdout.strip()
    ask = lambda method, path, body=None: request(method, gateway.url + path, headers={"Authorization": f"Bearer {auditor}"}, json=body)
    assert ask("POST", "/api/keys", {"name": "own"}).status == ask("POST", "/api/users/carol/enable", {}).status == 403, "an auditor changes nothing"
    gateway.settle_trail()
    (report,) = ask("POST", "/api/audit/verify", {}).json()["trails"]
    assert report["whole"] and report["records"] > 20
    (report,) = json.loads(gateway.cli("audit", "verify", "--json").stdout)
    assert report["whole"] and report["records"] > 20
    page = ask("GET", "/api/audit/export?limit=1000")
    assert page.status == 200 and page.json()["next_cursor"] is None, page.describe()
    *lines, head = [json.loads(line) for line in gateway.cli("audit", "export").stdout.splitlines()]
    over_the_api = page.json()["records"]
    assert over_the_api == [{**line["head"], "record": line["record"]} for line in lines[: len(over_the_api)]], "the same, whoever exports it"
    assert head["head"] == lines[-1]["head"]
    told = [line["record"] for line in lines]
    story = [
        ("user.created", {}), ("login.succeeded", {}), ("consent.granted", {}), ("token.issued", {}),
        ("exchange.forwarded", {"target": "list_notes", "subject": carol}),
        ("exchange.refused", {"target": "delete_note", "subject": carol}),
        ("approval.requested", {}), ("approval.granted", {}), ("approval.used", {}),
        ("exchange.forwarded", {"target": "share_note", "subject": carol}),
        ("approval.requested", {}), ("approval.granted", {}), ("approval.used", {}), ("exchange.forwarded", {"target": "share_note"}),
        ("key.created", {}), ("exchange.forwarded", {"key": "nightly", "target": "list_notes"}), ("key.rotated", {}), ("key.rotated", {}),
        ("access.revoked", {}), ("exchange.refused", {"status": 401}), ("login.failed", {}), ("trail.exported", {}), ("trail.exported", {}),
    ]
    place = 0
    for action, members in story:
        fits = (number for number in range(place, len(told)) if told[number]["action"] == action and members.items() <= told[number].items())
        place = next(fits, None)
        assert place is not None, f"{action} {members} isn't told there: {[record['action'] for record in told]}"
        place += 1
    refusal = next(record for record in told if record["target"] == "delete_note" and record["action"] == "exchange.refused")
    assert "nothing-is-deleted" in refusal["reason"]
    assert "milk" not in json.dumps(lines), "what was called with, and what came back, isn't in the trail"
    sums = {sum["tool"]: sum for sum in gateway.cli_json("audit", "stats", "--by", "tool")}
    assert sums["delete_note"]["refused"] == sums["delete_note"]["calls"] == 1 and sums["list_notes"]["calls"] > 6
    shipped = lambda: gateway.shipped.read_text().splitlines()
    assert until(lambda: lines[-1] == json.loads(shipped()[-1])), "the sink has it to the end"
    assert [json.loads(line) for line in shipped()] == lines[-len(shipped()):]
