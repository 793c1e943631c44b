"""A policy that reads nothing of what the standard one judges says so, and two people take it in."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from audit.services import Actor
from customers.models import Customer
from risk.drafting import DraftRefused, approve_draft, draft_missing, publish_approved, reject_draft
from risk.models import PolicyDraft, RiskPolicy
from risk.scoring import factors_missing, with_factors
from risk.selectors import open_draft, published_policy
from risk.services import default_document, publish_policy
from risk.tasks import rate_waiting
from tenants.models import Tenant, User
from tests.conftest import NOW, SYSTEM, SignIn, english
from tests.customers.test_staying import abroad


def older() -> dict[str, Any]:
    """A policy from before stays were known."""
    document: dict[str, Any] = deepcopy(default_document())
    document["factors"] = [factor for factor in document["factors"] if factor["code"] != "stay_ended"]
    return document


@transaction.atomic
def in_force() -> RiskPolicy:
    policy = published_policy()
    assert policy is not None
    return policy


def propose(who: User) -> PolicyDraft:
    return draft_missing(actor=Actor.user(who.pk), now=NOW)


def test_what_is_missing_is_what_is_read_nowhere() -> None:
    assert factors_missing(default_document(), default_document()) == []
    assert [factor["code"] for factor in factors_missing(older(), default_document())] == ["stay_ended"]
    own_way = older()
    own_way["factors"].append(
        {**default_document()["factors"][0], "code": "mine", "when": [{"==": [{"var": "stay_has_ended"}, True]}]}
    )
    assert factors_missing(own_way, default_document()) == [], "judged in the institution's own way"


def test_a_code_that_is_taken_gets_a_number() -> None:
    factor = default_document()["factors"][0]
    document = with_factors(with_factors(default_document(), [factor]), [factor])
    codes = [one["code"] for one in document["factors"]]
    assert codes[-2:] == [f"{factor['code']}_2", f"{factor['code']}_3"]
    assert len(set(codes)) == len(codes)


def test_two_people_take_it_in_and_everybody_is_rated_by_it(
    in_tenant: Tenant, administrator: User, approver: User
) -> None:
    """A9: one person is not enough, in code nor in the table."""
    publish_policy(document=older(), actor=SYSTEM, now=NOW)
    customer = abroad(1)
    rate_waiting.apply().get()
    made = propose(administrator)
    with pytest.raises(DraftRefused):
        propose(administrator)
    with pytest.raises(DraftRefused):
        approve_draft(draft=made, actor=Actor.user(administrator.pk), now=NOW)
    alone = {"approved_by": administrator.pk, "approved_person": made.proposed_person}
    with pytest.raises(IntegrityError, match="policy_draft_four_eyes"), transaction.atomic():
        PolicyDraft.objects.update(**alone)
    approve_draft(draft=made, actor=Actor.user(approver.pk), now=NOW)
    rate_waiting.apply().get()
    policy = in_force()
    assert (policy.version, made.based_on) == (2, 1)
    assert policy.document["factors"][-1]["code"] == "stay_ended"
    with transaction.atomic():
        assert Customer.objects.get(pk=customer.pk).risk_tier == "MEDIUM"
        assert open_draft() is None
        assert PolicyDraft.objects.get().published_version == 2
    with pytest.raises(DraftRefused):
        propose(administrator)
    assert publish_approved(actor=SYSTEM, now=NOW) == 0, "once"


def test_a_draft_of_an_older_version_is_never_published(in_tenant: Tenant, administrator: User, approver: User) -> None:
    publish_policy(document=older(), actor=SYSTEM, now=NOW)
    first = propose(administrator)
    publish_policy(document={**older(), "unknown_floor": "MEDIUM"}, actor=SYSTEM, now=NOW)
    with pytest.raises(DraftRefused):
        approve_draft(draft=first, actor=Actor.user(approver.pk), now=NOW)
    reject_draft(draft=first, actor=Actor.user(approver.pk), now=NOW)
    second = propose(administrator)
    approve_draft(draft=second, actor=Actor.user(approver.pk), now=NOW)
    publish_policy(document=older(), actor=SYSTEM, now=NOW)
    assert publish_approved(actor=SYSTEM, now=NOW) == 0
    assert in_force().version == 3
    with transaction.atomic():
        assert PolicyDraft.objects.get(pk=second.pk).published_version == 0, "and says so"


def test_the_page_names_what_is_missing_until_it_is_taken_in(
    in_tenant: Tenant, administrator: User, officer: User, staff_client: SignIn
) -> None:
    publish_policy(document=older(), actor=SYSTEM, now=NOW)
    proposer, reader = staff_client(english(administrator)), staff_client(english(officer))
    page = reverse("risk-policy")
    shown = reader.get(page).content.decode()
    assert "Not judged by your policy" in shown
    assert shown.count("The period of stay has ended") == 1
    assert reader.post(reverse("risk-policy-draft")).status_code == 403
    assert proposer.post(reverse("risk-policy-draft")).status_code == 302
    assert proposer.post(reverse("risk-policy-draft")).status_code == 422, "one at a time"
    with transaction.atomic():
        made = open_draft()
    assert made is not None
    assert "You proposed this change yourself." in proposer.get(page).content.decode()
    assert reader.post(reverse("risk-policy-reject", args=[made.pk])).status_code == 403
    assert proposer.post(reverse("risk-policy-reject", args=[made.pk])).status_code == 302
    assert "Not judged by your policy" in proposer.get(page).content.decode()
