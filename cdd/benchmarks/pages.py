"""Whether the pages of the customer book take as long with a million customers as with ten thousand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.services import Actor
from cdd.benchmarks import Result, peak_rss_mb
from cdd.benchmarks.books import SURNAME, Person, fill, id_of, open_up
from cdd.benchmarks.ground import Ground, throwaway
from customers.models import Customer
from customers.segments.conditions import AnyOf, Condition, Day, Way, document_of
from customers.segments.selecting import customers_of
from customers.segments.services import save_segment
from tenants.keyset import keyset_page
from tenants.models import Role, Tenant, User
from tenants.scoping import tenant_context, tenant_scope
from tenants.services import add_member, create_tenant

ROWS = 1_000_000
# The book it is compared with is a hundredth.
SHARE = 100
ROUNDS = 40
PAGE = 50
STARTS = 20
WORK = (
    "Pages of the customer book through the whole of Django (signed in, application role, row-level security, every"
    " name on the page opened), in turn over a book and one of a hundredth in the same database. To the peer: the"
    " worst page's 95th percentile with the small book by that with the large; to the limit: the list's by medians."
)
ACTOR = Actor.system("bench")
SEGMENTS: Mapping[str, Sequence[Condition]] = {
    "narrow": (AnyOf("risk_tier", ("HIGH",)), Day("next_review_on", Way.WITHIN, 365), AnyOf("has_channel", ("EMAIL",))),
    "wide": (AnyOf("risk_tier", ("LOW", "MEDIUM")), AnyOf("kind", ("INDIVIDUAL",))),
}
COUNTED = {
    "risk_tier": ["HIGH"],
    "next_review_on": "within",
    "next_review_on_days": "365",
    "has_channel": ["EMAIL"],
}

type Times = dict[str, tuple[list[float], list[float]]]


@dataclass(frozen=True, slots=True)
class Book:
    """One bank's book, a browser, who can be found in it, and where its pages begin."""

    client: Client
    people: Sequence[Person]
    cursors: Sequence[str]
    segments: Mapping[str, str]


def run(rows: int) -> Result:
    """Measure over books of `rows` customers and of a hundredth."""
    now = timezone.now()
    with throwaway(now) as ground:
        began = perf_counter()
        few = create_tenant(slug="few", name="小計測銀行", name_en="Small Bench Bank", actor=ACTOR, now=now)
        large = _book(ground, ground.tenant, rows, now)
        small = _book(ground, few, max(rows // SHARE, 2 * PAGE), now)
        for table in ("customers_customer", "customers_contactpoint", "customers_namepart"):
            ground.tidy(table)
        filled = perf_counter() - began
        times = _measure(large, small, min(ROUNDS, max(rows // 500, 5)))
        queries = {name: (_queries(large, name), _queries(small, name)) for name in times}
    figures: dict[str, float] = {"rows": rows, "fill_seconds": filled}
    for name, (slow, quick) in times.items():
        figures |= {
            f"{name}_p95_ms": 1000 * _p95(slow),
            f"{name}_p95_ms_small": 1000 * _p95(quick),
            f"{name}_p95_ratio": _p95(slow) / _p95(quick),
            f"{name}_median_ratio": median(slow) / median(quick),
            f"{name}_queries": queries[name][0],
            f"{name}_queries_small": queries[name][1],
        }
    return Result(
        name="pages",
        rate_per_s=len(times["list"][0]) / sum(times["list"][0]),
        ratio_to_peer=min(_p95(quick) / _p95(slow) for slow, quick in times.values()),
        ratio_to_limit=median(times["list"][1]) / median(times["list"][0]),
        peak_rss_mb=peak_rss_mb(),
        work=WORK,
        figures=figures,
    )


def _book(ground: Ground, tenant: Tenant, rows: int, now: datetime) -> Book:
    today = timezone.localdate(now)
    fill(ground, tenant, rows, today=today)
    client = Client(SERVER_NAME="localhost")
    client.force_login(_officer(tenant, now))
    chance = Random(rows)  # noqa: S311  # where, repeatably
    with tenant_scope(tenant.pk):
        everybody = Customer.objects.order_by("pk")
        ids = list(everybody.values_list("pk", flat=True)[: PAGE + 1])
        cursors = []
        for _ in range(STARTS):
            place = everybody.filter(pk__gte=id_of(tenant, chance.randrange(max(rows - 2 * PAGE, 1))))
            ids += place.values_list("pk", flat=True)[: PAGE + 3]
            cursors.append(keyset_page(place, order=("id",), limit=1).next_cursor or "")
        segments = {}
        for name, conditions in SEGMENTS.items():
            asked = document_of(conditions)
            kept = save_segment(name=name, document=asked, is_shared=True, owner=0, actor=ACTOR, now=now)
            segments[name] = f"{reverse('customers')}?segment={kept.pk}"
            ids += customers_of(asked, today=today).order_by("pk").values_list("pk", flat=True)[: PAGE + 1]
    with tenant_context(tenant.pk):
        people = open_up(sorted(set(ids)))
    return Book(client, people, cursors, segments)


def _officer(tenant: Tenant, now: datetime) -> User:
    email = f"officer@{tenant.slug}.example"
    with tenant_scope(tenant.pk):
        add_member(email=email, name="計測", role=Role.OFFICER, password=None, actor=ACTOR, now=now)
    user = User.objects.get(email=email)
    user.password = make_password(None)
    user.save(update_fields=["password"])
    return user


def _measure(large: Book, small: Book, rounds: int) -> Times:
    """Seconds of each page, with the large and the small book in turn, so that neighbours disturb both."""
    times: Times = {}
    asked = [_asks(book) for book in (large, small)]
    for name in asked[0]:
        times[name] = ([], [])
        for place in range(-3, rounds):
            for asks, taken in zip(asked, times[name], strict=True):
                seconds = _timed(asks[name])
                if place >= 0:
                    taken.append(seconds)
    return times


def _asks(book: Book) -> dict[str, Callable[[], Any]]:
    """A request of each kind, each time for somebody or somewhere else."""
    chance, client = Random(1), book.client  # noqa: S311  # who, repeatably
    counted = book.segments["narrow"].replace(reverse("customers"), reverse("customers-count"))

    def someone() -> Person:
        return chance.choice(book.people)

    def found(words: str) -> Any:
        return client.post(reverse("customer-search"), {"search": words}, follow=True)

    return {
        "list": lambda: client.get(reverse("customers"), {"after": chance.choice(book.cursors)}),
        "number": lambda: found(someone().number),
        "name": lambda: found(someone().name),
        "surname": lambda: found(SURNAME),
        "telephone": lambda: found(someone().phone),
        "detail": lambda: client.get(reverse("customer", args=[someone().pk])),
        "segment": lambda: client.get(book.segments["narrow"]),
        "wide_segment": lambda: client.get(book.segments["wide"]),
        "counted": lambda: client.get(counted, headers={"HX-Request": "true"}),
        "count": lambda: client.post(reverse("segment-count"), COUNTED, headers={"HX-Request": "true"}),
    }


def _timed(ask: Callable[[], Any]) -> float:
    began = perf_counter()
    answer = ask()
    seconds = perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"A page answered {answer.status_code}.")
    return seconds


def _queries(book: Book, name: str) -> int:
    """How many statements one such page costs, on the main database, with the tenant's keys at hand.

    The fewest of three: every few seconds a request also looks for newer keys, or notes that the session is in use.
    """
    costs = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            _asks(book)[name]()
        costs.append(len(captured))
    return min(costs)


def _p95(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=20)[-1]
