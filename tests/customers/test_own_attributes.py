"""An institution's own attributes: defined on a page, and at once part of files, customers and their history."""

from __future__ import annotations

from contextvars import Context
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils.translation import override

from audit.models import AuditEvent
from audit.services import Actor
from customers.codes import Label
from customers.facts.models import OwnAttribute
from customers.facts.own import MOST, fact_from, key_of, problems_of
from customers.facts.selectors import facts_in_use, own_facts
from customers.facts.services import (
    AttributeRefused,
    StepRefused,
    change_attribute,
    decide_attribute,
    define_attribute,
    restore_attribute,
    retire_attribute,
)
from customers.imports.layouts import guess_layout
from customers.merging.presenting import word
from customers.models import AttributeChange, Customer, CustomerImport, RejectedRow
from customers.presenting import MASK, present
from customers.selectors import facts_of, known_before
from customers.services import apply_facts, commit_import, confirm_layout, run_import, start_import
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import MakeUser, SignIn
from tests.customers.attributes import (
    ACTOR,
    CHOICES,
    FORM,
    RANK,
    WORKER,
    customer,
    define,
    definition,
    stored,
    take,
    unread,
    with_column,
)
from tests.customers.books import book, company, person, upload

TODAY = date(2026, 11, 22)


def test_a_file_with_the_column_is_read_at_once_and_kept_plain(
    in_tenant: Tenant, administrator: User, now: datetime, superuser: psycopg.Connection
) -> None:
    define(administrator, now)
    done = take(with_column(book(person()), "ランク", "ゴールド"), now)
    assert (done.status, done.rows_created, unread(done)) == ("COMPLETED", 1, 0)
    with transaction.atomic(), override("ja"):
        assert facts_of(customer())[RANK] == "gold"
        assert "own_member_rank" not in customer().profile
        shown = {fact.key: fact for fact in present(facts_of(customer()), is_company=False, masked=True)}[RANK]
        assert (shown.label, shown.value) == ("会員ランク", "ゴールド")
    assert stored(superuser)[0] == {RANK: "gold"}


def test_before_it_is_defined_the_column_is_not_read_and_said_so(in_tenant: Tenant, now: datetime) -> None:
    """Positive control."""
    done = take(with_column(book(person()), "ランク", "ゴールド"), now)
    assert unread(done) == 1
    with transaction.atomic():
        assert RANK not in facts_of(customer())


def test_a_sealed_one_stands_nowhere_in_the_open(
    in_tenant: Tenant, administrator: User, now: datetime, superuser: psycopg.Connection
) -> None:
    define(administrator, now, code="note", type="text", sensitivity="SEALED", titles=("備考",))
    take(with_column(book(person()), "備考", "秘密の事情"), now)
    with transaction.atomic():
        assert facts_of(customer())["own_note"] == "秘密の事情"
    attributes, profile = stored(superuser)
    assert attributes == {}
    assert "own_note" not in profile


def test_wrong_cells_are_named_by_line_and_column(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    define(administrator, now)
    define(administrator, now, code="income", type="amount", titles=("年収",), kinds="INDIVIDUAL")
    content = with_column(book(person(), person(customer_number="2"), company()), "会員ランク", "金", "一般", "basic")
    content = with_column(content, "年収", "5000000円", "たくさん", "1")
    done = take(content, now)
    assert (done.rows_created, done.rows_rejected) == (0, 3)
    with transaction.atomic():
        errors = RejectedRow.objects.filter(customer_import=done).order_by("line", "column")
        assert [(error.line, error.column, error.code) for error in errors] == [
            (2, RANK, "unknown_choice"),
            (3, "own_income", "bad_amount"),
            (4, "own_income", "not_for_kind"),
        ]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("codes", "シルバー；gold", ["gold", "silver"]),
        ("answer", "有", True),
        ("day", "令和6年4月1日", "2024-04-01"),
        ("number", "－１，２３４", -1234),
        ("amount", "￥1,234", 1234),
        ("country", "ベトナム", "VN"),
    ],
)
def test_every_kind_of_value_is_read_kept_and_said(
    in_tenant: Tenant, administrator: User, now: datetime, kind: str, cell: str, value: object
) -> None:
    define(administrator, now, type=kind)
    content = with_column(book(person()), "ランク", f'"{cell}"')
    assert take(content, now).rows_created == 1
    assert take(content, now).rows_unchanged == 1, "the same file again changes nothing"
    with transaction.atomic():
        facts = facts_of(customer())
        assert facts[RANK] == value
        assert {fact.key: fact.value for fact in present(facts, is_company=False, masked=False)}[RANK]


def test_a_blank_column_that_is_new_to_the_file_changes_nothing(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    take(book(person()), now)
    define(administrator, now)
    done = take(with_column(book(person()), "会員ランク", ""), now)
    assert (done.rows_unchanged, done.rows_updated) == (1, 0)
    done = take(with_column(book(person()), "会員ランク", "gold"), now)
    assert (done.rows_updated, done.attributes_changed) == (1, {RANK: 1})


def test_it_has_a_history_as_every_fact(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    define(administrator, now)
    take(with_column(book(person()), "ランク", "gold"), now)
    with transaction.atomic():
        changes = {RANK: "silver"}
        assert apply_facts(customer=customer(), changes=changes, source="STAFF", actor=ACTOR, now=now) == [RANK]
        change = AttributeChange.objects.get()
        assert (change.attribute, change.before, change.after) == (RANK, "gold", "silver")
        Customer.objects.update(created_at=now - timedelta(days=2))
        known = known_before(customer(), now)
        assert known is not None
        assert known[RANK].value == "gold"
        assert facts_of(customer())[RANK] == "silver"
        assert customer().is_rating_due


def test_the_wizard_offers_it_by_name_and_remembers_it(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    define(administrator, now)
    content = with_column(book(person()), "お客さまの会員ランク（月末）", "シルバー")
    item = start_import(file=upload(content), filename="顧客.csv", by_steps=True, actor=ACTOR, now=now)
    if item.status == CustomerImport.Status.DRAFT:
        columns = [*item.columns[:-1], RANK]
        confirm_layout(customer_import=item, columns=columns, actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    with transaction.atomic():
        item = CustomerImport.objects.get(pk=item.pk)
        assert guess_layout(content).columns[-1] in (None, RANK)
    commit_import(customer_import=item, actor=ACTOR, now=now)
    run_import(import_id=item.pk, actor=WORKER, now=now)
    with transaction.atomic():
        assert Customer.objects.count() == 1


def test_two_processes_know_it_at_the_next_request(tenant: Tenant, administrator: User, now: datetime) -> None:
    """Nothing is remembered longer than a scope, which a request or a task is."""

    def known() -> bool:
        with tenant_scope(tenant.pk):
            return RANK in facts_in_use()

    assert not Context().run(known)

    def other_process() -> None:
        with tenant_scope(tenant.pk):
            define(administrator, now)

    Context().run(other_process)
    assert Context().run(known)


def test_another_institution_knows_nothing_of_it(
    tenant: Tenant, other_tenant: Tenant, administrator: User, now: datetime
) -> None:
    with tenant_scope(tenant.pk):
        define(administrator, now)
        assert RANK in own_facts()
    with tenant_scope(other_tenant.pk):
        assert own_facts() == {}


def test_a_sensitive_one_is_opened_by_two_people_and_covered(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    proposed = define(administrator, now, sensitivity="SENSITIVE")
    assert (proposed.status, own_facts()) == ("PROPOSED", {})
    with pytest.raises(StepRefused), transaction.atomic():
        decide_attribute(attribute=proposed, is_agreed=True, actor=Actor.user(administrator.pk), now=now)
    with transaction.atomic():
        decide_attribute(attribute=proposed, is_agreed=True, actor=Actor.user(approver.pk), now=now)
    take(with_column(book(person()), "ランク", "gold"), now)
    with transaction.atomic(), override("ja"):
        facts = facts_of(customer())
        covered, said = (
            {fact.key: fact.value for fact in present(facts, is_company=False, masked=masked)}[RANK]
            for masked in (True, False)
        )
        assert (covered, said) == (MASK * 4, "ゴールド")
        assert word(RANK, "gold", customer(), ()) == MASK * 4, "beside a customer to be merged with, too"
        assert word(RANK, "gold", customer(), None) == "ゴールド"


def test_one_person_under_two_accounts_is_refused_by_the_database_too(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    proposed = define(administrator, now, sensitivity="SENSITIVE")

    @transaction.atomic
    def decided(person: str) -> int:
        rows = OwnAttribute.objects.filter(pk=proposed.pk)
        return rows.update(decided_by=proposed.proposed_by + 1, decided_person=person)

    with pytest.raises(DatabaseError):
        decided(proposed.proposed_person)
    assert decided("another") == 1, "control"


def test_retired_what_is_known_stays_and_nothing_is_added(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    made = define(administrator, now)
    take(with_column(book(person()), "ランク", "gold"), now)
    by: dict[str, Any] = {"actor": Actor.user(administrator.pk), "now": now}
    with transaction.atomic():
        retire_attribute(attribute=made, **by)
    done = take(with_column(book(person(), person(customer_number="2")), "ランク", "silver", "silver"), now)
    assert unread(done) == 1
    with transaction.atomic():
        assert facts_of(customer())[RANK] == "gold"
        assert RANK in {fact.key for fact in present(facts_of(customer()), is_company=False, masked=False)}
        assert RANK not in {fact.key for fact in present(facts_of(customer("2")), is_company=False, masked=False)}
        restore_attribute(attribute=made, **by)
        assert RANK in facts_in_use()


def test_nothing_deletes_it(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    """Values name it by its code, which nobody else may be given."""
    made = define(administrator, now)
    with transaction.atomic():
        retire_attribute(attribute=made, actor=Actor.user(administrator.pk), now=now)
    with pytest.raises(AttributeRefused) as refused:
        define(administrator, now, titles=("別の列",))
    assert [problem.code for problem in refused.value.problems] == ["code_taken"]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"code": "Rank"}, "code", "bad_code"),
    ({"code": "occupation"}, "code", "code_of_ours"),
    ({"titles": ("氏 名",)}, "titles", "title_taken"),
    ({"titles": ("顧客ｺｰﾄﾞ",)}, "titles", "title_taken"),
    ({"titles": ()}, "titles", "bad_titles"),
    ({"titles": ("会員", "会　員")}, "titles", "titles_twice"),
    ({"choices": CHOICES[:1]}, "choices", "number_of_choices"),
    ({"choices": (*CHOICES, ("gold2", "ＧＯＬＤ", "x"))}, "choices", "choice_twice"),
    ({"choices": (*CHOICES, ("last", "最後", ""))}, "choices", "bad_choice"),
    ({"type": "answer", "choices": CHOICES}, "choices", "no_choices"),
    ({"type": "text"}, "sensitivity", "text_is_sealed"),
    ({"sensitivity": "SEALED", "bears_on_risk": True}, "bears_on_risk", "risk_is_plain"),
    ({"name": Label("会員ランク", "")}, "name", "bad_name"),
]


@pytest.mark.parametrize(("said", "field", "code"), WRONG, ids=[code for _, _, code in WRONG])
def test_a_bad_definition_is_refused_with_its_reason(said: dict[str, Any], field: str, code: str) -> None:
    assert problems_of(definition(), {}) == [], "control"
    assert (field, code) in {(problem.field, problem.code) for problem in problems_of(definition(**said), {})}


def test_there_is_an_end_to_them() -> None:
    many = (definition(code=f"a{number}", titles=(f"列{number}",)) for number in range(MOST))
    others = {key_of(one.code): fact_from(one) for one in many}
    assert [problem.code for problem in problems_of(definition(), others)] == ["too_many"]


def test_choices_in_use_stay_and_others_may_go(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    made = define(administrator, now)
    take(with_column(book(person()), "ランク", "gold"), now)
    by: dict[str, Any] = {"attribute": made, "actor": Actor.user(administrator.pk), "now": now}
    with pytest.raises(AttributeRefused) as refused, transaction.atomic():
        change_attribute(definition=definition(choices=CHOICES[1:]), **by)
    assert [(problem.code, problem.what) for problem in refused.value.problems] == [("choice_in_use", "gold")]
    with transaction.atomic():
        change_attribute(definition=definition(choices=(*CHOICES[:2], ("new", "新設", "New"))), **by)
        assert list(own_facts()[RANK].codes or ()) == ["gold", "silver", "new"]
    with pytest.raises(AttributeRefused), transaction.atomic():
        change_attribute(definition=definition(sensitivity="SEALED"), **by)


def test_choices_of_sealed_ones_never_go(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    made = define(administrator, now, sensitivity="SEALED")
    said = definition(sensitivity="SEALED", choices=CHOICES[1:])
    with pytest.raises(AttributeRefused) as refused, transaction.atomic():
        change_attribute(attribute=made, definition=said, actor=Actor.user(administrator.pk), now=now)
    assert [problem.code for problem in refused.value.problems] == ["choice_sealed"]


@pytest.mark.parametrize("role", [Role.OFFICER, Role.APPROVER, Role.AUDITOR])
def test_only_administrators_define(in_tenant: Tenant, make_user: MakeUser, now: datetime, role: Role) -> None:
    somebody = make_user(in_tenant, role, "somebody")
    with pytest.raises(StepRefused), transaction.atomic():
        define_attribute(definition=definition(), actor=Actor.user(somebody.pk), now=now)


def test_on_the_pages(in_tenant: Tenant, administrator: User, approver: User, staff_client: SignIn) -> None:
    client = staff_client(administrator)
    answer = client.post(reverse("attribute-new"), {**FORM, "code": "occupation", "titles": "職業"})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"code", "titles"}
    answer = client.post(reverse("attribute-new"), FORM, follow=True)
    assert answer.status_code == 200, answer.context["form"].errors
    with transaction.atomic():
        made = OwnAttribute.objects.get()
    assert (made.status, len(made.choices)) == ("ACTIVE", 2)
    assert "会員ランク" in client.get(reverse("attributes")).content.decode()
    page = reverse("attribute", args=[made.pk])
    answer = client.post(page, {**FORM, "name_ja": "会員区分", "code": "smuggled", "type": "text"}, follow=True)
    with transaction.atomic():
        made.refresh_from_db()
    assert (made.name_ja, made.code, made.type) == ("会員区分", "member_rank", "code"), "what is fixed is not taken"
    assert client.post(page, {**FORM, "choices": "gold, ゴールド"}).status_code == 422
    client.post(reverse("attribute-retire", args=[made.pk]))
    assert client.post(reverse("attribute-retire", args=[made.pk])).status_code == 422
    client.post(reverse("attribute-restore", args=[made.pk]))
    secret = {**FORM, "code": "illness", "titles": "病歴", "sensitivity": "SENSITIVE"}
    client.post(reverse("attribute-new"), secret)
    with transaction.atomic():
        waiting = OwnAttribute.objects.get(code="illness")
    decide = reverse("attribute-decide", args=[waiting.pk])
    assert client.post(decide, {"decision": "agree"}).status_code == 422, "not by the same person"
    second = staff_client(approver)
    assert second.post(decide, {}).status_code == 422
    assert second.post(decide, {"decision": "agree"}).status_code == 302
    with transaction.atomic():
        acts = set(AuditEvent.objects.filter(event__startswith="ownattribute").values_list("event", flat=True))
    assert acts == {f"ownattribute.{act}" for act in ("proposed", "active", "changed", "retired")}
