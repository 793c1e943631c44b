"""A few functions that write HTML with everything escaped, and the headers every page of the sandbox carries."""

import re
from html import escape
from urllib.parse import urlsplit

from aiohttp import web

SAFE_ORIGIN = re.compile(r"[A-Za-z0-9.:\[\]-]+")
VOID = {"meta", "link", "input", "br", "img", "hr"}
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Html(str):
    """Text that is already HTML."""

    __slots__ = ()


Child = str | Html | None


def render(child: Child) -> Html:
    if child is None:
        return Html("")
    return child if isinstance(child, Html) else Html(escape(child, quote=True))


def el(tag: str, *children: Child, **attributes: str | bool | None) -> Html:
    """An element; `class_` becomes class, `data_page` data-page; None or False leaves the attribute out."""
    written = []
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        name = name.rstrip("_").replace("_", "-")
        written.append(f" {name}" if value is True else f' {name}="{escape(value, quote=True)}"')
    start = f"<{tag}{''.join(written)}>"
    if tag in VOID:
        return Html(start)
    return Html(start + "".join(render(child) for child in children) + f"</{tag}>")


def join(*children: Child) -> Html:
    return Html("".join(render(child) for child in children))


def lines(text: str) -> Html:
    """Escaped text whose line ends become <br>."""
    return Html("<br>".join(escape(line, quote=True) for line in text.splitlines()))


def safe_address(url: str) -> str | None:
    """The address when a link may carry it: http or https only."""
    return url if url.startswith(("http://", "https://")) else None


def page(
    title: str,
    body: Html,
    *,
    lang: str = "ja",
    sheets: tuple[str, ...] = (),
    script: str = "",
    leads_to: str = "",
) -> web.Response:
    """A whole HTML page with the strict policy; a form on it may end at the origin of `leads_to`."""
    head = join(
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="robots", content="noindex"),
        el("title", title),
        *(el("link", rel="stylesheet", href=f"/static/{sheet}") for sheet in sheets),
        el("script", src=f"/static/{script}", defer=True) if script else None,
    )
    text = "<!doctype html>" + el("html", el("head", head), el("body", body), lang=lang)
    target = urlsplit(leads_to)
    policy = f"{POLICY} {target.scheme}://{target.netloc}" if SAFE_ORIGIN.fullmatch(target.netloc) else POLICY
    headers = {**HEADERS, "Content-Security-Policy": policy}
    return web.Response(text=text, content_type="text/html", headers=headers)
