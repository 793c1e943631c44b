"""Answers taken on behalf of a customer, in the same questionnaire: begun after the identity check, by one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from audit.services import Actor
from customers.models import Customer
from customers.selectors import facts_of
from outreach.identity import is_proved
from outreach.models import OutreachTask
from outreach.services import OutreachRefused, close_answered, hold_task
from questionnaires.files.posting import Posted, take_posted
from questionnaires.models import Response
from questionnaires.schema import Page
from questionnaires.selectors import questionnaire_of, response_of
from questionnaires.services import ResponseClosed, begin_on_behalf, hold_response, save_page, submit_response
from questionnaires.sittings import Sitting
from tenants.four_eyes import standing_of


def begin_answers(*, task: OutreachTask, actor: Actor, now: datetime) -> None:
    """Start typing what the customer says.

    Raises:
        OutreachRefused: they have not proved who they are, or nothing is being asked of them.
    """
    with transaction.atomic():
        held = _held(task, actor, now)
        response = response_of(held.reference) if held.reference else None
        standing = standing_of(actor, now=now)
        if response is None or standing is None:
            raise OutreachRefused(_("Nothing is being asked of this customer at present."))
        try:
            begin_on_behalf(response=response, origin=held.kind, actor=actor, person=standing.person, now=now)
        except ResponseClosed as closed:
            raise OutreachRefused(_("The questions have been answered or withdrawn meanwhile.")) from closed


def save_answers(
    *,
    task: OutreachTask,
    response: Response,
    page_id: str,
    answers: Mapping[str, Any],
    is_confirmed: bool,
    changed: Sequence[str],
    actor: Actor,
    now: datetime,
) -> Response:
    """Keep one page.

    Raises:
        OutreachRefused: the identity check is too old, or the task is a colleague's by now.
        ResponseClosed, OffRoute.
    """
    with transaction.atomic():
        _held(task, actor, now)
        return save_page(
            response=response,
            page_id=page_id,
            answers=answers,
            is_confirmed=is_confirmed,
            changed=changed,
            actor=actor,
            now=now,
        )


def take_files(
    *,
    task: OutreachTask,
    response: Response,
    page: Page,
    data: Mapping[str, str],
    files: MultiValueDict[str, UploadedFile[bytes]],
    actor: Actor,
    now: datetime,
) -> Posted:
    """Take in the scans that come with a page, or take them back; a worker looks at them.

    Raises:
        OutreachRefused, ResponseClosed, OffRoute.
    """
    with transaction.atomic():
        _held(task, actor, now)
        return take_posted(
            response=response, page=page, data=data, files=files, actor=actor, now=now, looks_at_once=False
        )


def submit_answers(*, task: OutreachTask, response: Response, actor: Actor, now: datetime) -> None:
    """Send the answers off; the task is done. A second time it changes nothing.

    Raises:
        OutreachRefused, ResponseClosed, Incomplete.
    """
    with transaction.atomic():
        if response_of(response.reference).status == Response.Status.SUBMITTED:  # type: ignore[union-attr]  # it exists
            return
        held = _held(task, actor, now)
        # First, or the answer would cancel the very task that brought it.
        close_answered(task=held, actor=actor, now=now)
        submit_response(response=response, actor=actor, now=now)


def sitting_of(task: OutreachTask, *, user_id: int, typed: frozenset[str]) -> Sitting | None:
    """The questions as this member is typing them; None where they are not."""
    response = response_of(task.reference) if task.reference else None
    if response is None or response.entered_by != user_id or response.status == Response.Status.OPEN:
        return None
    customer = Customer.objects.get(pk=response.customer_id)
    return Sitting(
        response=response,
        questionnaire=questionnaire_of(response.version),
        facts=facts_of(customer),
        typed=typed,
    )


def _held(task: OutreachTask, actor: Actor, now: datetime) -> OutreachTask:
    if task.reference:  # before the task, as an answer does that comes in by itself
        hold_response(task.reference)
    held: OutreachTask = OutreachTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    hold_task(held, actor=actor, now=now)
    if not is_proved(held, int(actor.id), now):
        raise OutreachRefused(_("Make sure who you are speaking to first: the identity check holds for an hour."))
    return held
