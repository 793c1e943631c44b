"""Looking behind the pages: does the database say what the pages said, and does the trail tell all of it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db.models import CharField, Count, Exists, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat, Lower
from django.utils import timezone

from audit.models import AuditEvent
from audit.transitions import Stateful
from campaigns.models import Campaign, PeriodicReview
from campaigns.selectors import OPEN_STATES, campaign_progress
from channels.models import DeliveryAttempt
from customers.models import Customer
from customers.selectors import facts_of
from reviews.comparing import fold
from reviews.models import Case, Decision, Discrepancy
from tenants.models import TenantModel
from tenants.scoping import tenant_scope

Attempt = DeliveryAttempt.Status
# The provider has said that it took these.
TAKEN = (Attempt.ACCEPTED, Attempt.DELIVERED, Attempt.RETURNED)


@dataclass(frozen=True)
class Evidence:
    """One bank's rows, read in its own scope."""

    tenant_id: int

    def customers(self) -> int:
        """How many customers the bank has."""
        with tenant_scope(self.tenant_id):
            return Customer.objects.count()

    def check_plan(self, campaign_id: UUID, imported: int) -> int:
        """Everybody imported is due, not due or exempt, and who is due has a review. Returns how many are due."""
        with tenant_scope(self.tenant_id):
            counts = Campaign.objects.get(pk=campaign_id).counts
            parts = counts["due"], counts["not_due"], counts["exempt"]
            assert sum(parts) == counts["population"] == imported, f"{parts} do not add up to {imported} imported."
            reviews = PeriodicReview.objects.filter(campaign_id=campaign_id).count()
            assert reviews == counts["due"], f"{counts['due']} are due, but {reviews} reviews were made."
            for verdict, number in (("EXEMPT", counts["exempt"]), ("NOT_DUE", counts["not_due"])):
                reasons = counts["reasons"].get(verdict, {})
                assert sum(reasons.values()) >= number, f"{verdict}: reasons are missing: {reasons}."
            return int(counts["due"])

    def is_sent(self, campaign_id: UUID) -> bool:
        """Whether nobody waits for a first notice, nothing is under way, and no ladder has a rung to climb.

        An attempt whose outcome nobody knows may stay so for a day: it is never sent again blindly. A batch of
        letters is settled within a minute, for the print shop can be asked about its job.
        """
        waiting = Q(status__in=(Attempt.QUEUED, Attempt.SENDING)) | Q(status=Attempt.UNKNOWN, channel="POST")
        with tenant_scope(self.tenant_id):
            reviews = PeriodicReview.objects.filter(campaign_id=campaign_id)
            failed = DeliveryAttempt.objects.filter(
                notice__reference=OuterRef("id"),
                channel=OuterRef("channel"),
                status__in=(Attempt.FAILED, Attempt.RETURNED),
            )
            return not (
                reviews.filter(status=PeriodicReview.Status.PLANNED).exists()
                or DeliveryAttempt.objects.filter(waiting).exists()
                or reviews.filter(Exists(failed), status=PeriodicReview.Status.NOTIFIED).exists()
            )

    def check_progress(self, campaign_id: UUID) -> int:
        """Nobody is lost between the numbers. Returns how many were targeted."""
        with tenant_scope(self.tenant_id):
            progress = campaign_progress(Campaign.objects.get(pk=campaign_id))
            assert progress.adds_up, f"The numbers do not add up: {progress}."
            return progress.targeted

    def check_notices(self, arrived: Counter[str]) -> int:
        """What providers took equals what we say they took, once each. ``arrived``: links by times seen there."""
        with tenant_scope(self.tenant_id):
            attempts = list(DeliveryAttempt.objects.all())
            links = {attempt.snapshot["link"]: attempt.status for attempt in attempts}
        assert len(links) == len(attempts), "Two attempts share one link."
        twice = [link for link, times in arrived.items() if times > 1]
        assert not twice, f"{len(twice)} notices went out twice."
        unknown = arrived.keys() - links.keys()
        assert not unknown, f"{len(unknown)} messages reached a provider that no attempt accounts for."
        taken = {link for link, status in links.items() if status in TAKEN}
        lost = taken - arrived.keys()
        assert not lost, f"{len(lost)} attempts are said to be taken, but the provider has never seen them."
        unclear = [link for link, status in links.items() if status == Attempt.UNKNOWN]
        assert len(unclear) <= len(links) // 25, f"{len(unclear)} of {len(links)} outcomes are unknown."
        unsent = {link for link, status in links.items() if status in (Attempt.QUEUED, Attempt.CANCELLED)}
        assert not unsent & arrived.keys(), "A notice that waits or was withdrawn has reached a provider."
        return len(attempts)

    def answered(self, campaign_id: UUID) -> int:
        """Reviews with an answer."""
        with tenant_scope(self.tenant_id):
            return PeriodicReview.objects.filter(campaign_id=campaign_id, answered_at__isnull=False).count()

    def check_no_notice_after_answer(self) -> int:
        """No attempt was handed over after its review's answer. Returns how many answered reviews were looked at."""
        with tenant_scope(self.tenant_id):
            answered = dict(PeriodicReview.objects.filter(answered_at__isnull=False).values_list("id", "answered_at"))
            tried = DeliveryAttempt.objects.filter(
                notice__reference__in=list(answered), first_tried_at__isnull=False
            ).values_list("notice__reference", "first_tried_at")
            late = [reference for reference, at in tried if at > answered[reference]]
        assert not late, f"{len(late)} notices were sent after the answer."
        return len(answered)

    def cases(self, status: str) -> int:
        """Cases in a status."""
        with tenant_scope(self.tenant_id):
            return Case.objects.filter(status=status).count()

    def check_closed_case(self, case_id: UUID) -> int:
        """The file says what was accepted, and rating and dates follow. Returns how many fields were taken over.

        Dates are those of the day in Japan on which the case was closed, be it the one after the story began.
        """
        with tenant_scope(self.tenant_id):
            case = Case.objects.select_related("customer").get(pk=case_id)
            assert case.status == Case.Status.CLOSED, f"case {case_id} is {case.status}"
            decision = Decision.objects.get(case=case, status=Decision.Status.APPROVED)
            assert decision.checked_by != decision.decided_by, "One person decided and approved."
            customer, facts = case.customer, facts_of(case.customer)
            accepted = set(decision.accepted_attributes)
            rows = Discrepancy.objects.filter(case=case).exclude(kind=Discrepancy.Kind.IDENTITY)
            for row in rows:
                expected = row.answered if row.attribute in accepted else row.on_file
                assert fold(row.attribute, facts.get(row.attribute)) == fold(row.attribute, expected), (
                    f"{row.attribute} in the file is not what was decided"
                )
            review = PeriodicReview.objects.get(pk=case.reference)
            assert review.status == PeriodicReview.Status.COMPLETED, f"the review is {review.status}"
            assert case.closed_at is not None, "no closing time"
            day = timezone.localdate(case.closed_at)
            assert customer.last_reviewed_on == day, f"last reviewed on {customer.last_reviewed_on}"
            assert customer.next_review_on is not None, "no next review date"
            assert customer.next_review_on > day, f"next review on {customer.next_review_on}"
            assert customer.rated_at is not None, "never rated"
            assert customer.rated_at >= case.closed_at, "not rated again"
            return len(accepted)

    def check_trail(self) -> int:
        """Every row that stands in a status has the event of its arrival there; every recorded move is a legal one.

        Returns:
            How many status changes the trail tells of.
        """
        told = 0
        with tenant_scope(self.tenant_id):
            for model in _stateful_models():
                told += self._check_arrivals(model) + self._check_moves(model)
            assert (
                not PeriodicReview.objects.filter(status__in=OPEN_STATES, campaign__status=Campaign.Status.DRAFT)
                .exclude(status=PeriodicReview.Status.PLANNED)
                .exists()
            ), "A draft campaign has begun."
        return told

    def _check_arrivals(self, model: type[Stateful]) -> int:
        prefix = f"{model._meta.model_name}."
        arrival = AuditEvent.objects.filter(
            tenant_id=self.tenant_id,
            target_id=Cast(OuterRef("pk"), CharField()),
            event=Lower(Concat(Value(prefix), OuterRef("status"))),
        )
        first = Q(("status", model._meta.get_field("status").default))  # type: ignore[misc]  # declared by each model
        moved = model._default_manager.exclude(first)
        silent = moved.exclude(Exists(arrival)).count()
        assert not silent, f"{silent} {model._meta.label} changed status without a trace."
        return int(moved.count())

    def _check_moves(self, model: type[Stateful]) -> int:
        prefix = f"{model._meta.model_name}."
        legal: dict[str, set[str]] = {}
        for start, tos in model.TRANSITIONS.items():
            for to in tos:
                legal.setdefault(f"{prefix}{to}".lower(), set()).add(str(start))
        events = AuditEvent.objects.filter(
            tenant_id=self.tenant_id, target_type=model._meta.label_lower, event__in=list(legal)
        )
        kinds = events.values_list("event", "payload").annotate(Count("id")).order_by()
        for event, payload, _ in kinds:
            was = AuditEvent(payload=payload).data.get("was")
            assert was is None or was in legal[event], f"{event} from {was} is not allowed."
        return 0


def _stateful_models() -> Iterator[type[Stateful]]:
    for model in apps.get_models():
        if issubclass(model, Stateful) and issubclass(model, TenantModel):
            yield model
