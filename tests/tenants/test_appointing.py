"""Nobody makes an administrator alone (A9): two people, counted as persons, in the code and in the table."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from tenants.members.appointing import MemberRefused, confirm_appointment
from tenants.members.inviting import send_invitations
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tests.campaigns.acting import in_parallel
from tests.conftest import MakeUser, SignIn

PASSWORD = "朝凪の海を渡る三羽の白い鳥"


@pytest.fixture
def second(tenant: Tenant, make_user: MakeUser) -> User:
    """Another administrator."""
    return make_user(tenant, Role.ADMINISTRATOR, "second")


def member(user: User, tenant: Tenant) -> Membership:
    with tenant_scope(tenant.pk):
        found: Membership = Membership.objects.get(user=user)
        return found


def propose(client: Client, user: User, tenant: Tenant) -> Membership:
    before = member(user, tenant)
    form = {"role": "ADMINISTRATOR", "staff_number": before.staff_number}
    assert client.post(reverse("member-change", args=[before.pk]), form).status_code == 302
    after = member(user, tenant)
    assert after.is_awaiting
    assert after.role == before.role, "nothing holds yet"
    return after


def confirm(client: Client, pk: Any) -> int:
    return client.post(reverse("appointment-confirm", args=[pk])).status_code


def acts(tenant: Tenant) -> list[str]:
    with tenant_scope(tenant.pk):
        rows = AuditEvent.objects.filter(kind="ACT", target_type="tenants.membership").order_by("id")
        return list(rows.values_list("event", flat=True))


def test_an_administrator_is_proposed_by_one_and_confirmed_by_another(
    tenant: Tenant, administrator: User, second: User, officer: User, staff_client: SignIn
) -> None:
    waiting = propose(staff_client(administrator), officer, tenant)
    theirs = staff_client(officer)
    assert theirs.get(reverse("members")).status_code == 403
    assert confirm(staff_client(administrator), waiting.pk) == 422, "not who proposed"
    assert officer.name in staff_client(second).get(reverse("members")).content.decode()
    assert confirm(staff_client(second), waiting.pk) == 302
    assert confirm(staff_client(second), waiting.pk) == 422, "once"
    assert member(officer, tenant).role == "ADMINISTRATOR"
    assert theirs.get(reverse("members")).status_code == 200
    assert acts(tenant)[-2:] == ["membership.proposed", "membership.confirmed"]


def test_the_same_person_under_another_account_confirms_nothing(
    tenant: Tenant, administrator: User, second: User, officer: User, make_user: MakeUser, staff_client: SignIn
) -> None:
    again = make_user(tenant, Role.APPROVER, "again", staff_number=member(administrator, tenant).staff_number)
    herself = make_user(tenant, Role.APPROVER, "herself", staff_number=member(officer, tenant).staff_number)
    waiting = propose(staff_client(administrator), officer, tenant)
    with tenant_scope(tenant.pk):
        Membership.objects.filter(user=second).update(is_active=False)  # so that approvers may
    for user in (again, herself):
        assert confirm(staff_client(user), waiting.pk) == 422
    assert member(officer, tenant).role == "OFFICER"


def test_an_approver_confirms_only_where_there_is_no_other_administrator(
    tenant: Tenant, administrator: User, approver: User, officer: User, make_user: MakeUser, staff_client: SignIn
) -> None:
    waiting = propose(staff_client(administrator), officer, tenant)
    other = make_user(tenant, Role.ADMINISTRATOR, "second")
    assert confirm(staff_client(approver), waiting.pk) == 422
    with tenant_scope(tenant.pk):
        Membership.objects.filter(user=other).update(is_active=False)
    assert confirm(staff_client(approver), waiting.pk) == 302
    assert member(officer, tenant).role == "ADMINISTRATOR"


@pytest.mark.parametrize("who", ["officer", "auditor", "branch_staff"])
def test_nobody_else_confirms(
    tenant: Tenant, administrator: User, contractor: User, staff_client: SignIn, request: Any, who: str
) -> None:
    waiting = propose(staff_client(administrator), contractor, tenant)
    client = staff_client(request.getfixturevalue(who))
    assert confirm(client, waiting.pk) == 403
    assert client.get(reverse("appointments")).status_code == 403


def test_whoever_is_invited_as_an_administrator_waits_outside(
    tenant: Tenant, administrator: User, second: User, staff_client: SignIn, settings: Any
) -> None:
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    wanted = {"email": "nishi@asanagi.example", "name": "西 由紀", "staff_number": "10200", "role": "ADMINISTRATOR"}
    assert staff_client(administrator).post(reverse("member-invite"), wanted).status_code == 302
    with tenant_context(tenant.pk):
        send_invitations()
    found = re.search(r"(/join/\S+/)", str(mail.outbox[-1].body))
    assert found
    assert Client().post(found[1], {"name": "西 由紀", "password": PASSWORD}).status_code == 302
    joined = User.objects.get(email="nishi@asanagi.example")
    waiting = member(joined, tenant)
    assert waiting.is_awaiting
    assert staff_client(joined).get(reverse("members")).status_code == 403
    assert confirm(staff_client(administrator), waiting.pk) == 422, "not who invited"
    assert confirm(staff_client(second), waiting.pk) == 302
    assert staff_client(joined).get(reverse("members")).status_code == 200


def test_an_administrator_who_left_is_not_let_back_in_by_one_alone(
    tenant: Tenant, administrator: User, second: User, approver: User, staff_client: SignIn
) -> None:
    chief, pk = staff_client(administrator), member(second, tenant).pk
    assert chief.post(reverse("member-end", args=[pk])).status_code == 302
    assert chief.post(reverse("member-reactivate", args=[pk])).status_code == 302
    assert not member(second, tenant).is_active
    assert confirm(chief, pk) == 422
    assert confirm(staff_client(approver), pk) == 302
    assert member(second, tenant).is_active


def test_what_is_declined_or_changed_cannot_be_confirmed_any_more(
    tenant: Tenant, administrator: User, second: User, officer: User, staff_client: SignIn
) -> None:
    chief, other = staff_client(administrator), staff_client(second)
    waiting = propose(chief, officer, tenant)
    assert other.post(reverse("appointment-decline", args=[waiting.pk])).status_code == 302
    assert confirm(other, waiting.pk) == 422
    propose(chief, officer, tenant)
    form = {"role": "AUDITOR", "staff_number": waiting.staff_number}
    assert chief.post(reverse("member-change", args=[waiting.pk]), form).status_code == 302
    assert confirm(other, waiting.pk) == 422
    assert member(officer, tenant).role == "AUDITOR"


def test_two_who_confirm_at_once_confirm_once(
    tenant: Tenant, administrator: User, second: User, officer: User, make_user: MakeUser, staff_client: SignIn
) -> None:
    third = make_user(tenant, Role.ADMINISTRATOR, "third")
    waiting = propose(staff_client(administrator), officer, tenant)

    def confirmation(user: User) -> Callable[[], None]:
        mine = member(officer, tenant)
        return lambda: confirm_appointment(member=mine, actor=Actor.user(user.pk), now=timezone.now())

    results = in_parallel(tenant, confirmation(second), confirmation(third))
    assert sorted(isinstance(result, MemberRefused) for result in results) == [False, True], results
    assert acts(tenant).count("membership.confirmed") == 1
    assert waiting.pk == member(officer, tenant).pk


BY_HAND = "UPDATE tenants_membership SET role = 'ADMINISTRATOR', confirmed_by = %s, confirmed_person = %s WHERE id = %s"


def test_the_table_refuses_one_person_twice_and_nobody(
    tenant: Tenant,
    administrator: User,
    second: User,
    officer: User,
    staff_client: SignIn,
    superuser: psycopg.Connection,
) -> None:
    waiting = propose(staff_client(administrator), officer, tenant)
    refused = [
        (waiting.appointed_by, "another"),
        (second.pk, waiting.appointed_person),
        (officer.pk, waiting.staff_number),
        (None, ""),
        (second.pk, ""),
    ]
    for who, person in refused:
        with pytest.raises(psycopg.errors.CheckViolation):
            superuser.execute(BY_HAND, [who, person, waiting.pk])
    superuser.execute(BY_HAND, [second.pk, member(second, tenant).staff_number, waiting.pk])
    assert member(officer, tenant).role == "ADMINISTRATOR", "control: two people"
