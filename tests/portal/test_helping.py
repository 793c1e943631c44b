"""Writing to the bank, asking to be called, and telling of circumstances: what is taken, shown, limited and kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt, Notice
from channels.services import ensure_accounts
from customers.flags.models import CustomerFlag
from customers.models import Customer
from outreach.calls import hours
from outreach.calls.models import CallRequest
from outreach.calls.services import desk_of
from outreach.claims.models import Claim
from outreach.claims.services import ClaimRefused, confirm_claim, dismiss_claim
from outreach.inquiries.emergencies import is_emergency
from outreach.inquiries.models import Inquiry, InquiryMessage
from outreach.inquiries.services import answer_inquiry
from outreach.inquiries.telling import Told
from outreach.models import OutreachTask
from questionnaires.models import AccessLink, Response
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import MakeUser
from tests.portal.journey import end_of, page_of, post, prove, walk
from tests.questionnaires.filing import Sent, plan_review

type SignIn = Callable[[User], Client]
HOSTILE = (
    '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{ tenant }}{% now "Y" %}',
    "javascript:alert(1)//</textarea><svg/onload=alert(3)>",
    "'; DROP TABLE outreach_inquiry; --",
    "${7*7} #{7*7} %(phone)s {0} <a href='//evil.example'>x</a>",
)


def ask(client: Client, way: str = "", **data: str) -> Any:
    """Send the form of inquiries: on a visit, or with the link whose token is given."""
    address = f"/r/{way}/help/inquiry/" if way else "/r/help/inquiry/"
    typed = {"topic": "PRIVACY", "text": "何に使われますか", "reply_by": "PAGES", "token": str(uuid4()), **data}
    return client.post(address, typed)


def inquiries(sent: Sent) -> list[Inquiry]:
    with tenant_scope(sent.tenant.pk):
        return list(Inquiry.objects.order_by("told_at"))


def texts(sent: Sent) -> list[str]:
    with tenant_scope(sent.tenant.pk):
        rows = InquiryMessage.objects.select_related("inquiry").order_by("written_at")
        return [str(row.text) for row in rows]


@pytest.fixture
def open_accounts(tenant: Tenant) -> None:
    """The bank can send messages; nobody is at the other end."""
    accounts = channel_accounts(BANKS[0], sandbox_url="http://127.0.0.1:9", sandbox_smtp="127.0.0.1:9")
    with tenant_scope(tenant.pk):
        ensure_accounts(accounts=accounts, actor=Actor.system("tests"), now=timezone.now())


@pytest.fixture
def make_officer(tenant: Tenant, make_user: MakeUser) -> Callable[[], User]:
    """A colleague."""
    return lambda: make_user(tenant, Role.OFFICER, "colleague")


@pytest.fixture
def visitor(person: Sent) -> Client:
    """A customer who proved who they are."""
    client = Client()
    assert prove(client, person).status_code == 302
    return client


# Inquiries


def test_an_inquiry_is_taken_sealed_and_numbered(person: Sent, visitor: Client, superuser: psycopg.Connection) -> None:
    page = ask(visitor, text="住所の変更について教えてください")
    assert (page.status_code, page_of(page)) == (200, "sent")
    (made,) = inquiries(person)
    assert f"{made.number[:4]}-{made.number[4:]}" in page.content.decode()
    assert made.is_proved
    assert texts(person) == ["住所の変更について教えてください"]
    stored = superuser.execute("SELECT text FROM outreach_inquirymessage").fetchall()
    assert "住所".encode() not in bytes(stored[0][0])
    with tenant_scope(person.tenant.pk):
        events = {event.event: event.data for event in AuditEvent.objects.filter(target_id=str(made.pk))}
    assert "住所" not in str(events["inquiry.opened"])


def test_without_proof_an_inquiry_is_taken_and_nothing_is_confirmed(person: Sent) -> None:
    """Whoever holds the link may write; they learn nothing about the customer, and read nothing of theirs."""
    stranger = Client()
    form = stranger.get(f"/r/{person.token}/help/inquiry/").content.decode()
    sent = ask(stranger, person.token).content.decode()
    for page in (form, sent):
        for secret in ("山田", "花子", "杉並", "5678", "4567", "1948"):
            assert secret not in page, secret
    (made,) = inquiries(person)
    assert not made.is_proved
    for address in ("/r/help/inquiries/", f"/r/help/inquiries/{made.number}/", "/r/help/inquiry/", "/r/help/call/"):
        assert end_of(stranger.get(address)) == "timeout", address


def test_no_get_of_help_changes_anything(person: Sent, visitor: Client, superuser: psycopg.Connection) -> None:
    """W1."""
    ask(visitor)
    number = inquiries(person)[0].number
    tables = ["outreach_inquiry", "outreach_inquirymessage", "outreach_claim", "outreach_callrequest"]
    tables += ["questionnaires_accesslink", "audit_auditevent", "outreach_outreachtask"]

    def everything() -> list[object]:
        return [superuser.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]

    before = everything()
    names = ("inquiry/", "call/", "circumstances/", "circumstances/deceased/", "circumstances/refusal/")
    for name in names:
        assert visitor.get(f"/r/help/{name}").status_code == 200, name
        assert Client().get(f"/r/{person.token}/help/{name}").status_code == 200, name
    for address in ("/r/help/inquiries/", f"/r/help/inquiries/{number}/", f"/r/{person.token}/answered/"):
        assert visitor.get(address).status_code == 200, address
    assert everything() == before
    ask(visitor)
    assert everything() != before  # positive control


def test_what_is_missing_is_named_and_what_was_typed_is_kept(person: Sent, visitor: Client) -> None:
    page = ask(visitor, topic="", reply_by="x", text="  ")
    text = page.content.decode()
    assert page.status_code == 422
    for control in ("topic", "text", "reply_by"):
        assert f'href="#{control}"' in text
    kept = ask(visitor, topic="", text="ここに書きました").content.decode()
    assert "ここに書きました</textarea>" in kept
    assert inquiries(person) == []


def test_a_form_that_is_sent_twice_is_one_inquiry(person: Sent, visitor: Client) -> None:
    token = str(uuid4())
    assert [ask(visitor, token=token).status_code for _ in range(2)] == [200, 200]
    assert len(inquiries(person)) == 1
    assert len(texts(person)) == 1


def test_no_link_brings_more_inquiries_than_a_person_would(person: Sent) -> None:
    stranger = Client()
    assert [page_of(ask(stranger, person.token)) for _ in range(3)] == ["sent"] * 3
    page = ask(stranger, person.token)
    assert (page.status_code, page_of(page)) == (429, "many")
    assert len(inquiries(person)) == 3
    customer = Client()
    assert prove(customer, person).status_code == 302, "the customer is not locked out by that"
    with tenant_scope(person.tenant.pk):
        Inquiry.objects.update(told_at=timezone.now() - timedelta(hours=2))
    assert page_of(ask(stranger, person.token)) == "sent"


def test_no_network_sends_more_forms_than_many_customers_would(
    person: Sent, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.helping.views.opening._FORMS_AN_HOUR", 2)
    for _ in range(2):
        ask(visitor, topic="")
    assert end_of(ask(visitor, topic="")) == "busy"
    assert visitor.get("/r/help/inquiry/").status_code == 200, "reading is not limited"


@pytest.mark.parametrize(
    "words",
    [
        "詐欺かもしれません",
        "カードを紛失しました",
        "ﾌｨｯｼﾝｸﾞ",
        "I think it is a SCAM",
        "我的卡被盗",
        "Tôi bị lừa đảo",
        "Perdi o cartão",
    ],
)
def test_whoever_writes_of_fraud_or_loss_is_shown_the_telephone_at_once(
    person: Sent, visitor: Client, words: str
) -> None:
    page = ask(visitor, text=words).content.decode()
    assert page.index('href="tel:0120000101"') < page.index("<h1>")
    (made,) = inquiries(person)
    assert made.is_urgent
    assert made.due_on == timezone.localdate()
    calm = ask(visitor).content.decode()
    assert calm.index('href="tel:0120000101"') > calm.index("<h1>")  # positive control
    assert not is_emergency("住所が変わりました")


def answer(sent: Sent, by: User, text: str = "お答えします", inquiry: Inquiry | None = None) -> Told:
    with tenant_context(sent.tenant.pk):
        with transaction.atomic():
            found = inquiry or Inquiry.objects.select_related("customer").get()
        return answer_inquiry(inquiry=found, token=uuid4(), text=text, actor=Actor.user(by.pk), now=timezone.now())


def test_an_answer_is_read_after_proof_and_answered_again(
    person: Sent, visitor: Client, officer: User, open_accounts: None, superuser: psycopg.Connection
) -> None:
    ask(visitor, text="何に使われますか")
    number = inquiries(person)[0].number
    assert answer(person, officer, "営業には使いません") is Told.MESSAGE
    with tenant_scope(person.tenant.pk):
        attempt = DeliveryAttempt.objects.select_related("notice").get(notice__purpose=Notice.Purpose.REPLY)
        said = attempt.snapshot["text"]
        link = attempt.snapshot["link"]
    assert "営業" not in said
    assert number not in said
    assert attempt.channel == "SMS"
    path = re.sub(r"^https?://[^/]+", "", link)
    phone = Client()
    door = phone.get(path)
    assert page_of(door) == "answer"
    assert "営業" not in door.content.decode()
    token = path.split("/")[2]
    proof = {"era": "showa", "year": "23", "month": "5", "day": "3", "last_digits": "4567"}
    proved = phone.post(f"/r/{token}/identity/?to=inquiries", proof)
    assert proved.headers["Location"] == "/r/help/inquiries/"
    assert number[:4] in phone.get("/r/help/inquiries/").content.decode()
    thread = phone.get(f"/r/help/inquiries/{number}/").content.decode()
    assert "営業には使いません" in thread
    again = phone.post(f"/r/help/inquiries/{number}/", {"text": "ありがとう", "token": str(uuid4())})
    assert again.status_code == 302
    assert inquiries(person)[0].status == Inquiry.Status.OPEN
    assert texts(person) == ["何に使われますか", "営業には使いません", "ありがとう"]


def test_who_has_answered_everything_can_still_read_an_answer(
    person: Sent, visitor: Client, officer: User, open_accounts: None
) -> None:
    walk(visitor, person)
    visitor.post("/r/answer/check/", {"action": "submit"})
    ask(visitor)
    answer(person, officer)
    with tenant_scope(person.tenant.pk):
        link = DeliveryAttempt.objects.get(notice__purpose=Notice.Purpose.REPLY).snapshot["link"]
    token = link.split("/")[4]
    proof = {"era": "showa", "year": "23", "month": "5", "day": "3", "last_digits": "4567"}
    client = Client()
    assert client.post(f"/r/{token}/identity/", proof).status_code == 409, "only to read"
    assert client.post(f"/r/{token}/identity/?to=inquiries", proof).status_code == 302
    assert page_of(client.get("/r/help/inquiries/")) == "inquiries"
    assert end_of(client.post("/r/answer/contact/", {"action": "unchanged"})) == "answered"


def test_a_thread_is_read_by_its_own_customer_only(
    tenant: Tenant, person: Sent, company: Sent, visitor: Client
) -> None:
    """W12."""
    ask(visitor)
    number = inquiries(person)[0].number
    other = Client()
    prove(other, company)
    assert other.get(f"/r/help/inquiries/{number}/").status_code == 404
    assert other.post(f"/r/help/inquiries/{number}/", {"text": "x"}).status_code == 404
    assert visitor.get(f"/r/help/inquiries/{number}/").status_code == 200  # positive control


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words_on_both_sides(
    person: Sent, visitor: Client, officer: User, staff_client: SignIn, text: str
) -> None:
    """W8, W9."""
    ask(visitor, text=text)
    (made,) = inquiries(person)
    answer(person, officer, text)
    ours = visitor.get(f"/r/help/inquiries/{made.number}/").content.decode()
    staff = staff_client(officer).get(reverse("inquiry", args=[made.pk])).content.decode()
    for page in (ours, staff):
        assert "<script>alert" not in page
        assert "onerror=alert(2)>" not in page.replace("&gt;", "")
        assert "<svg/onload" not in page
        assert "<a href='//evil" not in page
    assert "DROP TABLE" not in text or "DROP TABLE" in staff


def test_staff_find_take_answer_close_and_open_inquiries(
    person: Sent, visitor: Client, officer: User, auditor: User, staff_client: SignIn
) -> None:
    ask(visitor, text="教えてください")
    (made,) = inquiries(person)
    client = staff_client(officer)
    for query in (
        "",
        "?list=unassigned",
        f"?number={made.number}",
        "?topic=PRIVACY",
        f"?number={person.customer.number}",
    ):
        assert str(made.pk) in client.get(reverse("inquiries") + query).content.decode(), query
    for query in ("?list=own", "?topic=LOSS", "?number=00000000", "?list=closed", "?list=overdue"):
        assert str(made.pk) not in client.get(reverse("inquiries") + query).content.decode(), query
    page = client.get(reverse("inquiry", args=[made.pk]) + "?ready=others").content.decode()
    assert "教えてください" in page
    assert "0120-000-101" in page
    with tenant_scope(person.tenant.pk):
        looked = AuditEvent.objects.get(event="customer.viewed")
    assert looked.data["reason"] == "INQUIRY"
    assert "教えてください" not in staff_client(auditor).get(reverse("inquiry", args=[made.pk])).content.decode()
    for step, status in (("take", "OPEN"), ("close", "CLOSED"), ("reopen", "OPEN")):
        assert client.post(reverse(f"inquiry-{step}", args=[made.pk])).status_code == 302, step
        assert inquiries(person)[0].status == status
    sent = client.post(reverse("inquiry-answer", args=[made.pk]), {"text": "お答えです", "token": str(uuid4())})
    assert sent.status_code == 302
    assert inquiries(person)[0].status == "ANSWERED"
    assert (
        client.post(reverse("inquiry-answer", args=[made.pk]), {"text": " ", "token": str(uuid4())}).status_code == 422
    )


def test_a_colleague_s_inquiry_is_not_answered_by_another(
    person: Sent, visitor: Client, officer: User, make_officer: Callable[[], User], staff_client: SignIn
) -> None:
    ask(visitor)
    (made,) = inquiries(person)
    assert staff_client(officer).post(reverse("inquiry-take", args=[made.pk])).status_code == 302
    other = staff_client(make_officer())
    refused = other.post(reverse("inquiry-answer", args=[made.pk]), {"text": "x", "token": str(uuid4())})
    assert refused.status_code == 422
    assert inquiries(person)[0].assignee == officer.pk


def test_where_no_message_reaches_the_customer_a_call_is_made(person: Sent, visitor: Client, officer: User) -> None:
    """No account with any provider: an answer nobody hears of would be none."""
    ask(visitor)
    assert answer(person, officer) is Told.CALL
    with tenant_scope(person.tenant.pk):
        assert OutreachTask.objects.get().origin == OutreachTask.Origin.ASKED


# Calls


def wish(sent: Sent, now: datetime) -> dict[str, str]:
    """A day and a part of it that can be asked for."""
    with tenant_scope(sent.tenant.pk):
        desk = desk_of(sent.tenant)
    day = hours.days(desk, now=now)[1]
    return {"day": day.isoformat(), "part": "AFTERNOON", "token": str(uuid4())}


def test_a_customer_who_asks_is_called_then_and_there(
    person: Sent, visitor: Client, now: datetime, officer: User, staff_client: SignIn
) -> None:
    form = visitor.get("/r/help/call/").content.decode()
    assert "-5678" in form
    assert "9012345678" not in form
    asked = wish(person, now)
    page = visitor.post("/r/help/call/", {**asked, "which": "file"})
    assert page_of(page) == "sent"
    with tenant_scope(person.tenant.pk):
        task, made = OutreachTask.objects.get(), CallRequest.objects.get()
    assert task.origin == OutreachTask.Origin.ASKED
    assert task.due_on.isoformat() == asked["day"]
    assert made.phone is None
    assert timezone.localtime(task.call_back_at).hour == 12
    client = staff_client(officer)
    client.post(reverse("outreach-take", args=[task.pk]))
    assert made.number in client.get(reverse("outreach-task", args=[task.pk])).content.decode()


def test_another_number_is_sealed_and_shown_to_whoever_calls(
    person: Sent, now: datetime, officer: User, staff_client: SignIn, superuser: psycopg.Connection
) -> None:
    stranger = Client()
    address = f"/r/{person.token}/help/call/"
    assert "5678" not in stranger.get(address).content.decode().replace("090-1234-5678", ""), (
        "the number on file is not hinted at"
    )
    asked = wish(person, now)
    assert stranger.post(address, {**asked, "which": "file"}).status_code == 422, "a number is needed"
    assert page_of(stranger.post(address, {**asked, "phone": "０８０−１１１１−２２２２"})) == "sent"
    raw = superuser.execute("SELECT phone FROM outreach_callrequest").fetchall()[0][0]
    assert b"080-" not in bytes(raw)
    with tenant_scope(person.tenant.pk):
        task = OutreachTask.objects.get()
    client = staff_client(officer)
    assert "080-1111-2222" not in client.get(reverse("outreach-task", args=[task.pk])).content.decode()
    client.post(reverse("outreach-take", args=[task.pk]))
    assert "080-1111-2222" in client.get(reverse("outreach-task", args=[task.pk])).content.decode()


def test_calls_are_asked_for_on_working_days_and_not_too_soon(person: Sent, visitor: Client, now: datetime) -> None:
    with tenant_scope(person.tenant.pk):
        desk = desk_of(person.tenant)
    days = hours.days(desk, now=now)
    assert len(days) == 5
    assert all(day.weekday() < 5 for day in days)
    asked = wish(person, now)
    late = (now + timedelta(days=90)).date().isoformat()
    for wrong in ({"day": "2020-01-06"}, {"day": late}, {"day": "x"}, {"part": "NIGHT"}):
        assert visitor.post("/r/help/call/", {**asked, "which": "file", **wrong}).status_code == 422, wrong


def test_whoever_answers_after_asking_is_called_all_the_same(
    tenant: Tenant, person: Sent, visitor: Client, now: datetime
) -> None:
    plan_review(tenant, person, now=now)
    visitor.post("/r/help/call/", {**wish(person, now), "which": "file"})
    walk(visitor, person)
    visitor.post("/r/answer/check/", {"action": "submit"})
    with tenant_scope(person.tenant.pk):
        assert OutreachTask.objects.get().status == OutreachTask.Status.OPEN


# Circumstances


def tell(client: Client, way: str, name: str, **data: str) -> Any:
    address = f"/r/{way}/help/circumstances/{name}/" if way else f"/r/help/circumstances/{name}/"
    told = {"name": "山田 一郎", "phone": "080-1111-2222", "text": "お知らせします", "token": str(uuid4())}
    return client.post(address, {**told, **data})


def claims(sent: Sent) -> list[Claim]:
    with tenant_scope(sent.tenant.pk):
        return list(Claim.objects.select_related("customer").order_by("told_at"))


def test_the_bereaved_tell_it_without_proof_and_nothing_irreversible_follows(
    person: Sent, superuser: psycopg.Connection
) -> None:
    """An unproved claim reveals nothing, changes nothing of the customer, and locks nobody out."""
    tables = ["customers_customer", "customers_customerflag", "questionnaires_response", "questionnaires_accesslink"]
    tables += ["customers_contactpoint", "outreach_outreachtask"]

    def everything() -> list[object]:
        return [superuser.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]

    before, stranger = everything(), Client()
    form = stranger.get(f"/r/{person.token}/help/circumstances/deceased/").content.decode()
    assert form.index('class="notice"') < form.index("<form method"), "what it does stands above the form"
    names = ("deceased", "guardian", "helper", "not-mine", "refusal")
    for name in names[:3]:
        page = tell(stranger, person.token, name)
        text = page.content.decode()
        assert page_of(page) == "sent", name
        for secret in ("花子", "杉並", "5678", "4567", "1948"):
            assert secret not in text, (name, secret)
    assert page_of(tell(stranger, person.token, "refusal")) == "many"
    assert everything() == before
    assert [claim.is_proved for claim in claims(person)] == [False] * 3
    customer = Client()
    assert prove(customer, person).status_code == 302, "the customer is not locked out"
    walk(customer, person)
    assert customer.post("/r/answer/check/", {"action": "submit"}).status_code == 302


def test_every_claim_looks_the_same_whatever_was_told_before(person: Sent) -> None:
    def shape(page: Any) -> str:
        return re.sub(r'value="[^"]*"|\d', "", page.content.decode())

    first, second = (shape(tell(Client(), person.token, "deceased")) for _ in range(2))
    assert first == second


def test_after_proof_a_claim_is_marked_as_proved(person: Sent, visitor: Client) -> None:
    assert page_of(tell(visitor, "", "refusal", reason="ALL")) == "sent"
    (claim,) = claims(person)
    assert claim.is_proved
    with tenant_scope(person.tenant.pk):
        assert claim.details == {"reason": "ALL", "text": "お知らせします"}


def test_a_claim_holds_what_waits_for_a_while_and_lets_it_go_again(
    tenant: Tenant, person: Sent, officer: User, open_accounts: None, visitor: Client, now: datetime
) -> None:
    ask(visitor)
    answer(person, officer)

    def waits_until() -> datetime:
        with tenant_scope(person.tenant.pk):
            found: datetime = DeliveryAttempt.objects.get().not_before
            return found

    assert waits_until() <= timezone.now()
    tell(Client(), person.token, "not-mine")
    (claim,) = claims(person)
    assert waits_until() == claim.quiet_until
    assert claim.quiet_until - claim.told_at == timedelta(days=14)
    with tenant_context(tenant.pk):
        dismiss_claim(claim=claim, finding="いたずら", actor=Actor.user(officer.pk), now=timezone.now())
    assert waits_until() <= timezone.now()


def test_a_confirmed_death_puts_the_flag_on_and_ends_the_asking(
    tenant: Tenant, person: Sent, officer: User, now: datetime, staff_client: SignIn
) -> None:
    plan_review(tenant, person, now=now)
    tell(Client(), person.token, "deceased")
    (claim,) = claims(person)
    client = staff_client(officer)
    page = client.get(reverse("claim", args=[claim.pk])).content.decode()
    assert "山田 一郎" in page
    address = reverse("claim-decide", args=[claim.pk])
    missing = client.post(address, {"decision": "confirm", "finding": "戸籍を確認"})
    assert missing.status_code == 422, "since when is not said"
    decided = client.post(address, {"decision": "confirm", "finding": "戸籍を確認", "from_on": "2026-11-01"})
    assert decided.status_code == 302
    with tenant_scope(tenant.pk):
        assert CustomerFlag.objects.get().kind == CustomerFlag.Kind.DECEASED
        assert Response.objects.get().status == Response.Status.CANCELLED
    again = client.post(address, {"decision": "dismiss", "finding": "x"})
    assert again.status_code == 422, "decided once"


def test_a_confirmed_refusal_leads_the_review_where_silence_leads_it(
    tenant: Tenant, person: Sent, officer: User, now: datetime
) -> None:
    from campaigns.models import PeriodicReview

    plan_review(tenant, person, now=now)
    tell(Client(), person.token, "refusal")
    (claim,) = claims(person)
    with tenant_context(tenant.pk):
        confirm_claim(claim=claim, finding="電話で確認", from_on=None, actor=Actor.user(officer.pk), now=timezone.now())
    with tenant_scope(tenant.pk):
        assert PeriodicReview.objects.get().status == PeriodicReview.Status.NO_ANSWER
    customer = Client()
    prove(customer, person)
    walk(customer, person)
    assert customer.post("/r/answer/check/", {"action": "submit"}).status_code == 302, "an answer counts all the same"
    with tenant_scope(tenant.pk):
        assert PeriodicReview.objects.get().status != PeriodicReview.Status.NO_ANSWER


def test_a_notice_that_reached_somebody_else_marks_the_address_and_ends_the_link(
    tenant: Tenant, person: Sent, officer: User
) -> None:
    from customers.models import ContactPoint

    tell(Client(), person.token, "not-mine")
    (claim,) = claims(person)
    with tenant_context(tenant.pk):
        confirm_claim(
            claim=claim, finding="転送不要で返戻", from_on=None, actor=Actor.user(officer.pk), now=timezone.now()
        )
    with tenant_scope(tenant.pk):
        assert ContactPoint.objects.get(channel="POST").health == ContactPoint.Health.RETURNED
        assert ContactPoint.objects.get(channel="PHONE").health != ContactPoint.Health.RETURNED
        assert AccessLink.objects.get().expires_at <= timezone.now()
    assert end_of(prove(Client(), person)) == "expired"


def test_who_may_flag_nobody_decides_nothing(tenant: Tenant, person: Sent, auditor: User, staff_client: SignIn) -> None:
    tell(Client(), person.token, "deceased")
    (claim,) = claims(person)
    client = staff_client(auditor)
    assert client.post(reverse("claim-decide", args=[claim.pk]), {"finding": "x"}).status_code == 403
    assert "山田 一郎" not in client.get(reverse("claim", args=[claim.pk])).content.decode()
    with tenant_context(tenant.pk), pytest.raises(ClaimRefused):
        confirm_claim(claim=claim, finding="x", from_on=None, actor=Actor.user(auditor.pk), now=timezone.now())


def test_a_company_cannot_be_told_to_have_died(company: Sent) -> None:
    assert Client().get(f"/r/{company.token}/help/circumstances/deceased/").status_code == 404
    assert tell(Client(), company.token, "deceased").status_code == 404
    page = Client().get(f"/r/{company.token}/help/circumstances/").content.decode()
    assert "/deceased/" not in page
    assert "/refusal/" in page


def test_help_opens_whatever_became_of_the_link(tenant: Tenant, person: Sent, now: datetime) -> None:
    """A link that is locked, over or answered still lets its holder ask for help."""
    address = f"/r/{person.token}/help/circumstances/"
    with tenant_scope(tenant.pk):
        AccessLink.objects.update(expires_at=now - timedelta(days=1), locked_until=now + timedelta(minutes=5))
    assert page_of(Client().get(address)) == "circumstances"
    assert end_of(Client().get(f"/r/{'0' * 32}/help/circumstances/")) == "unknown"


def test_everything_told_goes_with_the_customer(tenant: Tenant, person: Sent, visitor: Client, now: datetime) -> None:
    from retention.classes import erase_everywhere

    ask(visitor)
    tell(visitor, "", "refusal")
    visitor.post("/r/help/call/", {**wish(person, now), "which": "file"})
    with tenant_scope(tenant.pk):
        assert all(model.objects.exists() for model in (Inquiry, InquiryMessage, Claim, CallRequest))
        erase_everywhere([person.customer.pk])
        assert not any(model.objects.exists() for model in (Inquiry, InquiryMessage, Claim, CallRequest))
        assert not Customer.objects.filter(pk=person.customer.pk).exists()


# The copy


def test_whoever_has_answered_gets_a_copy_with_the_file_covered(person: Sent, visitor: Client) -> None:
    walk(visitor, person)
    post(visitor, "contact", postal_code="1000001", address="東京都千代田区千代田1-1")
    visitor.post("/r/answer/check/", {"action": "submit"})
    done = visitor.get("/r/answer/done/").content.decode()
    assert "千代田1-1" in done, "typed today"
    assert "花子" not in done, "on file: masked"
    with tenant_scope(person.tenant.pk):
        Response.objects.update(submitted_at=timezone.now() - timedelta(days=1))
    assert "千代田1-1" not in visitor.get("/r/answer/done/").content.decode()
