"""Every client with every server, real SDKs on both ends, each through the whole list of features (drivers/features.py).

The outcome of all cells is the table of docs/reference/matrix.md; a test compares it with what was seen.
MARTLET_WRITE_PAGES=1 writes the page anew.
"""

import contextlib
import os
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from martlet_support import Gateway, repository
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import FEATURE_CLIENTS, FeatureClient, legacy_features_server, real_server
from martlet_support.route import token
from martlet_support.steps import Person, registered

PAGE = repository / "docs/reference/matrix.md"
SERVERS = {
    "modern": "2026-07-28 only (SDK 2.3)",
    "sessions": "2025-11-25 with sessions (SDK 1.30)",
    "stateless": "2025-11-25 without sessions (SDK 1.30)",
    "http-sse": "HTTP+SSE (SDK 1.30)",
}
CELLS = [(client, server) for server in SERVERS for client in FEATURE_CLIENTS]
NAME = "ada"
TOOLS = ["add", "ask_model", "greet", "log", "slow", "touch", "visit", "where", "who_cancelled"]
WORKS = {
    "tools": [TOOLS, "5", "Z\u00fcrich"],
    "resources": [["test://note"], ["test://notes/{name}"], ["a note", "note a"]],
    "prompts": [["poem"], "A poem about rain"],
    "completion": ["sunflower"],
    "ping": True,
    "progress": ["done", [1, 2, 3]],
    "sampling_and_roots": [f"model of {NAME} in file:///{NAME}", ["roots", "sampling"]],
    "elicitation": [f"Hello {NAME}.First {NAME}.Last", ["form", "form"]],
    "elicitation_by_url": ["accept", ["url"]],
    "list_changed": ["tools", "prompts", "resources", "unwatched resource: False"],
    "resource_updated": True,
    "cancellation": True,
}
LOG = ["debug: at debug", "info: at info", "error: at error"]
# What a revision doesn't have, in the words of the driver.
ABSENT = {
    "ping": ("2026-07-28", "2026-07-28"),
    "elicitation": ("2024-11-05", "2025-03-26"),
    "elicitation_by_url": ("2024-11-05", "2025-06-18"),
}
# What a server that remembers nobody can't do, and how its clients hear of it.
WITHOUT_SESSIONS = {"sampling_and_roots", "elicitation", "elicitation_by_url", "list_changed", "resource_updated", "cancellation"}


def expected(client: str, server: str) -> dict:
    """What each feature of one cell has to bring."""
    revision = FEATURE_CLIENTS[client][3]
    name, words = ("modern", "Be kind.") if server == "modern" else ("legacy-features", "Ask nicely.")
    cell = {"handshake": {"ok": [revision, name, words]}, "logging": {"ok": [log_before(revision, server), log_after(server, revision)]}}
    cell["errors"] = {"ok": [missing_resource(revision, server), True]}
    for feature, value in WORKS.items():
        oldest, newest = ABSENT.get(feature, ("9", "0"))
        if oldest <= revision <= newest:
            cell[feature] = "absent"
        elif server == "stateless" and feature in WITHOUT_SESSIONS and (feature, revision) != ("cancellation", "2026-07-28"):
            cell[feature] = "refused"
        else:
            cell[feature] = {"ok": value}
    return cell


def missing_resource(revision: str, server: str) -> int:
    """-32002 until 2025-11-25, -32602 since; the SDK 1.30 answers 0, which no bridge can make sense of."""
    if server != "modern":
        return 0
    return -32602 if revision == "2026-07-28" else -32002


def log_before(revision: str, server: str) -> list[str]:
    """Modern clients ask for `info`; legacy ones get what the server thinks fit, which is `info` over the bridge."""
    return LOG[1:] if server == "modern" or revision == "2026-07-28" else LOG


def log_after(server: str, revision: str) -> list[str]:
    """A server without sessions forgets a level at once."""
    return LOG if server == "stateless" and revision != "2026-07-28" else LOG[2:]


@pytest.fixture(scope="module")
def world():
    with contextlib.ExitStack() as stack:
        urls = {
            "modern": stack.enter_context(real_server("modern")),
            "sessions": stack.enter_context(legacy_features_server()),
            "stateless": stack.enter_context(legacy_features_server("stateless")),
            "http-sse": stack.enter_context(legacy_features_server("sse")),
        }
        yield Installation(stack.enter_context(Gateway(urls, users={USER: PASSWORD, "bob": PASSWORD})), {})


@pytest.fixture(scope="module")
def outcomes(world, request):
    """All cells that were asked for, a few at a time."""
    wanted = {item.callspec.params.get("cell") for item in request.session.items if hasattr(item, "callspec")}
    if any(item.name == "test_the_page_says_what_was_seen" for item in request.session.items):
        wanted |= set(CELLS)
    held = {server: token(world, server) for server in SERVERS}
    with ThreadPoolExecutor(4) as pool:
        futures = {cell: pool.submit(perform, world, held[cell[1]], *cell) for cell in CELLS if cell in wanted}
        yield futures
        for future in futures.values():
            future.cancel()


def perform(world, access: str, kind: str, server: str, **settings) -> dict:
    # Only for what isn't expected to come: it may be refused, or stay silent.
    limits = {feature: 5 for feature, value in expected(kind, server).items() if value == "refused"}
    with FeatureClient(kind, NAME, world.gateway, server, access, limits=limits, **settings) as client:
        client.expect("ready")
        seen = client.do("features")["seen"]
        client.end()
    # Tools of the legacy server that modern_server.py doesn't have.
    if "ok" in seen["tools"]:
        seen["tools"]["ok"][0] = [tool for tool in seen["tools"]["ok"][0] if tool != "think_aloud"]
    return seen


@pytest.mark.parametrize("cell", CELLS, ids=["-".join(cell) for cell in CELLS])
def test_every_feature(outcomes: dict[tuple, Future], cell):
    seen = outcomes[cell].result(timeout=900)
    wrong = {}
    for feature, value in expected(*cell).items():
        if not fits(value, seen[feature]):
            wrong[feature] = {"expected": value, "seen": seen[feature]}
    assert not wrong, wrong


def fits(value: dict | str, got: dict) -> bool:
    """Whether an outcome is the one that was expected; a server without sessions may refuse, or never be heard."""
    if isinstance(value, dict):
        return got == value
    return value in got or (value == "refused" and "silence" in got)


def test_the_page_says_what_was_seen(outcomes):
    page = render({cell: future.result(timeout=900) for cell, future in outcomes.items()})
    print(page)
    if os.environ.get("MARTLET_WRITE_PAGES") == "1":
        PAGE.write_text(page)
    assert PAGE.read_text() == page, "docs/reference/matrix.md is out of date: run this test with MARTLET_WRITE_PAGES=1"


SILENT = "the server keeps no sessions: what it asks is never answered, what it tells has no stream; the same without a gateway"


def render(seen: dict[tuple[str, str], dict]) -> str:
    """One table a server, features down, clients across."""
    lines = [
        "# Clients and servers", "",
        "<!-- Made by Tests/Clients/test_matrix.py with MARTLET_WRITE_PAGES=1; change what is tested instead. -->", "",
        "Every client with every server behind Martlet, unmodified MCP SDKs on both ends, as `Tests/Clients/test_matrix.py` saw it. ✓ means",
        "that the feature brought what it has to bring; pairs that can talk without a gateway bring the same there. Real SDKs in every cell.", "",
    ]
    notes: list[str] = []

    def mark(outcome: dict) -> str:
        if "ok" in outcome:
            return "✓"
        text = next((f"{outcome[key]}" for key in ("absent", "refused") if key in outcome), SILENT)
        if text not in notes:
            notes.append(text)
        return f"– ({notes.index(text) + 1})"

    for server, title in SERVERS.items():
        lines += [f"## Server: {title}", "", "| | " + " | ".join(heading(client) for client in FEATURE_CLIENTS) + " |"]
        lines.append("|---" * (len(FEATURE_CLIENTS) + 1) + "|")
        for feature in seen[("sdk-2.3", server)]:
            row = [mark(seen[(client, server)][feature]) for client in FEATURE_CLIENTS]
            lines.append(f"| {feature.replace('_', ' ')} | " + " | ".join(row) + " |")
        lines.append("")
    lines += ["## What – means", ""] + [f"{number}. {' '.join(text.split())}" for number, text in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


def heading(client: str) -> str:
    wire = " over HTTP+SSE" if FEATURE_CLIENTS[client][2].get("wire") == "sse" else ""
    return f"{FEATURE_CLIENTS[client][3]}{wire} ({client.replace('sdk-', 'SDK ').replace('-legacy', ', legacy')})"


# Pairs that can talk without a gateway.
DIRECT = [("sdk-2.3", "modern"), ("sdk-2.3-legacy", "sessions"), ("sdk-1.30", "sessions"), ("sdk-1.30", "stateless"),
          ("sdk-1.12.4", "sessions"), ("sdk-1.9.4", "sessions"), ("sdk-1.6.0", "http-sse")]


@pytest.mark.parametrize("cell", DIRECT, ids=["-".join(cell) for cell in DIRECT])
def test_the_same_without_a_gateway(world, cell):
    """What the table asks of a pair is what that pair does on its own, what is missing too."""
    client, server = cell
    entry = world.gateway.config["servers"][server]["url"]
    seen, wanted = perform(world, "none", *cell, url=entry), expected(*cell)
    if client == "sdk-2.3":
        wanted["ping"] = "absent"
    assert not {feature: seen[feature] for feature, value in wanted.items() if not fits(value, seen[feature])}


@pytest.mark.parametrize("server", ["modern", "sessions", "http-sse"])
def test_V_013_two_users_and_two_processes_of_one_client_side_by_side(world, server):
    """All are asked at once, again and again: nobody gets a question of somebody else."""
    client = registered(world, extra={"client_name": f"Side by side at {server}"})
    held = [Person(world, user, PASSWORD).tokens(client, world.mcp_url(server)).access for user in (USER, "bob")]
    # The same user, the same client and two processes: twice with a modern SDK, twice with a legacy one.
    people = [(kind, f"{user}{n}", held[user == "bob"]) for kind in ("sdk-2.3", "sdk-1.30") for user in (USER, "bob") for n in (1, 2)]
    with contextlib.ExitStack() as stack:
        clients = {}
        for kind, name, access in people:
            clients[f"{kind}-{name}"] = stack.enter_context(FeatureClient(kind, f"{kind}-{name}", world.gateway, server, access))
        for one in clients.values():
            one.expect("ready")
        for one in clients.values():
            one.send("greet 6")
        heard = {name: one.expect("greet")["texts"] for name, one in clients.items()}
    for name, texts in heard.items():
        right = [text for text in texts if text == f"Hello {name}.First {name}.Last"]
        # Over HTTP+SSE nobody can tell which of several calls a question belongs to: then it isn't asked at all.
        unclear = [text for text in texts if "can't be asked this here" in text and server == "http-sse" and name.startswith("sdk-2.3")]
        assert len(right) + len(unclear) == 6, (name, texts)
    print(f"proof: V-013 count={6 * len(heard)}")
