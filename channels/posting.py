"""Letters: rendered once, kept as printed, handed to the print shop in one job a batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from channels.barcodes import address_number
from channels.binding import pages_of
from channels.enclosing import Enclosure, with_sheets
from channels.models import DeliveryAttempt
from channels.models import Letter as PrintedLetter
from channels.protocols import Channel, Failure, Letter, LetterBatch, Receipt, TransientFailure
from channels.readdressing import lead_to_where_we_are
from channels.registry import printer_of
from channels.rendering import Bank, CannotRender, Sheet, Wording, render_letters
from channels.sending import Claimed, claim_at_its_rate, due
from channels.settling import LATE, SYSTEM, failed, move, settle
from tenants.keys import KeysUnavailable, cipher
from tenants.scoping import tenant_context

Status = DeliveryAttempt.Status
BATCH = 100
RENDER_TOGETHER = 25


def print_due(*, tenant_id: int, now: datetime) -> int:
    """Render what is due and hand it to the print shop as one job."""
    with tenant_context(tenant_id):
        render_waiting(now=now)
        claimed = claim_at_its_rate(channel=Channel.POST, now=now, limit=BATCH, only_printed=True)
        if claimed.attempts:
            settle(claim=claimed.claim, results=hand_over_letters(claimed, now=now), now=now)
    return len(claimed.attempts)


def render_waiting(*, now: datetime, limit: int = BATCH) -> int:
    """Render letters that are due and not rendered yet. One that cannot be printed whole fails for good."""
    with transaction.atomic():
        waiting = due(channel=Channel.POST, now=now).filter(letters__isnull=True).order_by("not_before", "id")
        attempts = list(waiting[:limit])
        lead_to_where_we_are(attempts)
        cipher()
    for start in range(0, len(attempts), RENDER_TOGETHER):
        some = attempts[start : start + RENDER_TOGETHER]
        pdfs, refused = _render(some)
        with transaction.atomic():
            _keep(pdfs, now=now)
            lost = {pk: failed(now, "permanent", code) for pk, code in refused.items()}
            move(lost, was=Status.QUEUED, actor=SYSTEM, now=now)
    return len(attempts)


def hand_over_letters(claimed: Claimed, *, now: datetime) -> dict[UUID, Receipt | Failure]:
    """Send the batch; its claim is the job's id, so that the shop can be asked about it later."""
    with transaction.atomic():
        printed = {letter.attempt_id: letter for letter in PrintedLetter.objects.filter(attempt__in=claimed.attempts)}
    letters = [_piece(attempt, printed[attempt.pk]) for attempt in claimed.attempts]
    result: Receipt | Failure
    try:
        if claimed.is_late:  # the shop may have said meanwhile that it never got the job
            raise TransientFailure(LATE)
        result = printer_of(claimed.attempts[0].account).send_batch(LetterBatch(claimed.claim, now, letters))
    except Failure as failure:
        failure.is_dead_address = False  # what the shop refuses is the job
        result = failure
    return {attempt.pk: result for attempt in claimed.attempts}


def sheet_of(attempt: DeliveryAttempt) -> Sheet:
    """The letter that the frozen snapshot describes."""
    snapshot = attempt.snapshot
    wording = Wording(
        bank=Bank(**snapshot["bank"]),
        purpose=snapshot["purpose"],
        language=snapshot["language"],
        url=snapshot["link"],
        deadline_on=date.fromisoformat(snapshot["deadline_on"]),
        opens_on=date.fromisoformat(snapshot["opens_on"]) if snapshot.get("opens_on") else None,
        number=snapshot.get("number", ""),
        check_page=snapshot.get("check_page", ""),
        words=snapshot.get("words", ""),
        entry_page=snapshot.get("entry_page", ""),
    )
    return Sheet(
        wording=wording,
        name=snapshot["name"],
        is_company=snapshot["is_company"],
        postal_code=snapshot["postal_code"],
        address=snapshot["address"],
        return_id=snapshot["return_id"],
        issued_on=date.fromisoformat(snapshot["issued_on"]),
    )


def _render(attempts: Sequence[DeliveryAttempt]) -> tuple[dict[UUID, bytes], dict[UUID, str]]:
    """PDFs, and why the others have none: together if all can be printed, else one by one."""
    try:
        pdfs = _enclosed(attempts, render_letters([sheet_of(attempt) for attempt in attempts]))
    except CannotRender as refusal:
        if len(attempts) == 1:
            return {}, {attempts[0].pk: refusal.code}
    except KeysUnavailable:
        raise  # nothing is wrong with the letters: they wait for the keys
    except Exception as error:  # a letter that breaks the typesetter must not stop the others
        if len(attempts) == 1:
            return {}, {attempts[0].pk: type(error).__name__}
    else:
        return {attempt.pk: pdf for attempt, pdf in zip(attempts, pdfs, strict=True)}, {}
    done: dict[UUID, bytes] = {}
    refused: dict[UUID, str] = {}
    for attempt in attempts:
        pdf, why = _render([attempt])
        done |= pdf
        refused |= why
    return done, refused


def _enclosed(attempts: Sequence[DeliveryAttempt], letters: Sequence[bytes]) -> list[bytes]:
    """Letters, those that were to have one with an answer sheet behind them."""
    pieces = dict(zip([attempt.pk for attempt in attempts], letters, strict=True))
    alike: dict[Enclosure, dict[str, UUID]] = {}
    for attempt in attempts:
        if enclosed := attempt.snapshot.get("enclosure"):
            number = attempt.snapshot["number"].replace("-", "")
            alike.setdefault(Enclosure(**enclosed), {})[number] = attempt.pk
    for enclosure, numbers in alike.items():
        bound = with_sheets({number: pieces[pk] for number, pk in numbers.items()}, enclosure)
        pieces |= {numbers[number]: pdf for number, pdf in bound.items()}
    return list(pieces.values())


def _keep(pdfs: dict[UUID, bytes], *, now: datetime) -> None:
    attempts = DeliveryAttempt.objects.select_related("notice").only("notice", "notice__customer").in_bulk(pdfs)
    PrintedLetter.objects.bulk_create(
        [
            PrintedLetter(
                attempt=attempts[pk],
                pdf=pdf,
                sha256=hashlib.sha256(pdf).hexdigest(),
                pages=pages_of(pdf),
                rendered_at=now,
            )
            for pk, pdf in pdfs.items()
        ],
        ignore_conflicts=True,  # another worker may have been as quick; its letter stands
    )


def _piece(attempt: DeliveryAttempt, printed: PrintedLetter) -> Letter:
    snapshot = attempt.snapshot
    return Letter(
        attempt_id=attempt.pk,
        name=snapshot["name"],
        postal_code=snapshot["postal_code"],
        barcode=address_number(snapshot["postal_code"], snapshot["address"]) or "",
        return_id=snapshot["return_id"],
        link=snapshot["link"],
        pages=printed.pages,
        pdf=printed.pdf,
    )
