"""The texts people read: collects them from the code, keeps the Japanese catalogue, compiles it.

Needs Babel, a development dependency; what runs in production is the compiled catalogue.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

MARKERS = ["_"] + [
    kind + suffix for kind in ("gettext", "ngettext", "pgettext", "npgettext") for suffix in ("", "_lazy", "_noop")
]
WITHOUT_TEXTS = {"tests", "sandbox", ".venv", ".data", ".tools", "migrations", "node_modules"}

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


def read_catalogue(path: Path) -> Catalog:
    """The catalogue as translated so far; empty when there is none."""
    if not path.exists():
        return Catalog(locale="ja")
    with path.open("rb") as file:
        return read_po(file, locale="ja")


def updated(old: Catalog, found: dict[Message, list[tuple[str, int]]], more: Catalog | None = None) -> Catalog:
    """A catalogue of exactly the texts in use, with the translations we have."""
    new = Catalog(locale="ja", charset="utf-8", project="Keizoku", fuzzy=False)
    new.header_comment = "# Japanese texts of Keizoku."
    for message in sorted(found, key=lambda m: (found[m][0], m[1])):
        context, text, plural = message
        identity = (text, plural) if plural else text
        translated = next(
            (
                entry.string
                for catalogue in (old, more)
                if catalogue is not None and (entry := catalogue.get(text, context)) and _is_said(entry.string)
            ),
            ("",) if plural else "",
        )
        if plural and isinstance(translated, str):
            translated = (translated,)  # Japanese has one form
        new.add(
            identity,
            translated,
            locations=[(place, 1) for place in sorted({place for place, _ in found[message]})],
            context=context,
        )
    return new


def missing(catalogue: Catalog, found: dict[Message, list[tuple[str, int]]]) -> list[str]:
    """Texts in use that have no Japanese."""
    without = []
    for context, text, _ in found:
        entry = catalogue.get(text, context)
        if entry is None or not _is_said(entry.string):
            without.append(text)
    return sorted(without)


def write(catalogue: Catalog, folder: Path) -> None:
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
        write_mo(file, read_catalogue(folder / "django.po"))


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
