"""Grants are guardian's rows behind our walls: of the tenant, of its members, until a moment (T21, O8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.models import UserObjectPermission

from audit.models import AuditEvent
from audit.services import Actor
from tenants.granting import GrantChecker, NotGrantable, give_grant, grants_of, offers_for, take_grant
from tenants.models import Branch, BranchGrant, Membership, Tenant, User
from tenants.reach import Reach, within_reach
from tenants.scoping import tenant_scope
from tests.campaigns.acting import enter

NOW = timezone.now()
SOON = NOW + timedelta(days=30)


def branch(tenant: Tenant, code: str) -> Branch:
    with tenant_scope(tenant.pk):
        made: Branch = Branch.objects.create(code=code)
        return made


def member(user: User) -> Membership:
    found: Membership = Membership.objects.select_related("user").get(user=user)
    return found


def give(user: User, thing: Branch, administrator: User, until: datetime = SOON) -> BranchGrant:
    arguments: dict[str, Any] = {"until": until, "actor": Actor.user(administrator.pk), "now": NOW}
    grant = give_grant(kind=BranchGrant, member=member(user), target_id=thing.pk, **arguments)
    assert isinstance(grant, BranchGrant)
    return grant


def bare(user: User, thing: Branch, codename: str = "view_branch") -> BranchGrant:
    permission = Permission.objects.get(codename=codename)
    times = {"valid_until": SOON, "granted_at": NOW, "granted_by": 1}
    return BranchGrant(user=user, content_object=thing, permission=permission, **times)


def test_giving_and_taking_are_on_the_record(tenant: Tenant, contractor: User, administrator: User) -> None:
    thing = branch(tenant, "012")
    with tenant_scope(tenant.pk):
        grant = give(contractor, thing, administrator)
        again = give(contractor, thing, administrator, SOON + timedelta(days=1))
        assert again.pk == grant.pk
        assert [found.pk for found in grants_of(member(contractor))] == [grant.pk]
        assert offers_for(member(contractor))["branchgrant"] == []
        take_grant(grant=again, member=member(contractor), actor=Actor.user(administrator.pk), now=NOW)
        assert offers_for(member(contractor))["branchgrant"] == [thing]
        events = AuditEvent.objects.filter(event__startswith="branchgrant.", actor_kind="user").order_by("id")
        given = [event for event in events.values_list("event", flat=True) if event.endswith(("given", "taken"))]
        assert given == ["branchgrant.given", "branchgrant.given", "branchgrant.taken"]


def test_who_sees_everything_is_given_nothing(tenant: Tenant, officer: User, administrator: User) -> None:
    thing = branch(tenant, "012")
    with pytest.raises(NotGrantable), tenant_scope(tenant.pk):
        give(officer, thing, administrator)


def test_a_grant_begins_before_it_ends(tenant: Tenant, contractor: User, administrator: User) -> None:
    thing = branch(tenant, "012")
    with pytest.raises(NotGrantable), tenant_scope(tenant.pk):
        give(contractor, thing, administrator, until=NOW)


def test_another_banks_branch_cannot_be_given(
    tenant: Tenant, other_tenant: Tenant, contractor: User, administrator: User, superuser: psycopg.Connection
) -> None:
    """T21: not by the service, not by the database; and where the key is missing, it still opens nothing."""
    foreign = branch(other_tenant, "034")
    with tenant_scope(other_tenant.pk):
        enter(1, branch_code="034")
    with pytest.raises(NotGrantable), tenant_scope(tenant.pk):
        give(contractor, foreign, administrator)
    with pytest.raises(IntegrityError, match="content_object_id_tenant"), tenant_scope(tenant.pk):
        bare(contractor, foreign).save()
    key = "tenants_branchgrant_content_object_id_tenant"
    row = superuser.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [key]).fetchone()
    assert row is not None
    superuser.execute(f"ALTER TABLE tenants_branchgrant DROP CONSTRAINT {key}")
    try:
        with tenant_scope(tenant.pk):
            bare(contractor, foreign).save()
            assert BranchGrant.objects.count() == 1, "control: nothing else refuses it"
            assert Reach(user_id=contractor.pk).branches == frozenset()
    finally:
        superuser.execute("DELETE FROM tenants_branchgrant")
        superuser.execute(f"ALTER TABLE tenants_branchgrant ADD CONSTRAINT {key} {row[0]}")


def test_only_members_are_given_anything(tenant: Tenant, other_officer: User) -> None:
    thing = branch(tenant, "012")
    with pytest.raises(IntegrityError, match="tenants_branchgrant_member"), tenant_scope(tenant.pk):
        bare(other_officer, thing).save()


def test_a_permission_of_something_else_is_refused(tenant: Tenant, contractor: User) -> None:
    thing = branch(tenant, "012")
    with pytest.raises(ValidationError), tenant_scope(tenant.pk):
        bare(contractor, thing, "view_campaign").save()


def test_guardians_own_tables_are_out_of_reach(db_clean: None) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        UserObjectPermission.objects.count()


def test_the_checker_asks_once_for_fifty_and_forgets_what_has_run_out(
    tenant: Tenant, contractor: User, administrator: User
) -> None:
    """O8, T21: guardian's own checker asks once an object; its SQL names no tenant, row-level security does."""
    things = [branch(tenant, f"{number:03d}") for number in range(50)]
    with tenant_scope(tenant.pk):
        grants = [give(contractor, thing, administrator) for thing in things[:10]]
        BranchGrant.objects.filter(pk=grants[0].pk).update(valid_until=NOW)
        checker = GrantChecker(contractor)
        with CaptureQueriesContext(connection) as captured:
            checker.prefetch_perms(things)
            held = [checker.has_perm("view_branch", thing) for thing in things]
        assert (len(captured), held.count(True)) == (1, 9)
        assert not GrantChecker(contractor).has_perm("view_branch", things[0])
        assert GrantChecker(contractor).has_perm("view_branch", things[1])


def test_a_grant_is_read_once_a_request(tenant: Tenant, contractor: User, administrator: User) -> None:
    thing = branch(tenant, "012")
    with tenant_scope(tenant.pk):
        give(contractor, thing, administrator)
        reach = Reach(user_id=contractor.pk)
        with within_reach(reach), CaptureQueriesContext(connection) as captured:
            assert [reach.granted(BranchGrant) for _ in range(5)] == [frozenset({thing.pk})] * 5
        assert len(captured) == 1
