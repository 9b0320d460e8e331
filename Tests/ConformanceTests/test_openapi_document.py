"""The admin API does what its OpenAPI document says: schemathesis reads it, sends what fits and what doesn't, and finds nothing."""

import os
import subprocess
from pathlib import Path

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


HOOKS = Path(__file__).resolve().parents[1] / "PythonSupport/schemathesis_hooks.py"
# A path and query that are too long are refused as such.
SETTINGS = """[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 414, 415, 422, 428, 429]
"""


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
    (tmp_path / "settings.toml").write_text(SETTINGS)
    command = [
        str(python("schemathesis").parent / "schemathesis"), "--config-file", str(tmp_path / "settings.toml"), "run", f"{world.url}/api/openapi.json", "--phases", phase,
        "--checks", "all", "--header", f"Authorization: Bearer {token}", "--request-timeout", "60",
        "--continue-on-failure", "--no-color", *seed, *PHASES[phase],
    ]
    # Elsewhere a case that was changed isn't any more the one that leaves a header out.
    environment = {**os.environ, **({"SCHEMATHESIS_HOOKS": str(HOOKS)} if phase == "stateful" else {})}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=1200)
    said = "\n".join(line[:400] for line in done.stdout.splitlines())
    assert done.returncode == 0, said[-8000:] + done.stderr[-2000:]
    print(*(line for line in said.splitlines() if "generated" in line or "passed" in line), sep="\n")
    assert "No issues found" in done.stdout or "passed" in done.stdout, done.stdout[-2000:]
