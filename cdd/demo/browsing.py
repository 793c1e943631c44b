"""A person with a browser: fetches pages, reads forms as they are, fills them in and sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

BUTTONS = {"submit", "image"}
SKIPPED = {"button", "reset"}


class UnexpectedPage(AssertionError):
    """A page was not what a person would need to go on. Says which, and what it said."""


@dataclass
class Form:
    """A form as the page offers it: address, method, the values already in it, its buttons."""

    action: str
    method: str = "get"
    values: dict[str, str | list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The address without its host."""
        return urlsplit(self.action).path


@dataclass
class Page:
    """What came back, and where from after redirects."""

    status: int
    url: str
    html: str
    forms: list[Form]
    links: list[tuple[str, str]]
    text: str

    @property
    def path(self) -> str:
        """The address without its host."""
        return urlsplit(self.url).path

    def form(self, path: str) -> Form:
        """The form that posts to ``path`` (a regular expression on the whole path).

        Raises:
            UnexpectedPage: there is none.
        """
        for form in self.forms:
            if re.fullmatch(path, form.path):
                return form
        offered = ", ".join(sorted(form.path for form in self.forms)) or "none"
        raise UnexpectedPage(f"{self.path} has no form to {path}; forms: {offered}. It says: {self.text[:300]}")

    def has_form(self, path: str) -> bool:
        """Whether a person could send something to ``path``."""
        return any(re.fullmatch(path, form.path) for form in self.forms)

    def links_to(self, path: str) -> list[str]:
        """Addresses on the page whose path matches, each once, in order."""
        found = [link for link, _ in self.links if re.fullmatch(path, urlsplit(link).path)]
        return list(dict.fromkeys(found))

    def number(self, path: str, **query: str) -> int:
        """The number that links to the list behind it, such as ``number("/customers/", tier="HIGH")``.

        Raises:
            UnexpectedPage: no such link, or what it shows is no number.
        """
        for link, words in self.links:
            parts = urlsplit(link)
            digits = words.replace(",", "").strip()
            if parts.path == path and dict(parse_qsl(parts.query)) == query and digits.isdecimal():
                return int(digits)
        raise UnexpectedPage(f"{self.path} shows no number that leads to {path} {query}. It says: {self.text[:300]}")

    def token(self) -> str:
        """The page's own token against forged forms.

        Raises:
            UnexpectedPage: it has no form.
        """
        for form in self.forms:
            token = form.values.get("csrfmiddlewaretoken")
            if isinstance(token, str):
                return token
        raise UnexpectedPage(f"{self.path} has no form with a token.")

    def figures(self) -> list[int]:
        """The large numbers of the page, in order."""
        found = re.findall(r'class="figure__value[^"]*">\s*(?:<a[^>]*>\s*)?([\d,]+)', self.html)
        return [int(number.replace(",", "")) for number in found]


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.forms: list[Form] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._by_id: dict[str, Form] = {}
        self._form: Form | None = None
        self._select: tuple[str, Form, bool] | None = None
        self._textarea: tuple[str, Form] | None = None
        self._muted = 0
        self._link: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"script", "style"}:
            self._muted += 1
        elif tag == "a" and "href" in given:
            self._link = (urljoin(self.base, given["href"]), [])
        elif tag == "form":
            self._form = Form(urljoin(self.base, given.get("action", "")), given.get("method", "get").lower())
            self.forms.append(self._form)
            self._by_id[given.get("id", "")] = self._form
        elif (form := self._by_id.get(given.get("form", ""), self._form)) is not None:
            self._control(tag, given, form, dict(attrs))

    def _control(self, tag: str, given: dict[str, str], form: Form, attrs: dict[str, str | None]) -> None:
        name = given.get("name", "")
        if tag == "option" and self._select:
            name, form, _ = self._select
            form.choices.setdefault(name, []).append(given.get("value", ""))
            if "selected" in attrs or name not in form.values:
                form.values[name] = given.get("value", "")
        elif not name or "disabled" in attrs:
            return
        elif tag == "select":
            form.names.add(name)
            self._select = (name, form, "multiple" in attrs)
        elif tag == "textarea":
            form.names.add(name)
            form.values[name] = ""
            self._textarea = (name, form)
        elif tag == "button" or (tag == "input" and given.get("type") in BUTTONS):
            if given.get("type", "submit") not in SKIPPED:
                form.buttons.append((name, given.get("value", "")))
        elif tag == "input" and given.get("type") not in SKIPPED:
            self._input(name, given, form, attrs)

    def _input(self, name: str, given: dict[str, str], form: Form, attrs: dict[str, str | None]) -> None:
        form.names.add(name)
        value = given.get("value", "on" if given.get("type") in {"checkbox", "radio"} else "")
        if given.get("type") not in {"checkbox", "radio"}:
            form.values[name] = value
            return
        form.choices.setdefault(name, []).append(value)
        if "checked" not in attrs:
            return
        earlier = form.values.get(name)
        if given.get("type") == "checkbox" and earlier is not None:
            form.values[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            form.values[name] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style"}:
            self._muted -= 1
        elif tag == "a" and self._link:
            self.links.append((self._link[0], " ".join(self._link[1])))
            self._link = None
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea:
            name, form = self._textarea
            form.values[name] = f"{form.values[name]}{data}".removeprefix("\n")
        if not self._muted and data.strip():
            words = " ".join(data.split())
            self.words.append(words)
            if self._link:
                self._link[1].append(words)


def read_page(status: int, url: str, html: str) -> Page:
    """A page with its forms, links and words."""
    reader = _Reader(url)
    reader.feed(html)
    return Page(status, url, html, forms=reader.forms, links=reader.links, text=" ".join(reader.words))


class Browser:
    """One signed-in (or not yet signed-in) person; keeps cookies, follows redirects."""

    def __init__(self, base_url: str) -> None:
        self._client = httpx.Client(base_url=base_url, follow_redirects=True, timeout=60)

    def get(self, path: str, *, expect: int = 200) -> Page:
        """Open a page.

        Raises:
            UnexpectedPage: the answer's status is not ``expect``.
        """
        return self._page(self._client.get(path), expect)

    def send(
        self,
        form: Form,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        expect: int = 200,
    ) -> Page:
        """Send a form as offered, with ``values`` typed over it; refuses fields that the form does not have.

        Raises:
            UnexpectedPage: an unknown field, or the answer's status is not ``expect``.
        """
        typed = dict(values or {})
        offered = form.names | {name for name, _ in form.buttons}
        if unknown := typed.keys() - offered:
            raise UnexpectedPage(f"The form to {form.path} has no field {sorted(unknown)}; it has {sorted(offered)}.")
        data = {**form.values, **typed}
        if form.method == "get":
            return self._page(self._client.get(form.action, params=data), expect)
        for name in files or {}:
            data.pop(name, None)
        headers = {"Referer": form.action}
        answer = self._client.post(form.action, data=data, files=dict(files) if files else None, headers=headers)
        return self._page(answer, expect)

    def download(self, path: str) -> httpx.Response:
        """Fetch a file.

        Raises:
            UnexpectedPage: it could not be had.
        """
        answer = self._client.get(path)
        self._page(answer, 200)
        return answer

    def fetch(self, form: Form) -> bytes:
        """Send a form that answers with a file.

        Raises:
            UnexpectedPage: it could not be had.
        """
        answer = self._client.post(form.action, data=form.values, headers={"Referer": form.action})
        self._page(answer, 200)
        return answer.content

    def status_of(self, path: str) -> int:
        """The bare status of an address, redirects not followed."""
        return self._client.get(path, follow_redirects=False).status_code

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def _page(self, answer: httpx.Response, expect: int) -> Page:
        is_html = "html" in answer.headers.get("content-type", "")
        page = read_page(answer.status_code, str(answer.url), answer.text if is_html else "")
        if page.status != expect:
            raise UnexpectedPage(f"{page.path} answered {page.status}, expected {expect}. It says: {page.text[:300]}")
        return page
