"""The admin API does what its OpenAPI document says: schemathesis reads it, sends what fits and what doesn't, and finds nothing."""

import subprocess

import pytest
from martlet_support.admin import bearer
from martlet_support.real import python
from martlet_support.steps import FULL

# What goes on for a few seconds in the suite goes on for minutes at the full count.
PHASES = {
    "coverage": ["--max-time", "600" if FULL else "45"],
    "fuzzing": ["--max-time", "900", "--max-examples", "500"] if FULL else ["--max-time", "12", "--max-examples", "5"],
    "stateful": ["--max-time", "600", "--max-examples", "300"] if FULL else ["--max-time", "12", "--max-examples", "5"],
}


@pytest.fixture(scope="module")
def world(own):
    for tenant in ("acme", "globex"):
        own.gateway.add_user(f"{tenant}-user", "correct horse battery", "--tenant", tenant)
    own.gateway.cli("user", "add", "nightly", "--service")
    return own


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("role", ["admin", "tenant-admin"] if FULL else ["admin"])
def test_V_059_V_061_schemathesis_finds_nothing(world, phase, role, tmp_path):
    options = ["--tenant", "acme"] if role == "tenant-admin" else []
    token = bearer(world, role, "--idle", "never", *options).token
    seed = [] if FULL else ["--seed", "1"]
    command = [
        str(python("schemathesis").parent / "schemathesis"), "run", f"{world.url}/api/openapi.json", "--phases", phase,
        "--checks", "all", "--header", f"Authorization: Bearer {token}", "--request-timeout", "60",
        "--continue-on-failure", "--no-color", *seed, *PHASES[phase],
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "No issues found" in done.stdout or "passed" in done.stdout, done.stdout[-2000:]
