"""A real modern client (SDK 2.3) with a real server that knows the legacy era only (SDK 1.30): every feature, through the
bridge."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import Gateway, repository
from martlet_support.pytest_plugin import PASSWORD, USER, Installation
from martlet_support.real import python, real_server
from martlet_support.steps import Person, registered

BOB = "another horse battery staple"


@pytest.fixture(scope="module")
def world():
    with real_server("legacy-features") as url, Gateway({"old": url}, users={USER: PASSWORD, "bob": BOB}) as gateway:
        yield Installation(gateway, {})


def run(world, token: str, **settings) -> dict:
    settings = {"url": world.mcp_url("old"), "token": token, **settings}
    done = subprocess.run(
        [python("fastmcp"), repository / "Tests/Clients/drivers/modern_features.py"],
        input=json.dumps(settings) + "\n",
        capture_output=True,
        text=True,
        timeout=200,
        cwd=repository,
    )
    assert done.returncode == 0, done.stderr[-4000:] + world.gateway.log()[-2000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module", params=["auto", "2026-07-28"])
def seen(world, request):
    client = registered(world, extra={"client_name": request.param})
    return run(world, Person(world).tokens(client, world.mcp_url("old")).access, mode=request.param, tag=request.param)


def test_handshake_and_discovery(seen, request):
    assert seen["protocol"] == "2026-07-28"
    if "auto" in request.node.name:
        assert seen["server"] == "legacy-features" and seen["instructions"] == "Ask nicely."
        assert seen["capabilities"]["tools"] == {"listChanged": True} and "completions" in seen["capabilities"]


def test_tools_resources_prompts_and_completion(seen):
    assert {"add", "steps", "greet"} <= set(seen["tools"]) and seen["add"] == "5"
    assert seen["resources"] == ["note://one"] and seen["templates"] == ["note://by/{name}"] and seen["read"] == ["note me"]
    assert seen["prompts"] == ["praise"] and seen["prompt"] == "Praise Ada"
    assert seen["completion"] == ["josephine", "joseter"]


def test_progress_and_logging(seen):
    assert seen["steps"] == "3 steps"
    assert seen["progress"] == [[step, 3, f"step {step}"] for step in (1, 2, 3)]
    assert seen["logged"] == ["warning 1", "warning 2", "warning 3"]


def test_elicitation_and_sampling(seen, request):
    tag = "auto" if "auto" in request.node.name else "2026-07-28"
    assert seen["greeting"] == f"{tag} {tag}1 and {tag}2"
    assert seen["visit"] == "accept"
    assert seen["thought"] == "42 in file:///home"
    assert seen["asked"] == [f"{tag} Who?", f"{tag} And who else?", "Log in there", "6 by 9?"]


def test_a_question_outside_of_the_calls_stream_is_refused_not_left_hanging(seen):
    failed, text = seen["aloud"]
    assert failed and "asked" in text


def test_cancellation(seen):
    assert seen["cancelled"]


def test_changes(seen):
    assert seen["honoured"]["resourceSubscriptions"] == ["note://one"] and seen["watched"] == "note://one"
    assert seen["events"] == ["PromptsListChanged", "ResourceUpdated note://one", "ResourcesListChanged", "ToolsListChanged"]


def test_two_users_and_two_processes_side_by_side(world):
    client, url = registered(world, extra={"client_name": "Side by side"}), world.mcp_url("old")
    alice, bob = Person(world), Person(world, "bob", BOB)
    runs = [("alice-1", alice), ("alice-2", alice), ("bob", bob)]
    tokens = [(tag, person.tokens(client, url).access) for tag, person in runs]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda run_: run(world, run_[1], tag=run_[0], only="greetings"), tokens))
    for (tag, _), seen in zip(tokens, found, strict=True):
        assert all(asked.startswith(f"{tag}/") for asked in seen["asked"]), seen
        assert len(seen["asked"]) == 8 and len(seen["greetings"]) == 4
        assert all(f" {tag}" in greeting and greeting.startswith(f"{tag}/") for greeting in seen["greetings"]), seen
