"""A redirect URI that two programs read differently sends a code to the attacker.

No two URL parsers agree on hostile spellings, so registration takes only what leaves no doubt, and /authorize compares
bytes; anything else is a page that leads nowhere.
"""

import itertools
import urllib.parse

import pytest
from martlet_support import Pkce, request
from martlet_support.steps import person, registered

GOOD = "https://good.example.com/callback"
EVIL = "evil.example"

SCHEMES = [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "javascript://good.example.com/%0aalert(1)", " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)", "\x01javascript:alert(1)", "data:text/html,<script>alert(1)</script>", "DATA:text/html,x",
    "vbscript:msgbox(1)",
    "file:///etc/passwd", "blob:https://good.example.com/x", "about:blank", "view-source:https://good.example.com/",
    "filesystem:https://a/x",
    "ftp://good.example.com/", "ws://good.example.com/", "wss://good.example.com/", "mailto:a@example.com",
    "urn:ietf:wg:oauth:2.0:oob", "intent://x#Intent;end",
    "http://good.example.com/callback", "HTTP://127.0.0.1/callback", "HTTPS://good.example.com/callback",
    "https:good.example.com/callback",
    "https:/good.example.com/callback", "https:///good.example.com/callback", "https:////good.example.com",
    "://good.example.com", "//good.example.com/callback",
    "/callback", "callback", "?x", "", "https://", "https:", "http://", "https:///", "ms-msdt:/id", "search-ms:x",
    "chrome://settings", "smb://x/y",
]
AUTHORITIES = [
    f"https://good.example.com@{EVIL}/", f"https://good.example.com:x@{EVIL}/", f"https://a@b@{EVIL}/",
    f"https://good.example.com%40{EVIL}/",
    f"https://good.example.com\\@{EVIL}/", f"https://{EVIL}\\@good.example.com/",
    f"https://good.example.com%2F@{EVIL}/", f"http://localhost:8090%2F@{EVIL}/",
    f"https://good.example.com%00.{EVIL}/", f"https://good.example.com\x00.{EVIL}/",
    f"https://good.example.com\t.{EVIL}/", f"https://good.example.com .{EVIL}/",
    "https://[::1/", "https://::1]/", "https://[::1]x/", "https://[fe80::1%25eth0]/", "https://good.example.com:/x:",
    "https://good.example.com:99999/",
    "https://good.example.com:-1/", "https://good.example.com:+443/", "https://good.example.com:0x1bb/",
    "https://good.example.com:443:443/", "https://:443/",
    "https://user@good.example.com/", "https://user:pw@good.example.com/", "https://@good.example.com/",
    "https://%67ood.example.com/", "https://good%2eexample.com/",
    "https://ⓔvil.com/", "https://gööd.example.com/", "https://good.example.com\u3002evil/",
    "https://good.example.com\uff0fevil/", "https://good.exa\u00admple.com/",
    "https://.good.example.com/", "https://good..example.com/", "https://*.example.com/", "https://good.example.*/",
    "https://good_example.com:443@/", "https://-/@/",
]
PATHS = [
    "https://good.example.com/a/../b", "https://good.example.com/..;/x", "https://good.example.com/%2e%2e/x",
    "https://good.example.com/.%2e/x",
    "https://good.example.com/./x", "https://good.example.com/a\\b", "https://good.example.com/\\evil.example",
    "https://good.example.com/a;jsessionid=1",
    "https://good.example.com/#fragment", "https://good.example.com/#", "https://good.example.com/?x#y",
    "https://good.example.com/a b", "https://good.example.com/\r\nX: y",
    "https://good.example.com/\n", "https://good.example.com/\x7f", "https://good.example.com/é",
    "https://good.example.com/\u202e", "https://good.example.com/*",
    "https://good.example.com/%", "https://good.example.com/%zz", "https://good.example.com/%0d%0aLocation:x",
    "https://good.example.com/%00", "https://good.example.com/<x>",
    "https://good.example.com/\"x", "https://good.example.com/'x'\t", "https://good.example.com/`x`\x00",
    "https://good.example.com/" + "a" * 5000,
]
LOOPBACKS = [
    "http://127.0.0.2/cb", "http://127.1/cb", "http://0x7f.1/cb", "http://2130706433/cb", "http://0177.0.0.1/cb",
    "http://127.0.0.1./cb", "http://localhost./cb",
    "http://localhost.evil.example/cb", "http://127.0.0.1.evil.example/cb", "http://LOCALHOST/cb", "http://0.0.0.0/cb",
    "http://[::]/cb", "http://[::ffff:127.0.0.1]/cb",
    "http://[0:0:0:0:0:0:0:1]/cb", "http://10.0.0.1/cb", "http://169.254.169.254/cb",
    "http://localhost@evil.example/cb", "http://127.0.0.1@evil.example/cb",
    "http://evil.example#@127.0.0.1/cb", "http://evil.example\\@127.0.0.1/cb", "http://localhost:80:80/cb",
    "http://local\u212aost/cb", "http://127。0。0。1/cb",
]
# What some parser takes for "/", "@", ".", ":", a space or nothing: between a good host and an evil one, and in a path.
LOOKALIKES = [
    "\u2044", "\u2215", "\u29f8", "\uff0f", "\u3002", "\uff0e", "\uff61", "\u2024", "\ufe52", "\uff20", "\ufe6b",
    "\uff1a", "\ufe55", "\uff1f", "\uff03", "\uff3c", "\u00ad", "\u200b", "\u200c", "\u200d",
    "\u2060", "\ufeff", "\u00a0", "\u2002", "\u3000", "\u2028", "\u2029", "\u0085", "\u202e", "\t", "\n", "\r", "\x0b",
    "\x0c", "\x1c", "\x00", "\x7f", " ", "\\", "%5c%5c", "%", "%2g", "<", ">", "\"", "{", "}", "|", "^", "`",
]
HOSTILE = SCHEMES + AUTHORITIES + PATHS + LOOPBACKS + [
    uri for sign in LOOKALIKES for uri in (f"https://good.example.com{sign}{EVIL}/callback",
        f"https://good.example.com/a{sign.replace('%5c%5c', chr(92))}b")
]


def mutations(uri: str) -> list[str]:
    """The registered URI, changed in one place: none is the registered one."""
    parts = urllib.parse.urlsplit(uri)
    changed = [uri + tail for tail in ("/", "?", "?x=1", "#", "#x", "%20", " ", "\t", ".", "/.", "/..", ";", "%00",
        "\\", "&x=y", "*", "/../callback", "%2f")]
    changed += [prefix + uri for prefix in (" ", "\t", "x", "https://", "view-source:", "\ufeff", "%20")]
    changed += [uri.upper(), uri.capitalize(), uri.replace("callback", "Callback"),
        uri.replace("callback", "%63allback"), uri.replace("/callback", "//callback")]
    changed += [uri.replace("good", "g\u043e\u043ed"), uri.replace("good.", "good。"), uri.replace("good", "GOOD"),
        uri.replace("good", "goo\u0064\u200b")]
    changed += [uri.replace("https", s) for s in ("http", "HTTPS", "ftp", "javascript")]
    changed += [f"https://good.example.com{sep}{EVIL}/callback" for sep in ("@", ".", "%40", "\\@", "%2F@", ":443@",
        "%00@", "\t@", ";@", "%09")]
    changed += [f"https://{EVIL}{sep}good.example.com/callback" for sep in ("/", "?", "#", "@@", "\\", "%23@", ";",
        "%5c@", "/..;/", ":443\\@")]
    changed += [f"https://{host}/callback" for host in ("good.example.com.", "good.example.com:443",
        "www.good.example.com", "example.com", "good.example", EVIL)]
    changed += [f"https://good.example.com/{path}" for path in ("callback/../callback", "./callback", "x/..;/callback",
        "%2e/callback", "callback;a=b", "callback%2f")]
    changed += [parts._replace(netloc=f"{user}@{parts.netloc}").geturl() for user in ("a", "a:b", "%61", "")]
    changed += [parts._replace(path=parts.path[:n] + c + parts.path[n:]).geturl() for n,
        c in itertools.product(range(1, 9), ("%0a", "A", "."))]
    return [value for value in dict.fromkeys(changed) if value != uri]


def presented(shared, client, value: str):
    query = urllib.parse.urlencode({
        "response_type": "code", "client_id": client.client_id, "redirect_uri": value,
        "code_challenge": Pkce().challenge,
        "code_challenge_method": "S256", "state": "s", "resource": shared.mcp_url()})
    return person(shared).browser.fetch("GET", f"{shared.url}/authorize?{query}")


def test_V_051_V_050d_registration_refuses_what_leaves_a_doubt(shared):
    taken = []
    for uri in HOSTILE:
        answer = request("POST", f"{shared.url}/register", json={"client_name": "x", "redirect_uris": [uri]})
        if answer.status == 201:
            taken.append(uri)
        else:
            assert answer.status == 400 and answer.json()["error"] in ("invalid_redirect_uri",
                "invalid_client_metadata"), (uri, answer.describe())
    assert not taken, taken
    print(f"proof: V-051 count={len(HOSTILE)}")


def test_V_051_V_050a_authorize_compares_bytes(shared):
    client = registered(shared, redirect_uri=GOOD)
    corpus = mutations(GOOD) + HOSTILE
    assert len(corpus) >= 200
    for uri in corpus:
        if uri == "":
            continue  # An empty redirect_uri counts as absent, and exactly one is registered.
        answer = presented(shared, client, uri)
        assert answer.status in (400, 414, 431) and answer.header("location") is None, (uri, answer.describe())
        assert EVIL not in answer.header("content-security-policy")
    print(f"proof: V-051 count={len(corpus)}")


def test_V_051_N_01_only_the_port_of_a_loopback_redirect_is_free(shared):
    client = registered(shared, redirect_uri="http://127.0.0.1:4000/callback")
    for uri in ("http://127.0.0.1:4001/callback/", "http://127.0.0.1:4001/Callback", "http://127.0.0.1:4001",
            "http://localhost:4000/callback", "http://[::1]:4000/callback",
                "https://127.0.0.1:4000/callback", "http://127.0.0.1:4000/callback?x",
                "http://127.0.0.1:4000@evil.example/callback", "http://127.0.0.1:/callback",
                "http://127.0.0.1:99999/callback", "http://127.0.0.1:0/callback", "http://127.0.0.1:04000/callback",
                "http://127.0.0.1:+4000/callback",
                "http://127.0.0.1:4000:1/callback", "http://127.0.0.1:4000\\@evil.example/callback",
                "http://127.0.0.1:40%300/callback", "http://127.0.0.1.evil.example/callback",
                "http://127.0.0.1:4000.evil.example/callback", "http://127.0.0.1 :4000/callback",
                "http://127.0.0.1:٤٠٠٠/callback", "http://127.0.0.1:4000#/callback"):
        answer = presented(shared, client, uri)
        assert answer.status == 400 and answer.header("location") is None, (uri, answer.describe())
    web = registered(shared, redirect_uri="https://good.example.com:8443/callback")
    assert presented(shared, web, "https://good.example.com:8444/callback").status == 400, "no such freedom for https"


def test_V_051_one_bad_uri_spoils_a_registration_that_hides_it(shared):
    for uri in (f"https://good.example.com@{EVIL}/", "javascript:alert(1)", "https://good.example.com/#x",
            "http://good.example.com/"):
        answer = request("POST", f"{shared.url}/register", json={"redirect_uris": [GOOD, uri]})
        if answer.status == 201:
            assert answer.json()["redirect_uris"] == [GOOD], (uri, answer.describe())
        else:
            assert answer.json()["error"] == "invalid_redirect_uri", answer.describe()


PLACES = ["/login?transaction={x}", "/login?next={x}", "/login?return_to={x}", "/login?redirect={x}",
    "/consent?transaction={x}", "/logout?next={x}", "/account?next={x}",
          "/login/corp/callback?state={x}&code=1", "/authorize?next={x}", "/{x}", "/login/{x}"]
TARGETS = ["//evil.example", "/\\evil.example", "/%2f%2fevil.example", "https://evil.example", "\\\\evil.example",
    "/%5cevil.example", "%0d%0aLocation:%20https://evil.example",
           "/.evil.example", "///evil.example", "https:evil.example", "/login/../../evil.example",
           "javascript:alert(1)"]


@pytest.mark.parametrize("place", PLACES)
def test_V_026_no_open_redirect(shared, place):
    me = person(shared)
    for target in TARGETS:
        for value in (target, urllib.parse.quote(target, safe="")):
            path = place.format(x=value)
            if any(ord(c) < 33 for c in path):
                continue
            for browser in (me.browser, shared.browser()):
                answer = browser.fetch("GET", shared.url + path)
                location = answer.header("location")
                assert "evil" not in (answer.header("location") or ""), (path, answer.describe())
                if location is not None:
                    target_url = urllib.parse.urljoin(shared.url, location)
                    assert target_url.startswith(shared.url + "/") and not location.startswith(("//", "/\\")), (path,
                        location)
                assert not [n for n, _ in answer.headers if n.lower() == "refresh"]
