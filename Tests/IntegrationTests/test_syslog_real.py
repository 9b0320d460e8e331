"""The trail into a real rsyslogd, over UDP, TCP and a socket of the machine: it reads every message as RFC 5424 means it."""

import json
import shutil
import subprocess

import pytest
from martlet_support import free_port
from martlet_support.route import connect
from martlet_support.steps import until

CONFIGURATION = """
module(load="imudp") module(load="imtcp") module(load="imuxsock" SysSock.Use="off")
template(name="told" type="string" string="%inputname%|%pri%|%app-name%|%msgid%|%protocol-version%|%structured-data%|%msg%\\n")
ruleset(name="keep") {{ action(type="omfile" file="{file}" template="told") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="keep")
input(type="imtcp" address="127.0.0.1" port="{tcp}" ruleset="keep")
input(type="imuxsock" Socket="{socket}" UseSpecialParser="off" ParseHostname="on" ruleset="keep")
"""


@pytest.fixture
def rsyslogd(tmp_path):
    program = shutil.which("rsyslogd") or "/usr/sbin/rsyslogd"
    if not shutil.which(program):
        pytest.skip("rsyslogd (Debian's rsyslog) isn't installed")
    places = {"file": tmp_path / "told", "udp": free_port(), "tcp": free_port(), "socket": tmp_path / "log"}
    (tmp_path / "rsyslog.conf").write_text(CONFIGURATION.format(**places))
    command = [program, "-n", "-f", tmp_path / "rsyslog.conf", "-i", tmp_path / "pid"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert until(lambda: places["socket"].exists())
    yield places
    process.terminate()
    process.wait()


def told(places) -> list[tuple]:
    lines = places["file"].read_text().splitlines() if places["file"].exists() else []
    return [tuple(line.split("|", 6)) for line in lines]


def test_rsyslogd_reads_every_record(install, rsyslogd):
    sinks = [f"udp://127.0.0.1:{rsyslogd['udp']}", f"tcp://127.0.0.1:{rsyslogd['tcp']}", f"unix://{rsyslogd['socket']}"]
    world = install(config={"audit": {"sinks": [{"syslog": sink} for sink in sinks]}})
    connect(world, "modern").tool("echo", {"text": "x"})
    lines = [json.loads(line) for line in world.gateway.cli("audit", "export").stdout.splitlines()][:-1]
    first = next(number for number, line in enumerate(lines) if line["record"]["action"] == "process.started")
    wanted = [line["head"]["sequence"] for line in lines[first:]]

    def got() -> dict[str, list[int]]:
        by_input: dict[str, list[int]] = {}
        for source, _, _, _, _, _, message in told(rsyslogd):
            by_input.setdefault(source, []).append(json.loads(message)["head"]["sequence"])
        return by_input

    assert until(lambda: len(got()) == 3 and all(set(wanted) <= set(numbers) for numbers in got().values())), got()
    for _, priority, program, action, version, data, message in told(rsyslogd):
        record = json.loads(message)
        assert (program, action, version) == ("martlet", record["record"]["action"], "1")
        assert int(priority) >> 3 == 13 and f'sequenceId="{record["head"]["sequence"] + 1}"' in data
