"""The robot customer: opens the link in a message and answers through the bank's real pages, as a browser would."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import aiohttp

from sandbox.forms import Form, Page, read_page
from sandbox.people import Person
from sandbox.personas import Respondent
from sandbox.scenario import chance
from sandbox.store import Message
from sandbox.world import World

CONCURRENCY = 8
STEPS = 60
REDIRECTS = 10
PAGE_LIMIT = 2 * 1024 * 1024
ERRORS_LISTED = 50
WAITS = 40
WAIT_SECONDS = 0.5


class Stuck(Exception):
    """The robot can't go on; the message says on which page and why."""


@dataclass
class Tally:
    """Counts per persona and outcome, with the errors met."""

    people: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    errors: list[dict[str, str]] = field(default_factory=list)
    running: bool = True

    def note(self, persona: str, outcome: str) -> None:
        self.counts[persona][outcome] += 1

    def as_json(self) -> dict[str, object]:
        totals: Counter[str] = Counter()
        for outcomes in self.counts.values():
            totals.update(outcomes)
        return {
            "running": self.running,
            "people": self.people,
            "outcomes": dict(totals),
            "personas": {persona: dict(outcomes) for persona, outcomes in sorted(self.counts.items())},
            "errors": self.errors[:ERRORS_LISTED],
            "error_count": totals["error"],
        }


class Browser:
    """Cookies, redirects, forms; visits the sandbox, the callback base and loopback only."""

    def __init__(self, world: World, session: aiohttp.ClientSession) -> None:
        self._world = world
        self._session = session
        self.address = ""

    async def open(self, url: str) -> Page:
        return await self._request("GET", url, None)

    async def send(self, form: Form, answers: dict[str, str]) -> Page:
        return await self._request("POST", urljoin(self.address, form.action or self.address), answers)

    def _target(self, url: str) -> str:
        own = urlsplit(self._world.http_base)
        if urlsplit(url).netloc == own.netloc:
            return url
        target = self._world.courier.reachable(url)
        if target is None:
            raise Stuck(f"the link leads to {urlsplit(url).hostname}, outside the callback base")
        return target

    async def _request(self, method: str, url: str, data: dict[str, str] | None) -> Page:
        for _ in range(REDIRECTS):
            url = self._target(url)
            parts = urlsplit(url)
            headers = {"Accept-Language": "ja", "User-Agent": "Mozilla/5.0 (sandbox customer)"}
            if method == "POST":
                headers |= {"Origin": f"{parts.scheme}://{parts.netloc}", "Referer": self.address or url}
            async with self._session.request(
                method, url, data=data, headers=headers, allow_redirects=False
            ) as response:
                if response.status in {301, 302, 303, 307, 308}:
                    url = urljoin(url, response.headers.get("Location", ""))
                    method, data = ("GET", None) if response.status not in {307, 308} else (method, data)
                    continue
                body = await response.content.read(PAGE_LIMIT)
                self.address = url
                page = read_page(body.decode("utf-8", "replace"))
                if response.status >= 400 and not page.kind:
                    raise Stuck(f"{parts.path} answered {response.status}: {page.title[:80]}")
                return page
        raise Stuck("too many redirects")


class Visit:
    """One customer's walk through the pages, ending in an outcome."""

    def __init__(self, browser: Browser, respondent: Respondent) -> None:
        self._browser = browser
        self._respondent = respondent
        self._identities = 0
        self._questions = 0
        self._waits = 0
        self._outcome = ""

    async def run(self, url: str) -> str:
        """done, stopped, gave_up, cannot_prove or ended; raises Stuck when the pages don't lead on."""
        page = await self._browser.open(url)
        seen: tuple[str, str] = ("", "")
        for _ in range(STEPS):
            act = getattr(self, f"_on_{page.kind}", None)
            if act is None:
                raise Stuck(f"page of kind {page.kind!r} ({page.title[:80]})")
            place = (page.kind, self._browser.address)
            if place == seen and page.kind in {"question", "check"}:
                raise Stuck(f"{page.kind} page came again: {page.heading[:80]} / {page.alert}")
            seen = place
            following: Page | None = await act(page)
            if following is None:
                return self._outcome
            page = following
        raise Stuck("too many pages")

    def _end(self, outcome: str) -> Page | None:
        self._outcome = outcome
        return None

    def _form(self, page: Page) -> Form:
        form = page.answer_form()
        if form is None:
            raise Stuck(f"no form on the {page.kind} page ({page.heading[:80]})")
        return form

    async def _press(self, form: Form, answers: dict[str, str], action: str) -> Page:
        if form.button(action) is None:
            offered = ", ".join(f"{button.name}={button.value}" for button in form.buttons)
            raise Stuck(f"no button action={action} (there is {offered or 'none'})")
        return await self._browser.send(form, {**answers, "action": action})

    async def _on_landing(self, page: Page) -> Page:
        link = next((link for link in page.links if link.rstrip("/").endswith("identity")), None)
        if link:
            return await self._browser.open(urljoin(self._browser.address, link))
        raise Stuck("the landing page leads nowhere")

    async def _on_identity(self, page: Page) -> Page | None:
        wrong = self._respondent.persona == "wrong_identity"
        if self._identities >= (2 if wrong else 1):
            if wrong:
                return self._end("gave_up")
            if not self._respondent.can_prove:
                return self._end("cannot_prove")
            raise Stuck(f"the right answers were refused: {page.alert}")
        self._identities += 1
        form = self._form(page)
        return await self._browser.send(form, self._with_button(form, self._respondent.identity(form, wrong=wrong)))

    @staticmethod
    def _with_button(form: Form, answers: dict[str, str]) -> dict[str, str]:
        named = next((button for button in form.buttons if button.name), None)
        return {**answers, named.name: named.value} if named else answers

    async def _on_question(self, page: Page) -> Page | None:
        if self._respondent.persona == "wrong_identity":
            raise Stuck("a wrong identity was let in")
        if self._respondent.persona == "late_half" and self._questions >= 2:
            return self._end("stopped")
        self._questions += 1
        same, change = page.form_with("unchanged"), page.form_with("continue")
        if same and not (change and self._respondent.is_affected(change)):
            return await self._press(same, same.preset(), "unchanged")
        form = change or self._form(page)
        return await self._press(form, self._respondent.answers(form, only_changes=same is not None), "continue")

    async def _on_check(self, page: Page) -> Page | None:
        if self._respondent.persona == "late_half":
            return self._end("stopped")
        form = page.form_with("submit") or self._form(page)
        return await self._press(form, form.preset(), "submit")

    async def _on_ekyc(self, page: Page) -> Page | None:
        if self._respondent.persona == "late_half":
            return self._end("stopped")
        form = page.form_with("start")
        if form:
            return await self._press(form, form.preset(), "start")
        self._waits += 1
        if self._waits > WAITS:
            raise Stuck("the result of the identity check never came")
        await asyncio.sleep(WAIT_SECONDS)
        return await self._browser.open(self._browser.address)

    async def _on_vendor(self, page: Page) -> Page:
        form = self._form(page)
        return await self._press(form, {**form.preset(), **self._respondent.card()}, "submit")

    async def _on_done(self, page: Page) -> Page | None:
        return self._end("done")

    async def _on_end(self, page: Page) -> Page | None:
        wrong = self._respondent.persona == "wrong_identity" and self._identities
        return self._end("gave_up" if wrong else "ended")


class Robot:
    """Lets people with unread messages answer, a few at a time."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.last: Tally | None = None

    def waiting(self, limit: int, bank: str | None) -> list[tuple[Person, Message]]:
        """People with an arrived, unread message that carries a link, and the newest such message.

        In an order that has nothing to do with the channel: whoever was told last is not the first to answer.
        """
        found: list[tuple[Person, Message]] = []
        for owner in sorted(self._world.store.owners(), key=lambda owner: chance("answers", owner)):
            person = self._world.people.get(owner)
            if person is None:
                continue
            messages = [
                message
                for message in self._world.store.owned_by(owner)
                if message.link and message.arrived and not message.answered and bank in (None, message.bank)
            ]
            if messages:
                found.append((person, messages[-1]))
            if len(found) >= limit:
                break
        return found

    async def answer(self, limit: int, bank: str | None) -> Tally:
        """Everybody waiting, up to `limit` people; returns when all have finished."""
        tally = Tally()
        self.last = tally
        queue = list(reversed(self.waiting(limit, bank)))
        tally.people = len(queue)
        try:
            await asyncio.gather(*(self._work(queue, tally) for _ in range(CONCURRENCY)))
        finally:
            tally.running = False
        return tally

    async def _work(self, queue: list[tuple[Person, Message]], tally: Tally) -> None:
        while queue:
            person, message = queue.pop()
            persona = self._world.scenario.persona(person.key, person.row)
            outcome = "ignored" if persona == "silent" else await self._visit(person, message, persona, tally)
            tally.note(persona, outcome)
            for other in self._world.store.owned_by(person.key):
                if other.link == message.link:
                    other.answered = outcome
                    other.read = other.read or outcome != "ignored"

    async def _visit(self, person: Person, message: Message, persona: str, tally: Tally) -> str:
        jar = aiohttp.CookieJar(unsafe=True)
        timeout = aiohttp.ClientTimeout(total=60)
        try:
            async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as session:
                visit = Visit(Browser(self._world, session), Respondent(person, persona))
                return await visit.run(message.link)
        except (Stuck, aiohttp.ClientError, TimeoutError, ValueError) as problem:
            if len(tally.errors) < ERRORS_LISTED:
                tally.errors.append({"person": person.key, "persona": persona, "channel": message.channel,
                                     "problem": f"{type(problem).__name__}: {problem}"[:500]})  # fmt: skip
            return "error"
