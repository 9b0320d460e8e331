"""Markup that a stranger puts into a parameter, a client's name or an error runs in the gateway's pages.

Whoever runs a script on the gateway's origin reads anti-forgery values and clicks Allow in the victim's name; so no
input may become markup, and the policy of each page forbids scripts, frames and foreign resources even if one did.
"""

import html
import itertools
import re
import urllib.parse

import pytest
from martlet_support import Pkce
from martlet_support.steps import person, registered

MARK = "x55x55"
BASIC = [
    f"<script>{MARK}</script>", f"\"><script>{MARK}</script>", f"'><script>{MARK}</script>",
    f"<img src=x onerror={MARK}>", f"<svg/onload={MARK}>",
    f"\" onmouseover=\"{MARK}", f"' onmouseover='{MARK}", f"` onmouseover=`{MARK}", f"</title><script>{MARK}</script>",
    f"</style><script>{MARK}</script>",
    f"--><script>{MARK}</script>", f"]]><script>{MARK}</script>", f"javascript:{MARK}", f"<a href=javascript:{MARK}>",
    f"<iframe srcdoc=\"{MARK}\">",
    f"<base href=//{MARK}>", f"<meta http-equiv=refresh content=0;url=//{MARK}>", f"<form action=//{MARK}>",
    f"<button formaction=//{MARK}>", f"<link rel=import href=//{MARK}>",
    f"<math><mtext><script>{MARK}", f"<details open ontoggle={MARK}>", f"<body onload={MARK}>",
    f"<input autofocus onfocus={MARK}>", f"<object data=//{MARK}>",
    f"{{{{{MARK}}}}}", f"${{{MARK}}}", f"<%= {MARK} %>", f"{{{{{{{MARK}}}}}}}", f"&lt;script&gt;{MARK}",
    f"&#60;script&#62;{MARK}", f"\u2028<script>{MARK}</script>",
    f"\"\u0301 onmouseover={MARK} x=\"\u0301", f"<\u0338script>{MARK}</script>", f"\"\u20dd><script>{MARK}</script>",
    f"'\u0301><img src=x onerror={MARK}>",
    f"<\x00script>{MARK}</script>", f"\u003cscript\u003e{MARK}", f"<scr\u200bipt>{MARK}",
    f"<textarea></textarea><script>{MARK}</script>", f"\r\n\r\n<script>{MARK}</script>",
]
ENCODINGS = [str, str.upper, lambda p: p.replace("<", "%3C"), lambda p: html.escape(p), lambda p: p + "\\",
    lambda p: "a" * 64 + p, lambda p: "\uff1c" + p, lambda p: p.replace(" ", "/"), lambda p: f"{p}{p}"]
PAYLOADS = list(dict.fromkeys(encode(payload) for payload, encode in itertools.product(BASIC, ENCODINGS)))

TAG = re.compile(
    r"<(script|img|svg|iframe|base|object|embed|link|meta|math|details|body|input|form|button|a|textarea|style)\b[^>]*>",
    re.IGNORECASE)
HANDLER = re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE)


def harmless(answer, context) -> None:
    """The mark may appear as text; never inside a tag, never in a header."""
    if not (answer.header("content-type") or "").startswith("text/html"):
        return
    text = answer.text
    assert not HANDLER.search(text), (context, answer.describe())
    assert "<script" not in text.lower(), (context, answer.describe())
    for tag in TAG.finditer(text):
        inside = tag.group(0)
        if MARK in inside.lower():
            # A hidden field may carry what was sent, quoted; nothing else may.
            assert inside.lower().startswith("<input") and inside.count('"') % 2 == 0 and "<" not in inside[1:], (
                context, inside)
    policy = answer.header("content-security-policy")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "script-src" not in policy and "unsafe" not in policy
    assert all(MARK not in value.lower() for name, value in answer.headers if name.lower() != "location"), (context,
        answer.describe())


PARAMETERS = ["client_id", "redirect_uri", "response_type", "scope", "state", "resource", "code_challenge",
    "code_challenge_method", "prompt", "request", "unknown", "error"]


@pytest.mark.parametrize("parameter", PARAMETERS)
def test_V_021_V_062_payloads_in_every_parameter_of_authorize(shared, parameter):
    me, client = person(shared), registered(shared)
    for payload in PAYLOADS:
        url = client.authorize_url(shared.mcp_url(), Pkce(), extra={parameter: payload})
        answer = me.browser.fetch("GET", url)
        assert answer.status in (200, 303, 400, 414, 431), answer.describe()
        harmless(answer, (parameter, payload))
        location = answer.header("location") or ""
        if location.startswith("/"):
            harmless(me.browser.fetch("GET", shared.url + location), (parameter, payload))
        elif location:
            assert location.isascii() and "<" not in location and '"' not in location, (parameter, location)
    print(f"proof: V-021 count={len(PAYLOADS)}")


@pytest.mark.parametrize("path, parameter", [
    ("/login", "transaction"), ("/login", "error"), ("/login", "username"), ("/consent", "transaction"),
    ("/login/corp/callback", "state"), ("/login/corp/callback", "error"),
    ("/login/corp/callback", "error_description"), ("/account", "x"), ("/logout", "x"),
])
def test_V_021_V_062_payloads_in_every_parameter_of_the_pages(shared, path, parameter):
    browser = person(shared).browser
    for payload in PAYLOADS:
        answer = browser.fetch("GET", f"{shared.url}{path}?{urllib.parse.urlencode({parameter: payload})}")
        assert answer.status < 500, answer.describe()
        harmless(answer, (path, parameter, payload))


def test_V_021_payloads_in_paths_and_forms(shared):
    me = person(shared)
    page = me.page(registered(shared).authorize_url(shared.mcp_url(), Pkce()))
    fields = dict(page.main_form.fields)
    for payload in PAYLOADS[:: 4]:
        for name in ("transaction", "csrf", "decision", "resource", "unknown"):
            form = {**fields, "decision": "maybe", name: payload}
            harmless(me.browser.fetch("POST", f"{shared.url}/consent", form=form), (name, payload))
        for name in ("username", "password", "transaction", "csrf"):
            harmless(me.browser.fetch("POST", f"{shared.url}/login",
                form={"username": "x", "password": "y", name: payload}), (name, payload))
        quoted = urllib.parse.quote(payload, safe="")
        for path in (f"/login/{quoted}", f"/{quoted}/mcp", f"/.well-known/{quoted}"):
            answer = me.browser.fetch("GET", shared.url + path)
            assert answer.status < 500, answer.describe()
            harmless(answer, path)


def test_V_021_V_026_payloads_in_a_clients_own_words(shared):
    me = person(shared)
    for payload in BASIC:
        client = registered(shared, extra={
            "client_name": payload, "client_uri": payload, "logo_uri": f"https://a.example/\"{payload}",
            "tos_uri": payload, "policy_uri": payload, "contacts": [payload], "software_id": payload})
        url = client.authorize_url(shared.mcp_url(), Pkce())
        harmless(me.page(url).response, payload)
        login = shared.browser().open(url)
        harmless(login.response, payload)
        assert "a.example" not in login.text, "V-095: nothing of the client's is loaded"


def test_V_021_V_095_pages_load_nothing_from_elsewhere(shared):
    me = person(shared)
    page = me.page(registered(shared, extra={"logo_uri": "https://logo.example/x.png",
        "client_uri": "https://home.example/"}).authorize_url(shared.mcp_url(), Pkce()))
    assert "logo.example" not in page.text
    assert not re.search(r"(src|href|action)=\"(https?:)?//", page.text)
