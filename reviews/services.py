"""Reconciling answers with the file, and deciding with two pairs of eyes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from customers.flags.selectors import kinds_in_force
from customers.models import AttributeChange, Customer
from customers.parsing import Invalid
from customers.related.answered import answered_beside
from customers.selectors import facts_of
from customers.services import apply_facts, record_review
from ekyc.models import Verification
from questionnaires.keeping import note_review_closed
from questionnaires.models import Response
from questionnaires.routing import facts_answered
from questionnaires.selectors import questionnaire_of
from reviews import policies
from reviews.comparing import Difference, Kind, Severity, compare, fold, is_blank
from reviews.models import Case, Decision, Discrepancy
from reviews.policies import CaseNotOpen, ContentChanged, ReviewRefused
from reviews.signals import case_closed
from risk.services import rate_customers
from tenants.four_eyes import Standing

CLEARED = "CLEARED"
IDENTITY = "identity"


def reconcile_response(
    *,
    response: Response,
    verification: Verification | None,
    tier: str,
    reference: UUID,
    actor: Actor,
    now: datetime,
    needs_identity: bool = False,
) -> Case:
    """Compare answers with the file; clear by rule what is safe, queue the rest.

    ``needs_identity``: the segment demands eKYC, so anything but an approved ``verification`` is a discrepancy.
    Idempotent per ``reference``.
    """
    with transaction.atomic():
        customer = Customer.objects.select_for_update(no_key=True).get(pk=response.customer_id)
        known: Case | None = Case.objects.filter(reference=reference).first()
        if known:
            return known
        facts = facts_of(customer)
        differences, answers = _differences(response, facts)
        case: Case = Case.objects.create(
            customer=customer,
            response=response,
            verification=verification,
            reference=reference,
            tier=tier,
            opened_at=now,
        )
        identity = _identity_discrepancies(case, customer, verification, needs_identity, facts | answers)
        Discrepancy.objects.bulk_create(
            [
                Discrepancy(
                    case=case,
                    attribute=found.field,
                    kind=found.kind,
                    severity=found.severity,
                    on_file=facts.get(found.field),
                    answered=answers.get(found.field),
                )
                for found in differences
            ]
            + identity
        )
        record(
            "case.opened",
            target=case,
            actor=actor,
            at=now,
            tier=tier,
            fields=[difference.field for difference in differences],
            identity=len(identity),
        )
        owners = answered_beside(customer, facts, answers.get("owners"))
        rule = policies.clearing_rule(
            differences,
            tier=tier,
            due_diligence=customer.due_diligence,
            needs_identity=bool(identity),
            is_flagged=bool(kinds_in_force([customer.pk])),
            is_contradicted=owners is not None and owners.differs,
        )
        if rule:
            transition(
                case, Case.Status.CLEARED, actor=Actor.system("reviews"), at=now, cleared_by_rule=rule, closed_at=now
            )
            _finish(case, outcome=CLEARED, actor=Actor.system("reviews"), now=now)
    return case


@transaction.atomic
def decide_case(
    *,
    case: Case,
    outcome: str,
    accepted_fields: Collection[str],
    rationale: str,
    actor: Actor,
    now: datetime,
) -> Decision:
    """Propose what to do with a case. Nothing changes until somebody else approves.

    Raises:
        ReviewRefused: the case is not open, or the decision is incomplete.
    """
    policies.check_may_decide(case)
    Case.objects.select_for_update(no_key=True).get(pk=case.pk)
    decider = policies.member_behind(actor, now)
    policies.check_did_not_type(case, decider)
    discrepancies = list(case.discrepancies.all())
    rationale = rationale.strip()
    policies.check_content(outcome=outcome, accepted=accepted_fields, rationale=rationale, discrepancies=discrepancies)
    accepted = sorted(set(accepted_fields))
    try:
        transition(case, Case.Status.AWAITING_APPROVAL, actor=actor, at=now)
    except LostRace as race:
        raise CaseNotOpen(_("A colleague has just decided this case. Reload it to see how.")) from race
    decision: Decision = Decision.objects.create(
        case=case,
        outcome=outcome,
        accepted_attributes=accepted,
        rationale=rationale,
        content_hash=policies.content_hash(
            case=case, outcome=outcome, accepted=accepted, rationale=rationale, discrepancies=discrepancies
        ),
        decided_by=decider.user_id,
        decided_person=decider.person,
        decided_at=now,
    )
    record(
        "decision.proposed",
        target=decision,
        actor=actor,
        at=now,
        case=str(case.pk),
        outcome=outcome,
        fields=accepted,
        content_hash=decision.content_hash,
    )
    return decision


def approve_decision(*, decision: Decision, actor: Actor, now: datetime) -> None:
    """Put a decision into effect: the file, the rating and the next review date, in one transaction.

    Raises:
        ReviewRefused: it is the actor's own, it has been checked already, or its content has changed since.
    """
    with transaction.atomic():
        case = Case.objects.select_for_update(no_key=True).get(pk=decision.case_id)
        discrepancies = list(case.discrepancies.all())
        decision.refresh_from_db()
        checker = policies.member_behind(actor, now)
        policies.check_may_check(decision, checker)
        policies.check_did_not_type(case, checker)
        if decision.content_hash != _hash_of(decision, case, discrepancies):
            raise ContentChanged(
                _("What you are approving is no longer what was decided. Return it, so that it is decided again.")
            )
        _check(decision, Decision.Status.APPROVED, checker, actor=actor, now=now)
        transition(case, Case.Status.CLOSED, actor=actor, at=now, closed_at=now)
        _update_file(case, _accepted_changes(decision, discrepancies), actor=actor, now=now)
        _finish(case, outcome=decision.outcome, actor=actor, now=now)


def return_decision(*, decision: Decision, reason: str, actor: Actor, now: datetime) -> None:
    """Send a decision back to be made again.

    Raises:
        ReviewRefused: it is the actor's own, it has been checked already, or no reason is given.
    """
    if not reason.strip():
        raise ReviewRefused(_("Write down why you return the decision."))
    with transaction.atomic():
        case = Case.objects.select_for_update(no_key=True).get(pk=decision.case_id)
        decision.refresh_from_db()
        checker = policies.member_behind(actor, now)
        policies.check_may_check(decision, checker)
        comment = reason.strip()
        _check(decision, Decision.Status.RETURNED, checker, actor=actor, now=now, check_comment=comment)
        transition(case, Case.Status.OPEN, actor=actor, at=now)


def _differences(response: Response, facts: Mapping[str, object]) -> tuple[list[Difference], dict[str, object]]:
    answers = facts_answered(questionnaire_of(response.version), response.answers)
    return compare(facts, answers, list(answers)), answers


def _identity_discrepancies(
    case: Case,
    customer: Customer,
    verification: Verification | None,
    needs_identity: bool,
    claimed: Mapping[str, object],
) -> list[Discrepancy]:
    """What the eKYC result leaves open: no approval, or a document that says something else."""
    if verification is None or verification.status != Verification.Status.APPROVED:
        if not needs_identity and verification is None:
            return []
        state = verification.status if verification else "MISSING"
        codes = verification.reason_codes if verification else []
        return [_identity(case, IDENTITY, None, {"status": state, "reason_codes": codes})]
    if customer.kind != Customer.Kind.INDIVIDUAL:
        return []
    attributes = (verification.result or {}).get("attributes") or {}
    return [
        _identity(case, field, claimed.get(field), shown)
        for field in ("name", "birth_on", "address")
        if not is_blank(shown := attributes.get(field)) and fold(field, shown) != fold(field, claimed.get(field))
    ]


def _identity(case: Case, attribute: str, claimed: object, shown: object) -> Discrepancy:
    return Discrepancy(
        case=case,
        attribute=attribute,
        kind=Kind.IDENTITY,
        severity=Severity.SERIOUS,
        on_file=claimed,
        answered=shown,
    )


def _accepted_changes(decision: Decision, discrepancies: Sequence[Discrepancy]) -> dict[str, object]:
    accepted = set(decision.accepted_attributes)
    return {
        row.attribute: row.answered
        for row in discrepancies
        if row.attribute in accepted and row.kind != Discrepancy.Kind.IDENTITY
    }


def _update_file(case: Case, changes: Mapping[str, object], *, actor: Actor, now: datetime) -> None:
    if not changes:
        return
    source = AttributeChange.Source.CUSTOMER
    try:
        apply_facts(customer=case.customer, changes=changes, source=source, reference=case.pk, actor=actor, now=now)
    except Invalid as problem:
        raise ReviewRefused(
            _("The file cannot hold the telephone number or postal code as answered. Return the decision.")
        ) from problem


def _hash_of(decision: Decision, case: Case, discrepancies: Sequence[Discrepancy]) -> str:
    return policies.content_hash(
        case=case,
        outcome=decision.outcome,
        accepted=decision.accepted_attributes,
        rationale=decision.rationale,
        discrepancies=discrepancies,
    )


def _check(decision: Decision, to: str, checker: Standing, *, actor: Actor, now: datetime, **changes: object) -> None:
    changes |= {"checked_by": checker.user_id, "checked_person": checker.person, "checked_at": now}
    try:
        transition(decision, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as race:
        raise CaseNotOpen(_("A colleague has just checked this decision. Reload the case.")) from race


def _finish(case: Case, *, outcome: str, actor: Actor, now: datetime) -> None:
    """The customer has been reviewed: date, rating and next date follow, then the rooms above hear of it."""
    record_review(customer_id=case.customer_id, reviewed_on=timezone.localdate(now), actor=actor, now=now)
    rate_customers(customer_ids=[case.customer_id], actor=Actor.system("risk"), now=now)
    note_review_closed(reference=case.reference, now=now)
    case_closed.send(Case, case_id=case.pk, reference=case.reference, outcome=outcome, now=now)
