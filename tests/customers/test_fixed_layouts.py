"""Layouts of fixed-length files as staff describe them: kept as said, tried on a file, and files taken by them."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from customers.fixed_layouts.forms import FILLINGS, LayoutForm
from customers.fixed_layouts.services import NameTaken, keep_layout
from customers.formats.fixed import document_of, table_from
from customers.models import Customer, CustomerImport, FixedLayout
from tenants.models import Role, Tenant, User
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english
from tests.customers.taking import id_in, work
from tests.customers.test_fixed import TABLE, document, fixed, record

type Change = Callable[[dict[str, Any]], None]


def in_order(document_: dict[str, Any]) -> dict[str, Any]:
    """The order in which the columns are named means nothing."""
    return {**document_, "fields": sorted(document_["fields"], key=lambda field: str(field["column"]))}


def said(document_: dict[str, Any], name: str = "CIF月次") -> dict[str, str]:
    """What a browser sends of the form that a kept document fills."""
    form = LayoutForm(document=document_, name=name)
    return {key: "" if (value := form[key].value()) is None else str(value) for key in form.fields}


@pytest.fixture
def staff(in_tenant: Tenant, officer: User, staff_client: SignIn) -> Client:
    return staff_client(english(officer))


def file(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("CIF.dat", content)


def test_a_layout_is_kept_as_it_was_said_and_shown_as_it_is_kept(staff: Client) -> None:
    assert staff.get(reverse("fixed-layout-new")).status_code == 200
    response = staff.post(reverse("fixed-layout-new"), said(document_of(TABLE)))
    assert response.status_code == 302, response.content.decode()
    with transaction.atomic():
        kept = FixedLayout.objects.get()
        assert in_order(kept.document) == in_order(document_of(TABLE))
    page = staff.get(reverse("fixed-layout", args=[kept.pk]))
    assert {key: str(page.context["form"][key].value() or "") for key in page.context["form"].fields} == said(
        kept.document
    )
    assert "CIF月次" in staff.get(reverse("fixed-layouts")).content.decode()


places = st.tuples(st.sampled_from(sorted(FILLINGS)), st.integers(1, 9))


@given(
    lengths=st.lists(places, min_size=10, max_size=10),
    codes=st.dictionaries(st.from_regex("[0-9A-Z]{1,2}", fullmatch=True), st.sampled_from(["個人", "法人", "不明"])),
)
def test_any_layout_survives_the_form(lengths: list[tuple[str, int]], codes: dict[str, str]) -> None:
    at, fields = 2, []
    for field, (filling, length) in zip(document()["fields"], lengths, strict=True):
        padding, side = FILLINGS[filling]
        fields.append({**field, "at": [at, length], "padding": padding, "side": side, "values": codes})
        at += length
    whole = document_of(table_from(document(fields=fields, length=max(at, 40), totals=[])))
    form = LayoutForm(said(whole))
    assert form.is_valid(), form.errors
    assert form.table is not None
    assert in_order(document_of(form.table)) == in_order(whole)


def test_a_file_is_taken_in_by_the_layout_without_asking_for_its_columns(staff: Client) -> None:
    with transaction.atomic():
        layout = keep_layout(name="CIF月次", table=TABLE, actor=SYSTEM, now=NOW)
    content = fixed(record(), record(customer_number="0000000002", name="佐々木　次郎"))
    page = staff.get(reverse("import-new")).content.decode()
    assert f'value="{layout.pk}"' in page
    response = staff.post(reverse("import-new"), {"file": file(content), "layout": str(layout.pk)})
    assert response.status_code == 302, response.content.decode()
    with transaction.atomic():
        item = CustomerImport.objects.get(pk=id_in(response.headers["Location"]))
    assert item.status == CustomerImport.Status.CHECKING
    work(item)
    staff.post(reverse("import-commit", args=[item.pk]))
    work(item)
    with transaction.atomic():
        assert {one.number: one.profile["name"] for one in Customer.objects.all()} == {
            "0000000001": "髙﨑　花子",
            "0000000002": "佐々木　次郎",
        }


def test_a_file_whose_trailer_says_something_else_is_refused(staff: Client) -> None:
    with transaction.atomic():
        layout = keep_layout(name="CIF月次", table=TABLE, actor=SYSTEM, now=NOW)
    response = staff.post(reverse("import-new"), {"file": file(fixed(record(), count=7)), "layout": str(layout.pk)})
    assert response.status_code == 422
    assert "7" in response.context["form"].errors["file"][0]
    with transaction.atomic():
        assert not CustomerImport.objects.exists()


def test_a_layout_is_tried_on_a_file_that_is_not_kept(staff: Client) -> None:
    records = [record(customer_number=f"{number:010}") for number in range(1, 6)]
    # Cut off in the middle of a record, as the beginning of a large file is.
    response = staff.post(
        reverse("fixed-layout-new"),
        {**said(document_of(TABLE)), "try": "1", "sample": file(fixed(*records)[: 4 * len(record()) + 20])},
    )
    assert response.status_code == 200
    shown = response.content.decode()
    assert "髙﨑　花子" in shown
    assert "0000000002" in shown
    with transaction.atomic():
        assert not FixedLayout.objects.exists()
        assert not CustomerImport.objects.exists()


def test_who_may_not_see_names_sees_none_when_trying(tenant: Tenant, make_user: MakeUser, staff_client: SignIn) -> None:
    """An administrator may import but not see whose data it is, whatever they call the columns."""
    administrator = staff_client(english(make_user(tenant, Role.ADMINISTRATOR, "inoue")))
    sent = {**said(document_of(TABLE)), "try": "1", "sample": file(fixed(record()))}
    response = administrator.post(reverse("fixed-layout-new"), sent)
    assert response.status_code == 200
    assert response.context["tried"]
    assert "花子" not in response.content.decode()


def test_a_file_that_does_not_fit_is_explained_when_trying(staff: Client) -> None:
    sent = {**said(document_of(TABLE)), "try": "1", "sample": file(b"2" + b"x" * 40 + b"\r\n" + record())}
    response = staff.post(reverse("fixed-layout-new"), sent)
    assert response.status_code == 422
    assert response.context["sample"].errors["sample"]
    assert staff.post(reverse("fixed-layout-new"), {**said(document_of(TABLE)), "try": "1"}).status_code == 422


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"name-first": "2"}, "overlap at byte 2"),
        ({"name-first": "9999"}, "9999"),
        ({"name-length": ""}, "バイト数の両方"),
        ({"length": "0"}, "1"),
        ({"record-data": ""}, "kind"),
        ({"customer_number-first": "", "customer_number-length": ""}, "lacks these columns"),
        ({"kind-codes": "個人、2=法人"}, "1=個人"),
        ({"kana-first": "zwei"}, "整数"),
    ],
)
def test_a_layout_that_cannot_be_is_refused_with_the_reason(staff: Client, changed: dict[str, str], words: str) -> None:
    response = staff.post(reverse("fixed-layout-new"), {**said(document_of(TABLE)), **changed})
    assert response.status_code == 422
    with transaction.atomic():
        assert not FixedLayout.objects.exists()
    reasons = " ".join(error for errors in response.context["form"].errors.values() for error in errors)
    assert words in reasons, reasons


def test_two_layouts_of_one_name_are_refused_and_leave_the_first(staff: Client, in_tenant: Tenant) -> None:
    with transaction.atomic():
        keep_layout(name="CIF月次", table=TABLE, actor=SYSTEM, now=NOW)
    assert staff.post(reverse("fixed-layout-new"), said(document_of(TABLE))).status_code == 422
    with transaction.atomic(), pytest.raises(NameTaken):
        keep_layout(name="CIF月次", table=TABLE, actor=SYSTEM, now=NOW)


def test_changing_and_removing_are_on_the_record(staff: Client) -> None:
    staff.post(reverse("fixed-layout-new"), said(document_of(TABLE)))
    with transaction.atomic():
        kept = FixedLayout.objects.get()
    assert staff.post(reverse("fixed-layout", args=[kept.pk]), said(kept.document, "CIF日次")).status_code == 302
    with transaction.atomic():
        assert FixedLayout.objects.get().name == "CIF日次"
    assert staff.post(reverse("fixed-layout-remove", args=[kept.pk])).status_code == 302
    with transaction.atomic():
        assert not FixedLayout.objects.exists()
        events = AuditEvent.objects.filter(event__startswith="fixedlayout.", kind="ACT").order_by("pk")
        assert [event.event for event in events] == ["fixedlayout.saved", "fixedlayout.saved", "fixedlayout.removed"]


def test_another_banks_layout_is_nobodys(other_officer: User, staff: Client, staff_client: SignIn) -> None:
    """T2, with the owner as the control."""
    staff.post(reverse("fixed-layout-new"), said(document_of(TABLE)))
    with transaction.atomic():
        page = reverse("fixed-layout", args=[FixedLayout.objects.get().pk])
    assert Context().run(staff_client(other_officer).get, page).status_code == 404
    assert staff.get(page).status_code == 200, "control"
