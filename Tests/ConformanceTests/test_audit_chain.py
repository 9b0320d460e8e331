"""The trail is a chain (A-03 to A-06, A-13): whoever alters the database without the key is found by `martlet audit verify`."""

import contextlib
import csv
import io
import json
import random
import shutil
import sqlite3
import threading
import time

import pytest
from martlet_support import request
from martlet_support.route import connect
from martlet_support.steps import at_once, count

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


def test_A_06_after_kill_9_the_chain_is_whole_and_the_gap_is_told(install):
    """Killed in the midst of calls: every call that was answered stands in the trail, or is among those that the trail says are missing."""
    world = install()
    connection, random_of = connect(world, "modern"), random.Random(9)
    rounds, gaps = count(4, 200), 0
    for number in range(rounds):
        answered = calls_until_killed(world, connection, f"round-{number}", random_of.uniform(0.05, 0.4))
        world.gateway.start()
        assert verify(world.gateway)[0]["whole"], f"round {number}"
        lost = answered - calls_recorded(world, f"round-{number}")
        told = interruptions(world)
        assert len(told) == number + 1, "each crash is told once"
        assert lost <= told[-1], f"round {number}: {lost} of {answered} calls left no record, and the trail speaks of {told[-1]}"
        gaps += told[-1] > 0
    world.gateway.restart()
    assert len(interruptions(world)) == rounds, "an end in order isn't one"
    print(f"proof: A-06 count={rounds} (kill -9; {gaps} with a gap, all told)")


def calls_until_killed(world, connection, name: str, seconds: float) -> int:
    """How many calls were answered before the process was gone."""
    answered, threads = [], []

    def call():
        with contextlib.suppress(Exception):
            while True:
                connection.tool(name, {})
                answered.append(1)

    for _ in range(3):
        threads.append(threading.Thread(target=call))
        threads[-1].start()
    time.sleep(seconds)
    world.gateway.kill()
    for thread in threads:
        thread.join()
    return len(answered)


def calls_recorded(world, name: str) -> int:
    with database(world.gateway) as connection:
        return connection.execute("SELECT COUNT(*) FROM audit_event WHERE target = ? AND action = 'exchange.forwarded'", [name]).fetchone()[0]


def interruptions(world) -> list[int]:
    with database(world.gateway) as connection:
        rows = connection.execute("SELECT target FROM audit_event WHERE action = 'trail.interrupted' ORDER BY sequence").fetchall()
        return [int(row["target"]) for row in rows]


def test_A_06_each_altered_record_is_named_and_no_other(install, tmp_path):
    """Records of real requests, 10,000 at the full count: a hundred at a time, a part of each is altered, in every column that can be."""
    world, wanted = install(), count(300, 10_000)
    connection = connect(world, "modern")
    while recorded(world) < wanted:
        at_once(4, lambda _: [connection.tool("echo", {"text": "x"}) for _ in range(25)])
    world.gateway.stop()
    random_of, trail, altered = random.Random(6), Copy(world.gateway, world.gateway.data_dir), 0
    with database(trail) as connection:
        numbers = [row["sequence"] for row in connection.execute("SELECT sequence FROM audit_event ORDER BY random()")]
    for begin in range(0, len(numbers), 100):
        chosen, undo = sorted(numbers[begin:begin + 100]), []
        with database(trail) as connection:
            for number in chosen:
                row = connection.execute("SELECT * FROM audit_event WHERE sequence = ?", [number]).fetchone()
                column = random_of.choice([name for name in row.keys() if name not in ("position", "sequence", "digest", "tenant", "action") and row[name] is not None])
                undo.append((column, row[column], number))
                connection.execute(f"UPDATE audit_event SET {column} = ? WHERE sequence = ?", [flipped(row[column], random_of), number])
        assert findings(trail) == [f"record {number} was altered, put in or moved" for number in chosen]
        with database(trail) as connection:
            for column, value, number in undo:
                connection.execute(f"UPDATE audit_event SET {column} = ? WHERE sequence = ?", [value, number])
        altered += len(chosen)
    assert verify(trail)[0]["whole"]
    for deed in DEEDS * count(1, 5):
        copied = Copy(world.gateway, shutil.copytree(trail.data_dir, tmp_path / "copy"))
        with database(copied) as connection:
            deed(connection, random_of)
        assert findings(copied), deed.__name__
        shutil.rmtree(copied.data_dir)
    print(f"proof: A-06 count={altered} (records altered and named)")


def recorded(world) -> int:
    with database(world.gateway) as connection:
        return connection.execute("SELECT COUNT(*) FROM audit_event").fetchone()[0]


def flipped(value, random_of):
    """One bit of a number, or one character of a text."""
    if isinstance(value, int):
        return value ^ (1 << random_of.randrange(8))
    place = random_of.randrange(len(value))
    return value[:place] + ("x" if value[place] != "x" else "y") + value[place + 1:]


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
