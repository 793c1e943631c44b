"""The texts people read: collects them from the code, keeps their catalogues, compiles them.

The Japanese catalogue has every text; those of the other languages of the customers' pages have the texts customers
see. Needs Babel, a development dependency; what runs in production is the compiled catalogue.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from questionnaires.marking import with_readings

MARKERS = ["_"] + [
    kind + suffix for kind in ("gettext", "ngettext", "pgettext", "npgettext") for suffix in ("", "_lazy", "_noop")
]
WITHOUT_TEXTS = {"tests", "sandbox", ".venv", ".data", ".tools", "migrations", "node_modules"}

# Language: how its catalogue's folder is called.
LOCALES = {
    "ja": "ja",
    "ja-easy": "ja_Easy",
    "zh-hans": "zh_Hans",
    "vi": "vi",
    "pt-br": "pt_BR",
    "ne": "ne",
}
# Where the texts of customers' pages stand.
_CUSTOMERS = re.compile(
    r"portal/|templates/portal/|templates/notices/answer-copy|channels/wording/authenticity\.py|uploads/wording\.py|questionnaires/files/wording\.py"
    r"|outreach/(?:inquiries/(?:models|ready)|calls/models|claims/asking|faq/standard|papers/printing)\.py"
    r"|questionnaires/(?:addressing|formatting|masking|messages|persons|presenting|saying)\.py"
)

# The same texts make the same file, whenever it is written.
_NO_DATE = datetime(2026, 1, 1, tzinfo=UTC)

type Message = tuple[str | None, str, str | None]


def messages_in(root: Path) -> dict[Message, list[tuple[str, int]]]:
    """Every text marked for translation: (context, text, plural) and where it stands."""
    found: dict[Message, list[tuple[str, int]]] = {}
    for path in _sources(root):
        source = path.read_text(encoding="utf-8")
        code = source if path.suffix == ".py" else _as_python(templatize(source, origin=str(path)))
        for line, message in _extract(code):
            found.setdefault(message, []).append((str(path.relative_to(root)), line))
    return found


def for_customers(found: dict[Message, list[tuple[str, int]]]) -> dict[Message, list[tuple[str, int]]]:
    """Of these texts, those that customers see."""
    return {
        text: seen for text, places in found.items() if (seen := [one for one in places if _CUSTOMERS.match(one[0])])
    }


def texts_of(language: str, found: dict[Message, list[tuple[str, int]]]) -> dict[Message, list[tuple[str, int]]]:
    """The texts a catalogue of this language has."""
    return found if language == "ja" else for_customers(found)


def folder_of(language: str, root: Path) -> Path:
    """Where a language's catalogue lies."""
    return root / "locale" / LOCALES[language] / "LC_MESSAGES"


def language_of(source: Path) -> str:
    """The language of a catalogue called ``name.<language>.po``; Japanese if its name has none."""
    named = source.stem.rpartition(".")[2]
    return named if named in LOCALES else "ja"


def read_catalogue(path: Path, language: str = "ja") -> Catalog:
    """The catalogue as translated so far; empty when there is none."""
    if not path.exists():
        return _empty(language)
    with path.open("rb") as file:
        return read_po(file, locale=_babel_locale(language))


def updated(
    old: Catalog, found: dict[Message, list[tuple[str, int]]], more: Catalog | None = None, language: str = "ja"
) -> Catalog:
    """A catalogue of exactly the texts in use, with the translations we have."""
    new = _empty(language)
    for message in sorted(found, key=lambda m: (found[m][0], m[1])):
        context, text, plural = message
        translated = next(
            (
                entry.string
                for catalogue in (old, more)
                if catalogue is not None and (entry := catalogue.get(text, context)) and _is_said(entry.string)
            ),
            "",
        )
        new.add(
            (text, plural) if plural else text,
            _forms(translated, new.num_plurals) if plural else translated,
            locations=[(place, 1) for place in sorted({place for place, _ in found[message]})],
            context=context,
        )
    return new


def missing(catalogue: Catalog, found: dict[Message, list[tuple[str, int]]]) -> list[str]:
    """Texts in use that are not translated."""
    without = []
    for context, text, _ in found:
        entry = catalogue.get(text, context)
        if entry is None or not _is_said(entry.string):
            without.append(text)
    return sorted(without)


def write(catalogue: Catalog, folder: Path, language: str = "ja") -> None:
    """Write ``django.po`` and the compiled ``django.mo``."""
    folder.mkdir(parents=True, exist_ok=True)
    text = io.BytesIO()
    write_po(text, catalogue, width=110, sort_output=False, omit_header=False, include_lineno=False)
    lines = text.getvalue().decode().splitlines(keepends=True)
    stable = [
        line for line in lines if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By'))
    ]
    (folder / "django.po").write_text("".join(stable), encoding="utf-8")
    with (folder / "django.mo").open("wb") as file:
        catalogue = compiled(read_catalogue(folder / "django.po", language), language)
        catalogue.creation_date = catalogue.revision_date = _NO_DATE
        write_mo(file, catalogue)


def compiled(catalogue: Catalog, language: str) -> Catalog:
    """What a page reads: readings as marks; and English where a text is not translated yet, rather than Japanese."""
    for message in catalogue:
        if not message.id:
            continue
        if language == "ja-easy":
            message.string = (
                with_readings(message.string)
                if isinstance(message.string, str)
                else tuple(map(with_readings, message.string or ()))
            )
        elif language != "ja" and not _is_said(message.string):
            ids = message.id
            message.string = ids if isinstance(ids, str) else (*ids[:1] * (catalogue.num_plurals - 1), ids[1])
    return catalogue


def _empty(language: str) -> Catalog:
    catalogue = Catalog(locale=_babel_locale(language), charset="utf-8", project="Keizoku", fuzzy=False)
    name = "Japanese texts" if language == "ja" else f"Customers' texts ({language})"
    catalogue.header_comment = f"# {name} of Keizoku."
    return catalogue


def _babel_locale(language: str) -> str:
    return "ja" if language == "ja-easy" else LOCALES[language]


def _forms(translated: Any, count: int) -> tuple[str, ...]:
    """As many forms as the language has; one that was given alone stands for all."""
    given = (translated,) if isinstance(translated, str) else tuple(translated)
    return (*given, *[given[-1]] * count)[:count]


def _is_said(translation: Any) -> bool:
    return all(translation) if isinstance(translation, (tuple, list)) else bool(translation)


def _sources(root: Path) -> Iterator[Path]:
    for pattern in ("*.py", "*.html", "*.txt", "*.svg"):
        for path in sorted(root.rglob(pattern)):
            parts = path.relative_to(root).parts
            if parts[0] in {"docs", "static"} or WITHOUT_TEXTS & set(parts):
                continue
            if path.suffix == ".py" or parts[0] == "templates":
                yield path


def _as_python(template: str) -> str:
    """What Django makes of a template, without the indentation that Python would read as blocks."""
    return "\n".join(line.lstrip() for line in template.splitlines())


def _extract(code: str) -> Iterator[tuple[int, Message]]:
    lines = io.BytesIO(code.encode())
    texts: Any
    for line, function, texts, _ in extract_python(lines, dict.fromkeys(MARKERS), [], {"encoding": "utf-8"}):
        parts = list(texts) if isinstance(texts, tuple) else [texts]
        if not parts or not isinstance(parts[0], str) or not parts[0]:
            continue
        name = str(function)
        context = parts.pop(0) if "pgettext" in name else None
        plural = parts[1] if "ngettext" in name or name.startswith("np") else None
        yield line, (context, str(parts[0]), plural)
