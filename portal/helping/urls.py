"""Addresses of help, each twice: on a visit, and with a link by whoever holds it."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import URLPattern, path

from portal.helping.views import calls, circumstances, inquiries
from portal.helping.views.opening import HelpView

# Written before the pages that take a token in the place of "help".
ON_VISIT = [
    path("help/inquiries/", inquiries.inquiries, name="help-inquiries"),
    path("help/inquiries/<str:number>/", inquiries.thread, name="help-thread"),
]
_BOTH: tuple[tuple[str, HelpView[...], str], ...] = (
    ("inquiry/", inquiries.inquiry, "inquiry"),
    ("call/", calls.call, "call"),
    ("circumstances/", circumstances.circumstances, "circumstances"),
    ("circumstances/<slug:name>/", circumstances.circumstance, "circumstance"),
)


def _patterns() -> Iterator[URLPattern]:
    yield from ON_VISIT
    for route, view, name in _BOTH:
        yield path(f"help/{route}", view, name=f"help-{name}")
        yield path(f"<str:token>/help/{route}", view, name=f"help-{name}-by-link")
    yield path("<str:token>/answered/", inquiries.answer, name="help-answer")


urlpatterns = list(_patterns())
