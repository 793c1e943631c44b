"""A sheet comes in by post, more pictures of it come, it is not used after all, or somebody has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import BinaryIO
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import transition_many
from channels.delaying import delay_queued, end_delay
from channels.numbers import NotANumber, Slip, read_number
from channels.wording.authenticity import reference_of
from customers.models import Customer
from outreach.models import OutreachTask
from outreach.papers.holding import STEPS, PaperRefused, hold, set_aside, why_not_wanted
from outreach.papers.models import OPEN, PaperAnswer
from outreach.papers.selectors import PURPOSE, scans_of
from outreach.services import TaskRequest, queue_tasks
from questionnaires.models import Response
from questionnaires.selectors import response_of
from questionnaires.services import hold_response
from retention.expiring import day_in_japan
from tenants.permissions import Permission
from uploads.models import Upload
from uploads.services import receive_upload, remove_uploads

Status = PaperAnswer.Status
# Notices that wait go no sooner than this unless the sheet is not used; a deadline withdraws them before.
HOLDS_NOTICES = timedelta(days=180)
_CALLS = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)


def receive_paper(
    *,
    number: str,
    received_on: date,
    is_signed: bool,
    signed_on: date | None,
    scans: Sequence[BinaryIO],
    actor: Actor,
    now: datetime,
) -> PaperAnswer:
    """Note that a sheet came in, by the reference number on it; from then on nobody reminds the customer.

    A sheet that cannot become the answer any more, because the customer has answered or is not asked, is kept and
    set aside for a person to look at. Days are those of Japan.

    Raises:
        PaperRefused: the number is mistyped or not ours, a day is not possible, or a sheet of it is being dealt with.
        UploadRefused: a picture cannot be taken.
    """
    reference = _find(number)
    try:
        with transaction.atomic():
            standing = STEPS.standing(actor, Permission.KEY_PAPER, now=now)
            hold_response(reference)
            response = response_of(reference)
            if response is None:
                raise PaperRefused(
                    _("No notice of this institution carries this number. Compare it digit by digit."), "number"
                )
            _check_days(response, received_on, signed_on if is_signed else None, now)
            _check_alone(reference)
            paper: PaperAnswer = PaperAnswer.objects.create(
                customer=response.customer,
                reference=reference,
                number=read_number(number),
                received_on=received_on,
                is_signed=is_signed,
                signed_on=signed_on if is_signed else None,
                registered_by=standing.user_id,
                registered_at=now,
            )
            record("paperanswer.registered", target=paper, actor=actor, at=now, signed=is_signed)
            for scan in scans:
                _take(paper, scan, actor=actor, now=now)
            if because := why_not_wanted(response):
                set_aside(paper, because, actor=actor, now=now)
            else:
                _hold_ladder(paper, actor=actor, now=now)
    except IntegrityError:  # two who register the same sheet at once
        _check_alone(reference)
        raise
    return paper


@transaction.atomic
def add_scan(*, paper: PaperAnswer, scan: BinaryIO, actor: Actor, now: datetime) -> None:
    """One more picture, while the sheet may still become the answer or nobody has looked at it.

    Raises:
        PaperRefused, UploadRefused.
    """
    STEPS.standing(actor, Permission.KEY_PAPER, now=now)
    held, _response = hold(paper)
    if held.closed_at is not None:
        raise PaperRefused(_("This sheet is done. Nothing more can be added."))
    _take(held, scan, actor=actor, now=now)


@transaction.atomic
def discard_paper(*, paper: PaperAnswer, because: str, is_other_customers: bool, actor: Actor, now: datetime) -> None:
    """It is not used: the wrong customer's, a copy, unusable. What it held back goes on; what was keyed is forgotten.

    ``is_other_customers``: its pictures are destroyed, because they are about somebody else.

    Raises:
        PaperRefused: no reason, or it is done.
    """
    if not because.strip():
        raise PaperRefused(_("Say in a few words why it is not used."), "because")
    STEPS.standing(actor, Permission.KEY_PAPER, now=now)
    held, response = hold(paper)
    if is_other_customers:
        remove_uploads([one.pk for one in scans_of(held)], actor=actor, now=now)
    STEPS.move(
        held, Status.DISCARDED, actor=actor, now=now, closed_because=because.strip(), closed_at=now,
        answers={}, second={}, confirmed_pages=[], enclosures={},
    )  # fmt: skip
    if why_not_wanted(response) is None:
        _let_ladder_go(held, actor=actor, now=now)


@transaction.atomic
def note_looked(*, paper: PaperAnswer, finding: str, actor: Actor, now: datetime) -> None:
    """Somebody has compared a sheet that was set aside with the answer that counts.

    Raises:
        PaperRefused: nothing is said of it, or a colleague was faster.
    """
    if not finding.strip():
        raise PaperRefused(_("Write down what you compared, and what follows from it."), "finding")
    standing = STEPS.standing(actor, Permission.CHECK_PAPER, now=now)
    held, _response = hold(paper)
    if held.status != Status.SET_ASIDE or held.looked_at is not None:
        raise PaperRefused(_("Somebody else has dealt with this already. Reload the page."))
    held.looked_by, held.looked_at, held.closed_at = standing.user_id, now, now
    held.closed_because = finding.strip()
    held.save(update_fields=["looked_by", "looked_at", "closed_at", "closed_because"])
    record("paperanswer.looked_at", target=held, actor=actor, at=now, because=held.aside_because)


def overtake_papers(*, reference: UUID, now: datetime) -> None:
    """The customer has answered in another way: a sheet that is being dealt with stands aside, nothing of it is lost.

    In the transaction of the answer, which holds the response.
    """
    for paper in PaperAnswer.objects.select_for_update(of=("self",), no_key=True).filter(
        reference=reference, status__in=OPEN
    ):
        set_aside(paper, PaperAnswer.Aside.ANSWERED, actor=Actor.system("outreach"), now=now)


def _find(number: str) -> UUID:
    try:
        reference = reference_of(read_number(number))
    except NotANumber as slip:
        words = {
            Slip.LENGTH: _("The number on the sheet has twelve digits. Count them again."),
            Slip.DIGIT: _("One of the digits is not right. Compare the number with the sheet."),
        }
        raise PaperRefused(words[slip.slip], "number") from None
    if reference is None:
        raise _unknown()
    return reference


def _unknown() -> PaperRefused:
    return PaperRefused(_("No notice of this institution carries this number. Compare it digit by digit."), "number")


def _check_days(response: Response, received_on: date, signed_on: date | None, now: datetime) -> None:
    if received_on > day_in_japan(now):
        raise PaperRefused(_("Enter a day that is not in the future."), "received_on")
    if received_on < day_in_japan(response.opened_at):
        raise PaperRefused(_("The questions were sent after this day. Look at the date stamp again."), "received_on")
    if signed_on is not None and signed_on > received_on:
        raise PaperRefused(_("It cannot have been signed after it came in."), "signed_on")


def _check_alone(reference: UUID) -> None:
    other = PaperAnswer.objects.filter(reference=reference, status__in=OPEN).values_list("pk", flat=True).first()
    if other is not None:
        words = _("A sheet with this number is being dealt with already. Add further pages there.")
        raise PaperRefused(words, "number", paper=other)


def _take(paper: PaperAnswer, scan: BinaryIO, *, actor: Actor, now: datetime) -> Upload:
    name = getattr(scan, "name", "") or ""
    return receive_upload(
        scan, name=name, purpose=PURPOSE, reference=paper.pk, person_id=paper.customer_id, actor=actor, now=now
    )


def _hold_ladder(paper: PaperAnswer, *, actor: Actor, now: datetime) -> None:
    """What waits to be sent waits longer, and nobody calls or visits because no answer came."""
    delay_queued(customer_id=paper.customer_id, until=paper.registered_at + HOLDS_NOTICES, actor=actor, now=now)
    asking = (OutreachTask.Origin.LADDER, OutreachTask.Origin.SILENCE)
    tasks = dict(
        OutreachTask.objects.filter(reference=paper.reference, origin__in=asking, status__in=_CALLS).values_list(
            "pk", "kind"
        )
    )
    withdrawn: list[UUID] = []
    for was in _CALLS:
        withdrawn += transition_many(
            OutreachTask, list(tasks), was=was, to=OutreachTask.Status.CANCELLED, actor=actor, at=now, closed_at=now
        )
    paper.held_kinds = sorted({tasks[pk] for pk in withdrawn})
    paper.save(update_fields=["held_kinds"])


def _let_ladder_go(paper: PaperAnswer, *, actor: Actor, now: datetime) -> None:
    end_delay(customer_id=paper.customer_id, until=paper.registered_at + HOLDS_NOTICES, actor=actor, now=now)
    customer = Customer.objects.get(pk=paper.customer_id)
    for kind in paper.held_kinds:
        request = TaskRequest(customer, paper.reference)
        queue_tasks(requests=[request], kind=kind, actor=actor, now=now, origin=OutreachTask.Origin.SILENCE)
