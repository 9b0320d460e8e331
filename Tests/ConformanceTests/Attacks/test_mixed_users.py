"""State of one caller, kept where the next caller finds it, is used for somebody else.

What the gateway remembers of a caller (verified tokens, signed assertions, kept connections) must never be used for another: two people
call at once, through one client and one process, and each call arrives at the upstream in its own caller's name.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from martlet_support import MCPConnection
from martlet_support.mcp import LEGACY, MODERN
from martlet_support.oauth import jwt_claims
from martlet_support.steps import Person, count, registered

BOB, BOBS_PASSWORD = "bob", "another long password"


def arrived_as(connection: MCPConnection, text: str) -> tuple[str, str]:
    """Calls a tool that answers with the headers of its request; the subject and the client that the upstream was told."""
    sent = json.loads(connection.tool("headers", {"text": text})["content"][0]["text"])
    assertions = [value for name, value in sent if name.lower() == "martlet-assertion"]
    assert len(assertions) == 1, sent
    claims = jwt_claims(assertions[0])
    return claims["sub"], claims["client_id"]


@pytest.mark.parametrize("server", ["stateless", "stateful", "modern"])
def test_V_017_interleaved_calls_keep_their_callers(install, server):
    world = install(users={BOB: BOBS_PASSWORD})
    clients = [registered(world), registered(world, extra={"client_name": "Another client"})]
    callers = []
    for user in (Person(world), Person(world, BOB, BOBS_PASSWORD)):
        for client in clients:
            tokens = user.tokens(client, world.mcp_url(server))
            connection = MCPConnection(world.mcp_url(server), tokens.access, revision=MODERN if server == "modern" else LEGACY)
            if not connection.modern:
                connection.initialize()
            callers.append((connection, (tokens.claims["sub"], client.client_id)))
    assert len({own for _, own in callers}) == 4
    calls = count(200, 100_000)

    def call(index: int) -> bool:
        connection, own = callers[index % len(callers)]
        mine = MCPConnection(connection.url, connection.token, revision=connection.revision)
        mine.session, mine.next_id = connection.session, index
        return arrived_as(mine, f"nonce-{index}") == own

    with ThreadPoolExecutor(16) as pool:
        swapped = [index for index, isOwn in enumerate(pool.map(call, range(calls))) if not isOwn]
    assert swapped == [], f"{len(swapped)} of {calls} calls arrived in another's name"
    print(f"proof: V-017 count={calls}")
