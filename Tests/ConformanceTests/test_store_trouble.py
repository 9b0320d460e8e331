"""A store that does not answer: 503 with Retry-After, never a wrong verdict about a credential, and nothing half done
(T7, R-42).
"""

import contextlib
import sqlite3
import time

from martlet_support import Callback, MCPConnection, Pkce, Tokens, request
from martlet_support.admin import bearer
from martlet_support.steps import Person, at_once, count, registered, within


@contextlib.contextmanager
def locked(world):
    """Another program holds the database's write lock, longer than anybody waits for it."""
    path = next(path for path in world.gateway.data_dir.iterdir() if path.read_bytes()[:16] == b"SQLite format 3\x00")
    holder = sqlite3.connect(path, isolation_level=None, timeout=30)
    holder.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        holder.execute("ROLLBACK")
        holder.close()


def transient(answer) -> None:
    assert answer.status == 503, answer.describe()
    assert int(answer.header("retry-after")) >= 1, answer.describe()
    assert "no-store" in answer.header("cache-control")
    if answer.header("content-type").startswith("application/json"):
        assert answer.json()["error"] == "temporarily_unavailable", answer.describe()
    assert "sqlite" not in answer.text.lower() and "locked" not in answer.text.lower(), "nothing of the inside"


def test_R_42_T7_transient_trouble_takes_nothing_away(own):
    """One lock, everything that needs to write at once; afterwards each goes on as if nothing had been."""
    me, client = Person(own), registered(own)
    tokens, other = me.tokens(client), me.tokens(client)
    callback, pkce = me.allow(client)
    url = client.authorize_url(own.mcp_url(), Pkce())
    page = me.page(client.authorize_url(own.mcp_url(), Pkce()))
    form = [(n, v) for n, v in page.main_form.fields] + [("decision", "allow")]
    connection = MCPConnection(own.mcp_url(), tokens.access)
    connection.initialize()
    work = [
        lambda: client.refresh(tokens.refresh), lambda: client.exchange(callback.code, pkce),
        lambda: client.revoke(other.refresh),
        lambda: own.client().register(extra={"client_name": "meanwhile"}), lambda: me.browser.fetch("GET", url),
        lambda: me.browser.fetch("POST", f"{own.url}/consent", form=form),
    ]
    with locked(own):
        answers = at_once(len(work), lambda index: work[index]())
        for answer in answers:
            transient(answer)
        for answer in answers[4:]:
            assert answer.header("content-type").startswith("text/html") and answer.header("location") is None
        for index in range(3):
            assert connection.tool("echo", {"text": str(index)})["content"][0]["text"] == str(index), "calls go on"
        assert request("GET", f"{own.url}/jwks").status == 200 and client.metadata()["issuer"] == own.url
        stranger = own.client(client_id="unknown")
        assert stranger.refresh("mrf_x").json()["error"] == "invalid_client", "what needs no write is decided"
        assert request("GET", stranger.authorize_url(own.mcp_url(), Pkce())).status == 400
    assert Tokens.of(client.refresh(tokens.refresh)).refresh != tokens.refresh, "nothing was spent"
    assert Tokens.of(client.exchange(callback.code, pkce)).refresh, "the code is unspent"
    assert MCPConnection(own.mcp_url(),
        other.access).post("ping").status != 401, "a revocation isn't claimed before it stands"
    assert client.revoke(other.refresh).status == 200
    assert client.refresh(other.refresh).json()["error"] == "invalid_grant"
    assert own.client().register(extra={"client_name": "meanwhile"}).status == 201
    assert isinstance(me.browser.submit(page, {"decision": "allow"}), Callback), "the same page goes on"


def test_R_43_N_35_what_can_not_be_recorded_is_not_done(own):
    """Privileged operations wait for their record, and are refused without one; calls are refused where rules can't be looked up."""
    api = bearer(own, "admin")
    made = api.ok("POST", "/api/keys", {"name": "kept"}, 201)["key"]
    doors = [("POST", "/api/keys", {"name": "new"}), ("DELETE", "/api/keys/kept", None), ("POST", "/api/keys/kept/rotate", {}),
             ("POST", "/api/users", {"name": "new", "service": True}), ("POST", "/api/access/revoke", {"user": own.user}),
             ("POST", "/api/tenants/default/suspend", {}), ("POST", "/api/signing-keys/rotate", {}), ("GET", "/api/audit/export", None)]
    before = rows(own)
    with locked(own):
        for answer in at_once(len(doors), lambda index: api(*doors[index])):
            transient(answer)
        assert rows(own) == before, "nothing was done that isn't recorded"
    assert MCPConnection(own.mcp_url("stateless"), made).post("ping").status == 200
    assert api.ok("POST", "/api/keys", {"name": "new"}, 201)


def rows(world) -> list:
    with sqlite3.connect(f"file:{world.gateway.data_dir}/martlet.sqlite?mode=ro", uri=True) as database:
        return [database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("api_key", "user_account", "tenant_state", "signing_key", "revocation")]


def test_R_42_T7_waiting_is_bounded(own):
    """Many who wait for the same lock must not wait one after the other."""
    client = registered(own)
    tokens = Person(own).tokens(client)
    number = count(20, 200)
    with locked(own):
        begun = time.monotonic()
        for answer in at_once(number, lambda _: client.refresh(tokens.refresh)):
            transient(answer)
        took = time.monotonic() - begun
    assert took < within(15), f"{number} requests took {took:.1f} s"
    assert Tokens.of(client.refresh(tokens.refresh)).refresh
    print(f"proof: R-42 count={number}")
