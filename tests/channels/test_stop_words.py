"""Why sending stands still, in words: every stop of our own making, and whatever a person wrote."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from channels.gates import pause_tenant
from channels.protocols import Channel
from channels.services import pause_account
from channels.stop_words import words_of_stop
from tenants.models import Tenant, User
from tests.channels.conftest import SYSTEM, Queue, account_of, change
from tests.channels.test_sending_pages import open_as

type StaffClient = Callable[[User], Client]


@pytest.mark.parametrize(
    ("channel", "reason", "said"),
    [
        ("LINE", "quota: monthly_limit", "The month's allowance of messages is used up."),
        ("SMS", "configuration: 20003", "The provider refused our credentials."),
        ("EMAIL", "configuration: mail_dkim", "The DKIM key that signs is not published"),
        ("SMS", "configuration: no_such_code", "The account's settings are wrong or incomplete."),
        ("SMS", "spike: 30 of 40 refused", "30 of 40 messages in a row were refused for good"),
        ("", "restored", "The database is older than the last message that was sent."),
        ("SMS", "not_set_up", "The channel is being set up."),
        ("SMS", "A wrong text went out", "A wrong text went out"),
        ("SMS", "spike: many", "spike: many"),
        ("SMS", "", "No reason was given."),
    ],
)
def test_every_stop_has_a_sentence_and_a_next_step(channel: str, reason: str, said: str) -> None:
    with translation.override("en"):
        words = words_of_stop(channel, reason)
        assert said in str(words.reason)
        assert str(words.step)


def test_no_page_shows_a_code_of_ours(bank: Tenant, staff_client: StaffClient, officer: User) -> None:
    account = account_of(Channel.LINE)
    pause_account(account=account, reason="quota: monthly_limit", actor=SYSTEM, now=timezone.now())
    pause_tenant(reason="restored", actor=SYSTEM, now=timezone.now())
    client = open_as(staff_client, officer)
    for address in (reverse("sending"), reverse("sending-channel", args=[account.pk])):
        page = client.get(address).content.decode()
        assert "monthly_limit" not in page
        assert "allowance of messages is used up" in page
        assert reverse("sending-channel-resume", args=[account.pk]) in page
    assert "The database is older" in client.get(reverse("sending")).content.decode()


def test_todays_failures_are_counted_by_reason_with_advice(
    bank: Tenant, staff_client: StaffClient, officer: User, queue: Queue
) -> None:
    for code in ("30005", "30005", "30007"):
        attempt = queue(Channel.SMS)
        now = timezone.now()
        change(attempt, status="FAILED", failure_kind="permanent", failure_code=code, first_tried_at=now)
    waiting = queue(Channel.SMS)
    change(waiting, not_before=timezone.now() - timedelta(hours=3))
    page = open_as(staff_client, officer).get(reverse("sending-channel", args=[account_of(Channel.SMS).pk]))
    assert [(line.code, line.count) for line in page.context["failures"]] == [("30005", 2), ("30007", 1)]
    row = page.context["row"]
    assert (row.waiting, row.failed, row.tried, row.per_minute) == (1, 3, 3, 1)
    assert "the oldest for 3" in page.content.decode().replace("\xa0", " ")
    assert "ask the provider whether the sender is registered" in page.content.decode()
