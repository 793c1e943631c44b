"""Finishes every page: what its texts carry as marks becomes elements of HTML."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from questionnaires.marking import rendered

# The first bytes of every mark, in UTF-8.
_MARK = b"\xef\xb7"


class MarksMiddleware:
    """Readings and words of another language, wherever on a page they came from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if (
            isinstance(response, HttpResponse)
            and response.get("Content-Type", "").startswith("text/html")
            and _MARK in response.content
        ):
            response.content = rendered(response.content.decode()).encode()
        return response
