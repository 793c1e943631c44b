"""Words for the differences between two states of a list."""

from __future__ import annotations

from django import template

from customers.lists.comparing import Turn
from customers.lists.wording import TURNS, part_name

register = template.Library()


@register.filter
def list_turn(turn: str) -> str:
    """What became of a choice."""
    return str(TURNS[Turn(turn)])


@register.filter
def list_part(part: str) -> str:
    """What a part of a choice is called."""
    return part_name(part)
