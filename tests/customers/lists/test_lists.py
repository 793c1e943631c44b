"""An institution's lists: proposed by one person, let through by another, and read wherever words and codes are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from audit.models import AuditEvent
from audit.services import Actor
from customers.codes import OCCUPATIONS, Label, label_of
from customers.editing.forms import EditForm
from customers.facts.catalogue import BY_KEY
from customers.imports.warned import WarnedRow
from customers.lists.content import content_from
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.selectors import forget_lists, list_in_force, lists_in_force, word_of
from customers.lists.services import (
    ListChanged,
    ListInvalid,
    ListRefused,
    approve_draft,
    begin_draft,
    discard_draft,
    edit_draft,
    propose_draft,
    return_draft,
)
from customers.lists.standard import standard_content
from customers.lists.uses import uses_of
from customers.models import CustomerImport
from customers.parsing import Invalid
from customers.presenting import say
from customers.segments.conditions import AnyOf, SegmentInvalid, document_of
from customers.segments.models import Segment
from customers.segments.wording import values_of
from customers.services import confirm_layout, run_import, start_import
from customers.wording import warning
from risk.drafting import DraftRefused, publish_approved
from risk.drafting import approve_draft as approve_policy
from risk.judging import NO_POINTS, propose_verdicts, verdicts_between, waiting
from risk.models import PolicyDraft, RiskPolicy, RiskRating
from risk.scoring import UNJUDGED
from risk.selectors import compiled, published_policy, reason_labels
from risk.services import publish_default_policy, rate_customers
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context
from tests.conftest import NOW, SYSTEM, MakeUser, SignIn, english
from tests.customers.attributes import customer, take
from tests.customers.books import book, person, upload
from tests.customers.lists.publishing import adding, draft, entry, of, publish, retiring

STANDARD = standard_content("occupation")
DIVER = entry("diver", "海女・海士", en="Diver", also=("潜水漁業",), group="漁業")
WITH_DIVER = adding(retiring(STANDARD, "student"), DIVER)


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with override("en"):
        yield


def actor(who: User) -> Actor:
    return Actor.user(who.pk)


def test_before_anything_is_published_the_list_is_the_products(in_tenant: Tenant) -> None:
    found = list_in_force("occupation")
    assert found is not None
    assert (found.number, found.content) == (0, STANDARD)
    assert list(lists_in_force()) == ["occupation", "industry", "purpose", "source_of_funds"]


def test_two_people_publish_and_everything_reads_it(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    made = publish("occupation", WITH_DIVER, administrator, approver, now)
    assert (made.number, made.sha256) == (1, WITH_DIVER.digest)
    assert OCCUPATIONS["diver"].ja == "海女・海士"
    fact = BY_KEY["occupation"]
    assert [fact.read(said) for said in ("海女・海士", "DIVER", "潜水漁業", "学生")] == ["diver"] * 3 + ["student"]
    with pytest.raises(Invalid):
        fact.read("宇宙飛行士")
    with override("ja"):
        assert say("occupation", "diver") == "海女・海士"
        assert say("occupation", "student") == "学生", "what is offered no more keeps its words"
    assert document_of([AnyOf("occupation", ("diver", "student"))])
    with override("en"):
        offered = dict(values_of("occupation", {}))
    assert offered["diver"] == "Diver"
    assert offered["student"] == "Student (no longer offered)"


def test_another_institution_reads_its_own(
    tenant: Tenant, other_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    """Isolation."""
    with tenant_context(tenant.pk):
        publish("occupation", WITH_DIVER, administrator, approver, now)
    with tenant_context(other_tenant.pk):
        assert "diver" not in OCCUPATIONS
        with pytest.raises(SegmentInvalid):
            document_of([AnyOf("occupation", ("diver",))])
        with transaction.atomic():
            assert not CodeList.objects.exists()
    assert "diver" not in OCCUPATIONS, "outside every scope it is the product's"


def test_a_file_with_a_new_word_is_read_by_the_list_in_force(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    said = person(occupation="潜水漁業")
    assert take(book(said), now).rows_rejected == 1
    publish("occupation", WITH_DIVER, administrator, approver, now)
    assert take(book(said), now).rows_created == 1
    assert customer().occupation == "diver"


def test_a_row_with_a_retired_code_is_taken_with_a_warning_that_the_dry_run_counts(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    publish("occupation", retiring(STANDARD, "student"), administrator, approver, now)
    publish("purpose", retiring(standard_content("purpose"), "loan"), administrator, approver, now)
    rows = [
        person(customer_number="1", occupation="学生", purpose="loan"),
        person(customer_number="2", occupation="student"),
        person(customer_number="3", occupation="会社員"),
    ]
    started = start_import(file=upload(book(*rows)), filename="顧客.csv", by_steps=True, actor=SYSTEM, now=now)
    confirm_layout(customer_import=started, columns=started.columns, actor=SYSTEM, now=now)
    run_import(import_id=started.pk, actor=SYSTEM, now=now)
    with transaction.atomic():
        tried = CustomerImport.objects.get(pk=started.pk)
    assert (tried.status, tried.rows_rejected) == (CustomerImport.Status.CHECKED, 0)
    told = {key: count for key, count in tried.warnings.items() if key.endswith("retired_choice")}
    assert told == {"occupation.retired_choice": 2, "purpose.retired_choice": 1}
    with transaction.atomic():
        rows_warned = WarnedRow.objects.filter(code="retired_choice")
        found = [(row.line, row.column, warning(row.code, row.params)) for row in rows_warned]
    words = "Not offered any more in the list: {}. Kept as it is; is there a newer code for it?"
    assert sorted(found) == [
        (2, "occupation", words.format("student")),
        (2, "purpose", words.format("loan")),
        (3, "occupation", words.format("student")),
    ]


def test_the_edit_form_offers_what_is_on_offer_under_its_groups_and_keeps_what_is_on_file(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    publish("occupation", WITH_DIVER, administrator, approver, now)
    with transaction.atomic(), override("ja"):
        form = EditForm(kind="INDIVIDUAL", shown={"occupation": "student"}, today=now.date())
        html = str(form["occupation"])
        other = str(EditForm(kind="INDIVIDUAL", shown={"occupation": "other"}, today=now.date())["occupation"])
    assert '<optgroup label="漁業">' in html
    assert '<option value="student" selected>学生</option>' in html
    assert 'value="student"' not in other


def test_one_person_alone_puts_nothing_in_force(
    in_tenant: Tenant, administrator: User, approver: User, make_user: MakeUser, now: datetime
) -> None:
    """A9: neither in code nor in the table, and not under a second account."""
    twin = make_user(in_tenant, Role.APPROVER, "twin", staff_number="SAME")
    author = make_user(in_tenant, Role.ADMINISTRATOR, "author", staff_number="SAME2")
    made = draft("occupation", WITH_DIVER, author, now)
    propose_draft(draft=made, revision=made.revision, actor=actor(author), now=now)
    with pytest.raises(ListRefused):
        approve_draft(draft=made, seen_hash=WITH_DIVER.digest, actor=actor(author), now=now)
    with pytest.raises(IntegrityError, match="code_list_draft_four_eyes"), transaction.atomic():
        CodeListDraft.objects.update(approved_by=author.pk, approved_person="SAME2")
    with pytest.raises(ListRefused, match="changed since"):
        approve_draft(draft=made, seen_hash=STANDARD.digest, actor=actor(approver), now=now)
    assert approve_draft(draft=made, seen_hash=WITH_DIVER.digest, actor=actor(twin), now=now).number == 1
    with transaction.atomic():
        told = set(AuditEvent.objects.filter(event__startswith="codelist").values_list("event", flat=True))
    assert {"codelistdraft.begun", "codelistdraft.written", "codelist.published", "codelistdraft.approved"} <= told


def test_two_people_who_write_at_once_lose_nothing(
    in_tenant: Tenant, administrator: User, make_user: MakeUser, now: datetime
) -> None:
    second = make_user(in_tenant, Role.ADMINISTRATOR, "second")
    made = draft("occupation", WITH_DIVER, administrator, now)
    with pytest.raises(ListChanged):
        edit_draft(draft=made, revision=1, edit=lambda held: STANDARD, actor=actor(second), now=now)
    with pytest.raises(ListRefused):
        begin_draft(key="occupation", actor=actor(second), now=now)
    with transaction.atomic():
        assert content_from(CodeListDraft.objects.get().document) == WITH_DIVER


def test_whoever_wrote_a_line_does_not_approve_even_if_another_proposed(
    in_tenant: Tenant, administrator: User, make_user: MakeUser, now: datetime
) -> None:
    second = make_user(in_tenant, Role.ADMINISTRATOR, "second")
    made = draft("occupation", WITH_DIVER, administrator, now)
    propose_draft(draft=made, revision=made.revision, actor=actor(second), now=now)
    for who in (administrator, second):
        with pytest.raises(ListRefused):
            approve_draft(draft=made, seen_hash=WITH_DIVER.digest, actor=actor(who), now=now)


def test_a_draft_that_is_wrong_or_says_nothing_new_is_not_proposed(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    made = begin_draft(key="occupation", actor=actor(administrator), now=now)
    with pytest.raises(ListRefused, match="in force already"):
        propose_draft(draft=made, revision=1, actor=actor(administrator), now=now)
    bad = adding(STANDARD, entry("Employee", "勤め人"))
    edit_draft(draft=made, revision=1, edit=lambda held: bad, actor=actor(administrator), now=now)
    with pytest.raises(ListInvalid):
        propose_draft(draft=made, revision=made.revision, actor=actor(administrator), now=now)
    with pytest.raises(ListRefused, match="role"):
        discard_draft(draft=made, actor=actor(approver), now=now)
    discard_draft(draft=made, actor=actor(administrator), now=now)
    assert made.status == CodeListDraft.Status.DISCARDED


def test_a_returned_draft_goes_on_with_its_reason_and_an_earlier_version_can_come_back(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    made = draft("occupation", WITH_DIVER, administrator, now)
    propose_draft(draft=made, revision=made.revision, actor=actor(administrator), now=now)
    return_draft(draft=made, reason="分類を見直してください。", actor=actor(approver), now=now)
    assert (made.status, made.return_reason) == (CodeListDraft.Status.DRAFT, "分類を見直してください。")
    discard_draft(draft=made, actor=actor(administrator), now=now)
    publish("occupation", WITH_DIVER, administrator, approver, now)
    back = begin_draft(key="occupation", number=0, actor=actor(administrator), now=now)
    content = content_from(back.document)
    assert [one.code for one in content.offered] == [one.code for one in STANDARD.entries]
    kept = content.entry("diver")
    assert kept is not None
    assert not kept.is_offered, "what files may have since keeps its words"


def test_a_list_of_ones_own_has_a_key_that_no_other_has(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    name = Label("取引地域", "Trade areas")
    content = of(name, [entry("kanto", "関東"), entry("kansai", "関西")])
    publish("trade_area", content, administrator, approver, now, name=name)
    assert word_of("trade_area", "kansai", "vi") == "関西"
    assert list(lists_in_force())[-1] == "trade_area"
    for key in ("trade_area", "occupation", "1x", "A", "x" * 41):
        with pytest.raises(ListRefused):
            begin_draft(key=key, name=name, actor=actor(administrator), now=now)


def test_reading_lists_costs_one_query_a_scope_however_many_words_are_read(
    tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    with tenant_context(tenant.pk):
        publish("occupation", WITH_DIVER, administrator, approver, now)
        publish("purpose", retiring(standard_content("purpose"), "loan"), administrator, approver, now)
        forget_lists()
        say("occupation", "diver")  # the versions are in this process by now
        forget_lists()
        with CaptureQueriesContext(connection) as queries:
            for _ in range(50):
                assert label_of(OCCUPATIONS, "diver") == "海女・海士"
                say("purpose", "loan")
    assert len([one for one in queries if "codelist" in one["sql"]]) == 1


def test_the_page_names_who_uses_a_code(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime, staff_client: SignIn
) -> None:
    publish_default_policy(actor=SYSTEM, now=NOW)
    take(book(person(occupation="会社員")), now)
    with transaction.atomic():
        asked = document_of([AnyOf("occupation", ("employee",))])
        Segment.objects.create(
            name="会社員の方", document=asked, owner=approver.pk, is_shared=True, created_at=now, changed_at=now
        )
    with transaction.atomic():
        assert {use.words for use in uses_of("occupation") if "employee" in use.codes} >= {
            "The shared filter “会社員の方”"
        }
    page = staff_client(english(administrator)).get(reverse("list", args=["occupation"])).content.decode()
    assert "会社員の方" in page


def test_a_new_code_is_never_silently_low(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime, staff_client: SignIn
) -> None:
    """The policy has not thought of it: pointed out at approval and on the policy's page, and never rated low."""
    publish_default_policy(actor=SYSTEM, now=NOW)
    made = draft("occupation", WITH_DIVER, administrator, now)
    propose_draft(draft=made, revision=made.revision, actor=actor(administrator), now=now)
    page = staff_client(english(approver)).get(reverse("list-draft", args=[made.pk])).content.decode()
    assert "The risk policy says nothing of these." in page
    approve_draft(draft=made, seen_hash=WITH_DIVER.digest, actor=actor(approver), now=now)
    told = {"sends_abroad": "無"}
    others = person(customer_number="0000000002", occupation="会社員", **told)
    take(book(person(occupation="海女・海士", **told), others), now)
    diver, employee = customer(), customer("0000000002")
    rate_customers(customer_ids=[diver.pk, employee.pk], actor=SYSTEM, now=now)
    with transaction.atomic():
        ratings = {one.customer_id: one for one in RiskRating.objects.all()}
    assert ratings[employee.pk].tier == "LOW", "positive control"
    assert ratings[diver.pk].tier == "MEDIUM"
    assert ratings[diver.pk].unknown == [f"{UNJUDGED}occupation"]
    with override("en"):
        [said] = reason_labels(published().document, ratings[diver.pk].unknown, "en")
    assert said == "Occupation: the risk policy has not judged this choice yet"


@transaction.atomic
def published() -> RiskPolicy:
    policy = published_policy()
    assert policy is not None
    return policy


def test_two_people_judge_a_new_code_and_it_counts_as_they_said(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime, staff_client: SignIn
) -> None:
    publish_default_policy(actor=SYSTEM, now=NOW)
    industries = adding(standard_content("industry"), entry("pawn", "質屋", en="Pawnshop"))
    publish("industry", industries, administrator, approver, now)
    with transaction.atomic():
        document, rules = published().document, compiled(published())
        [one] = waiting(document, rules)
    assert (one.key, one.code) == ("industry", "pawn")
    high = one.factors[0][0]
    page = staff_client(english(administrator)).get(reverse("risk-policy")).content.decode()
    assert "Pawnshop" in page
    with pytest.raises(DraftRefused):
        propose_verdicts(verdicts={("industry", "pawn"): "nothing"}, actor=actor(administrator), now=now)
    sent = staff_client(administrator).post(reverse("risk-policy-judge"), {"industry.pawn": high})
    assert sent.status_code == 302
    with transaction.atomic():
        proposed = PolicyDraft.objects.get()
    page = staff_client(english(approver)).get(reverse("risk-policy")).content.decode()
    assert "Pawnshop" in page
    with pytest.raises(DraftRefused):
        approve_policy(draft=proposed, actor=actor(administrator), now=now)
    approve_policy(draft=proposed, actor=actor(approver), now=now)
    assert publish_approved(actor=SYSTEM, now=now) == 1
    with transaction.atomic():
        rules = compiled(published())
        assert waiting(published().document, rules) == []
    score = rules.score({"kind": "COMPANY", "industry": "pawn"})
    assert high in score.reasons


def test_a_code_may_be_judged_to_bring_nothing(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    publish_default_policy(actor=SYSTEM, now=NOW)
    publish("occupation", WITH_DIVER, administrator, approver, now)
    made = propose_verdicts(verdicts={("occupation", "diver"): NO_POINTS}, actor=actor(administrator), now=now)
    assert made.document["judged"] == {"occupation": ["diver"]}
    with transaction.atomic():
        assert verdicts_between(published().document, made.document) == [("occupation", "diver", None)]
    approve_policy(draft=made, actor=actor(approver), now=now)
    publish_approved(actor=SYSTEM, now=now)
    with transaction.atomic():
        assert waiting(published().document, compiled(published())) == []
