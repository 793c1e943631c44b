"""The page "Sending": what staff see of each channel, its brake, its limits and the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from audit.models import AuditEvent
from channels.gates import sending_rules
from channels.models import ProviderAccount, SendingRules
from channels.protocols import Channel
from channels.services import pause_account
from tenants.inbox import MAX_TRIES
from tenants.models import Tenant, User
from tests.channels.conftest import SYSTEM, Queue, account_of, count
from tests.channels.test_isolation import keep_event

type StaffClient = Callable[[User], Client]


@pytest.fixture(autouse=True)
def english(bank: Tenant) -> Iterator[None]:
    with translation.override("en"):
        yield


def open_as(staff_client: StaffClient, user: User) -> Client:
    client = staff_client(user)
    client.cookies["language"] = "en"
    user.language = "en"
    user.save(update_fields=["language"])
    return client


def page_of(name: str, channel: Channel) -> str:
    return reverse(name, args=[account_of(channel).pk])


@transaction.atomic
def rules_now() -> SendingRules:
    return sending_rules()


def test_the_page_shows_what_waits_and_what_stands_still(
    staff_client: StaffClient, auditor: User, queue: Queue
) -> None:
    queue(Channel.SMS, not_before=timezone.now())
    pause_account(account=account_of(Channel.LINE), reason="quota: monthly_limit", actor=SYSTEM, now=timezone.now())
    page = open_as(staff_client, auditor).get(reverse("sending")).content.decode()
    assert "allowance of messages is used up" in page
    assert "Outcome unknown" in page
    assert page_of("sending-channel-pause", Channel.SMS) not in page, "an auditor looks and touches nothing"


def test_a_channel_is_stopped_with_a_reason_and_resumed_with_one_click(
    staff_client: StaffClient, officer: User
) -> None:
    client = open_as(staff_client, officer)
    refused = client.post(page_of("sending-channel-pause", Channel.SMS), {"reason": ""})
    assert (refused.status_code, account_of(Channel.SMS).is_paused) == (422, False)
    client.post(page_of("sending-channel-pause", Channel.SMS), {"reason": "A wrong text went out"})
    assert account_of(Channel.SMS).pause_reason == "A wrong text went out"
    page = client.get(reverse("sending")).content.decode()
    assert page_of("sending-channel-resume", Channel.SMS) in page
    client.post(page_of("sending-channel-resume", Channel.SMS))
    assert not account_of(Channel.SMS).is_paused
    assert count(AuditEvent, event="provideraccount.resumed", actor_id=str(officer.pk)) == 1


def test_everything_is_stopped_and_resumed(staff_client: StaffClient, officer: User) -> None:
    """S14."""
    client = open_as(staff_client, officer)
    client.post(reverse("sending-pause"), {"reason": "An incident"})
    assert rules_now().is_paused
    assert "All sending has been stopped" in client.get(reverse("sending")).content.decode()
    client.post(reverse("sending-resume"))
    assert not rules_now().is_paused


def test_an_administrator_changes_the_rules_and_the_limits(staff_client: StaffClient, administrator: User) -> None:
    client = open_as(staff_client, administrator)
    wanted = {"quiet_from": "21:00", "quiet_until": "08:00", "holidays": "2027-01-11\n2027-01-01", "sms_rests": "on"}
    answer = client.post(reverse("sending-rules"), {**wanted, "budget": "4", "budget_days": "7"})
    assert answer.status_code == 302
    rules = rules_now()
    assert (rules.quiet_from, rules.quiet_until, rules.budget) == (time(21), time(8), 4)
    assert (rules.sms_rests, rules.holidays) == (True, ["2027-01-01", "2027-01-11"])
    client.post(page_of("sending-channel-limits", Channel.SMS), {"per_minute": "300", "per_day": ""})
    assert (account_of(Channel.SMS).per_minute, account_of(Channel.SMS).per_day) == (300, None)
    assert "300" in client.get(reverse("sending")).content.decode()


@pytest.mark.parametrize(
    "wrong",
    [{"quiet_from": "21:00"}, {"quiet_from": "9:00", "quiet_until": "9:00"}, {"holidays": "1月1日"}, {"budget": "-1"}],
)
def test_rules_that_make_no_sense_are_explained(
    staff_client: StaffClient, administrator: User, wrong: dict[str, str]
) -> None:
    client = open_as(staff_client, administrator)
    answer = client.post(reverse("sending-rules"), {"budget": "4", "budget_days": "7", **wrong})
    assert answer.status_code == 422
    assert count(SendingRules) == 0


def test_an_officer_may_not_change_the_rules(staff_client: StaffClient, officer: User) -> None:
    client = open_as(staff_client, officer)
    assert client.post(reverse("sending-rules"), {"budget": "0", "budget_days": "7"}).status_code == 403
    assert client.get(page_of("sending-channel-limits", Channel.SMS)).status_code == 403


def test_the_connection_is_tested_and_the_answer_is_a_sentence(staff_client: StaffClient, officer: User) -> None:
    client = open_as(staff_client, officer)
    page = client.post(page_of("sending-channel-test", Channel.LINE), follow=True).content.decode()
    assert "LINE accepts the channel&#x27;s credentials." in page or "LINE refuses" in page
    with transaction.atomic():
        ProviderAccount.objects.filter(channel="SMS").update(provider="gone")
    page = client.post(page_of("sending-channel-test", Channel.SMS), follow=True).content.decode()
    assert "This version does not know the provider." in page


def test_a_quarantined_report_is_shown_without_its_content(staff_client: StaffClient, officer: User) -> None:
    """S11."""
    event = keep_event(account_of(Channel.LINE), "poison", timezone.now())
    with transaction.atomic():
        event.tries, event.error, event.processed_at = MAX_TRIES, "AttributeError", timezone.now()
        event.save()
    page = open_as(staff_client, officer).get(reverse("sending")).content.decode()
    assert "Reports set aside" in page
    assert "AttributeError" in page
