"""How an answer of gBizINFO is shown beside the file, in words, covered for masked roles."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from companies.comparing import Line
from companies.gbiz.models import GbizAnswer
from companies.gbiz.selectors import lines_beside
from customers.models import Customer
from customers.presenting import hide, label, say
from customers.selectors import facts_of
from tenants.keys import PersonShredded


@dataclass(frozen=True, slots=True)
class Beside:
    """An answer: lines with their labels, and what has no place in the file."""

    lines: list[tuple[str, Line]]
    employees: int | None
    business: str
    industry: str
    status: str
    closed_on: date | None
    updated_on: date | None
    seen_at: str

    @property
    def differs(self) -> bool:
        """Whether there is anything to take over."""
        return any(not line.is_same for _, line in self.lines)


def beside_file(customer: Customer, answer: GbizAnswer | None, *, masked: bool) -> Beside | None:
    """None where nothing was asked, gBizINFO knows nothing, or the customer's data were destroyed."""
    try:
        said = (answer.said or {}) if answer else {}
        facts = facts_of(customer)
    except PersonShredded:
        return None
    if answer is None or not said:
        return None
    closed, updated = (said.get(key) for key in ("closed_on", "updated_on"))
    return Beside(
        lines=[(label(line.key), _in_words(line, masked=masked)) for line in lines_beside(facts, said)],
        employees=said.get("employees"),
        business=str(said.get("business", "")),
        industry=say("industry", facts.get("industry")),
        status=str(said.get("status", "")),
        closed_on=date.fromisoformat(closed) if closed else None,
        updated_on=date.fromisoformat(updated) if updated else None,
        seen_at=answer.asked_at.isoformat(),
    )


def _in_words(line: Line, *, masked: bool) -> Line:
    ours, theirs = (_said(line.key, value, masked=masked) for value in (line.on_file, line.registered))
    return replace(line, on_file=ours, registered=theirs)


def _said(key: str, value: str, *, masked: bool) -> str:
    if not value:
        return ""
    said = say(key, int(value) if key == "capital" and value.isdigit() else value)
    return hide(key, said, is_company=True) if masked else said
