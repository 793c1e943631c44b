"""The demonstration's calls and visits."""

from __future__ import annotations

from django.db import transaction

from cdd.demo.banks import BANKS
from cdd.demo.errands import AT_THE_BRANCH, ELSEWHERE, give_errands
from outreach.models import OutreachTask, OutreachTry
from tenants.models import Tenant, User
from tests.campaigns.acting import enter, notified
from tests.conftest import NOW


def test_staff_of_the_demonstration_have_calls_and_visits_to_make_once(
    bank: Tenant, officer: User, approver: User, branch_staff: User, contractor: User
) -> None:
    assert bank.slug == BANKS[0].slug
    for number in range(6):
        enter(number, branch_code="012")
        enter(10 + number, branch_code="034")
    notified(officer, approver)
    everything = len(AT_THE_BRANCH) + len(ELSEWHERE)
    assert give_errands(BANKS[0], now=NOW) == everything
    assert give_errands(BANKS[0], now=NOW) == 0, "a demonstration started again"
    with transaction.atomic():
        tasks = OutreachTask.objects.all()
        assert tasks.count() == everything
        assert set(tasks.values_list("assignee", flat=True)) == {None, officer.pk, branch_staff.pk, contractor.pk}
        assert not tasks.filter(reference=None).exists(), "the answers can be taken"
        assert set(OutreachTry.objects.values_list("outcome", flat=True)) == {"NO_ANSWER", "CALL_BACK"}
