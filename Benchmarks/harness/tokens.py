"""Real access tokens of the running Martlet, and its public key in the forms that other proxies want."""

import base64
import http.client
import json
import textwrap
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

# SubjectPublicKeyInfo of an uncompressed point on P-256, up to the point (RFC 5480).
P256_PREFIX = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200" "04")
AT_ONCE = 16


@dataclass(frozen=True)
class Mint:
    """Makes tokens with the client credentials grant: every answer of /token is another token."""

    port: int
    client: str
    secret: str

    def tokens(self, resource: str, count: int) -> list[str]:
        if count <= 0:
            return []
        shares = [count // AT_ONCE + (index < count % AT_ONCE) for index in range(AT_ONCE)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return [token for some in pool.map(lambda share: self._some(resource, share), shares) for token in some]

    def _some(self, resource: str, count: int) -> list[str]:
        form = urllib.parse.urlencode({"grant_type": "client_credentials", "resource": resource})
        credentials = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
        connection, tokens = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30), []
        for _ in range(count):
            connection.request("POST", "/token", form, headers)
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(f"/token answered {answer.status}: {body[:300]!r}")
            tokens.append(json.loads(body)["access_token"])
        connection.close()
        return tokens


def key_set(port: int) -> dict:
    """Martlet's /jwks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/jwks")
    return json.loads(connection.getresponse().read())


def key_id(token: str) -> str:
    return _decoded(token.split(".")[0])["kid"]


def claims(token: str) -> dict:
    return _decoded(token.split(".")[1])


def public_key_pem(jwk: dict) -> str:
    """The PEM of an EC key on P-256."""
    der = P256_PREFIX + _bytes(jwk["x"]) + _bytes(jwk["y"])
    text = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"


def _decoded(part: str) -> dict:
    return json.loads(_bytes(part))


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
