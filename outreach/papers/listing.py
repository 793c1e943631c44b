"""The register of paper answers: read from an address, and exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels.numbers import written
from customers.exporting.lists import Asked, ListKind, register_list
from outreach.papers.comparing import Finding
from outreach.papers.models import PaperAnswer
from outreach.papers.selectors import LISTS
from tenants.people import names_of

NAME = "papers"
_COLUMNS = {
    "papers_number": _("Reference number"),
    "papers_state": _("State of the sheet"),
    "papers_received_on": _("Came in"),
    "papers_days": _("Days since it came in"),
    "papers_signed_on": _("Signed on"),
    "papers_keyed_by": _("Keyed by"),
    "papers_checked_by": _("Checked by"),
    "papers_differed": _("Answers keyed in two ways"),
    "papers_closed_at": _("Closed at"),
}


def asked_of(address: Asked) -> Asked | None:
    """Which list an address asks for; None where there is no such one."""
    which = address.get("papers", "")
    return {"papers": which} if which in LISTS else None


def _papers(asked: Asked) -> QuerySet[PaperAnswer]:
    rows: QuerySet[PaperAnswer] = PaperAnswer.objects.filter(LISTS[asked["papers"]][1])
    return rows


def _customers(asked: Asked, today: date) -> Q:
    return Q(pk__in=_papers(asked).values("customer"))


def _values(asked: Asked, ids: Sequence[UUID], today: date) -> Mapping[UUID, Mapping[str, str]]:
    papers = list(_papers(asked).filter(customer__in=ids).order_by("registered_at", "pk"))
    people = names_of([who for paper in papers for who in (paper.keyed_by, paper.checked_by)])
    return {
        paper.customer_id: {
            "papers_number": written(paper.number),
            "papers_state": paper.get_status_display(),
            "papers_received_on": paper.received_on.isoformat(),
            "papers_days": str(
                ((localtime(paper.closed_at).date() if paper.closed_at else today) - paper.received_on).days
            ),
            "papers_signed_on": paper.signed_on.isoformat() if paper.signed_on else "",
            "papers_keyed_by": people.get(paper.keyed_by or 0, ""),
            "papers_checked_by": people.get(paper.checked_by or 0, ""),
            "papers_differed": str(differed(paper)) if paper.findings else "",
            "papers_closed_at": f"{localtime(paper.closed_at):%Y-%m-%d %H:%M}" if paper.closed_at else "",
        }
        for paper in papers
    }


def differed(paper: PaperAnswer) -> int:
    """How many questions two people keyed in two ways."""
    return sum(1 for one in paper.findings.values() if one in (Finding.FIRST, Finding.SECOND))


def _words(asked: Asked) -> list[tuple[str, str]]:
    return [(gettext("Answers on paper"), str(LISTS[asked["papers"]][0]))]


def register() -> None:
    """Called when the apps are ready."""
    kind = ListKind(
        title=_("Answers on paper"),
        read=asked_of,
        customers=_customers,
        columns=_COLUMNS,
        values=_values,
        words=_words,
    )
    register_list(NAME, kind)
