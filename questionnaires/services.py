"""Publishing questionnaires, opening responses, saving and submitting them."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.services import Actor, record, record_many, save_and_record
from audit.transitions import transition, transition_many
from customers.facts.services import lock_definitions
from customers.models import Customer
from questionnaires import routing, schema, standard
from questionnaires.delegating import forget_parts
from questionnaires.files.services import forget_files, keep_only
from questionnaires.holding import OffRoute as OffRoute
from questionnaires.holding import ResponseClosed as ResponseClosed
from questionnaires.holding import hold_started, locked
from questionnaires.keeping import begin_keeping
from questionnaires.listing import list_problems
from questionnaires.mapping import facts_to_map, problems_of
from questionnaires.models import Questionnaire, QuestionnaireVersion, Response
from questionnaires.selectors import latest_versions, questionnaire_of, responses_of, version_for
from questionnaires.shaping import parse
from questionnaires.signals import response_submitted
from questionnaires.stepping import with_step
from tenants.check_digits import check_digit

_SYSTEM = Actor.system("questionnaires")
_BATCH = 2_000


class Incomplete(Exception):
    """A page on the route has no answer yet."""


def publish_standard(*, actor: Actor, now: datetime) -> list[QuestionnaireVersion]:
    """Publish the questionnaires the product brings along, as `publish`."""
    return publish({name: standard.document(name) for name in standard.NAMES}, actor=actor, now=now)


@transaction.atomic
def publish(documents: Mapping[str, Any], *, actor: Actor, now: datetime) -> list[QuestionnaireVersion]:
    """Put documents in force by the key of their questionnaire; what is published already stays as it is.

    A questionnaire that the tenant does not have yet is begun as the ready one of that key.

    Returns:
        The versions newly published.

    Raises:
        InvalidQuestionnaire: an answer could not be kept in the customer file, or customers may not be asked for it.
    """
    lock_definitions()
    newest, facts = latest_versions(), facts_to_map()
    known = {one.key: one for one in Questionnaire.objects.filter(key__in=list(documents))}
    published = []
    for name, document in documents.items():
        parsed = parse(document)
        latest = newest.get(name)
        if latest and latest.sha256 == parsed.digest:
            continue
        questionnaire = known.get(name) or _begun_as_ready(name)
        if wrong := [*problems_of(parsed, questionnaire.audience, facts), *list_problems(document)]:
            raise schema.InvalidQuestionnaire("; ".join(map(str, wrong)))
        version = QuestionnaireVersion.objects.create(
            questionnaire=questionnaire,
            number=latest.number + 1 if latest else 1,
            document=document,
            sha256=parsed.digest,
            published_at=now,
        )
        record("questionnaire.published", target=version, actor=actor, at=now, key=name, sha256=parsed.digest)
        published.append(version)
    return published


def _begun_as_ready(key: str) -> Questionnaire:
    ready = standard.READY[key]
    made: Questionnaire = Questionnaire.objects.create(
        key=key,
        audience=ready.audience,
        name=ready.name.ja,
        name_en=ready.name.en,
        template=key,
        **standard.origin(key),
    )
    return made


@transaction.atomic
def open_responses(
    *,
    customers: Sequence[Customer],
    reference_by_customer: Mapping[UUID, UUID],
    now: datetime,
    chosen: Mapping[str, str] = standard.STANDARD,
) -> dict[UUID, Response]:
    """One response for each customer's reference; asked again, the one that exists, to the version it was opened for.

    ``chosen``: the key of the questionnaire by kind of customer, where it is not the standard one.

    Returns:
        Responses by customer id. Constant number of queries per 2,000 customers.

    Raises:
        NotPublished: the tenant has published no questionnaire for one of the kinds.
    """
    versions = latest_versions()
    references = [reference_by_customer[customer.pk] for customer in customers]
    # An insert of what exists would wait for whoever is just answering it, who waits for the review held by who asks.
    known = set(Response.objects.filter(reference__in=references).values_list("reference", flat=True))
    fresh = [
        Response(
            customer_id=customer.pk,
            version=version_for(customer.kind, versions, chosen),
            reference=reference_by_customer[customer.pk],
            language=customer.language,
            opened_at=now,
        )
        # In one order, whoever asks: two who open the same ones at once would else wait for each other.
        for customer in sorted(customers, key=lambda one: reference_by_customer[one.pk])
        if reference_by_customer[customer.pk] not in known
    ]
    Response.objects.bulk_create(fresh, batch_size=_BATCH, ignore_conflicts=True)
    opened = responses_of(references)
    made = {response.pk for response in fresh}
    created = [response for response in opened.values() if response.pk in made]
    record_many("response.opened", targets=created, actor=_SYSTEM, at=now)
    return {response.customer_id: response for response in opened.values()}


@transaction.atomic
def save_page(
    *,
    response: Response,
    page_id: str,
    answers: Mapping[str, object],
    now: datetime,
    is_confirmed: bool = False,
    changed: Sequence[str] = (),
    actor: Actor | None = None,
) -> Response:
    """Keep the answers of one page. `is_confirmed`: they are the file's own values, found unchanged.

    `changed`: the fields on which they differ from the file, by which evidence may be asked for.
    `actor`: who types, if it is not the customer.

    Raises:
        ResponseClosed, OffRoute.
    """
    held = hold_started(response)
    questionnaire = questionnaire_of(held.version)
    page = questionnaire.page(page_id)
    if page is None or not routing.may_visit(questionnaire, held.answers, page_id):
        raise OffRoute(page_id)
    others = [field for field in routing.changed_in(held.answers) if field not in page.fields]
    held.answers = {
        **held.answers,
        **{field: answers.get(field) for field in page.fields},
        schema.CHANGED: [*others, *changed],
    }
    confirmed = [other for other in held.confirmed_pages if other != page_id]
    held.confirmed_pages = [*confirmed, page_id] if is_confirmed else confirmed
    held.steps = with_step(held.steps, page_id, since=held.saved_at or held.started_at, now=now)
    held.waiting_page = routing.next_page(questionnaire, held.answers) or ""
    held.saved_at = now
    save_and_record(
        held,
        ["answers", "confirmed_pages", "steps", "waiting_page", "saved_at"],
        "response.page_saved",
        actor=actor or Actor.customer(held.customer_id),
        at=now,
        page=page_id,
        unchanged=is_confirmed,
    )
    return held


@transaction.atomic
def submit_response(*, response: Response, actor: Actor, now: datetime) -> Response:
    """Close the response with its answers; a second time it changes nothing and tells nobody.

    Only answers of pages on the route are kept.

    Raises:
        ResponseClosed: it was cancelled.
        Incomplete: a page is still open.
    """
    held = locked(response)
    if held.status == Response.Status.SUBMITTED:
        return held
    if held.status != Response.Status.STARTED:
        raise ResponseClosed(held.status)
    questionnaire = questionnaire_of(held.version)
    if waiting := routing.next_page(questionnaire, held.answers):
        raise Incomplete(waiting)
    on_route = routing.route(questionnaire, held.answers)
    answers = routing.answers_on_route(questionnaire, held.answers)
    transition(
        held,
        Response.Status.SUBMITTED,
        actor=actor,
        at=now,
        answers=answers,
        confirmed_pages=[page for page in held.confirmed_pages if page in on_route],
        receipt_number=new_receipt_number(),
        submitted_at=now,
    )
    if any(question.kind is schema.Kind.FILE for question in questionnaire.questions()):
        keep_only(response=held, upload_ids=routing.files_among(questionnaire, answers), actor=actor, now=now)
    if any(question.keep for question in questionnaire.questions()):
        begin_keeping(response=held, questionnaire=questionnaire, answers=answers, now=now)
    forget_parts([held.pk])
    response_submitted.send(sender=Response, response_id=held.pk, reference=held.reference, now=now)
    return held


@transaction.atomic
def begin_on_behalf(*, response: Response, origin: str, actor: Actor, person: str, now: datetime) -> Response:
    """A member of staff starts, or goes on, to type what the customer tells them.

    `person`: their staff number; who typed may not judge what was typed.

    Raises:
        ResponseClosed.
    """
    held = locked(response)
    if held.status not in Response.UNANSWERED:
        raise ResponseClosed(held.status)
    typed = {"origin": origin, "entered_by": int(actor.id), "entered_person": person}
    if held.status == Response.Status.OPEN:
        transition(held, Response.Status.STARTED, actor=actor, at=now, started_at=now, **typed)
    else:
        Response.objects.filter(pk=held.pk).update(**typed)
    record("response.begun_on_behalf", target=held, actor=actor, at=now, origin=str(origin))
    return held


@transaction.atomic
def submit_whole(
    *,
    response: Response,
    answers: Mapping[str, object],
    confirmed_pages: Sequence[str],
    origin: str,
    typist: tuple[int, str],
    actor: Actor,
    now: datetime,
) -> Response:
    """Take answers that were collected elsewhere, whole, in the place of what was begun here, and send them off.

    ``typist``: the account and the staff number of who typed them; they may not judge what they typed.

    Raises:
        ResponseClosed: it is answered or withdrawn.
        Incomplete: a page is still open.
    """
    held = locked(response)
    if held.status not in Response.UNANSWERED:
        raise ResponseClosed(held.status)
    if held.status == Response.Status.OPEN:
        transition(held, Response.Status.STARTED, actor=actor, at=now, started_at=now)
    held.answers, held.confirmed_pages, held.saved_at = dict(answers), list(confirmed_pages), now
    held.origin, (held.entered_by, held.entered_person) = origin, typist
    held.save(update_fields=["answers", "confirmed_pages", "saved_at", "origin", "entered_by", "entered_person"])
    record("response.taken_whole", target=held, actor=actor, at=now, origin=str(origin))
    return submit_response(response=held, actor=actor, now=now)


def hold_response(reference: UUID) -> None:
    """Lock the response to a review until the transaction ends, for whoever locks more after it.

    The order in which everybody does: response, review, notices, tasks.
    """
    Response.objects.select_for_update(of=("self",), no_key=True).filter(reference=reference).first()


@transaction.atomic
def cancel_responses(*, references: Sequence[UUID], actor: Actor, now: datetime) -> list[UUID]:
    """Withdraw what has not been submitted, and forget answers given so far.

    Returns:
        The ids of the responses cancelled.
    """
    waiting = [response.pk for response in responses_of(references).values()]
    cancelled: list[UUID] = []
    for was in Response.UNANSWERED:
        cancelled += transition_many(Response, waiting, was=was, to=Response.Status.CANCELLED, actor=actor, at=now)
    emptied = list(Response.objects.filter(pk__in=cancelled, saved_at__isnull=False))
    for response in emptied:
        response.answers = {}
    Response.objects.bulk_update(emptied, ["answers"], batch_size=_BATCH)
    forget_files(cancelled, actor=actor, now=now)
    forget_parts(cancelled)
    return cancelled


def new_receipt_number() -> str:
    """Ten random digits and a check digit: something to read out on the telephone, not a key to anything."""
    digits = f"{secrets.randbelow(10**10):010d}"
    return digits + check_digit(digits)
