"""What a customer's facts are called."""

from __future__ import annotations

from django import template

from customers.presenting import label

register = template.Library()


@register.filter
def fact_label(key: str) -> str:
    """The name of a fact in the language of the page."""
    return label(key)
