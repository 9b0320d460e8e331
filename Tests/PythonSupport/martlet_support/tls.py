"""A certificate authority that lives as long as a test (needs the `cryptography` package)."""

import datetime
import functools
import http.server
import ipaddress
import json
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class ThrowawayCA:
    """Writes ca.pem into a folder and issues server certificates beside it."""

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's own authority")])
        builder = (
            self._builder(self.name, self.key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        )
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.ca_file = self.folder / "ca.pem"
        self.ca_file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, public_key) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.timezone.utc)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=2))
        )

    def issue(self, *names: str, file: str = "server") -> tuple[Path, Path]:
        """A certificate and key for host names and addresses; answers both paths."""
        key = ec.generate_private_key(ec.SECP256R1())
        alternatives: list[x509.GeneralName] = []
        for name in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                alternatives.append(x509.DNSName(name))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        certificate = (
            self._builder(subject, key.public_key())
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        cert_path, key_path = self.folder / f"{file}.pem", self.folder / f"{file}-key.pem"
        cert_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        key_path.chmod(0o600)
        return cert_path, key_path


class DocumentServer:
    """Serves documents over https on localhost: Client ID Metadata Documents, for one. A context manager.

    `documents` maps a path to (status, headers, body) or to a value that is served as JSON.
    """

    def __init__(self, ca: ThrowawayCA):
        certificate, key = ca.issue("localhost", "127.0.0.1", file="documents")
        self.documents: dict[str, object] = {}
        self.requests: list[str] = []
        handler = functools.partial(_DocumentHandler, self)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.daemon_threads = True
        self.origin = f"https://localhost:{self._server.server_address[1]}"

    def client(self, *redirect_uris: str, path: str = "/client.json", **extra) -> str:
        """Publishes a Client ID Metadata Document; answers the client id."""
        client_id = self.origin + path
        self.documents[path] = {
            "client_id": client_id,
            "client_name": "A client by document",
            "redirect_uris": list(redirect_uris),
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            **extra,
        }
        return client_id

    def __enter__(self) -> "DocumentServer":
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()
        self._server.server_close()


class _DocumentHandler(http.server.BaseHTTPRequestHandler):
    def __init__(self, owner: DocumentServer, *arguments):
        self.owner = owner
        super().__init__(*arguments)

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.owner.requests.append(self.path)
        found = self.owner.documents.get(self.path)
        if found is None:
            status, headers, body = 404, {}, b""
        elif isinstance(found, tuple):
            status, headers, body = found
        else:
            status, headers, body = 200, {"Content-Type": "application/json"}, json.dumps(found).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
