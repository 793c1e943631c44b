"""What people do with sheets of paper in these tests: one comes in, is keyed, and is checked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

from audit.services import Actor
from channels.models import Notice
from customers.models import Customer
from customers.selectors import facts_of
from outreach.papers.comparing import Finding, lines_of
from outreach.papers.models import PaperAnswer
from outreach.papers.receiving import receive_paper
from outreach.papers.selectors import blind_pages, find_paper, next_to_key, sitting_over
from outreach.papers.services import begin_check, begin_keying, finish_keying, key_again, key_page, settle_check
from questionnaires.models import Response
from questionnaires.selectors import questionnaire_of, response_of
from tenants.models import User
from tests.conftest import NOW, SYSTEM
from tests.uploads.hostile import card, written
from uploads.services import examine_waiting

LATER = NOW + timedelta(days=3)


def number_on(customer: Customer) -> str:
    """What the customer's notice carries."""
    number: str = Notice.objects.filter(customer=customer).exclude(number="").latest("created_at").number
    return number


def scan() -> BytesIO:
    """A picture as a scanner makes it."""
    file = BytesIO(written(card(), "JPEG"))
    file.name = "scan.jpg"
    return file


def came_in(
    customer: Customer, officer: User, *, is_signed: bool = True, with_scan: bool = True, **said: Any
) -> PaperAnswer:
    """A sheet of the customer is noted, three days after the notice."""
    values: dict[str, Any] = {
        "number": said.get("number") or number_on(customer),
        "received_on": LATER.date(),
        "is_signed": is_signed,
        "signed_on": LATER.date() if is_signed else None,
        "scans": [scan()] if with_scan else [],
        "actor": Actor.user(officer.pk),
        "now": LATER,
        **said,
    }
    return receive_paper(**values)


def questions_of(paper: PaperAnswer) -> tuple[Response, Any]:
    """The response and its parsed questionnaire."""
    response = response_of(paper.reference)
    assert response is not None
    return response, questionnaire_of(response.version)


def key_all(
    paper: PaperAnswer, officer: User, *, marks: Mapping[str, str] | None = None, finishes: bool = True, **changes: Any
) -> PaperAnswer:
    """One person keys everything: what the file says, except for ``changes``."""
    actor = Actor.user(officer.pk)
    begin_keying(paper=paper, takes_over=False, actor=actor, now=LATER)
    _response, questionnaire = questions_of(paper)
    said = {**facts_of(paper.customer), **changes}
    paper = find_paper(paper.pk)
    while waiting := next_to_key(paper, questionnaire):
        page = questionnaire.page(waiting)
        marked = {one.id: mark for one in page.questions if (mark := (marks or {}).get(one.id))}
        paper = key_page(
            paper=paper,
            page=page,
            answers={field: None if field in marked else said.get(field) for field in page.fields},
            marks=marked,
            is_confirmed=False,
            actor=actor,
            now=LATER,
        )
    return finish_keying(paper=paper, actor=actor, now=LATER) if finishes else paper


def key_blind(paper: PaperAnswer, checker: User, **changes: Any) -> PaperAnswer:
    """A second person keys what matters, from the picture."""
    actor = Actor.user(checker.pk)
    begin_check(paper=paper, actor=actor, now=LATER)
    _response, questionnaire = questions_of(paper)
    said = {**facts_of(paper.customer), **changes}
    paper = find_paper(paper.pk)
    for page in list(blind_pages(paper, questionnaire)):
        answers = {field: said.get(field) for field in page.fields}
        paper = key_again(paper=paper, page=page, answers=answers, actor=actor, now=LATER)
    return paper


def settle(paper: PaperAnswer, checker: User, **decided: str) -> list[str]:
    """Everything that was keyed once is as on the sheet; what differs as ``decided``."""
    _response, questionnaire = questions_of(paper)
    lines = lines_of(questionnaire, paper.answers, paper.second, paper.marks)
    said = {line.question.id: str(Finding.SEEN) for line in lines if not line.is_blind} | decided
    return settle_check(paper=paper, said=said, actor=Actor.user(checker.pk), now=LATER)


def look_at_scans() -> None:
    """The pictures are found clean."""
    examine_waiting(actor=SYSTEM, now=LATER + timedelta(hours=1))


def keyed_facts(paper: PaperAnswer) -> dict[str, object]:
    """What the sheet says so far, as the pages show it."""
    response, _questionnaire = questions_of(paper)
    return dict(sitting_over(paper, response, dict(facts_of(paper.customer))).response.answers)


def response_to(customer: Customer) -> Response:
    found: Response = Response.objects.get(customer=customer)
    return found
