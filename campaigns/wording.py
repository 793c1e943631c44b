"""The words staff read for the codes of plans and progress."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from channels.models import ChannelKind, DeliveryAttempt
from customers.models import RiskTier
from ekyc.methods import METHODS
from outreach.models import OutreachKind, OutreachTry
from risk.selectors import published_policy, reason_labels

REASONS: Mapping[str, Promise | str] = {
    "cycle": _("The review cycle comes round"),
    "stay_ends": _("The period of stay ends"),
    "never_reviewed": _("Never reviewed before"),
    "not_yet": _("Not due by that day"),
    "under_review": _("Already being asked in another campaign"),
    "closed": _("The relationship has ended"),
    "no_open_account": _("Every known account is closed"),
    "simplified": _("Simplified due diligence"),
    "flag_deceased": _("Flagged as deceased"),
    "flag_litigation": _("Flagged as in litigation"),
    "flag_do_not_contact": _("Flagged as not to be contacted"),
}

STAGES: Mapping[str, Promise | str] = {
    "targeted": _("To be asked"),
    "sent": _("Sent"),
    "delivered": _("Delivered"),
    "opened": _("Opened"),
    "answered": _("Answered"),
    "completed": _("Completed"),
    "planned": _("Not sent yet"),
    "notified": _("Waiting for the answer"),
    "pending": _("Not answered yet"),
    "verifying": _("Identity to be verified"),
    "in_review": _("In review"),
    "undeliverable": _("Undeliverable"),
    "no_answer": _("No answer by the deadline"),
    "cancelled": _("Cancelled"),
}

# The numbers of calls and visits on a campaign's page; the outcomes come after them, in their own words.
TASK_FIGURES: Mapping[str, Promise | str] = {
    "open": _("Still to be done"),
    "overdue": _("Overdue"),
    "reached": _("Reached"),
    "done": _("Done"),
    "given_up": _("Given up"),
    "cancelled": _("Cancelled"),
}


def task_figure(code: str) -> str:
    """What a number of calls and visits is called."""
    return str(TASK_FIGURES[code] if code in TASK_FIGURES else OutreachTry.Outcome(code).label)


def reasons(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Why customers are due, not due or exempt, the commonest first; a policy's own codes in the policy's words."""
    own = [code for code in counts if code not in REASONS]
    policy = published_policy() if own else None
    labels = reason_labels(policy.document, own, get_language() or "ja") if policy else own
    words = {code: str(text) for code, text in REASONS.items()} | dict(zip(own, labels, strict=True))
    return [(words[code], count) for code, count in sorted(counts.items(), key=lambda item: -item[1])]


def tier(code: str) -> str:
    """A risk tier in words."""
    return str(RiskTier(code).label) if code in RiskTier.values else code


def channel(code: str) -> str:
    """A channel in words."""
    if code in OutreachKind.values:
        return str(OutreachKind(code).label)
    return str(ChannelKind(code).label) if code in ChannelKind.values else code


def attempt_status(code: str) -> str:
    """What became of an attempt, in words."""
    return str(DeliveryAttempt.Status(code).label)


def method(code: str) -> str:
    """A way to verify identity in words."""
    found = METHODS.get(code)
    if found is None:
        return code
    return found.name if get_language() == "ja" else found.name_en


def duration(seconds: int | None) -> str:
    """Seconds as minutes and seconds; a dash where nothing was measured."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(seconds, 60)
    if not minutes:
        return gettext("%(seconds)d s") % {"seconds": rest}
    return gettext("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
