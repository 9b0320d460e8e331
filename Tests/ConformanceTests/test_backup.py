"""A copy that is sealed, and what a restored installation can know of the time in between (R-92)."""

import shutil
import sqlite3

import pytest
from martlet_support import Gateway, MCPConnection
from martlet_support.mcp import MODERN
from martlet_support.route import connect


@pytest.fixture(scope="module")
def world(own):
    connect(own, "modern").tool("echo", {"text": "x"})
    return own


def folder_with_key(world, path):
    path.mkdir()
    shutil.copy(world.gateway.data_dir / "master.key", path / "master.key")
    return path


def test_R_92_what_was_backed_up_while_running_comes_back(world, tmp_path):
    def status(credential: str) -> int:
        return MCPConnection(world.mcp_url("modern"), credential, revision=MODERN).post("server/discover").status

    client, tokens = world.log_in("modern")
    key = world.gateway.cli_json("key", "create", "kept", "--owner", world.user)["key"]
    made = world.gateway.cli_json("backup", str(tmp_path / "copy"))
    assert made["bytes"] == (tmp_path / "copy").stat().st_size
    later = world.gateway.cli_json("key", "create", "later", "--owner", world.user)["key"]
    data = folder_with_key(world, tmp_path / "data")
    restored = world.gateway.cli_json("restore", str(tmp_path / "copy"), "--data-dir", str(data))
    assert restored["created_at"] == made["created_at"] and restored["users"] >= 1
    assert [status(credential) for credential in (tokens.access, key, later)] == [200] * 3
    port, config = world.gateway.port, {**world.gateway.config, "data_dir": str(data)}
    world.gateway.stop()
    again = Gateway({name: server.url for name, server in world.upstreams.items()}, port=port, data_dir=data, config=config).start()
    try:
        assert status(tokens.access) == 401, "what was issued before may be known to somebody whom the copy doesn't know"
        assert status(key) == 200 and status(later) == 401
        assert client.refresh(tokens.refresh).status == 200, "who was logged in then goes on"
        assert again.cli_json("audit", "verify")[0]["whole"]
    finally:
        again.close()
        world.gateway.start()


def test_R_92_accounts_at_servers_are_to_be_verified(world, tmp_path):
    world.gateway.cli("backup", str(tmp_path / "copy"))
    data = folder_with_key(world, tmp_path / "data")
    assert world.gateway.cli_json("restore", str(tmp_path / "copy"), "--data-dir", str(data))["accounts"] == 0
    with sqlite3.connect(data / "martlet.sqlite") as database:
        assert database.execute("SELECT count(*) FROM revocation WHERE kind = 'user'").fetchone()[0] >= 1


def test_a_backup_holds_nothing_in_clear(world, tmp_path):
    world.gateway.cli("backup", str(tmp_path / "copy"))
    copy = (tmp_path / "copy").read_bytes()
    key = (world.gateway.data_dir / "master.key").read_bytes()
    assert b"SQLite format" not in copy and world.user.encode() not in copy and key not in copy
    assert (tmp_path / "copy").stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "copy"], "nothing is left beside it"


def test_what_can_not_be_restored_says_why_and_changes_nothing(world, tmp_path):
    copy = tmp_path / "copy"
    world.gateway.cli("backup", str(copy))

    def refused(file, folder, code=1) -> str:
        before = sorted(path.name for path in folder.iterdir()) if folder.exists() else None
        said = world.gateway.cli("restore", str(file), "--data-dir", str(folder), exit_code=code).stderr
        assert before == (sorted(path.name for path in folder.iterdir()) if folder.exists() else None), said
        return said

    data = folder_with_key(world, tmp_path / "data")
    altered = tmp_path / "altered"
    altered.write_bytes(copy.read_bytes()[:-20] + b"\0" * 20)
    assert "altered or cut short" in refused(altered, data)
    altered.write_bytes(copy.read_bytes()[:-20])
    assert "altered or cut short" in refused(altered, data)
    (tmp_path / "text").write_text("no backup")
    assert "is not a backup" in refused(tmp_path / "text", data, 2)
    assert "can't read" in refused(tmp_path / "nothing", data, 2)
    (tmp_path / "other").mkdir()
    assert "there is no master.key" in refused(copy, tmp_path / "other")
    (tmp_path / "other" / "master.key").write_bytes(bytes(32))
    (tmp_path / "other" / "master.key").chmod(0o600)
    assert "another master.key" in refused(copy, tmp_path / "other")
    assert "there is a database" in world.gateway.cli("restore", str(copy), exit_code=1).stderr
    assert "exists already" in world.gateway.cli("backup", str(copy), exit_code=1).stderr
    assert "can't write" in world.gateway.cli("backup", str(tmp_path / "no" / "folder"), exit_code=1).stderr
