"""A questionnaire that asks for photographs and papers, and a customer who hands them in."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from questionnaires.files.models import AnswerFile
from tenants.scoping import tenant_scope
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import Sent
from tests.uploads.hostile import card, written
from uploads.models import Upload

CARD = question("card", "file", sides=["front", "back"], constraints={"max_files": 3}, required=True)
PAPERS: dict[str, Any] = document(
    page("papers", CARD, question("remark", "text", required=True)),
    page("more", question("proof", "file", accepts=["pdf"])),
    page("last", question("handles_cash", "yes_no", maps_to="handles_cash", required=True)),
)
GOOD = written(card(), "JPEG")


def picture(body: bytes = GOOD, name: str = "免許証.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, "image/jpeg")


def send(client: Client, page: Any = "papers", action: Any = "attach", **data: Any) -> Any:
    return client.post(f"/r/answer/{page}/", {**data, "action": action})


def kept(sent: Sent) -> list[tuple[str, str, str]]:
    """What is there of a response's files: question, side, state."""
    with tenant_scope(sent.tenant.pk):
        states = dict(Upload.objects.values_list("pk", "status"))
        rows = AnswerFile.objects.filter(response=sent.response, removed_at__isnull=True).order_by("added_at", "pk")
        return [(row.question, row.side, states[row.upload]) for row in rows]
