"""Purges: never early, never past a hold, never by one person, and of a customer nothing is left."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from audit.models import AuditEvent
from audit.services import Actor
from campaigns.models import PeriodicReview
from customers.closing import ClosingRefused, close_customer, reopen_customer
from customers.models import Customer
from questionnaires import standard
from questionnaires.models import QuestionnaireVersion
from questionnaires.shaping import parse
from retention import executing
from retention.classes import record_classes
from retention.executing import execute_approved
from retention.models import DestructionRecord, LegalHold, PurgeItem, PurgeProposal
from retention.selectors import periods
from retention.services import (
    RetentionRefused,
    approve_proposal,
    find_due,
    place_hold,
    reject_proposal,
    release_hold,
    set_length,
    submit_proposal,
)
from tenants.keys import PersonShredded
from tenants.models import Role, Tenant, TenantModel, User
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.tenants.builders import one_row_of_each, tenant_models
from uploads.models import Upload

CLOSED = date(2019, 3, 31)
LAST_DAY = datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC)  # one second before midnight in Tokyo
FREE = datetime(2026, 3, 31, 15, 0, tzinfo=UTC)  # 1 April in Tokyo, still March in London


def customer(number: str = "1", closed_on: date | None = CLOSED) -> Customer:
    """One whose contract has ended."""
    with transaction.atomic():
        made: Customer = Customer.objects.create(
            number=number,
            kind="INDIVIDUAL",
            profile={"name": "髙﨑　花子"},
            status="CLOSED" if closed_on else "ACTIVE",
            closed_on=closed_on,
        )
    return made


def found(now: datetime = FREE) -> PurgeProposal:
    proposal = find_due(actor=SYSTEM, now=now)
    assert proposal is not None
    return proposal


def approved(officer: User, approver: User, now: datetime = FREE) -> PurgeProposal:
    proposal = found(now)
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=now)
    approve_proposal(proposal=proposal, seen_hash=proposal.list_hash, actor=Actor.user(approver.pk), now=now)
    return proposal


def outcomes(proposal: PurgeProposal) -> dict[str, str]:
    """What became of each customer on the list."""
    with transaction.atomic():
        return {str(item.subject): item.outcome for item in PurgeItem.objects.filter(proposal=proposal)}


def left() -> set[str]:
    with transaction.atomic():
        return set(Customer.objects.values_list("number", flat=True))


def test_nothing_is_found_a_second_too_early(in_tenant: Tenant) -> None:
    """P5: seven years after the end of the contract, by the calendar of Japan."""
    customer()
    assert find_due(actor=SYSTEM, now=LAST_DAY) is None
    proposal = found(FREE)
    assert (proposal.counts, proposal.found_on) == ({"confirmation": 1}, date(2026, 4, 1))
    assert find_due(actor=SYSTEM, now=FREE) is None, "one list at a time"


def test_an_open_contract_is_never_due(in_tenant: Tenant, officer: User) -> None:
    """P5: even if a day is left over from an earlier end, which the database refuses as well."""
    mine = customer()
    with transaction.atomic():
        reopen_customer(customer=mine, actor=Actor.user(officer.pk), now=FREE)
    assert find_due(actor=SYSTEM, now=FREE) is None
    with pytest.raises(IntegrityError, match="customer_open_or_closed"), transaction.atomic():
        Customer.objects.filter(pk=mine.pk).update(closed_on=CLOSED)


def test_an_end_that_cannot_be_is_refused(in_tenant: Tenant) -> None:
    """P5: a wrong trigger date."""
    mine = customer(closed_on=None)
    mine.opened_on = date(2010, 4, 1)
    for day in (date(2026, 4, 2), date(2010, 3, 31)):
        with pytest.raises(ClosingRefused):
            close_customer(customer=mine, closed_on=day, actor=SYSTEM, now=FREE)
    with transaction.atomic():
        close_customer(customer=mine, closed_on=date(2026, 4, 1), actor=SYSTEM, now=FREE)
        close_customer(customer=mine, closed_on=CLOSED, actor=SYSTEM, now=FREE)
    assert found().counts == {"confirmation": 1}


def test_two_people_let_it_go_and_the_record_says_so(in_tenant: Tenant, officer: User, approver: User) -> None:
    gone, stays = customer("1"), customer("2", closed_on=date(2019, 4, 1))
    proposal = approved(officer, approver)
    assert execute_approved(actor=SYSTEM, now=FREE) == 1
    assert left() == {stays.number}
    with transaction.atomic():
        proposal.refresh_from_db()
        made = DestructionRecord.objects.get()
        assert proposal.status == PurgeProposal.Status.EXECUTED
        assert made.outcomes == {"confirmation": {"DESTROYED": 1}}
        assert made.rules == {"confirmation": {"length": 7, "unit": "YEARS"}}
        kept = AuditEvent.objects.get(event="destructionrecord.made").data
        assert (kept["submitted_by"], kept["approved_by"]) == (officer.pk, approver.pk)
        assert kept["destroyed_hash"] == made.destroyed_hash
        for event in ("customer.destroyed", "personkey.shredded"):
            targets = AuditEvent.objects.filter(event=event).values_list("target_id", flat=True)
            assert list(targets) == [str(gone.pk)], event
    assert execute_approved(actor=SYSTEM, now=FREE) == 0


def test_what_was_destroyed_cannot_be_unsaid(in_tenant: Tenant, officer: User, approver: User) -> None:
    customer("1")
    approved(officer, approver)
    assert execute_approved(actor=SYSTEM, now=FREE) == 1
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        DestructionRecord.objects.update(outcomes={})
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        DestructionRecord.objects.all().delete()
    with transaction.atomic():
        assert DestructionRecord.objects.get().outcomes == {"confirmation": {"DESTROYED": 1}}


def test_one_person_is_not_enough(
    in_tenant: Tenant, officer: User, approver: User, make_user: MakeUser, superuser: psycopg.Connection
) -> None:
    """A9: not the proposer, not somebody without the right, not the proposer's second account, not by SQL."""
    customer()
    proposal = found()
    seen = proposal.list_hash
    with pytest.raises(RetentionRefused):
        approve_proposal(proposal=proposal, seen_hash=seen, actor=Actor.user(approver.pk), now=FREE)  # nobody proposed
    with pytest.raises(RetentionRefused):
        submit_proposal(proposal=proposal, actor=Actor.user(approver.pk), now=FREE)
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=FREE)
    superuser.execute(
        "UPDATE tenants_membership SET staff_number = (SELECT staff_number FROM tenants_membership WHERE user_id = %s)"
        " WHERE user_id = %s",
        [officer.pk, approver.pk],
    )
    for person in (officer, approver):
        with pytest.raises(RetentionRefused):
            approve_proposal(proposal=proposal, seen_hash=seen, actor=Actor.user(person.pk), now=FREE)
    alone = {"approved_by": officer.pk, "approved_person": proposal.submitted_person}
    with pytest.raises(IntegrityError, match="purge_four_eyes"), transaction.atomic():
        PurgeProposal.objects.filter(pk=proposal.pk).update(**alone)
    assert execute_approved(actor=SYSTEM, now=FREE) == 0
    assert left() == {"1"}
    with tenant_context(in_tenant.pk):
        second = make_user(in_tenant, Role.APPROVER, "second")
    approve_proposal(proposal=proposal, seen_hash=seen, actor=Actor.user(second.pk), now=FREE)  # control
    assert execute_approved(actor=SYSTEM, now=FREE) == 1


def test_what_is_approved_is_what_was_listed(
    in_tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    """A9: another list than the one that was seen is not approved; one altered afterwards is not executed."""
    customer("1")
    stranger = customer("2", closed_on=None)
    proposal = found()
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=FREE)
    with pytest.raises(RetentionRefused):
        approve_proposal(proposal=proposal, seen_hash="0" * 64, actor=Actor.user(approver.pk), now=FREE)
    approve_proposal(proposal=proposal, seen_hash=proposal.list_hash, actor=Actor.user(approver.pk), now=FREE)
    superuser.execute("UPDATE retention_purgeitem SET record = %s", [stranger.pk])
    assert execute_approved(actor=SYSTEM, now=FREE) == 0
    assert left() == {"1", "2"}
    with transaction.atomic():
        proposal.refresh_from_db()
        assert proposal.status == PurgeProposal.Status.REJECTED
        assert AuditEvent.objects.filter(event="purgeproposal.altered").count() == 1


def test_a_hold_beats_everything(in_tenant: Tenant, officer: User, approver: User) -> None:
    """P5: before the list is made, and after it was approved; when it is released, the period counts again."""
    held, late, free = customer("1"), customer("2"), customer("3")
    actor = Actor.user(officer.pk)
    hold = place_hold(subject=held.pk, reason="LITIGATION", matter="民-12", actor=actor, now=FREE)
    proposal = approved(officer, approver)
    assert outcomes(proposal) == {str(late.pk): "", str(free.pk): ""}
    place_hold(subject=late.pk, reason="AUTHORITY", matter="照-7", actor=actor, now=FREE)
    execute_approved(actor=SYSTEM, now=FREE)
    assert outcomes(proposal) == {str(late.pk): "HELD", str(free.pk): "DESTROYED"}
    assert left() == {"1", "2"}
    release_hold(hold=hold, actor=actor, now=FREE)
    with pytest.raises(RetentionRefused):
        release_hold(hold=hold, actor=actor, now=FREE)
    approved(officer, approver)
    execute_approved(actor=SYSTEM, now=FREE)
    assert left() == {"2"}
    with transaction.atomic():
        assert LegalHold.objects.filter(released_at__isnull=True).count() == 1


def test_what_is_not_due_any_more_is_kept(in_tenant: Tenant, officer: User, approver: User) -> None:
    """P5: a day corrected, a contract opened again, a length made longer, between approval and execution."""
    corrected, opened = customer("1"), customer("2")
    proposal = approved(officer, approver)
    with transaction.atomic():
        close_customer(customer=corrected, closed_on=date(2019, 4, 1), actor=SYSTEM, now=FREE)
        reopen_customer(customer=opened, actor=SYSTEM, now=FREE)
    execute_approved(actor=SYSTEM, now=FREE)
    assert set(outcomes(proposal).values()) == {"NOT_DUE"}
    assert left() == {"1", "2"}
    later = FREE + timedelta(days=1)
    second = approved(officer, approver, later)
    set_length(code="confirmation", length=10, actor=Actor.user(officer.pk), now=later)
    execute_approved(actor=SYSTEM, now=later)
    assert set(outcomes(second).values()) == {"NOT_DUE"}


def test_lengths_have_limits(in_tenant: Tenant, superuser: psycopg.Connection) -> None:
    """The law's seven years cannot be shortened, not even by a row that slipped in."""
    for code, length in (("confirmation", 6), ("confirmation", 31), ("rejected_rows", 6), ("rejected_rows", 366)):
        with pytest.raises(RetentionRefused):
            set_length(code=code, length=length, actor=SYSTEM, now=NOW)
    set_length(code="confirmation", length=8, actor=SYSTEM, now=NOW)
    customer()
    assert find_due(actor=SYSTEM, now=FREE) is None
    superuser.execute("UPDATE retention_retentionclass SET length = 1")
    with transaction.atomic():
        assert periods()["confirmation"].length == 7


def test_a_rejected_purge_destroys_nothing(in_tenant: Tenant, officer: User, approver: User) -> None:
    customer()
    proposal = found()
    submit_proposal(proposal=proposal, actor=Actor.user(officer.pk), now=FREE)
    with pytest.raises(RetentionRefused):
        reject_proposal(proposal=proposal, reason=" ", actor=Actor.user(approver.pk), now=FREE)
    reject_proposal(proposal=proposal, reason="調査中", actor=Actor.user(approver.pk), now=FREE)
    assert execute_approved(actor=SYSTEM, now=FREE) == 0
    assert left() == {"1"}
    assert found().counts == {"confirmation": 1}, "found again another night"


def test_a_purge_that_was_cut_off_goes_on(
    in_tenant: Tenant, officer: User, approver: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in "12345":
        customer(number)
    proposal = approved(officer, approver)
    monkeypatch.setattr(executing, "BATCH", 2)
    assert executing._execute_batch(actor=SYSTEM, now=FREE) == 2
    assert sorted(outcomes(proposal).values()) == ["", "", "", "DESTROYED", "DESTROYED"]
    assert execute_approved(actor=SYSTEM, now=FREE) == 3
    assert left() == set()
    with transaction.atomic():
        assert DestructionRecord.objects.get().outcomes == {"confirmation": {"DESTROYED": 5}}


def test_of_a_destroyed_customer_nothing_is_left_in_any_room(
    tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    """P1, P5: every model that leads to a customer, found through the models themselves."""
    one_row_of_each(tenant, officer)
    superuser.execute("TRUNCATE retention_legalhold, retention_purgeproposal CASCADE")
    superuser.execute("UPDATE customers_customer SET status = 'CLOSED', closed_on = %s", [CLOSED])
    superuser.execute("UPDATE retention_retentionclass SET code = 'other'")
    superuser.execute("UPDATE uploads_upload SET purpose = 'CASE_DOCUMENT', reference = (SELECT id FROM reviews_case)")
    about = [model for model in tenant_models() if leads_to_customer(model) or model is Upload]
    assert PeriodicReview in about
    assert all(rows_of(superuser, model) for model in about), "control"
    with tenant_context(tenant.pk):
        approved(officer, approver)
        execute_approved(actor=SYSTEM, now=FREE)
    assert {model.__name__ for model in about if rows_of(superuser, model)} == set()


def leads_to_customer(model: type[TenantModel]) -> bool:
    """Whether a row of the model cannot be without some customer."""
    return model is Customer or any(
        isinstance(field.related_model, type)
        and issubclass(field.related_model, TenantModel)
        and field.related_model is not model
        and not field.null
        and leads_to_customer(field.related_model)
        for field in model._meta.concrete_fields
    )


def rows_of(superuser: psycopg.Connection, model: type[TenantModel]) -> int:
    row = superuser.execute(f"SELECT count(*) FROM {model._meta.db_table}").fetchone()
    assert row is not None
    return int(row[0])


def test_every_class_finds_and_destroys_what_it_says(
    tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    """Notices, raw reports, drafts and rows not taken: each from its own day, and not before."""
    one_row_of_each(tenant, officer)
    superuser.execute("TRUNCATE retention_legalhold, retention_purgeproposal CASCADE")
    superuser.execute("UPDATE retention_retentionclass SET code = 'other'")
    settled = datetime(2019, 3, 31, 14, 59, tzinfo=UTC)
    for statement in (
        "UPDATE channels_notice SET created_at = %s",
        "UPDATE channels_deliveryattempt SET status = 'DELIVERED', settled_at = %s",
        "UPDATE channels_webhookevent SET received_at = %s, processed_at = now()",
        "UPDATE ekyc_ekycevent SET received_at = %s, processed_at = now()",
        "UPDATE channels_trial SET sent_at = %s",
        "UPDATE questionnaires_response SET status = 'CANCELLED', saved_at = %s",
        "UPDATE customers_customerimport SET finished_at = %s",
        "UPDATE customers_customer SET created_at = %s",
        "UPDATE customers_valuekeeping SET after_set = 1, set_at = %s",
        "UPDATE customers_expiredvalue SET ended_on = %s",
        "UPDATE questionnaires_keptanswer SET destroyed_at = NULL, kept_until = %s",
    ):
        superuser.execute(statement, [settled])
    with tenant_context(tenant.pk):
        document = standard.document("individual")
        with transaction.atomic():
            QuestionnaireVersion.objects.update(document=document, sha256=parse(document).digest)
        proposal = approved(officer, approver)
        everything = {kind.code for kind in record_classes()}
        assert set(proposal.counts) == everything - {"confirmation"}
        execute_approved(actor=SYSTEM, now=FREE)
        assert find_due(actor=SYSTEM, now=FREE) is None
        with transaction.atomic():
            assert {row["DESTROYED"] for row in DestructionRecord.objects.get().outcomes.values()} == {1}
    for table in ("channels_notice", "channels_webhookevent", "ekyc_ekycevent", "customers_rejectedrow"):
        assert superuser.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    assert superuser.execute("SELECT count(*) FROM customers_customer").fetchone() == (1,)


def test_a_hold_keeps_what_may_be_about_anybody(tenant: Tenant, officer: User, superuser: psycopg.Connection) -> None:
    one_row_of_each(tenant, officer)
    superuser.execute("TRUNCATE retention_legalhold, retention_purgeproposal CASCADE")
    superuser.execute("UPDATE ekyc_ekycevent SET received_at = '2019-01-01', processed_at = now()")
    superuser.execute("UPDATE retention_retentionclass SET code = 'other'")
    with tenant_context(tenant.pk):
        mine = customer("9", closed_on=None)
        hold = place_hold(subject=mine.pk, reason="LITIGATION", matter="1", actor=SYSTEM, now=FREE)
        assert find_due(actor=SYSTEM, now=FREE) is None
        release_hold(hold=hold, actor=SYSTEM, now=FREE)
        assert found().counts == {"ekyc_reports": 1}  # control


def test_of_a_purged_customer_an_old_copy_of_the_tables_stays_shut(
    in_tenant: Tenant, officer: User, approver: User, superuser: psycopg.Connection
) -> None:
    """A10: the back-up is older than the purge, and everything but that customer's key is still there."""
    customer("1")
    superuser.execute("CREATE TABLE old_copy AS SELECT * FROM customers_customer")
    try:
        approved(officer, approver)
        with transaction.atomic():
            assert Customer.objects.get().profile == {"name": "髙﨑　花子"}
        execute_approved(actor=SYSTEM, now=FREE)
        assert left() == set()

        superuser.execute("INSERT INTO customers_customer SELECT * FROM old_copy")
        with transaction.atomic():
            with pytest.raises(PersonShredded):
                _ = Customer.objects.get().profile
            assert AuditEvent.objects.filter(event="personkey.shredded").count() == 1
    finally:
        superuser.execute("DROP TABLE old_copy")
