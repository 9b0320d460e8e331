"""The trail is a chain (A-03 to A-06, A-13): whoever alters the database without the key is found by `martlet audit verify`."""

import contextlib
import csv
import io
import json
import random
import shutil
import sqlite3

import pytest
from martlet_support import request
from martlet_support.route import connect
from martlet_support.steps import count

RECORDS = 60




class Copy:
    """A data folder that a gateway has left, and the commands on it."""

    def __init__(self, gateway, folder):
        self.gateway, self.data_dir = gateway, folder

    def cli(self, *arguments, **options):
        return self.gateway.cli(*arguments, "--data-dir", str(self.data_dir), **options)


@pytest.fixture(scope="module")
def written(own):
    """A stopped installation with records of real requests."""
    connect(own, "modern").tool("echo", {"text": "x"})
    for _ in range(RECORDS):
        request("POST", own.mcp_url("modern"), json={})
    own.gateway.stop()
    return own.gateway


@pytest.fixture
def trail(written, tmp_path):
    return Copy(written, shutil.copytree(written.data_dir, tmp_path / "data"))


def verify(gateway, *options, exit_code=0) -> list[dict]:
    return json.loads(gateway.cli("audit", "verify", "--json", *options, exit_code=exit_code).stdout)


def findings(gateway, *options) -> list[str]:
    return [finding for report in verify(gateway, *options, exit_code=1) for finding in report["findings"]]


@contextlib.contextmanager
def database(gateway):
    connection = sqlite3.connect(gateway.data_dir / "martlet.sqlite")
    connection.row_factory = sqlite3.Row
    try:
        yield connection
        connection.commit()
    finally:
        connection.close()


def test_A_05_what_a_gateway_wrote_is_whole(trail):
    (report,) = verify(trail)
    assert report["tenant"] == "default" and report["whole"] and not report["findings"]
    assert report["first"] == 1 and report["records"] == report["last"] > RECORDS and report["anchors"] >= 1
    table = trail.cli("audit", "verify").stdout
    assert "whole" in table and "default" in table


def change_a_field(database, random):
    number = middle(database, random)
    database.execute("UPDATE audit_event SET reason = 'another' WHERE sequence = ?", [number])


def change_the_digest(database, random):
    database.execute("UPDATE audit_event SET digest = zeroblob(32) WHERE sequence = ?", [middle(database, random)])


def unreadable(database, random):
    database.execute("UPDATE audit_event SET action = 'nothing.known' WHERE sequence = ?", [middle(database, random)])


def delete(database, random):
    database.execute("DELETE FROM audit_event WHERE sequence = ?", [middle(database, random)])


def swap(database, random):
    number = middle(database, random)
    for before, after in ((number, -1), (number + 1, number), (-1, number + 1)):
        database.execute("UPDATE audit_event SET sequence = ? WHERE sequence = ?", [after, before])


def cut_the_end(database, random):
    database.execute("DELETE FROM audit_event WHERE sequence > ?", [middle(database, random)])


def cut_the_end_and_its_mark(database, random):
    number = middle(database, random)
    digest = database.execute("SELECT digest FROM audit_event WHERE sequence = ?", [number]).fetchone()["digest"]
    database.execute("DELETE FROM audit_event WHERE sequence > ?", [number])
    database.execute("UPDATE audit_trail SET sequence = ?, digest = ?", [number, digest])


def cut_the_beginning(database, random):
    number = middle(database, random)
    digest = database.execute("SELECT digest FROM audit_event WHERE sequence = ?", [number]).fetchone()["digest"]
    database.execute("DELETE FROM audit_event WHERE sequence <= ?", [number])
    database.execute("UPDATE audit_trail SET trimmed_sequence = ?, trimmed_digest = ?", [number, digest])


def insert(database, random):
    last = database.execute("SELECT MAX(sequence) AS last FROM audit_event").fetchone()["last"]
    database.execute("INSERT INTO audit_event (tenant, at, action, sequence, digest) VALUES ('default', 0, 'login.succeeded', ?, zeroblob(32))",
                     [last + 1])


def middle(database, random) -> int:
    last = database.execute("SELECT MAX(sequence) AS last FROM audit_event").fetchone()["last"]
    return random.randrange(2, last - 1)


DEEDS = [change_a_field, change_the_digest, unreadable, delete, swap, cut_the_end, cut_the_end_and_its_mark, cut_the_beginning, insert]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
def test_A_06_whatever_is_done_to_the_records_is_found(trail, deed):
    with database(trail) as connection:
        deed(connection, random.Random(deed.__name__))
    assert findings(trail), "not found"


def test_A_06_every_column_of_a_record_counts(trail):
    with database(trail) as connection:
        row = connection.execute("SELECT * FROM audit_event WHERE flow IS NOT NULL AND sequence > 1 ORDER BY sequence LIMIT 1").fetchone()
    columns = [name for name in row.keys() if name not in ("position", "sequence", "digest")]
    assert len(columns) >= 14
    for column in columns:
        changed = row[column] + 1 if isinstance(row[column], int) else (row[column] or "") + "x"
        with database(trail) as connection:
            connection.execute(f"UPDATE audit_event SET {column} = ? WHERE position = ?", [changed, row["position"]])
        assert findings(trail), column
        with database(trail) as connection:
            connection.execute(f"UPDATE audit_event SET {column} = ? WHERE position = ?", [row[column], row["position"]])
    assert verify(trail)[0]["whole"]


def test_A_04_an_anchor_kept_elsewhere_shows_an_old_copy(trail, tmp_path):
    anchors = tmp_path / "anchors.jsonl"
    anchors.write_bytes((trail.data_dir / "audit-anchors.jsonl").read_bytes())
    with database(trail) as connection:
        cut_the_end_and_its_mark(connection, random.Random(1))
    (trail.data_dir / "audit-anchors.jsonl").unlink()
    assert verify(trail)[0]["whole"], "the chain alone can't tell"
    assert any("anchor" in finding for finding in findings(trail, "--anchors", str(anchors)))
    missing = trail.cli("audit", "verify", "--anchors", str(tmp_path / "nothing"), exit_code=2)
    assert "there is no file" in missing.stderr


def test_A_06_after_kill_9_the_chain_is_whole(install):
    world = install()
    for _ in range(count(3, 200)):
        connection = connect(world, "modern")
        for _ in range(5):
            connection.tool("echo", {"text": "x"})
        world.gateway.kill()
        world.gateway.start()
        assert verify(world.gateway)[0]["whole"]


def test_A_13_an_export_carries_its_proof(trail):
    lines = [json.loads(line) for line in trail.cli("audit", "export").stdout.splitlines()]
    *records, last = lines
    assert last["tenant"] == "default" and last["head"] == records[-1]["head"], "the end stands at the end"
    assert [line["head"]["sequence"] for line in records] == list(range(1, len(records) + 1))
    assert records[-1]["record"]["action"] == "trail.exported", "and the export itself stands in the trail"
    rows = list(csv.DictReader(io.StringIO(trail.cli("audit", "export", "--format", "csv").stdout)))
    assert len(rows) == len(records) + 1 and rows[0]["digest"] == records[0]["head"]["digest"]


def test_records_are_found(trail):
    def found(*options) -> list[dict]:
        return json.loads(trail.cli("audit", "search", "--json", *options).stdout)

    assert len(found("--action", "route.probed", "--limit", "1000")) == RECORDS
    assert [event["target"] for event in found("--server", "modern", "--target", "echo")] == ["echo"]
    assert found("--user", "alice", "--since", "1h") and not found("--user", "alice", "--until", "1h")
    assert not found("--tenant", "another")
    refused = trail.cli("audit", "search", "--since", "yesterday", exit_code=2)
    assert "such as 90s" in refused.stderr
