"""Every example runs, every piece of YAML in the documents is accepted, `make run` keeps what it prints."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
import yaml
from martlet_support import Browser, Gateway, MCPConnection, OAuthClient, repository
from martlet_support.gateway import binary
from martlet_support.real import python, real_server
from martlet_support.tls import ThrowawayCA
from martlet_support.wire import request

CONFIGURATIONS = sorted(repository.glob("Examples/*/martlet.yaml"))
SECRET = "a secret of more than thirty-two characters"
FENCE = re.compile(r"^```ya?ml\n(.*?)^```", re.M | re.S)


def snippets() -> list:
    """Each fenced piece of YAML in the documents, by file and number."""
    documents = [
        repository / "README.md",
        *sorted(repository.glob("docs/**/*.md")),
        *sorted(repository.glob("Examples/**/*.md")),
    ]
    return [
        pytest.param(text, id=f"{path.relative_to(repository)}-{number}")
        for path in documents
        if path.exists()
        for number, text in enumerate(FENCE.findall(path.read_text()), 1)
    ]


def check(path, environment: dict[str, str] | None = None):
    return subprocess.run(
        [binary(), "config", "check", "--config", path],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, **(environment or {})},
    )


def secrets_in(text: str) -> dict[str, str]:
    """A value for every environment variable that a configuration asks for."""
    return dict.fromkeys(re.findall(r"env: *([A-Z_0-9]+)", text), SECRET)


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=[p.parent.name for p in CONFIGURATIONS])
def test_the_configuration_is_valid(path):
    done = check(path, secrets_in(path.read_text()))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", snippets())
def test_the_yaml_in_the_documents_is_valid(text, tmp_path):
    """A piece of a configuration is completed by the least that it needs; the files it names exist."""
    ca = ThrowawayCA(tmp_path)
    ca.issue("localhost", file="cert")
    (tmp_path / "cert-key.pem").rename(tmp_path / "key.pem")
    (tmp_path / "ci.jwks").write_text('{"keys": []}')
    configuration = {
        "public_url": "http://127.0.0.1:8080",
        "servers": {"time": {"url": "http://127.0.0.1:9001/mcp"}},
        **yaml.safe_load(text),
    }
    path = tmp_path / "martlet.yaml"
    path.write_text(json.dumps(configuration))
    done = check(path, secrets_in(text))
    assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


def test_a_machine_client():
    example = repository / "Examples/machine-client"
    configuration = yaml.safe_load((example / "martlet.yaml").read_text())
    kept = {key: configuration[key] for key in ("clients", "registration")}
    environment = {"NIGHTLY_CLIENT_SECRET": SECRET}
    with real_server("demo") as url, Gateway({"demo": url}, config=kept, env=environment) as gateway:
        done = subprocess.run(
            [python("fastmcp"), example / "client.py", gateway.mcp_url("demo")],
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, **environment},
        )
        assert done.returncode == 0, done.stderr[-2000:] + gateway.log()[-2000:]
        assert json.loads(done.stdout)["claims"]["client_id"] == "nightly"
        wrong = subprocess.run(
            [python("fastmcp"), example / "client.py", gateway.mcp_url("demo")],
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, "NIGHTLY_CLIENT_SECRET": SECRET + "x"},
        )
        assert wrong.returncode != 0


@pytest.fixture
def clone(tmp_path):
    """The parts of the repository that `make run` needs, so that its data stays apart."""
    for name in ("scripts", "Examples"):
        shutil.copytree(repository / name, tmp_path / name)
    os.symlink(repository / ".venvs", tmp_path / ".venvs")
    return tmp_path


def test_make_run(clone):
    log = clone / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [clone / "scripts/run.sh"],
            stdout=out,
            stderr=out,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "MARTLET_BIN": str(binary())},
        )
    try:
        deadline = time.monotonic() + 180
        while "Ctrl-C stops everything" not in log.read_text() and time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        text = log.read_text()
        password = re.search(r"password +(\S+)", text)[1]
        url = re.search(r"MCP server +(http\S+)", text)[1]
        assert f"claude mcp add --transport http demo {url}" in text
        file = clone / "data/demo-password"
        assert file.read_text().strip() == password and file.stat().st_mode & 0o777 == 0o600
        tokens = OAuthClient("http://127.0.0.1:8080").log_in(url, "demo", password)
        connection = MCPConnection(url, tokens.access)
        connection.initialize()
        assert "dice" not in connection.tool("who_am_i")["content"][0]["text"]
        assert Browser("http://127.0.0.1:8080").fetch("GET", "http://127.0.0.1:8080/readyz").status == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(120)
    for port in (8080, 9001):
        with pytest.raises(OSError):
            request("GET", f"http://127.0.0.1:{port}/", timeout=60)


def test_make_run_says_when_its_port_is_taken(clone):
    import socket

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
        done = subprocess.run(
            [clone / "scripts/run.sh"],
            capture_output=True,
            text=True,
            timeout=180,
            env={**os.environ, "MARTLET_BIN": str(binary())},
        )
    assert done.returncode == 1
    assert "port 8080 on 127.0.0.1 is taken" in done.stderr
    assert not (clone / "data").exists(), "nothing was started"
