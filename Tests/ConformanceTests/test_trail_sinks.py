"""The trail's sinks: each gets every record in order, a failing one holds nothing up, and after a restart it goes on where it stopped."""

import base64
import hashlib
import hmac
import json
import os
import stat

import pytest
from martlet_support import Gateway, request
from martlet_support.route import connect
from martlet_support.steps import until, within
from martlet_support.trail_receivers import HTTPReceiver, SyslogReceiver, SyslogStream

SIGNING = b"thirty-two bytes that sign posts"
SECRET = "whsec_" + base64.b64encode(SIGNING).decode()


class Sinks:
    """One of each kind, and what they got as (sequence, action)."""

    def __init__(self, folder):
        self.file, self.path = folder / "trail.jsonl", folder / "log"
        self.webhook, self.otlp = HTTPReceiver(), HTTPReceiver()
        self.udp, self.tcp, self.unix = SyslogReceiver(), SyslogStream(), SyslogReceiver(self.path)
        (folder / "secret").write_text(SECRET + "\n")
        (folder / "key").write_text("Bearer collector-key\n")
        self.config = {"audit": {"sinks": [
            {"file": str(self.file)}, {"syslog": f"udp://127.0.0.1:{self.udp.port}"}, {"syslog": f"tcp://127.0.0.1:{self.tcp.port}"},
            {"syslog": {"address": f"unix://{self.path}", "facility": 10}},
            {"webhook": {"url": f"http://127.0.0.1:{self.webhook.port}/hook?key=hidden", "secret": {"file": str(folder / "secret")}}},
            {"otlp": {"url": f"http://127.0.0.1:{self.otlp.port}/v1/logs", "headers": {"Authorization": {"file": str(folder / "key")}}}},
        ]}}

    def close(self):
        for receiver in (self.webhook, self.otlp, self.udp, self.tcp, self.unix):
            receiver.close()

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []

    def got(self) -> dict[str, list[tuple[int, str]]]:
        told = {"file": self.lines(), "udp": self.udp.messages, "tcp": self.tcp.messages, "unix": self.unix.messages,
                "webhook": [record for _, _, body in self.webhook.posts for record in json.loads(body)["data"]]}
        out = {sink: [(told["head"]["sequence"], told["record"]["action"]) for told in records] for sink, records in told.items()}
        out["otlp"] = [(int(attribute(log, "martlet.trail.sequence")["intValue"]), log["eventName"]) for log in self.logs()]
        return out

    def logs(self) -> list[dict]:
        return [log for _, _, body in self.otlp.posts for log in json.loads(body)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]]


def attribute(log: dict, name: str) -> dict:
    return next(attribute["value"] for attribute in log["attributes"] if attribute["key"] == name)


@pytest.fixture(scope="module")
def sinks(tmp_path_factory):
    sinks = Sinks(tmp_path_factory.mktemp("sinks"))
    yield sinks
    sinks.close()


@pytest.fixture(scope="module")
def world(install_for_file, sinks):
    return install_for_file(config=sinks.config)


def exported(world) -> list[tuple[int, str]]:
    lines = [json.loads(line) for line in world.gateway.cli("audit", "export").stdout.splitlines()][:-1]
    return [(line["head"]["sequence"], line["record"]["action"]) for line in lines]


def metric(world, name: str, sink: str) -> int:
    page = request("GET", f"{world.url}/metrics").text
    return int(next(line.rsplit(" ", 1)[1] for line in page.splitlines() if line.startswith(f'{name}{{sink="{sink}')))


def test_every_sink_gets_every_record_in_order(world, sinks):
    connect(world, "modern").tool("echo", {"text": "x"})
    request("POST", world.mcp_url("modern"), json={})
    wanted = exported(world)
    assert ("exchange.forwarded" in dict(map(reversed, wanted))) and "trail.exported" in dict(map(reversed, wanted))
    # What was written before a sink was first heard of isn't told: users that the command line made.
    first = next(sequence for sequence, action in wanted if action == "process.started")
    wanted = [told for told in wanted if told[0] >= first]
    assert until(lambda: all(set(wanted) <= set(got) for got in sinks.got().values())), {name: len(got) for name, got in sinks.got().items()}
    for name, got in sinks.got().items():
        assert got == sorted(got), name
        assert len(got) == len(set(got)), name
    assert {log["resource"]["attributes"][0]["value"]["stringValue"] for _, _, body in sinks.otlp.posts for log in json.loads(body)["resourceLogs"]} == {"martlet"}
    assert stat.S_IMODE(os.stat(sinks.file).st_mode) == 0o600


def test_a_sink_of_some_tenants_gets_theirs_alone(install, tmp_path):
    everybody, some = tmp_path / "all.jsonl", tmp_path / "some.jsonl"
    world = install(config={"audit": {"retention": "90d", "tenants": {"acme": {"retention": "30d"}},
                                      "sinks": [{"file": str(everybody)}, {"file": {"path": str(some)}, "tenants": ["acme", "globex"]}]}})
    for number in range(3):
        for tenant in ("acme", "other", "globex"):
            world.gateway.add_user(f"{tenant}-{number}", "correct horse battery", "--tenant", tenant)

    def told(path) -> list[tuple[str, int]]:
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [(line["record"]["tenant"], line["head"]["sequence"]) for line in lines]

    wanted = lambda: [one for one in told(everybody) if one[0] in ("acme", "globex")]
    assert until(lambda: len(told(some)) == len(wanted()) == 6), (told(some), told(everybody))
    assert told(some) == wanted() and ("other", 1) in told(everybody)
    again = {"audit": {"sinks": [{"file": str(some)}, {"file": str(some), "tenants": ["acme"]}]}}
    gateway = Gateway({"x": {"url": "http://127.0.0.1:9/mcp"}}, config=again)
    try:
        assert "two sinks are the same place" in gateway.cli("config", "check", exit_code=2).stderr
    finally:
        gateway.close()


def test_the_webhook_is_signed(world, sinks):
    """Standard Webhooks: HMAC-SHA-256 of id, time and body."""
    assert until(lambda: sinks.webhook.posts)
    path, headers, body = sinks.webhook.posts[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.new(SIGNING, signed, hashlib.sha256).digest()).decode()
    assert path == "/hook?key=hidden" and "hidden" not in request("GET", f"{world.url}/metrics").text
    assert until(lambda: sinks.otlp.posts) and sinks.otlp.posts[0][1]["authorization"] == "Bearer collector-key"


def test_syslog_is_told_how_grave_it_is(world, sinks):
    request("POST", world.mcp_url("modern"), json={})
    assert until(lambda: any(message["action"] == "exchange.refused" for message in sinks.unix.messages))
    for messages, facility in ((sinks.udp.messages, 13), (sinks.tcp.messages, 13), (sinks.unix.messages, 10)):
        for message in messages:
            assert message["priority"] == facility * 8 + (4 if message["action"].endswith((".refused", ".failed", ".interrupted")) else 6)
            assert message["at"] == message["record"]["at"] and message["action"] == message["record"]["action"]


def test_a_sink_that_fails_holds_nothing_up(world, sinks):
    sinks.webhook.status = 503
    before = len(sinks.webhook.posts)
    connection = connect(world, "modern")
    for _ in range(20):
        assert connection.tool("echo", {"text": "x"})
    name = f"webhook:http://127.0.0.1:{sinks.webhook.port}/hook"
    assert until(lambda: metric(world, "martlet_trail_sink_failing", name) == 1 and metric(world, "martlet_trail_sink_lag_records", name) >= 20)
    assert until(lambda: len(sinks.lines()) >= len(exported(world)) - 20), "the others go on"
    sinks.webhook.status = 200
    assert until(lambda: metric(world, "martlet_trail_sink_failing", name) == 0 and len(sinks.webhook.posts) > before)
    log = world.gateway.log()
    said = [line for line in log.splitlines() if "doesn't reach a sink" in line]
    assert len(said) == 1 and "503" in said[0] and "receiver's own log" in said[0], said
    assert "the trail reaches a sink again" in log and "hidden" not in log


def test_a_rotated_file_is_begun_anew(world, sinks):
    world_lines = len(sinks.lines())
    old = sinks.file.with_suffix(".1")
    sinks.file.rename(old)
    world.gateway.reload()
    connect(world, "modern").tool("echo", {"text": "x"})
    assert until(lambda: sinks.lines())
    before, after = [json.loads(line)["head"]["sequence"] for line in old.read_text().splitlines()], [line["head"]["sequence"] for line in sinks.lines()]
    assert len(before) >= world_lines and after[0] == before[-1] + 1
    old.unlink()


def test_after_a_crash_a_sink_goes_on_where_it_stopped(world, sinks):
    sinks.otlp.status = 500
    connection = connect(world, "modern")
    for _ in range(5):
        connection.tool("echo", {"text": "x"})
    wanted = exported(world)
    world.gateway.kill()
    world.gateway.start()
    sinks.otlp.status = 200
    assert until(lambda: set(wanted[-8:]) <= set(sinks.got()["otlp"]), within(30)), "after the lease of the process that died"
    got = sinks.got()["otlp"]
    missing = {sequence for sequence, _ in wanted if sequence >= got[0][0]} - {sequence for sequence, _ in got}
    assert not missing


@pytest.mark.parametrize("sink, place, hint", [
    ({"webhook": {"url": "http://siem.example.com/", "secret": {"env": "HOME"}}}, "audit.sinks[0].webhook.url", "https off loopback"),
    ({"webhook": {"url": "https://siem.example.com/"}}, "audit.sinks[0].webhook.secret", "{env: NAME}"),
    ({"syslog": "udp://host/path"}, "audit.sinks[0].syslog", "udp://host:514"),
    ({"syslog": {"address": "udp://h", "facility": "99"}}, "audit.sinks[0].syslog.facility", "0 to 23"),
    ({"file": "a", "otlp": "http://127.0.0.1:4318/v1/logs"}, "audit.sinks[0]", "one sink names one place"),
    ({"otlp": {"url": "http://127.0.0.1:4318/v1/logs", "headers": {"Host": {"env": "HOME"}}}}, "audit.sinks[0].otlp.headers.Host", "can't be set"),
    ({"syslg": "a"}, "audit.sinks[0].syslg", "did you mean syslog?"),
])
def test_a_sink_that_cannot_be_meant_is_told(sink, place, hint):
    gateway = Gateway({"one": "http://127.0.0.1:9/mcp"}, config={"audit": {"sinks": [sink]}})
    said = gateway.cli("config", "check", exit_code=2).stderr
    gateway.close()
    assert place in said and hint in said, said
