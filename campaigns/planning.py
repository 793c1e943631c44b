"""Who is due for review, what reaches them first, and what that costs: pure rules, no clock and no database."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from customers.flags.rules import ladder_for, silenced_by
from questionnaires.standard import STANDARD

LINE, SMS, EMAIL, POST = "LINE", "SMS", "EMAIL", "POST"
# By people, where no message arrives: tasks for staff (`outreach`).
TELEPHONE, VISIT = "TELEPHONE", "VISIT"


class Verdict(StrEnum):
    """Every customer of the population gets exactly one."""

    DUE = "DUE"
    NOT_DUE = "NOT_DUE"
    EXEMPT = "EXEMPT"


@dataclass(frozen=True, slots=True)
class Candidate:
    """What planning may know of a customer: attributes of the work, nothing that identifies."""

    customer_id: UUID
    kind: str
    tier: str
    due_diligence: str
    next_review_on: date | None
    channels: frozenset[str]
    exemption_codes: tuple[str, ...] = ()
    is_under_review: bool = False
    is_closed: bool = False
    flags: frozenset[str] = frozenset()
    # accounts are known, and every one is closed
    has_no_open_account: bool = False
    stay_ends_on: date | None = None
    # those of the channels at whose address something arrived, and nothing failed since
    reached: frozenset[str] = frozenset()


def _ladders() -> dict[str, tuple[str, ...]]:
    messages = (LINE, SMS, EMAIL, POST)
    return {"HIGH": (*messages, TELEPHONE, VISIT), "MEDIUM": (*messages, TELEPHONE), "LOW": messages}


@dataclass(frozen=True, slots=True)
class Terms:
    """How a segment is reached and verified, and what that costs: yen and answers to expect per notice.

    ``silence``: days without an answer after which somebody is called, and days after that until they are visited,
    where their ladder has such a rung; what is not in it is not done. ``begins_with_reached``: the rungs by which
    something has arrived come before the others, both in their usual order. ``questionnaires``: the key of the one
    that each kind of customer answers. ``enclosing``: with whose letters the answer sheet goes, as
    `campaigns.enclosing.is_enclosed` reads it.
    """

    ladder: Mapping[str, tuple[str, ...]] = field(default_factory=_ladders)
    silence: Mapping[str, int] = field(default_factory=lambda: {TELEPHONE: 14, VISIT: 14})
    ekyc: Mapping[str, str] = field(default_factory=lambda: {"HIGH": "ic_chip_selfie", "MEDIUM": "", "LOW": ""})
    yen: Mapping[str, Decimal] = field(
        default_factory=lambda: {
            LINE: Decimal(3), SMS: Decimal(10), EMAIL: Decimal("0.5"), POST: Decimal(110),
            TELEPHONE: Decimal(400), VISIT: Decimal(4000),
        }
    )  # fmt: skip
    answer_rate: Mapping[str, Decimal] = field(
        default_factory=lambda: {
            LINE: Decimal("0.40"), SMS: Decimal("0.30"), EMAIL: Decimal("0.20"), POST: Decimal("0.25"),
            TELEPHONE: Decimal("0.35"), VISIT: Decimal("0.50"),
        }
    )  # fmt: skip

    begins_with_reached: bool = False
    questionnaires: Mapping[str, str] = field(default_factory=lambda: dict(STANDARD))
    enclosing: Mapping[str, str | int | None] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """As kept with the campaign: numbers as text, so that no float ever rounds them."""
        return {
            "ladder": {tier: list(rungs) for tier, rungs in self.ladder.items()},
            "silence": dict(self.silence),
            "ekyc": dict(self.ekyc),
            "yen": {channel: str(yen) for channel, yen in self.yen.items()},
            "answer_rate": {channel: str(rate) for channel, rate in self.answer_rate.items()},
            "begins_with_reached": self.begins_with_reached,
            "questionnaires": dict(self.questionnaires),
            "enclosing": dict(self.enclosing),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """One customer's verdict with the codes that explain it to an examiner."""

    customer_id: UUID
    verdict: Verdict
    reasons: tuple[str, ...]
    tier: str
    kind: str
    first_channel: str | None = None
    # whether something has arrived by one of their rungs before
    is_reached: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole population judged, and the sums an approver sees."""

    judgements: tuple[Judgement, ...]
    population: int
    by_tier: dict[str, dict[str, int]]
    reasons: dict[str, dict[str, int]]
    first_channels: dict[str, int]
    unreachable: int
    # of those to be asked, by whether something has arrived by one of their rungs before
    reached: int
    cost_yen: Decimal
    expected_answers: int

    @property
    def due(self) -> tuple[Judgement, ...]:
        """Those who will be asked, in the order of their ids."""
        return tuple(judgement for judgement in self.judgements if judgement.verdict is Verdict.DUE)

    def count(self, verdict: Verdict) -> int:
        """How many customers have ``verdict``."""
        return sum(tier.get(verdict, 0) for tier in self.by_tier.values())

    def summary(self) -> dict[str, object]:
        """Counts only: what is kept with the campaign and shown to the approver."""
        return {
            "population": self.population,
            "due": self.count(Verdict.DUE),
            "not_due": self.count(Verdict.NOT_DUE),
            "exempt": self.count(Verdict.EXEMPT),
            "by_tier": self.by_tier,
            "reasons": self.reasons,
            "first_channels": self.first_channels,
            "unreachable": self.unreachable,
            "reached": self.reached,
            "untried": self.count(Verdict.DUE) - self.unreachable - self.reached,
            "cost_yen": str(self.cost_yen),
            "expected_answers": self.expected_answers,
        }


def judge(candidate: Candidate, due_by: date, terms: Terms) -> Judgement:
    """Exempt before due before not due. Who was never reviewed is due at once; whose stay ends by then is due, too."""

    def verdict(what: Verdict, *reasons: str) -> Judgement:
        made = Judgement(candidate.customer_id, what, reasons, candidate.tier, candidate.kind)
        return _asked(made, candidate, terms) if what is Verdict.DUE else made

    if candidate.is_closed:
        return verdict(Verdict.EXEMPT, "closed")
    if flag := silenced_by(candidate.flags):
        return verdict(Verdict.EXEMPT, f"flag_{flag.lower()}")
    if candidate.has_no_open_account:
        return verdict(Verdict.EXEMPT, "no_open_account")
    if candidate.due_diligence == "SIMPLIFIED":
        return verdict(Verdict.EXEMPT, *(candidate.exemption_codes or ("simplified",)))
    if candidate.is_under_review:
        return verdict(Verdict.NOT_DUE, "under_review")
    if candidate.next_review_on is None:
        return verdict(Verdict.DUE, "never_reviewed")
    if candidate.next_review_on <= due_by:
        return verdict(Verdict.DUE, "cycle")
    if candidate.stay_ends_on is not None and candidate.stay_ends_on <= due_by:
        return verdict(Verdict.DUE, "stay_ends")
    return verdict(Verdict.NOT_DUE, "not_yet")


def _asked(judgement: Judgement, candidate: Candidate, terms: Terms) -> Judgement:
    reached = candidate.reached & candidate.channels
    ladder = rungs_for(
        terms.ladder[candidate.tier], candidate.flags, reached, begins_with_reached=terms.begins_with_reached
    )
    channel = first_usable(ladder, candidate.channels)
    return replace(judgement, first_channel=channel, is_reached=not reached.isdisjoint(ladder))


def plan(candidates: Iterable[Candidate], due_by: date, terms: Terms) -> Plan:
    """Judge everyone; population = due + not due + exempt, whatever comes in."""
    judged = tuple(sorted((judge(one, due_by, terms) for one in candidates), key=lambda j: j.customer_id))
    by_tier: dict[str, dict[str, int]] = {}
    reasons: dict[str, dict[str, int]] = {}
    channels: Counter[str] = Counter()
    unreachable = reached = 0
    for judgement in judged:
        _add(by_tier, judgement.tier, judgement.verdict)
        for reason in judgement.reasons:
            _add(reasons, judgement.verdict, reason)
        if judgement.verdict is Verdict.DUE:
            channels.update([judgement.first_channel] if judgement.first_channel else [])
            unreachable += judgement.first_channel is None
            reached += judgement.is_reached
    return Plan(
        judgements=judged,
        population=len(judged),
        by_tier=by_tier,
        reasons=reasons,
        first_channels={channel: channels[channel] for channel in terms.yen},
        unreachable=unreachable,
        reached=reached,
        cost_yen=sum((terms.yen[channel] * count for channel, count in channels.items()), Decimal(0)),
        expected_answers=int(sum((terms.answer_rate[c] * n for c, n in channels.items()), Decimal(0))),
    )


def rungs_for(
    ladder: Sequence[str], flags: Collection[str], reached: Collection[str], *, begins_with_reached: bool
) -> tuple[str, ...]:
    """A segment's rungs in the order in which one customer climbs them; what a flag asks for comes before all."""
    rungs = ladder_for(ladder, flags)
    if flags or not begins_with_reached:
        return rungs
    known = tuple(rung for rung in rungs if rung in reached)
    return (*known, *(rung for rung in rungs if rung not in known))


def _add(table: dict[str, dict[str, int]], row: str, column: str) -> None:
    cells = table.setdefault(row, {})
    cells[column] = cells.get(column, 0) + 1


def first_usable(ladder: Sequence[str], usable: Iterable[str], after: str | None = None) -> str | None:
    """The cheapest rung that reaches the customer, or the next one above ``after``; None at the end."""
    rungs = list(ladder)
    if after is not None:
        rungs = rungs[rungs.index(after) + 1 :] if after in rungs else []
    available = set(usable)
    return next((rung for rung in rungs if rung in available), None)


def plan_hash(
    *,
    customer_ids: Iterable[UUID],
    terms: Mapping[str, object],
    texts: Mapping[str, str],
    due_by: date,
    deadline_on: date,
    opens_on: date | None = None,
) -> str:
    """SHA-256, hexadecimal, of all that an approval covers.

    Who is asked, in which order of channels and with which eKYC method, what they read (``texts``: name of each
    document to its digest), and from when until when.
    """
    parts = {
        "terms": terms,
        "texts": dict(texts),
        "due_by": due_by.isoformat(),
        "deadline_on": deadline_on.isoformat(),
    }
    if opens_on is not None:
        parts["opens_on"] = opens_on.isoformat()
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode())
    for customer_id in sorted(customer_ids):
        digest.update(customer_id.bytes)
    return digest.hexdigest()
