"""Who stands behind a customer: kept by the day, sealed, changed by one at a time, and gone with the customer."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import psycopg
import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from customers.destroying import destroy_customers
from customers.models import AttributeChange, OwnerPaper, RelatedParty
from customers.ownership.graph import PartyKind
from customers.ownership.rules import Rule, owners_of
from customers.related.papers import PaperRefused, check_paper, month_before
from customers.related.selectors import earlier_of, graph_of, papers_of, related_to
from customers.related.services import AlreadyChanged, StillHeld, end_party, set_legal_form, take_paper
from tenants.models import Tenant
from tenants.reach import Reach, within_reach
from tenants.shredding import shred_persons
from tests.conftest import NOW, ROOT, SYSTEM
from tests.customers.related.behind import behind, company, individual

LATER = NOW + timedelta(days=30)


def test_what_was_known_on_a_day_stays_known(in_tenant: Tenant) -> None:
    customer = company()
    first = behind(customer, "山田　太郎", "REPRESENTATIVE", share="60")
    second = behind(customer, "山田　太郎", "REPRESENTATIVE", share="20", replaces=first, now=LATER)
    end_party(customer=customer, row_id=second.pk, actor=SYSTEM, now=LATER + timedelta(days=1))
    with transaction.atomic():
        assert related_to(customer) == []
        assert [one.holds for one in related_to(customer, at=NOW)] == [[("", "60")]]
        assert [one.holds for one in related_to(customer, at=LATER)] == [[("", "20")]]
        assert related_to(customer, at=NOW - timedelta(seconds=1)) == []
        assert [one.row.pk for one in earlier_of(customer)] == [second.pk, first.pk]
    assert first.party == second.party


def test_two_people_cannot_change_the_same_at_once(in_tenant: Tenant) -> None:
    customer = company()
    first = behind(customer, "山田　太郎", "OFFICER")
    behind(customer, "山田　太郎", "REPRESENTATIVE", replaces=first)
    with pytest.raises(AlreadyChanged):
        behind(customer, "山田　次郎", "OFFICER", replaces=first)
    with pytest.raises(AlreadyChanged):
        end_party(customer=customer, row_id=first.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert [one.row.roles for one in related_to(customer)] == [["REPRESENTATIVE"]]


def test_the_database_keeps_one_current_row_a_party(in_tenant: Tenant) -> None:
    customer = company()
    first = behind(customer, "山田　太郎", "OFFICER")
    values = {"customer": customer, "kind": "PERSON", "details": {}, "began_at": NOW, "began_by": "x"}
    with pytest.raises(IntegrityError, match="related_party_current"), transaction.atomic():
        RelatedParty.objects.create(party=first.party, **values)
    with pytest.raises(IntegrityError, match="related_party_ended_by_somebody"), transaction.atomic():
        RelatedParty.objects.create(ended_at=NOW, **values)


def test_another_customers_party_cannot_be_changed_here(in_tenant: Tenant) -> None:
    customer, other = company(), company("C-2")
    theirs = behind(other, "鈴木", "OFFICER")
    with pytest.raises(AlreadyChanged):
        end_party(customer=customer, row_id=theirs.pk, actor=SYSTEM, now=NOW)


def test_a_company_that_others_hold_cannot_go_first(in_tenant: Tenant) -> None:
    customer = company()
    holding = behind(customer, "㈱親会社", kind="COMPANY", share="60")
    owner = behind(customer, "山田", "HOLDER", held={str(holding.party): "51"})
    with pytest.raises(StillHeld):
        end_party(customer=customer, row_id=holding.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert len(related_to(customer)) == 2
    end_party(customer=customer, row_id=owner.pk, actor=SYSTEM, now=NOW)
    end_party(customer=customer, row_id=holding.pk, actor=SYSTEM, now=NOW)


def test_rows_make_the_graph_from_which_owners_are_calculated(in_tenant: Tenant) -> None:
    customer = company()
    holding = behind(customer, "㈱親会社", kind="COMPANY", share="1/3")
    owner = behind(customer, "山田", "HOLDER", share="10", held={str(holding.party): "51"})
    behind(customer, "佐藤", "REPRESENTATIVE", "IN_CHARGE")
    with transaction.atomic():
        graph = graph_of("㈱あさなぎ商事", "stock", related_to(customer))
    [found] = owners_of(graph).owners
    assert (found.party.key, found.rule) == (str(owner.party), Rule.QUARTER)
    assert found.stake is not None
    assert found.stake.total == Fraction(1, 3) + Fraction(1, 10)
    assert [graph.by_key[key].name for key in graph.representatives] == ["佐藤"]


@pytest.mark.parametrize(
    ("legal_form", "kind"),
    [("stock", PartyKind.COMPANY), ("entity", PartyKind.ENTITY), ("public", PartyKind.PUBLIC), ("", PartyKind.COMPANY)],
)
def test_the_legal_form_decides_the_rule(legal_form: str, kind: PartyKind) -> None:
    graph = graph_of("会社", legal_form, [])
    assert graph.by_key[graph.company].kind is kind


def test_the_legal_form_is_a_fact_with_its_history(in_tenant: Tenant) -> None:
    customer = company()
    set_legal_form(customer=customer, legal_form="entity", actor=SYSTEM, now=NOW)
    with transaction.atomic():
        change = AttributeChange.objects.get(customer=customer, attribute="legal_form")
        assert (change.before, change.after) == ("stock", "entity")


def test_nothing_personal_stands_in_the_clear(in_tenant: Tenant, superuser: psycopg.Connection) -> None:
    """T7: neither in the tables nor in the trail, whose triggers copy rows."""
    customer = company()
    party = behind(customer, "秘密山太郎", "OFFICER", share="33.34")
    take_paper(
        customer=customer,
        kind="REGISTRY_LIST",
        as_of_on=date(2026, 11, 1),
        filed_on=date(2026, 11, 20),
        details={"office": "秘密地方法務局", "number": "1", "parties": [str(party.party)]},
        actor=SYSTEM,
        now=NOW,
    )
    rows = "".join(
        str(superuser.execute(f"SELECT * FROM {table}").fetchall())
        for table in ("customers_relatedparty", "customers_ownerpaper", "audit_auditevent")
    )
    secret = "秘密".encode()
    assert str(customer.pk) in rows, "control"
    assert not any(form in rows for form in ("秘密", "33.34", repr(secret)[2:-1], secret.hex()))


def test_shredding_a_customer_shreds_the_people_behind_it(in_tenant: Tenant) -> None:
    customer = company()
    behind(customer, "山田", "OFFICER")
    with transaction.atomic():
        shred_persons([customer.pk], actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert RelatedParty.objects.filter(customer=customer).exists(), "control: the row is there, unreadable"
        assert related_to(customer) == []
        assert earlier_of(customer) == []
        assert papers_of(customer) == []


def test_nothing_of_them_is_left_when_the_customer_is_destroyed(in_tenant: Tenant) -> None:
    customer, other = company(), company("C-2")
    behind(customer, "山田", "OFFICER")
    behind(other, "鈴木", "OFFICER")
    with transaction.atomic():
        destroy_customers([customer.pk], actor=SYSTEM, now=NOW)
    with transaction.atomic():
        assert [row.customer_id for row in RelatedParty.objects.all()] == [other.pk]


def test_staff_of_a_branch_see_only_those_behind_its_customers(in_tenant: Tenant) -> None:
    ours, theirs = company(branch_code="012"), company("C-2", branch_code="034")
    mine, foreign = behind(ours, "山田", "OFFICER"), behind(theirs, "鈴木", "OFFICER")
    with transaction.atomic():
        assert {row.pk for row in RelatedParty.objects.all()} == {mine.pk, foreign.pk}, "control"
    with within_reach(Reach(user_id=1, branch_code="012")), transaction.atomic():
        assert [row.pk for row in RelatedParty.objects.all()] == [mine.pk]
        assert list(OwnerPaper.objects.all()) == []


def test_each_act_is_on_record_without_names(in_tenant: Tenant) -> None:
    customer = individual()
    first = behind(customer, "後見人の山田", "GUARDIAN")
    second = behind(customer, "後見人の山田", "AGENT", replaces=first)
    end_party(customer=customer, row_id=second.pk, actor=SYSTEM, now=NOW)
    with transaction.atomic():
        acts = AuditEvent.objects.filter(event__startswith="customer.related", target_id=str(customer.pk)).order_by(
            "id"
        )
        assert [act.event for act in acts] == [
            "customer.related_entered",
            "customer.related_changed",
            "customer.related_ended",
        ]
        assert all(act.data.keys() <= {"party"} for act in acts)


TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("is_list", "legal_form", "as_of_on", "filed_on", "code"),
    [
        (True, "stock", date(2026, 10, 24), date(2026, 11, 24), None),
        (True, "stock", date(2026, 10, 23), date(2026, 11, 24), "too_old_when_filed"),
        (True, "entity", date(2026, 11, 1), date(2026, 11, 20), "not_for_this_form"),
        (True, "", date(2026, 11, 1), date(2026, 11, 20), "not_for_this_form"),
        (True, "stock", date(2026, 11, 21), date(2026, 11, 20), "after_filing"),
        (True, "stock", date(2026, 11, 25), date(2026, 11, 25), "in_future"),
        (False, "entity", date(2020, 1, 1), date(2026, 11, 20), None),
    ],
)
def test_a_list_of_the_registry_is_of_the_month_before_it_was_filed(
    is_list: bool, legal_form: str, as_of_on: date, filed_on: date, code: str | None
) -> None:
    """商業登記所における実質的支配者情報一覧の保管等に関する規則 §2."""
    days = {"as_of_on": as_of_on, "filed_on": filed_on, "today": TODAY}
    if code is None:
        check_paper(is_registry_list=is_list, legal_form=legal_form, **days)
        return
    with pytest.raises(PaperRefused) as refused:
        check_paper(is_registry_list=is_list, legal_form=legal_form, **days)
    assert refused.value.code == code


def test_a_month_before_the_end_of_march_is_the_end_of_february() -> None:
    assert month_before(date(2026, 3, 31)) == date(2026, 2, 28)
    assert month_before(date(2026, 1, 15)) == date(2025, 12, 15)
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(800)]
    assert all(27 < (day - month_before(day)).days < 32 for day in days)


def test_the_database_refuses_a_paper_of_a_day_after_it_was_filed(in_tenant: Tenant) -> None:
    customer = company()
    with pytest.raises(IntegrityError, match="owner_paper_of_a_past_day"), transaction.atomic():
        OwnerPaper.objects.create(
            customer=customer, kind="DECLARATION", as_of_on=date(2026, 11, 2), filed_on=date(2026, 11, 1),
            details={}, taken_at=NOW, taken_by="x",
        )  # fmt: skip


def test_every_kind_and_every_role_has_its_code_in_the_glossary() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    codes = [*RelatedParty.Kind.values, *RelatedParty.Role.values, *OwnerPaper.Kind.values]
    assert [code for code in codes if f"`{code}`" not in glossary] == []
