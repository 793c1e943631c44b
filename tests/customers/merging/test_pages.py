"""The pages of merging: from the pair over the second person to the customers' pages, and back."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.db import transaction
from django.urls import reverse

from customers.matching.models import MatchCandidate
from customers.merging.models import CustomerMerge
from customers.models import Customer
from tenants.models import Tenant, User
from tests.conftest import SignIn
from tests.customers.merging.acting import OTHER_PHONE, WHY, change, customer, enter_pair, merge, propose
from tests.retention.test_views import sign_in_again

CHOICES = {
    "keep-name": "SURVIVOR",
    "keep-address": "SURVIVOR",
    "keep-phone": "MERGED",
    "keep-email": "SURVIVOR",
    "keep-line_id": "SURVIVOR",
    "keep-opened_on": "MERGED",
}


@pytest.fixture
def pair(in_tenant: Tenant) -> MatchCandidate:
    enter_pair()
    with transaction.atomic():
        found: MatchCandidate = MatchCandidate.objects.select_related("first", "second").get()
    return found


def the_merge() -> CustomerMerge:
    with transaction.atomic():
        found: CustomerMerge = CustomerMerge.objects.get()
    return found


def page(name: str, pk: UUID) -> str:
    return reverse(name, args=[pk])


def test_a_pair_is_merged_by_two_people_on_their_pages_and_taken_back(
    pair: MatchCandidate, officer: User, approver: User, staff_client: SignIn
) -> None:
    first, second = staff_client(officer), staff_client(approver)
    assert page("customer-merge-new", pair.pk) in first.get(page("customer-match", pair.pk)).content.decode()
    choices = {**CHOICES, "survivor": str(customer("1").pk), "reason": WHY}
    answer = first.post(page("customer-merge-new", pair.pk), choices)
    made = the_merge()
    assert (answer.status_code, answer["Location"]) == (302, page("customer-merge", made.pk))
    assert made.taken == ["opened_on", "phone"]
    own = first.get(page("customer-merge", made.pk)).content.decode()
    assert page("customer-merge-approve", made.pk) not in own
    assert WHY in own
    assert first.post(page("customer-merge-approve", made.pk)).status_code == 403
    shown = second.get(page("customer-merge", made.pk)).content.decode()
    assert page("customer-merge-approve", made.pk) in shown
    assert page("customer-merge", made.pk) in second.get(reverse("customer-merges")).content.decode()
    assert reverse("customer-merges") in second.get("/").content.decode(), "it waits on the approver's home page"
    sign_in_again(second)
    assert second.post(page("customer-merge-approve", made.pk)).status_code == 302
    assert customer("2").status == Customer.Status.MERGED
    done = second.get(page("customer-merge", made.pk)).content.decode()
    assert page("customer-merge-reverse", made.pk) in done
    assert second.post(page("customer-merge-reverse", made.pk), {"reason": ""}).status_code == 422
    assert second.post(page("customer-merge-reverse", made.pk), {"reason": "別人"}).status_code == 302
    assert customer("2").status == Customer.Status.ACTIVE
    assert second.post(page("customer-merge-reverse", made.pk), {"reason": "別人"}).status_code == 422


def test_what_differs_has_to_be_chosen(pair: MatchCandidate, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    one = {"survivor": str(customer("1").pk)}
    form = client.get(page("customer-merge-new", pair.pk), one).context["form"]
    assert set(form.fields) == {*CHOICES, "reason"}
    initial = {name: field.initial for name, field in form.fields.items()}
    assert initial["keep-phone"] is None, "two numbers: somebody has to choose"
    assert initial["keep-name"] == "SURVIVOR", "the same but for the writing"
    assert initial["keep-line_id"] == "SURVIVOR", "known on one side only"
    assert initial["keep-opened_on"] == "MERGED", "the earlier day"
    answer = client.post(page("customer-merge-new", pair.pk), {**CHOICES, **one, "keep-phone": "", "reason": ""})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"keep-phone", "reason"}
    assert "電話番号" in answer.context["form"]["keep-phone"].label


def test_either_may_go_on(pair: MatchCandidate, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    url = page("customer-merge-new", pair.pk)
    assert client.get(url).context["survivor"] == pair.first
    assert client.get(url, {"survivor": str(pair.second_id)}).context["survivor"] == pair.second
    client.post(url, {**CHOICES, "survivor": str(pair.second_id), "reason": WHY})
    assert (the_merge().survivor_id, the_merge().merged_id) == (pair.second_id, pair.first_id)
    shown = client.get(url)
    assert shown.context["waiting"] == the_merge()
    assert client.post(url, {**CHOICES, "reason": WHY}).status_code == 422


def test_values_are_masked_until_each_side_was_opened(
    pair: MatchCandidate, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    made = propose("1", "2", officer, taken=["phone"])
    for url in (page("customer-merge-new", pair.pk), page("customer-merge", made.pk)):
        assert OTHER_PHONE not in client.get(url).content.decode()
    client.post(page("customer-reveal", customer("2").pk), {"reason": "INSPECTION"})
    for url in (page("customer-merge-new", pair.pk), page("customer-merge", made.pk)):
        text = client.get(url).content.decode()
        assert (OTHER_PHONE in text, "090-1234-5678" in text) == (True, False)


def test_a_stale_proposal_says_so_and_can_only_be_rejected(
    pair: MatchCandidate, officer: User, approver: User, staff_client: SignIn
) -> None:
    made = propose("1", "2", officer)
    client = staff_client(approver)
    sign_in_again(client)
    assert not client.get(page("customer-merge", made.pk)).context["is_stale"], "control"
    change("1", occupation="student")
    shown = client.get(page("customer-merge", made.pk))
    assert shown.context["is_stale"]
    assert page("customer-merge-approve", made.pk) not in shown.content.decode()
    assert client.post(page("customer-merge-approve", made.pk)).status_code == 422
    assert client.post(page("customer-merge-reject", made.pk)).status_code == 302
    assert client.post(page("customer-merge-reject", made.pk)).status_code == 422


def test_whoever_only_reads_decides_nothing(
    pair: MatchCandidate, officer: User, auditor: User, staff_client: SignIn
) -> None:
    made = propose("1", "2", officer)
    client = staff_client(auditor)
    text = client.get(page("customer-merge", made.pk)).content.decode()
    assert (page("customer-merge-reject", made.pk) in text, WHY in text) == (False, False)
    assert client.get(page("customer-merge-new", pair.pk)).status_code == 403
    assert client.post(page("customer-merge-reject", made.pk)).status_code == 422
    assert the_merge().status == CustomerMerge.Status.PROPOSED


def test_the_survivors_page_leads_to_everything_of_the_other(
    pair: MatchCandidate, officer: User, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    merge("1", "2", officer, approver, taken=["phone"])
    survivor, merged = customer("1"), customer("2")
    text = client.get(page("customer", survivor.pk)).content.decode()
    assert page("customer", merged.pk) in text
    told = client.get(page("customer-timeline", survivor.pk)).content.decode()
    assert "統合" in told or "merge" in told.lower()
    pointer = client.get(page("customer", merged.pk)).content.decode()
    assert page("customer", survivor.pk) in pointer
    assert page("customer-end", merged.pk) not in pointer
    assert page("customer-end", survivor.pk) in text, "control"
    found = client.get(reverse("customers"), {"search": "2"}, follow=True).content.decode()
    assert page("customer", survivor.pk) in found
    assert page("customer", merged.pk) not in found


def test_a_form_about_somebody_merged_meanwhile_says_whom_to_turn_to(
    pair: MatchCandidate, officer: User, approver: User, staff_client: SignIn
) -> None:
    merge("1", "2", officer, approver)
    client = staff_client(officer)
    answer = client.post(page("customer-legal-form", customer("2").pk), {"legal_form": "stock"})
    assert answer.status_code == 409, answer.content.decode()[:300]
    assert page("customer", customer("1").pk) in answer.content.decode()
