"""What the people of these tests do: a bank with rules and accounts, customers, and one who answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connections, transaction

from audit.services import Actor
from audit.transitions import transition
from campaigns.models import Campaign, PeriodicReview
from campaigns.services import approve_campaign, notify_planned, plan_campaign, submit_campaign
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt
from channels.services import ensure_accounts
from channels.settling import accepted, failed, move
from customers.models import ContactPoint, Customer
from customers.selectors import facts_of
from questionnaires import routing
from questionnaires.models import Response
from questionnaires.selectors import questionnaire_of
from questionnaires.services import publish_standard, save_page, submit_response
from risk.services import publish_default_policy
from tenants.models import Tenant, User
from tenants.scoping import tenant_context
from tests.conftest import NOW

SYSTEM = Actor.system("tests")
DUE_BY = date(2026, 12, 31)
DEADLINE = date(2027, 1, 31)
CONTACTS: dict[str, Any] = {
    "LINE": "U" + "0" * 32,
    "PHONE": "+819012345678",
    "EMAIL": "taro@mail.example.jp",
    "POST": {"postal_code": "1030027", "address": "東京都中央区日本橋1丁目2-3"},
}
PROFILE = {
    "name": "髙橋　一郎",
    "kana": "タカハシ　イチロウ",
    "birth_on": "1960-04-01",
    "account_number": "1234567",
}
ALL = tuple(CONTACTS)


def open_for_business() -> None:
    """The tenant in scope has rules, questionnaires and accounts. Nothing is ever really sent here."""
    publish_default_policy(actor=SYSTEM, now=NOW)
    publish_standard(actor=SYSTEM, now=NOW)
    accounts = channel_accounts(BANKS[0], sandbox_url="http://127.0.0.1:9", sandbox_smtp="127.0.0.1:9")
    accounts["LINE"]["options"]["notification_messages"] = False
    ensure_accounts(accounts=accounts, actor=SYSTEM, now=NOW)


def enter(
    number: int,
    *,
    tier: str = "LOW",
    due_diligence: str = "STANDARD",
    contacts: Sequence[str] = ALL,
    next_review_on: date | None = date(2026, 6, 30),
    **columns: Any,
) -> Customer:
    """A customer whom nobody asked for a rating, so that tests choose the tier."""
    with transaction.atomic():
        customer: Customer = Customer.objects.create(
            number=f"{number:010d}",
            profile=dict(PROFILE),
            **{
                "kind": Customer.Kind.INDIVIDUAL,
                "nationality": "JP",
                "country_of_residence": "JP",
                "occupation": "employee",
                "purpose": "living",
                "is_foreign_pep": False,
                "handles_cash": False,
                "sends_abroad": False,
                "opened_on": date(2000, 4, 1),
                "last_reviewed_on": date(2023, 6, 30),
                "next_review_on": next_review_on,
                "risk_tier": tier,
                "due_diligence": due_diligence,
                "is_rating_due": False,
                "rated_at": NOW - timedelta(days=30),
                **columns,
            },
        )
        ContactPoint.objects.bulk_create(
            ContactPoint(customer=customer, channel=name, value=CONTACTS[name], value_index=bytes(16))
            for name in contacts
        )
    return customer


def planned(officer: User, *, now: datetime = NOW) -> Campaign:
    """A draft over everybody who is due."""
    return plan_campaign(
        name="12月 定期確認", due_by=DUE_BY, deadline_on=DEADLINE, actor=Actor.user(officer.pk), now=now
    )


def submitted(officer: User) -> Campaign:
    """A campaign that waits for its approver."""
    campaign = planned(officer)
    submit_campaign(campaign=campaign, actor=Actor.user(officer.pk), now=NOW)
    return campaign


def running(officer: User, approver: User) -> Campaign:
    """An approved campaign of which nothing has been sent."""
    campaign = submitted(officer)
    approve_campaign(campaign=campaign, seen_hash=campaign.plan_hash, actor=Actor.user(approver.pk), now=NOW)
    return campaign


def notified(officer: User, approver: User) -> Campaign:
    """A campaign whose first notices are queued."""
    campaign = running(officer, approver)
    notify_planned(campaign_id=campaign.pk, limit=500, now=NOW)
    return campaign


@transaction.atomic
def review_of(customer: Customer) -> PeriodicReview:
    """The customer's one review, as it stands in the database."""
    review: PeriodicReview = PeriodicReview.objects.select_related("campaign").get(customer=customer)
    return review


@transaction.atomic
def attempts_of(customer: Customer) -> dict[str, str]:
    """Status by channel."""
    rows = DeliveryAttempt.objects.filter(notice__customer=customer).order_by("created_at", "id")
    return dict(rows.values_list("channel", "status"))


@transaction.atomic
def settle_attempt(customer: Customer, channel: str, *, is_failure: bool, at: datetime = NOW) -> None:
    """The provider takes or refuses the attempt, as its adapter would report it."""
    attempt = DeliveryAttempt.objects.get(notice__customer=customer, channel=channel)
    if attempt.status == DeliveryAttempt.Status.QUEUED:
        transition(attempt, DeliveryAttempt.Status.SENDING, actor=SYSTEM, at=at, first_tried_at=at)
    settlement = failed(at, "permanent", "30005") if is_failure else accepted(attempt, at)
    move({attempt.pk: settlement}, was=DeliveryAttempt.Status.SENDING, actor=SYSTEM, now=at)


def begin(customer: Customer) -> Response:
    """The customer has proved who they are."""
    with transaction.atomic():
        rows = Response.objects.select_related("version").select_for_update(of=("self",), no_key=True)
        response: Response = rows.get(customer=customer)
        if response.status == Response.Status.OPEN:
            transition(response, Response.Status.STARTED, actor=Actor.customer(customer.pk), at=NOW, started_at=NOW)
    return response


def answer(customer: Customer, *, at: datetime = NOW, **changes: Any) -> Response:
    """The customer confirms what the file says, except for ``changes``, and sends it off."""
    response = begin(customer)
    with transaction.atomic():
        said = {**facts_of(customer), **changes}
        questionnaire = questionnaire_of(response.version)
    while waiting := routing.next_page(questionnaire, response.answers):
        page = questionnaire.page(waiting)
        assert page is not None
        answers = {field: said.get(field) for field in page.fields}
        response = save_page(response=response, page_id=waiting, answers=answers, now=at)
    return submit_response(response=response, actor=Actor.customer(customer.pk), now=at)


def in_parallel(tenant: Tenant, *acts: Callable[[], Any]) -> list[Any]:
    """Each act in a thread and connection of its own, started together; results or the exceptions raised."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            with tenant_context(tenant.pk):
                barrier.wait(10)
                results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results
