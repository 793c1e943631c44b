"""The answer sheets that go with a campaign's letters."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from channels.enclosing import Enclosure, Maker, register_maker
from outreach.papers.printing import heads_page, sheet_page
from questionnaires.models import QuestionnaireVersion
from tenants.models import tenant_in_scope


def alike(enclosure: Enclosure) -> str:
    """The sheet of a version without anybody's number."""
    with transaction.atomic():
        return sheet_page(
            tenant=tenant_in_scope(),
            version=_version(enclosure),
            number="",
            language=enclosure.language,
            is_company=enclosure.is_company,
        )


def heads(enclosure: Enclosure, numbers: Sequence[str]) -> str:
    """The numbers, one to a page."""
    with transaction.atomic():
        return heads_page(version=_version(enclosure), numbers=numbers, language=enclosure.language)


def register() -> None:
    """Called when the apps are ready."""
    register_maker(Maker(alike, heads))


def _version(enclosure: Enclosure) -> QuestionnaireVersion:
    found: QuestionnaireVersion = QuestionnaireVersion.objects.get(pk=enclosure.version)
    return found
