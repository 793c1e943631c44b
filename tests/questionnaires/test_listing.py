"""Questions take their choices from a list of the institution; what was published stays as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from customers.codes import Label
from customers.lists.comparing import Turn
from customers.lists.selectors import list_in_force
from customers.lists.standard import standard_content
from customers.lists.uses import uses_of
from customers.models import Customer
from questionnaires import standard
from questionnaires.drafting import begin_draft
from questionnaires.listing import FROM, list_problems, newer_lists, renewed, take_list
from questionnaires.models import Questionnaire, QuestionnaireDraft, QuestionnaireVersion
from questionnaires.schema import InvalidQuestionnaire
from questionnaires.services import publish, publish_standard
from questionnaires.shaping import parse
from questionnaires.xlsform.reading import document_of
from questionnaires.xlsform.workbooks import read_workbook
from questionnaires.xlsform.writing import workbook_of
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM, SignIn, english
from tests.customers.lists.publishing import adding, entry, of, retiring
from tests.customers.lists.publishing import publish as publish_list
from tests.portal.journey import address_of, prove
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import Sent, send_link

STANDARD = standard_content("occupation")
DIVER = entry("diver", "海女・海士", en="Diver", group="漁業")


def asking(**more: Any) -> dict[str, Any]:
    return document(page("work", question("occupation", "radio", choices="occupation", maps_to="occupation")), **more)


def taken(*, document: dict[str, Any] | None = None) -> dict[str, Any]:
    """A document that takes its choices from the list in force."""
    found = list_in_force("occupation")
    assert found is not None
    return take_list(document or asking(), "occupation", found)


def values(made: dict[str, Any]) -> list[str]:
    return [choice["value"] for choice in made["choice_lists"]["occupation"]]


def test_a_document_holds_the_choices_as_they_were_and_says_where_they_come_from(in_tenant: Tenant) -> None:
    made = taken()
    assert made["lists"] == {"occupation": {"list": "occupation", "version": 0}}
    assert values(made) == [one.code for one in STANDARD.entries]
    asked = parse(made).pages[0].questions[0]
    assert asked.choices[0].label["en"] == "Company employee"
    assert list(list_problems(made)) == []
    assert newer_lists(made) == []


def test_when_the_list_moves_on_the_builder_says_what_differs_and_a_version_stays(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    with transaction.atomic():
        publish_standard(actor=SYSTEM, now=now)
        publish({"individual": taken()}, actor=SYSTEM, now=now)
    publish_list("occupation", adding(retiring(STANDARD, "student"), DIVER), administrator, approver, now)
    with transaction.atomic():
        version = QuestionnaireVersion.objects.filter(questionnaire__key="individual").order_by("-number")[0]
        [newer] = newer_lists(version.document)
        assert (newer.taken, newer.newest) == (0, 1)
        assert newer.changes.codes(Turn.ADDED) == ("diver",)
        assert newer.changes.codes(Turn.RETIRED) == ("student",)
        assert "student" in values(version.document)
        assert parse(version.document, is_published=True).digest == version.sha256
        made = renewed(version.document)
    assert "diver" in values(made)
    assert "student" not in values(made)
    assert made["lists"]["occupation"]["version"] == 1
    assert newer_lists(made) == []


def test_what_excludes_others_or_asks_for_more_stays_so_when_the_list_is_taken_anew(in_tenant: Tenant) -> None:
    made = taken()
    other = next(one for one in made["choice_lists"]["occupation"] if one["value"] == "other")
    other["more"] = True
    assert list(list_problems(made)) == []
    again = taken(document=made)
    assert [one["value"] for one in again["choice_lists"]["occupation"] if one.get("more")] == ["other"]


def test_choices_that_are_not_the_lists_are_refused(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    changed = taken()
    changed["choice_lists"]["occupation"][0]["label"]["ja"] = "お勤めの方"
    strange = {**taken(), "lists": {"occupation": {"list": "nobody", "version": 3}}}
    for wrong in (changed, strange):
        with transaction.atomic():
            assert len(list(list_problems(wrong))) == 1
        with pytest.raises(InvalidQuestionnaire), transaction.atomic():
            publish({"individual": wrong}, actor=SYSTEM, now=now)
    with pytest.raises(InvalidQuestionnaire):
        parse({**asking(), "lists": {"nothing": {"list": "occupation", "version": 0}}})


def test_what_the_bank_offers_no_more_is_not_published_again(
    in_tenant: Tenant, administrator: User, approver: User, now: datetime
) -> None:
    """Neither where it is taken from the list nor where a ready document still says it."""
    early = taken()
    publish_list("occupation", retiring(STANDARD, "student"), administrator, approver, now)
    for stale in (early, standard.document("individual")):
        with pytest.raises(InvalidQuestionnaire, match="student"), transaction.atomic():
            publish({"individual": stale}, actor=SYSTEM, now=now)
    with transaction.atomic():
        assert publish({"individual": taken()}, actor=SYSTEM, now=now), "positive control"


def test_a_workbook_carries_the_list_out_and_in(in_tenant: Tenant, administrator: User, approver: User) -> None:
    publish_list("occupation", adding(STANDARD, DIVER), administrator, approver, NOW)
    made = taken()
    for choice in made["choice_lists"]["occupation"]:
        for key in choice.keys() & {"label", "group"}:
            choice[key] = {one: said for one, said in choice[key].items() if one in ("ja", "en")}
    workbook = read_workbook(workbook_of(made))
    assert any("select_one occupation" in row for _, row in workbook.sheets["survey"])
    outcome = document_of(workbook.sheets, pyxform=workbook.pyxform)
    assert outcome.document == made
    with transaction.atomic():
        assert list(list_problems(outcome.document or {})) == []


def test_a_list_is_chosen_where_the_question_is_written(
    tenant: Tenant, administrator: User, approver: User, officer: User, now: datetime, staff_client: SignIn
) -> None:
    name = Label("取引地域", "Trade areas")
    with tenant_scope(tenant.pk):
        publish_standard(actor=SYSTEM, now=now)
        areas = of(name, [entry("east", "東"), entry("west", "西")])
        publish_list("area", areas, administrator, approver, now, name=name)
        draft = begin_draft(
            questionnaire=Questionnaire.objects.get(key="individual"),
            document=document(page("only", question("area_asked", "radio", choices="funds"))),
            actor=Actor.user(officer.pk),
            now=now,
        )
    client = staff_client(english(officer))
    address = reverse("questionnaire-draft-question", args=[draft.pk, "area_asked"])
    shown = client.get(address).content.decode()
    assert f'value="{FROM}area"' in shown
    assert "From the list “Trade areas” (2 choices)" in shown
    typed = {
        "id": "area_asked",
        "kind": "radio",
        "label-ja": "取引地域",
        "label-en": "Area",
        "choices": f"{FROM}area",
        "revision": str(draft.revision),
    }
    assert client.post(address, typed).status_code == 302
    with tenant_scope(tenant.pk):
        held: QuestionnaireDraft = QuestionnaireDraft.objects.get(pk=draft.pk)
        assert held.document["lists"] == {"area": {"list": "area", "version": 1}}
        assert held.document["pages"][0]["questions"][0]["choices"] == "area"
        publish_list("area", adding(areas, entry("north", "北")), administrator, approver, now)
    page_of_draft = client.get(reverse("questionnaire-draft", args=[draft.pk])).content.decode()
    assert "The list “Trade areas” is newer" in page_of_draft
    act = {"act": "lists-renew area", "revision": str(held.revision)}
    assert client.post(reverse("questionnaire-draft-arrange", args=[draft.pk]), act).status_code == 302
    with tenant_scope(tenant.pk):
        held = QuestionnaireDraft.objects.get(pk=draft.pk)
        assert [one["value"] for one in held.document["choice_lists"]["area"]] == ["east", "west", "north"]
    choices = client.get(reverse("questionnaire-draft-choices", args=[draft.pk, "area"])).content.decode()
    assert "These choices are taken from a list of your institution" in choices
    assert 'name="step" value="add"' not in choices


def test_the_page_of_a_questionnaire_makes_a_draft_with_the_newer_list(
    tenant: Tenant, administrator: User, approver: User, officer: User, now: datetime, staff_client: SignIn
) -> None:
    with tenant_scope(tenant.pk):
        publish_standard(actor=SYSTEM, now=now)
        publish({"individual": taken()}, actor=SYSTEM, now=now)
        publish_list("occupation", adding(STANDARD, DIVER), administrator, approver, now)
        pk = Questionnaire.objects.get(key="individual").pk
        assert any("diver" in use.codes or "employee" in use.codes for use in uses_of("occupation"))
    client = staff_client(english(officer))
    assert "is newer" in client.get(reverse("questionnaire", args=[pk])).content.decode()
    assert client.post(reverse("questionnaire-begin", args=[pk]), {"renew": "lists"}).status_code == 302
    with tenant_scope(tenant.pk):
        assert "diver" in values(QuestionnaireDraft.objects.get().document)


def test_a_short_list_is_shown_in_rows_and_a_long_one_drops_down_under_its_groups(
    tenant: Tenant, administrator: User, approver: User, now: datetime, client: Client
) -> None:
    """No script is needed for either."""
    long_list = adding(STANDARD, *(entry(f"f{number}", f"漁業{number}", group="漁業") for number in range(8)))
    short = visit(tenant, client, number="1")
    assert 'type="radio" name="occupation"' in short
    with tenant_scope(tenant.pk):
        publish_list("occupation", long_list, administrator, approver, now)
    long = visit(tenant, client, number="2")
    assert 'type="radio" name="occupation"' not in long
    assert '<optgroup label="漁業"><option value="f0">漁業0</option>' in long
    assert long.count("<optgroup") == 1
    assert long.index('value="other"') < long.index("<optgroup")


def shown_first(client: Client, sent: Sent) -> str:
    """The page that a customer comes to who has proved themselves."""
    assert prove(client, sent).status_code == 302
    return client.get(address_of("work")).content.decode()


def visit(tenant: Tenant, client: Client, *, number: str) -> str:
    """The page that asks for the occupation, opened by a customer who has none on file."""
    with tenant_scope(tenant.pk):
        made = taken()
    sent = send_link(tenant, now=timezone.now(), number=number, document=made, occupation="")
    return shown_first(client, sent)


def test_what_is_on_file_and_offered_no_more_is_said_in_the_banks_words(
    tenant: Tenant, administrator: User, approver: User, now: datetime, client: Client
) -> None:
    with tenant_scope(tenant.pk):
        publish_list("occupation", adding(STANDARD, DIVER), administrator, approver, now)
        retired = [replace(one, is_offered=one.code != "diver") for one in (*STANDARD.entries, DIVER)]
        publish_list("occupation", replace(STANDARD, entries=tuple(retired), _by_code={}), administrator, approver, now)
        made = taken()
    made["pages"][0]["block"] = True
    sent = send_link(tenant, now=timezone.now(), document=made, occupation="diver")
    with tenant_scope(tenant.pk):
        assert Customer.objects.get().occupation == "diver"
    shown = shown_first(client, sent)
    assert "海女・海士" in shown
    assert 'value="diver"' not in shown
