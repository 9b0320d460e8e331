"""The SDK's own conformance client with the SDK's own everything-server: what it hears through Martlet is what it hears without.

Both are unchanged, out of the source distribution of the SDK 2.3. Each side has a server of its own, since tools leave traces.
"""

import contextlib
import json
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import Gateway, repository
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import python, real_server
from martlet_support.route import token

REVISIONS = ["2025-11-25", "2026-07-28"]
SCENARIOS = [
    "initialize",
    "tools_call",
    "sse-retry",
    "json-schema-ref-no-deref",  # the legacy era by its own choice
    "request-metadata",
    "http-standard-headers",
    "http-invalid-tool-headers",  # calls every tool that there is
    "elicitation-sep1034-client-defaults",
    "sep-2322-client-request-state",
]


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        direct, behind = (stack.enter_context(real_server("everything")) for _ in range(2))
        gateway = stack.enter_context(Gateway({"everything": behind}, users={USER: PASSWORD}))
        world = Installation(gateway, {})
        yield {"direct": (direct, None), "behind": (gateway.mcp_url("everything"), token(world, "everything"))}


def hear(url: str, access: str | None, scenario: str, revision: str) -> list:
    settings = {"url": url, "token": access, "scenario": scenario, "revision": revision}
    done = subprocess.run(
        [python("fastmcp"), repository / "Tests/Clients/drivers/conformance.py"],
        input=json.dumps(settings) + "\n",
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def comparable(heard: list) -> list:
    """Without what differs from one call to the next on any wire: random ids and times."""
    text = json.dumps(heard, sort_keys=True)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "‹uuid›", text)
    text = re.sub(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?", "‹time›", text)
    return json.loads(text)


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_same_is_heard_directly_and_through_martlet(world, scenario, revision):
    with ThreadPoolExecutor(2) as pool:
        direct, behind = pool.map(lambda way: comparable(hear(*world[way], scenario, revision)), ("direct", "behind"))
    spoken = REVISIONS[0] if scenario == "json-schema-ref-no-deref" else revision
    assert direct[0][:2] == ["handshake", spoken], "the client has begun at all"
    if scenario == "http-invalid-tool-headers":
        answered = [entry for entry in direct if entry[0] == "call_tool" and "error" not in entry]
        assert len(answered) >= 15, f"a client that is refused everything compares nothing: {direct}"
    assert len(direct) > 1 or scenario == "initialize"
    differences = [(one, other) for one, other in zip(direct, behind) if one != other]
    assert not differences, f"first difference:\ndirectly {differences[0][0]}\nthrough  {differences[0][1]}"
    assert len(direct) == len(behind)
