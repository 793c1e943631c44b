"""A customer walking through the pages with Django's test client."""

import re
from typing import Any

import psycopg
from django.test import Client

from questionnaires.models import Response
from tenants.scoping import tenant_scope
from tests.questionnaires.filing import Sent

BIRTH = {"era": "showa", "year": "23", "month": "5", "day": "3", "last_digits": "4567"}
COMPANY_PROOF = {"phone_digits": "5678", "last_digits": "4321"}
OWNER = {
    "owners-0-name": "海野 二郎",
    "owners-0-birth_on": "昭和45年8月9日",
    "owners-0-share_percent": "60",
    "owners-0-is_pep": "no",
}


def page_of(response: Any) -> str:
    """What the page says it is."""
    found = re.search(r'<main[^>]*data-page="(\w+)"', response.content.decode())
    assert found, response.content.decode()[:500]
    return found[1]


def end_of(response: Any) -> str:
    found = re.search(r'data-end="(\w+)"', response.content.decode())
    return found[1] if found else ""


def address_of(page: str) -> str:
    return f"/r/answer/{page}/"


def prove(client: Client, sent: Sent, **factors: str) -> Any:
    """Answer the two questions."""
    right = COMPANY_PROOF if sent.customer.kind == "COMPANY" else BIRTH
    return client.post(f"/r/{sent.token}/identity/", {**right, **factors, "action": "continue"})


def post(client: Client, page: str, action: str = "continue", **data: str) -> Any:
    return client.post(f"/r/answer/{page}/", {**data, "action": action})


def walk(client: Client, sent: Sent) -> None:
    """Prove and answer everything, up to the check page."""
    assert prove(client, sent).status_code == 302
    if sent.customer.kind == "COMPANY":
        for page in ("company", "business", "purpose", "owners"):
            assert post(client, page, "unchanged").status_code == 302
    else:
        for page in ("contact", "work", "purpose", "residence"):
            assert post(client, page, "unchanged").status_code == 302
    assert post(client, "cash", handles_cash="no").status_code == 302
    last = post(client, "abroad", sends_abroad="no")
    if sent.customer.kind != "COMPANY":
        last = post(client, "office", is_foreign_pep="no")
    assert last.headers["Location"] == "/r/answer/check/"


def stored(sent: Sent) -> Response:
    with tenant_scope(sent.tenant.pk):
        response: Response = Response.objects.get(pk=sent.response.pk)
        return response


def answers_of(sent: Sent) -> dict[str, object]:
    with tenant_scope(sent.tenant.pk):
        response = Response.objects.get(pk=sent.response.pk)
        return dict(response.answers)


def snapshot(superuser: psycopg.Connection) -> list[object]:
    tables = ("questionnaires_response", "questionnaires_accesslink", "audit_auditevent", "django_session")
    return [superuser.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in tables]
