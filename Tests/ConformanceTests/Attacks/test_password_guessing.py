"""Guessing a password, and using the defence against guessing to keep a person out.

Guesses are slowed down under the canonical account name and the network they come from; whoever owns the account still
gets in from elsewhere and from a browser that knew the account, and nobody learns which names exist.
"""

import http.client
import statistics
import time
import urllib.parse

import pytest
from martlet_support import Page, Pkce, Response
from martlet_support.pytest_plugin import PASSWORD, USER
from martlet_support.steps import FULL, Person, at_once, count, registered


class Guesser:
    """A browser at an address of its own: the whole of 127.0.0.0/8 is this machine."""

    def __init__(self, world, address: str):
        self.world, self.address, self.cookies = world, address, {}
        self.form: dict[str, str] = {}

    def send(self, method: str, path: str, form: dict | None = None, headers: dict | None = None) -> Response:
        host = urllib.parse.urlsplit(self.world.url)
        connection = http.client.HTTPConnection(host.hostname, host.port, timeout=60, source_address=(self.address, 0))
        sent = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())} if self.cookies else {}
        body = urllib.parse.urlencode(form) if form is not None else None
        if form is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body=body, headers={**sent, **(headers or {})})
        raw = connection.getresponse()
        answer = Response(raw.status, raw.getheaders(), raw.read(), path, method)
        connection.close()
        for value in answer.header_values("set-cookie"):
            name, _, rest = value.partition("=")
            self.cookies[name] = rest.split(";")[0]
        return answer

    def guess(self, name: str, password: str, **headers) -> Response:
        if not self.form:
            answer = self.send("GET", "/login")
            if not any("browser" in n for n in self.cookies):
                client = registered(self.world)
                answer = self.send("GET", client.authorize_url(self.world.mcp_url(),
                    Pkce()).removeprefix(self.world.url))
                answer = self.send("GET", answer.header("location"))
            self.form = dict(Page(answer).main_form.fields)
        return self.send("POST", "/login", {**self.form, "username": name, "password": password}, headers)


def logged_in(answer: Response) -> bool:
    return answer.status == 303 and any("session=" in v for v in answer.header_values("set-cookie"))


def failed(answer: Response) -> None:
    assert answer.status in (401, 403, 429), answer.describe()
    assert not logged_in(answer)
    if answer.status == 429:
        assert int(answer.header("retry-after")) >= 1


@pytest.fixture(scope="module")
def attacked(own):
    """Forty wrong guesses for alice from one address, and what a known browser of hers looks like."""
    known = Person(own)
    known.page(registered(own).authorize_url(own.mcp_url(), Pkce()))
    attacker = Guesser(own, "127.0.0.9")
    begun = time.monotonic()
    answers = [attacker.guess(USER, f"wrong {i}") for i in range(count(40, 1000))]
    print(f"proof: V-068 count={len(answers)}")
    return own, known, attacker, answers, time.monotonic() - begun


def test_V_068_N_16_guesses_are_slowed_down(attacked):
    _, _, _, answers, _ = attacked
    for answer in answers:
        failed(answer)
    assert sum(1 for a in answers if a.status != 429) <= 20, "most guesses were never looked at"
    assert all(a.status == 429 for a in answers[-10:])


@pytest.mark.parametrize("alias", ["ALICE", "Alice", " alice", "alice ", "alice\u200b", "\uff41lice", "alice\x00",
    "alice\t", "al\u0131ce", "alice%20"])
def test_V_068_an_alias_is_no_fresh_counter(attacked, alias):
    world, _, attacker, _, _ = attacked
    answer = attacker.guess(alias, PASSWORD)
    assert not logged_in(answer), answer.describe()


def test_V_068_V_085_neither_the_right_password_nor_forwarded_addresses_shorten_the_wait(attacked):
    _, _, attacker, _, _ = attacked
    for index in range(20):
        if attacker.guess(USER, f"wrong again {index}").status == 429:
            break
    for index in range(5):
        spoofed = {"X-Forwarded-For": f"10.1.2.{index}", "Forwarded": f"for=10.9.9.{index}",
            "X-Real-IP": f"10.8.8.{index}"}
        answer = attacker.guess(USER, PASSWORD, **(spoofed if index else {}))
        assert answer.status == 429, answer.describe()


def test_V_068_the_owner_gets_in_from_elsewhere(attacked):
    world, _, _, _, _ = attacked
    assert logged_in(Guesser(world, "127.0.0.77").guess(USER, PASSWORD))


def test_V_068_the_owner_gets_in_from_a_known_browser_at_the_same_address(attacked):
    world, known, _, _, _ = attacked
    home = Guesser(world, "127.0.0.9")
    home.cookies = {cookie.name: cookie.value for cookie in known.browser.cookies
        if not cookie.name.endswith("session")}
    assert logged_in(home.guess(USER, PASSWORD)), "a browser that logged in before has its own counter"


def test_V_068_other_accounts_are_not_touched(attacked):
    world, *_ = attacked
    world.gateway.add_user("carol", "carols long password")
    assert logged_in(Guesser(world, "127.0.0.78").guess("carol", "carols long password"))


def test_V_068_N_16_unknown_and_disabled_users_look_like_known_ones(own):
    own.gateway.add_user("dave", "daves long password")
    own.gateway.add_user("erin", "erins long password")
    own.gateway.cli("user", "disable", "erin")
    tries = {"dave": "wrong", "erin": "erins long password", "nobody-at-all": "wrong"}
    rounds = count(3, 5)
    bodies, times = {}, {}
    for index, (name, password) in enumerate(tries.items()):
        guesser = Guesser(own, f"127.0.1.{index + 1}")
        guesser.guess("warm-up", "x")
        for _ in range(rounds):
            begun = time.monotonic()
            answer = guesser.guess(name, password)
            times.setdefault(name, []).append(time.monotonic() - begun)
            failed(answer)
            text = answer.text.replace(guesser.form["csrf"], "").replace(guesser.form.get("transaction") or "\0", "")
            bodies.setdefault(name, set()).add((answer.status, text))
    assert bodies["dave"] == bodies["erin"] == bodies["nobody-at-all"], bodies
    if not FULL:
        return  # Times are compared where nothing else runs; PasswordHasherTests counts the work itself.
    slow = statistics.median(times["dave"])
    for name in ("nobody-at-all", "erin"):
        assert statistics.median(times[name]) > slow / 2, (name, times)


@pytest.mark.parametrize("name", ["", "x" * 5000, "\x00", "\r\nalice", "' OR 1=1 --", "alice\\", "../alice"])
def test_N_16_no_name_is_special(own, name):
    guesser = Guesser(own, "127.0.3.1")
    answer = guesser.guess(name, PASSWORD)
    assert answer.status in (400, 403, 429) and not logged_in(answer), answer.describe()


def test_V_068_many_at_once_do_not_slip_past_together(own):
    guesser = Guesser(own, "127.0.2.1")
    guesser.guess("warm-up", "x")
    answers = at_once(40, lambda index: guesser.guess("frank", f"wrong {index}"))
    assert all(a.status in (403, 429, 503) for a in answers), {a.status for a in answers}
    assert sum(1 for a in answers if a.status == 403) <= 20, "guesses under way are counted"
