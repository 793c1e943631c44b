"""Lets the customers' own pages carry what a rehearsal has to remember."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def carrying(page: SafeString, carried: Mapping[str, str]) -> SafeString:
    """The page with these hidden values in each of its forms."""
    hidden = format_html_join("", '<input type="hidden" name="{}" value="{}">', carried.items())
    return mark_safe(page.replace("</form>", f"{hidden}</form>"))  # noqa: S308  # a template has rendered it
