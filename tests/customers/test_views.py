"""The customer book and its imports as staff see them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.services import Actor
from customers.models import Customer, CustomerImport
from customers.services import run_import
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, MakeUser
from tests.customers.books import book, company, person

type SignIn = Callable[[User], Client]


def english(user: User) -> User:
    """Tests read English, the language of the source."""
    user.language = "en"
    user.save(update_fields=["language"])
    return user


def id_in(address: str) -> UUID:
    return UUID(address.rstrip("/").rsplit("/", 1)[1])


def upload(client: Client, content: bytes, name: str = "book.csv") -> CustomerImport:
    """Send a file through the page; the import it became."""
    response = client.post(reverse("import-new"), {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 302, response.content.decode()
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=id_in(response.headers["Location"]))
    return found


def take(client: Client, content: bytes) -> CustomerImport:
    """Send a file and have it read."""
    item = upload(client, content)
    run_import(import_id=item.pk, actor=Actor.system("tests"), now=NOW)
    return item


def test_a_file_goes_from_upload_to_the_book(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    item = upload(client, book(person(), company(), person(customer_number="3", birth_on="1980-02-30")))
    waiting = client.get(reverse("import", args=[item.pk])).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    run_import(import_id=item.pk, actor=Actor.system("tests"), now=NOW)
    done = client.get(reverse("import", args=[item.pk])).content.decode()
    assert "hx-trigger" not in done  # the last state asks no more
    assert "There is no such day in the calendar." in done
    assert reverse("import-errors", args=[item.pk]) in done
    book_page = client.get(reverse("customers")).content.decode()
    assert "髙﨑　花子" in book_page
    assert "㈱あさなぎ商事" in book_page
    assert client.get(reverse("imports")).content.decode().count(reverse("import", args=[item.pk])) >= 1


def test_progress_is_a_fragment_when_htmx_asks(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    item = upload(client, book(person()))
    fragment = client.get(reverse("import", args=[item.pk]), headers={"HX-Request": "true"}).content.decode()
    assert fragment.strip().startswith('<div id="progress"')
    assert "<html" not in fragment


def test_a_refused_file_is_explained_beside_its_field(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    for content, words in (
        (b"", "The file is empty"),
        (b"%PDF-1.7 ...", "This is not a CSV file"),
        (book(), "a header but no customers"),
    ):
        page = client.post(reverse("import-new"), {"file": SimpleUploadedFile("book.csv", content)})
        assert page.status_code == 422
        assert words in page.content.decode()
        assert "<title>Error: " in page.content.decode()
    assert client.post(reverse("import-new")).status_code == 422
    with transaction.atomic():
        assert not CustomerImport.objects.exists()


def test_the_error_file_has_the_rows_that_were_not_taken(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    item = take(client, book(person(), person(customer_number="3", birth_on="1980-02-30")))
    response = client.get(reverse("import-errors", args=[item.pk]))
    assert response.headers["Content-Type"].startswith("text/csv")
    lines = response.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "1980-02-30" in lines[1]


@pytest.mark.parametrize(
    "words", ["0000000001", "０００００００００１", "髙﨑 花子", "高崎花子", "タカサキハナコ", "たかさき　はなこ"]
)
def test_the_book_finds_a_customer_however_it_is_written(
    words: str, in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    take(client, book(person(), company()))
    page = client.post(reverse("customer-search"), {"search": words}, follow=True).content.decode()
    assert "0000000001" in page
    assert "C-1" not in page


def test_the_book_filters_by_kind_and_risk(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    take(client, book(person(), company()))
    with transaction.atomic():
        Customer.objects.filter(number="C-1").update(risk_tier="HIGH")
    companies = client.get(reverse("customers"), {"kind": "COMPANY"}).content.decode()
    assert "C-1" in companies
    assert "0000000001" not in companies
    assert "C-1" in client.get(reverse("customers"), {"tier": "HIGH"}).content.decode()
    assert "C-1" not in client.get(reverse("customers"), {"tier": "LOW"}).content.decode()
    assert "C-1" in client.get(reverse("customers"), {"kind": "nonsense", "tier": "x"}).content.decode()


def test_pages_of_the_book_follow_each_other_and_lose_nobody(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    take(client, book(*(person(customer_number=f"{number:010d}") for number in range(1, 121))))
    address, seen = reverse("customers"), []
    while address:
        page = client.get(address)
        seen += [customer.number for customer, _ in page.context["rows"]]
        cursor = page.context["page"].next_cursor
        address = f"{reverse('customers')}?after={cursor}" if cursor else ""
    assert sorted(seen) == [f"{number:010d}" for number in range(1, 121)]


def test_a_role_without_personal_data_sees_names_masked(
    in_tenant: Tenant, officer: User, auditor: User, staff_client: SignIn
) -> None:
    take(staff_client(officer), book(person(), company()))
    page = staff_client(auditor).get(reverse("customers")).content.decode()
    assert "花子" not in page
    assert "髙﨑" in page
    assert "㈱あさなぎ商事" in page  # a company's name is public


def test_only_some_roles_import(in_tenant: Tenant, approver: User, auditor: User, staff_client: SignIn) -> None:
    for user in (approver, auditor):
        client = staff_client(user)
        assert client.get(reverse("imports")).status_code == 200
        assert reverse("import-new") not in client.get(reverse("imports")).content.decode()
        assert client.get(reverse("import-new")).status_code == 403


def test_another_banks_import_is_not_found(
    tenant: Tenant, officer: User, other_officer: User, staff_client: SignIn
) -> None:
    """T2: the same address answers its own bank."""
    with tenant_scope(tenant.pk):
        item = CustomerImport.objects.create(
            filename="book.csv", sha256="0" * 64, size=1, uploaded_by=officer.pk, uploaded_at=NOW
        )
    for name in ("import", "import-errors"):
        assert staff_client(officer).get(reverse(name, args=[item.pk])).status_code == 200
        assert staff_client(other_officer).get(reverse(name, args=[item.pk])).status_code == 404


def test_the_book_of_another_bank_stays_its_own(
    tenant: Tenant, officer: User, other_officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    response = client.post(reverse("import-new"), {"file": SimpleUploadedFile("book.csv", book(person()))})
    with tenant_scope(tenant.pk):
        run_import(import_id=id_in(response.headers["Location"]), actor=Actor.system("tests"), now=NOW)
    assert "0000000001" in client.get(reverse("customers")).content.decode()
    assert "0000000001" not in staff_client(other_officer).get(reverse("customers")).content.decode()


def test_the_book_costs_the_same_queries_however_many_rows(
    in_tenant: Tenant, make_user: MakeUser, staff_client: SignIn
) -> None:
    client = staff_client(make_user(in_tenant, Role.OFFICER, "officer"))

    def queries(rows: int, first: int) -> int:
        take(client, book(*(person(customer_number=f"{first + number:010d}") for number in range(rows))))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("customers"))
        return len(captured)

    queries(1, 1)  # whatever is cached on first use
    assert queries(5, 100) == queries(40, 200)
