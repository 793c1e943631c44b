"""`{% csrf_token %}` for every template: Django's secret against forged posts, and whom the form is for."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.binding import FIELD, mark_of

register = template.Library()


class FormTokensNode(CsrfTokenNode):
    """Both hidden fields."""

    def render(self, context: Context) -> SafeString:
        """As Django's, and one field more where the reader works for an institution."""
        request: Any = getattr(context, "request", None)
        mark = mark_of(request) if request is not None else ""
        field = format_html('<input type="hidden" name="{}" value="{}">', FIELD, mark) if mark else SafeString("")
        return SafeString(super().render(context) + field)


@register.tag("csrf_token")
def form_tokens(parser: Parser, token: Token) -> FormTokensNode:
    """The tag of Django's name, which this library replaces in all templates."""
    return FormTokensNode()
