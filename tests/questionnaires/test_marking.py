"""Readings over kanji and words of another language, from the written text to the finished page."""

from __future__ import annotations

import pytest
from django.template import Context, Template
from django.utils.html import escape
from django.utils.translation import gettext, override

from questionnaires.marking import in_language, rendered, tag, unmarked, with_readings, without_readings

EASY = with_readings("{口座|こうざ}を {使|つか}います")


def test_a_reading_stands_over_its_kanji_in_text() -> None:
    assert rendered(f"<p>{EASY}</p>") == (
        "<p><ruby>口座<rp>(<rt>こうざ<rp>)</ruby>を <ruby>使<rp>(<rt>つか<rp>)</ruby>います</p>"
    )


@pytest.mark.parametrize(
    "page",
    [
        "<title>{}｜B</title>",
        "<option value=x selected>{}</option>",
        '<a aria-label="{}" href="#x">',
        "<textarea rows=2>{}</textarea>",
        '<text x="1">{}</text>',
    ],
)
def test_where_no_element_may_stand_the_kanji_stand_alone(page: str) -> None:
    assert rendered(page.format(EASY)) == page.format("口座を 使います")


def test_a_text_is_read_and_checked_by_its_kanji_alone() -> None:
    assert without_readings("{暗証|あんしょう}{番号|ばんごう}") == "暗証番号"
    assert unmarked(EASY) == "口座を 使います"


def test_what_a_customer_types_is_never_taken_for_a_mark() -> None:
    typed = escape("{山|<b>やま</b>}")
    page = f'<p>{typed}</p><input value="{typed}"><p>{EASY}</p>'
    assert rendered(page).startswith(f'<p>{typed}</p><input value="{typed}">')


def test_stray_or_forged_marks_become_no_markup() -> None:
    forged = with_readings("{a|b}").replace("a", escape("<script>"))
    assert "<script" not in rendered(f"<p>{forged}</p>")
    stray = '\ufdd3en" onload="x\ufdd4words\ufdd5 \ufdd0 \ufdd2'
    assert rendered(f"<p>{escape(stray)}</p>") == f"<p>{escape(stray)}</p>"


@override("en")
def test_marks_pass_through_templates_and_placeholders() -> None:
    words = gettext("%(name)s: %(position)s") % {"name": EASY, "position": 2}
    page = Template("<p title='{{ words }}'>{{ words }}</p>").render(Context({"words": words}))
    assert rendered(page).startswith("<p title='口座を 使います: 2'><ruby>口座")


def test_words_of_another_language_say_which() -> None:
    with override("vi"):
        page = f"<p>{in_language('口座', 'ja')}</p><option value=1>{in_language('口座', 'ja')}</option>"
        assert rendered(page) == '<p><span lang="ja">口座</span></p><option value=1 lang="ja">口座</option>'
        assert in_language("tài khoản", "vi") == "tài khoản"
    with override("ja-easy"):
        assert in_language("口座", "ja") == "口座"  # the same language to a screen reader


def test_languages_are_called_as_html_wants_them() -> None:
    assert [tag(code) for code in ("ja", "ja-easy", "zh-hans", "pt-br", "ne")] == ["ja", "ja", "zh-Hans", "pt-BR", "ne"]
