"""The pages of the lists: written by hand or taken from a file, and let through by somebody else."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.codes import Label
from customers.lists.content import content_from
from customers.lists.files import csv_of
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.standard import standard_content
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import SignIn, english
from tests.customers.lists.publishing import adding, entry, of, publish

STANDARD = standard_content("occupation")
NEW = {"code": "diver", "ja": "海女・海士", "en": "Diver", "group": "漁業", "also": "潜水漁業\n素潜り", "place": "2"}


def held(tenant: Tenant) -> CodeListDraft:
    with tenant_scope(tenant.pk):
        found: CodeListDraft = CodeListDraft.objects.get()
        return found


def post(client: Client, name: str, draft: CodeListDraft, said: dict[str, object], *more: str) -> Any:
    sent = {"revision": str(draft.revision), **said}
    return client.post(reverse(name, args=[draft.pk, *more]), sent)


def test_a_choice_is_added_on_its_page_and_put_in_force_by_somebody_else(
    tenant: Tenant, administrator: User, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(english(administrator))
    assert client.post(reverse("list-begin", args=["occupation"])).status_code == 302
    made = held(tenant)
    assert post(client, "list-entry-new", made, {**NEW, "ja": "", "is_offered": "on"}).status_code == 422
    assert post(client, "list-entry-new", made, {**NEW, "is_offered": "on"}).status_code == 302
    made = held(tenant)
    assert [one["code"] for one in made.document["entries"]][:3] == ["employee", "diver", "executive"]
    assert made.document["entries"][1]["also"] == ["潜水漁業", "素潜り"]
    assert post(client, "list-arrange", made, {"act": "retire student"}).status_code == 302
    page = client.get(reverse("list-draft", args=[made.pk])).content.decode()
    assert "Diver" not in page, "positive control: the page speaks the Japanese words"
    assert "海女・海士" in page
    made = held(tenant)
    assert post(client, "list-draft-propose", made, {}).status_code == 302
    digest = content_from(made.document).digest
    assert post(client, "list-draft-approve", made, {"seen_hash": digest}).status_code == 422
    second = staff_client(english(approver))
    assert "Lists of choices to approve" in second.get(reverse("home")).content.decode()
    assert post(second, "list-draft-approve", made, {"seen_hash": digest}).status_code == 302
    with tenant_scope(tenant.pk):
        assert CodeList.objects.get().number == 1
    shown = second.get(reverse("list", args=["occupation"])).content.decode()
    assert "Version 1" in shown
    differs = second.get(reverse("list-version", args=["occupation", 1])).content.decode()
    assert "Offered no more" in differs
    assert "Added" in differs


def test_what_somebody_else_wrote_meanwhile_is_not_overwritten_and_what_was_typed_stays(
    tenant: Tenant, administrator: User, staff_client: SignIn
) -> None:
    client = staff_client(english(administrator))
    client.post(reverse("list-begin", args=["occupation"]))
    stale = held(tenant)
    post(client, "list-arrange", stale, {"act": "down employee"})
    answer = post(client, "list-entry-new", stale, {**NEW, "is_offered": "on"})
    assert answer.status_code == 422
    assert "海女・海士" in answer.content.decode()
    assert [one["code"] for one in held(tenant).document["entries"]][:2] == ["executive", "employee"]


def test_a_file_is_taken_in_whole_or_not_at_all_and_says_which_rows_are_wrong(
    tenant: Tenant, administrator: User, staff_client: SignIn
) -> None:
    client = staff_client(english(administrator))
    client.post(reverse("list-begin", args=["occupation"]))
    made = held(tenant)
    bad = io.BytesIO("コード,日本語\nemployee,会社員\nEmployee,社員\n".encode())
    bad.name = "list.csv"
    answer = post(client, "list-upload", made, {"file": bad, "missing": "retire"})
    assert answer.status_code == 422
    assert "It differs from the code" in answer.content.decode()
    assert held(tenant).revision == made.revision
    good = io.BytesIO(csv_of(adding(STANDARD, entry("diver", "海女・海士"))))
    good.name = "list.csv"
    assert post(client, "list-upload", made, {"file": good, "missing": "refuse"}).status_code == 302
    assert held(tenant).document["entries"][-1]["code"] == "diver"
    down = client.get(reverse("list-draft-file", args=[made.pk]))
    assert "海女・海士" in down.content.decode()
    book = client.get(reverse("list-draft-file", args=[made.pk]) + "?as=xlsx")
    assert book.content.startswith(b"PK")
    book_file = io.BytesIO(book.content)
    book_file.name = "list.xlsx"
    again = post(client, "list-upload", held(tenant), {"file": book_file, "missing": "refuse"})
    assert again.status_code == 302, again.content.decode()


def test_a_workbook_that_is_none_is_refused_in_a_sentence(
    tenant: Tenant, administrator: User, staff_client: SignIn
) -> None:
    client = staff_client(english(administrator))
    client.post(reverse("list-begin", args=["occupation"]))
    file = io.BytesIO(b"PK\x03\x04 nothing")
    file.name = "list.xlsx"
    answer = post(client, "list-upload", held(tenant), {"file": file, "missing": "refuse"})
    assert answer.status_code == 422
    assert "workbook" in answer.content.decode()


def test_words_of_a_list_are_text_on_every_page(
    tenant: Tenant, administrator: User, approver: User, now: datetime, staff_client: SignIn
) -> None:
    """Stored XSS: in words, groups and other names."""
    evil = "<script>alert(1)</script>"
    content = adding(STANDARD, entry("evil", evil, group=evil + "g", also=(evil + "a",)))
    with tenant_scope(tenant.pk):
        publish("occupation", content, administrator, approver, now)
    client = staff_client(english(administrator))
    client.post(reverse("list-begin", args=["occupation"]))
    made = held_open(tenant)
    for name, *arguments in (
        ("list", "occupation"),
        ("list-version", "occupation", 1),
        ("list-draft", made.pk),
        ("list-entry", made.pk, "evil"),
        ("list-names", made.pk),
    ):
        page = client.get(reverse(str(name), args=arguments)).content.decode()
        assert evil not in page
        assert "&lt;script&gt;" in page, name


def held_open(tenant: Tenant) -> CodeListDraft:
    with tenant_scope(tenant.pk):
        found: CodeListDraft = CodeListDraft.objects.get(status="DRAFT")
        return found


def test_the_page_of_a_long_list_costs_as_many_queries_as_that_of_a_short_one(
    tenant: Tenant, administrator: User, approver: User, now: datetime, staff_client: SignIn
) -> None:
    names = [Label("短い表", "Short"), Label("長い表", "Long")]
    with tenant_scope(tenant.pk):
        for key, name, size in zip(("short", "long"), names, (2, 900), strict=True):
            entries = [entry(f"c{number}", f"第{number}項") for number in range(size)]
            publish(key, of(name, entries), administrator, approver, now, name=name)
    client = staff_client(english(administrator))
    counts = []
    for key in ("short", "long", "short", "long"):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("list", args=[key])).status_code == 200
        counts.append(len(queries))
    assert counts[2] == counts[3]


def test_every_role_that_sees_imports_sees_lists_and_only_administrators_write(
    tenant: Tenant, officer: User, approver: User, staff_client: SignIn
) -> None:
    client = staff_client(english(approver))
    assert client.get(reverse("lists")).status_code == 200
    assert client.post(reverse("list-begin", args=["occupation"])).status_code == 403
    assert staff_client(english(officer)).post(reverse("list-new"), {}).status_code == 403
    with tenant_scope(tenant.pk), transaction.atomic():
        assert not CodeListDraft.objects.exists()
