"""A secret leaves through a log, an error, a page or the database file.

Unique secrets are planted in every slot that the gateway has; after a run with successes, refusals and a crash none may
stand in what it logged, stored in clear or answered to anybody but its owner.
"""

import base64
import hashlib

import pytest
from martlet_support import Browser, FakeMCPServer, Gateway, MCPConnection, OAuthClient, Page, Pkce, Tokens, request
from martlet_support.scripted_provider import ScriptedProvider
from martlet_support.steps import Person, until


class Installed:
    def __init__(self, gateway):
        self.gateway, self.url, self.user, self.password = gateway, gateway.url, "alice", "canary-password-5f1e"

    def mcp_url(self, name: str = "one") -> str:
        return self.gateway.mcp_url("one")

    def browser(self) -> Browser:
        return Browser(self.url)


@pytest.fixture(scope="module")
def run():
    """One run over everything: the gateway, its answers, the secrets, what its commands said, the upstream."""
    provider_secret, client_secret = "canary-provider-secret-77aa", "canary-client-secret-88bb"
    with ScriptedProvider() as corp, FakeMCPServer() as upstream:
        config = {
            "log": {"format": "json", "level": "debug"},
            "identity": {"local": True, "providers": {"corp": {"issuer": corp.issuer, "client_id": "martlet",
                "client_secret": {"env": "CORP"}}}},
            "clients": {"robot": {"grants": ["client_credentials"], "auth": "client_secret_post",
                "secret": {"env": "ROBOT"}}},
            "audit": {"sinks": [{"file": "data/shipped.jsonl"}]},
        }
        gateway = Gateway({"one": upstream.url}, config=config, env={"CORP": provider_secret, "ROBOT": client_secret},
            users={"alice": "canary-password-5f1e"}).start()
        world, answers, secrets = Installed(gateway), [], {"provider secret": provider_secret,
            "client secret": client_secret, "password": "canary-password-5f1e"}
        confidential = OAuthClient(world.url, redirect_uri="https://c.example.com/cb", auth="client_secret_basic")
        answers.append(("registration", confidential.register()))
        secrets["registered secret"] = confidential.client_secret
        me = Person(world)
        callback, pkce = me.allow(confidential)
        secrets |= {"code": callback.code, "verifier": pkce.verifier}
        first = confidential.exchange(callback.code, pkce)
        tokens = Tokens.of(first)
        second = Tokens.of(confidential.refresh(tokens.refresh))
        secrets |= {"access token": tokens.access, "refresh token": tokens.refresh,
            "second access token": second.access, "second refresh token": second.refresh}
        answers += [("replay", confidential.exchange(callback.code, pkce)),
            ("reuse", confidential.refresh(tokens.refresh)), ("introspection", confidential.introspect(second.access))]
        other = OAuthClient(world.url, redirect_uri="https://c.example.com/cb")
        answers += [("registration", other.register()), ("foreign", other.refresh(second.refresh)),
            ("foreign", other.exchange(callback.code, pkce))]
        robot = OAuthClient(world.url, client_id="robot", client_secret=client_secret, auth="client_secret_post")
        machine = Tokens.of(robot.client_credentials())
        secrets["machine token"] = machine.access
        connection = MCPConnection(world.mcp_url(), machine.access)
        connection.initialize()
        connection.tool("echo", {"text": "hello"})
        secrets["mcp session"] = connection.session
        answers += [("query token", request("GET", f"{world.mcp_url()}?access_token={machine.access}")),
            ("unknown path", request("GET", f"{world.url}/x/{second.refresh}?code={callback.code}")),
                    ("wrong password", me.browser.fetch("POST", f"{world.url}/login",
                        form={"username": "alice", "password": "canary-password-5f1e", "csrf": "x"})),
                    ("password as name", me.browser.fetch("POST", f"{world.url}/login",
                        form={"username": "canary-password-5f1e", "password": "x", "csrf": "x"}))]
        for name, cookie in {c.name: c.value for c in me.browser.cookies}.items():
            secrets[f"cookie {name}"] = cookie
        federated = Browser(world.url, origins=(corp.origin,))
        page = federated.open(other.authorize_url(world.mcp_url(), Pkce()))
        form = page.form_to("/login/corp")
        away = federated.fetch("POST", f"{world.url}/login/corp", form=form.fields)
        sent = dict(pair.split("=", 1) for pair in away.header("location").split("?", 1)[1].split("&"))
        secrets |= {"state": sent["state"], "nonce": sent["nonce"]}
        landed = federated.open(away.header("location"))
        assert isinstance(landed, Page) and "decision" in landed.main_form.names
        answers += [("page", response) for response in federated.trail + me.browser.trail]
        answers += [("metadata", request("GET",
            f"{world.url}/.well-known/{name}")) for name in ("oauth-authorization-server", "openid-configuration")]
        answers += [("keys", request("GET", f"{world.url}/jwks")), ("ready", request("GET", f"{world.url}/readyz"))]
        told = gateway.cli("flow", "list", "--json").stdout + gateway.cli("client", "list",
            "--json").stdout + gateway.cli("user", "list", "--json").stdout
        # Whoever comes after a crash waits until it may go on with a sink.
        assert until(lambda: b"exchange.forwarded" in (gateway.data_dir / "shipped.jsonl").read_bytes())
        gateway.restart(crash=True)
        gateway.stop()
        yield gateway, answers, secrets, told, upstream
        gateway.close()


def spellings(secret: str) -> list[bytes]:
    """A secret as it may hide: itself, halves long enough to matter, encoded."""
    raw = secret.encode()
    found = [raw, base64.b64encode(raw).rstrip(b"=")[:-1], raw.hex().encode()]
    if len(raw) > 40:
        found.append(raw[-32:])
    if raw[:1] == b"m" and raw[3:4] == b"_":
        # The random bytes that an artefact's letters stand for.
        found.append(base64.urlsafe_b64decode(raw[4:] + b"=="))
    return found


def test_V_009_A_10_N_32_nothing_in_the_log_or_on_the_command_line(run):
    gateway, _, secrets, told, _ = run
    log = gateway.log_path.read_bytes() + told.encode()
    assert len(log) > 100
    for name, secret in secrets.items():
        for spelling in spellings(secret):
            assert spelling not in log, name


def test_V_009_A_27_N_32_nothing_in_clear_in_the_data_folder(run):
    gateway, _, secrets, _, _ = run
    files = {path: path.read_bytes() for path in gateway.data_dir.rglob("*") if path.is_file()}
    assert b"exchange.forwarded" in files[gateway.data_dir / "shipped.jsonl"], "what goes to a sink is looked at too"
    assert any(data[:16] == b"SQLite format 3\x00" for data in files.values())
    for name, secret in secrets.items():
        for spelling in spellings(secret):
            for path, data in files.items():
                assert spelling not in data, (name, path.name)
    key = next(data for path, data in files.items() if path.name == "master.key")
    for path, data in files.items():
        if path.name != "master.key":
            assert key.strip() not in data
    assert oct((gateway.data_dir / "master.key").stat().st_mode & 0o777) == "0o600"


def test_V_009_N_16_nothing_in_an_answer_to_the_wrong_reader(run):
    """Each secret stands only where it was handed over: its own answer, or its own cookie."""
    _, answers, secrets, _, _ = run
    never = ["provider secret", "client secret", "password", "verifier", "access token", "refresh token",
        "second access token", "second refresh token", "machine token", "mcp session"]
    for kind, answer in answers:
        whole = answer.body + "\n".join(f"{n}: {v}" for n, v in answer.headers).encode()
        for name in never:
            assert secrets[name].encode() not in whole, (name, kind, answer.describe())
        if kind not in ("registration",):
            assert secrets["registered secret"].encode() not in whole, (kind, answer.describe())
    bodies = b"".join(answer.body for _, answer in answers)
    for name, secret in secrets.items():
        if name.startswith("cookie") or name in ("state", "nonce", "code"):
            assert secret.encode() not in bodies, f"{name} stands in a body"


def test_invariant_1_the_upstream_saw_none_of_it(run):
    _, _, secrets, _, upstream = run
    assert upstream.requests
    for seen in upstream.requests:
        whole = seen.body + "\n".join(f"{n}: {v}" for n, v in seen.headers).encode()
        for name, secret in secrets.items():
            assert secret.encode() not in whole, name


def test_A_26_passwords_and_tokens_are_not_stored_as_a_bare_digest_of_the_short_one(run):
    """A fast hash of a password would be as good as the password."""
    gateway, _, secrets, _, _ = run
    data = b"".join(path.read_bytes() for path in gateway.data_dir.rglob("*") if path.is_file())
    for digest in (hashlib.sha256, hashlib.sha1, hashlib.md5, hashlib.sha512):
        value = digest(secrets["password"].encode()).digest()
        assert not [form for form in (value, value.hex().encode(), base64.urlsafe_b64encode(value).rstrip(b"=")) if form in data]
