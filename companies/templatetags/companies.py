"""What other rooms' pages show of company news."""

from __future__ import annotations

from django import template

from companies.models import CompanyNews
from companies.selectors import news_of
from customers.models import Customer

register = template.Library()


@register.filter
def open_news(customer: Customer) -> list[CompanyNews]:
    """News about a company that nobody has looked at yet."""
    return news_of(customer) if customer.kind == Customer.Kind.COMPANY else []
