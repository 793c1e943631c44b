"""Sheets of paper for the demonstration's staff: one just came in, one waits for the second person, one is done."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from audit.services import Actor
from campaigns.models import PeriodicReview
from cdd.demo.banks import Bank
from cdd.demo.papers import sheet_sent_back
from customers.models import Customer
from customers.selectors import facts_of
from outreach.models import OutreachTask
from outreach.papers.comparing import Finding, lines_of
from outreach.papers.models import PaperAnswer
from outreach.papers.receiving import receive_paper
from outreach.papers.selectors import blind_pages, find_paper, next_to_key, number_of, scans_of, sitting_over
from outreach.papers.services import begin_check, begin_keying, finish_keying, key_again, key_page, settle_check
from questionnaires.models import Response
from questionnaires.routing import next_page
from questionnaires.schema import Kind, Page
from questionnaires.selectors import questionnaire_of, response_of
from questionnaires.sittings import Sitting
from retention.expiring import day_in_japan
from tenants.models import Tenant, User
from tenants.scoping import tenant_context
from uploads.models import Upload

SHEETS = 3
SECONDS_TO_EXAMINE = 60


def bring_papers(bank: Bank, *, now: datetime) -> int:
    """Sheets of customers who have been asked and whose file is whole, unless some came in before; returns how many."""
    tenant = Tenant.objects.get(slug=bank.slug)
    with tenant_context(tenant.pk):
        with transaction.atomic():
            responses = [] if PaperAnswer.objects.exists() else list(whole_files(SHEETS))
            numbers = {response.pk: number_of(response.reference) for response in responses}
        papers = [_receive(bank, tenant, response, numbers[response.pk], now) for response in responses]
        for place, paper in enumerate(papers[1:]):
            _key(bank, paper, now, has_slip=place == 1)
        if len(papers) == SHEETS and _is_examined(papers[-1]):
            _check(bank, papers[-1], now)
    return len(papers)


def whole_files(most: int) -> Iterator[Response]:
    """Who can tick that nothing has changed: everything is on file that the pages ask to be confirmed."""
    busy = OutreachTask.objects.values("customer").union(PaperAnswer.objects.values("customer"))
    asked = PeriodicReview.objects.filter(
        status=PeriodicReview.Status.NOTIFIED, customer__kind=Customer.Kind.INDIVIDUAL, customer__nationality="JP",
        customer__is_foreign_pep=False,
    ).exclude(customer__in=busy)  # fmt: skip
    found = 0
    for review in asked.select_related("customer", "response__version")[:400]:
        response = response_of(review.pk)
        if response is None or response.status != Response.Status.OPEN or not number_of(review.pk):
            continue
        if _is_whole(_sitting(response, review.customer)):
            found += 1
            yield response
        if found == most:
            return


def _is_whole(sitting: Sitting) -> bool:
    answers: dict[str, object] = {}
    while waiting := next_page(sitting.questionnaire, answers):
        page = sitting.questionnaire.page(waiting)
        assert page is not None
        if page.block and not sitting.known(page):
            return False
        answers |= _answers(page, sitting.known(page))
    return True


def _receive(bank: Bank, tenant: Tenant, response: Response, number: str, now: datetime) -> PaperAnswer:
    with transaction.atomic():
        pages = sheet_sent_back(tenant, response, number)
    scans = []
    for place, page in enumerate(pages, start=1):
        scan = io.BytesIO(page)
        scan.name = f"scan-{place}.jpg"
        scans.append(scan)
    today = day_in_japan(now)
    with transaction.atomic():
        return receive_paper(
            number=number,
            received_on=today,
            is_signed=True,
            signed_on=today,
            scans=scans,
            actor=_actor(bank, "officer"),
            now=now,
        )


def _key(bank: Bank, paper: PaperAnswer, now: datetime, *, has_slip: bool) -> None:
    """What the sheet says; with a slip of the finger in what the check will find."""
    actor = _actor(bank, "officer")
    begin_keying(paper=paper, takes_over=False, actor=actor, now=now)
    with transaction.atomic():
        sitting = _of(paper)
    while waiting := next_to_key(paper := _fresh(paper), sitting.questionnaire):
        page = sitting.questionnaire.page(waiting)
        assert page is not None
        known = sitting.known(page)
        answers = _answers(page, known)
        if has_slip and not known:
            answers, has_slip = {field: True if value is False else value for field, value in answers.items()}, False
        key_page(paper=paper, page=page, answers=answers, marks={}, is_confirmed=bool(known), actor=actor, now=now)
    finish_keying(paper=paper, actor=actor, now=now)


def _check(bank: Bank, paper: PaperAnswer, now: datetime) -> None:
    """The second person keys what the sheet says and decides what differs."""
    actor = _actor(bank, "approver")
    begin_check(paper=_fresh(paper), actor=actor, now=now)
    with transaction.atomic():
        sitting = _of(paper)
        pages = list(blind_pages(_fresh(paper), sitting.questionnaire))
    for page in pages:
        key_again(paper=_fresh(paper), page=page, answers=_answers(page, sitting.known(page)), actor=actor, now=now)
    held = _fresh(paper)
    lines = lines_of(sitting.questionnaire, held.answers, held.second, held.marks)
    said = {line.question.id: str(Finding.SECOND if line.is_blind else Finding.SEEN) for line in lines if line.offered}
    settle_check(paper=held, said=said, actor=actor, now=now)


def _answers(page: Page, known: dict[str, object]) -> dict[str, object]:
    """As `cdd.demo.papers` ticks a sheet: unchanged, or no."""
    no = {question.id: False for question in page.questions if question.kind is Kind.YES_NO}
    return {field: known.get(field, no.get(field)) for field in page.fields}


def _is_examined(paper: PaperAnswer) -> bool:
    for _second in range(SECONDS_TO_EXAMINE):
        with transaction.atomic():
            if all(one.status == Upload.Status.CLEAN for one in scans_of(paper)):
                return True
        time.sleep(1)
    return False


@transaction.atomic
def _fresh(paper: PaperAnswer) -> PaperAnswer:
    return find_paper(paper.pk)


def _of(paper: PaperAnswer) -> Sitting:
    response = response_of(paper.reference)
    assert response is not None
    return sitting_over(paper, response, dict(facts_of(paper.customer)))


def _sitting(response: Response, customer: Customer) -> Sitting:
    return Sitting(
        response=response, questionnaire=questionnaire_of(response.version), facts=facts_of(customer), typed=frozenset()
    )


def _actor(bank: Bank, local_part: str) -> Actor:
    return Actor.user(User.objects.get(email=f"{local_part}@{bank.slug}.example").pk)
