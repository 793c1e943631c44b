"""What other rooms' pages show of company news and of registry certificates."""

from __future__ import annotations

from datetime import date

from django import template

from companies.certificates.selectors import last_checked, open_of
from companies.certificates.showing import Age, age_of
from companies.models import CompanyNews, RegistryCertificate
from companies.selectors import news_of
from customers.models import Customer

register = template.Library()


@register.filter
def open_news(customer: Customer) -> list[CompanyNews]:
    """News about a company that nobody has looked at yet."""
    return news_of(customer) if customer.kind == Customer.Kind.COMPANY else []


@register.filter
def latest_certificates(customer: Customer, today: date) -> list[tuple[RegistryCertificate, Age | None]]:
    """A company's certificate that is under way and the latest that was checked, each with its age."""
    if customer.kind != Customer.Kind.COMPANY:
        return []
    return [(one, age_of(one, today)) for one in (open_of(customer), last_checked(customer)) if one is not None]
