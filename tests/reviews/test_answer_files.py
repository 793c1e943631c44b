"""F4: the photographs that customers handed in, on the page of their case: who sees them, and that it is on record."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from questionnaires.files.models import AnswerFile
from reviews.models import Case
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser, SignIn
from tests.portal.journey import prove
from tests.portal.papers import picture, send
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import Sent, plan_review, send_link
from tests.uploads.hostile import card, opened, written

PAPERS = document(
    page("papers", question("card", "file", sides=["front"]), question("letter", "file", sensitivity="sensitive")),
    page("last", question("handles_cash", "yes_no", maps_to="handles_cash", required=True)),
)


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def sent(tenant: Tenant, now: datetime, settings: Settings) -> Sent:
    """A customer who handed in a card, and a letter that is nobody's business without a reason."""
    settings.UPLOAD_SCAN = "off"
    asked = send_link(tenant, now=now, document=PAPERS)
    plan_review(tenant, asked, now=now)
    customer = Client()
    assert prove(customer, asked).status_code == 302
    letter = picture(written(card(blur=1), "JPEG"))
    send(customer, action="continue", **{"card-front": picture(), "letter": letter})
    send(customer, "last", "continue", handles_cash="yes")
    assert customer.post("/r/answer/check/", {"action": "submit"}).status_code == 302
    return asked


def files_of(sent: Sent) -> tuple[Case, dict[str, UUID]]:
    with tenant_scope(sent.tenant.pk):
        return Case.objects.get(), dict(AnswerFile.objects.values_list("question", "upload"))


def test_a_picture_is_shown_with_its_answer_and_seeing_it_is_on_record(
    sent: Sent, officer: User, staff_client: SignIn
) -> None:
    case, files = files_of(sent)
    client = staff_client(officer)
    address = reverse("case-answer-file", args=[case.pk, files["card"]])
    shown = client.get(reverse("case", args=[case.pk])).content.decode()
    assert address in shown
    response = client.get(address)
    assert (response.status_code, opened(response.content).format) == (200, "JPEG")
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    with tenant_scope(sent.tenant.pk):
        seen = AuditEvent.objects.get(event="upload.viewed")
    assert (seen.actor_id, seen.target_id) == (str(officer.pk), str(files["card"]))


def test_one_of_a_sensitive_answer_is_covered_until_a_reason_is_given(
    sent: Sent, tenant: Tenant, make_user: MakeUser, staff_client: SignIn
) -> None:
    case, files = files_of(sent)
    client = staff_client(make_user(tenant, Role.OFFICER, "another"))
    address = reverse("case-answer-file", args=[case.pk, files["letter"]])
    assert client.get(address).status_code == 404, "no reason was given"
    assert client.get(reverse("case-answer-file", args=[case.pk, files["card"]])).status_code == 200, "control"


def test_neither_another_institution_nor_a_guessed_id_shows_anything(
    sent: Sent, other_tenant: Tenant, make_user: MakeUser, officer: User, staff_client: SignIn
) -> None:
    case, files = files_of(sent)
    address = reverse("case-answer-file", args=[case.pk, files["card"]])
    assert staff_client(make_user(other_tenant, Role.OFFICER, "stranger")).get(address).status_code == 404
    mine = staff_client(officer)
    assert mine.get(reverse("case-answer-file", args=[case.pk, uuid4()])).status_code == 404
    assert mine.get(address).status_code == 200, "control"
