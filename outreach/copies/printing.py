"""A copy as HTML to be set in type: who received what, when, under which number, and what happens next."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone, translation

from channels.wording.selectors import bank_of
from questionnaires.branding.selectors import mark_of
from questionnaires.formatting import moment, receipt_number
from questionnaires.marking import rendered, tag
from questionnaires.models import Response
from questionnaires.presenting import Row
from tenants.models import Tenant


def copy_page(*, tenant: Tenant, response: Response, rows: Sequence[Row]) -> str:
    """The copy in the language of the page, every value escaped and every picture inline. One query at most."""
    language = translation.get_language() or "ja"
    bank, mark = bank_of(tenant), mark_of(tenant.mark_digest)
    assert response.submitted_at is not None
    context = {
        "language": tag(language),
        "is_easy": language == "ja-easy",
        "bank": bank.name if language.startswith("ja") else bank.name_en,
        "kana": tenant.name_kana,
        "brand": bank,
        "mark": base64.b64encode(mark).decode() if mark else "",
        "sign": tenant.short_mark,
        "number": receipt_number(response.receipt_number),
        "time": _time(response.submitted_at),
        "rows": rows,
    }
    return rendered(render_to_string("notices/answer-copy.html", context))


def _time(at: datetime) -> str:
    return moment(timezone.localtime(at))
