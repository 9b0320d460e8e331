"""Managers of secrets and keys that are strict about who asks: HashiCorp Vault (key-value store, transit) and AWS (Secrets Manager,
KMS), as far as Martlet asks them."""

import base64
import datetime
import hashlib
import hmac
import json
import os
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class SecretManagers:
    """Both on one port. A context manager.

    kept: `mount/path` -> members of a Vault secret, or name -> text of an AWS secret. act: what happens to requests: None, a
    status to answer, or "drop".
    """

    REGION, KEY_ID, KEY, VAULT_TOKEN = "eu-test-1", "AKIDTEST", "aws-key-canary", "hvs.vault-canary"

    def __init__(self, *, namespace: str | None = None, session: str | None = None, context=None):
        self.kept: dict = {}
        self.act: int | str | None = None
        self.namespace, self.session = namespace, session
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.wrapped: dict[str, tuple] = {}  # what was wrapped -> (key, context, bytes in clear)
        self.key = "alias/martlet", "martlet"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"{'https' if context else 'http'}://{self.host}"

    def __enter__(self) -> "SecretManagers":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, **more) -> dict:
        """`secrets` of martlet.yaml; VAULT_TOKEN and AWS_KEY have to be in the environment."""
        aws = {"region": self.REGION, "access_key_id": self.KEY_ID, "secret_access_key": {"env": "AWS_KEY"}, "endpoint": self.url + "/",
            "kms_endpoint": self.url + "/"}
        if self.session:
            aws["session_token"] = {"env": "AWS_SESSION"}
        vault = {"address": self.url, "token": {"env": "VAULT_TOKEN"}}
        if self.namespace:
            vault["namespace"] = self.namespace
        return {"vault": vault, "aws": aws, **more}

    @property
    def env(self) -> dict:
        return {"VAULT_TOKEN": self.VAULT_TOKEN, "AWS_KEY": self.KEY, "AWS_SESSION": self.session or ""}

    # Keys that never leave here

    def wrap(self, key: str, context, plain: bytes | None = None) -> tuple[str, bytes]:
        plain = plain or os.urandom(32)
        blob = base64.b64encode(secrets.token_bytes(48)).decode()
        self.wrapped[blob] = key, context, plain
        return blob, plain

    def kms(self, operation: str, asked: dict) -> tuple[int, dict]:
        key, context = asked.get("KeyId"), asked.get("EncryptionContext")
        if key != self.key[0]:
            return 400, {"__type": "NotFoundException", "message": "no such key"}
        match operation:
            case "GenerateDataKey" if asked.get("KeySpec") == "AES_256":
                blob, plain = self.wrap(key, context)
                return 200, {"KeyId": key, "CiphertextBlob": blob, "Plaintext": base64.b64encode(plain).decode()}
            case "Encrypt":
                return 200, {"KeyId": key, "CiphertextBlob": self.wrap(key, context, base64.b64decode(asked["Plaintext"]))[0]}
            case "Decrypt":
                found = self.wrapped.get(asked["CiphertextBlob"])
                if not found or found[:2] != (key, context):
                    return 400, {"__type": "InvalidCiphertextException"}
                return 200, {"KeyId": key, "Plaintext": base64.b64encode(found[2]).decode()}
        return 400, {"__type": "UnknownOperationException"}

    def transit(self, path: str, asked: dict) -> tuple[int, dict]:
        operation, _, key = path.partition("/transit/")[2].rpartition("/")
        if key != self.key[1]:
            return 404, {"errors": []}
        match operation:
            case "datakey/plaintext" if asked == {"bits": 256}:
                blob, plain = self.wrap(key, None)
                return 200, {"data": {"ciphertext": f"vault:v1:{blob}", "plaintext": base64.b64encode(plain).decode()}}
            case "encrypt":
                return 200, {"data": {"ciphertext": "vault:v1:" + self.wrap(key, None, base64.b64decode(asked["plaintext"]))[0]}}
            case "decrypt":
                found = self.wrapped.get(asked["ciphertext"].removeprefix("vault:v1:"))
                if not found or found[0] != key:
                    return 400, {"errors": ["cipher: message authentication failed"]}
                return 200, {"data": {"plaintext": base64.b64encode(found[2]).decode()}}
        return 400, {"errors": ["unsupported operation"]}

    def why_not(self, headers: dict, body: bytes) -> str | None:
        """What is wrong with a signed request, by AWS's description of Signature Version 4."""
        try:
            algorithm, rest = headers["authorization"].split(" ", 1)
            parts = dict(part.strip().split("=", 1) for part in rest.split(","))
            key_id, day, region, service, ending = parts["Credential"].split("/")
        except (KeyError, ValueError):
            return "IncompleteSignatureException"
        named = "kms" if headers.get("x-amz-target", "").startswith("TrentService.") else "secretsmanager"
        signed, date = parts["SignedHeaders"].split(";"), headers.get("x-amz-date", "")
        if (algorithm, key_id, region, service, ending) != ("AWS4-HMAC-SHA256", self.KEY_ID, self.REGION, named, "aws4_request"):
            return "UnrecognizedClientException"
        must = {"host", "x-amz-date", "x-amz-target", "content-type"} | ({"x-amz-security-token"} if self.session else set())
        if not must <= set(signed) or signed != sorted(signed) or not date.startswith(day):
            return "InvalidSignatureException"
        if headers.get("x-amz-security-token") != self.session:
            return "UnrecognizedClientException"
        age = datetime.datetime.now(datetime.timezone.utc) - datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(
            tzinfo=datetime.timezone.utc)
        if abs(age.total_seconds()) > 300:
            return "InvalidSignatureException"
        fields = "".join(f"{name}:{headers[name]}\n" for name in signed)
        canonical = "\n".join(["POST", "/", "", fields, ";".join(signed), hashlib.sha256(body).hexdigest()])
        text = "\n".join([algorithm, date, f"{day}/{region}/{service}/{ending}", hashlib.sha256(canonical.encode()).hexdigest()])
        key = b"AWS4" + self.KEY.encode()
        for part in (day, region, service, ending):
            key = hmac.digest(key, part.encode(), "sha256")
        good = hmac.compare_digest(hmac.new(key, text.encode(), "sha256").hexdigest(), parts["Signature"])
        return None if good else "InvalidSignatureException"


def _handler(owner: SecretManagers):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def reply(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def misbehaves(self) -> bool:
            if owner.act == "drop":
                self.close_connection = True
                self.connection.close()
            elif owner.act:
                self.reply(owner.act, {"errors": []})
            return owner.act is not None

        def is_strange(self) -> bool:
            good = self.headers.get("X-Vault-Token") == owner.VAULT_TOKEN and self.headers.get("X-Vault-Namespace") == owner.namespace
            if good and self.headers.get("X-Vault-Request") == "true":
                return False
            owner.refused.append(self.path)
            self.reply(403, {"errors": ["permission denied"]})
            return True

        def do_GET(self):
            owner.asked.append(self.path)
            if self.misbehaves():
                return
            if self.is_strange():
                return
            mount, _, path = self.path.removeprefix("/v1/").partition("/data/")
            found = owner.kept.get(f"{mount}/{path}")
            if found is None:
                return self.reply(404, {"errors": []})
            self.reply(200, {"data": {"data": found, "metadata": {"version": 1}}})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            target = self.headers.get("X-Amz-Target", "")
            owner.asked.append(self.path if self.path != "/" else target)
            if self.misbehaves():
                return
            if self.path.startswith("/v1/transit/"):
                return None if self.is_strange() else self.reply(*owner.transit(self.path, json.loads(body)))
            wrong = owner.why_not({name.lower(): value for name, value in self.headers.items()}, body)
            if not wrong and target.startswith("TrentService."):
                return self.reply(*owner.kms(target.removeprefix("TrentService."), json.loads(body)))
            if not wrong and target != "secretsmanager.GetSecretValue":
                wrong = "UnknownOperationException"
            if wrong:
                owner.refused.append(wrong)
                return self.reply(400, {"__type": f"com.amazon.coral.service#{wrong}"})
            name = json.loads(body)["SecretId"]
            if name not in owner.kept:
                return self.reply(400, {"__type": "ResourceNotFoundException", "Message": "no such secret"})
            self.reply(200, {"Name": name, "SecretString": owner.kept[name]})

    return Handler
