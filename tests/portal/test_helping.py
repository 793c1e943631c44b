"""Writing to the bank: what is taken, shown, limited and kept, and where help is found."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from channels.models import DeliveryAttempt, Notice
from customers.models import Customer
from outreach.calls.models import CallRequest
from outreach.claims.models import Claim
from outreach.inquiries.emergencies import is_emergency
from outreach.inquiries.models import Inquiry, InquiryMessage
from outreach.inquiries.telling import Told
from outreach.models import OutreachTask
from questionnaires.models import AccessLink, Response
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import SignIn
from tests.portal.helping import HOSTILE, answer, ask, inquiries, tell, texts, wish
from tests.portal.journey import end_of, page_of, post, prove, walk
from tests.questionnaires.filing import Sent


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
