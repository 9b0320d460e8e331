"""A value made for one purpose is accepted for another.

Codes, tokens, client ids, cookies, transactions and anti-forgery values all look alike; where one namespace holds them,
a stranger turns the cheap one into the dear one. Each value is shown at each entrance but its own: nothing may come of
it.
"""

import base64
import urllib.parse

import pytest
from martlet_support import MCPConnection, Pkce, Tokens, request
from martlet_support.steps import Person, registered


@pytest.fixture(scope="module")
def artefacts(shared):
    """One fresh specimen of each kind that a stranger or a client can hold."""
    me = Person(shared)
    client = registered(shared, extra={"client_name": "collector"})
    secret = registered(shared, redirect_uri="https://c.example.com/cb", auth="client_secret_post",
        extra={"client_name": "confidential"})
    tokens = me.tokens(client)
    rotated = Tokens.of(client.refresh(tokens.refresh))
    callback, pkce = me.allow(client)
    page = me.page(client.authorize_url(shared.mcp_url(), Pkce()))
    fields = dict(page.main_form.fields)
    connection = MCPConnection(shared.mcp_url(), rotated.access)
    connection.initialize()
    cookies = {cookie.name.split("-")[2]: cookie.value for cookie in me.browser.cookies}
    return {
        "code": callback.code, "access token": rotated.access, "refresh token": rotated.refresh,
        "spent refresh token": tokens.refresh,
        "client id": client.client_id, "client secret": secret.client_secret, "transaction": fields["transaction"],
        "csrf": fields["csrf"],
        "browser cookie": cookies["browser"], "session cookie": cookies["session"], "mcp session": connection.session,
        "jti": rotated.claims["jti"],
        "grant": rotated.claims.get("grant", "x"), "challenge": pkce.challenge, "verifier": pkce.verifier,
        "subject": rotated.claims["sub"],
    }, client, secret


ENTRANCES = ["code", "refresh token", "access token", "session cookie", "transaction", "csrf", "client secret",
    "client assertion", "introspection", "mcp session", "callback state"]
OWN = {
    "code": {"code"}, "refresh token": {"refresh token", "spent refresh token"}, "access token": {"access token"},
    "session cookie": set(), "transaction": {"transaction"},
    "csrf": {"csrf"}, "client secret": {"client secret"}, "client assertion": set(),
    "introspection": {"access token", "refresh token"}, "mcp session": {"mcp session"},
    "callback state": set(),
}


def present(shared, entrance: str, value: str, client, secret):
    """Shows a value at an entrance; answers the raw response."""
    port = urllib.parse.urlsplit(shared.url).port
    match entrance:
        case "code":
            return client.token_request({"grant_type": "authorization_code", "code": value,
                "redirect_uri": client.redirect_uri, "code_verifier": "x" * 43})
        case "refresh token":
            return client.refresh(value)
        case "access token":
            return MCPConnection(shared.mcp_url(), value).post("ping")
        case "session cookie":
            return request("GET", f"{shared.url}/account",
                headers={"Cookie": f"martlet-{port}-session={value}; martlet-{port}-browser={value}"})
        case "transaction":
            return request("GET", f"{shared.url}/consent?transaction={urllib.parse.quote(value)}",
                headers={"Cookie": f"martlet-{port}-browser=mbr_{'A' * 43}"})
        case "csrf":
            form = {"username": "alice", "password": "x", "transaction": "", "csrf": value}
            return request("POST", f"{shared.url}/login", form=form,
                headers={"Cookie": f"martlet-{port}-browser=mbr_{'A' * 43}"})
        case "client secret":
            return request("POST", f"{shared.url}/token", form={
                "grant_type": "refresh_token", "refresh_token": "x", "client_id": secret.client_id,
                "client_secret": value})
        case "client assertion":
            return request("POST", f"{shared.url}/token", form={
                "grant_type": "client_credentials", "client_assertion": value, "client_id": secret.client_id,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"})
        case "introspection":
            return secret.introspect(value)
        case "mcp session":
            return request("POST", shared.mcp_url(),
                headers={"Mcp-Session-Id": value,
                    "Authorization": "Bearer " + base64.b64encode(value.encode()).decode()}, json={})
        case "callback state":
            return request("GET", f"{shared.url}/login/corp/callback?code=x&state={urllib.parse.quote(value)}",
                headers={"Cookie": f"martlet-{port}-browser={value}"})
    raise AssertionError(entrance)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_V_055_no_value_opens_a_foreign_door(shared, artefacts, entrance):
    values, client, secret = artefacts
    for kind, value in values.items():
        if kind in OWN[entrance]:
            continue
        answer = present(shared, entrance, value, client, secret)
        context = (kind, entrance, answer.describe())
        assert answer.status < 500, context
        if entrance == "introspection":
            assert answer.status == 200 and answer.json() == {"active": False}, context
        elif entrance == "session cookie":
            assert answer.status == 303 and "/login" in answer.header("location"), context
        else:
            assert answer.status in (400, 401, 403, 404), context
        assert "access_token" not in answer.text
    print(f"proof: V-055 count={len(values)}")


def test_V_055_and_afterwards_each_still_opens_its_own(shared, artefacts):
    values, client, _ = artefacts
    assert MCPConnection(shared.mcp_url(), values["access token"]).initialize().status == 200
    assert client.refresh(values["refresh token"]).status == 200
    answer = client.token_request({
        "grant_type": "authorization_code", "code": values["code"], "redirect_uri": client.redirect_uri,
        "code_verifier": values["verifier"]})
    assert answer.status == 200, answer.describe()
