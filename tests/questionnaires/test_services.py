"""Publishing, opening, saving and submitting."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import Actor
from questionnaires import links, standard
from questionnaires.models import AccessLink, QuestionnaireVersion, Response
from questionnaires.proving import Factors
from questionnaires.selectors import NotPublished, questionnaire_of
from questionnaires.services import (
    Incomplete,
    OffRoute,
    ResponseClosed,
    cancel_responses,
    new_receipt_number,
    open_responses,
    publish_standard,
    save_page,
    submit_response,
)
from questionnaires.signals import response_submitted
from tenants.check_digits import check_digit
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.questionnaires.filing import Sent, file_customer, send_link

SYSTEM = Actor.system("tests")
ANSWERS: dict[str, dict[str, Any]] = {
    "contact": {"name": "山田 花子", "postal_code": "168-0064", "address": "東京都", "phone": "090-1234-5678"},
    "work": {"occupation": "retired"},
    "purpose": {"purpose": "living"},
    "residence": {"nationality": "VN", "country_of_residence": "JP"},
    "stay": {"residence_expires_on": "2028-04-01"},
    "cash": {"handles_cash": False},
    "abroad": {"sends_abroad": False},
    "office": {"is_foreign_pep": False},
}


@pytest.fixture
def started(tenant: Tenant, now: datetime) -> Response:
    """A response whose customer has proved themselves."""
    sent = send_link(tenant, now=now)
    return start(sent, now)


def start(sent: Sent, now: datetime) -> Response:
    with tenant_scope(sent.tenant.pk):
        link = links.find_link(sent.token)
        assert link is not None
    with tenant_context(sent.tenant.pk):
        proof = Factors(last_digits="4567", birth_on=date(1948, 5, 3))
        held = {"birth_on": "1948-05-03", "account_number": "1234567"}
        links.prove(link=link, factors=proof, facts=held, now=now)
    with tenant_scope(sent.tenant.pk):
        response: Response = Response.objects.select_related("version").get(pk=sent.response.pk)
        return response


def fill(response: Response, now: datetime, *pages: str) -> None:
    for page in pages or ANSWERS:
        save_page(response=response, page_id=page, answers=ANSWERS[page], now=now)


def test_publishing_twice_publishes_once(tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        assert len(publish_standard(actor=SYSTEM, now=now)) == 2
        assert publish_standard(actor=SYSTEM, now=now) == []
        for version in QuestionnaireVersion.objects.select_related("questionnaire"):
            assert questionnaire_of(version) == standard.questionnaire(version.questionnaire.key)


def test_nothing_is_opened_before_a_questionnaire_is_published(tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        customer = file_customer()
        with pytest.raises(NotPublished):
            open_responses(customers=[customer], reference_by_customer={customer.pk: uuid4()}, now=now)


def test_opening_again_gives_the_response_that_exists(tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        publish_standard(actor=SYSTEM, now=now)
        customer = file_customer()
        references: dict[UUID, UUID] = {customer.pk: uuid4()}
        first = open_responses(customers=[customer], reference_by_customer=references, now=now)
        again = open_responses(customers=[customer], reference_by_customer=references, now=now)
        assert again[customer.pk].pk == first[customer.pk].pk
        assert Response.objects.count() == 1
        assert AuditEvent.objects.filter(event="response.opened").count() == 1


def test_opening_and_issuing_take_as_many_queries_for_fifty_as_for_one(tenant: Tenant, now: datetime) -> None:
    def run(count: int, prefix: str) -> int:
        customers = [file_customer(number=f"{prefix}{number}") for number in range(count)]
        references = {customer.pk: uuid4() for customer in customers}
        with CaptureQueriesContext(connection) as queries:
            opened = open_responses(customers=customers, reference_by_customer=references, now=now)
            tokens = links.issue_links(responses=list(opened.values()), channel="SMS", expires_at=now, now=now)
        assert len(tokens) == count
        return len(queries)

    with tenant_scope(tenant.pk):
        publish_standard(actor=SYSTEM, now=now)
        run(1, "warm")
        assert run(50, "many") == run(1, "one")
        assert AccessLink.objects.count() == 52


def test_answers_are_saved_page_by_page_and_sent_once(started: Response, tenant: Tenant, now: datetime) -> None:
    heard: list[UUID] = []

    def hear(response_id: UUID, **_: object) -> None:
        heard.append(response_id)

    with tenant_scope(tenant.pk):
        fill(started, now)
        saved = Response.objects.get(pk=started.pk)
        assert saved.answers["address"] == "東京都"
    response_submitted.connect(hear)
    try:
        with tenant_scope(tenant.pk):
            first = submit_response(response=started, actor=SYSTEM, now=now)
        with tenant_scope(tenant.pk):
            second = submit_response(response=started, actor=SYSTEM, now=now)
    finally:
        response_submitted.disconnect(hear)
    assert heard == [started.pk]
    assert first.receipt_number == second.receipt_number
    assert first.submitted_at == now


def test_nothing_is_sent_while_a_page_is_open(started: Response, tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk), pytest.raises(Incomplete, match="contact"):
        submit_response(response=started, actor=SYSTEM, now=now)


def test_no_page_is_saved_out_of_turn(started: Response, tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        for page in ("work", "no_such_page"):
            with pytest.raises(OffRoute):
                save_page(response=started, page_id=page, answers={}, now=now)


def test_a_page_no_longer_on_the_route_is_not_sent(started: Response, tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        fill(started, now)
        japanese = {"nationality": "JP", "country_of_residence": "JP"}
        save_page(response=started, page_id="residence", answers=japanese, now=now, is_confirmed=True)
        sent = submit_response(response=started, actor=SYSTEM, now=now)
    assert "residence_expires_on" not in sent.answers
    assert sent.confirmed_pages == ["residence"]


@pytest.mark.parametrize("end", ["sent", "cancelled"])
def test_a_closed_response_takes_no_more(started: Response, tenant: Tenant, now: datetime, end: str) -> None:
    with tenant_scope(tenant.pk):
        if end == "sent":
            fill(started, now)
            submit_response(response=started, actor=SYSTEM, now=now)
        else:
            cancel_responses(references=[started.reference], actor=SYSTEM, now=now)
        with pytest.raises(ResponseClosed):
            save_page(response=started, page_id="contact", answers=ANSWERS["contact"], now=now)


def test_an_answer_that_was_sent_cannot_be_withdrawn(started: Response, tenant: Tenant, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        fill(started, now)
        submit_response(response=started, actor=SYSTEM, now=now)
        assert cancel_responses(references=[started.reference], actor=SYSTEM, now=now) == []


def test_the_audit_trail_holds_no_answer(started: Response, tenant: Tenant, now: datetime) -> None:
    """P1: page names and counts only."""
    with tenant_scope(tenant.pk):
        fill(started, now)
        submit_response(response=started, actor=SYSTEM, now=now)
        acts = " ".join(event.payload for event in AuditEvent.objects.filter(kind="ACT"))
        rows = " ".join(event.payload for event in AuditEvent.objects.filter(kind="ROW"))
    assert "contact" in acts
    for value in ("山田", "東京都", "090", "5678", "2028"):
        assert value not in acts
    # Hashes and identifiers hold any digits.
    assert "sha256:" in rows
    for value in ("山田", "東京都"):
        assert value not in rows


def test_a_slip_in_a_receipt_number_is_noticed() -> None:
    for _ in range(50):
        number = new_receipt_number()
        assert len(number) == 11
        assert check_digit(number) == "0"
        for place in range(11):
            wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
            assert check_digit(wrong) != "0"
        for place in range(10):
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            assert swapped == number or check_digit(swapped) != "0"
