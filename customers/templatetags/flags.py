"""A customer's flags on the pages of whoever acts for them."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.functional import Promise

from customers.flags.models import CustomerFlag
from customers.flags.rules import SILENCING
from customers.flags.selectors import kinds_shown
from customers.flags.wording import WHAT_TO_DO
from customers.models import Customer
from tenants.permissions import Permission, may

register = template.Library()


@register.simple_tag(takes_context=True)
def flags_shown(context: dict[str, Any], customer: Customer) -> list[tuple[CustomerFlag.Kind, Promise | str, bool]]:
    """The flags in force that this person is told of: kind, what to do, and whether it keeps everybody away."""
    kinds = kinds_shown(customer, all_of_them=may(context["request"], Permission.VIEW_CUSTOMERS))
    return [(kind, WHAT_TO_DO[kind], kind in SILENCING) for kind in kinds]
