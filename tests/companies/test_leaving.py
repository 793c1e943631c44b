"""Officers whom a certificate does not name: ended by the second person who compares it, and only if chosen."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import reverse

from audit.models import AuditEvent
from companies.certificates.models import RegistryCertificate
from companies.certificates.rules import ENDED
from companies.certificates.selectors import leaving_of
from companies.certificates.services import CertificateRefused, check_certificate
from customers.models import Customer, RelatedParty
from customers.related.selectors import earlier_of, related_to
from customers.related.services import end_party, enter_party
from tenants.models import User
from tests.companies.conftest import Agency, Weather, agency, weather
from tests.companies.test_certificates import actor, company_of_ours, transcribed
from tests.conftest import NOW, SYSTEM, SignIn, english

__all__ = ["Agency", "Weather", "agency", "company_of_ours", "weather"]
pytestmark = pytest.mark.usefixtures("in_tenant")


def officer_on_file(customer: Customer, name: str, *roles: str, holds: str = "") -> RelatedParty:
    details = {"name": name, "holds": [{"of": "", "share": holds}] if holds else []}
    return enter_party(
        customer=customer, kind="PERSON", roles=roles or ["OFFICER"], details=details, actor=SYSTEM, now=NOW
    )


def check(certificate: RegistryCertificate, by: User, *end: RelatedParty, **given: Any) -> list[str]:
    assert certificate.transcribed_at is not None
    return check_certificate(
        certificate_id=certificate.pk,
        seen_at=certificate.transcribed_at.isoformat(),
        take=given.get("take", []),
        end=[one.pk for one in end],
        actor=actor(by),
        now=NOW,
    )


def names(customer: Customer) -> dict[str, list[str]]:
    with transaction.atomic():
        return {one.name: list(one.row.roles) for one in related_to(customer)}


def test_who_is_chosen_ends_and_who_is_not_stays(company_of_ours: Customer, officer: User, approver: User) -> None:
    gone = officer_on_file(company_of_ours, "鈴木 三郎")
    officer_on_file(company_of_ours, "田中 四郎")
    officer_on_file(company_of_ours, "佐藤　花子")
    certificate = transcribed(company_of_ours, officer)
    with transaction.atomic():
        assert {one.name for one in leaving_of(company_of_ours, certificate)} == {"鈴木 三郎", "田中 四郎"}
    assert ENDED in check(certificate, approver, gone)
    assert set(names(company_of_ours)) == {"田中 四郎", "佐藤　花子"}
    with transaction.atomic():
        assert [one.name for one in earlier_of(company_of_ours)] == ["鈴木 三郎"], "what was known stays"
        assert RegistryCertificate.objects.get().taken == [ENDED]
        act = AuditEvent.objects.get(event="customer.related_ended")
        assert (act.actor_id, "鈴木" in str(act.data)) == (str(approver.pk), False)


def test_a_shareholder_remains_one(company_of_ours: Customer, officer: User, approver: User) -> None:
    gone = officer_on_file(company_of_ours, "鈴木 三郎", "HOLDER", "OFFICER", holds="40")
    check(transcribed(company_of_ours, officer), approver, gone)
    assert names(company_of_ours) == {"鈴木 三郎": ["HOLDER"]}
    with transaction.atomic():
        (one,) = related_to(company_of_ours)
        assert one.row.party == gone.party, "the same person, of whom more is known"
        assert one.row.details["holds"] == [{"of": "", "share": "40"}]


def test_nobody_else_can_be_ended_that_way(company_of_ours: Customer, officer: User, approver: User) -> None:
    """Who is on the paper, who is no officer, and whom the form invents."""
    on_paper = officer_on_file(company_of_ours, "佐藤 花子")
    holder = officer_on_file(company_of_ours, "株主 五郎", "HOLDER", holds="60")
    check(transcribed(company_of_ours, officer), approver, on_paper, holder, RelatedParty(pk=uuid4()))
    assert set(names(company_of_ours)) == {"佐藤 花子", "株主 五郎"}


def test_a_paper_without_officers_ends_nobody(company_of_ours: Customer, officer: User, approver: User) -> None:
    on_file = officer_on_file(company_of_ours, "鈴木 三郎")
    check(transcribed(company_of_ours, officer, officers=[]), approver, on_file)
    assert set(names(company_of_ours)) == {"鈴木 三郎"}


def test_whoever_transcribed_ends_nobody(company_of_ours: Customer, officer: User) -> None:
    gone = officer_on_file(company_of_ours, "鈴木 三郎")
    certificate = transcribed(company_of_ours, officer)
    with pytest.raises(CertificateRefused):
        check(certificate, officer, gone)
    assert set(names(company_of_ours)) == {"鈴木 三郎"}


def test_who_was_ended_meanwhile_is_left_alone(company_of_ours: Customer, officer: User, approver: User) -> None:
    gone = officer_on_file(company_of_ours, "鈴木 三郎")
    certificate = transcribed(company_of_ours, officer)
    end_party(customer=company_of_ours, row_id=gone.pk, actor=SYSTEM, now=NOW)
    assert ENDED not in check(certificate, approver, gone)
    with transaction.atomic():
        assert RegistryCertificate.objects.get().status == "CHECKED"


def test_the_page_offers_it_to_the_second_person_alone(
    company_of_ours: Customer, officer: User, approver: User, staff_client: SignIn
) -> None:
    gone = officer_on_file(company_of_ours, "鈴木 三郎", "HOLDER", "OFFICER", holds="40")
    certificate = transcribed(company_of_ours, officer)
    page, box = reverse("certificate", args=[certificate.pk]), f'name="end" value="{gone.pk}"'
    assert box not in staff_client(english(officer)).get(page).content.decode()
    client = staff_client(english(approver))
    shown = client.get(page).content.decode()
    assert box in shown
    assert "Remains: Holder of votes or rights" in shown
    assert certificate.transcribed_at is not None
    sent = {"seen_at": certificate.transcribed_at.isoformat(), "end": [str(gone.pk)]}
    address = reverse("certificate-check", args=[certificate.pk])
    assert client.post(address, {**sent, "end": ["somebody"]}).status_code == 422
    assert client.post(address, sent).status_code == 302
    assert names(company_of_ours) == {"鈴木 三郎": ["HOLDER"]}
    assert box not in client.get(page).content.decode()
