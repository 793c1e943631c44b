"""Parts of a company's answers by others: only their pages, nothing else, and the representative sends everything."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.test import Client
from django.utils import timezone

from questionnaires.models import Delegation, Response
from tenants.models import Tenant
from tenants.scoping import tenant_scope
from tests.portal.journey import OWNER, end_of, page_of, post, prove
from tests.questionnaires.filing import Sent

PARTS = {"name": "会計　太郎", "pages": ["owners", "cash"]}


@pytest.fixture
def desk(company: Sent) -> Client:
    """The representative."""
    client = Client()
    assert prove(client, company).status_code == 302
    return client


def ask(desk: Client, **said: Any) -> tuple[str, str]:
    """The address and the number, as the page shows them once."""
    page = desk.post("/r/answer/helpers/", {**PARTS, **said})
    assert (page.status_code, page_of(page)) == (200, "helpers"), page.content.decode()[:2000]
    text = page.content.decode()
    address = re.search(r"/b/asanagi/part/[0-9A-Z]{32}/", text)
    code = re.search(r"<b>(\d{3}) (\d{3})</b>", text)
    assert address, text
    assert code, text
    return address[0], code[1] + code[2]


def begin(address: str, code: str) -> Client:
    client = Client()
    assert client.post(address, {"code": code}).headers["Location"] == "/r/part/"
    return client


def held(company: Sent) -> Delegation:
    with tenant_scope(company.tenant.pk):
        found: Delegation = Delegation.objects.get()
        dict(found.answers)
        return found


def answers_of(company: Sent) -> dict[str, object]:
    with tenant_scope(company.tenant.pk):
        return dict(Response.objects.get(pk=company.response.pk).answers)


def test_an_accountant_answers_two_pages_and_the_representative_sends_all(desk: Client, company: Sent) -> None:
    address, code = ask(desk)
    assert page_of(Client().get(address)) == "part"
    accountant = begin(address, f"{code[:3]} {code[3:]}")
    assert accountant.get("/r/part/").headers["Location"] == "/r/part/owners/"
    page = accountant.get("/r/part/owners/").content.decode()
    for private in (company.customer.profile["name"], company.customer.profile["representative"], "海野"):
        assert private not in page, "nothing of the file"
    owners = {**OWNER, "owners-0-name": "新井　三郎", "action": "continue"}
    assert accountant.post("/r/part/owners/", owners).headers["Location"] == "/r/part/"
    assert "会計　太郎" in desk.get("/r/answer/helpers/").content.decode(), "who is missing"
    assert held(company).handed_over_at is None
    assert answers_of(company) == {}, "it is a proposal"
    done = accountant.post("/r/part/cash/", {"handles_cash": "no", "action": "continue"})
    assert page_of(done) == "part_done"
    for page_id in ("company", "business", "purpose"):
        assert post(desk, page_id, "unchanged").status_code == 302
    shown = desk.get("/r/answer/owners/").content.decode()
    assert "会計　太郎" in shown
    assert 'value="新井　三郎"' in shown
    assert post(desk, "owners", **{**OWNER, "owners-0-name": "新井　三郎"}).status_code == 302
    assert "checked" in desk.get("/r/answer/cash/").content.decode()
    assert post(desk, "cash", handles_cash="no").status_code == 302
    post(desk, "abroad", sends_abroad="no")
    assert desk.post("/r/answer/check/", {"action": "submit"}).status_code == 302
    assert held(company).answers == {}, "forgotten once everything is sent"


def test_nobody_sees_a_page_that_is_not_theirs(desk: Client, company: Sent) -> None:
    accountant = begin(*ask(desk, pages=["cash"]))
    for page_id in ("owners", "company", "abroad", "nothing"):
        assert accountant.get(f"/r/part/{page_id}/").headers["Location"] == "/r/part/cash/"
        sent = accountant.post(f"/r/part/{page_id}/", {"sends_abroad": "no", "action": "continue"})
        assert sent.headers["Location"] == "/r/part/cash/"
    assert end_of(accountant.get("/r/answer/")) == "timeout", "no visit of the representative's"
    assert end_of(accountant.get("/r/answer/cash/")) == "timeout"
    assert held(company).answers == {}
    assert end_of(desk.get("/r/part/")) == "timeout", "nor the other way round"


def test_five_wrong_numbers_end_the_way_in(desk: Client, company: Sent) -> None:
    address, code = ask(desk)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for place in range(4):
        assert Client(REMOTE_ADDR=f"10.30.{place}.1").post(address, {"code": wrong}).status_code == 422
    assert end_of(Client().post(address, {"code": wrong})) == "part"
    assert end_of(Client().post(address, {"code": code})) == "part"
    assert end_of(Client().get(address)) == "part"


def test_what_is_taken_back_is_forgotten_at_once(desk: Client, company: Sent) -> None:
    address, code = ask(desk)
    accountant = begin(address, code)
    accountant.post("/r/part/owners/", {**OWNER, "action": "continue"})
    assert held(company).answers
    desk.post("/r/answer/helpers/", {"take_back": str(uuid4())})
    assert held(company).revoked_at is None, "control: another's id does nothing"
    desk.post("/r/answer/helpers/", {"take_back": str(held(company).pk)})
    assert (held(company).answers, held(company).revoked_at is not None) == ({}, True)
    assert end_of(accountant.get("/r/part/cash/")) == "part"
    assert end_of(accountant.post("/r/part/cash/", {"handles_cash": "no", "action": "continue"})) == "part"
    assert end_of(Client().get(address)) == "part"


def test_it_ends_with_its_time_and_with_the_response(desk: Client, company: Sent) -> None:
    address, code = ask(desk)
    with tenant_scope(company.tenant.pk):
        Delegation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert end_of(Client().post(address, {"code": code})) == "part"
    with tenant_scope(company.tenant.pk):
        Delegation.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert page_of(Client().get(address)) == "part", "control"
    with tenant_scope(company.tenant.pk):
        Response.objects.filter(pk=company.response.pk).update(status=Response.Status.CANCELLED)
    assert end_of(Client().get(address)) == "part"


def test_the_last_who_gave_the_number_is_the_one_who_answers(desk: Client) -> None:
    """W4."""
    address, code = ask(desk)
    first, second = begin(address, code), begin(address, code)
    assert end_of(first.get("/r/part/owners/")) == "part"
    assert page_of(second.get("/r/part/owners/")) == "question"


def test_opening_the_address_changes_nothing(desk: Client, superuser: psycopg.Connection) -> None:
    """W1."""
    address, code = ask(desk)
    before = superuser.execute("SELECT * FROM questionnaires_delegation").fetchall()
    for place in range(50):
        (Client().head if place % 2 else Client().get)(address)
    assert superuser.execute("SELECT * FROM questionnaires_delegation").fetchall() == before
    assert Client(enforce_csrf_checks=True).post(address, {"code": code}).status_code == 403


def test_neither_name_nor_address_nor_number_is_kept_in_clear(
    desk: Client, company: Sent, superuser: psycopg.Connection
) -> None:
    address, code = ask(desk)
    token = address.strip("/").rsplit("/", 1)[1]
    rows = repr(superuser.execute("SELECT * FROM questionnaires_delegation").fetchall())
    trail = repr(superuser.execute("SELECT * FROM audit_auditevent").fetchall())
    for secret in (token, "会計", f"'{code}'"):
        assert secret not in rows
        assert secret not in trail


def test_what_is_missing_is_said_and_a_persons_questionnaire_has_no_parts(desk: Client, person: Sent) -> None:
    page = desk.post("/r/answer/helpers/", {"name": "", "pages": []})
    assert page.status_code == 422
    assert page.content.decode().count("field--error") == 2
    alone = Client()
    prove(alone, person)
    assert alone.get("/r/answer/helpers/").headers["Location"].startswith("/r/answer/")
    assert "/r/answer/helpers/" not in alone.get("/r/answer/contact/").content.decode()
    assert "/r/answer/helpers/" in desk.get("/r/answer/company/").content.decode(), "control"


def test_an_address_of_another_bank_opens_nothing(desk: Client, other_tenant: Tenant) -> None:
    address, _code = ask(desk)
    assert end_of(Client().get(address.replace("asanagi", "komorebi"))) == "part"
