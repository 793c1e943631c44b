"""Whether a document fits the published JSON Schema, and where it does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from questionnaires.schema import InvalidQuestionnaire

SCHEMA = Path(__file__).parent / "questionnaire.schema.json"
# What the rules of a schema mean to somebody who writes a questionnaire.
_REASONS = {
    "required": _("something that is needed is missing (%(part)s)"),
    "minItems": _("there are too few of them (%(part)s)"),
    "maxItems": _("there are too many of them (%(part)s)"),
    "uniqueItems": _("something is said twice (%(part)s)"),
    "minProperties": _("nothing is said (%(part)s)"),
    "maxLength": _("it is too long (%(part)s)"),
    "pattern": _("it is written with other characters than it may be (%(part)s)"),
    "enum": _("it is none of what it may be (%(part)s)"),
    "minimum": _("it is too small (%(part)s)"),
    "maximum": _("it is too large (%(part)s)"),
}
_OTHERWISE = _("it is not as documents are written (%(part)s)")


@cache
def json_schema() -> dict[str, Any]:
    """The published schema of documents (JSON Schema, draft 2020-12); treat it as read-only."""
    loaded: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return loaded


def misfits(document: Mapping[str, Any]) -> list[InvalidQuestionnaire]:
    """Everything that does not fit the schema, in the order of the document."""
    errors = sorted(_validator().iter_errors(document), key=_depth)
    return [_misfit(document, error) for error in errors]


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


def _depth(error: ValidationError) -> tuple[str, ...]:
    return tuple(f"{step:04}" if isinstance(step, int) else step for step in error.absolute_path)


def _misfit(document: Any, error: ValidationError) -> InvalidQuestionnaire:
    """Where it is, by the names of pages and questions rather than by their numbers."""
    named, part = [], document
    at: dict[str, str] = {}
    key, above = "", ""
    for step in error.absolute_path:
        part = part[step]
        name = part.get("id") if isinstance(part, dict) else None
        named.append(repr(name) if isinstance(name, str) else str(step + 1 if isinstance(step, int) else step))
        if isinstance(step, int) and above in ("pages", "questions") and isinstance(name, str):
            at[above] = name
        if isinstance(step, str):
            key = above = step
    needed = error.validator_value
    if error.validator == "required" and isinstance(needed, list):
        key = next((str(one) for one in needed if one not in part), key)
    return InvalidQuestionnaire(
        f"{' '.join(named) or 'document'}: {_shortened(error.message)}",
        reason=_REASONS.get(str(error.validator), _OTHERWISE),
        params={"part": key},
        page=at.get("pages", ""),
        question=at.get("questions", ""),
        part=key,
    )


def _shortened(said: str) -> str:
    """The library's sentence: what stands in the document may be long."""
    return said if len(said) <= 200 else f"{said[:100]} … {said[-80:]}"
