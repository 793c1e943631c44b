"""Texts of notices: written by one, approved by another, in force for what is queued afterwards, and frozen there."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.selectors import texts_in_force
from channels.models import MessageTemplate, Notice
from channels.numbers import read_number
from channels.posting import sheet_of
from channels.protocols import Channel
from channels.rendering import CannotRender, letter_html
from channels.services import queue_notices
from channels.wording.selectors import SLOTS, in_force, words_of
from channels.wording.services import (
    TemplateRefused,
    approve_template,
    discard_template,
    draft_template,
    return_template,
    submit_template,
    write_template,
)
from customers.models import ContactPoint
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.channels.conftest import SYSTEM, MakeCustomer, Queue, again, request_for
from tests.conftest import MakeUser, SignIn

SMS = SLOTS["sms-request-ja"]
OURS = "【{金融機関名}】お届け内容のご確認のお願いです。期限{期限（短）}\n受付番号{受付番号}\n電話{電話番号}\n{リンク}"


def put_in_force(
    officer: User, approver: User, now: datetime, *, place: str = "sms-request-ja", **words: str
) -> MessageTemplate:
    """A version, the whole way."""
    maker, checker = Actor.user(officer.pk), Actor.user(approver.pk)
    template = draft_template(slot=SLOTS[place], actor=maker, now=now)
    write_template(template=template, actor=maker, now=now, **{"subject": "", "body": OURS} | words)
    submit_template(template=template, actor=maker, now=now)
    with transaction.atomic():
        seen = words_of(template).digest
    approve_template(template=template, seen_hash=seen, actor=checker, now=now)
    return template


def test_what_is_queued_says_the_version_in_force_and_keeps_it(
    bank: Tenant, officer: User, approver: User, queue: Queue, now: datetime
) -> None:
    before = queue(Channel.SMS)
    first = put_in_force(officer, approver, now)
    between = queue(Channel.SMS)
    second = put_in_force(officer, approver, now, body=OURS + "\nご不明な点はお電話ください")
    after = queue(Channel.SMS)
    texts = [again(attempt).snapshot["text"] for attempt in (before, between, after)]
    assert "お届け内容のご確認" not in texts[0]
    assert "お届け内容のご確認" in texts[1]
    assert "ご不明な点" not in texts[1]
    assert "ご不明な点" in texts[2]
    kept = [again(attempt).snapshot["wording"] for attempt in (before, between, after)]
    assert kept == [
        {"id": "", "version": 0},
        {"id": str(first.pk), "version": 1},
        {"id": str(second.pk), "version": 2},
    ]
    with transaction.atomic():
        assert MessageTemplate.objects.get(pk=first.pk).status == MessageTemplate.Status.RETIRED


def test_every_channel_tells_the_customer_its_own_number(bank: Tenant, queue: Queue) -> None:
    numbers = []
    for channel in (Channel.SMS, Channel.LINE, Channel.EMAIL):
        attempt = again(queue(channel))
        number = attempt.notice.number
        assert read_number(number) == number
        assert f"{number[:4]}-{number[4:8]}-{number[8:]}" in attempt.snapshot["text"]
        numbers.append(number)
    letter = again(queue(Channel.POST))
    assert letter.snapshot["number"].replace("-", "") == letter.notice.number
    assert letter.snapshot["number"] in letter_html(sheet_of(letter))
    assert len({*numbers, letter.notice.number}) == 4


def test_a_letter_keeps_its_words_until_it_is_printed(
    bank: Tenant, officer: User, approver: User, queue: Queue, now: datetime
) -> None:
    put_in_force(officer, approver, now, place="post-request-ja", subject="確認のお願い<b>", body="{金融機関名}です。")
    attempt = again(queue(Channel.POST))
    put_in_force(officer, approver, now, place="post-request-ja", subject="別の見出し", body="別の本文")
    html = letter_html(sheet_of(attempt))
    assert "確認のお願い&lt;b&gt;" in html
    assert "あさなぎ銀行です。" in html
    assert "別の見出し" not in html


def test_a_number_taken_by_another_notice_is_drawn_again(
    bank: Tenant, make_customer: MakeCustomer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["A" * 10, "A" * 10, "B" * 10])
    monkeypatch.setattr("channels.services.new_number", lambda: next(drawn))
    with transaction.atomic():
        for _ in range(2):
            customer = make_customer()
            point = ContactPoint.objects.get(customer=customer, channel="PHONE")
            queue_notices(requests=[request_for(customer, Channel.SMS, point, uuid4())], actor=SYSTEM, now=now)
        assert set(Notice.objects.values_list("number", flat=True)) == {"A" * 10, "B" * 10}


def test_four_eyes(bank: Tenant, officer: User, approver: User, make_user: MakeUser, now: datetime) -> None:
    """A9: not its author under any account, not somebody without the right, not another text than was seen."""
    maker, checker = Actor.user(officer.pk), Actor.user(approver.pk)
    template = draft_template(slot=SMS, actor=maker, now=now)
    write_template(template=template, subject="", body=OURS, actor=maker, now=now)
    with pytest.raises(TemplateRefused):
        approve_template(template=template, seen_hash=words_of(template).digest, actor=checker, now=now)  # not asked
    submit_template(template=template, actor=maker, now=now)
    seen = words_of(template).digest
    with transaction.atomic():
        held = Membership.objects.get(user=officer)
    for actor in (maker, Actor.user(make_user(bank, Role.OFFICER, "second").pk)):
        with pytest.raises(TemplateRefused):
            approve_template(template=template, seen_hash=seen, actor=actor, now=now)
    with transaction.atomic():
        Membership.objects.filter(user=approver).update(staff_number=held.staff_number)
    with pytest.raises(TemplateRefused, match="別の方の承認"):
        approve_template(template=template, seen_hash=seen, actor=checker, now=now)
    with transaction.atomic():
        Membership.objects.filter(user=approver).update(staff_number="another")
    with pytest.raises(TemplateRefused, match="文面が変わっています"):
        approve_template(template=template, seen_hash="0" * 64, actor=checker, now=now)
    approve_template(template=template, seen_hash=seen, actor=checker, now=now)  # positive control
    with transaction.atomic():
        events = list(AuditEvent.objects.filter(event__startswith="messagetemplate.").order_by("at", "id"))
    assert events[-1].event == "messagetemplate.approved"
    assert all("お届け" not in str(event.data) for event in events if event.kind == AuditEvent.Kind.ACT)


def test_the_database_refuses_one_person_twice(
    bank: Tenant, officer: User, approver: User, now: datetime, superuser: psycopg.Connection
) -> None:
    template = put_in_force(officer, approver, now)
    with pytest.raises(IntegrityError, match="template_four_eyes"), transaction.atomic():
        MessageTemplate.objects.filter(pk=template.pk).update(approved_by=officer.pk)


def test_an_approved_text_never_changes(
    bank: Tenant, officer: User, approver: User, queue: Queue, staff_client: SignIn, now: datetime
) -> None:
    """By the product it cannot be changed; behind its back, nothing is queued with it."""
    template = put_in_force(officer, approver, now)
    with pytest.raises(TemplateRefused):
        write_template(template=template, subject="", body="x", actor=Actor.user(officer.pk), now=now)
    queue(Channel.SMS)  # positive control
    with transaction.atomic():
        MessageTemplate.objects.filter(pk=template.pk).update(body=OURS.replace("{リンク}", "https://evil.example/"))
    with pytest.raises(CannotRender, match="template_altered"):
        queue(Channel.SMS)
    queue(Channel.EMAIL)  # the other texts are what they were
    page = staff_client(english(officer)).get(reverse("template-place", args=["sms-request-ja"])).content.decode()
    assert "A text in force is not what was approved" in page


def test_errors_keep_a_text_from_being_submitted(bank: Tenant, officer: User, now: datetime) -> None:
    maker = Actor.user(officer.pk)
    template = draft_template(slot=SMS, actor=maker, now=now)
    write_template(template=template, subject="", body=OURS + "暗証番号を返信してください", actor=maker, now=now)
    with pytest.raises(TemplateRefused, match="エラーが残っています"):
        submit_template(template=template, actor=maker, now=now)
    write_template(template=template, subject="", body=OURS, actor=maker, now=now)
    submit_template(template=template, actor=maker, now=now)  # positive control


def test_one_version_is_written_at_a_time_and_may_be_returned_or_thrown_away(
    bank: Tenant, officer: User, approver: User, now: datetime
) -> None:
    maker, checker = Actor.user(officer.pk), Actor.user(approver.pk)
    first = draft_template(slot=SMS, actor=maker, now=now)
    assert draft_template(slot=SMS, actor=maker, now=now).pk == first.pk
    submit_template(template=first, actor=maker, now=now)
    return_template(template=first, reason="期限を大きく", actor=checker, now=now)
    assert (first.status, first.return_reason) == (MessageTemplate.Status.DRAFT, "期限を大きく")
    discard_template(template=first, actor=maker, now=now)
    assert draft_template(slot=SMS, actor=maker, now=now).version == 2


def test_a_new_text_changes_what_a_campaigns_approval_covers(
    bank: Tenant, officer: User, approver: User, now: datetime
) -> None:
    """S15."""
    with transaction.atomic():
        before = texts_in_force()
    put_in_force(officer, approver, now)
    with transaction.atomic():
        assert texts_in_force() != before


def test_texts_are_the_tenants_own(
    tenant: Tenant, other_tenant: Tenant, officer: User, approver: User, now: datetime
) -> None:
    with tenant_context(tenant.pk):
        put_in_force(officer, approver, now)
    with tenant_scope(other_tenant.pk):
        assert in_force()[SMS].version == 0
    with tenant_scope(tenant.pk):
        assert in_force()[SMS].version == 1  # positive control


def test_reading_all_texts_is_one_query(bank: Tenant, officer: User, approver: User, now: datetime) -> None:
    put_in_force(officer, approver, now)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        in_force()
    assert len([q for q in queries if "messagetemplate" in q["sql"]]) == 1


def english(user: User) -> User:
    user.language = "en"
    user.save()
    return user


def test_the_pages_take_a_text_from_draft_to_being_in_force(
    bank: Tenant, officer: User, approver: User, auditor: User, staff_client: SignIn
) -> None:
    maker, checker = staff_client(english(officer)), staff_client(english(approver))
    assert "As supplied" in maker.get(reverse("templates")).content.decode()
    page = maker.get(reverse("template-place", args=["sms-request-ja"])).content.decode()
    assert "Write a new version" in page
    assert "あさなぎ銀行" in page
    address = maker.post(reverse("template-draft", args=["sms-request-ja"])).headers["Location"]
    bad = maker.post(f"{address}write/", {"body": OURS + "\n{口座番号}"}, follow=True).content.decode()
    assert "There is no such variable." in bad
    assert "口座番号" in bad
    assert "Ask for approval" not in bad
    assert maker.post(f"{address}submit/").status_code == 422
    good = maker.post(f"{address}write/", {"body": OURS}, follow=True).content.decode()
    assert "Ask for approval" in good
    assert "<ins>" in good
    assert maker.post(f"{address}submit/").status_code == 302
    assert checker.get(address).content.decode().count("Approve: put this text in force") == 1
    assert maker.get(address).content.decode().count("Approve: put this text in force") == 0
    with transaction.atomic():
        seen = words_of(MessageTemplate.objects.get()).digest
    assert maker.post(f"{address}approve/", {"seen_hash": seen}).status_code == 403
    assert checker.post(f"{address}return/", {"reason": ""}).status_code == 422
    assert checker.post(f"{address}approve/", {"seen_hash": seen}).status_code == 302
    assert "Version 1 is in force" in checker.get(reverse("template-place", args=["sms-request-ja"])).content.decode()
    reader = staff_client(english(auditor))
    assert reader.get(address).status_code == 200
    assert reader.post(f"{address}write/", {"body": "x"}).status_code == 403
    assert maker.get(reverse("template-place", args=["nothing"])).status_code == 404
