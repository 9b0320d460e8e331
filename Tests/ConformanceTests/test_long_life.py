"""What happens to a process that runs for months: the disk fills up, files vanish, the system has no room for more connections, somebody
reloads what can't be reloaded, or wants it to stop now."""

import contextlib
import fcntl
import http.client
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from martlet_support import Gateway, request
from martlet_support.fake_mcp_server import FakeMCPServer
from martlet_support.gateway import binary, free_port
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.route import connect
from martlet_support.steps import PATIENCE, until, within

READ_AGAIN = "the configuration was read again"


@pytest.fixture
def single():
    """single(config=…) -> an installation in front of one server; closed after the test."""
    with contextlib.ExitStack() as stack:

        def start(**options) -> Installation:
            upstream = stack.enter_context(FakeMCPServer("stateful"))
            gateway = Gateway({"stateful": upstream.url}, users={USER: PASSWORD}, **options)
            stack.callback(gateway.close)
            return Installation(gateway.start(), {"stateful": upstream})

        yield start


def reload(gateway: Gateway, **config) -> str:
    """Reloads; answers what was logged about it."""
    length = len(gateway.log())
    gateway.reload(config)
    assert until(lambda: READ_AGAIN in gateway.log()[length:]), gateway.log()
    return gateway.log()[length:]


# Reload


def raw_status(port: int, host: str) -> int:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    asking.request("POST", "/stateful/mcp", b"{}", {"Host": host, "Content-Type": "application/json"})
    return asking.getresponse().status


def test_R_90_a_listener_that_stays_is_guarded_as_it_is(single):
    """`listen` waits for a restart, and so does what depends on it: plain HTTP off loopback is for declared proxies alone."""
    port = free_port()
    world = single(config={"listen": f"0.0.0.0:{port}", "trusted_proxies": ["192.0.2.0/24"], "public_url": "https://gateway.example"}, port=port)
    assert raw_status(port, "gateway.example") == 403
    assert "listen takes effect after a restart" in reload(world.gateway, listen=f"127.0.0.1:{port}")
    assert raw_status(port, "gateway.example") == 403, "nobody else may come before the restart"
    assert "listen takes effect after a restart" in reload(world.gateway, allowed_hosts=["other.example"]), "it still waits"
    world.gateway.restart()
    assert raw_status(port, "gateway.example") == 401


def test_R_90_a_listener_that_stays_goes_on_serving(single):
    world = single()
    connection = connect(world)
    reload(world.gateway, listen=f"0.0.0.0:{world.gateway.port}", trusted_proxies=["192.0.2.0/24"])
    assert connection.call("tools/list")["result"], "it listens on loopback until it is started again"


def test_R_90_what_may_be_reached_says_that_it_waits(single):
    assert "egress takes effect after a restart" in reload(single().gateway, egress={"allow": ["10.0.0.0/8"]})


def test_R_90_a_reload_while_everything_is_opened_ends_nothing(single):
    gateway = single().gateway
    gateway.stop()
    for _ in range(3):
        with open(gateway.log_path, "ab") as log:
            process = subprocess.Popen([binary(), "serve", "--config", gateway.config_path], stdout=log, stderr=log, cwd=gateway.folder)
        gateway.process = process
        assert until(lambda: has_database(process.pid), every=0.001)
        process.send_signal(signal.SIGHUP)
        assert until(gateway._is_ready), f"{process.poll()}: {gateway.log()}"
        gateway.stop()


def has_database(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return any(os.readlink(one.path).endswith("martlet.sqlite") for one in os.scandir(f"/proc/{pid}/fd"))
    return False


# The end


@pytest.mark.parametrize("first, second", [("SIGTERM", "SIGTERM"), ("SIGINT", "SIGINT"), ("SIGTERM", "SIGINT")])
def test_R_70_who_is_told_to_stop_twice_waits_for_nothing(single, first, second):
    world, asked, release = single(), threading.Event(), threading.Event()

    def never(*_):
        asked.set()
        release.wait(200)
        return {"messages": []}

    world.upstreams["stateful"].on("prompts/get", never)
    connection = connect(world)
    worker = threading.Thread(target=lambda: ignoring(lambda: connection.post("prompts/get", {"name": "p"}, timeout=150)), daemon=True)
    worker.start()
    assert asked.wait(60)
    try:
        process, world.gateway.process = world.gateway.process, None
        process.send_signal(getattr(signal, first))
        time.sleep(1)
        assert process.poll() is None, "once is an invitation to finish"
        began = time.monotonic()
        process.send_signal(getattr(signal, second))
        assert process.wait(60) == 0, world.gateway.log()
        assert time.monotonic() - began < within(5)
    finally:
        release.set()
    assert "told to stop twice" in world.gateway.log()
    assert "trail.interrupted" not in world.gateway.cli("audit", "search").stdout, "its records are written all the same"


def ignoring(work) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        work()


def test_R_70_nobody_waits_for_who_reads_the_log(single):
    """A pager that stands still, a collector of logs that hangs: a full pipe."""
    world = single()
    gateway = world.gateway
    gateway.stop()
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    gateway.process = subprocess.Popen([binary(), "serve", "--config", gateway.config_path], stdout=subprocess.DEVNULL, stderr=writing, cwd=gateway.folder)
    assert until(gateway._is_ready)
    good = gateway.config_path.read_text()
    for _ in range(40):
        gateway.config_path.write_text("{")
        gateway.process.send_signal(signal.SIGHUP)
        time.sleep(0.05)
    gateway.config_path.write_text(good)
    gateway.reload({"allowed_origins": ["https://new.example"]})
    asked = {"Origin": "https://new.example"}
    assert until(lambda: request("POST", world.mcp_url(), headers=asked, json={}).status == 401), "reloads go on"
    assert connect(world).call("tools/list")["result"]
    os.read(reading, 65536)
    gateway.reload()
    assert b"lines are missing here" in os.read(reading, 65536)
    process, gateway.process = gateway.process, None
    process.terminate()
    assert process.wait(60) == 0
    os.close(reading)
    os.close(writing)


# Files


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 16 MiB; skipped where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@contextlib.contextmanager
def filled(folder: Path):
    with open(folder / "filler", "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))
    yield
    (folder / "filler").unlink()


def test_A_06_a_full_disk_is_told_at_once_and_ends_nothing(single, small_disk):
    world = single(data_dir=small_disk)
    gateway, connection = world.gateway, connect(world)
    with filled(small_disk):
        assert connection.tool("echo", {"text": "x"})["content"], "records wait in memory"
        assert until(lambda: gateway._asked("/readyz")[0] == 503, within(10)), "within seconds, not a minute"
        assert "the disk is full" in gateway.log() and "records wait in memory" in gateway.log()
    assert until(gateway._is_ready, within(10)), gateway.log()
    assert "the trail is written again" in gateway.log()
    assert "whole" in gateway.cli("audit", "verify").stdout
    with filled(small_disk):
        connection.tool("echo", {"text": "x"})
        gateway.stop()
        gateway.start()
        assert connection.tool("echo", {"text": "x"})["content"], "it starts, and goes on with the sessions that it has"
        gateway.kill()
    gateway.start()
    told = [line for line in gateway.cli("audit", "search").stdout.splitlines() if "trail.interrupted" in line]
    assert told, "what is missing of the time before is said as soon as it can be"


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_A_06_a_database_that_is_gone_is_no_place_for_records(single, tmp_path, how):
    world = single()
    gateway, connection = world.gateway, connect(world)
    gateway.settle_trail()
    aside = tmp_path / "aside"
    aside.mkdir()
    for file in gateway.data_dir.glob("martlet.sqlite*"):
        shutil.copy(file, aside / file.name)
        file.rename(gateway.data_dir / f"was-{file.name}")
    if how == "replaced":
        for file in aside.iterdir():
            shutil.copy(file, gateway.data_dir / file.name)
    assert until(lambda: gateway._asked("/readyz")[0] == 503, within(10)), "nobody would find what is written now"
    assert "the database was removed or replaced" in gateway.log()
    begun = connect(world, initialize=False)
    assert begun.post("initialize", {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}).status == 503
    for file in gateway.data_dir.glob("martlet.sqlite*"):
        file.unlink()
    for file in gateway.data_dir.glob("was-*"):
        file.rename(gateway.data_dir / file.name.removeprefix("was-"))
    assert until(gateway._is_ready, within(10)), gateway.log()
    assert connection.call("tools/list")["result"], "put back, it goes on"


# Descriptors


def ticks(pid: int) -> int:
    return sum(int(field) for field in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])


def test_R_61_without_descriptors_new_connections_wait_and_cost_nothing(single):
    world = single()
    gateway = world.gateway
    connection = connect(world)
    pid = gateway.process.pid
    limit = len(os.listdir(f"/proc/{pid}/fd")) + 20
    subprocess.run(["prlimit", "--pid", str(pid), f"--nofile={limit}:{limit}"], check=True)
    with contextlib.ExitStack() as stack:
        for _ in range(80):
            stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE))
        assert until(lambda: "may open no more files" in gateway.log()), gateway.log()
        before = ticks(pid)
        time.sleep(3)
        assert ticks(pid) - before < 3 * os.sysconf("SC_CLK_TCK") // 2, "the listener asks again and again"
    assert connection.call("tools/list")["result"], "when there is room they are taken"


def test_R_61_as_many_files_may_be_open_as_the_system_allows(single):
    gateway = single().gateway
    gateway.stop()
    command = f'ulimit -Sn 256; exec "{binary()}" serve --config "{gateway.config_path}"'
    with open(gateway.log_path, "ab") as log:
        gateway.process = subprocess.Popen(["bash", "-c", command], stdout=log, stderr=log, cwd=gateway.folder)
    assert until(gateway._is_ready)
    soft, hard = Path(f"/proc/{gateway.process.pid}/limits").read_text().split("Max open files")[1].split()[:2]
    assert soft == hard
