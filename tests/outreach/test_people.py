"""Days that somebody works on, what one person can do in a day, and giving tasks to others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from channels.gates import change_rules
from outreach.loads import choices_for, loads
from outreach.models import OutreachTask
from outreach.services import OutreachRefused, assign_task, assign_tasks, make_task, record_try, set_capacity
from outreach.spreading import next_days, working_days
from tenants.models import Membership, Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import NOW, SignIn
from tests.outreach.test_tasks import tell

TODAY = date(2026, 11, 24)  # a Tuesday


@transaction.atomic
def fresh(task: OutreachTask) -> OutreachTask:
    task.refresh_from_db()
    return task


def rest_on(officer: User, *days: str) -> None:
    change_rules(changes={"holidays": list(days)}, actor=Actor.user(officer.pk), now=NOW)


def made(officer: User, number: int, kind: str = "VISIT", **columns: object) -> OutreachTask:
    return make_task(customer=enter(number, **columns), kind=kind, actor=Actor.user(officer.pk), now=NOW)  # type: ignore[arg-type]  # columns, whichever


def test_weekends_and_holidays_are_no_working_days() -> None:
    is_working = working_days({date(2026, 11, 23)})
    assert next_days(3, after=date(2026, 11, 20), is_working=is_working) == [
        date(2026, 11, 24),
        date(2026, 11, 25),
        date(2026, 11, 26),
    ]


def test_no_task_falls_on_a_holiday_of_the_institution(bank: Tenant, officer: User) -> None:
    rest_on(officer, "2026-11-25", "2026-11-26")
    task = made(officer, 1)
    assert task.due_on == date(2026, 11, 27)
    tell(task, "ABSENT", officer)
    assert fresh(task).due_on == date(2026, 11, 27), "the next working day again"
    rest_on(officer)
    assert made(officer, 2).due_on == date(2026, 11, 25), "control"


def test_a_time_agreed_with_the_customer_stays_though_it_is_a_holiday(bank: Tenant, officer: User) -> None:
    rest_on(officer, "2026-11-28")
    task = made(officer, 1)
    tell(task, "CALL_BACK", officer, call_back_at=NOW + timedelta(days=3, hours=14))
    assert fresh(task).due_on == date(2026, 11, 28)


def test_who_has_more_than_a_day_holds_is_shown(
    bank: Tenant, officer: User, branch_staff: User, staff_client: SignIn
) -> None:
    actor = Actor.user(officer.pk)
    set_capacity(kind="VISIT", branch_code="", person=branch_staff.pk, tasks=2, actor=actor, now=NOW)
    tasks = [made(officer, number, branch_code="012") for number in range(3)]
    for task in tasks[:2]:
        assign_task(task=task, assignee=branch_staff.pk, actor=actor, now=NOW)
    with transaction.atomic():
        offered = dict(choices_for(tasks[2], now=NOW))
    assert "2" in offered[branch_staff.pk]
    assert offered[branch_staff.pk] != offered[officer.pk].replace(officer.name, branch_staff.name)
    assign_task(task=tasks[2], assignee=branch_staff.pk, actor=actor, now=NOW)
    with transaction.atomic():
        days, rows = loads(now=NOW, today=TODAY)
        found = {(row.user_id, row.kind): row for row in rows}
    assert days[:2] == [TODAY, date(2026, 11, 25)]
    visits = found[branch_staff.pk, "VISIT"]
    assert [(day.tasks, day.capacity, day.over) for day in visits.days[:2]] == [(0, 2, 0), (3, 2, 1)]
    assert visits.is_over
    assert not found[officer.pk, "VISIT"].is_over
    assert staff_client(officer).get(reverse("outreach-workload")).status_code == 200
    assert staff_client(branch_staff).get(reverse("outreach-workload")).status_code == 403


def test_tasks_of_somebody_who_has_left_are_shown_to_be_given_away(
    bank: Tenant, officer: User, branch_staff: User
) -> None:
    task = made(officer, 1, branch_code="012")
    assign_task(task=task, assignee=branch_staff.pk, actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        Membership.objects.filter(user=branch_staff).update(is_active=False)
        _days, rows = loads(now=NOW, today=TODAY)
    assert [(row.is_gone, row.is_over) for row in rows if row.user_id == branch_staff.pk] == [(True, True)]


def test_several_tasks_go_to_another_person_at_once_or_none_does(
    bank: Tenant, officer: User, branch_staff: User, auditor: User, staff_client: SignIn
) -> None:
    actor = Actor.user(officer.pk)
    tasks = [made(officer, number, branch_code="012") for number in range(3)]
    assign_task(task=tasks[0], assignee=officer.pk, actor=actor, now=NOW)
    client, address = staff_client(officer), reverse("outreach-assign-many")
    listed = client.get(reverse("outreach") + "?list=open").content.decode()
    assert all(f'value="{task.pk}"' in listed for task in tasks)
    sent = {"task": [str(task.pk) for task in tasks], "assignee": branch_staff.pk, "back": "list=open&kind=VISIT"}
    assert client.post(address, sent).headers["Location"] == f"{reverse('outreach')}?list=open&kind=VISIT"
    assert {fresh(task).assignee for task in tasks} == {branch_staff.pk}
    record_try(
        task=tasks[1], token=tasks[1].pk, outcome="REFUSED", note="", call_back_at=None,
        actor=Actor.user(branch_staff.pk), now=NOW,
    )  # fmt: skip
    with pytest.raises(OutreachRefused):
        assign_tasks(task_ids=[task.pk for task in tasks], assignee=officer.pk, actor=actor, now=NOW)
    assert fresh(tasks[0]).assignee == branch_staff.pk, "one is closed, so none moves"
    for wrong in ({**sent, "task": []}, {**sent, "assignee": auditor.pk}, {**sent, "task": ["x"]}):
        client.post(address, wrong)
    assert fresh(tasks[0]).assignee == branch_staff.pk
    assert staff_client(branch_staff).post(address, sent).status_code == 403
    assert str(tasks[0].pk) in client.get(f"{reverse('outreach')}?list=open&person={branch_staff.pk}").content.decode()
    assert str(tasks[0].pk) not in client.get(f"{reverse('outreach')}?list=open&person={officer.pk}").content.decode()


def test_home_names_the_persons_own_tasks_and_those_that_are_late(
    bank: Tenant, officer: User, branch_staff: User, staff_client: SignIn
) -> None:
    actor = Actor.user(officer.pk)
    late, free = made(officer, 1, branch_code="012"), made(officer, 2)
    assign_task(task=late, assignee=branch_staff.pk, actor=actor, now=NOW)
    with transaction.atomic():
        OutreachTask.objects.filter(pk=late.pk).update(due_on=timezone.localdate() - timedelta(days=1))
        OutreachTask.objects.filter(pk=free.pk).update(due_on=timezone.localdate() + timedelta(days=1))

    def offered(user: User) -> set[str]:
        home = staff_client(user).get(reverse("home")).content.decode()
        return {which for which in ("own", "overdue", "unassigned") if f"{reverse('outreach')}?list={which}" in home}

    assert offered(officer) == {"overdue", "unassigned"}
    assert offered(branch_staff) == {"own"}


def test_the_number_of_one_person_is_set_on_the_page(bank: Tenant, officer: User, staff_client: SignIn) -> None:
    client, address = staff_client(officer), reverse("outreach-capacity")
    values = {"kind": "VISIT", "branch_code": "", "person": officer.pk, "tasks": "3"}
    assert client.post(address, {**values, "branch_code": "012"}).status_code == 422, "one or the other"
    assert client.post(address, values).status_code == 302
    assert client.post(address, {**values, "tasks": "5"}).status_code == 302
    assert client.post(address, {"kind": "VISIT", "branch_code": "", "tasks": "7"}).status_code == 302
    shown = client.get(address).content.decode()
    assert officer.name in shown
    with transaction.atomic():
        _days, rows = loads(now=NOW, today=TODAY)
    assert {row.days[0].capacity for row in rows if row.kind == "VISIT" and row.user_id == officer.pk} == {5}
