"""A browser made of the standard library: cookies, redirects, and the one main form of each page."""

import http.cookiejar
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from html.parser import HTMLParser

from .wire import Response, request


class LoginFailed(AssertionError):
    """The pages did not lead where a login leads; the message shows the page that was seen last."""


@dataclass
class Form:
    action: str
    method: str = "get"
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    id: str = ""
    in_main: bool = False

    @property
    def names(self) -> set[str]:
        """Every name that this form can send."""
        return {name for name, _ in self.fields} | {name for name, _ in self.buttons} | set(self.choices)


@dataclass
class Callback:
    """The redirect that left the gateway for the client."""

    url: str
    params: dict[str, str]

    @property
    def code(self) -> str:
        assert "code" in self.params, f"no code in the callback: {self.url}"
        return self.params["code"]

    @property
    def state(self) -> str | None:
        return self.params.get("state")

    @property
    def iss(self) -> str | None:
        return self.params.get("iss")


class _PageParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.title = ""
        self._form: Form | None = None
        self._select: list | None = None
        self._main = False
        self._in_title = False

    def handle_starttag(self, tag, attributes):
        values = {name: value if value is not None else "" for name, value in attributes}
        if tag == "main":
            self._main = True
        elif tag == "title":
            self._in_title = True
        elif tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "form":
            self._form = Form(
                values.get("action", ""),
                values.get("method", "get").lower(),
                id=values.get("id", ""),
                in_main=self._main,
            )
            self.forms.append(self._form)
        elif self._form is not None:
            self._control(tag, values)

    def _control(self, tag, values):
        name = values.get("name")
        if tag == "button" or (tag == "input" and values.get("type") in ("submit", "image")):
            if name and values.get("type", "submit") != "button":
                self._form.buttons.append((name, values.get("value", "")))
        elif tag == "input" and name:
            if values.get("type") == "radio":
                self._form.choices.setdefault(name, []).append(values.get("value", "on"))
            if values.get("type") in ("checkbox", "radio") and "checked" not in values:
                return
            self._form.fields.append((name, values.get("value", "on" if values.get("type") == "checkbox" else "")))
        elif tag == "textarea" and name:
            self._form.fields.append((name, ""))
        elif tag == "select" and name:
            self._select = [name, None]
        elif tag == "option" and self._select is not None:
            if self._select[1] is None or "selected" in values:
                self._select[1] = values.get("value", "")

    def handle_endtag(self, tag):
        if tag == "main":
            self._main = False
        elif tag == "title":
            self._in_title = False
        elif tag == "select" and self._select is not None and self._form is not None:
            if self._select[1] is not None:
                self._form.fields.append((self._select[0], self._select[1]))
            self._select = None
        elif tag == "form":
            self._form = None

    def handle_data(self, data):
        if self._in_title:
            self.title += data


class Page:
    """One page as a person's browser would hold it."""

    def __init__(self, response: Response):
        self.response, self.url, self.status, self.text = response, response.url, response.status, response.text
        parser = _PageParser()
        parser.feed(self.text)
        self.forms, self.links, self.title = parser.forms, parser.links, parser.title.strip()

    @property
    def main_form(self) -> Form:
        """The page's one main form: the one with id="main", else the only one inside <main>, else the only one."""
        candidates = (
            [form for form in self.forms if form.id == "main"]
            or [form for form in self.forms if form.in_main]
            or self.forms
        )
        if len(candidates) != 1:
            raise LoginFailed(f"{len(candidates)} main forms instead of one on this page:\n{self.response.describe()}")
        return candidates[0]

    def form_to(self, path: str) -> Form:
        """The form that leads to a path, such as a provider's button on the login page."""
        for form in self.forms:
            if urllib.parse.urlsplit(urllib.parse.urljoin(self.url, form.action)).path == path:
                return form
        raise LoginFailed(f"no form leads to {path}:\n{self.response.describe()}")

    @property
    def has_form(self) -> bool:
        return bool(self.forms)


class Browser:
    """Walks pages as a person would. Cookies are kept per browser; make a new one for a new person.

    origins: further origins whose pages belong to the login (an OIDC provider); any other target is a callback.
    """

    def __init__(self, origin: str, *, origins: tuple[str, ...] = (), ca_file: str | None = None):
        self.origins = {_origin(origin), *(_origin(o) for o in origins)}
        self.ca_file = ca_file
        self.cookies = http.cookiejar.CookieJar(http.cookiejar.DefaultCookiePolicy(allowed_domains=None))
        self.trail: list[Response] = []

    def fetch(self, method: str, url: str, *, form=None, headers: dict[str, str] | None = None) -> Response:
        """One request with this browser's cookies; redirects are not followed."""
        carrier = urllib.request.Request(url, method=method)
        self.cookies.add_cookie_header(carrier)
        pairs = [("Accept", "text/html,application/xhtml+xml"), ("User-Agent", "martlet-tests/1")]
        if carrier.has_header("Cookie"):
            pairs.append(("Cookie", carrier.get_header("Cookie")))
        if method == "POST":
            pairs.append(("Origin", _origin(url)))
        pairs += list((headers or {}).items())
        response = request(method, url, headers=pairs, form=form, ca_file=self.ca_file)
        self.cookies.extract_cookies(_CookieAnswer(response), carrier)
        self.trail.append(response)
        return response

    def open(self, url: str) -> Page | Callback:
        """Opens a URL and follows redirects inside the known origins; a redirect elsewhere is the callback."""
        return self._follow(self.fetch("GET", url))

    def submit(self, page: Page, values: dict[str, str] | None = None, *, form: Form | None = None) -> Page | Callback:
        """Submits a form with its own fields, overwritten by `values`."""
        form = form or page.main_form
        values = dict(values or {})
        pairs = [(name, values.pop(name, value)) for name, value in form.fields] + list(values.items())
        target = urllib.parse.urljoin(page.url, form.action) if form.action else page.url
        if form.method == "get":
            base = urllib.parse.urlsplit(target)
            return self.open(urllib.parse.urlunsplit(base._replace(query=urllib.parse.urlencode(pairs))))
        return self._follow(self.fetch("POST", target, form=pairs))

    def _follow(self, response: Response) -> Page | Callback:
        for _ in range(20):
            location = response.header("location")
            if response.status not in (301, 302, 303, 307, 308) or not location:
                return Page(response)
            target = urllib.parse.urljoin(response.url, location)
            if _origin(target) not in self.origins:
                query = urllib.parse.urlsplit(target).query
                return Callback(target, dict(urllib.parse.parse_qsl(query, keep_blank_values=True)))
            response = self.fetch("GET", target)
        raise LoginFailed(f"more than 20 redirects; the last one was\n{response.describe()}")

    def log_in(
        self,
        authorize_url: str,
        username: str | None = None,
        password: str | None = None,
        *,
        decision: str = "allow",
        resource: str | None = None,
        provider: str | None = None,
    ) -> Callback:
        """From /authorize through login and consent to the redirect to the client.

        Password and decision are each given once: a page that asks a second time ends in `LoginFailed`.
        With `provider`, the login page's button of that provider is clicked and its own pages are filled in.
        """
        page = self.open(authorize_url)
        asked = set()
        for _ in range(8):
            if isinstance(page, Callback):
                return page
            if page.status >= 400 or not page.has_form:
                raise LoginFailed(f"a page without a way on:\n{page.response.describe()}")
            if provider and urllib.parse.urlsplit(page.url).path == "/login":
                page, provider = self.submit(page, form=page.form_to(f"/login/{provider}")), None
                continue
            form = page.main_form
            kind = "password" if "password" in form.names else "decision" if "decision" in form.names else "continue"
            if kind in asked and kind != "continue":
                raise LoginFailed(f"the {kind} was asked for twice:\n{page.response.describe()}")
            asked.add(kind)
            if kind == "password":
                if username is None or password is None:
                    raise LoginFailed(f"a login page where none was expected:\n{page.response.describe()}")
                page = self.submit(page, {"username": username, "password": password})
            elif kind == "decision":
                choice = {"resource": resource} if resource and "resource" in form.choices else {}
                page = self.submit(page, {"decision": decision, **choice})
            else:
                page = self.submit(page)
        raise LoginFailed("eight pages and no end")

    def describe_trail(self) -> str:
        """Every request of this browser and its answer's status and target, for assertion messages."""
        return "\n".join(f"{r.method} {r.url} -> {r.status} {r.header('location') or ''}" for r in self.trail)

    def pages_seen(self) -> list[str]:
        """The paths that were visited, for assertions such as "no second login took place"."""
        return [urllib.parse.urlsplit(response.url).path for response in self.trail]


class _CookieAnswer:
    def __init__(self, response: Response):
        import email.message

        self._message = email.message.Message()
        for name, value in response.headers:
            self._message[name] = value

    def info(self):
        return self._message


def _origin(url: str) -> str:
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()
