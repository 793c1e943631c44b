"""What reads an institution's own attribute is named before it is retired, and the risk policy in force keeps it."""

from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from audit.services import Actor
from customers.facts.models import OwnAttribute
from customers.facts.own import key_of
from customers.facts.readers import readers_of
from customers.facts.services import StepRefused, change_attribute, retire_attribute
from customers.segments.models import Segment
from integrations.returns.models import ReturnLayout
from questionnaires import standard
from questionnaires.mapping import facts_to_map, problems_of
from questionnaires.models import Questionnaire, QuestionnaireVersion
from questionnaires.schema import InvalidQuestionnaire
from questionnaires.services import publish
from questionnaires.shaping import parse
from risk.services import default_document, publish_policy
from tenants.models import Tenant, User
from tests.conftest import SignIn, english
from tests.customers.attributes import define, definition
from tests.questionnaires.documents import document, page, question

RANK = key_of("member_rank")
ACTOR = Actor.user(7)


def reading(rule: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(default_document())
    label = {"ja": "会員", "en": "Rank"}
    document["factors"].append({"code": "rank", "points": 5, "kinds": ["INDIVIDUAL"], "label": label, "when": [rule]})
    return document


def keep(name: str, *, is_shared: bool, now: datetime) -> None:
    document = {"schema": 1, "conditions": [{"field": RANK, "any_of": ["gold"]}]}
    with transaction.atomic():
        Segment.objects.create(
            name=name, document=document, owner=99, is_shared=is_shared, created_at=now, changed_at=now
        )


def words() -> list[str]:
    with transaction.atomic():
        return [reader.words for reader in readers_of(RANK)]


def test_everything_that_reads_it_is_named_but_nobodys_own_filter(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    define(administrator, now, bears_on_risk=True)
    assert words() == []
    publish_policy(document=reading({"==": [{"var": RANK}, "gold"]}), actor=ACTOR, now=now)
    keep("上位会員", is_shared=True, now=now)
    keep("わたしの秘密", is_shared=False, now=now)
    with transaction.atomic():
        extra = Questionnaire.objects.create(key="extra", audience="INDIVIDUAL", name="追加", name_en="More")
        version = QuestionnaireVersion(questionnaire=extra, number=4, published_at=now)
        version.document = {"pages": [{"questions": [{"id": "rank", "maps_to": RANK}]}]}
        version.save()
        body = [{"what": "customer_number"}, {"what": RANK}]
        signed = {
            "proposed_by": 1,
            "proposed_person": "1",
            "approved_by": 2,
            "approved_person": "2",
            "approved_at": now,
        }
        ReturnLayout.objects.create(version=3, document={"body": body}, status="APPROVED", proposed_at=now, **signed)
    said = words()
    assert len(said) == 5
    assert "1" in said[0], "the policy comes first"
    assert any("上位会員" in one for one in said)
    assert not any("秘密" in one for one in said)
    with transaction.atomic():
        assert [reader.is_binding for reader in readers_of(RANK)] == [True, False, False, False, False]


def test_it_is_not_retired_while_the_policy_in_force_reads_it(
    in_tenant: Tenant, administrator: User, now: datetime, staff_client: SignIn
) -> None:
    """The control: with a version that does not read it the same act goes through."""
    made, actor = define(administrator, now, bears_on_risk=True), Actor.user(administrator.pk)
    publish_policy(document=reading({"==": [{"var": RANK}, "gold"]}), actor=ACTOR, now=now)
    client = staff_client(administrator)
    assert client.post(reverse("attribute-retire", args=[made.pk])).status_code == 422
    with transaction.atomic(), pytest.raises(StepRefused):
        retire_attribute(attribute=made, actor=actor, now=now)
    unread = definition(bears_on_risk=False)
    with transaction.atomic(), pytest.raises(StepRefused):
        change_attribute(attribute=made, definition=unread, actor=actor, now=now)
    publish_policy(document=default_document(), actor=ACTOR, now=now)
    with transaction.atomic():
        change_attribute(attribute=made, definition=unread, actor=actor, now=now)
        retire_attribute(attribute=made, actor=actor, now=now)
        made.refresh_from_db()
    assert made.status == "RETIRED"


def test_the_page_warns_before_it_is_retired(
    in_tenant: Tenant, administrator: User, now: datetime, staff_client: SignIn
) -> None:
    made = define(administrator, now)
    keep("上位会員", is_shared=True, now=now)
    page = staff_client(administrator).get(reverse("attribute", args=[made.pk])).content.decode()
    assert page.count("上位会員") == 2, "in the list, and in the question before it is retired"


def changed(**part: Any) -> dict[str, Any]:
    """The questionnaire for persons with its question on occupation altered."""
    document: dict[str, Any] = deepcopy(standard.document("individual"))
    (question,) = [one for page in document["pages"] for one in page["questions"] if one["id"] == "occupation"]
    question.update(part)
    return document


@pytest.mark.parametrize(
    "part",
    [
        {"maps_to": "own_nothing"},
        {"maps_to": "industry"},
        {"maps_to": "handles_cash"},
        {"maps_to": "purpose"},
        {"kind": "date"},
    ],
    ids=["none such", "of companies", "of another type", "of other codes", "of another kind"],
)
def test_a_question_whose_answer_cannot_be_kept_is_named(in_tenant: Tenant, part: dict[str, Any]) -> None:
    facts = facts_to_map()
    for name, kind in (("individual", "INDIVIDUAL"), ("company", "COMPANY")):
        assert problems_of(parse(standard.document(name)), kind, facts) == [], "control: ours are sound"
    found = problems_of(parse(changed(**part)), "INDIVIDUAL", facts)
    assert found
    assert all(str(problem).startswith("occupation:") for problem in found)


def test_an_own_attribute_can_be_asked_while_it_is_in_use(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    made = define(administrator, now)
    question = parse(changed(maps_to=RANK, kind="text"))
    text: dict[str, Any] = {"code": "remark", "type": "text", "sensitivity": "SEALED", "titles": ("備考",)}
    made_text = define(administrator, now, **text, asks_customers=True)
    asked = parse(changed(maps_to=key_of("remark"), kind="text"))
    assert problems_of(question, "INDIVIDUAL", facts_to_map()), "a rank is chosen, not written"
    assert problems_of(asked, "INDIVIDUAL", facts_to_map()) == []
    with transaction.atomic():
        for one in (made, made_text):
            retire_attribute(attribute=one, actor=Actor.user(administrator.pk), now=now)
    assert problems_of(asked, "INDIVIDUAL", facts_to_map())


def test_customers_are_asked_only_for_what_is_switched_on(
    in_tenant: Tenant, administrator: User, now: datetime
) -> None:
    """A bank's own note on a customer is nobody's question; publication says so and keeps the version in force."""
    text: dict[str, Any] = {"code": "remark", "type": "text", "sensitivity": "SEALED", "titles": ("備考",)}
    made = define(administrator, now, **text)
    asking = {"individual": changed(maps_to=key_of("remark"), kind="text")}
    with pytest.raises(InvalidQuestionnaire, match=r"own_remark.*customers may be asked"), transaction.atomic():
        publish(asking, actor=ACTOR, now=now)
    with transaction.atomic():
        assert not QuestionnaireVersion.objects.exists()
    actor = Actor.user(administrator.pk)
    change_attribute(attribute=made, definition=definition(**text, asks_customers=True), actor=actor, now=now)
    with transaction.atomic():
        assert len(publish(asking, actor=ACTOR, now=now)) == 1
    with pytest.raises(StepRefused):
        change_attribute(attribute=made, definition=definition(**text), actor=actor, now=now)
    with transaction.atomic():
        assert OwnAttribute.objects.get().asks_customers, "while a questionnaire asks for it"


def test_customers_may_be_asked_for_an_amount_too(in_tenant: Tenant, administrator: User, now: datetime) -> None:
    amount = define(administrator, now, code="income", type="amount", titles=("年収",), asks_customers=True)
    with transaction.atomic():
        facts = facts_to_map()
    for kind, more, fits in (("band", {"bands": [0, 1]}, True), ("amount", {}, True), ("number", {}, False)):
        asked = parse(document(page("one", question("income", kind, maps_to=key_of(amount.code), **more))))
        assert (not problems_of(asked, "INDIVIDUAL", facts)) is fits


def test_the_page_says_whether_customers_are_asked(
    in_tenant: Tenant, administrator: User, officer: User, now: datetime, staff_client: SignIn
) -> None:
    made = define(administrator, now, asks_customers=True)
    for user in (administrator, officer):
        page = staff_client(english(user)).get(reverse("attribute", args=[made.pk])).content.decode()
        assert "Questionnaires may ask customers for it" in page
