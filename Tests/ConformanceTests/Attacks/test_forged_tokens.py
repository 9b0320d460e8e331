"""A token that the gateway never issued, or issued for something else, opens a route.

Everything about a JWT is the sender's to choose: algorithm, key, type, claims, encoding. One algorithm, our own keys by
`kid` alone, one type and one audience are accepted, in one spelling; nothing else costs more than a 401, and nothing
reaches the upstream.
"""

import base64
import json
import time

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from martlet_support import MCPConnection, request
from martlet_support.oauth import jwt_claims, jwt_header
from martlet_support.steps import count, person, registered

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(header, claims) -> str:
    return ".".join(b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, claims))


def es256(key, signed: str) -> str:
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return signed + "." + b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


def hs256(key: bytes, signed: str) -> str:
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(signed.encode())
    return signed + "." + b64(mac.finalize())


@pytest.fixture(scope="module")
def good(shared):
    return person(shared).tokens(registered(shared, extra={"client_name": "forger"})).access


def forgeries(shared, good: str) -> dict[str, str]:
    header, claims = jwt_header(good), jwt_claims(good)
    head, body, signature = good.split(".")
    own = ec.generate_private_key(ec.SECP256R1())
    weak = rsa.generate_private_key(65537, 2048)
    public = next(key for key in request("GET", f"{shared.url}/jwks").json()["keys"] if key["kid"] == header["kid"])
    point = b"\x04" + b"".join(base64.urlsafe_b64decode(public[c] + "==") for c in "xy")
    numbers = own.public_key().public_numbers()
    jwk = {"kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big"))}
    assertion_kids = [key["kid"] for key in request("GET",
        f"{shared.url}/jwks").json()["keys"] if key["kid"] != header["kid"]]
    now = int(time.time())
    found = {}

    for alg in ("none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS256", "PS256", "ES384", "ES512",
            "ES256K", "EdDSA", "es256", "ES256 ", "RSA-OAEP", None, 1, ["ES256"]):
        changed = {**header, "alg": alg}
        found[f"alg {alg!r} unsigned"] = raw(changed, claims) + "."
        found[f"alg {alg!r} old signature"] = raw(changed, claims) + "." + signature
    for name, secret in {"point": point, "jwk": json.dumps(public).encode(), "kid": header["kid"].encode(),
            "empty": b"", "x": public["x"].encode()}.items():
        found[f"hs256 with {name}"] = hs256(secret, raw({**header, "alg": "HS256"}, claims))
    signed = raw({**header, "alg": "RS256"}, claims)
    found["rs256 own key"] = signed + "." + b64(weak.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))
    found["own key, our kid"] = es256(own, raw(header, claims))
    for name, extra in {
        "jwk": {"jwk": jwk}, "jwk and kid": {"jwk": {**jwk, "kid": header["kid"]}},
        "jku": {"jku": "http://127.0.0.1:1/jwks"}, "x5u": {"x5u": "http://127.0.0.1:1/c.pem"},
        "x5c": {"x5c": ["MIIB"]}, "crit": {"crit": ["b64"], "b64": False}, "crit unknown": {"crit": ["exp"]},
        "crit empty": {"crit": []}, "zip": {"zip": "DEF"}, "enc": {"enc": "A256GCM"},
    }.items():
        found[f"header {name}, own key"] = es256(own, raw({**header, **extra}, claims))
        found[f"header {name}, old signature"] = raw({**header, **extra}, claims) + "." + signature
    for kid in ("", None, "../../../../dev/null", "/dev/null", "' OR '1'='1", "http://127.0.0.1:1/k",
            header["kid"].upper(), header["kid"] + "\x00", header["kid"][:-1], "x" * 10_000, 0, *assertion_kids):
        changed = {**header, "kid": kid} if kid is not None else {n: v for n, v in header.items() if n != "kid"}
        found[f"kid {str(kid)[:30]!r} own key"] = es256(own, raw(changed, claims))
        found[f"kid {str(kid)[:30]!r} old signature"] = raw(changed, claims) + "." + signature
    for kind in ("JWT", "jwt", "dpop+jwt", "martlet-assertion+jwt", "logout+jwt", "oauth-id-jag+jwt", "AT+JWT ", None,
            5):
        changed = {**header, "typ": kind} if kind is not None else {n: v for n, v in header.items() if n != "typ"}
        found[f"typ {kind!r}"] = raw(changed, claims) + "." + signature
    for name, change in {
        "sub": {"sub": "usr_admin"}, "aud": {"aud": shared.mcp_url("modern")},
        "aud list": {"aud": [claims["aud"], shared.mcp_url("modern")]}, "exp": {"exp": now + 10**9},
        "no exp": {"exp": None},
        "exp text": {"exp": "9999999999"}, "exp 1e300": {"exp": 1e300}, "exp -1": {"exp": -1},
        "iss": {"iss": shared.url + "/"}, "iss prefix": {"iss": shared.url[:-1]}, "tenant": {"tenant": "other"},
        "scope": {"scope": "mcp admin"}, "client": {"client_id": "other"}, "nbf": {"nbf": now + 3600},
    }.items():
        changed = {n: v for n, v in {**claims, **change}.items() if v is not None}
        found[f"claim {name}, old signature"] = raw(header, changed) + "." + signature
        found[f"claim {name}, own key"] = es256(own, raw(header, changed))
    half = len(base64.urlsafe_b64decode(signature + "==")) // 2
    rs = base64.urlsafe_b64decode(signature + "==")
    r, s = rs[:half], rs[half:]
    zero = b"\x00" * half
    for name, value in {
        "zero": zero + zero, "r zero": zero + s, "s zero": r + zero, "order": ORDER.to_bytes(32, "big") * 2,
        "s + order": r + (int.from_bytes(s, "big") + ORDER).to_bytes(33, "big"),
        "empty": b"", "short": rs[:-1], "long": rs + b"\x00", "der": b"\x30\x44\x02\x20" + r + b"\x02\x20" + s,
        "swapped": s + r, "ones": b"\xff" * 64, "flipped": bytes([rs[0] ^ 1]) + rs[1:],
    }.items():
        found[f"signature {name}"] = f"{head}.{body}." + b64(value)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(signature[-1])
    found["pad bits of the signature"] = good[:-1] + alphabet[last ^ 1]
    for name, value in {
        "padding": good + "=", "padding in the middle": f"{head}=.{body}.{signature}",
        "space": f"{head}. {body}.{signature}", "standard alphabet": good.replace("-", "+").replace("_", "/") + "+",
        "two parts": f"{head}.{body}", "four parts": good + ".", "five parts": f"{good}.{signature}.{signature}",
        "no parts": "x", "dots": "." * 30, "many dots": "." * 8000,
        "empty header": f".{body}.{signature}", "empty claims": f"{head}..{signature}",
        "array": raw(b"[]", b"[]") + "." + signature, "null": raw(b"null", b"null") + "." + signature,
        "huge": f"{head}." + b64(json.dumps({**claims, "pad": "x" * 12_000}).encode()) + f".{signature}",
        "deep": raw(header, b"[" * 4000) + "." + signature,
        "bom": raw(b"\xef\xbb\xbf" + json.dumps(header).encode(), claims) + "." + signature,
        "bad utf-8": raw(header, b'{"iss":"\xff"}') + "." + signature,
        "duplicate alg": raw(json.dumps(header).encode()[:-1] + b',"alg":"none"}', claims) + ".",
        "duplicate sub": raw(header, json.dumps(claims).encode()[:-1] + b',"sub":"root"}') + "." + signature,
        "jwe": ".".join([b64(b'{"alg":"dir","enc":"A256GCM"}'), "", b64(b"iv"), b64(b"text"), b64(b"tag")]),
        "json form": json.dumps({"payload": body, "protected": head, "signature": signature}),
        "prefix": good[:200], "doubled": good + good, "bearer inside": "Bearer " + good, "quoted": f'"{good}"',
        "tab": good + "\tx",
    }.items():
        found[f"shape {name}"] = value
    return {name: token for name, token in found.items() if token != good}


def test_V_056_no_forged_token_opens_a_route(shared, good):
    table = forgeries(shared, good)
    assert len(table) >= 120, len(table)
    for name, token in table.items():
        answer = request("POST", shared.mcp_url(), headers={"Authorization": f"Bearer {token}"},
            json={"jsonrpc": "2.0", "id": 1, "method": "ping"})
        assert answer.status in (400, 401, 431), (name, answer.describe())
        if answer.status == 401:
            assert "resource_metadata=" in answer.header("www-authenticate"), (name, answer.describe())
    assert not shared.upstreams["stateful"].requests, "0 bytes upstream"
    assert MCPConnection(shared.mcp_url(), good).initialize().status == 200, "and the real one still works"
    print(f"proof: V-056 count={len(table)}")


def test_V_056_every_flipped_byte_is_noticed(shared, good):
    step = max(1, len(good) // count(120, len(good)))
    for index in range(0, len(good), step):
        changed = good[:index] + ("A" if good[index] != "A" else "B") + good[index + 1:]
        answer = request("GET", shared.mcp_url(), headers={"Authorization": f"Bearer {changed}"})
        assert answer.status == 401, (index, answer.describe())


def test_V_056_neither_id_tokens_nor_assertions_are_access_tokens(shared):
    """The assertion for the upstream is signed by us as well; the upstream must not be able to use it."""
    connection = shared.connect("stateful")
    connection.initialize()
    connection.tool("echo", {"text": "x"})
    seen = shared.upstreams["stateful"].received("tools/call")[0].header("martlet-assertion")
    assert seen and jwt_header(seen)["typ"] == "martlet-assertion+jwt"
    for name in ("stateful", "modern"):
        assert MCPConnection(shared.mcp_url(name), seen).post("ping").status == 401
    client = registered(shared, redirect_uri="https://c.example.com/cb", auth="client_secret_post")
    assert client.introspect(seen).json() == {"active": False}
