"""Documentation that cannot rot: the glossary knows every name, and what is generated is current."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.utils.translation import override

from cdd.management.commands import write_docs
from cdd.management.commands.write_docs import GLOSSARY, glossary_statuses, states_page

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(page for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def our_models() -> list[Any]:
    return [model for model in apps.get_models() if (ROOT / model.__module__.partition(".")[0] / "models.py").exists()]


def statuses_in_the_code(language: str) -> dict[str, str]:
    """``Model.STATUS`` and what stands on a screen in that language."""
    with override(language):
        return {
            f"{model.__name__}.{code}": str(label)
            for model in our_models()
            for field in model._meta.concrete_fields
            if field.name == "status"
            for code, label in field.choices
        }


def test_every_model_is_in_the_glossary() -> None:
    terms = set(re.findall(r"^\| `(\w+)` \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE))

    assert {model.__name__ for model in our_models()} == terms


@pytest.mark.parametrize(("language", "column"), [("en", "label"), ("ja", "japanese")])
def test_every_status_is_in_the_glossary_as_it_stands_on_screen(language: str, column: str) -> None:
    in_the_glossary = {status: row[column] for status, row in glossary_statuses().items()}

    assert in_the_glossary == statuses_in_the_code(language)


def test_every_code_is_in_the_glossary() -> None:
    glossary = GLOSSARY.read_text(encoding="utf-8")
    codes = {
        str(code)
        for model in our_models()
        for field in model._meta.concrete_fields
        if field.name != "status"
        for code, _ in field.choices or ()
    }

    assert {code for code in codes if f"`{code}`" not in glossary} == set()


def test_the_generated_pages_are_current() -> None:
    call_command("write_docs", check=True, stdout=StringIO())


def test_a_stale_page_is_reported_and_then_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "states.md"
    page.write_text("# Old\n")
    monkeypatch.setattr(write_docs, "STATES", page)

    with pytest.raises(CommandError, match="stale"):
        call_command("write_docs", check=True, stdout=StringIO())
    assert page.read_text() == "# Old\n"

    call_command("write_docs", stdout=StringIO())
    assert page.read_text(encoding="utf-8") == states_page()


def test_a_status_without_a_glossary_row_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = tmp_path / "glossary.md"
    rows = GLOSSARY.read_text(encoding="utf-8").splitlines(keepends=True)
    short.write_text("".join(row for row in rows if "`Case.CLEARED`" not in row), encoding="utf-8")
    monkeypatch.setattr(write_docs, "GLOSSARY", short)

    with pytest.raises(CommandError, match=r"Case\.CLEARED is not in docs/glossary\.md"):
        states_page()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_page_leads_somewhere(page: Path) -> None:
    """Pictures included."""
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if not (page.parent / link).exists()] == []
