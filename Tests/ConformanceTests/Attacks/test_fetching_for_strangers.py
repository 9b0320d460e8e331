"""A stranger makes the gateway fetch something: from inside the network, without end, or a lie.

`client_id` and `jwks_uri` are URLs that anybody may choose before any login. Only https, only public addresses (or
ranges that the operator names), one answer of bounded size and time, no redirects; and what comes back is a client only
if every byte of it is right.
"""

import gzip
import json
import socket
import threading
import time

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from martlet_support import OAuthClient, Pkce, request
from martlet_support.steps import at_once, registered, within
from martlet_support.tls import DocumentServer, ThrowawayCA

LOOPBACK = "http://127.0.0.1/callback"
KEYS = {"keys": [ECKey.generate_key("P-256", {"kid": "k"}).as_dict(private=False)]}


class Witness:
    """Listens on loopback, answers nothing, and counts who came."""

    def __init__(self):
        self.connections = 0
        self.sockets = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            self.sockets.append(connection)

    def close(self):
        self._server.close()
        for connection in self.sockets:
            connection.close()


@pytest.fixture(scope="module")
def witness():
    listener = Witness()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def documents(tmp_path_factory):
    ca = ThrowawayCA(tmp_path_factory.mktemp("ca"))
    with DocumentServer(ca) as server:
        server.ca_file = str(ca.ca_file)
        yield server


@pytest.fixture(scope="module")
def world(documents, install_for_file):
    config = {"egress": {"allow": ["127.0.0.0/8", "::1/128"], "ca_file": documents.ca_file}}
    return install_for_file(config=config)


def authorize(world, client_id: str, redirect: str = LOOPBACK):
    return request("GET", OAuthClient(world.url, client_id=client_id,
        redirect_uri=redirect).authorize_url(world.mcp_url(), Pkce()))


def same_words(answer) -> str:
    """The page without what differs from request to request."""
    return answer.text.replace(answer.header("x-request-id"), "")


TARGETS = [
    "https://127.0.0.1:{port}/c.json", "https://localhost:{port}/c.json", "https://[::1]:{port}/c.json",
    "https://0.0.0.0:{port}/c.json", "https://0:{port}/c.json",
    "https://127.1:{port}/c.json", "https://0x7f.1:{port}/c.json", "https://0x7f000001:{port}/c.json",
    "https://2130706433:{port}/c.json", "https://0177.0.0.1:{port}/c.json",
    "https://127.0.0.1.:{port}/c.json", "https://localhost.:{port}/c.json", "https://[::ffff:127.0.0.1]:{port}/c.json",
    "https://[::ffff:7f00:1]:{port}/c.json", "https://[::]:{port}/c.json",
    "https://[64:ff9b::7f00:1]:{port}/c.json", "https://[2002:7f00:1::]:{port}/c.json",
    "https://[2001:0:7f00:1::]:{port}/c.json", "https://[fe80::1]:{port}/c.json", "https://[fc00::1]:{port}/c.json",
    "https://[fe80::5efe:7f00:1]:{port}/c.json", "https://169.254.169.254/latest/meta-data", "https://10.0.0.1/c.json",
    "https://192.168.1.1/c.json", "https://172.16.0.1/c.json", "https://100.64.0.1/c.json",
    "https://198.18.0.1/c.json", "https://224.0.0.1/c.json", "https://255.255.255.255/c.json",
    "https://LOCALHOST:{port}/c.json", "https://\uff11\uff12\uff17.0.0.1:{port}/c.json",
    "https://127。0。0。1:{port}/c.json",
    "http://127.0.0.1:{port}/c.json", "http://localhost:{port}/c.json", "https://user@127.0.0.1:{port}/c.json",
    "https://good.example@127.0.0.1:{port}/c.json", "https://127.0.0.1:{port}\\@good.example/c.json",
    "https://127.0.0.1%3A{port}/c.json", "ftp://127.0.0.1:{port}/c.json", "file:///etc/passwd",
    "gopher://127.0.0.1:{port}/c.json", "unix:///var/run/x", "https:///c.json", "https://",
]


def test_V_057_V_091_V_094_no_private_address_is_ever_asked(shared, witness):
    before = witness.connections
    pages = set()
    for target in TARGETS:
        client_id = target.format(port=witness.port)
        begun = time.monotonic()
        answer = authorize(shared, client_id)
        assert answer.status == 400 and answer.header("location") is None, (client_id, answer.describe())
        assert time.monotonic() - begun < within(3), f"{client_id}: time tells"
        pages.add(same_words(answer))
        token = OAuthClient(shared.url, client_id=client_id).refresh("mrf_x")
        assert token.status == 401 and token.json()["error"] == "invalid_client", (client_id, token.describe())
    assert witness.connections == before, "0 connects"
    assert len(pages) == 1, "V-094: one and the same page, whatever the reason"
    print(f"proof: V-091 count={len(TARGETS)}")


def test_V_094_what_is_no_identifier_is_not_fetched(world, documents):
    before = len(documents.requests)
    origin = documents.origin
    for client_id in (origin, origin + "/", origin + "/a/../c.json", origin + "/./c.json", origin + "/c.json#x",
            origin.replace("https://", "https://u@") + "/c.json",
                      origin.replace("https:", "http:") + "/c.json", origin + "/c\\d.json", origin + "/%2e%2e/c.json",
                      origin + "/c.json ", " " + origin + "/c.json"):
        answer = authorize(world, client_id)
        assert answer.status == 400 and answer.header("location") is None, (client_id, answer.describe())
        assert len(documents.requests) == before, client_id


def bad_documents(documents, port: int) -> dict[str, object]:
    def good(path: str, **changes) -> dict:
        document = {"client_id": documents.origin + path, "client_name": "By document", "redirect_uris": [LOOPBACK],
            **changes}
        return {name: value for name, value in document.items() if value is not None}

    def sent(body: bytes, kind: str = "application/json", **headers):
        return (200, {"Content-Type": kind, **headers}, body)

    text = json.dumps(good("/duplicate.json"))
    return {
        "/id-differs.json": good("/id-differs.json", client_id=documents.origin + "/other.json"),
        "/id-slash.json": good("/id-slash.json", client_id=documents.origin + "/id-slash.json/"),
        "/no-redirects.json": good("/no-redirects.json", redirect_uris=[]),
        "/secret.json": good("/secret.json", client_secret="s", token_endpoint_auth_method="client_secret_post"),
        "/post.json": good("/post.json", token_endpoint_auth_method="client_secret_basic"),
        "/evil-redirect.json": good("/evil-redirect.json", redirect_uris=["javascript:alert(1)", LOOPBACK]),
        "/two-places.json": good("/two-places.json", token_endpoint_auth_method="private_key_jwt", jwks=KEYS,
            jwks_uri=documents.origin + "/jwks"),
        "/keyless.json": good("/keyless.json", token_endpoint_auth_method="private_key_jwt", jwks={"keys": []}),
        "/gateway.json": good("/gateway.json", redirect_uris=["{gateway}/login/corp/callback"]),
        "/moved.json": (302, {"Location": documents.origin + "/target.json"}, b""),
        "/inside.json": (301, {"Location": f"https://127.0.0.1:{port}/x"}, b""),
        "/html.json": sent(json.dumps(good("/html.json")).encode(), "text/html"),
        "/large.json": good("/large.json", pad="x" * 6000),
        "/duplicate.json": sent(text[:-1].encode() + b',"client_id":"x"}'),
        "/bom.json": sent(b"\xef\xbb\xbf" + json.dumps(good("/bom.json")).encode()),
        "/gzip.json": sent(gzip.compress(json.dumps(good("/gzip.json", pad="x" * 100_000)).encode()),
            **{"Content-Encoding": "gzip"}), "/created.json": (201, {"Content-Type": "application/json"},
            json.dumps(good("/created.json")).encode()),
    }


def test_V_092_V_093_V_094_a_document_is_right_or_nothing(world, documents, witness):
    before, pages = witness.connections, set()
    table = bad_documents(documents, witness.port)
    for path, document in table.items():
        text = json.dumps(document).replace("{gateway}", world.url) if isinstance(document, dict) else None
        documents.documents[path] = json.loads(text) if text else document
    for path in table:
        for _ in range(2):
            answer = authorize(world, documents.origin + path)
            assert answer.status == 400 and answer.header("location") is None, (path, answer.describe())
            pages.add(same_words(answer))
    assert len(pages) == 1, "the same page for each"
    assert witness.connections == before and "/target.json" not in documents.requests, "no redirect is followed"
    for path in table:
        assert documents.requests.count(path) <= 2, f"{path}: refused documents are not asked for again at once"
    print(f"proof: V-094 count={len(table)}")


def test_V_093_a_host_that_never_answers_is_given_up(world, witness):
    begun = time.monotonic()
    answer = authorize(world, f"https://127.0.0.1:{witness.port}/never.json")
    took = time.monotonic() - begun
    assert answer.status == 503 and answer.header("retry-after") and answer.header("location") is None, answer.describe(
        )
    assert took < within(8), f"{took:.1f} s"


def test_V_057_a_jwks_uri_is_under_the_same_guard(shared, witness):
    before = witness.connections
    key = ECKey.generate_key("P-256", {"kid": "k"})
    for uri in (f"https://127.0.0.1:{witness.port}/jwks", f"https://localhost:{witness.port}/jwks",
            "https://169.254.169.254/jwks"):
        client = registered(shared, redirect_uri="https://k.example.com/cb", auth="private_key_jwt",
            extra={"jwks_uri": uri, "client_name": uri[-20:]})
        now = int(time.time())
        claims = {"iss": client.client_id, "sub": client.client_id, "aud": shared.url, "exp": now + 60, "iat": now,
            "jti": str(time.time_ns())}
        answer = request("POST", f"{shared.url}/token", form={
            "grant_type": "refresh_token", "refresh_token": "x",
            "client_assertion": jwt.encode({"alg": "ES256", "kid": "k"}, claims, key),
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"})
        assert answer.status in (401, 503), answer.describe()
    assert witness.connections == before


def test_V_094_many_at_once_are_one_fetch_and_a_host_is_not_flooded(world, documents):
    """Last in this file: it uses up this host's share of a minute."""
    client_id = documents.client(LOOPBACK, path="/once.json")
    answers = at_once(16, lambda _: authorize(world, client_id))
    statuses = {answer.status for answer in answers}
    assert statuses <= {303, 503} and documents.requests.count("/once.json") <= 1, statuses
    before = len(documents.requests)
    answers = []
    for index in range(90):
        documents.client(LOOPBACK, path=f"/flood-{index}.json")
        answers.append(authorize(world, f"{documents.origin}/flood-{index}.json"))
    # A minute may end in between: then this host's share begins anew, once.
    assert len(documents.requests) - before <= 70, "an unauthenticated URL is no way to flood somebody else"
    refused = [answer for answer in answers if answer.status != 303]
    assert refused and all(answer.status == 503 and answer.header("retry-after") for answer in refused)
