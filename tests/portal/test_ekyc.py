"""After the answers: the identity check at the provider, there and back, and later."""

import time
from datetime import datetime
from typing import Any

import httpx
import pytest
from django.test import Client
from django.utils import timezone

from audit.services import Actor
from campaigns.models import PeriodicReview
from ekyc.models import Verification
from ekyc.registry import forget_providers
from ekyc.services import ensure_account, refresh_verification
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.conftest import Sandbox
from tests.portal.journey import end_of, page_of, post, prove, walk
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import Sent, plan_review, send_link


@pytest.fixture
def asked(tenant: Tenant, person: Sent, now: datetime) -> Sent:
    """A person whose tier demands an identity check."""
    plan_review(tenant, person, now=now, ekyc_method="jpki_signature")
    return person


def submit(customer: Client, sent: Sent) -> str:
    walk(customer, sent)
    return customer.post("/r/answer/check/", {"action": "submit"}).headers["Location"]


def test_an_identity_check_follows_the_answers(asked: Sent) -> None:
    customer = Client()
    assert submit(customer, asked) == "/r/answer/ekyc/"
    page = customer.get("/r/answer/ekyc/")
    assert page_of(page) == "ekyc"
    assert 'value="start"' in page.content.decode()
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https:" in policy


def test_a_provider_out_of_reach_is_a_sentence_and_not_an_error(asked: Sent) -> None:
    customer = Client()
    submit(customer, asked)
    page = customer.post("/r/answer/ekyc/", {"action": "start"})
    assert (page.status_code, page_of(page)) == (503, "ekyc")
    assert customer.get("/r/answer/done/").status_code == 200


def test_whoever_left_before_the_check_comes_back_by_the_same_link(asked: Sent) -> None:
    submit(Client(), asked)
    later = Client()
    assert page_of(later.get(f"/r/{asked.token}/")) == "landing"
    assert prove(later, asked).status_code == 302
    assert later.get("/r/answer/").headers["Location"] == "/r/answer/ekyc/"
    assert end_of(later.get("/r/answer/contact/")) == "answered"
    with tenant_scope(asked.tenant.pk):
        PeriodicReview.objects.update(status=PeriodicReview.Status.IN_REVIEW)  # the check is over
    assert end_of(prove(Client(), asked)) == "answered"


def test_wrong_answers_lock_an_answered_link_too(asked: Sent) -> None:
    submit(Client(), asked)
    for _ in range(4):
        assert prove(Client(), asked, last_digits="0000").status_code == 422
    assert end_of(prove(Client(), asked, last_digits="0000")) == "locked"
    assert end_of(prove(Client(), asked)) == "locked"


def register(sent: Sent, sandbox: Sandbox, now: datetime) -> None:
    """The bank's account with the simulated provider."""
    with tenant_scope(sent.tenant.pk):
        ensure_account(
            credentials={"token": "sandbox-ekyc-asanagi", "secret": "sandbox-ekyc-secret-asanagi"},
            options={"base_url": f"{sandbox.url}/ekyc"},
            actor=Actor.system("tests"),
            now=now,
        )


def test_the_customer_is_sent_to_the_provider_and_back(asked: Sent, sandbox: Sandbox, now: datetime) -> None:
    register(asked, sandbox, now)
    customer = Client()
    submit(customer, asked)
    leaving = customer.post("/r/answer/ekyc/", {"action": "start"})
    assert leaving.status_code == 302
    assert leaving.headers["Location"].startswith(sandbox.url)
    assert httpx.get(leaving.headers["Location"]).status_code == 200
    again = customer.post("/r/answer/ekyc/", {"action": "start"})
    assert again.headers["Location"] == leaving.headers["Location"]
    with tenant_scope(asked.tenant.pk):
        assert Verification.objects.count() == 1
    assert customer.get("/r/answer/ekyc/return/").headers["Location"] == "/r/answer/done/"
    assert page_of(customer.get("/r/answer/done/")) == "done"
    forget_providers()


MOVED = {"===": [{"var": "has_moved"}, True]}
CHECKED: dict[str, Any] = document(
    page("start", question("has_moved", "yes_no", required=True)),
    page("identity_step", question("identity_step", "ekyc", methods=["jpki_signature"]), show_if=MOVED),
    page("cash", question("handles_cash", "yes_no", maps_to="handles_cash", required=True)),
)


def answered(sent: Sent, *, has_moved: str) -> tuple[Client, str]:
    """The customer who answered, and where they were led."""
    customer = Client()
    customer.cookies["portal_language"] = "en"
    assert prove(customer, sent).status_code == 302
    post(customer, "start", has_moved=has_moved)
    if has_moved == "yes":
        assert "your identity is confirmed" in customer.get("/r/answer/identity_step/").content.decode()
        post(customer, "identity_step")
    post(customer, "cash", handles_cash="no")
    return customer, customer.post("/r/answer/check/", {"action": "submit"}).headers["Location"]


def test_an_answer_demands_the_check_that_the_plan_does_not(tenant: Tenant, sandbox: Sandbox, now: datetime) -> None:
    """From the questionnaire's step to the provider and its verdict, for those whom it was shown to."""
    moved = send_link(tenant, now=now, document=CHECKED)
    plan_review(tenant, moved, now=now)
    register(moved, sandbox, now)
    customer, led_to = answered(moved, has_moved="yes")
    assert led_to == "/r/answer/ekyc/"
    assert "signature password" in customer.get("/r/answer/ekyc/").content.decode(), (
        "the method that the document names"
    )
    leaving = customer.post("/r/answer/ekyc/", {"action": "start"}).headers["Location"]
    assert httpx.get(leaving).status_code == 200
    with tenant_scope(tenant.pk):
        verification = Verification.objects.get()
        assert (verification.method_code, verification.reference) == ("jpki_signature", moved.response.reference)
        assert PeriodicReview.objects.get().status == PeriodicReview.Status.VERIFYING
    papers = {"action": "submit", "name": "山田 花子", "birth_on": "1948-05-03", "address": "東京都"}
    assert httpx.post(leaving, data=papers).status_code == 303
    for _ in range(50):
        with tenant_context(tenant.pk):
            refresh_verification(verification=verification, now=timezone.now())
        with tenant_scope(tenant.pk):
            verification.refresh_from_db()
            review = PeriodicReview.objects.get()
        if review.status != PeriodicReview.Status.VERIFYING:
            break
        time.sleep(0.1)
    assert verification.status == Verification.Status.APPROVED
    assert review.verification_id == verification.pk
    forget_providers()


def test_whoever_is_not_shown_the_step_is_not_checked(tenant: Tenant, now: datetime) -> None:
    stayed = send_link(tenant, now=now, document=CHECKED)
    plan_review(tenant, stayed, now=now)
    assert answered(stayed, has_moved="no")[1] == "/r/answer/done/"
    with tenant_scope(tenant.pk):
        assert PeriodicReview.objects.get().status != PeriodicReview.Status.VERIFYING
