"""Pictures of papers about owners: sealed, checked, opened on the record, and destroyed with the customer."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.transitions import transition
from customers.destroying import destroy_customers
from customers.models import Customer, OwnerPaper
from customers.related.services import take_paper
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM, SignIn, english
from tests.customers.related.behind import behind, company
from tests.uploads.hostile import photograph
from uploads.models import Upload


def paper_of(customer: Customer) -> OwnerPaper:
    owner = behind(customer, "相川　一郎", share="60")
    details = {"office": "東京法務局", "number": "1", "parties": [str(owner.party)]}
    days = {"as_of_on": date(2026, 11, 20), "filed_on": date(2026, 11, 21)}
    return take_paper(customer=customer, kind="DECLARATION", details=details, actor=SYSTEM, now=NOW, **days)


def add(client: Client, paper: OwnerPaper, content: bytes) -> Any:
    address = reverse("customer-owner-paper-scan-add", args=[paper.customer_id, paper.pk])
    return client.post(address, {"file": SimpleUploadedFile("申告書.jpg", content)})


def test_a_scan_is_added_checked_and_opened_on_the_record(
    in_tenant: Tenant, officer: User, contractor: User, staff_client: SignIn
) -> None:
    paper, client = paper_of(company()), staff_client(english(officer))
    overview = reverse("customer-related", args=[paper.customer_id])
    assert "Add a picture" in client.get(overview).content.decode()
    assert add(client, paper, photograph()).status_code == 302
    with transaction.atomic():
        upload = Upload.objects.get()
    address = reverse("customer-owner-paper-scan", args=[paper.customer_id, paper.pk, upload.pk])
    assert client.get(address).status_code == 404, "not before it was checked"
    with transaction.atomic():
        transition(upload, "CLEAN", actor=SYSTEM, at=NOW, body=b"made anew")
    shown = client.get(reverse("customer-owner-paper-scans", args=[paper.customer_id, paper.pk])).content.decode()
    assert address in shown
    assert "申告書" not in shown, "names of files may tell something"
    assert client.get(address).content == b"made anew"
    assert "1 picture" in client.get(overview).content.decode()
    assert staff_client(contractor).get(address).status_code in (403, 404)
    with transaction.atomic():
        views = AuditEvent.objects.filter(event="upload.viewed", target_id=str(upload.pk))
        assert [view.actor_id for view in views] == [str(officer.pk)]
    timeline = client.get(reverse("customer-timeline", args=[paper.customer_id]), {"topic": "file"})
    assert overview in {line.url for line in timeline.context["lines"]}
    elsewhere = paper_of(company("C-2"))
    wrong = reverse("customer-owner-paper-scan", args=[elsewhere.customer_id, elsewhere.pk, upload.pk])
    assert client.get(wrong).status_code == 404


def test_what_is_no_picture_is_explained(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    paper = paper_of(company())
    refused = add(staff_client(english(officer)), paper, b"<svg/>")
    assert refused.status_code == 422
    with transaction.atomic():
        assert not Upload.objects.exists()


def test_scans_go_with_their_customer(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    paper = paper_of(company())
    assert add(staff_client(english(officer)), paper, photograph()).status_code == 302
    with transaction.atomic():
        destroy_customers([paper.customer_id], actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert not Upload.objects.exists()
