"""What staff read across the apps: the home page's figures, a customer's timeline, the audit list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Model
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext

from audit.models import AuditEvent
from campaigns.models import Campaign, PeriodicReview, ResendProposal
from channels.accounts.models import AccountChange
from channels.advice import Advice, advice_for
from channels.models import DeliveryAttempt, MessageTemplate, ProviderAccount
from companies.models import CompanyNews, RegistryCertificate
from customers.flags.models import CustomerFlag, FlagLifting
from customers.matching.models import MatchCandidate
from customers.merging.models import CustomerMerge
from customers.models import Customer, CustomerImport, OwnAttribute, Product
from customers.stays.models import EndedStay
from ekyc.models import Verification
from outreach.models import CallRequest, Claim, Inquiry, OutreachTask, VisitRecord
from questionnaires.models import AccessLink, Response
from reporting.sentences import Names, describe
from reporting.uploaded import pages_of_uploads
from reporting.wording import Line
from reviews.models import Case, Decision
from risk.models import RiskPolicy, RiskRating
from risk.selectors import current_rating, reason_labels
from tenants.models import Branch, Membership, User
from uploads.models import Upload

JST = ZoneInfo("Asia/Tokyo")
_FAILURES = ("deliveryattempt.failed", "deliveryattempt.returned", "deliveryattempt.unknown")


@dataclass(frozen=True, slots=True)
class _Target:
    """How rows of one model are called in a sentence, and the page that shows them."""

    model: type[Model]
    name: str
    page: str = ""
    page_id: str = "pk"


_TARGETS: Mapping[str, _Target] = {
    target.model._meta.label_lower: target
    for target in (
        _Target(Customer, "number", "customer"),
        _Target(Campaign, "name", "campaign"),
        _Target(PeriodicReview, "customer__number", "customer", "customer_id"),
        _Target(ResendProposal, "campaign__name", "campaign-resend-proposal"),
        _Target(ProviderAccount, "channel", "sending-channel"),
        _Target(AccountChange, "account__channel", "sending-channel", "account_id"),
        _Target(Case, "customer__number", "case"),
        _Target(OutreachTask, "customer__number", "outreach-task"),
        _Target(VisitRecord, "task__customer__number", "outreach-task", "task_id"),
        _Target(Inquiry, "customer__number", "inquiry"),
        _Target(Claim, "customer__number", "claim"),
        _Target(CallRequest, "customer__number", "customer", "customer_id"),
        _Target(Decision, "case__customer__number", "case", "case_id"),
        _Target(Response, "customer__number", "customer", "customer_id"),
        _Target(AccessLink, "response__customer__number", "customer", "response__customer_id"),
        _Target(DeliveryAttempt, "notice__customer__number", "customer", "notice__customer_id"),
        _Target(MessageTemplate, "channel", "template"),
        _Target(Verification, "customer__number", "customer", "customer_id"),
        _Target(CompanyNews, "customer__number", "customer", "customer_id"),
        _Target(RegistryCertificate, "customer__number", "certificate"),
        _Target(CustomerImport, "uploaded_at", "import"),
        _Target(CustomerFlag, "customer__number", "customer-flags", "customer_id"),
        _Target(FlagLifting, "flag__customer__number", "customer-flags", "flag__customer_id"),
        _Target(MatchCandidate, "first__number", "customer-match"),
        _Target(CustomerMerge, "merged__number", "customer-merge"),
        _Target(OwnAttribute, "code", "attribute"),
        _Target(EndedStay, "customer__number", "ended-stay"),
        _Target(Product, "code", "product"),
        _Target(RiskPolicy, "version"),
        _Target(Upload, "received_at"),
        _Target(Membership, "user__name"),
        _Target(Branch, "code"),
    )
}


def lines_of(events: Sequence[AuditEvent]) -> list[Line]:
    """The events as sentences; two queries for names, one for each kind of thing on the page, one for failures."""
    names, advice = _names(events), _advice(events)
    lines = [describe(event, names) for event in events]
    for event, line in zip(events, lines, strict=True):
        if event.event in _FAILURES and (found := advice.get(event.target_id)):
            line.details.append(gettext("Why: %(reason)s") % {"reason": found.reason})
            line.details.append(gettext("Next: %(step)s") % {"step": found.step})
    return lines


def _advice(events: Sequence[AuditEvent]) -> dict[str, Advice]:
    """What to do about the notices that came to nothing, by their attempt."""
    ids = {event.target_id for event in events if event.event in _FAILURES}
    if not ids:
        return {}
    rows = DeliveryAttempt.objects.filter(pk__in=ids).values_list("pk", "channel", "failure_code", "failure_kind")
    found = {str(pk): advice_for(channel, code, kind) for pk, channel, code, kind in rows}
    return {pk: advice for pk, advice in found.items() if advice}


def _names(events: Sequence[AuditEvent]) -> Names:
    user_ids = {event.actor_id for event in events if event.actor_kind == "user" and event.actor_id.isdigit()}
    users = {str(pk): name for pk, name in User.objects.filter(pk__in=user_ids).values_list("pk", "name")}
    targets: dict[tuple[str, str], str] = {}
    urls: dict[tuple[str, str], str] = {}
    for label in {event.target_type for event in events} & _TARGETS.keys():
        target = _TARGETS[label]
        ids = {event.target_id for event in events if event.target_type == label}
        rows = target.model._default_manager.filter(pk__in=ids)
        for pk, name, page_id in rows.values_list("pk", target.name, target.page_id):
            targets[label, str(pk)] = _moment(name) if isinstance(name, datetime) else str(name)
            if target.page:
                urls[label, str(pk)] = reverse(target.page, args=[page_id])
    uploads = [target_id for label, target_id in targets if label == Upload._meta.label_lower]
    urls |= {(Upload._meta.label_lower, pk): url for pk, url in pages_of_uploads(uploads).items()}
    return Names(users=users, targets=targets, urls=urls)


def _moment(at: datetime) -> str:
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")


def staff_of_tenant() -> list[tuple[str, str]]:
    """(account id, name) of everybody who is or was on the staff, by name."""
    return [
        (str(pk), name) for pk, name in Membership.objects.order_by("user__name").values_list("user_id", "user__name")
    ]


@dataclass(frozen=True, slots=True)
class RatingShown:
    """A rating with its reasons and gaps in words."""

    rating: RiskRating
    reasons: list[str]
    unknown: list[str]


def latest_rating(customer: Customer) -> RatingShown | None:
    """The customer's newest rating, in the words of the policy that gave it."""
    rating = current_rating(customer)
    if rating is None:
        return None
    document, language = rating.policy.document, get_language() or "ja"
    return RatingShown(
        rating,
        reason_labels(document, rating.reasons, language),
        reason_labels(document, rating.unknown, language),
    )
