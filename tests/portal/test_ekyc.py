"""After the answers: the identity check at the provider, there and back, and later."""

from datetime import datetime

import httpx
import pytest
from django.test import Client

from audit.services import Actor
from campaigns.models import PeriodicReview
from ekyc.models import Verification
from ekyc.registry import forget_providers
from ekyc.services import ensure_account
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.conftest import Sandbox
from tests.portal.journey import end_of, page_of, prove, walk
from tests.questionnaires.filing import Sent, plan_review


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
