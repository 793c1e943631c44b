"""Raising, lifting, lapsing and reading flags, with the walls around their reasons."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import psycopg
import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from audit.services import Actor
from customers.destroying import destroy_customers
from customers.flags.models import CustomerFlag, FlagLifting
from customers.flags.selectors import flags_of, guardians_of, kinds_in_force, may_not_be_contacted
from customers.flags.services import (
    FlagRefused,
    approve_lifting,
    lapse_flags,
    lift_flag,
    read_reason,
    reject_lifting,
)
from customers.merging.obstacles import obstacles_of
from customers.related.services import end_party, enter_party
from customers.tasks import lapse_flags_that_end
from tenants.models import Membership, Role, Tenant, User
from tests.campaigns.acting import in_parallel
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.flags.raising import WHY, as_it_is, events_of, flag, lift
from tests.customers.related.behind import company, individual


def test_a_reason_is_sealed_in_the_table_and_absent_from_the_trail(
    in_tenant: Tenant, officer: User, superuser: psycopg.Connection
) -> None:
    raised = flag(individual(), "DECEASED", officer)
    stored = superuser.execute("SELECT reason FROM customers_customerflag").fetchone()
    assert stored is not None
    assert b"certificate" not in bytes(stored[0])
    assert as_it_is(raised).reason == WHY, "control: it is there"
    with transaction.atomic():
        assert "certificate" not in str(list(AuditEvent.objects.values_list("payload", flat=True)))


@pytest.mark.parametrize("kind", ["GUARDIAN", "VULNERABLE"])
def test_one_person_lifts_what_keeps_nobody_away(in_tenant: Tenant, officer: User, kind: str) -> None:
    raised = flag(individual(), kind, officer)
    assert lift_flag(flag=raised, reason="Recovered", actor=Actor.user(officer.pk), now=NOW) is None
    found = as_it_is(raised)
    assert (found.status, found.ended_by, found.ended_because) == ("LIFTED", officer.pk, "Recovered")
    assert events_of(raised) == ["customerflag.raised", "customerflag.lifted"]


@pytest.mark.parametrize("kind", ["DECEASED", "LITIGATION", "DO_NOT_CONTACT"])
def test_two_people_lift_what_keeps_everybody_away(in_tenant: Tenant, officer: User, approver: User, kind: str) -> None:
    """A9: one to propose, another to approve, and until then it stays in force."""
    customer = individual()
    raised = flag(customer, kind, officer)
    lifting = lift_flag(flag=raised, reason="Wrong person", actor=Actor.user(officer.pk), now=NOW)
    assert lifting is not None
    with transaction.atomic():
        assert may_not_be_contacted([customer.pk]) == {customer.pk: kind}
    with pytest.raises(FlagRefused):
        approve_lifting(lifting=lifting, actor=Actor.user(officer.pk), now=NOW)
    approve_lifting(lifting=lifting, actor=Actor.user(approver.pk), now=NOW)
    assert as_it_is(raised).status == "LIFTED"
    with transaction.atomic():
        assert may_not_be_contacted([customer.pk]) == {}
    assert events_of(lifting) == ["flaglifting.proposed", "flaglifting.approved"]
    with pytest.raises(FlagRefused):
        approve_lifting(lifting=lifting, actor=Actor.user(approver.pk), now=NOW)


def test_the_same_person_under_another_account_is_one_person(
    in_tenant: Tenant, officer: User, make_user: MakeUser, superuser: psycopg.Connection
) -> None:
    """A9, and the database says so too where the code would not."""
    lifting = lift_flag(flag=flag(individual(), "DECEASED", officer), reason="x", actor=Actor.user(officer.pk), now=NOW)
    assert lifting is not None
    twin = make_user(in_tenant, Role.APPROVER, "officer-again")
    with transaction.atomic():
        person = Membership.objects.get(user=officer).staff_number
    superuser.execute("UPDATE tenants_membership SET staff_number = 'other' WHERE user_id = %s", [officer.pk])
    superuser.execute("UPDATE tenants_membership SET staff_number = %s WHERE user_id = %s", [person, twin.pk])
    with pytest.raises(FlagRefused):
        approve_lifting(lifting=lifting, actor=Actor.user(twin.pk), now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        FlagLifting.objects.filter(pk=lifting.pk).update(
            approved_by=twin.pk, approved_person=person, approved_at=NOW, rejected_at=None
        )


def test_a_lifting_is_proposed_once_and_may_be_rejected(in_tenant: Tenant, officer: User, approver: User) -> None:
    raised = flag(individual(), "LITIGATION", officer)
    lifting = lift_flag(flag=raised, reason="Settled", actor=Actor.user(officer.pk), now=NOW)
    assert lifting is not None
    with pytest.raises(FlagRefused):
        lift_flag(flag=raised, reason="Settled", actor=Actor.user(officer.pk), now=NOW)
    reject_lifting(lifting=lifting, actor=Actor.user(approver.pk), now=NOW)
    assert as_it_is(raised).status == "IN_FORCE"
    assert lift_flag(flag=raised, reason="Really", actor=Actor.user(officer.pk), now=NOW) is not None


def test_who_may_not_is_refused_by_the_service_too(
    in_tenant: Tenant, officer: User, approver: User, auditor: User, branch_staff: User, contractor: User
) -> None:
    customer = individual()
    for nobody in (auditor, contractor, approver):
        with pytest.raises(FlagRefused):
            flag(customer, "VULNERABLE", nobody)
    raised = flag(customer, "VULNERABLE", branch_staff)
    for nobody in (auditor, contractor, branch_staff, approver):
        with pytest.raises(FlagRefused):
            lift_flag(flag=raised, reason="x", actor=Actor.user(nobody.pk), now=NOW)
    for nobody in (auditor, contractor, branch_staff):
        with pytest.raises(FlagRefused):
            read_reason(flag=raised, actor=Actor.user(nobody.pk), now=NOW)


def test_every_reading_of_a_reason_is_in_the_trail(in_tenant: Tenant, officer: User, approver: User) -> None:
    raised = flag(individual(), "DECEASED", officer)
    lift_flag(flag=raised, reason="Wrong person", actor=Actor.user(officer.pk), now=NOW)
    for _ in range(2):
        texts = read_reason(flag=as_it_is(raised), actor=Actor.user(approver.pk), now=NOW)
        assert texts == [WHY, "Wrong person"]
    assert events_of(raised) == ["customerflag.raised", "customerflag.reason_read", "customerflag.reason_read"]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("DECEASED", {"until_on": date(2027, 1, 1)}),
        ("VULNERABLE", {"until_on": date(2026, 11, 23)}),
        ("VULNERABLE", {"from_on": date(2026, 11, 25)}),
        ("VULNERABLE", {"reason": "  "}),
        ("GREETED", {}),
    ],
)
def test_what_cannot_be_is_refused(in_tenant: Tenant, officer: User, kind: str, wrong: dict[str, object]) -> None:
    with pytest.raises(FlagRefused):
        flag(individual(), kind, officer, **wrong)  # type: ignore[arg-type]  # as the parameters say
    with transaction.atomic():
        assert not CustomerFlag.objects.exists()


def test_a_company_does_not_die_and_has_no_guardian(in_tenant: Tenant, officer: User) -> None:
    customer = company()
    for kind in ("DECEASED", "GUARDIAN", "VULNERABLE"):
        with pytest.raises(FlagRefused):
            flag(customer, kind, officer)
    flag(customer, "LITIGATION", officer)


def test_a_flag_is_put_on_once_at_a_time(in_tenant: Tenant, officer: User, approver: User) -> None:
    customer = individual()
    first = flag(customer, "DO_NOT_CONTACT", officer)
    with pytest.raises(FlagRefused):
        flag(customer, "DO_NOT_CONTACT", officer)
    lift(first, officer, approver)
    second = flag(customer, "DO_NOT_CONTACT", officer)
    with transaction.atomic():
        assert [one.pk for one in flags_of(customer)] == [second.pk, first.pk]


def test_of_two_who_put_on_the_same_flag_at_once_the_second_is_told(
    in_tenant: Tenant, officer: User, branch_staff: User
) -> None:
    customer = individual()
    acts = [partial(flag, customer, "DECEASED", who) for who in (officer, branch_staff)]
    results = in_parallel(in_tenant, *acts)
    assert sorted(type(result).__name__ for result in results) == ["CustomerFlag", "FlagRefused"]


def test_a_flag_lapses_after_its_last_day_in_japan_and_takes_its_proposal_along(
    in_tenant: Tenant, officer: User
) -> None:
    customer = individual()
    raised = flag(customer, "DO_NOT_CONTACT", officer, until_on=date(2026, 11, 24))
    stays = flag(customer, "VULNERABLE", officer, until_on=date(2026, 11, 25))
    lifting = lift_flag(flag=raised, reason="x", actor=Actor.user(officer.pk), now=NOW)
    assert lifting is not None
    last_minute = NOW.replace(hour=14, minute=59)
    assert lapse_flags(now=last_minute) == 0
    assert lapse_flags(now=last_minute + timedelta(minutes=1)) == 1
    assert (as_it_is(raised).status, as_it_is(stays).status) == ("LAPSED", "IN_FORCE")
    assert events_of(lifting)[-1] == "flaglifting.rejected"


def test_every_night_the_flags_of_every_bank_lapse(in_tenant: Tenant, officer: User) -> None:
    raised = flag(individual(), "VULNERABLE", officer, until_on=date(2026, 11, 24))
    with transaction.atomic():
        CustomerFlag.objects.filter(pk=raised.pk).update(from_on=date(2020, 1, 1), until_on=date(2020, 1, 2))
    assert lapse_flags_that_end.apply().get() == 1


def test_the_guardian_to_write_to_is_the_one_on_record_with_a_whole_address(in_tenant: Tenant) -> None:
    customer, other = individual(), individual("2")
    address = {"name": "後見　花子", "address": "〒103-0027 東京都中央区日本橋1丁目2-3"}
    row = enter_party(customer=customer, kind="PERSON", roles=["GUARDIAN"], details=address, actor=SYSTEM, now=NOW)
    for roles, details in ((["AGENT"], address), (["GUARDIAN"], {"name": "後見", "address": "東京都中央区"})):
        enter_party(customer=other, kind="PERSON", roles=roles, details=details, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        found = guardians_of([customer.pk, other.pk])
    assert list(found) == [customer.pk]
    guardian = found[customer.pk]
    assert (guardian.name, guardian.postal_code) == ("後見　花子", "1030027")
    assert guardian.address == "東京都中央区日本橋1丁目2-3"
    end_party(customer=customer, row_id=row.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert guardians_of([customer.pk]) == {}


def test_a_flag_in_force_keeps_its_customer_from_becoming_part_of_another(in_tenant: Tenant, officer: User) -> None:
    survivor, merged = individual(), individual("2")
    with transaction.atomic():
        assert obstacles_of(merged, now=NOW) == [], "control"
    raised = flag(merged, "VULNERABLE", officer)
    flag(survivor, "VULNERABLE", officer)
    with transaction.atomic():
        [words] = obstacles_of(merged, now=NOW)
    assert "2" in words
    lift_flag(flag=raised, reason="x", actor=Actor.user(officer.pk), now=NOW)
    with transaction.atomic():
        assert obstacles_of(merged, now=NOW) == []


def test_flags_go_with_the_customer(in_tenant: Tenant, officer: User) -> None:
    customer, other = individual(), individual("2")
    lift_flag(flag=flag(customer, "DECEASED", officer), reason="x", actor=Actor.user(officer.pk), now=NOW)
    flag(other, "DECEASED", officer)
    with transaction.atomic():
        destroy_customers([customer.pk], actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert list(kinds_in_force()) == [other.pk]
        assert FlagLifting.objects.count() == 0
