"""The one object all providers share: scenario, store, people, callbacks, timers, and unreliable answers."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.accounts import Accounts
from sandbox.courier import Courier
from sandbox.people import People, Person
from sandbox.scenario import OK, Scenario
from sandbox.store import Store

TIMER_LIMIT = 400_000


class World:
    """Everything that would be lost when the process ends, apart from letters' PDF files under `data`."""

    def __init__(self, *, scenario: Scenario, people: People, data: Path) -> None:
        self.scenario = scenario
        self.people = people
        self.data = data
        self.store = Store()
        self.bounces: list[dict[str, str]] = []
        self.courier = Courier(
            lambda: self.scenario.document.get("callback_base"),
            lambda: float(self.scenario.document["callbacks"].get("retry_ms", 1000)) / 1000,
        )
        self._timers: set[asyncio.TimerHandle] = set()
        self.on_reset: list[Callable[[], None]] = []
        self.http_base = ""
        self.errands: set[asyncio.Future[Any]] = set()

    @property
    def accounts(self) -> Accounts:
        return Accounts(self.scenario.document["banks"])

    @property
    def timers(self) -> int:
        return len(self._timers)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Does `act` after a while, unless the world is reset first."""
        if len(self._timers) >= TIMER_LIMIT:
            self.store.requests["timers.overflow"] += 1
            return
        handle: asyncio.TimerHandle

        def run() -> None:
            self._timers.discard(handle)
            act()

        handle = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(handle)

    def reset(self) -> None:
        """Forgets every message, timer and callback; keeps the scenario and the people."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        self.courier.clear()
        self.store.clear()
        self.bounces.clear()
        for forget in self.on_reset:
            forget()

    def owner_of(self, person: Person | None, recipient: str) -> str:
        return person.key if person else f"to:{recipient}"

    def fate(self, provider: str, recipient: str, person: Person | None) -> str:
        """What this recipient is like at this provider, drawn from the scenario."""
        return self.scenario.recipient_outcome(provider, recipient, attributes_of(person))


WORLD = web.AppKey("world", World)


def attributes_of(person: Person | None) -> Mapping[str, str]:
    return person.row if person else {}


async def answer_unreliably(
    world: World,
    *,
    provider: str,
    recipient: str,
    person: Person | None,
    accept: Callable[[], Awaitable[web.Response]],
    trouble: Callable[[str], web.Response],
) -> web.Response:
    """Runs `accept` through the weather: late, refused, or accepted and then answered with an error or silence."""
    attempt = world.store.next_attempt(provider, recipient)
    scenario = world.scenario
    await asyncio.sleep(scenario.seconds("latency_ms", provider, recipient, attempt))
    outcome = scenario.request_outcome(provider, recipient, attempt, attributes_of(person))
    world.store.requests[f"{provider}.{outcome}"] += 1
    if outcome == OK:
        return await accept()
    if outcome.endswith("_after"):
        await accept()
    if outcome.startswith("timeout"):
        await _be_silent(scenario)
        return web.Response(status=504)
    return trouble(outcome)


async def _be_silent(scenario: Scenario) -> None:
    """For as long as the scenario says by then: making it shorter ends the silences that last already."""
    began = time.monotonic()
    while (left := float(scenario.document["timeout_ms"]) / 1000 - (time.monotonic() - began)) > 0:
        await asyncio.sleep(min(left, 0.1))


def json_object(body: bytes) -> Any:
    """Parsed JSON; raises ValueError for anything that isn't JSON in UTF-8."""
    try:
        return json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error
