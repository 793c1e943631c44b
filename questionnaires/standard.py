"""The questionnaires the product brings along: one for a person, one for a company."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from questionnaires.schema import Questionnaire
from questionnaires.shaping import parse

_DOCUMENTS = Path(__file__).parent / "documents"
NAMES = ("individual", "company")


@cache
def document(name: str) -> dict[str, Any]:
    """The document "individual" or "company", as written; treat it as read-only."""
    loaded: dict[str, Any] = json.loads((_DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@cache
def questionnaire(name: str) -> Questionnaire:
    """The parsed document "individual" or "company"."""
    return parse(document(name))
