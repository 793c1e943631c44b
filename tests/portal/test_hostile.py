"""W8, W9: whatever is written into a questionnaire or typed into it stays words, in every language, on every page."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation

from questionnaires.models import Questionnaire, QuestionnaireVersion, Response
from questionnaires.shaping import parse
from questionnaires.telling import told
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tests.portal.journey import address_of, page_of, post, prove
from tests.questionnaires.documents import document, page, question
from tests.questionnaires.filing import Sent, send_link

HARMLESS = "ことば"
HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onfocus=alert(1) autofocus='",
    "</textarea></title></select><svg/onload=alert(1)>", "{{ 7|add:7 }}{% debug %}{# x #}", "<!-- -->", "]]><x>",
    "javascript:alert(1)", "&lt;b&gt;&#x3c;i&#x3e;", "\u202e<b>\u2066", "{漢字|<img src=x onerror=alert(1)>}",
    "｛漢字｜かんじ｝{a|b}", "<ruby>字<rt>じ</rt></ruby>", "%(name)s {0.__class__} ${x}", "'\"`=<>/\\",
)  # fmt: skip


def answerable(words: str) -> str:
    """What a customer may type: signs that turn the direction of writing are refused, as other tests show."""
    return HARMLESS if "\u202e" in words else words


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, and where addresses in them lead."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(sorted(name for name, _ in attrs))))
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name, value)
            assert not (name in {"href", "src", "action"} and (value or "").startswith("javascript")), (tag, value)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def asking(words: str) -> dict[str, Any]:
    """A document in which every text that an officer may write is `words`."""
    spoken = {"ja": words, "en": words}
    said = {"label": spoken, "hint": spoken}
    lists = {"ways": [{"value": "one", "label": spoken}, {"value": "two", "label": spoken, "more": True}]}
    return document(
        page("told", question("notice", "information", **said)),
        page(
            "asked",
            question("name", "name", **said),
            question("remark", "text", required=True, **said),
            question("remarks", "paragraph", **said),
            question("way", "radio", choices="ways", **said),
            question("ways", "checkboxes", choices="ways", **said),
            question("street", "address", **said),
            question("people", "people", person_fields=["name", "position"], **said),
            question("sworn", "declaration", **said),
            why=spoken,
            title=spoken,
        ),
        choice_lists=lists,
        title=spoken,
    )


def sent_with(tenant: Tenant, words: str, number: str) -> Sent:
    """A customer who is asked such a document."""
    now = timezone.now()
    sent = send_link(tenant, now=now, number=number)
    asked = asking(words)
    with tenant_scope(tenant.pk):
        hostile = Questionnaire.objects.create(
            key=f"hostile-{number}", audience="INDIVIDUAL", name=words, name_en=words
        )
        version = QuestionnaireVersion.objects.create(
            questionnaire=hostile, number=1, document=asked, sha256=parse(asked).digest, published_at=now
        )
        Response.objects.filter(pk=sent.response.pk).update(version=version)
    return sent


def typed(words: str) -> dict[str, str]:
    return {
        "name": words, "remark": words, "remarks": words, "way": "two", "way_more": words, "ways-two": "on",
        "ways_more": words, "street_postal_code": "1000005", "street": words, "people-0-name": words,
        "people-0-position": words, "sworn": "yes",
    }  # fmt: skip


def walked(client: Client, tenant: Tenant, words: str, answer: str, number: str) -> Iterator[str]:
    """Every page that shows the document or the answers, with an error and without."""
    sent = sent_with(tenant, words, number)
    assert prove(client, sent).status_code == 302
    yield client.get(address_of("told")).content.decode()
    post(client, "told")
    yield client.get(address_of("asked")).content.decode()
    wrong = post(client, "asked", **{**typed(answer), "remark": "", "street_postal_code": answer})
    assert wrong.status_code == 422
    yield wrong.content.decode()
    right = post(client, "asked", **typed(answer))
    assert right.status_code == 302, right.content.decode()
    yield client.get(address_of("asked")).content.decode()
    check = client.get("/r/answer/check/")
    assert page_of(check) == "check"
    yield check.content.decode()
    with tenant_context(tenant.pk), tenant_scope(tenant.pk):
        response = Response.objects.select_related("version").get(pk=sent.response.pk)
        pages = told(response, masked=False, shows_sensitive=True)
        case = SimpleNamespace(response=response)
        yield render_to_string("staff/reviews/answers.html", {"told": pages, "case": case})


@pytest.fixture
def in_language(client: Client, request: pytest.FixtureRequest) -> Iterator[Client]:
    client.cookies["portal_language"] = request.param
    with translation.override("ja"):
        yield client


# The one with readings over its words, one of each way to choose words, and a script of its own.
@pytest.mark.parametrize("in_language", ["ja", "ja-easy", "en", "ne"], indirect=True)
def test_hostile_words_change_no_element_of_any_page(in_language: Client, tenant: Tenant) -> None:
    usual = [Shape(text).elements for text in walked(in_language, tenant, HARMLESS, HARMLESS, "1")]
    for number, words in enumerate(HOSTILE, start=2):
        texts = list(walked(in_language, tenant, words, answerable(words), str(number)))
        assert [Shape(text).elements for text in texts] == usual, words


def test_the_comparison_would_see_what_is_not_escaped() -> None:
    """Positive control."""
    plain = Shape(f"<p>{HARMLESS}</p>").elements
    assert [words for words in HOSTILE if "<" in words and _differs(words, plain)] != []
    with pytest.raises(AssertionError):
        Shape("<p onclick=x>")


def _differs(words: str, plain: list[tuple[str, tuple[str, ...]]]) -> bool:
    try:
        return Shape(f"<p>{words}</p>").elements != plain
    except AssertionError:
        return True


def test_what_was_typed_is_shown_as_it_was_typed(client: Client, tenant: Tenant) -> None:
    for number, words in enumerate(map(answerable, HOSTILE), start=1):
        *_, check, _ = walked(client, tenant, HARMLESS, words, str(number))
        assert words in "".join(Shape(check).words), words
