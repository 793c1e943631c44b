"""Registry certificates: ordered, pictured, transcribed, checked by another person, and taken over with the source."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from audit.services import Actor
from companies.certificates.forms import TranscriptionForm
from companies.certificates.models import RegistryCertificate
from companies.certificates.rules import (
    Officer,
    compare_facts,
    compare_officers,
    good_until,
    read_capital,
    read_company_number,
    read_officers,
)
from companies.certificates.services import (
    CertificateRefused,
    attach_paper,
    cancel_certificate,
    check_certificate,
    request_certificate,
    return_certificate,
    transcribe_certificate,
)
from customers.destroying import destroy_customers
from customers.merging.obstacles import obstacles_of
from customers.models import AttributeChange, Customer
from customers.parsing import Invalid
from customers.related.selectors import related_to
from customers.selectors import facts_of
from tenants.models import Role, Tenant, User
from tests.companies.conftest import Agency, Make, Weather, agency, number_of, weather
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english
from tests.uploads.hostile import photograph
from uploads.models import Upload
from uploads.services import examine_waiting

__all__ = ["Agency", "Weather", "agency", "weather"]
TODAY = NOW.date()
PAPER: dict[str, Any] = {
    "name": "株式会社うみかぜ",
    "corporate_number": number_of(1),
    "address": "東京都千代田区大手町九丁目1番1号",
    "postal_code": "1000004",
    "representative": "山田 次郎",
    "officers": [["代表取締役", "山田 次郎"], ["取締役", "佐藤 花子"]],
    "business": "1. 海産物の加工\n2. 前号に附帯する一切の業務",
    "capital": 10_000_000,
    "established_on": "2008-04-01",
    "number": "整-12345",
}
TYPED = {
    "kind": "FULL",
    "issued_on": "2026-11-10",
    "number": "整-12345",
    "corporate_number": number_of(1)[1:],
    "name": "株式会社うみかぜ",
    "address": "東京都千代田区大手町9-1-1",
    "postal_code": "100-0004",
    "representative": "山田 次郎",
    "officers": "代表取締役　山田 次郎\n取締役 佐藤 花子",
    "business": "海産物の加工",
    "capital": "金1,000万円",
    "established_on": "平成20年4月1日",
}


def actor(user: User) -> Actor:
    return Actor.user(user.pk)


@pytest.fixture
def company_of_ours(customer_of: Make, settings: Settings) -> Customer:
    settings.UPLOAD_SCAN = "off"
    pk = customer_of(corporate_number=number_of(1), name="㈱うみかぜ", representative="山田 太郎")
    with transaction.atomic():
        found: Customer = Customer.objects.get(pk=pk)
    return found


def ordered(customer: Customer, by: User, **given: Any) -> RegistryCertificate:
    values: dict[str, Any] = {
        "origin": "HAND",
        "reference": None,
        "why": "代表者の変更",
        "assigned_to": by.pk,
        "due_on": TODAY,
        **given,
    }
    return request_certificate(customer=customer, **values, actor=actor(by), now=NOW)


def pictured(certificate: RegistryCertificate, by: User) -> None:
    attach_paper(certificate_id=certificate.pk, file=BytesIO(photograph()), name="p1.jpg", actor=actor(by), now=NOW)
    assert examine_waiting(actor=SYSTEM, now=NOW) == 1


def transcribed(customer: Customer, by: User, **said: Any) -> RegistryCertificate:
    certificate = ordered(customer, by)
    pictured(certificate, by)
    return transcribe_certificate(
        certificate_id=certificate.pk,
        kind="FULL",
        issued_on=date(2026, 11, 10),
        said={**PAPER, **said},
        actor=actor(by),
        now=NOW,
    )


def check(certificate: RegistryCertificate, by: User, *take: str, seen_at: str | None = None) -> list[str]:
    assert certificate.transcribed_at is not None
    seen = seen_at or certificate.transcribed_at.isoformat()
    return check_certificate(certificate_id=certificate.pk, seen_at=seen, take=take, actor=actor(by), now=NOW)


@transaction.atomic
def as_it_is(certificate: RegistryCertificate) -> RegistryCertificate:
    found: RegistryCertificate = RegistryCertificate.objects.get(pk=certificate.pk)
    return found


@transaction.atomic
def facts(customer: Customer) -> dict[str, Any]:
    return facts_of(Customer.objects.get(pk=customer.pk))


@pytest.mark.parametrize(
    ("issued", "until"),
    [
        (date(2026, 11, 10), date(2027, 2, 10)),
        (date(2026, 11, 30), date(2027, 2, 28)),
        (date(2026, 12, 31), date(2027, 3, 31)),
    ],
)
def test_a_certificate_is_recent_for_three_months(issued: date, until: date) -> None:
    """民法 §143: the last day of a month that has no such day."""
    assert good_until(issued) == until


def test_the_twelve_digits_of_the_paper_get_their_check_digit() -> None:
    for number in ("7000012050002", "1010001012570", "5010401067252", "6120001039879"):
        assert read_company_number(f"{number[1:5]}-{number[5:7]}-{number[7:]}") == number
        assert read_company_number(number) == number
    with pytest.raises(Invalid):
        read_company_number("1000012050002")


@pytest.mark.parametrize(
    ("printed", "yen"),
    [
        ("金１，０００万円", 10_000_000),
        ("金1億2,345万6,789円", 123_456_789),
        ("金3億円", 300_000_000),
        ("￥1,000,000", 1_000_000),
        ("金500,000円", 500_000),
        ("", None),
    ],
)
def test_the_capital_is_read_as_certificates_print_it(printed: str, yen: int | None) -> None:
    assert read_capital(printed) == yen


def test_officers_are_read_a_line_each_and_compared_by_name() -> None:
    paper = read_officers("代表取締役　山田 次郎\n\n取締役 山田 次郎\n監査役 髙橋 一")
    assert paper == [Officer("代表取締役", "山田 次郎"), Officer("取締役", "山田 次郎"), Officer("監査役", "髙橋 一")]
    assert [one.represents for one in paper] == [True, False, False]
    found = compare_officers(["高橋一", "鈴木 三郎"], paper)
    assert (found.both, found.only_file) == ((Officer("監査役", "髙橋 一"),), ("鈴木 三郎",))
    assert found.only_paper == (Officer("代表取締役", "山田 次郎"),)
    with pytest.raises(Invalid):
        read_officers("山田次郎")


def test_what_the_file_says_in_its_own_way_agrees() -> None:
    on_file = {
        "name": "㈱うみかぜ",
        "capital": 10_000_000,
        "representative": "山田次郎",
        "address": "東京都港区芝１丁目",
    }
    lines = {line.key: line.is_same for line in compare_facts(on_file, {**PAPER, "address": "東京都港区芝1-2"})}
    assert lines == {
        "name": True, "corporate_number": False, "address": False, "representative": True, "established_on": False,
        "capital": True,
    }  # fmt: skip


def test_a_second_person_takes_differences_over_with_the_register_as_the_source(
    in_tenant: Tenant, officer: User, approver: User, company_of_ours: Customer
) -> None:
    certificate = transcribed(company_of_ours, officer)
    with transaction.atomic():
        Customer.objects.update(is_rating_due=False)
    changed = check(certificate, approver, "representative", "address", "capital", "established_on", "officers", "name")
    assert sorted(changed) == ["address", "capital", "established_on", "postal_code", "representative"]
    now = facts(company_of_ours)
    assert (now["name"], now["representative"], now["capital"]) == ("㈱うみかぜ", "山田 次郎", 10_000_000)
    assert (now["postal_code"], now["established_on"]) == ("1000004", "2008-04-01")
    with transaction.atomic():
        rows = list(AttributeChange.objects.all())
        assert {(row.source, row.source_reference) for row in rows} == {("REGISTRY", certificate.pk)}
        assert Customer.objects.get(pk=company_of_ours.pk).is_rating_due
        entered = {one.name: one.row.roles for one in related_to(company_of_ours)}
    assert entered == {"山田 次郎": ["REPRESENTATIVE"], "佐藤 花子": ["OFFICER"]}
    done = as_it_is(certificate)
    assert (done.status, done.checked_by) == ("CHECKED", approver.pk)
    assert done.taken == ["address", "representative", "established_on", "capital", "officers"]


def test_what_is_not_ticked_stays_and_the_address_goes_with_its_old_code(
    in_tenant: Tenant, officer: User, approver: User, company_of_ours: Customer
) -> None:
    certificate = transcribed(company_of_ours, officer, postal_code="")
    assert sorted(check(certificate, approver, "address")) == ["address", "postal_code"]
    now = facts(company_of_ours)
    assert now["representative"] == "山田 太郎"
    assert not now.get("postal_code")


def test_whoever_transcribed_cannot_check_under_any_account(
    in_tenant: Tenant, officer: User, company_of_ours: Customer, make_user: MakeUser, superuser: psycopg.Connection
) -> None:
    """Case A3: the same person's second account; the table refuses it, too; the control is another person."""
    number = superuser.execute(
        "SELECT staff_number FROM tenants_membership WHERE user_id = %s", [officer.pk]
    ).fetchone()
    assert number
    second = make_user(in_tenant, Role.APPROVER, "second", staff_number=number[0])
    certificate = transcribed(company_of_ours, officer)
    with pytest.raises(CertificateRefused):
        check(certificate, second, "representative")
    with pytest.raises(psycopg.errors.CheckViolation):
        superuser.execute(
            "UPDATE companies_registrycertificate SET checked_by = 99, checked_person = transcribed_person"
        )
    check(certificate, make_user(in_tenant, Role.APPROVER, "third"), "representative")
    assert as_it_is(certificate).status == "CHECKED"


def test_each_step_waits_for_the_one_before(
    in_tenant: Tenant, officer: User, approver: User, company_of_ours: Customer
) -> None:
    certificate = ordered(company_of_ours, officer)
    with pytest.raises(CertificateRefused):
        ordered(company_of_ours, officer)
    said: dict[str, Any] = {"certificate_id": certificate.pk, "kind": "FULL", "said": PAPER, "actor": actor(officer)}
    with pytest.raises(CertificateRefused):  # no picture
        transcribe_certificate(**said, issued_on=TODAY, now=NOW)
    pictured(certificate, officer)
    with pytest.raises(CertificateRefused):
        transcribe_certificate(**said, issued_on=date(2099, 1, 1), now=NOW)
    first = transcribe_certificate(**said, issued_on=TODAY, now=NOW)
    with pytest.raises(CertificateRefused):
        return_certificate(certificate_id=certificate.pk, reason=" ", actor=actor(approver), now=NOW)
    return_certificate(certificate_id=certificate.pk, reason="役員が足りません", actor=actor(approver), now=NOW)
    with pytest.raises(CertificateRefused):
        check(first, approver)
    again = transcribe_certificate(**said, issued_on=TODAY, now=NOW.replace(hour=5))
    with pytest.raises(CertificateRefused):  # looked at the first one
        check(again, approver, seen_at=first.transcribed_at.isoformat() if first.transcribed_at else "")
    check(again, approver)
    with pytest.raises(CertificateRefused):
        cancel_certificate(certificate_id=certificate.pk, reason="x", actor=actor(officer), now=NOW)
    assert facts(company_of_ours)["representative"] == "山田 太郎", "nothing was ticked"


def test_a_paper_that_was_not_found_clean_proves_nothing(
    in_tenant: Tenant, officer: User, approver: User, company_of_ours: Customer
) -> None:
    certificate = transcribed(company_of_ours, officer)
    with transaction.atomic():
        Upload.objects.update(status="PENDING")
    with pytest.raises(CertificateRefused):
        check(certificate, approver, "representative")


def test_an_open_certificate_stands_in_the_way_of_merging_and_goes_with_the_customer(
    in_tenant: Tenant, officer: User, approver: User, company_of_ours: Customer
) -> None:
    certificate = transcribed(company_of_ours, officer)
    with transaction.atomic():
        assert len(obstacles_of(company_of_ours, now=NOW)) == 1
    check(certificate, approver)
    with transaction.atomic():
        assert obstacles_of(company_of_ours, now=NOW) == []
        assert Upload.objects.count() == 1, "control"
        destroy_customers([company_of_ours.pk], actor=SYSTEM, now=NOW)
        assert not Upload.objects.exists()
        assert not RegistryCertificate.objects.exists()


def test_what_is_typed_is_read_as_the_file_keeps_it() -> None:
    form = TranscriptionForm(TYPED)
    assert form.is_valid(), form.errors
    assert form.said["corporate_number"] == number_of(1)
    assert (form.said["capital"], form.said["established_on"]) == (10_000_000, "2008-04-01")
    assert form.said["officers"] == [["代表取締役", "山田 次郎"], ["取締役", "佐藤 花子"]]
    wrong = TranscriptionForm({**TYPED, "corporate_number": "123", "officers": "山田", "capital": "多い"})
    assert set(wrong.errors) == {"corporate_number", "officers", "capital"}


def page(client: Client, name: str, *ids: UUID) -> str:
    response = client.get(reverse(name, args=ids))
    assert response.status_code == 200
    return response.content.decode()


def test_the_whole_way_by_the_pages(
    in_tenant: Tenant, officer: User, approver: User, auditor: User, company_of_ours: Customer, staff_client: SignIn
) -> None:
    client, second = staff_client(english(officer)), staff_client(english(approver))
    asked = {"assigned_to": officer.pk, "due_on": "2099-01-31", "why": "代表者の変更"}
    news = "01930000-0000-7000-8000-000000000000"
    url = f"{reverse('certificate-order', args=[company_of_ours.pk])}?from=NEWS&ref={news}"
    answer = client.post(url, {**asked, "due_on": "2020-01-01"})
    assert answer.status_code == 422
    assert client.post(url, asked).status_code == 302
    with transaction.atomic():
        one = RegistryCertificate.objects.get()
    assert (one.origin, str(one.reference)) == ("NEWS", news)
    assert reverse("certificate", args=[one.pk]) in page(client, "certificates")
    early = client.get(reverse("certificate-transcribe", args=[one.pk]))
    assert early.status_code == 302, "nothing is typed that could not be saved"
    picture = SimpleUploadedFile("p.jpg", photograph(), content_type="image/jpeg")
    assert client.post(reverse("certificate-paper-add", args=[one.pk]), {"file": picture}).status_code == 302
    examine_waiting(actor=SYSTEM, now=NOW.replace(year=2099))
    sent = client.post(reverse("certificate-transcribe", args=[one.pk]), {**TYPED, "name": ""})
    assert sent.status_code == 422
    sent = client.post(reverse("certificate-transcribe", args=[one.pk]), TYPED)
    assert sent.status_code == 302
    own = page(client, "certificate", one.pk)
    assert "You transcribed this yourself" in own
    assert 'name="take"' not in own
    shown = page(second, "certificate", one.pk)
    assert 'value="representative" checked' in shown
    assert "山田 次郎" in shown
    masked = page(staff_client(english(auditor)), "certificate", one.pk)
    assert "山田 次郎" not in masked
    assert "佐藤 花子" not in masked
    with transaction.atomic():
        paper = Upload.objects.get()
    served = second.get(reverse("certificate-paper", args=[one.pk, paper.pk]))
    assert (served.status_code, served["Content-Type"]) == (200, "image/jpeg")
    refused = staff_client(auditor).get(reverse("certificate-paper", args=[one.pk, paper.pk]))
    assert refused.status_code == 403
    seen = as_it_is(one).transcribed_at
    assert seen
    done = second.post(
        reverse("certificate-check", args=[one.pk]), {"seen_at": seen.isoformat(), "take": ["representative"]}
    )
    assert done.status_code == 302
    assert facts(company_of_ours)["representative"] == "山田 次郎"
    assert "Compared and checked" in page(client, "customer-certificates", company_of_ours.pk)
    assert reverse("certificate", args=[one.pk]) in page(client, "customer", company_of_ours.pk)
    assert "checked a registry certificate" in page(client, "customer-timeline", company_of_ours.pk)


def test_another_branch_sees_none_of_it(
    in_tenant: Tenant, officer: User, branch_staff: User, company_of_ours: Customer, staff_client: SignIn
) -> None:
    one = ordered(company_of_ours, officer)
    client = staff_client(branch_staff)
    assert client.get(reverse("certificate", args=[one.pk])).status_code == 404
    with transaction.atomic():
        Customer.objects.update(branch_code="012")
    assert client.get(reverse("certificate", args=[one.pk])).status_code == 200, "control"
