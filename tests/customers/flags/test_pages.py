"""A customer's flags as staff of each kind see and use them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.services import Actor
from audit.transitions import transition
from customers.destroying import destroy_customers
from customers.flags.models import CustomerFlag, FlagLifting
from customers.flags.services import lift_flag
from customers.models import Customer
from outreach.services import make_task, take_task
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM, SignIn, english
from tests.customers.flags.raising import WHY, as_it_is, events_of, flag
from tests.customers.related.behind import individual
from tests.uploads.hostile import photograph
from uploads.models import Upload

FLAG = {"kind": "DECEASED", "reason": WHY, "from_on": "2026-11-20", "until_on": ""}


def page(client: Client, route: str, *arguments: object) -> str:
    answer = client.get(reverse(route, args=arguments))
    assert answer.status_code == 200
    return answer.content.decode()


def send(client: Client, route: str, *arguments: object, **data: Any) -> Any:
    return client.post(reverse(route, args=arguments), data)


@transaction.atomic
def the_lifting() -> FlagLifting:
    found: FlagLifting = FlagLifting.objects.get()
    return found


def test_a_flag_is_raised_and_shown_on_every_page_of_the_customer_without_its_reason(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client, customer = staff_client(english(officer)), individual()
    assert send(client, "customer-flag-new", customer.pk, **FLAG).status_code == 302
    for route in ("customer", "customer-timeline", "customer-related", "customer-flags"):
        shown = page(client, route, customer.pk)
        assert "Nobody asks anything any more." in shown
        assert "death certificate" not in shown


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": ""}, "Choose the flag."),
        ({"reason": " "}, "Write down why the flag is raised."),
        ({"from_on": "2099-01-01"}, "Enter a day that is not in the future."),
        ({"from_on": "x"}, "Enter a date, such as 2027-01-31."),
        ({"until_on": "2099-01-01"}, "This flag has no end."),
        ({"kind": "VULNERABLE", "until_on": "2020-01-01"}, "Enter a day that is not in the past."),
    ],
)
def test_what_cannot_be_is_explained_beside_its_field(
    in_tenant: Tenant, officer: User, staff_client: SignIn, wrong: dict[str, str], words: str
) -> None:
    client, customer = staff_client(english(officer)), individual()
    answer = send(client, "customer-flag-new", customer.pk, **{**FLAG, **wrong})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    with transaction.atomic():
        assert not CustomerFlag.objects.exists()


def test_a_reason_is_shown_once_to_whoever_may_and_is_on_the_record(
    in_tenant: Tenant, officer: User, approver: User, auditor: User, branch_staff: User, staff_client: SignIn
) -> None:
    customer = individual()
    with transaction.atomic():
        Customer.objects.filter(pk=customer.pk).update(branch_code="012")
    raised = flag(customer, "DECEASED", officer)
    for nobody in (auditor, branch_staff):
        assert send(staff_client(nobody), "customer-flag-reason", customer.pk, raised.pk).status_code == 403
    client = staff_client(approver)
    assert WHY in send(client, "customer-flag-reason", customer.pk, raised.pk).content.decode()
    assert WHY not in page(client, "customer-flags", customer.pk)
    assert events_of(raised) == ["customerflag.raised", "customerflag.reason_read"]


def test_a_flag_of_another_customer_is_not_found_under_this_one(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    raised, other = flag(individual(), "DECEASED", officer), individual("2")
    assert send(staff_client(officer), "customer-flag-reason", other.pk, raised.pk).status_code == 404


def test_two_people_lift_it_on_their_pages(
    in_tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    first, second = staff_client(english(officer)), staff_client(english(approver))
    customer = individual()
    raised = flag(customer, "LITIGATION", officer)
    assert send(first, "customer-flag-lift", customer.pk, raised.pk, reason="Settled").status_code == 302
    assert "You proposed this yourself." in page(first, "customer-flags", customer.pk)
    assert "Flags to be lifted" in page(second, "home")
    assert customer.number in page(second, "customer-flag-liftings")
    assert send(second, "customer-flag-lifting-approve", the_lifting().pk).status_code == 302
    assert as_it_is(raised).status == "LIFTED"
    again = send(second, "customer-flag-lifting-approve", the_lifting().pk)
    assert again.status_code == 422
    assert "Somebody else has dealt with this already." in again.content.decode()


def test_a_lifting_is_taken_back(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    customer = individual()
    raised = flag(customer, "LITIGATION", officer)
    lift_flag(flag=raised, reason="x", actor=Actor.user(officer.pk), now=NOW)
    assert send(staff_client(officer), "customer-flag-lifting-reject", the_lifting().pk).status_code == 302
    assert as_it_is(raised).status == "IN_FORCE"


def test_who_has_no_say_does_not_reject(in_tenant: Tenant, officer: User, auditor: User, staff_client: SignIn) -> None:
    lift_flag(flag=flag(individual(), "LITIGATION", officer), reason="x", actor=Actor.user(officer.pk), now=NOW)
    assert send(staff_client(auditor), "customer-flag-lifting-reject", the_lifting().pk).status_code == 422
    with transaction.atomic():
        assert the_lifting().status == "PROPOSED"


def test_branch_staff_flag_their_own_customers_only(
    in_tenant: Tenant, branch_staff: User, staff_client: SignIn
) -> None:
    own, other = individual(), individual("2")
    with transaction.atomic():
        Customer.objects.filter(pk=own.pk).update(branch_code="012")
    client = staff_client(branch_staff)
    assert send(client, "customer-flag-new", own.pk, **FLAG).status_code == 302
    assert send(client, "customer-flag-new", other.pk, **FLAG).status_code == 404
    with transaction.atomic():
        assert CustomerFlag.objects.get().customer_id == own.pk


def test_a_contractor_is_told_of_care_and_guardians_and_of_nothing_else(
    in_tenant: Tenant, officer: User, contractor: User, staff_client: SignIn
) -> None:
    """Tipping-off: whoever only calls does not learn of a lawsuit."""
    customer = individual()
    with transaction.atomic():
        task = make_task(customer=customer, kind="TELEPHONE", actor=Actor.user(officer.pk), now=NOW)
    take_task(task=task, actor=Actor.user(contractor.pk), now=NOW)
    flag(customer, "VULNERABLE", officer)
    client = staff_client(english(contractor))
    assert "Take time, use simple words" in page(client, "outreach-task", task.pk)
    flag(customer, "LITIGATION", officer)
    shown = page(client, "outreach-task", task.pk)
    assert "Contact nobody before" not in shown
    assert "Contact nobody before" in page(staff_client(english(officer)), "outreach-task", task.pk), "control"


def test_the_timeline_tells_of_flags_under_a_topic_of_their_own(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    customer = individual()
    raised = flag(customer, "LITIGATION", officer)
    lift_flag(flag=raised, reason="x", actor=Actor.user(officer.pk), now=NOW)
    shown = staff_client(english(officer)).get(reverse("customer-timeline", args=[customer.pk]), {"topic": "flags"})
    told = [line.text for line in shown.context["lines"]]
    assert len(told) == 2
    assert "proposed to lift a flag" in told[0]
    assert "put a flag on" in told[1]


def add(client: Client, raised: CustomerFlag, content: bytes) -> Any:
    file = SimpleUploadedFile("死亡診断書.jpg", content)
    return send(client, "customer-flag-evidence-add", raised.customer_id, raised.pk, file=file)


@transaction.atomic
def the_picture() -> Upload:
    found: Upload = Upload.objects.get()
    return found


def test_evidence_is_sealed_checked_and_opened_on_the_record(
    in_tenant: Tenant, officer: User, approver: User, auditor: User, staff_client: SignIn, superuser: psycopg.Connection
) -> None:
    """Names of files may tell something, so that the page counts them only."""
    raised = flag(individual(), "DECEASED", officer)
    assert add(staff_client(officer), raised, photograph()).status_code == 302
    upload = the_picture()
    address = reverse("customer-flag-picture", args=[raised.customer_id, raised.pk, upload.pk])
    client = staff_client(english(approver))
    assert client.get(address).status_code == 404, "not before it was checked"
    with transaction.atomic():
        transition(upload, "CLEAN", actor=SYSTEM, at=NOW, body=b"made anew")
    shown = page(client, "customer-flag-evidence", raised.customer_id, raised.pk)
    assert "Picture 1" in shown
    assert "診断書" not in shown
    assert client.get(address).content == b"made anew"
    assert staff_client(auditor).get(address).status_code == 403
    other = flag(individual("2"), "DECEASED", officer)
    wrong = reverse("customer-flag-picture", args=[other.customer_id, other.pk, upload.pk])
    assert client.get(wrong).status_code == 404
    with transaction.atomic():
        views = AuditEvent.objects.filter(event="upload.viewed", target_id=str(upload.pk))
        assert [view.actor_id for view in views] == [str(approver.pk)]
    timeline = client.get(reverse("customer-timeline", args=[raised.customer_id]), {"topic": "flags"})
    assert reverse("customer-flags", args=[raised.customer_id]) in {line.url for line in timeline.context["lines"]}
    with transaction.atomic():
        destroy_customers([raised.customer_id], actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert not Upload.objects.exists()


def test_what_is_no_picture_or_comes_too_late_is_explained(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    raised = flag(individual(), "VULNERABLE", officer)
    assert add(client, raised, b"<svg/>").status_code == 422
    lift_flag(flag=raised, reason="x", actor=Actor.user(officer.pk), now=NOW)
    late = add(client, raised, photograph())
    assert late.status_code == 422
    assert "This flag is not in force any more." in late.content.decode()
