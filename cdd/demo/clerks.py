"""Steps of the story on paper: a sheet comes in and is keyed, and a second person keys it without seeing the first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone

from cdd.demo.branches import Branch
from cdd.demo.browsing import Browser, Form, Page
from cdd.demo.looking import check, wait_for
from cdd.demo.papering import whole_files
from cdd.demo.papers import sheet_sent_back
from cdd.demo.steps import Done
from outreach.papers.selectors import number_of
from questionnaires.models import Response
from tenants.models import Tenant
from tenants.scoping import tenant_scope

PAGES = 30


@dataclass
class Clerks:
    """One bank's officer and approver over one sheet."""

    branch: Branch
    path: str = ""
    reference: str = ""

    def key(self) -> Done:
        """The sheet is noted by its number, with a scan of every page, and keyed page by page."""
        officer, register = self.branch.officer, reverse("paper-receive")
        number, scans = self._sheet()
        first, *others = [("scan.jpg", scan, "image/jpeg") for scan in scans]
        today = timezone.localdate().isoformat()
        said: dict[str, str | list[str]] = {
            "number": number, "received_on": today, "is_signed": "yes", "signed_on": today,
        }  # fmt: skip
        page = officer.send(officer.get(register).form(register), said, files={"scans": first})
        check(page.path != register, f"the sheet was not taken: {page.text[:200]}")
        self.path = page.path
        for scan in others:
            page = officer.send(page.form(f"{self.path}scans/"), files={"file": scan})
        again = officer.send(officer.get(register).form(register), said, expect=422)
        check(self.path in again.html, "a sheet that came in twice does not lead to the first")
        page = self._through(officer, officer.send(page.form(f"{self.path}keying/")), f"{self.path}key/")
        page = officer.send(page.form(f"{self.path}key/"))
        check(not page.has_form(f"{self.path}checking/"), "whoever keyed is offered the check")
        check(self._response().status == Response.Status.OPEN, "what one person keyed is the answer already")
        return Done(1, "sheet")

    def check(self) -> Done:
        """The approver keys what matters once more, and decides the rest beside the picture."""
        approver = self.branch.approver
        page = wait_for(self._with_pictures, 60, "the scans to be examined")
        page = self._through(approver, approver.send(page.form(f"{self.path}checking/")), f"{self.path}check/")
        form = page.form(f"{self.path}check/")
        page = approver.send(form, {name: values[0] for name, values in form.choices.items()})
        response = self._response()
        stands = (response.status, response.origin)
        check(stands == (Response.Status.SUBMITTED, Response.Origin.PAPER), f"the response is {stands}")
        return Done(1, "sheet")

    def _sheet(self) -> tuple[str, list[bytes]]:
        with tenant_scope(self.branch.tenant_id):
            response = next(whole_files(1), None)
            check(response is not None, "nobody is left whose file is whole")
            assert response is not None
            self.reference = str(response.reference)
            number = number_of(response.reference)
            return number, sheet_sent_back(Tenant.objects.get(pk=self.branch.tenant_id), response, number)

    def _response(self) -> Response:
        with tenant_scope(self.branch.tenant_id):
            found: Response = Response.objects.get(reference=self.reference)
            return found

    def _with_pictures(self) -> Page | None:
        page = self.branch.approver.get(self.path)
        return page if f'src="{self.path}scans/' in page.html else None

    def _through(self, person: Browser, page: Page, end: str) -> Page:
        """Nothing has changed, and no to what is asked anew, until the last page."""
        for _ in range(PAGES):
            if page.path == end:
                return page
            forms = [form for form in page.forms if form.path == page.path]
            check(bool(forms), f"{page.path} asks nothing")
            page = self._keyed(person, forms)
        raise AssertionError(f"{page.path} comes again and again")

    def _keyed(self, person: Browser, forms: list[Form]) -> Page:
        for form in forms:
            if ("action", "unchanged") in form.buttons:
                return person.send(form, {"action": "unchanged"})
        no = {name: "no" for name, values in forms[-1].choices.items() if "no" in values}
        return person.send(forms[-1], {**no, "action": "continue"})


def steps_of_paper() -> list[tuple[str, Callable[[Branch], Done]]]:
    """The names of these steps in the story, and what each does for one bank."""
    clerks: dict[str, Clerks] = {}

    def over(branch: Branch) -> Clerks:
        return clerks.setdefault(branch.bank.slug, Clerks(branch))

    return [
        ("An answer on paper is noted and keyed", lambda branch: over(branch).key()),
        ("A second person keys it unseen, and it is the answer", lambda branch: over(branch).check()),
    ]
