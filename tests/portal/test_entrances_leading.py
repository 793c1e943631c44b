"""Which link leads: no way in opens a campaign before its first day or after it, whatever else a customer holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from django.db import transaction
from django.test import Client

from audit.services import Actor
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.models import DeliveryAttempt, Notice
from channels.services import ensure_accounts
from customers.flags.services import raise_flag
from outreach.inquiries.models import Inquiry
from outreach.inquiries.services import answer_inquiry
from questionnaires.links import issue_links, leading_link
from questionnaires.models import AccessLink, Delegation, Response
from questionnaires.services import cancel_responses, open_responses
from tenants.models import Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.portal.journey import BIRTH, COMPANY_PROOF, end_of, page_of, post, prove, walk
from tests.portal.test_entrances import enter, numbered
from tests.portal.test_entrances_app import App, bring, let_in
from tests.questionnaires.filing import Sent, send_link

type Replies = Callable[[Sent], str]
DAY = timedelta(days=1)
INSTEAD = {"NOT_YET": "notyet", "OVER": "expired"}


@pytest.fixture
def reply_to(tenant: Tenant, officer: User, now: datetime) -> Replies:
    """Has the customer ask something and the bank answer it; the token of the message that says so."""
    accounts = channel_accounts(BANKS[0], sandbox_url="http://127.0.0.1:9", sandbox_smtp="127.0.0.1:9")
    with tenant_scope(tenant.pk):
        ensure_accounts(accounts=accounts, actor=Actor.system("tests"), now=now)

    def replied(sent: Sent) -> str:
        form = {"topic": "PRIVACY", "text": "何に使われますか", "reply_by": "PAGES", "token": str(uuid4())}
        assert Client().post(f"/r/{sent.token}/help/inquiry/", form).status_code == 200
        with tenant_context(tenant.pk):
            with transaction.atomic():
                asked = Inquiry.objects.select_related("customer").get(customer=sent.customer)
            answer_inquiry(inquiry=asked, token=uuid4(), text="営業には", actor=Actor.user(officer.pk), now=now)
        with tenant_scope(tenant.pk):
            told = DeliveryAttempt.objects.get(notice__purpose=Notice.Purpose.REPLY, notice__reference=asked.pk)
            return str(told.snapshot["link"]).split("/")[4]

    return replied


@pytest.fixture
def app(tenant: Tenant, administrator: User, approver: User, now: datetime) -> App:
    private = ed25519.Ed25519PrivateKey.generate()
    with tenant_scope(tenant.pk):
        return App(private, let_in(private, administrator, approver, now), now)


@pytest.fixture(params=["NOT_YET", "OVER"])
def shut(request: pytest.FixtureRequest, person: Sent, reply_to: Replies, now: datetime) -> tuple[str, Sent, str]:
    """How a response ends that is not open now, the customer's notice, and the token of a reply that came since."""
    times = {"NOT_YET": {"opens_at": now + 3 * DAY}, "OVER": {"expires_at": now}}
    with tenant_scope(person.tenant.pk):
        AccessLink.objects.filter(response=person.response).update(**times[request.param])
    return INSTEAD[request.param], person, reply_to(person)


def by_reply(token: str, facts: Any = None, to: str = "?to=inquiries") -> Client:
    """Whoever came by the message about a reply, and proved who they are."""
    client = Client()
    proved = client.post(f"/r/{token}/identity/{to}", facts or BIRTH)
    assert proved.status_code == 302, proved.content.decode()[:300]
    return client


def status_of(sent: Sent) -> str:
    with tenant_scope(sent.tenant.pk):
        return str(Response.objects.get(pk=sent.response.pk).status)


def test_a_number_opens_nothing_that_is_not_open_though_a_reply_was_sent(
    shut: tuple[str, Sent, str], now: datetime
) -> None:
    end, sent, _token = shut
    browser = Client()
    assert end_of(enter(browser, numbered(sent, now=now))) == end
    assert page_of(browser.get("/r/answer/")) == "end"
    assert status_of(sent) == "OPEN"


def test_the_app_opens_nothing_that_is_not_open_though_a_reply_was_sent(shut: tuple[str, Sent, str], app: App) -> None:
    end, sent, _token = shut
    browser = Client()
    ticket = bring(app.word()).headers["Location"]
    assert end_of(browser.post(ticket, {"action": "continue"})) == end
    assert page_of(browser.get("/r/answer/")) == "end"
    assert status_of(sent) == "OPEN"


@pytest.mark.parametrize("to", ["", "?to=inquiries"])
def test_the_link_of_a_reply_leads_to_the_reply_and_to_no_question(shut: tuple[str, Sent, str], to: str) -> None:
    end, sent, token = shut
    browser = by_reply(token, to=to)
    assert page_of(browser.get("/r/help/inquiries/")) == "inquiries"
    for path in ("", "contact/", "check/", "later/", "phone/", "done/", "ekyc/"):
        assert end_of(browser.get(f"/r/answer/{path}", follow=True)) == end, path
    assert end_of(post(browser, "contact", "unchanged")) == end
    assert end_of(browser.post("/r/answer/phone/")) == end, "nor is it handed over"
    assert status_of(sent) == "OPEN"
    with tenant_scope(sent.tenant.pk):
        assert not Response.objects.get(pk=sent.response.pk).answers


def test_who_reads_a_reply_goes_on_with_the_questions_while_they_are_open(person: Sent, reply_to: Replies) -> None:
    browser = by_reply(reply_to(person))
    assert page_of(browser.get("/r/answer/", follow=True)) == "question"
    assert post(browser, "contact", "unchanged").status_code == 302
    assert status_of(person) == "STARTED"


def test_who_read_a_reply_before_the_first_day_proves_themselves_again_on_it(
    person: Sent, reply_to: Replies, now: datetime
) -> None:
    with tenant_scope(person.tenant.pk):
        AccessLink.objects.filter(response=person.response).update(opens_at=now + DAY)
    token = reply_to(person)
    browser = by_reply(token)
    with tenant_scope(person.tenant.pk):
        AccessLink.objects.filter(response=person.response, opens_at__isnull=False).update(opens_at=now)
    assert end_of(browser.get("/r/answer/")) == "timeout", "nobody has begun the questions"
    assert page_of(by_reply(token).get("/r/answer/", follow=True)) == "question"


def test_a_withdrawn_response_is_withdrawn_by_every_way_in(
    person: Sent, reply_to: Replies, app: App, now: datetime
) -> None:
    token = reply_to(person)
    with tenant_scope(person.tenant.pk):
        cancel_responses(references=[person.response.reference], actor=Actor.system("tests"), now=now)
    assert end_of(enter(Client(), numbered(person, now=now))) == "cancelled"
    assert end_of(Client().post(bring(app.word()).headers["Location"], {"action": "continue"})) == "cancelled"
    assert end_of(Client().post(f"/r/{token}/identity/?to=inquiries", BIRTH)) == "cancelled"
    assert end_of(prove(Client(), person)) == "cancelled"


def test_a_visit_ends_with_the_link_that_it_came_by(person: Sent, now: datetime) -> None:
    """However often it is prolonged; what was sent off before stays to be looked at."""
    browser, other = Client(), send_link(person.tenant, now=now, number="2", lives=30 * DAY)
    assert prove(browser, person).status_code == 302
    assert page_of(browser.get("/r/answer/contact/")) == "question"
    sender = Client()
    walk(sender, other)
    sender.post("/r/answer/check/", {"action": "submit"})
    with tenant_scope(person.tenant.pk):
        AccessLink.objects.update(expires_at=now)
    assert end_of(post(browser, "contact", "unchanged")) == "expired"
    assert page_of(sender.get("/r/answer/done/")) == "done"


def test_a_new_notice_leads_though_an_old_one_was_ended(person: Sent, now: datetime) -> None:
    with tenant_scope(person.tenant.pk):
        AccessLink.objects.filter(response=person.response).update(expires_at=now)
        issue_links(responses=[person.response], channel="POST", expires_at=now + DAY, now=now)
    assert enter(Client(), numbered(person, now=now)).status_code == 302


def test_the_part_of_somebody_else_ends_with_the_notice_and_not_with_a_reply(
    company: Sent, reply_to: Replies, now: datetime
) -> None:
    reply_to(company)
    browser = Client()
    assert prove(browser, company).status_code == 302
    asked = browser.post("/r/answer/helpers/", {"name": "経理部", "pages": ["owners"], "action": "ask"})
    assert asked.status_code == 200
    with tenant_scope(company.tenant.pk):
        notice = AccessLink.objects.get(response=company.response, channel="POST")
        assert Delegation.objects.get().expires_at == notice.expires_at
        assert AccessLink.objects.filter(expires_at__gt=notice.expires_at).exists(), "positive control"


def test_only_the_letter_to_a_guardian_leads_where_there_is_one(
    person: Sent, reply_to: Replies, officer: User, app: App, now: datetime
) -> None:
    """The ward may read a reply that came before, and answers nothing by it, whatever link the guardian has."""
    token = reply_to(person)
    with tenant_scope(person.tenant.pk):
        raise_flag(
            customer=person.customer,
            kind="GUARDIAN",
            reason="登記事項証明書",
            from_on=date(2026, 1, 5),
            until_on=None,
            actor=Actor.user(officer.pk),
            now=now,
        )
        assert leading_link(person.response) is None
    browser = by_reply(token)
    assert end_of(browser.get("/r/answer/", follow=True)) == "expired"
    assert enter(Client(), numbered(person, now=now)).status_code == 422
    assert end_of(bring(app.word())) == "nothing"
    assert prove(Client(), person).status_code == 302, "by the letter"


def test_a_companys_reply_leads_to_no_question_either(company: Sent, reply_to: Replies, now: datetime) -> None:
    with tenant_scope(company.tenant.pk):
        AccessLink.objects.filter(response=company.response).update(expires_at=now)
    browser = by_reply(reply_to(company), COMPANY_PROOF)
    assert end_of(browser.get("/r/answer/helpers/")) == "expired"
    assert end_of(browser.get("/r/answer/", follow=True)) == "expired"


def test_the_app_opens_what_may_be_answered_now_rather_than_what_was_asked_last(
    person: Sent, app: App, now: datetime
) -> None:
    with tenant_scope(person.tenant.pk):
        later = open_responses(
            customers=[person.customer], reference_by_customer={person.customer.pk: uuid4()}, now=now + DAY
        )[person.customer.pk]
        issue_links(responses=[later], channel="POST", expires_at=now + 60 * DAY, now=now, opens_at=now + 3 * DAY)
    browser = Client()
    ticket = bring(app.word()).headers["Location"]
    assert browser.post(ticket, {"action": "continue"}).headers["Location"] == "/r/answer/"
    assert page_of(browser.get("/r/answer/", follow=True)) == "question"
    with tenant_scope(person.tenant.pk):
        cancel_responses(references=[person.response.reference], actor=Actor.system("tests"), now=now)
    ticket = bring(app.word()).headers["Location"]
    assert end_of(Client().post(ticket, {"action": "continue"})) == "notyet", "control: nothing else is left"
