"""Keying a sheet, asking the customer back, and the check by a second person."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import BinaryIO
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from channels.rendering import CannotRender
from customers.models import Customer
from outreach.models import OutreachKind, OutreachTask
from outreach.papers.accepting import accept
from outreach.papers.comparing import Finding, findings_of, lines_of, required_marks, settled
from outreach.papers.holding import STEPS, PaperRefused, hold, hold_for_keying, set_aside, why_not_wanted
from outreach.papers.models import PaperAnswer
from outreach.papers.printing import answer_sheet
from outreach.papers.selectors import (
    PURPOSE,
    blind_pages,
    next_to_key,
    number_of,
    policy_in_force,
    scans_of,
)
from outreach.selectors import ways_to_people
from outreach.services import TaskRequest, queue_tasks
from questionnaires import routing, schema
from questionnaires.models import Response
from questionnaires.selectors import questionnaire_of
from retention.expiring import day_in_japan
from tenants.four_eyes import Standing
from tenants.models import Tenant
from tenants.permissions import Permission
from uploads.models import Upload
from uploads.services import receive_upload, remove_uploads

Status = PaperAnswer.Status


def begin_keying(*, paper: PaperAnswer, takes_over: bool, actor: Actor, now: datetime) -> None:
    """Start, or go on, to key a sheet: one person at a time. ``takes_over``: from a colleague who cannot go on.

    Raises:
        PaperRefused: a colleague keys it, or it is not to be keyed.
    """
    with transaction.atomic():
        standing = STEPS.standing(actor, Permission.KEY_PAPER, now=now)
        held, response = hold(paper)
        if because := why_not_wanted(response):
            if held.is_open:
                set_aside(held, because, actor=actor, now=now)
            return
        if held.status != Status.RECEIVED:
            raise PaperRefused(_("This sheet is not to be keyed any more. Look at where it stands."))
        if held.keyer == standing.user_id:
            return
        if held.keyer is not None and not takes_over:
            raise PaperRefused(_("A colleague keys this sheet. Take it over if they cannot go on."))
        event = "paperanswer.taken_over" if held.keyer is not None else "paperanswer.begun"
        held.keyer, held.begun_at = standing.user_id, now
        held.save(update_fields=["keyer", "begun_at"])
        record(event, target=held, actor=actor, at=now)


@transaction.atomic
def key_page(
    *,
    paper: PaperAnswer,
    page: schema.Page,
    answers: Mapping[str, object],
    marks: Mapping[str, str],
    is_confirmed: bool,
    actor: Actor,
    now: datetime,
) -> PaperAnswer:
    """Keep what was keyed of one page. ``marks``: by id of the question what could not be keyed (`PaperAnswer.Mark`).

    Raises:
        PaperRefused: it is a colleague's, or not to be keyed.
    """
    held, _response = hold_for_keying(paper, actor, now)
    standing = STEPS.standing(actor, Permission.KEY_PAPER, now=now)
    asked = {question.id for question in page.questions}
    held.answers = {**held.answers, **{field: answers.get(field) for field in page.fields}}
    others = [one for one in held.confirmed_pages if one != page.id]
    held.confirmed_pages = [*others, page.id] if is_confirmed else others
    held.marks = {key: mark for key, mark in held.marks.items() if key not in asked} | dict(marks)
    held.returned = [one for one in held.returned if one not in asked]
    held.writers = _with_writer(held, standing)
    held.save(update_fields=["answers", "confirmed_pages", "marks", "returned", "writers"])
    record("paperanswer.page_keyed", target=held, actor=actor, at=now, page=page.id, marked=len(marks))
    return held


@transaction.atomic
def enclose(
    *, paper: PaperAnswer, question: schema.Question, side: str, scan: BinaryIO, actor: Actor, now: datetime
) -> PaperAnswer:
    """A scan of a paper that was sent along, as the answer to a question for files.

    Raises:
        PaperRefused, UploadRefused.
    """
    held, _response = hold_for_keying(paper, actor, now)
    mine = [upload for upload, (asked, _side) in held.enclosures.items() if asked == question.id]
    if len(mine) >= question.limits.max_files:
        raise PaperRefused(_("No more files can be added here. Please remove one first."))
    name = getattr(scan, "name", "") or ""
    upload = receive_upload(
        scan, name=name, purpose=PURPOSE, reference=held.pk, person_id=held.customer_id, actor=actor, now=now
    )
    held.enclosures = {**held.enclosures, str(upload.pk): [question.id, side]}
    held.save(update_fields=["enclosures"])
    return held


@transaction.atomic
def take_out(*, paper: PaperAnswer, upload_id: UUID, actor: Actor, now: datetime) -> PaperAnswer:
    """Remove a scan of an enclosed paper.

    Raises:
        PaperRefused.
    """
    held, _response = hold_for_keying(paper, actor, now)
    if str(upload_id) in held.enclosures:
        remove_uploads([upload_id], actor=actor, now=now)
        held.enclosures = {key: place for key, place in held.enclosures.items() if key != str(upload_id)}
        held.save(update_fields=["enclosures"])
    return held


@transaction.atomic
def finish_keying(*, paper: PaperAnswer, actor: Actor, now: datetime) -> PaperAnswer:
    """The sheet is keyed: it waits for the check, or the customer is asked back about what it does not say.

    Where the policy has only some sheets checked and this one is not drawn, it becomes the answer at once.

    Raises:
        PaperRefused: a page is open, or there is no picture to check it against.
    """
    held, response = hold_for_keying(paper, actor, now)
    standing = STEPS.standing(actor, Permission.KEY_PAPER, now=now)
    if because := why_not_wanted(response):
        set_aside(held, because, actor=actor, now=now)
        return held
    questionnaire = questionnaire_of(response.version)
    if next_to_key(held, questionnaire):
        raise PaperRefused(_("Some pages are still to be keyed."))
    if not any(one.status != Upload.Status.REJECTED for one in scans_of(held)):
        raise PaperRefused(_("Add a picture of the sheet first, so that a second person can check it."))
    policy = policy_in_force()
    lacking = required_marks(questionnaire, held.answers, held.marks)
    keyed = {"keyed_by": standing.user_id, "keyed_person": standing.person, "keyed_at": now}
    if lacking or (policy.needs_signature and not held.is_signed):
        _ask_back(held, lacking, actor=actor, now=now)
        STEPS.move(held, Status.ASKING, actor=actor, now=now, **keyed)
        return held
    is_drawn = secrets.randbelow(100) < policy.checked_share
    if is_drawn:
        STEPS.move(held, Status.KEYED, actor=actor, now=now, is_drawn=True, **keyed)
        return held
    for field, value in keyed.items():
        setattr(held, field, value)
    accept(held, response, held.answers, actor=actor, now=now, **keyed, is_drawn=False)
    return held


@transaction.atomic
def resume_keying(*, paper: PaperAnswer, note: str, signed_on: date | None, actor: Actor, now: datetime) -> None:
    """The customer has said what the sheet does not: the marked questions are keyed again.

    ``signed_on``: of a signature that has come meanwhile.

    Raises:
        PaperRefused: nothing is said of who told it, the signature is still missing, or the sheet stands elsewhere.
    """
    if not note.strip():
        raise PaperRefused(_("Write down who said what, and when."), "note")
    standing = STEPS.standing(actor, Permission.KEY_PAPER, now=now)
    held, _response = hold(paper)
    if signed_on is not None and signed_on > day_in_japan(now):
        raise PaperRefused(_("Enter a day that is not in the future."), "signed_on")
    if policy_in_force().needs_signature and not held.is_signed and signed_on is None:
        raise PaperRefused(_("The sheet is not signed. Add the signed page, and enter its day."), "signed_on")
    signed = {"is_signed": True, "signed_on": signed_on} if signed_on else {}
    STEPS.move(
        held, Status.RECEIVED, actor=actor, now=now, note=note.strip(), keyer=standing.user_id, begun_at=now,
        returned=list(held.marks), **signed,
    )  # fmt: skip


def begin_check(*, paper: PaperAnswer, actor: Actor, now: datetime) -> None:
    """Start the second keying; a colleague who had begun one loses it, for each sheet is checked by one person whole.

    Raises:
        PaperRefused: the actor keyed it, under whatever account, or it does not wait for a check.
    """
    with transaction.atomic():
        held, response = _hold_for_check(paper, actor, now)
        if because := why_not_wanted(response):
            set_aside(held, because, actor=actor, now=now)
            return
        if held.second_by != int(actor.id):
            held.second_by, held.second, held.second_pages = int(actor.id), {}, []
            held.save(update_fields=["second_by", "second", "second_pages"])
            record("paperanswer.check_begun", target=held, actor=actor, at=now)


@transaction.atomic
def key_again(
    *, paper: PaperAnswer, page: schema.Page, answers: Mapping[str, object], actor: Actor, now: datetime
) -> PaperAnswer:
    """Keep the second keying of one page; ``page`` has the questions that are keyed twice.

    Raises:
        PaperRefused.
    """
    held, _response = _hold_for_check(paper, actor, now)
    if held.second_by != int(actor.id):
        raise PaperRefused(_("A colleague checks this sheet by now."))
    held.second = {**held.second, **{field: answers.get(field) for field in page.fields}}
    held.second_pages = [*(one for one in held.second_pages if one != page.id), page.id]
    held.save(update_fields=["second", "second_pages"])
    record("paperanswer.page_checked", target=held, actor=actor, at=now, page=page.id)
    return held


def settle_check(*, paper: PaperAnswer, said: Mapping[str, str], actor: Actor, now: datetime) -> list[str]:
    """Every question is decided: it becomes the answer, or goes back for what neither keying has right.

    ``said``: by id of the question a code of `Finding`. Returns the ids of questions that are still undecided; then
    nothing has changed.

    Raises:
        PaperRefused: the actor keyed it, no picture was found clean, or pages are still to be keyed a second time.
    """
    with transaction.atomic():
        held, response = _hold_for_check(paper, actor, now)
        standing = STEPS.standing(actor, Permission.CHECK_PAPER, now=now)
        if because := why_not_wanted(response):
            set_aside(held, because, actor=actor, now=now)
            return []
        questionnaire = questionnaire_of(response.version)
        if held.second_by != standing.user_id or next_to_check(held, questionnaire):
            raise PaperRefused(_("Key the pages a second time first."))
        if not any(one.status == Upload.Status.CLEAN for one in scans_of(held)):
            raise PaperRefused(_("No picture of the sheet can be looked at. Wait for the scan, or send it back."))
        lines = list(lines_of(questionnaire, held.answers, held.second, held.marks))
        found, undecided = findings_of(lines, said)
        if undecided:
            return undecided
        answers = settled(lines, held.answers, held.second, found)
        again = [key for key, finding in found.items() if finding == Finding.AGAIN]
        again += _unanswered(questionnaire, answers)
        changed = [line.page.id for line in lines if found[line.question.id] == Finding.SECOND]
        held.confirmed_pages = [one for one in held.confirmed_pages if one not in changed]
        if again:
            _send_back(held, again, answers, found, actor=actor, now=now)
            return []
        checked = {"checked_by": standing.user_id, "checked_person": standing.person, "checked_at": now}
        accept(held, response, answers, actor=actor, now=now, findings=found, **checked)
    return []


@transaction.atomic
def return_paper(*, paper: PaperAnswer, note: str, actor: Actor, now: datetime) -> None:
    """The checker sends a sheet back whole, such as when its pictures cannot be read.

    Raises:
        PaperRefused: no reason, or it does not wait for a check.
    """
    if not note.strip():
        raise PaperRefused(_("Say what is to be corrected."), "note")
    held, response = _hold_for_check(paper, actor, now)
    lines = lines_of(questionnaire_of(response.version), held.answers, {}, {})
    again = [line.question.id for line in lines]
    STEPS.move(
        held, Status.RECEIVED, actor=actor, now=now, note=note.strip(), returned=again,
        second={}, second_pages=[], second_by=None,
    )  # fmt: skip


def next_to_check(paper: PaperAnswer, questionnaire: schema.Questionnaire) -> str | None:
    """The page to be keyed a second time next."""
    return next((page.id for page in blind_pages(paper, questionnaire) if page.id not in paper.second_pages), None)


def _hold_for_check(paper: PaperAnswer, actor: Actor, now: datetime) -> tuple[PaperAnswer, Response]:
    standing = STEPS.standing(actor, Permission.CHECK_PAPER, now=now)
    held, response = hold(paper)
    if held.status != Status.KEYED:
        raise PaperRefused(_("This sheet does not wait for a check any more. Look at where it stands."))
    if standing.did(*((account, person) for account, person in held.writers), (held.keyed_by, held.keyed_person)):
        raise PaperRefused(_("You keyed this sheet yourself. Somebody else has to check it."))
    return held, response


def _unanswered(questionnaire: schema.Questionnaire, answers: Mapping[str, object]) -> list[str]:
    """The questions of a page to which what was decided leads, and which nobody keyed."""
    waiting = routing.next_page(questionnaire, answers)
    page = questionnaire.page(waiting) if waiting else None
    return [question.id for question in page.questions] if page else []


def _send_back(
    held: PaperAnswer,
    again: Sequence[str],
    answers: Mapping[str, object],
    found: Mapping[str, str],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    confirmed = held.confirmed_pages
    STEPS.move(
        held, Status.RECEIVED, actor=actor, now=now, answers=dict(answers), returned=list(dict.fromkeys(again)),
        findings=dict(found), confirmed_pages=confirmed, second={}, second_pages=[], second_by=None,
    )  # fmt: skip


def _ask_back(held: PaperAnswer, lacking: Sequence[schema.Question], *, actor: Actor, now: datetime) -> None:
    """Somebody calls the customer, or visits where there is no telephone, to ask for what the sheet does not say."""
    ways = ways_to_people([held.customer_id])[held.customer_id]
    kind = next((kind for kind in OutreachKind.values if kind in ways), None)
    if kind is None:
        return
    words = [
        question.label["ja"] if "ja" in question.label else next(iter(question.label.values())) for question in lacking
    ]
    if not held.is_signed:
        words.append(_("The signature"))
    why = _("The paper answer does not say, or cannot be read: %(what)s") % {"what": _("; ").join(words)}
    request = TaskRequest(held.customer, held.reference, why)
    queue_tasks(requests=[request], kind=kind, actor=actor, now=now, origin=OutreachTask.Origin.PAPER)


def _with_writer(held: PaperAnswer, standing: Standing) -> list[list[object]]:
    mine = [standing.user_id, standing.person]
    return [*(one for one in held.writers if one != mine), mine]


def print_sheet(*, tenant: Tenant, response: Response, actor: Actor, now: datetime) -> tuple[bytes, str]:
    """The questions of a response as a PDF to be filled in by hand, and its reference number.

    Raises:
        PaperRefused: nothing is asked any more, no notice was made yet, or the sheet cannot be printed whole.
    """
    if response.status not in (Response.Status.OPEN, Response.Status.STARTED):
        raise PaperRefused(_("Nothing is being asked of this customer at present."))
    number = number_of(response.reference)
    if not number:
        raise PaperRefused(_("No notice has gone to this customer yet, so there is no number to print."))
    pdf = _printed(tenant, response, number)
    with transaction.atomic():
        record("response.sheet_printed", target=response, actor=actor, at=now)
    return pdf, number


def _printed(tenant: Tenant, response: Response, number: str) -> bytes:
    """In the customer's language, or in the next one for whose letters this machine has a font."""
    is_company = response.customer.kind == Customer.Kind.COMPANY
    for language in (response.language, "en", "ja"):
        try:
            return answer_sheet(
                tenant=tenant, version=response.version, number=number, language=language, is_company=is_company
            )
        except CannotRender:
            continue
    raise PaperRefused(_("The sheet cannot be printed: a character is missing in the fonts."))
