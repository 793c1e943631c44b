"""The customer book and its imports as staff see them."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from audit.models import AuditEvent
from customers.models import Customer, CustomerImport
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, MakeUser, SignIn, english
from tests.customers.books import book, company, person
from tests.customers.taking import confirm, take, upload, work
from tests.customers.test_workbooks import TITLES, with_cells
from tests.customers.workbooks import number, raw, sheet, workbook
from tests.uploads.test_spreadsheets import bomb


def test_a_file_goes_from_upload_to_the_book_and_back(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    item = upload(client, book(person(), company(), person(customer_number="3", birth_on="1980-02-30")))
    page = reverse("import", args=[item.pk])
    columns = client.get(page).content.decode()
    assert "髙﨑　花子" in columns
    assert "There is no such day in the calendar." in columns
    confirm(client, item)
    assert 'hx-trigger="every 2s"' in client.get(page).content.decode()
    work(item)
    tried = client.get(page).content.decode()
    assert "hx-trigger" not in tried
    assert reverse("import-commit", args=[item.pk]) in tried
    assert "0000000001" not in client.get(reverse("customers")).content.decode()
    client.post(reverse("import-commit", args=[item.pk]))
    assert 'hx-trigger="every 2s"' in client.get(page).content.decode()
    work(item)
    done = client.get(page).content.decode()
    assert "hx-trigger" not in done  # the last state asks no more
    assert "There is no such day in the calendar." in done
    assert reverse("import-errors", args=[item.pk]) in done
    book_page = client.get(reverse("customers")).content.decode()
    assert "髙﨑　花子" in book_page
    assert "㈱あさなぎ商事" in book_page
    assert client.get(reverse("imports")).content.decode().count(reverse("import", args=[item.pk])) >= 1
    client.post(reverse("import-undo", args=[item.pk]))
    work(item)
    assert "The import was taken back" in client.get(page).content.decode()
    assert "0000000001" not in client.get(reverse("customers")).content.decode()


def test_the_first_rows_are_shown_as_the_columns_were_named(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    item = upload(client, book(person(kana="タカサキ")))
    at = {key: f"column-{place}" for place, key in enumerate(item.columns)}
    swapped = {at["name"]: "representative", at["representative"]: "name"}
    assert confirm(client, item, **swapped, look="1").status_code == 302
    page = client.get(reverse("import", args=[item.pk])).content.decode()
    assert _fresh(item).status == CustomerImport.Status.DRAFT
    assert "A value is required." in page, "the name is blank now"
    assert confirm(client, item, look="1").status_code == 302
    assert "A value is required." not in client.get(reverse("import", args=[item.pk])).content.decode()


def test_columns_that_cannot_be_are_explained_beside_them(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    item = upload(client, book(person()))
    twice = confirm(client, item, **{"column-3": "name"})
    assert twice.status_code == 422
    assert "Another column is this already" in twice.content.decode()
    missing = confirm(client, item, **{"column-0": ""})
    assert missing.status_code == 422
    assert "No row can be taken without: 顧客番号" in missing.content.decode()
    assert confirm(client, item, **{"column-0": "nonsense"}).status_code == 422
    assert confirm(client, item).status_code == 302, "control"


def test_the_reading_can_be_changed_on_the_page(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    item = upload(client, book(person(), delimiter="\t", encoding="utf-8"))
    assert item.delimiter == "\t"
    address = reverse("import-reading", args=[item.pk])
    assert client.post(address, {"encoding": "utf-8", "delimiter": ","}).status_code == 302
    assert len(_fresh(item).titles) == 1
    assert client.post(address, {"encoding": "utf-8", "delimiter": "\t"}).status_code == 302
    assert _fresh(item).columns == item.columns
    assert client.post(address, {"encoding": "ebcdic", "delimiter": ","}).status_code == 422


def _fresh(item: CustomerImport) -> CustomerImport:
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=item.pk)
        return found


def test_before_and_after_are_listed_by_attribute(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(english(officer))
    take(client, book(person(), company(), person(customer_number="2")))
    item = upload(client, book(person(phone="080-9999-0000"), person(customer_number="2", occupation="学生")))
    assert item.status == CustomerImport.Status.CHECKING, "the heading is known"
    work(item)
    address = reverse("import-changes", args=[item.pk])
    page = client.get(address).content.decode()
    assert "090-1234-5678" in page
    assert "080-9999-0000" in page
    assert "Student" in page
    assert "Student" not in client.get(address, {"attribute": "phone"}).content.decode()
    assert "Student" in client.get(address, {"attribute": "nonsense"}).content.decode()


def test_who_may_import_but_not_see_personal_data_sees_it_covered(
    in_tenant: Tenant, officer: User, make_user: MakeUser, staff_client: SignIn
) -> None:
    administrator = staff_client(make_user(in_tenant, Role.ADMINISTRATOR, "administrator"))
    client = staff_client(officer)
    content = book(person(), person(customer_number="2", line_id="U" + "2b" * 16))
    item = upload(client, content)
    address = reverse("import", args=[item.pk])
    secrets = ("花子", "1234-5678", "hanako", "丸の内1丁目", "0a0a0a", "1980")
    assert all(secret in client.get(address).content.decode() for secret in secrets), "control"
    assert [secret for secret in secrets if secret in administrator.get(address).content.decode()] == []
    confirm(administrator, item, **{"column-2": "kana", "column-3": "name"})
    work(item)
    administrator.post(reverse("import-reopen", args=[item.pk]))
    page = administrator.get(address).content.decode()
    assert [secret for secret in secrets if secret in page] == [], "nor by calling the columns something else"
    take(client, book(person()))
    changed = upload(client, book(person(name="髙﨑　春子", phone="080-9999-0000")))
    work(changed)
    changes = reverse("import-changes", args=[changed.pk])
    assert "080-9999-0000" in client.get(changes).content.decode(), "control"
    covered = administrator.get(changes).content.decode()
    assert "080-9999" not in covered
    assert "春子" not in covered
    with transaction.atomic():
        seen = AuditEvent.objects.filter(event="customerimport.changes_seen")
        assert [event.data["customers"] for event in seen] == [1], "who saw it, and nobody who saw nothing"


def test_a_sensitive_customers_changes_stay_covered(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    take(client, book(person(is_foreign_pep="有")))
    item = upload(client, book(person(is_foreign_pep="有", phone="080-9999-0000")))
    work(item)
    assert "080-9999" not in client.get(reverse("import-changes", args=[item.pk])).content.decode()


def test_a_step_that_cannot_be_taken_is_explained_and_changes_nothing(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    item = take(client, book(person()))
    for name in ("import-commit", "import-reopen", "import-discard", "import-columns"):
        response = client.post(reverse(name, args=[item.pk]), follow=True)
        assert "The file has moved on in the meantime." in response.content.decode(), name
    assert _fresh(item).status == CustomerImport.Status.COMPLETED


def test_progress_is_a_fragment_when_htmx_asks(in_tenant: Tenant, officer: User, staff_client: SignIn) -> None:
    client = staff_client(officer)
    item = upload(client, book(person()))
    confirm(client, item)
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


def test_a_workbook_goes_through_the_page_with_its_warnings(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    rows = sheet(TITLES, with_cells(branch_code=number(1)), with_cells(customer_number=raw("<v>#REF!</v>", "e")))
    item = upload(client, workbook(rows), name="顧客.xlsx")
    page = reverse("import", args=[item.pk])
    assert "髙﨑　花子" in client.get(page).content.decode()
    nonsense = client.post(reverse("import-reading", args=[item.pk]), {"encoding": "cp932", "delimiter": ","})
    assert nonsense.status_code == 422, "a sheet has no delimiter to choose"
    confirm(client, item)
    work(item)
    tried = client.get(page).content.decode()
    client.post(reverse("import-commit", args=[item.pk]))
    work(item)
    for shown in (tried, client.get(page).content.decode()):
        assert 'id="warnings"' in shown
        assert "Read with it." in shown
        assert "#REF!" in shown
    with transaction.atomic():
        assert CustomerImport.objects.get(pk=item.pk).warnings == {"branch_code.zero_added": 1}
    assert "髙﨑" in client.get(reverse("customers")).content.decode()


def test_what_was_said_of_a_workbook_is_not_held_of_a_text_file(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    """The same header, remembered for the one form: the same form needs no confirmation, the other is asked of."""
    client = staff_client(officer)
    data = workbook(sheet(TITLES, with_cells()))
    take(client, data)
    assert upload(client, data).status == CustomerImport.Status.CHECKING
    other = upload(client, book(person(customer_number="2")))
    assert (other.status, other.delimiter) == (CustomerImport.Status.DRAFT, ",")


def test_a_sheet_that_lacks_columns_is_read_when_its_columns_are_confirmed(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(officer)
    cells = [cell for title, cell in zip(TITLES, with_cells(), strict=True) if "LINE" not in title]
    item = take(client, workbook(sheet([title for title in TITLES if "LINE" not in title], cells)))
    with transaction.atomic():
        assert CustomerImport.objects.get(pk=item.pk).rows_created == 1
        assert Customer.objects.get().contact_points.filter(channel="LINE").count() == 0


def test_a_workbook_beyond_the_limits_is_explained_beside_its_field(
    in_tenant: Tenant, officer: User, staff_client: SignIn
) -> None:
    client = staff_client(english(officer))
    page = client.post(reverse("import-new"), {"file": SimpleUploadedFile("b.xlsx", bomb(99))})
    assert page.status_code == 422
    assert "larger than 200 MB" in page.content.decode()


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
