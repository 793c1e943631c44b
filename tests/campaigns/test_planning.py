"""Who is due: the arithmetic, the verdicts and the ladder, on populations nobody thought of."""

import uuid
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from campaigns.planning import Candidate, Terms, Verdict, first_usable, judge, plan, plan_hash, rungs_for

DUE_BY = date(2026, 12, 31)
TERMS = Terms()
LADDER = TERMS.ladder["LOW"]

candidates = st.builds(
    Candidate,
    customer_id=st.uuids(version=4),
    kind=st.sampled_from(["INDIVIDUAL", "COMPANY"]),
    tier=st.sampled_from(["HIGH", "MEDIUM", "LOW"]),
    due_diligence=st.sampled_from(["SIMPLIFIED", "STANDARD", "ENHANCED"]),
    next_review_on=st.none() | st.dates(date(2025, 1, 1), date(2030, 1, 1)),
    channels=st.frozensets(st.sampled_from(LADDER)),
    exemption_codes=st.lists(st.sampled_from(["salary_account", "public_body"]), unique=True).map(tuple),
    is_under_review=st.booleans(),
    is_closed=st.booleans(),
)


def a_candidate(**changes: object) -> Candidate:
    """A medium-risk person who is due and can be reached by post."""
    known: dict[str, object] = {
        "customer_id": uuid.UUID(int=1),
        "kind": "INDIVIDUAL",
        "tier": "MEDIUM",
        "due_diligence": "STANDARD",
        "next_review_on": date(2026, 6, 1),
        "channels": frozenset({"POST"}),
    }
    return Candidate(**(known | changes))  # type: ignore[arg-type]  # fields, whichever


def totals(cells: Iterable[dict[str, int]]) -> int:
    return sum(sum(row.values()) for row in cells)


@given(st.lists(candidates, max_size=60, unique_by=lambda one: one.customer_id))
def test_the_population_is_due_plus_not_due_plus_exempt(population: list[Candidate]) -> None:
    made = plan(population, DUE_BY, TERMS)
    summed = made.count(Verdict.DUE) + made.count(Verdict.NOT_DUE) + made.count(Verdict.EXEMPT)
    assert made.population == len(population) == summed == totals(made.by_tier.values())
    assert {j.customer_id for j in made.judgements} == {c.customer_id for c in population}


@given(st.lists(candidates, max_size=60, unique_by=lambda one: one.customer_id))
def test_everyone_due_has_a_first_channel_or_counts_as_unreachable(population: list[Candidate]) -> None:
    made = plan(population, DUE_BY, TERMS)
    assert sum(made.first_channels.values()) + made.unreachable == len(made.due)
    assert made.cost_yen == sum(TERMS.yen[j.first_channel] for j in made.due if j.first_channel)
    assert 0 <= made.expected_answers <= len(made.due)


@given(candidates)
def test_every_verdict_has_a_reason_and_simplified_customers_are_never_due(one: Candidate) -> None:
    judgement = judge(one, DUE_BY, TERMS)
    assert judgement.reasons
    if one.due_diligence == "SIMPLIFIED":
        assert judgement.verdict is Verdict.EXEMPT
    if judgement.first_channel:
        assert judgement.verdict is Verdict.DUE
        assert judgement.first_channel in one.channels


def test_the_day_itself_is_due_and_the_day_after_is_not() -> None:
    assert judge(a_candidate(next_review_on=DUE_BY), DUE_BY, TERMS).reasons == ("cycle",)
    assert judge(a_candidate(next_review_on=date(2027, 1, 1)), DUE_BY, TERMS).reasons == ("not_yet",)


def test_a_customer_never_reviewed_is_due() -> None:
    judgement = judge(a_candidate(next_review_on=None), DUE_BY, TERMS)
    assert (judgement.verdict, judgement.reasons) == (Verdict.DUE, ("never_reviewed",))


def test_a_customer_in_a_running_campaign_is_not_asked_twice() -> None:
    judgement = judge(a_candidate(is_under_review=True), DUE_BY, TERMS)
    assert (judgement.verdict, judgement.reasons) == (Verdict.NOT_DUE, ("under_review",))


def test_an_exemption_keeps_the_reasons_the_rating_gave() -> None:
    exempt = a_candidate(due_diligence="SIMPLIFIED", exemption_codes=("salary_account", "no_alerts"))
    assert judge(exempt, DUE_BY, TERMS).reasons == ("salary_account", "no_alerts")


def test_the_cheapest_usable_rung_comes_first_and_the_ladder_only_climbs() -> None:
    assert first_usable(LADDER, {"POST", "SMS"}) == "SMS"
    assert first_usable(LADDER, {"POST", "SMS", "LINE"}, after="SMS") == "POST"
    assert first_usable(LADDER, {"LINE"}, after="LINE") is None
    assert first_usable(LADDER, {"LINE"}, after="PIGEON") is None


@given(st.sets(st.sampled_from(LADDER)))
def test_climbing_the_ladder_visits_every_usable_rung_once(usable: set[str]) -> None:
    climbed, rung = [], first_usable(LADDER, usable)
    while rung:
        climbed.append(rung)
        rung = first_usable(LADDER, usable, after=rung)
    assert climbed == [channel for channel in LADDER if channel in usable]


def test_the_estimate_is_yen_per_notice_by_first_channel() -> None:
    population = [
        a_candidate(customer_id=uuid.UUID(int=number), channels=frozenset({channel}))
        for number, channel in enumerate(["LINE", "SMS", "EMAIL", "POST"])
    ]
    assert plan(population, DUE_BY, TERMS).cost_yen == Decimal("123.5")


def hash_of(**changes: object) -> str:
    known: dict[str, object] = {
        "customer_ids": [uuid.UUID(int=1), uuid.UUID(int=2)],
        "terms": TERMS.document(),
        "texts": {"notices": "1", "individual": "a"},
        "due_by": DUE_BY,
        "deadline_on": date(2027, 1, 31),
    }
    return plan_hash(**(known | changes))  # type: ignore[arg-type]  # fields, whichever


def test_the_hash_ignores_order_and_notices_everything_else() -> None:
    """S15: an approval covers the audience, the ladder, the texts and the deadline."""
    assert hash_of() == hash_of(customer_ids=[uuid.UUID(int=2), uuid.UUID(int=1)])
    edits: list[dict[str, object]] = [
        {"customer_ids": [uuid.UUID(int=1)]},
        {"terms": TERMS.document() | {"ladder": {"LOW": ["SMS", "LINE"]}}},
        {"texts": {"notices": "2", "individual": "a"}},
        {"due_by": date(2026, 12, 30)},
        {"deadline_on": date(2027, 2, 1)},
    ]
    assert len({hash_of(), *(hash_of(**edit) for edit in edits)}) == len(edits) + 1


def test_a_plan_may_begin_with_what_has_reached_the_customer() -> None:
    """The usual order is kept among those channels, and among the others."""
    by_post = a_candidate(channels=frozenset({"LINE", "SMS", "POST"}), reached=frozenset({"POST", "SMS"}))
    assert plan([by_post], DUE_BY, Terms()).due[0].first_channel == "LINE"
    begun = plan([by_post], DUE_BY, Terms(begins_with_reached=True))
    assert begun.due[0].first_channel == "SMS"
    order = rungs_for(("LINE", "SMS", "EMAIL", "POST"), (), {"POST", "SMS"}, begins_with_reached=True)
    assert order == ("SMS", "POST", "LINE", "EMAIL")


def test_what_a_flag_asks_for_comes_before_what_has_reached_the_customer() -> None:
    order = rungs_for(("LINE", "SMS", "POST"), {"VULNERABLE"}, {"SMS"}, begins_with_reached=True)
    assert order == ("POST", "LINE", "SMS")


def test_a_plan_counts_whom_something_has_reached_before() -> None:
    people = [
        a_candidate(channels=frozenset({"LINE", "POST"}), reached=frozenset({"POST"})),
        a_candidate(channels=frozenset({"LINE"}), reached=frozenset({"POST"})),  # by an address that is not usable now
        a_candidate(channels=frozenset({"LINE"})),
        a_candidate(channels=frozenset()),
    ]
    summary = plan(people, DUE_BY, Terms()).summary()
    assert (summary["reached"], summary["untried"], summary["unreachable"]) == (1, 2, 1)
