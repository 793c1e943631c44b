"""Reads a web page as a careful stranger does: its forms, labels and buttons, and what the page says it is."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

TEXT_LIMIT = 300


@dataclass
class Option:
    value: str
    label: str = ""
    chosen: bool = False


@dataclass
class Control:
    """One name in a form: a text field, a group of radios or boxes, or a list."""

    name: str
    kind: str
    value: str = ""
    options: list[Option] = field(default_factory=list)


@dataclass
class Button:
    name: str
    value: str
    label: str = ""


@dataclass
class Form:
    method: str
    action: str
    controls: dict[str, Control] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def button(self, value: str) -> Button | None:
        return next((b for b in self.buttons if b.name == "action" and b.value == value), None)

    def preset(self) -> dict[str, str]:
        """What the page already filled in."""
        found = {}
        for control in self.controls.values():
            chosen = next((option.value for option in control.options if option.chosen), None)
            if chosen is not None:
                found[control.name] = chosen
            elif not control.options and control.kind != "file":
                found[control.name] = control.value
        return found


@dataclass
class Page:
    """What was on the page; `kind` is main's data-page."""

    kind: str = ""
    title: str = ""
    heading: str = ""
    alert: str = ""
    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def form_with(self, action: str) -> Form | None:
        """The posting form that has this action's button."""
        return next((form for form in self.forms if form.method == "post" and form.button(action)), None)

    def answer_form(self) -> Form | None:
        """The form that posts and has a button called action, else the first that posts."""
        posting = [form for form in self.forms if form.method == "post"]
        return next((f for f in posting if any(b.name == "action" for b in f.buttons)), posting[0] if posting else None)


class _Reader(HTMLParser):
    """Collects forms; labels are matched to radios and boxes by wrapping or by `for`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._form: Form | None = None
        self._by_id: dict[str, Option] = {}
        self._labels_for: list[tuple[str, str]] = []
        self._label: list[str] | None = None
        self._label_for = ""
        self._label_options: list[Option] = []
        self._select: Control | None = None
        self._option: Option | None = None
        self._button: Button | None = None
        self._area: Control | None = None
        self._captured: dict[str, list[str]] = {}
        self._alert_depth = 0
        self._in_main = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        present = {name for name, _ in attrs}
        self._look_for_alert(tag, given)
        opened = getattr(self, f"_open_{tag}", None)
        if opened:
            opened(given, present)

    def handle_endtag(self, tag: str) -> None:
        if self._alert_depth and tag == "div":
            self._alert_depth -= 1
        closed = getattr(self, f"_close_{tag}", None)
        if closed:
            closed()

    def handle_data(self, data: str) -> None:
        if self._label is not None:
            self._label.append(data)
        if self._option is not None and self._select is not None:
            self._option.label += data
        if self._button is not None:
            self._button.label += data
        if self._area is not None:
            self._area.value += data
        for name in ("title", "h1"):
            if name in self._captured and self._captured[name] is not None:
                self._captured[name].append(data)
        if self._alert_depth:
            self.page.alert = (self.page.alert + " " + data.strip()).strip()[:TEXT_LIMIT]

    def _look_for_alert(self, tag: str, given: dict[str, str]) -> None:
        if self._alert_depth and tag == "div":
            self._alert_depth += 1
        elif tag == "div" and ("error-summary" in given.get("class", "") or given.get("role") == "alert"):
            self._alert_depth = 1

    def _open_main(self, given: dict[str, str], present: set[str]) -> None:
        self.page.kind = given.get("data-page", "")

    def _open_title(self, given: dict[str, str], present: set[str]) -> None:
        self._captured["title"] = []

    def _close_title(self) -> None:
        self.page.title = "".join(self._captured.pop("title", [])).strip()

    def _open_h1(self, given: dict[str, str], present: set[str]) -> None:
        self._captured["h1"] = []

    def _close_h1(self) -> None:
        self.page.heading = "".join(self._captured.pop("h1", [])).strip()[:TEXT_LIMIT]

    def _open_a(self, given: dict[str, str], present: set[str]) -> None:
        if given.get("href"):
            self.page.links.append(given["href"])

    def _open_form(self, given: dict[str, str], present: set[str]) -> None:
        self._form = Form(method=given.get("method", "get").lower(), action=given.get("action", ""))
        self.page.forms.append(self._form)

    def _close_form(self) -> None:
        self._form = None

    def _open_label(self, given: dict[str, str], present: set[str]) -> None:
        self._label, self._label_for, self._label_options = [], given.get("for", ""), []

    def _close_label(self) -> None:
        text = re.sub(r"\s+", " ", "".join(self._label or [])).strip()
        for option in self._label_options:
            option.label = option.label or text
        if self._label_for:
            self._labels_for.append((self._label_for, text))
        self._label = None

    def _open_input(self, given: dict[str, str], present: set[str]) -> None:
        kind, name = given.get("type", "text").lower(), given.get("name", "")
        if self._form is None:
            return
        if kind in {"submit", "image", "button"}:
            self._form.buttons.append(Button(name, given.get("value", ""), given.get("value", "")))
            return
        if not name or "disabled" in present:
            return
        if kind not in {"radio", "checkbox"}:
            self._form.controls[name] = Control(name, kind, given.get("value", ""))
            return
        option = Option(given.get("value", "on"), chosen="checked" in present)
        control = self._form.controls.setdefault(name, Control(name, kind))
        control.options.append(option)
        if self._label is not None:
            self._label_options.append(option)
        if given.get("id"):
            self._by_id[given["id"]] = option

    def _open_select(self, given: dict[str, str], present: set[str]) -> None:
        if self._form is not None and given.get("name"):
            self._select = Control(given["name"], "select")
            self._form.controls[given["name"]] = self._select

    def _close_select(self) -> None:
        self._select = None

    def _open_option(self, given: dict[str, str], present: set[str]) -> None:
        if self._select is not None:
            self._option = Option(given.get("value", ""), chosen="selected" in present)
            self._select.options.append(self._option)

    def _close_option(self) -> None:
        self._option = None

    def _open_textarea(self, given: dict[str, str], present: set[str]) -> None:
        if self._form is not None and given.get("name"):
            self._area = Control(given["name"], "textarea")
            self._form.controls[given["name"]] = self._area

    def _close_textarea(self) -> None:
        self._area = None

    def _open_button(self, given: dict[str, str], present: set[str]) -> None:
        if self._form is not None and given.get("type", "submit") == "submit":
            self._button = Button(given.get("name", ""), given.get("value", ""))
            self._form.buttons.append(self._button)

    def _close_button(self) -> None:
        self._button = None

    def finish(self) -> Page:
        for name, text in self._labels_for:
            option = self._by_id.get(name)
            if option is not None and not option.label:
                option.label = text
        return self.page


def read_page(text: str) -> Page:
    """The page's forms, links and headings."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.finish()
