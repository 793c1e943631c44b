"""Every text is translated, with the same placeholders: all into Japanese, customers' into all their languages."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator

import pytest
from babel.messages.catalog import Message

from cdd import texts
from portal.pages import LANGUAGES
from tests.conftest import ROOT

FOUND = texts.messages_in(ROOT)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")
KANJI = re.compile(r"[\u3400-\u9fff々〆]")
READING = re.compile(r"\{([^{}|]+)\|([ぁ-んァ-ヶー]+)\}")

every_language = pytest.mark.parametrize("language", texts.LOCALES)


def messages_of(language: str) -> Iterator[Message]:
    """What is said; that everything is, another test looks after."""
    for message in texts.read_catalogue(texts.folder_of(language, ROOT) / "django.po", language):
        if message.id and all(forms(message.string)):
            yield message


def forms(said: object) -> list[str]:
    return [said] if isinstance(said, str) else list(said)  # type: ignore[call-overload]


@every_language
def test_every_text_in_use_is_translated(language: str) -> None:
    catalogue = texts.read_catalogue(texts.folder_of(language, ROOT) / "django.po", language)
    assert texts.missing(catalogue, texts.texts_of(language, FOUND)) == []


def test_customers_texts_have_a_catalogue_in_each_of_their_languages() -> None:
    assert set(texts.LOCALES) | {"en"} == set(LANGUAGES)
    assert 200 < len(texts.for_customers(FOUND)) < len(FOUND) / 5


def test_a_text_that_is_not_translated_would_be_noticed() -> None:
    """Positive control."""
    catalogue = texts.read_catalogue(texts.folder_of("ja", ROOT) / "django.po")
    assert texts.missing(catalogue, {(None, "Nobody ever wrote this.", None): []}) == ["Nobody ever wrote this."]


@every_language
def test_the_compiled_catalogue_is_the_written_one(language: str) -> None:
    with (texts.folder_of(language, ROOT) / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    source = texts.read_catalogue(texts.folder_of(language, ROOT) / "django.po", language)
    for message in texts.compiled(source, language):
        if message.id and isinstance(message.id, str) and not message.context:
            assert compiled.gettext(message.id) == message.string


@every_language
def test_a_translation_keeps_every_placeholder(language: str) -> None:
    for message in messages_of(language):
        ids = forms(message.id)
        for said in forms(message.string):
            plain = READING.sub("", said)
            assert sorted(set(PLACEHOLDER.findall(plain)) - {"%%"}) == sorted(
                set(PLACEHOLDER.findall(ids[-1])) - {"%%"}
            ), said


def test_every_kanji_of_easy_japanese_has_its_reading() -> None:
    for message in messages_of("ja-easy"):
        for said in forms(message.string):
            assert not KANJI.search(READING.sub("", said)), said


def test_what_is_not_translated_yet_is_said_in_english_and_never_in_japanese() -> None:
    catalogue = texts.read_catalogue(ROOT / "nowhere.po", "vi")
    catalogue.add("Next step")
    catalogue.add(("%(n)s day", "%(n)s days"))
    said = [message.string for message in texts.compiled(catalogue, "vi") if message.id]
    assert said == ["Next step", ("%(n)s days",)]
