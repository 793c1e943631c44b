"""Carries callbacks to the product: a bounded queue, a few carriers, retries, hold and release."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import aiohttp

QUEUE_LIMIT = 400_000
CARRIERS = 16
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(slots=True)
class Callback:
    """One signed POST. `build` is asked anew for every attempt (from 0): LINE marks a redelivery in the body."""

    provider: str
    url: str
    build: Callable[[int], tuple[dict[str, str], bytes]]
    attempts: int = 1


class Courier:
    """Delivers callbacks to loopback or to the callback base's host, and counts what came of them."""

    def __init__(self, callback_base: Callable[[], str | None], retry_seconds: Callable[[], float]) -> None:
        self._callback_base = callback_base
        self._retry_seconds = retry_seconds
        self._queue: asyncio.Queue[tuple[Callback, int]] = asyncio.Queue(QUEUE_LIMIT)
        self._open = asyncio.Event()
        self._open.set()
        self._workers: list[asyncio.Task[None]] = []
        self._later: set[asyncio.TimerHandle] = set()
        self._busy = 0
        self._session: aiohttp.ClientSession | None = None
        self.counts: Counter[str] = Counter()
        self.last_errors: dict[str, str] = {}

    async def start(self) -> None:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=10), cookie_jar=aiohttp.DummyCookieJar()
        )
        self._workers = [asyncio.create_task(self._carry()) for _ in range(CARRIERS)]

    async def stop(self) -> None:
        for handle in self._later:
            handle.cancel()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._session:
            await self._session.close()

    @property
    def held(self) -> bool:
        return not self._open.is_set()

    @property
    def pending(self) -> int:
        return self._queue.qsize() + self._busy + len(self._later)

    def hold(self) -> None:
        self._open.clear()

    def release(self) -> None:
        self._open.set()

    def clear(self) -> None:
        """Forgets what has not been delivered yet, and the counts."""
        while not self._queue.empty():
            self._queue.get_nowait()
        for handle in self._later:
            handle.cancel()
        self._later.clear()
        self.counts.clear()
        self.last_errors.clear()

    def send(self, callback: Callback, *, attempt: int = 0) -> None:
        if not callback.url:
            self.counts[f"{callback.provider}.no_address"] += 1
            return
        try:
            self._queue.put_nowait((callback, attempt))
        except asyncio.QueueFull:
            self.counts[f"{callback.provider}.overflow"] += 1

    def reachable(self, url: str) -> str | None:
        """Where the POST really goes; None when that is neither loopback nor the callback base."""
        parts = urlsplit(url)
        base = self._callback_base()
        if base and (not parts.scheme or parts.scheme in {"http", "https"}):
            origin = urlsplit(base)
            return urlunsplit((origin.scheme, origin.netloc, parts.path, parts.query, ""))
        local = parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK
        return urlunsplit(parts._replace(fragment="")) if local else None

    async def _carry(self) -> None:
        while True:
            await self._open.wait()
            callback, attempt = await self._queue.get()
            await self._open.wait()
            self._busy += 1
            try:
                await self._deliver(callback, attempt)
            except Exception as error:
                self._note(callback, f"could not be built: {error!r}")
            finally:
                self._busy -= 1

    async def _deliver(self, callback: Callback, attempt: int) -> None:
        target = self.reachable(callback.url)
        if target is None:
            self._note(callback, f"refused: {urlsplit(callback.url).hostname} is not the callback base")
            return
        headers, body = callback.build(attempt)
        problem = await self._post(target, headers, body)
        if not problem:
            self.counts[f"{callback.provider}.delivered"] += 1
        elif attempt + 1 < callback.attempts:
            self.counts[f"{callback.provider}.retried"] += 1
            self._retry(callback, attempt + 1)
        else:
            self._note(callback, problem)

    async def _post(self, target: str, headers: dict[str, str], body: bytes) -> str:
        """What went wrong, or nothing."""
        if self._session is None:
            return "not started"
        try:
            async with self._session.post(target, data=body, headers=headers, allow_redirects=False) as answer:
                return "" if 200 <= answer.status < 300 else f"answered {answer.status}"
        except (aiohttp.ClientError, TimeoutError) as error:
            return type(error).__name__

    async def try_once(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """The status that one call outside the queue is answered with; 0 if nobody answers."""
        target = self.reachable(url)
        if target is None or self._session is None:
            return 0
        try:
            async with self._session.post(target, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, TimeoutError):
            return 0

    def _retry(self, callback: Callback, attempt: int) -> None:
        handle: asyncio.TimerHandle

        def again() -> None:
            self._later.discard(handle)
            self.send(callback, attempt=attempt)

        handle = asyncio.get_running_loop().call_later(self._retry_seconds() * 2 ** (attempt - 1), again)
        self._later.add(handle)

    def _note(self, callback: Callback, problem: str) -> None:
        self.counts[f"{callback.provider}.failed"] += 1
        with contextlib.suppress(ValueError):
            self.last_errors[callback.provider] = f"{urlsplit(callback.url).path}: {problem}"
