"""The lists of company news and of certificates: read from an address, and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from companies.certificates.models import RegistryCertificate
from companies.certificates.selectors import certificates_asked
from companies.models import ChangeKind, CompanyNews
from companies.selectors import news_asked
from customers.exporting.lists import Asked, ListKind, register_list
from tenants.people import names_of

NEWS, CERTIFICATES = "news", "certificates"
_ALL = "all"
_NEWS_COLUMNS = {
    "news_kind": _("What happened"),
    "news_happened_on": _("Happened on"),
    "news_found_at": _("Found at"),
    "news_state": _("State of the news"),
}
_CERTIFICATE_COLUMNS = {
    "certificates_state": _("State of the certificate"),
    "certificates_due_on": _("Wanted by"),
    "certificates_assigned_to": _("Assigned to"),
    "certificates_kind": _("Kind of certificate"),
    "certificates_issued_on": _("Issued on"),
    "certificates_checked_at": _("Checked at"),
}


def news_of_address(address: Asked) -> Asked:
    """What an address asks of news; the open ones where it says nothing of their state."""
    status, kind = address.get("status", CompanyNews.Status.OPEN), address.get("kind", "")
    return {
        "status": str(status) if status in CompanyNews.Status.values else _ALL,
        **({"kind": kind} if kind in ChangeKind.values else {}),
    }


def certificates_of_address(address: Asked) -> Asked:
    """What an address asks of certificates; those to be obtained where it says nothing of their state."""
    status = address.get("status", RegistryCertificate.Status.REQUESTED)
    person = address.get("person", "")
    return {
        "status": str(status) if status in RegistryCertificate.Status.values else _ALL,
        **({"person": person} if person.isdecimal() and len(person) < 10 else {}),
    }


def _status(asked: Asked) -> str:
    return "" if asked["status"] == _ALL else asked["status"]


def _news(asked: Asked) -> QuerySet[CompanyNews]:
    return news_asked(status=_status(asked), kind=asked.get("kind", ""))


def _certificates(asked: Asked) -> QuerySet[RegistryCertificate]:
    return certificates_asked(status=_status(asked), assigned_to=int(asked.get("person", "0")) or None)


def _news_values(asked: Asked, ids: Sequence[UUID], _today: date) -> Mapping[UUID, Mapping[str, str]]:
    return {
        news.customer_id: {
            "news_kind": news.get_kind_display(),
            "news_happened_on": news.happened_on.isoformat(),
            "news_found_at": f"{localtime(news.found_at):%Y-%m-%d %H:%M}",
            "news_state": news.get_status_display(),
        }
        for news in _news(asked).filter(customer__in=ids).order_by("found_at", "pk")
    }


def _certificate_values(asked: Asked, ids: Sequence[UUID], _today: date) -> Mapping[UUID, Mapping[str, str]]:
    found = list(_certificates(asked).filter(customer__in=ids).order_by("requested_at", "pk"))
    people = names_of([one.assigned_to for one in found])
    return {
        one.customer_id: {
            "certificates_state": one.get_status_display(),
            "certificates_due_on": one.due_on.isoformat(),
            "certificates_assigned_to": people.get(one.assigned_to, ""),
            "certificates_kind": one.get_kind_display() if one.kind else "",
            "certificates_issued_on": one.issued_on.isoformat() if one.issued_on else "",
            "certificates_checked_at": f"{localtime(one.checked_at):%Y-%m-%d %H:%M}" if one.checked_at else "",
        }
        for one in found
    }


def _news_words(asked: Asked) -> list[tuple[str, str]]:
    status = _status(asked)
    said = [(gettext("Company news"), str(CompanyNews.Status(status).label) if status else gettext("All"))]
    return [*said, (gettext("What happened"), str(ChangeKind(asked["kind"]).label))] if "kind" in asked else said


def _certificate_words(asked: Asked) -> list[tuple[str, str]]:
    status = _status(asked)
    said = [
        (gettext("Registry certificates"), str(RegistryCertificate.Status(status).label) if status else gettext("All"))
    ]
    if person := asked.get("person"):
        said.append((gettext("Assigned to"), names_of([int(person)]).get(int(person), "—")))
    return said


def register() -> None:
    """Called when the apps are ready."""
    register_list(
        NEWS,
        ListKind(
            title=_("Company news"),
            read=news_of_address,
            customers=lambda asked, _today: Q(pk__in=_news(asked).values("customer")),
            columns=_NEWS_COLUMNS,
            values=_news_values,
            words=_news_words,
        ),
    )
    register_list(
        CERTIFICATES,
        ListKind(
            title=_("Registry certificates"),
            read=certificates_of_address,
            customers=lambda asked, _today: Q(pk__in=_certificates(asked).values("customer")),
            columns=_CERTIFICATE_COLUMNS,
            values=_certificate_values,
            words=_certificate_words,
        ),
    )
