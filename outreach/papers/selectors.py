"""Reads of paper answers: the lists, one of them with its pictures, and whom nobody reminds meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Min, Q, QuerySet
from django.utils.translation import pgettext_lazy

from channels.models import Notice
from outreach.papers.comparing import blind_page
from outreach.papers.models import OPEN, PaperAnswer, PaperPolicy
from questionnaires import routing, schema
from questionnaires.files.models import AnswerFile
from questionnaires.files.selectors import Handed
from questionnaires.models import Response
from questionnaires.selectors import questionnaire_of
from questionnaires.sittings import Sitting
from tenants.keyset import Page, keyset_page
from tenants.reach import within_reach
from uploads.models import Upload
from uploads.selectors import clean_upload, uploads_of

Status = PaperAnswer.Status
PURPOSE = Upload.Purpose.PAPER_ANSWER
# The lists by the name they have in the address, and what stands in each.
LISTS = {
    "key": (pgettext_lazy("paper answers", "To be keyed"), Q(status=Status.RECEIVED)),
    "check": (pgettext_lazy("paper answers", "To be checked"), Q(status=Status.KEYED)),
    "asking": (pgettext_lazy("paper answers", "Customer asked back"), Q(status=Status.ASKING)),
    "aside": (pgettext_lazy("paper answers", "To be looked at"), Q(status=Status.SET_ASIDE, looked_at__isnull=True)),
    "closed": (
        pgettext_lazy("paper answers", "Done"),
        Q(status__in=[Status.ACCEPTED, Status.DISCARDED]) | Q(status=Status.SET_ASIDE, looked_at__isnull=False),
    ),
}
# After so many days somebody should have dealt with a sheet.
LATE_AFTER = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many sheets stand in a list, and since when the oldest does."""

    count: int
    oldest_on: date | None

    def age(self, today: date) -> int:
        """Days in Japan since the oldest came in."""
        return (today - self.oldest_on).days if self.oldest_on else 0


def paper_page(*, which: str, cursor: str | None = None) -> Page[PaperAnswer]:
    """One list, the longest waiting first; what is done the latest first."""
    order = ("-closed_at", "-id") if which == "closed" else ("received_on", "id")
    rows = PaperAnswer.objects.filter(LISTS[which][1]).select_related("customer")
    return keyset_page(rows, order=order, cursor=cursor)


def waiting_in_lists() -> dict[str, Waiting]:
    """What waits, by list. One query."""
    asked = {name: where for name, (_words, where) in LISTS.items() if name != "closed"}
    counts = {f"{name}_count": Count("id", filter=where) for name, where in asked.items()}
    oldest = {f"{name}_oldest": Min("received_on", filter=where) for name, where in asked.items()}
    found = PaperAnswer.objects.filter(closed_at__isnull=True).aggregate(**counts, **oldest)
    return {name: Waiting(found[f"{name}_count"], found[f"{name}_oldest"]) for name in asked}


def find_paper(paper_answer_id: UUID) -> PaperAnswer:
    """One of them with its customer.

    Raises:
        PaperAnswer.DoesNotExist: the tenant has no such one, or the member does not see it.
    """
    found: PaperAnswer = PaperAnswer.objects.select_related("customer").get(pk=paper_answer_id)
    return found


def open_papers() -> QuerySet[PaperAnswer]:
    """Those that may still become an answer; for conditions on reviews."""
    rows: QuerySet[PaperAnswer] = PaperAnswer.objects.filter(status__in=OPEN)
    return rows


def held_by_paper(references: Collection[UUID]) -> set[UUID]:
    """About which of these reviews a sheet waits that may become the answer, so that nobody reminds. One query."""
    with within_reach(None):
        return set(open_papers().filter(reference__in=references).values_list("reference", flat=True))


def papers_about(reference: UUID) -> list[PaperAnswer]:
    """The sheets of one review, the latest first."""
    return list(PaperAnswer.objects.filter(reference=reference).order_by("-registered_at", "-pk"))


def policy_in_force() -> PaperPolicy:
    """The newest approved policy, or the usual one: everything is checked, and signed. One query."""
    approved = PaperPolicy.objects.filter(status=PaperPolicy.Status.APPROVED).order_by("-approved_at", "-pk")
    return approved.first() or PaperPolicy()


def scans_of(paper: PaperAnswer) -> list[Upload]:
    """The pictures of the sheet in the order they came, without their bodies."""
    return uploads_of(purpose=PURPOSE, reference=paper.pk)


def scan_of(paper: PaperAnswer, upload_id: UUID) -> Upload:
    """A picture of the sheet that may be shown.

    Raises:
        Upload.DoesNotExist: it has no such picture, or it has not been found clean.
    """
    return clean_upload(upload_id, purpose=PURPOSE, reference=paper.pk)


def enclosures_of(paper: PaperAnswer, response: Response) -> dict[str, list[Handed]]:
    """Papers sent along, by the question they answer, as the pages of questions show files."""
    found: dict[str, list[Handed]] = {}
    for upload in scans_of(paper):
        if upload.page == 1 and str(upload.pk) in paper.enclosures:
            question, side = paper.enclosures[str(upload.pk)]
            row = AnswerFile(
                pk=upload.pk,
                response=response,
                question=question,
                side=side,
                upload=upload.pk,
                added_at=upload.received_at,
            )
            found.setdefault(question, []).append(Handed(row, upload))
    return found


def sitting_over(
    paper: PaperAnswer, response: Response, facts: dict[str, object], *, is_second: bool = False
) -> Sitting:
    """The questions over what was keyed from the sheet; the customer's own response stays out of it.

    ``is_second``: over the second keying, of which the route is the first one's.
    """
    answers = {**paper.answers, **paper.second} if is_second else dict(paper.answers)
    shadow = Response(
        pk=response.pk,
        customer_id=response.customer_id,
        version=response.version,
        reference=response.reference,
        status=Response.Status.STARTED,
        language=response.language,
        answers=answers,
        confirmed_pages=list(paper.confirmed_pages),
        opened_at=response.opened_at,
    )
    questionnaire = questionnaire_of(response.version)
    typed = frozenset(paper.second_pages) if is_second else frozenset(page.id for page in questionnaire.pages)
    return Sitting(response=shadow, questionnaire=questionnaire, facts=facts, typed=typed)


def next_to_key(paper: PaperAnswer, questionnaire: schema.Questionnaire) -> str | None:
    """The page to be keyed next: one that came back first, else the first without an answer."""
    again = set(paper.returned)
    on_route = routing.route(questionnaire, paper.answers)
    for page in questionnaire.pages:
        if page.id in on_route and any(question.id in again for question in page.questions):
            return page.id
    return routing.next_page(questionnaire, paper.answers)


def blind_pages(paper: PaperAnswer, questionnaire: schema.Questionnaire) -> Iterator[schema.Page]:
    """What is keyed a second time, page by page."""
    on_route = routing.route(questionnaire, paper.answers)
    for page in questionnaire.pages:
        if page.id in on_route and (blind := blind_page(page, paper.marks)):
            yield blind


def number_of(reference: UUID) -> str:
    """The latest reference number that a notice about this review carries; "" where none was made yet."""
    rows = Notice.objects.filter(reference=reference).exclude(number="").order_by("-created_at", "-pk")
    return rows.values_list("number", flat=True).first() or ""
