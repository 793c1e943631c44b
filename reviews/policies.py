"""What may be done to a case in the state it is in, and who may not do it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.services import Actor
from customers.models import DueDiligence, RiskTier
from reviews.comparing import Difference
from reviews.models import Case, Decision, Discrepancy
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission

# An answer that confirms the file, from a customer who is not worth a person's time. Named in the audit trail.
RULE_UNCHANGED = "unchanged-low-risk"


class ReviewRefused(Exception):
    """The step can't be taken; the text tells the person what to do next."""


class CaseNotOpen(ReviewRefused):
    """Somebody else has been faster, or a rule has cleared the case."""


class OwnWork(ReviewRefused):
    """Nobody checks their own decision."""


class NotEntitled(ReviewRefused):
    """The actor is no member at this moment, or their role does not include the act."""


class ContentChanged(ReviewRefused):
    """What is to be approved is no longer what was decided."""


class DecisionIncomplete(ReviewRefused):
    """The decision doesn't say what it must say."""


def clearing_rule(
    differences: Collection[Difference],
    *,
    tier: str,
    due_diligence: str,
    needs_identity: bool,
    is_flagged: bool,
    is_contradicted: bool = False,
) -> str | None:
    """The rule that clears an answer without a person, if one does; none for a customer with a flag in force.

    ``is_contradicted``: a company named other owners than those calculated from what is on record.
    """
    is_low = tier == RiskTier.LOW or due_diligence == DueDiligence.SIMPLIFIED
    is_safe = is_low and not differences and not needs_identity and not is_flagged and not is_contradicted
    return RULE_UNCHANGED if is_safe else None


def member_behind(actor: Actor, now: datetime) -> Standing:
    """The member who acts, locked until the transaction ends. Raises NotEntitled."""
    standing = standing_of(actor, now=now)
    if standing is None:
        raise NotEntitled(_("Only a signed-in member of staff may decide."))
    return standing


def check_may_decide(case: Case) -> None:
    """Raises CaseNotOpen."""
    if case.status != Case.Status.OPEN:
        raise CaseNotOpen(_("This case is not waiting for a decision any more. Reload it to see what happened."))


def check_content(
    *, outcome: str, accepted: Collection[str], rationale: str, discrepancies: Sequence[Discrepancy]
) -> None:
    """Raises DecisionIncomplete."""
    offered = {row.attribute for row in discrepancies if row.kind != Discrepancy.Kind.IDENTITY}
    if outcome not in Decision.Outcome.values:
        raise DecisionIncomplete(_("Choose what is to be done with the file."))
    if not rationale.strip():
        raise DecisionIncomplete(_("Write down the reason for your decision."))
    if unknown := set(accepted) - offered:
        fields = ", ".join(sorted(unknown))
        raise DecisionIncomplete(_("These fields do not differ from the file: %(fields)s.") % {"fields": fields})
    if outcome == Decision.Outcome.UPDATE_FILE and offered and not accepted:
        raise DecisionIncomplete(_("Choose at least one field to take over, or decide to keep the file."))
    if outcome == Decision.Outcome.KEEP_FILE and accepted:
        raise DecisionIncomplete(_("Fields are chosen, but the file is to be kept. Choose one or the other."))


def check_may_check(decision: Decision, checker: Standing) -> None:
    """Raises CaseNotOpen, OwnWork, NotEntitled."""
    if decision.status != Decision.Status.PROPOSED:
        raise CaseNotOpen(_("This decision has been checked already. Reload the case to see by whom."))
    if checker.did((decision.decided_by, decision.decided_person)):
        raise OwnWork(_("You decided this case yourself. Somebody else has to check it."))
    if not checker.may(Permission.APPROVE_CASE):
        raise NotEntitled(_("Your role does not include this step any more. Ask an administrator."))


def check_did_not_type(case: Case, standing: Standing) -> None:
    """Whoever took the answers by telephone or on a visit does not judge them. Raises OwnWork."""
    if standing.did((case.response.entered_by, case.response.entered_person)):
        raise OwnWork(_("You entered these answers on the customer's behalf. Somebody else has to judge them."))


def content_hash(
    *, case: Case, outcome: str, accepted: Collection[str], rationale: str, discrepancies: Sequence[Discrepancy]
) -> str:
    """SHA-256, hexadecimal, of all that the second person approves: the judgement and what it was made on."""
    content = {
        "case": str(case.pk),
        "outcome": outcome,
        "accepted": sorted(accepted),
        "rationale": rationale,
        "discrepancies": sorted(
            (row.attribute, row.kind, row.severity, json.dumps([row.on_file, row.answered], sort_keys=True))
            for row in discrepancies
        ),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
