"""The pages of return files: from the layout to the core system's answer, by the people whose work it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from integrations.returns.layouts import document_of
from integrations.returns.models import ReturnBatch, ReturnLayout
from integrations.returns.services import make_waiting
from integrations.returns.tables import records_of, table_of
from tenants.models import Tenant, User
from tests.campaigns.acting import enter
from tests.conftest import SYSTEM
from tests.integrations.acting import change, content, fresh, lay_out, made, released
from tests.integrations.layouts import CSV, FIXED
from tests.integrations.test_return_layouts import FACTS, form

type Browse = Callable[[User], Client]
TABLE = "\n".join(
    [
        "body\tcustomer_number\t顧客番号",
        "body\tname\t氏名",
        "body\tmark:name\t変更",
        "body\toccupation\t職業\t\t\t\t会社員=01, 公務員=02",
    ]
)


def posted(**more: Any) -> dict[str, Any]:
    return {"format": "csv", "encoding": "cp932", "newline": "crlf", "titles": "on", "table": TABLE, **more}


@pytest.mark.parametrize("document", [CSV, FIXED])
def test_a_layout_shown_as_a_table_is_read_back_the_same(document: dict[str, Any]) -> None:
    known = form(document)
    general = {key: getattr(known, key) for key in ("format", "encoding", "newline", "titles")}
    assert form(general | records_of(table_of(known), facts=FACTS)) == known


def test_a_page_without_a_layout_begins_with_one_that_can_be_proposed_as_it_stands(
    in_tenant: Tenant, staff_client: Browse, administrator: User
) -> None:
    admin, page = staff_client(administrator), reverse("return-layout")
    shown = admin.get(page)
    assert "見本　花子" in shown.content.decode()
    assert admin.post(page, {**shown.context["form"].initial, "titles": "on"}).status_code == 302
    with transaction.atomic():
        assert [cell["what"] for cell in ReturnLayout.objects.get().document["body"]][:3] == [
            "customer_number", "name", "mark:name",
        ]  # fmt: skip


def test_the_whole_way_by_three_people(
    in_tenant: Tenant, staff_client: Browse, administrator: User, officer: User, approver: User
) -> None:
    admin, maker, checker = staff_client(administrator), staff_client(officer), staff_client(approver)
    assert "見本　花子" in admin.post(reverse("return-layout"), posted(look="1")).content.decode()
    with transaction.atomic():
        assert not ReturnLayout.objects.exists(), "a look sets nothing"
    assert admin.post(reverse("return-layout"), posted()).status_code == 302
    with transaction.atomic():
        layout = ReturnLayout.objects.get()
    shown = checker.get(reverse("return-layout-version", args=[layout.pk])).content.decode()
    assert "会社員=01" in shown
    assert "見本　花子" in shown
    assert admin.post(reverse("return-layout"), posted()).status_code == 422, "one at a time"
    approve = reverse("return-layout-approve", args=[layout.pk])
    assert (admin.post(approve).status_code, maker.post(approve).status_code) == (422, 403)
    assert reverse("return-prepare") not in maker.get(reverse("returns")).content.decode()
    assert checker.post(approve).status_code == 302
    change(enter(1), name="𠮷田　花子", occupation="public_servant")
    change(enter(2), name="佐々木　花子")
    assert reverse("return-prepare") in maker.get(reverse("returns")).content.decode()
    page = maker.post(reverse("return-prepare"), follow=True)
    with transaction.atomic():
        batch = ReturnBatch.objects.get()
    address = reverse("return", args=[batch.pk])
    assert f'hx-get="{address}"' in page.content.decode()
    assert maker.get(address, headers={"HX-Request": "true"}).status_code == 204
    make_waiting(actor=SYSTEM, now=batch.prepared_at)
    assert maker.get(address, headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"
    assert "U+20BB7" in maker.get(address).content.decode()
    assert maker.post(reverse("return-release", args=[batch.pk]), {"seen": fresh(batch).sha256}).status_code == 403
    assert maker.post(reverse("return-file", args=[batch.pk])).status_code == 422
    answer = checker.post(reverse("return-release", args=[batch.pk]), {"seen": fresh(batch).sha256})
    assert answer.status_code == 302
    assert fresh(batch).status == "RELEASED"
    file = maker.post(reverse("return-file", args=[batch.pk]))
    assert file.content == content(batch)
    assert 'filename="return-asanagi-000001.csv"' in file.headers["Content-Disposition"]
    assert "02" in file.content.decode("cp932")
    listed = maker.get(reverse("return-left-out", args=[batch.pk]))
    assert b"U+20BB7" in listed.getvalue()
    wrong = maker.post(reverse("return-acknowledge", args=[batch.pk]), {"records": "1", "receipt": "R-1"})
    assert wrong.status_code == 422
    maker.post(reverse("return-acknowledge", args=[batch.pk]), {"records": "2", "receipt": "R-1"})
    assert (fresh(batch).status, fresh(batch).receipt) == ("ACKNOWLEDGED", "R-1")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("body\tnobody\t\t", "nobody"),
        ("body\tname\t氏名\tten", "ten"),
        ("body\tcustomer_number\nbody\toccupation\t\t\t\t\t忍者=9", "忍者=9"),
        ('body\t"name', "name"),
        ("\t" * 9, ""),
        ("body\tcustomer_number", ""),
    ],
)
def test_a_table_that_cannot_be_read_is_answered_with_the_line(
    in_tenant: Tenant, staff_client: Browse, administrator: User, table: str, said: str
) -> None:
    page = staff_client(administrator).post(reverse("return-layout"), posted(table=table))
    assert page.status_code == 422
    assert said in page.content.decode().replace("&quot;", '"')
    with transaction.atomic():
        assert not ReturnLayout.objects.exists()


def test_a_file_is_thrown_away_or_refused_with_a_reason(
    in_tenant: Tenant, staff_client: Browse, officer: User, approver: User
) -> None:
    lay_out()
    change(enter(1), phone="080-1111-2222")
    maker = staff_client(officer)
    batch = made(officer)
    discard = reverse("return-discard", args=[batch.pk])
    assert maker.post(discard, {"discard-reason": ""}).status_code == 422
    assert maker.post(discard, {"discard-reason": "項目の見直し"}).status_code == 302
    assert fresh(batch).status == "DISCARDED"
    batch = released(officer, approver)
    refuse = reverse("return-refuse", args=[batch.pk])
    assert maker.post(refuse, {"refuse-reason": ""}).status_code == 422
    assert maker.post(refuse, {"refuse-reason": "桁ずれ"}).status_code == 302
    assert fresh(batch).status == "REFUSED"
    assert "桁ずれ" in maker.get(reverse("return", args=[batch.pk])).content.decode()


def test_an_old_layout_whose_fact_is_gone_still_opens(
    in_tenant: Tenant, staff_client: Browse, administrator: User, officer: User
) -> None:
    lay_out()
    with transaction.atomic():
        layout = ReturnLayout.objects.get()
        kept = document_of(form(CSV))
        kept["body"].append({"what": "x_retired"})
        ReturnLayout.objects.filter(pk=layout.pk).update(document=kept)
    assert staff_client(administrator).get(reverse("return-layout")).status_code == 200
    assert staff_client(officer).get(reverse("returns")).status_code == 200
    change(enter(1), phone="080-1111-2222")
    assert made(officer).changes == 1
