"""What becomes of a customer's link once a guardian acts for them, and where the guardian is written to."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import transaction

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.arithmetic import check_sums
from channels.models import DeliveryAttempt, Notice
from customers.flags.selectors import guardians_of
from customers.models import Customer
from customers.related.forms import PartyForm
from customers.related.services import enter_party
from portal.entering.numbered import identify
from questionnaires.links import LinkClosed, LinkState, WrongFactor, find_link, prove, state_of
from questionnaires.models import AccessLink, Response
from questionnaires.proving import Factors
from questionnaires.services import Incomplete, submit_response
from tenants.models import Tenant, User
from tests.campaigns.acting import PROFILE, answer, attempts_of, enter, notified, review_of, settle_attempt
from tests.campaigns.test_flags import has_guardian, tasks_of
from tests.campaigns.test_waiting import typed
from tests.conftest import NOW, SYSTEM
from tests.customers.flags.raising import flag

TODAY = NOW.date()
WHOLE = {"name": "後見　花子", "postal_code": "5300001", "address": "大阪府大阪市北区梅田1丁目1-1"}


@transaction.atomic
def link_by(customer: Customer, channel: str) -> AccessLink:
    said = DeliveryAttempt.objects.get(notice__customer=customer, channel=channel).snapshot
    link = find_link(str(said["link"]).strip("/").rsplit("/", 1)[-1])
    assert link is not None
    return link


@transaction.atomic
def response_of(customer: Customer) -> Response:
    found: Response = Response.objects.get(customer=customer)
    return found


def test_the_wards_link_ends_and_the_guardian_is_asked_instead(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    assert state_of(link_by(customer, "LINE"), NOW) is LinkState.OPEN
    has_guardian(customer)
    flag(customer, "GUARDIAN", officer)
    assert attempts_of(customer) == {"LINE": "ACCEPTED", "POST": "QUEUED"}
    assert (review_of(customer).status, review_of(customer).channel) == ("NOTIFIED", "POST")
    wards, guardians = link_by(customer, "LINE"), link_by(customer, "POST")
    assert (state_of(wards, NOW), state_of(guardians, NOW)) == (LinkState.EXPIRED, LinkState.OPEN)
    known = Factors(str(PROFILE["account_number"])[-4:], date.fromisoformat(str(PROFILE["birth_on"])))
    with pytest.raises(LinkClosed) as closed:
        prove(link=wards, factors=known, facts=PROFILE, now=NOW)
    assert closed.value.state is LinkState.EXPIRED
    with transaction.atomic():
        assert AuditEvent.objects.filter(event="link.ended", target_id=str(wards.pk)).count() == 1
        assert [one.astray for one in check_sums()] == [0]


def test_what_the_ward_has_begun_is_forgotten_and_cannot_be_sent_off(
    bank: Tenant, officer: User, approver: User
) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    response = typed(customer)
    with transaction.atomic():
        AccessLink.objects.filter(response=response).update(proved_at=NOW)
    has_guardian(customer)
    flag(customer, "GUARDIAN", officer)
    assert link_by(customer, "LINE").proved_at is None, "the visit is over"
    assert (response_of(customer).status, response_of(customer).answers) == ("STARTED", {})
    with pytest.raises(Incomplete):
        submit_response(response=response, actor=Actor.customer(customer.pk), now=NOW)


def test_what_the_ward_has_sent_off_goes_its_way(bank: Tenant, officer: User, approver: User) -> None:
    customer = enter(1)
    notified(officer, approver)
    settle_attempt(customer, "LINE", is_failure=False)
    answer(customer)
    has_guardian(customer)
    flag(customer, "GUARDIAN", officer)
    assert (response_of(customer).status, attempts_of(customer)) == ("SUBMITTED", {"LINE": "ACCEPTED"})
    assert link_by(customer, "LINE").expires_at > NOW


def test_a_ward_who_was_written_to_has_the_guardian_called(bank: Tenant, officer: User, approver: User) -> None:
    """The campaign has written once; who the guardian is, a person finds out and then writes by hand."""
    customer = enter(1, contacts=("POST", "PHONE"))
    notified(officer, approver)
    for channel, fails in (("SMS", True), ("POST", False)):
        settle_attempt(customer, channel, is_failure=fails)
    has_guardian(customer)
    flag(customer, "GUARDIAN", officer)
    assert tasks_of(customer) == [("TELEPHONE", "OPEN")]
    assert state_of(link_by(customer, "POST"), NOW) is LinkState.EXPIRED


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        pytest.param(WHOLE, ("5300001", "大阪府大阪市北区梅田1丁目1-1"), id="in fields of their own"),
        pytest.param(
            {**WHOLE, "postal_code": "", "address": "〒530-0001 大阪府大阪市北区梅田1丁目1-1"},
            ("5300001", "大阪府大阪市北区梅田1丁目1-1"),
            id="in one, as before",
        ),
        pytest.param({**WHOLE, "postal_code": ""}, None, id="unknown"),
        pytest.param({**WHOLE, "address": ""}, None, id="no address"),
    ],
)
def test_a_guardian_is_written_to_by_parts(
    bank: Tenant, details: dict[str, str], expected: tuple[str, str] | None
) -> None:
    customer = enter(1)
    enter_party(customer=customer, kind="PERSON", roles=["GUARDIAN"], details=details, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        found = guardians_of([customer.pk]).get(customer.pk)
    assert (found and (found.postal_code, found.address)) == expected


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        pytest.param({}, [], id="whole"),
        pytest.param({"postal_code": "〒530-0001"}, [], id="as people write it"),
        pytest.param({"postal_code": ""}, ["postal_code"], id="missing"),
        pytest.param({"postal_code": "123"}, ["postal_code"], id="no code"),
        pytest.param({"postal_code": "0000000"}, ["postal_code"], id="Japan Post has none such"),
        pytest.param({"postal_code": "", "address": "〒5300001 大阪府大阪市北区"}, [], id="in the address"),
        pytest.param({"postal_code": "", "roles": ["AGENT"]}, [], id="nobody who is written to"),
    ],
)
def test_the_form_asks_for_the_guardians_postal_code(changes: dict[str, object], wrong: list[str]) -> None:
    form = PartyForm({**WHOLE, "roles": ["GUARDIAN"], **changes}, is_company=False, today=TODAY)
    assert list(form.errors) == wrong
    if not wrong and changes.get("postal_code", "given"):
        assert form.details["postal_code"] == "5300001"


def test_the_wards_number_opens_nothing_and_the_guardians_letter_asks_nobody_to_type_it(
    bank: Tenant, officer: User, approver: User
) -> None:
    """The number stays that of the notice, so that either can ask whether it is genuine."""
    customer = enter(1)
    notified(officer, approver)
    with transaction.atomic():
        number = Notice.objects.get(customer=customer).number
    said: dict[str, Any] = {"tenant": bank, "number": number, "kind": "INDIVIDUAL", "now": NOW}
    known = Factors(str(PROFILE["account_number"])[-4:], date.fromisoformat(str(PROFILE["birth_on"])))
    assert identify(factors=known, **said).link.response.customer_id == customer.pk, "control"
    settle_attempt(customer, "LINE", is_failure=False)
    has_guardian(customer)
    flag(customer, "GUARDIAN", officer)
    with pytest.raises(WrongFactor):
        identify(factors=known, **said)
    with transaction.atomic():
        letter = DeliveryAttempt.objects.get(notice__customer=customer, channel="POST").snapshot
    assert (letter["number"].replace("-", ""), letter["entry_page"]) == (number, "")
