"""What a case shows of a company's owners: the answer beside the calculation, as it stood when the case was closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from customers.related.answered import answered_beside, shown
from reviews.models import Case
from tenants.keys import PersonShredded


def owners_beside(case: Case, facts: Mapping[str, Any], *, masked: bool) -> dict[str, object]:
    """What the page needs beside the rest; nothing where no owners were asked for, or the data were destroyed."""
    try:
        owners = case.response.answers.get("owners")
    except PersonShredded:
        return {}
    found = answered_beside(case.customer, facts, owners, at=case.closed_at)
    if found is None:
        return {}
    return {"owners_refusal": found.refusal, "owners": shown(found, masked=masked), "owners_differ": found.differs}
