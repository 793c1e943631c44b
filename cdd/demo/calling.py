"""Steps of the story for those who call and visit: answers taken on the telephone, a visit with a photograph."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from PIL import Image

from cdd.demo.branches import Branch
from cdd.demo.browsing import Page
from cdd.demo.looking import check, wait_for
from cdd.demo.steps import Done
from outreach.models import OutreachTask
from questionnaires.models import Response
from tenants.scoping import tenant_scope

CUSTOMER = re.compile(r'class="table__main" href="(/customers/[0-9a-f-]{36}/)"')
LISTED = re.compile(r'class="mono">(\d{1,12})<')
NUMBER = re.compile(r'class="mono" href="/customers/[0-9a-f-]{36}/">(\d{1,12})<')
PHOTO = re.compile(r'src="(/outreach/[0-9a-f-]{36}/photos/[0-9a-f-]{36}/)"')
PAGES = 30
# A company proves itself by other facts; who has no telephone is not called, and could not say that nothing changed.
NEEDED = ("生年月日", "口座番号", "電話番号", "住所")


@dataclass
class Caller:
    """One bank's officer, who knows of customers what the bank's own book says."""

    branch: Branch
    book: dict[str, dict[str, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    visited: str = ""

    def visit(self) -> Done:
        """Four small pages and a photograph; each is sent twice, as over a bad line."""
        path = self._task("VISIT")
        officer, steps = self.branch.officer, f"{path}visit/"
        self._twice(f"{steps}place/", {"address_confirmed": "yes", "latitude": "35.6812", "longitude": "139.7671"})
        self._twice(f"{steps}house/", {"signboard": "same", "checklist": ["nameplate", "lived_in"]})
        form = officer.get(f"{steps}photo/").form(f"{steps}photo/")
        for _ in range(2):
            officer.send(form, files={"file": ("kanban.jpg", _photograph(), "image/jpeg")})
        page = officer.get(f"{steps}end/")
        form = page.form(f"{steps}end/")
        for _ in range(2):
            done = officer.send(form, {"outcome": "PROMISED", "note": "ご本人に説明し、回答のお約束をいただきました。"})
            check(done.path == path, f"the visit ended on {done.path}")
        self.visited = path
        return Done(1, "visit")

    def call(self) -> Done:
        """The customer proves who they are, and what they say goes into their own questionnaire."""
        path = self._task("TELEPHONE")
        officer, page = self.branch.officer, self.branch.officer.get(path)
        check(not page.has_form(f"{path}answer/"), "answers may be taken from somebody unknown")
        row = self.book[self._number(page)]
        wrong = {"birth_on": "1900-01-01", "last_digits": row["口座番号"][-4:]}
        refused = officer.send(page.form(f"{path}identity/"), wrong, expect=422)
        said = {**wrong, "birth_on": row["生年月日"]}
        page = officer.send(refused.form(f"{path}identity/"), said)
        page = officer.send(page.form(f"{path}answer/"))
        for _ in range(PAGES):
            if page.path == path:
                break
            page = self._answer(page)
        with tenant_scope(self.branch.tenant_id):
            task = OutreachTask.objects.get(pk=path.strip("/").split("/")[1])
            response = Response.objects.get(reference=task.reference)
        check(task.status == OutreachTask.Status.DONE, f"the task is {task.status}")
        typed = (response.status, response.origin, response.entered_by)
        check(typed == (Response.Status.SUBMITTED, "TELEPHONE", task.assignee), f"the response is {typed}")
        return Done(1, "answer on behalf")

    def look(self) -> Done:
        """The photograph of the visit, drawn anew."""

        def photo() -> str | None:
            page = self.branch.officer.get(self.visited)
            found = PHOTO.findall(page.html)
            check(len(found) <= 1, "the photograph is there twice")
            return found[0] if found else None

        picture = self.branch.officer.download(wait_for(photo, 30, "the photograph to be examined"))
        Image.open(io.BytesIO(picture.content)).verify()
        return Done(1, "photograph")

    def _task(self, kind: str) -> str:
        """A task for somebody whom the campaign has asked and who has not answered, taken by the officer."""
        waiting = next(self._waiting(), None)
        check(waiting is not None, "nobody is left to be called or visited")
        customer, number = waiting or ("", "")
        self.taken.add(number)
        officer, address = self.branch.officer, f"{customer}outreach/"
        task = officer.send(officer.get(address).form(address), {"kind": kind})
        return officer.send(task.form(f"{task.path}take/")).path

    def _waiting(self) -> Iterator[tuple[str, str]]:
        self.book = self.book or {row["顧客番号"]: row for row in _rows(self.branch.book.content)}
        page = self.branch.officer.get(f"{self.branch.campaign_path}customers/?stage=notified")
        for customer, number in zip(CUSTOMER.findall(page.html), LISTED.findall(page.html), strict=True):
            row = self.book.get(number, {})
            if all(row.get(column) for column in NEEDED) and number not in self.taken and not self._has_task(number):
                yield customer, number

    def _has_task(self, number: str) -> bool:
        """The ladder may have come to a call already."""
        with tenant_scope(self.branch.tenant_id):
            return OutreachTask.objects.filter(customer__number=number).exists()

    def _number(self, page: Page) -> str:
        found = NUMBER.search(page.html)
        check(found is not None, f"{page.path} shows no customer number")
        return str(found and found[1])

    def _twice(self, path: str, values: dict[str, str | list[str]]) -> None:
        form = self.branch.officer.get(path).form(path)
        for _ in range(2):
            self.branch.officer.send(form, values)

    def _answer(self, page: Page) -> Page:
        """Nothing has changed, or the last choice of every question."""
        forms = [form for form in page.forms if form.path == page.path]
        for form in forms:
            if ("action", "unchanged") in form.buttons:
                return self.branch.officer.send(form, {"action": "unchanged"})
        check(bool(forms), f"{page.path} asks nothing")
        values = {name: values[-1] for name, values in forms[-1].choices.items() if values[-1]}
        action = {"action": "continue"} if ("action", "continue") in forms[-1].buttons else {}
        return self.branch.officer.send(forms[-1], {**values, **action})


def steps_of_people() -> list[tuple[str, Callable[[Branch], Done]]]:
    """The names of these steps in the story, and what each does for one bank."""
    callers: dict[str, Caller] = {}

    def caller(branch: Branch) -> Caller:
        return callers.setdefault(branch.bank.slug, Caller(branch))

    return [
        ("An officer visits a customer over a bad line, once", lambda branch: caller(branch).visit()),
        ("An officer takes a customer's answers by telephone", lambda branch: caller(branch).call()),
        ("The visit's photograph is examined and shown", lambda branch: caller(branch).look()),
    ]


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("cp932", errors="replace"), newline="")))


def _photograph() -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (640, 480), "navy").save(body, "JPEG")
    return body.getvalue()
