"""What waits between the institution and its customers on the home page: calls, papers, inquiries, circumstances."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date
from functools import cache, partial

from django.urls import reverse
from django.utils.translation import gettext

from outreach.claims.selectors import open_count, overdue_count
from outreach.inquiries.selectors import inquiry_counts
from outreach.papers.selectors import LATE_AFTER, waiting_in_lists
from outreach.selectors import task_counts
from reporting.offers import Offer
from tenants.permissions import Permission

_PAPERS = {Permission.KEY_PAPER, Permission.CHECK_PAPER}


def people_work(user_id: int, today: date, allowed: Collection[Permission]) -> Iterator[Offer]:
    """All of it, for one person."""
    yield from _calls(user_id, today)
    yield from _inquiries(user_id, today)
    if _PAPERS.intersection(allowed):
        yield from _papers(today)


def _calls(user_id: int, today: date) -> Iterator[Offer]:
    """Calls and visits: the person's own, those that are late, and those that nobody has."""
    lists, counts = reverse("outreach"), cache(lambda: task_counts(user_id=user_id, today=today))
    yield Offer(
        Permission.WORK_OUTREACH,
        lambda: counts()["due"],
        gettext("Your calls and visits due"),
        gettext("Today, or before."),
        f"{lists}?list=own",
        is_urgent=True,
    )
    yield Offer(
        Permission.WORK_OUTREACH,
        lambda: counts()["own"] - counts()["due"],
        gettext("Your later calls and visits"),
        gettext("None of them is due yet."),
        f"{lists}?list=own",
    )
    yield Offer(
        Permission.ASSIGN_OUTREACH,
        lambda: counts()["overdue"],
        gettext("Calls and visits overdue"),
        gettext("Their day has passed. Give them to somebody who has time."),
        f"{lists}?list=overdue",
        is_urgent=True,
    )
    yield Offer(
        Permission.ASSIGN_OUTREACH,
        lambda: counts()["unassigned"],
        gettext("Calls and visits to be assigned"),
        gettext("Nobody has them yet."),
        f"{lists}?list=unassigned",
    )


def _papers(today: date) -> Iterator[Offer]:
    """Answers on paper: nobody is reminded while they wait, so that they must not wait long."""
    lists, waiting = reverse("papers"), cache(waiting_in_lists)
    offers = (
        (Permission.KEY_PAPER, "key", gettext("Paper answers to key"), gettext("They came in by post.")),
        (
            Permission.CHECK_PAPER,
            "check",
            gettext("Paper answers to check"),
            gettext("Keyed by a colleague; compare them with the picture."),
        ),
        (
            Permission.CHECK_PAPER,
            "aside",
            gettext("Paper answers set aside"),
            gettext("The customer has answered in another way, or is not asked any more. Look at the sheet."),
        ),
        (
            Permission.KEY_PAPER,
            "asking",
            gettext("Paper answers asked back about"),
            gettext("Something is missing on the sheet. Key what the customer has said."),
        ),
    )
    for permission, name, title, note in offers:
        here = waiting()[name]
        if here.count:
            since = gettext("The oldest came in %(days)s days ago.") % {"days": here.age(today)}
            yield Offer(
                permission,
                partial(int, here.count),
                title,
                f"{note} {since}",
                f"{lists}?list={name}",
                is_urgent=here.age(today) > LATE_AFTER,
            )


def _inquiries(user_id: int, today: date) -> Iterator[Offer]:
    """What customers ask and tell us: the person's own, what nobody has, and what is late."""
    lists, counts = reverse("inquiries"), cache(lambda: inquiry_counts(user_id=user_id, today=today))
    yield Offer(
        Permission.WORK_OUTREACH,
        lambda: counts()["own"],
        gettext("Your inquiries to answer"),
        gettext("Customers wait for an answer on their pages, or for a call."),
        f"{lists}?list=own",
        is_urgent=True,
    )
    yield Offer(
        Permission.WORK_OUTREACH,
        lambda: counts()["unassigned"],
        gettext("Inquiries that nobody has"),
        gettext("Take them, those about fraud and losses first."),
        f"{lists}?list=unassigned",
    )
    yield Offer(
        Permission.ASSIGN_OUTREACH,
        lambda: counts()["overdue"],
        gettext("Inquiries overdue"),
        gettext("The customer was promised an answer by a day that has passed."),
        f"{lists}?list=overdue",
        is_urgent=True,
    )
    yield Offer(
        Permission.FLAG_CUSTOMER,
        lambda: overdue_count(today=today),
        gettext("Circumstances overdue"),
        gettext("Nobody has looked yet into what was told of these customers, and they are not reminded meanwhile."),
        reverse("claims"),
        is_urgent=True,
    )
    yield Offer(
        Permission.FLAG_CUSTOMER,
        open_count,
        gettext("Circumstances to look into"),
        gettext("Somebody told that a customer died, has a guardian, or does not wish to answer."),
        reverse("claims"),
    )
