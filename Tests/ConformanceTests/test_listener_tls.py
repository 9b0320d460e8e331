"""TLS at the listener: certificates from files, taken in anew when they change; off loopback nothing goes in the clear; cookies are Secure."""

import http.client
import json
import os
import shutil
import socket
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509
from martlet_support import FakeMCPServer, Gateway, MCPConnection, request
from martlet_support.oauth import challenge_parameters
from martlet_support.gateway import free_port
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.tls import ThrowawayCA
from martlet_support.steps import PATIENCE, within


@pytest.fixture
def secure(tmp_path):
    ca = ThrowawayCA(tmp_path / "ca")
    certificate, key = ca.issue("127.0.0.1", "localhost")
    with FakeMCPServer("stateful") as upstream:
        gateway = Gateway({"stateful": upstream.url}, users={USER: PASSWORD}, config={"tls": {"cert": str(certificate), "key": str(key)}})
        gateway.ca, gateway.upstream = ca, upstream
        with gateway:
            yield gateway


def peer(gateway, version=None) -> tuple[int, str]:
    """The serial number of the certificate that is presented, and the version that is spoken."""
    context = ssl.create_default_context(cafile=str(gateway.ca.ca_file))
    if version:
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as raw, context.wrap_socket(raw, server_hostname="127.0.0.1") as sock:
        return x509.load_der_x509_certificate(sock.getpeercert(binary_form=True)).serial_number, sock.version()


def get(gateway, path, **options):
    return request("GET", gateway.url + path, ca_file=str(gateway.ca.ca_file), **options)


def test_N_37_both_planes_speak_tls(secure):
    assert secure.url.startswith("https://")
    document = get(secure, "/.well-known/oauth-authorization-server")
    assert document.status == 200 and document.json()["issuer"] == secure.url
    assert document.header("strict-transport-security"), document.describe()
    answer = MCPConnection(secure.mcp_url("stateful"), None, ca_file=str(secure.ca.ca_file)).post("ping")
    assert answer.status == 401
    assert challenge_parameters(answer)["resource_metadata"].startswith("https://")
    page = get(secure, "/login")
    for cookie in page.header_values("set-cookie"):
        assert cookie.startswith("__Host-martlet-"), cookie
        attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= attributes and not any(a.startswith("domain") for a in attributes), cookie
    assert page.header_values("set-cookie")


def test_V_081_V_083_http2_is_not_negotiated(secure):
    for offered in (["h2", "http/1.1"], ["http/1.1"], ["h2"]):
        context = ssl.create_default_context(cafile=str(secure.ca.ca_file))
        context.set_alpn_protocols(offered)
        try:
            with socket.create_connection(("127.0.0.1", secure.port), timeout=60) as raw, context.wrap_socket(raw, server_hostname="127.0.0.1") as sock:
                assert sock.selected_alpn_protocol() == ("http/1.1" if "http/1.1" in offered else None)
        except ssl.SSLError:
            assert offered == ["h2"], "HTTP/1.1 is spoken"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_N_37_old_versions_and_plain_text_are_refused(secure):
    assert peer(secure)[1] == "TLSv1.3"
    assert peer(secure, ssl.TLSVersion.TLSv1_2)[1] == "TLSv1.2"
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        with pytest.raises((ssl.SSLError, OSError, ValueError)):
            peer(secure, version)
    with socket.create_connection(("127.0.0.1", secure.port), timeout=60) as raw:
        raw.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            heard = raw.recv(4096)
        except OSError:
            heard = b""
        assert b"200" not in heard


def test_V_084_a_renewed_certificate_is_taken_in_and_an_unfinished_handshake_ends(secure):
    unfinished = socket.create_connection(("127.0.0.1", secure.port), timeout=120)
    unfinished.sendall(b"\x16\x03\x01")
    opened = time.monotonic()
    before, _ = peer(secure)
    pid = secure.process.pid
    # A half-written renewal first: what was read before stays.
    certificate, key = secure.config["tls"]["cert"], secure.config["tls"]["key"]
    good = open(certificate).read(), open(key).read()
    open(certificate, "w").write("-----BEGIN CERTIFICATE-----\nnonsense")
    time.sleep(1.2)
    assert peer(secure)[0] == before
    open(certificate, "w").write(good[0])
    secure.ca.issue("127.0.0.1", "localhost")  # over the same two files
    began = time.monotonic()
    while peer(secure)[0] == before and time.monotonic() - began < within(20):
        time.sleep(0.3)
    assert peer(secure)[0] != before, secure.log()
    assert time.monotonic() - began <= within(15)
    assert secure.process.poll() is None and secure.process.pid == pid
    try:
        assert unfinished.recv(10) == b""
    except ConnectionResetError:
        pass
    except TimeoutError:
        pytest.fail("an unfinished handshake is still open after two minutes")
    assert time.monotonic() - opened <= within(17)
    unfinished.close()
    assert get(secure, "/healthz").status == 200


def mount(folder: Path, version: str, files: dict[str, bytes]) -> None:
    """Puts files where names that never change lead to, as Kubernetes does with secrets: a folder of this version, and a link to it that
    is replaced at once."""
    (folder / version).mkdir(parents=True)
    for name, content in files.items():
        (folder / version / name).write_bytes(content)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    before = os.readlink(folder / "..data") if (folder / "..data").is_symlink() else None
    (folder / "..data_tmp").symlink_to(version)
    (folder / "..data_tmp").rename(folder / "..data")
    if before:
        shutil.rmtree(folder / before)


def test_V_084_a_certificate_that_is_replaced_behind_links_is_taken_in(tmp_path):
    ca = ThrowawayCA(tmp_path / "ca")

    def issued() -> dict[str, bytes]:
        certificate, key = ca.issue("127.0.0.1", "localhost")
        return {"tls.crt": certificate.read_bytes(), "tls.key": key.read_bytes()}

    folder = tmp_path / "mounted"
    mount(folder, "..2026_11_22_1", issued())
    config = {"tls": {"cert": str(folder / "tls.crt"), "key": str(folder / "tls.key")}}
    with FakeMCPServer("stateful") as upstream, Gateway({"stateful": upstream.url}, config=config) as gateway:
        gateway.ca = ca
        pid = gateway.process.pid
        for version in ("..2026_11_22_2", "..2026_11_22_3"):
            before, _ = peer(gateway)
            mount(folder, version, issued())
            began = time.monotonic()
            while peer(gateway)[0] == before and time.monotonic() - began < within(20):
                time.sleep(0.3)
            assert peer(gateway)[0] != before, gateway.log()
            assert time.monotonic() - began <= within(15)
        assert gateway.process.poll() is None and gateway.process.pid == pid


CLEAR = [
    ({"public_url": "http://gateway.example", "listen": "127.0.0.1:0"}, "public_url"), ({"listen": "0.0.0.0:8080"}, "listen"),
    ({"listen": "[::]:8080"}, "listen"), ({"listen": "192.0.2.1:8080"}, "listen"),
    ({"public_url": "https://gateway.example", "listen": "0.0.0.0:8443"}, "listen"),
]


@pytest.mark.parametrize("config,path", CLEAR)
def test_N_37_nothing_goes_in_the_clear_off_loopback(tmp_path, config, path):
    gateway = Gateway({"s": "http://127.0.0.1:9/mcp"}, config=config)
    for command in (("config", "check"), ("serve",)):
        done = gateway.cli(*command, exit_code=None)
        assert done.returncode == 2, done.stdout + done.stderr
        assert path in done.stdout + done.stderr
    assert not gateway.data_dir.exists() or not list(gateway.data_dir.glob("*.sqlite")), "nothing was started"


def test_N_37_behind_a_declared_proxy_plain_http_is_fine(tmp_path):
    gateway = Gateway({"s": "http://127.0.0.1:9/mcp"}, config={"public_url": "https://gateway.example", "listen": "0.0.0.0:8443", "trusted_proxies": ["10.0.0.0/8"]})
    assert gateway.cli("config", "check").returncode == 0


@pytest.mark.parametrize("what", ["missing", "mismatch", "garbage"])
def test_bad_certificates_are_found_before_the_start(tmp_path, what):
    ca = ThrowawayCA(tmp_path / "ca")
    certificate, key = ca.issue("127.0.0.1")
    if what == "missing":
        key.unlink()
    elif what == "mismatch":
        _, other = ca.issue("localhost", file="other")
        key = other
    else:
        certificate.write_text("nonsense")
    gateway = Gateway({"s": "http://127.0.0.1:9/mcp"}, config={"tls": {"cert": str(certificate), "key": str(key)}})
    done = gateway.cli("serve", exit_code=None)
    assert done.returncode == 2, f"{done.returncode}: {done.stdout}{done.stderr}"
    assert "tls" in (done.stdout + done.stderr).lower() and "Fatal" not in done.stderr


def test_N_37_plain_http_off_loopback_counts_from_a_declared_proxy_only(fake_mcp_server):
    """What travelled in clear is refused, whatever it says of itself; probes and counts hold no secret."""
    port = free_port()
    config = {"public_url": "https://gateway.example", "listen": f"0.0.0.0:{port}", "trusted_proxies": ["127.0.0.2/32"]}
    with Gateway({"s": fake_mcp_server("stateless").url}, config=config, port=port) as gateway:
        def ask(path, source, **fields):
            connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=PATIENCE, source_address=(source, 0))
            connection.request("GET", path, headers={"Host": "gateway.example", **fields})
            answer = connection.getresponse()
            return answer.status, answer.read()

        for path in ("/s/mcp", "/login", "/jwks", "/.well-known/oauth-authorization-server"):
            status, body = ask(path, "127.0.0.1", **{"X-Forwarded-For": "127.0.0.2", "X-Forwarded-Proto": "https"})
            assert status == 403 and json.loads(body)["error"] == "plain_http", (path, status, body)
        assert ask("/s/mcp", "127.0.0.2")[0] == 401 and ask("/jwks", "127.0.0.2")[0] == 200
        assert [ask(path, "127.0.0.1")[0] for path in ("/healthz", "/readyz", "/metrics")] == [200] * 3
