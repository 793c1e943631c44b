"""What waits for somebody on the home page."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from audit.services import Actor
from companies.certificates.models import RegistryCertificate
from companies.certificates.services import request_certificate
from reporting.work import Work, work_of
from tenants.models import Role, Tenant, User
from tenants.permissions import ROLE_PERMISSIONS, Permission
from tests.conftest import NOW, MakeUser
from tests.customers.related.behind import company

TODAY, DUE = date(2026, 11, 24), date(2026, 11, 30)


def titles(role: Role, user: User, today: date = TODAY) -> dict[str, Work]:
    with override("en"), transaction.atomic():
        return {work.title: work for work in work_of(allowed=ROLE_PERMISSIONS[role], user_id=user.pk, today=today)}


def test_a_certificate_waits_for_whoever_is_to_obtain_it_and_for_everybody_once_it_is_late(
    in_tenant: Tenant, officer: User, make_user: MakeUser
) -> None:
    colleague = make_user(in_tenant, Role.OFFICER, "colleague")
    request_certificate(
        customer=company(),
        origin=RegistryCertificate.Origin.HAND,
        reference=None,
        why="",
        assigned_to=officer.pk,
        due_on=DUE,
        actor=Actor.user(officer.pk),
        now=NOW,
    )
    own, overdue = "Registry certificates to obtain", "Registry certificates overdue"
    assert titles(Role.OFFICER, officer)[own].count == 1
    assert not {own, overdue} & set(titles(Role.OFFICER, colleague))
    late = titles(Role.OFFICER, colleague, DUE + timedelta(days=1))
    assert late[overdue].is_urgent
    assert own not in late
    assert overdue not in titles(Role.APPROVER, colleague, DUE + timedelta(days=1)), "they decide nothing"


def test_only_what_somebody_may_do_is_counted(in_tenant: Tenant, officer: User) -> None:
    counted = {}
    for permission in (None, Permission.APPROVE_SETTINGS, Permission.PLAN_CAMPAIGN):
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            work_of(allowed={permission} if permission else set(), user_id=officer.pk, today=TODAY)
        counted[permission] = len(queries)
    assert counted == {None: 0, Permission.APPROVE_SETTINGS: 9, Permission.PLAN_CAMPAIGN: 1}
