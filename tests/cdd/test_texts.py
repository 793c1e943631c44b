"""Every text a person reads exists in Japanese, with the same placeholders."""

from __future__ import annotations

import gettext
import re

from cdd import texts
from tests.conftest import ROOT

FOLDER = ROOT / "locale" / "ja" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def test_every_text_in_use_has_its_japanese() -> None:
    catalogue = texts.read_catalogue(FOLDER / "django.po")
    assert texts.missing(catalogue, texts.messages_in(ROOT)) == []


def test_a_text_without_japanese_would_be_noticed() -> None:
    """Positive control."""
    catalogue = texts.read_catalogue(FOLDER / "django.po")
    assert texts.missing(catalogue, {(None, "Nobody ever wrote this.", None): []}) == ["Nobody ever wrote this."]


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in texts.read_catalogue(FOLDER / "django.po"):
        if message.id and isinstance(message.id, str) and not message.context:
            assert compiled.gettext(message.id) == message.string


def test_japanese_keeps_every_placeholder() -> None:
    for message in texts.read_catalogue(FOLDER / "django.po"):
        if isinstance(message.id, str) and message.id:
            assert sorted(PLACEHOLDER.findall(message.id)) == sorted(PLACEHOLDER.findall(str(message.string))), (
                message.id
            )
