"""An authorization code in the wrong hands is redeemed.

A code is worth something only together with its client, its redirect URI, its verifier and its resource, all of them;
and whoever tries with less must neither learn anything nor destroy what belongs to the rightful client.
"""

import itertools

import pytest
from martlet_support import MCPConnection, Pkce, Tokens
from martlet_support.steps import person, registered

COLUMNS = ("code", "client", "redirect", "verifier", "resource")


def test_V_052_only_the_row_with_everything_right_passes(shared):
    """The truth table, on one and the same code: 31 wrong rows first, the right one last."""
    me = person(shared)
    mine = registered(shared, redirect_uri="https://mine.example.com/cb")
    other = registered(shared, redirect_uri="https://mine.example.com/cb", extra={"client_name": "other"})
    callback, pkce = me.allow(mine)
    theirs, _ = me.allow(mine)
    rows = sorted(itertools.product((True, False), repeat=5), key=sum)
    assert len(rows) == 32
    for row in rows:
        right = dict(zip(COLUMNS, row))
        client = mine if right["client"] else other
        code = callback.code if right["code"] else theirs.code[:-2] + ("AA" if not theirs.code.endswith("AA") else "BB")
        answer = client.token_request({
            "grant_type": "authorization_code", "code": code,
            "redirect_uri": "https://mine.example.com/cb" if right["redirect"] else "https://mine.example.com/cb2",
            "code_verifier": pkce.verifier if right["verifier"] else Pkce().verifier,
            "resource": shared.mcp_url() if right["resource"] else shared.mcp_url("modern")})
        if all(row):
            tokens = Tokens.of(answer)
        else:
            assert answer.status == 400 and answer.json()["error"] in ("invalid_grant", "invalid_target"), (right,
                answer.describe())
    assert Tokens.of(mine.refresh(tokens.refresh)).refresh, "no wrong row has revoked anything"
    print("proof: V-052 count=32")


@pytest.mark.parametrize("change", [
    {"redirect_uri": None}, {"redirect_uri": ""}, {"redirect_uri": "https://mine.example.com/CB"},
    {"code_verifier": None}, {"code_verifier": ""}, {"code_verifier": "short"},
    {"code_verifier": "x" * 129}, {"code_verifier": "é" * 43}, {"code_verifier": "{challenge}"}, {"code": ""},
    {"code": None}, {"code": "mcd_"}, {"code": "{code}A"}, {"code": " {code}"},
    {"code": "{code}="}, {"code_challenge": "{challenge}", "code_verifier": None},
])
def test_V_050b_V_050h_a_failed_redemption_spends_nothing(shared, change):
    me, client = person(shared), registered(shared, redirect_uri="https://mine.example.com/cb")
    callback, pkce = me.allow(client)
    form = {"grant_type": "authorization_code", "code": callback.code, "redirect_uri": client.redirect_uri,
        "code_verifier": pkce.verifier}
    bent = {n: v.format(code=callback.code, challenge=pkce.challenge) if v is not None else None for n,
        v in change.items()}
    answer = client.token_request({name: value for name, value in {**form, **bent}.items() if value is not None})
    assert answer.status == 400 and answer.json()["error"] in ("invalid_grant", "invalid_request"), answer.describe()
    assert Tokens.of(client.token_request(form)).access


def test_V_050g_only_a_fully_right_request_counts_as_a_second_use(shared):
    """A thief who has the code but not the verifier must not be able to end the victim's grant."""
    me, client = person(shared), registered(shared)
    other = registered(shared, extra={"client_name": "thief"})
    callback, pkce = me.allow(client)
    tokens = Tokens.of(client.exchange(callback.code, pkce))
    for answer in (client.exchange(callback.code, Pkce()), other.exchange(callback.code, pkce),
            other.exchange(callback.code, Pkce()),
                   client.exchange(callback.code[:-1] + ("A" if callback.code[-1] != "A" else "B"), pkce),
                   client.exchange(callback.code, pkce, extra={"redirect_uri": "https://else.example/"})):
        assert answer.status == 400, answer.describe()
    fresh = Tokens.of(client.refresh(tokens.refresh))
    for access in (tokens.access, fresh.access):
        MCPConnection(shared.mcp_url(), access).initialize()  # Neither was cut off.


def test_N_16_the_answer_says_nothing_about_other_clients_codes(shared):
    me, client, other = person(shared), registered(shared), registered(shared, extra={"client_name": "thief"})
    callback, pkce = me.allow(client)
    real, unknown = other.exchange(callback.code, pkce), other.exchange("mcd_" + "A" * 43, pkce)
    assert (real.status, real.body) == (unknown.status, unknown.body)
