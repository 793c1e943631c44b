"""Answers kept for a time only, because their question says so: noted with the sending, destroyed by retention.

Two people let a list go, and holds are respected, as with everything that retention destroys. What became of an answer
elsewhere is kept by the rules there; therefore a question that maps to a fact cannot limit the time of its answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record_ids
from customers.pointers import survivors_of
from questionnaires.files.services import forget_files
from questionnaires.models import KeptAnswer, Response
from questionnaires.schema import Answers, Keep, Questionnaire
from questionnaires.selectors import questionnaire_of
from retention.classes import Due, RecordClass, Words, register_class
from retention.expiring import Period, Unit, day_in_japan, free_from
from tenants.keys import PersonShredded, person_ciphers
from tenants.scoping import required_tenant_id

_DAY = timedelta(days=1)


def begin_keeping(*, response: Response, questionnaire: Questionnaire, answers: Answers, now: datetime) -> None:
    """Note until when each answer is kept, as far as its question says. Inside the transaction of the sending."""
    sent_on = day_in_japan(now)
    KeptAnswer.objects.bulk_create(
        KeptAnswer(response=response, question=question.id, kept_until=_last_day(question.keep, sent_on))
        for question in questionnaire.questions()
        if question.keep and any(answers.get(field) not in (None, []) for field in question.fields)
    )


def note_review_closed(*, reference: UUID, now: datetime) -> None:
    """The review of these answers is closed: what was kept for it is kept no longer."""
    waiting = KeptAnswer.objects.filter(response__reference=reference, kept_until__isnull=True)
    waiting.update(kept_until=day_in_japan(now))


def destroyed_answers(response: Response) -> dict[str, date]:
    """The days on which answers were destroyed, by question."""
    rows = KeptAnswer.objects.filter(response=response, destroyed_at__isnull=False)
    return {question: day_in_japan(at) for question, at in rows.values_list("question", "destroyed_at") if at}


def due_answers(*, until: date, limit: int, only: Sequence[UUID] | None = None) -> list[Due]:
    """Answers whose time was over by ``until``."""
    rows = KeptAnswer.objects.filter(destroyed_at__isnull=True, kept_until__lte=until)
    if only is not None:
        rows = rows.filter(pk__in=only)
    found = list(rows.order_by("kept_until", "pk").values_list("pk", "kept_until", "response__customer_id")[:limit])
    survivors = survivors_of(customer for _pk, _day, customer in found)
    return [Due(pk, day, survivors[customer]) for pk, day, customer in found if day]


def destroy_answers(ids: Sequence[UUID], *, actor: Actor, now: datetime) -> None:
    """The answers and their files. That they were asked stays, and the day of it. Constant queries for a batch."""
    rows = list(KeptAnswer.objects.filter(pk__in=ids, destroyed_at__isnull=True))
    going: dict[UUID, list[str]] = {}
    for row in rows:
        going.setdefault(row.response_id, []).append(row.question)
    emptied = _without(going)
    Response.objects.bulk_update(emptied, ["answers"])
    forget_files(going, actor=actor, now=now, questions=going)
    KeptAnswer.objects.filter(pk__in=[row.pk for row in rows]).update(destroyed_at=now)
    done = [row.pk for row in rows]
    record_ids("keptanswer.destroyed", model=KeptAnswer, tenant_id=required_tenant_id(), ids=done, actor=actor, at=now)


def _without(going: Mapping[UUID, Sequence[str]]) -> list[Response]:
    """Responses without some answers; those of somebody whose key is gone are gone already."""
    locked = Response.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=going).order_by("pk")
    responses = list(locked.select_related("version"))
    persons = [response.customer_id.bytes for response in responses]
    with suppress(PersonShredded):  # their keys at once; who has none is met below
        person_ciphers(persons)
    emptied = []
    for response in responses:
        questions = {question.id: question for question in questionnaire_of(response.version).questions()}
        fields = {field for name in going[response.pk] if name in questions for field in questions[name].fields}
        try:
            response.answers = {**response.answers, **dict.fromkeys(fields)}
        except PersonShredded:
            continue
        emptied.append(response)
    return emptied


def names_of_answers(ids: Sequence[UUID]) -> dict[UUID, Words]:
    """Of which question each is, as the document calls it."""
    return dict(KeptAnswer.objects.filter(pk__in=ids).values_list("pk", "question"))


def _last_day(keep: Keep, sent_on: date) -> date | None:
    return free_from(sent_on, Period(keep.months, Unit.MONTHS)) - _DAY if keep.months else None


def register() -> None:
    """Called when the apps are ready."""
    register_class(
        RecordClass(
            code="kept_answers",
            title=_("Answers that are kept for a time only"),
            basis=_("The question itself says how long its answer is kept"),
            trigger=_("The last day on which the question keeps its answer"),
            default=Period(1, Unit.DAYS),
            shortest=1,
            longest=365,
            due=due_answers,
            destroy=destroy_answers,
            say=names_of_answers,
        )
    )
