"""Parts of the customers' pages that are drawn once and kept.

Most of a page is the same for everybody: the way to help, the choice of letters and language, icons, questions that
nobody has answered yet. Whatever such a part shows is named where it is used, and its template sees nothing else: so
what is kept can be wrong for nobody, and nothing of a customer can be in it unless somebody names it.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache

from django import template
from django.template.loader import get_template
from django.utils.translation import get_language

from questionnaires.presenting import Field

register = template.Library()

# Parts, in all languages and of all institutions; the largest, a list of countries, is 20 KB.
_MOST = 2_000


@register.simple_tag
def kept(part: str, **shown: Hashable) -> str:
    """A part that is the same whenever these values and the language are; nothing of a customer may be among them."""
    return _kept(part, get_language(), tuple(shown.items()))


@register.simple_tag
def question(field: Field, **shown: Hashable) -> str:
    """The controls of a question: kept as long as nobody has typed anything into them."""
    if field.is_blank:
        return kept(field.template, field=field, **shown)
    return _drawn(field.template, {"field": field, **shown})


@lru_cache(_MOST)
def _kept(part: str, language: str | None, shown: tuple[tuple[str, Hashable], ...]) -> str:
    return _drawn(part, dict(shown))


def _drawn(part: str, shown: dict[str, Hashable]) -> str:
    return get_template(part).render(shown)
