"""Notification messages by LINE's templates: the bank's keys, filled with a notice's own particulars."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from channels.line_rules import template_problems
from channels.rendering import CannotRender, Wording, language_of, values_of
from channels.variables import UnknownVariable, fill


def filled_template(template: Mapping[str, Any], wording: Wording) -> str:
    """LINE's request as JSON, without the recipient. ``template`` holds variables as texts do: {期限}.

    Raises:
        CannotRender: LINE would refuse it.
    """
    try:
        filled = _fill(template, values_of(wording, language_of(wording.language)))
    except UnknownVariable:
        raise CannotRender("unknown_variable") from None
    if template_problems(filled):
        raise CannotRender("line_template")
    return json.dumps(filled, ensure_ascii=False, separators=(",", ":"))


def _fill(value: Any, values: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return fill(value, values)
    if isinstance(value, Mapping):
        return {name: _fill(inner, values) for name, inner in value.items()}
    return [_fill(inner, values) for inner in value]
