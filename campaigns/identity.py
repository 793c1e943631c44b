"""Whether the identity of a customer who answered is to be verified, and by which method."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from campaigns.demanding import method_for
from campaigns.models import PeriodicReview
from campaigns.selectors import review_of
from questionnaires.models import Response
from questionnaires.routing import identity_check_in
from questionnaires.schema import Kind
from questionnaires.selectors import questionnaire_of, response_of


def ekyc_method_for(reference: UUID) -> str:
    """The eKYC method that the review's segment or the answers to it demand; "" when none is."""
    review = review_of(reference)
    return method_of(review, response_of(reference)) if review else ""


def method_of(review: PeriodicReview, response: Response | None) -> str:
    """As `ekyc_method_for`, of a review and the response to it."""
    plan = review.campaign.plan["ekyc"]
    if response is None or response.submitted_at is None:
        return str(plan.get(review.tier, ""))
    questionnaire = questionnaire_of(response.version)
    demanded = None
    if any(question.kind is Kind.EKYC for question in questionnaire.questions()):
        demanded = identity_check_in(questionnaire, response.answers)
    accepted = demanded.methods if demanded else None
    return method_for(plan, review.tier, accepted=accepted, on=timezone.localdate(response.submitted_at))
