"""The story that must always work, lived through the pages by both banks' staff and customers at once."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TextIO

from django.db import connections
from django.utils import timezone

from cdd.demo.banks import BANKS, STAFF, Bank
from cdd.demo.branches import Branch, id_in
from cdd.demo.browsing import Browser, Page, UnexpectedPage
from cdd.demo.calling import steps_of_people
from cdd.demo.clerks import steps_of_paper
from cdd.demo.evidence import Evidence
from cdd.demo.fetching import steps_of_fetching
from cdd.demo.importing import steps_of_the_book
from cdd.demo.looking import check, wait_for
from cdd.demo.returning import steps_of_returning
from cdd.demo.sandbox import Sandbox
from cdd.demo.seeding import connect_bank
from cdd.demo.steps import Done, Steps
from cdd.demo.tampering import steps_of_the_trail
from customers.synthetic import make_book
from reviews.models import Case
from tenants.models import Tenant
from tenants.sign_in.factors import code_at

CUSTOMERS = 5_300
COMPANIES = 300
BROKEN_ROWS = 44
ANSWERS = 80
DECISIONS = 6
CASE = r"/reviews/[0-9a-f-]{36}/"
STANDINGS = (
    "planned", "notified", "verifying", "in_review", "completed", "undeliverable", "no_answer", "cancelled",
)  # fmt: skip
RATIONALE = "回答の内容を確認し、届出のとおり台帳を改めます。"


class Story:
    """All steps, in order. Each is done for both banks at once, and none is skipped."""

    def __init__(self, *, web_url: str, sandbox_url: str, password: str, output: TextIO, now: datetime) -> None:
        self.now = now
        self.today = timezone.localdate(now)
        self.password = password
        self.sandbox = Sandbox(sandbox_url)
        self.sandbox_url = sandbox_url
        self.web_url = web_url
        self.branches = [self._branch(bank) for bank in BANKS]
        self.steps: Steps[Branch] = Steps(self.branches, output)
        self._one_crowd_at_a_time = threading.Lock()

    def _branch(self, bank: Bank) -> Branch:
        tenant = Tenant.objects.get(slug=bank.slug)
        return Branch(
            bank=bank,
            tenant_id=tenant.pk,
            evidence=Evidence(tenant.pk),
            people={colleague.local_part: Browser(self.web_url) for colleague in STAFF},
            book=make_book(
                individuals=CUSTOMERS - COMPANIES,
                companies=COMPANIES,
                broken=BROKEN_ROWS,
                seed=bank.book_seed,
                bank=bank.slug,
                today=self.today,
                is_detailed=True,
            ),
        )

    def run(self) -> None:
        """Live it.

        Raises:
            StepFailed: with the step's name and what went wrong.
        """
        for name, act in (
            ("Connect the providers", self.connect),
            ("Sign in", self.sign_in),
            ("An approver sets up a second factor and signs in with it", self.set_up_factor),
            *steps_of_the_book(self.today),
            *steps_of_fetching(self.sandbox_url),
            ("Rate every customer", self.wait_for_rating),
            ("Plan a campaign over everybody who is due", self.plan),
            ("Imported = due + not due + exempt", self.check_plan),
            ("The planner cannot approve their own plan", self.refuse_self_approval),
            ("A second person approves", self.approve),
            ("Notify by LINE, SMS, e-mail and post, up the ladder", self.wait_for_sending),
            ("Every notice is accounted for, none sent twice", self.check_notices),
            ("Customers answer, some prove who they are", self.answer),
            ("Answers reach the campaign, identities are verified", self.wait_for_answers),
            ("No notice was sent after an answer", self.check_silence),
            ("An officer decides cases with old and new side by side", self.decide),
            ("The officer cannot approve their own decision", self.refuse_own_decision),
            ("One decision is returned and made again", self.return_one),
            ("A second person approves the decisions", self.approve_cases),
            ("File, rating and next review date follow", self.check_cases),
            *steps_of_returning(),
            *steps_of_people(),
            *steps_of_paper(),
            ("The campaign's numbers add up on its page", self.check_progress),
            ("No page of one bank opens for the other", self.check_walls),
            ("The audit trail tells every change of status", self.check_trail),
            *steps_of_the_trail(self.now),
        ):
            self.steps.run(name, self._with_own_connection(act))

    def close(self) -> None:
        """Hang up everywhere."""
        self.sandbox.close()
        for branch in self.branches:
            for browser in branch.people.values():
                browser.close()

    @staticmethod
    def _with_own_connection(act: Callable[[Branch], Done]) -> Callable[[Branch], Done]:
        def done(branch: Branch) -> Done:
            try:
                return act(branch)
            finally:
                connections.close_all()

        return done

    def connect(self, branch: Branch) -> Done:
        """LINE learns our address, the sandbox who the customers are."""
        connect_bank(branch.bank, now=self.now)
        loaded = self.sandbox.load_people(branch.bank.slug, branch.book.content)
        return Done(loaded, "people known")

    def sign_in(self, branch: Branch) -> Done:
        """Everybody, through the real form; a wrong password first."""
        for colleague in STAFF:
            browser = branch.people[colleague.local_part]
            form = browser.get("/sign-in/").form("/sign-in/")
            email = colleague.email(branch.bank)
            refused = browser.send(form, {"username": email, "password": "not the password"}, expect=422)
            page = browser.send(refused.form("/sign-in/"), {"username": email, "password": self.password})
            check(page.path == "/", f"{email} landed on {page.path}")
        return Done(len(STAFF), "people")

    def set_up_factor(self, branch: Branch) -> Done:
        """By the secret on the page, as an authenticator application reads it; then out, and in by two steps."""
        approver = branch.approver
        path = "/account/security/app/"
        page = approver.get(path)
        found = re.search(r'qr__key">([A-Z2-7]+)<', page.html)
        check(found is not None, "the page shows no key")
        secret = str(found and found[1])
        codes = approver.send(page.form(path), {"code": code_at(secret)})
        check(codes.path == "/account/security/codes/", f"landed on {codes.path}")
        approver.send(codes.form("/sign-out/"))
        email = next(one for one in STAFF if one.local_part == "approver").email(branch.bank)
        form = approver.get("/sign-in/").form("/sign-in/")
        step = approver.send(form, {"username": email, "password": self.password})
        check(step.path == "/sign-in/code/", f"the password alone led to {step.path}")
        # The code that set it up is used up; the application's next one is good already.
        home = approver.send(step.form("/sign-in/code/"), {"code": code_at(secret, time.time() + 30)})
        check(home.path == "/", f"landed on {home.path}")
        return Done(1, "second factor")

    def wait_for_rating(self, branch: Branch) -> Done:
        """The start page counts customers by tier; nobody is left without."""

        def rated() -> int | None:
            home = branch.officer.get("/")
            total = home.number("/customers/")
            try:
                tiers = [home.number("/customers/", tier=tier) for tier in ("HIGH", "MEDIUM", "LOW")]
            except UnexpectedPage:
                return None
            return total if total == sum(tiers) else None

        total = wait_for(rated, 120, "every customer to be rated")
        check(total == branch.book.good, f"{total} customers, {branch.book.good} imported")
        listed = branch.officer.get("/customers/").links_to(r"/customers/[0-9a-f-]{36}/")
        branch.customer_path = listed[0].removeprefix(self.web_url)
        return Done(total, "customers")

    def plan(self, branch: Branch) -> Done:
        """The officer plans and asks for approval."""
        form = branch.officer.get("/campaigns/new/").form("/campaigns/new/")
        page = branch.officer.send(
            form,
            {
                "name": f"{self.today:%Y年%-m月} 定期確認",
                "due_by": (self.today + timedelta(days=14)).isoformat(),
                "deadline_on": (self.today + timedelta(days=60)).isoformat(),
            },
        )
        branch.campaign_path = page.path
        page = branch.officer.send(page.form(f"{page.path}submit/"))
        check(page.path == branch.campaign_path, f"landed on {page.path}")
        branch.due = branch.evidence.check_plan(branch.campaign_id, branch.book.good)
        return Done(branch.due, "customers due")

    def check_plan(self, branch: Branch) -> Done:
        """The sums of the plan, in the database and for the approver's eyes."""
        branch.evidence.check_plan(branch.campaign_id, branch.book.good)
        page = branch.approver.get(branch.campaign_path)
        check(f"{branch.due:,}" in page.text, f"the approver's page does not show {branch.due:,}")
        return Done(branch.book.good, "customers judged")

    def refuse_self_approval(self, branch: Branch) -> Done:
        """The planner's page offers no approval, and sending the form all the same is refused."""
        page = branch.officer.get(branch.campaign_path)
        check(not page.has_form(f"{branch.campaign_path}approve/"), "the planner is offered the approval")
        stolen = branch.approver.get(branch.campaign_path).form(f"{branch.campaign_path}approve/")
        stolen.values["csrfmiddlewaretoken"] = page.token()
        branch.officer.send(stolen, expect=403)
        return Done(1, "attempt refused")

    def approve(self, branch: Branch) -> Done:
        """The approver sees the plan and lets it start."""
        page = branch.approver.get(branch.campaign_path)
        page = branch.approver.send(page.form(f"{branch.campaign_path}approve/"))
        check(not page.has_form(f"{branch.campaign_path}approve/"), "the campaign still waits for approval")
        return Done(branch.due, "customers to notify")

    def wait_for_sending(self, branch: Branch) -> Done:
        """Until nothing is under way, no report is outstanding and no ladder has a rung left to climb."""

        def settled() -> bool:
            for _ in range(2):  # twice, because what is reported last may make a ladder climb
                if not (branch.evidence.is_sent(branch.campaign_id) and self.sandbox.is_quiet()):
                    return False
                time.sleep(1)
            return True

        wait_for(settled, 240, "every notice to be sent and reported")
        page = branch.officer.get(branch.campaign_path)
        path = f"{branch.campaign_path}customers/"
        check(page.number(path, stage="planned") == 0, "somebody was never notified")
        return Done(page.number(path, stage="sent"), "customers notified")

    def check_notices(self, branch: Branch) -> Done:
        """Against the providers' own books."""
        arrived: Counter[str] = Counter()
        for channel in self.sandbox.channels():
            arrived.update(message["link"] for message in self.sandbox.messages(branch.bank.slug, channel))
        check(bool(arrived), "the providers have seen nothing")
        return Done(branch.evidence.check_notices(arrived), "notices")

    def answer(self, branch: Branch) -> Done:
        """Customers open what they were sent and answer through the pages."""
        with self._one_crowd_at_a_time:
            tally = self.sandbox.answer(branch.bank.slug, ANSWERS)
        check(tally["error_count"] == 0, f"{tally['error_count']} were stuck: {tally['errors'][:3]}")
        check(tally["outcomes"].get("done", 0) >= ANSWERS // 3, f"too few answered: {tally['outcomes']}")
        return Done(tally["outcomes"]["done"], "answers")

    def wait_for_answers(self, branch: Branch) -> Done:
        """The eKYC vendor's webhooks come in, and nobody who answered is left in between."""
        path = f"{branch.campaign_path}customers/"

        def verified() -> Page | None:
            page = branch.officer.get(branch.campaign_path)
            done = self.sandbox.is_quiet() and page.number(path, stage="verifying") == 0
            return page if done else None

        page = wait_for(verified, 60, "every identity to be verified")
        answered = page.number(path, stage="answered")
        check(answered == branch.evidence.answered(branch.campaign_id), "page and database disagree")
        cleared = branch.evidence.cases(Case.Status.CLEARED)
        check(cleared > 0, "no answer was cleared by rule")
        return Done(answered, "customers answered")

    def check_silence(self, branch: Branch) -> Done:
        """Provably: compared by time."""
        return Done(branch.evidence.check_no_notice_after_answer(), "answers compared")

    def decide(self, branch: Branch) -> Done:
        """The longest waiting first, those with something to accept; every item is accepted."""
        queue = branch.officer.get("/reviews/?status=OPEN").links_to(CASE)
        for address in queue:
            if len(branch.cases) == DECISIONS:
                break
            path = address.removeprefix(self.web_url)
            if self._choices(branch.officer.get(path), path):
                self._decide(branch, path)
                branch.cases.append(path)
        check(len(branch.cases) == DECISIONS, f"only {len(branch.cases)} cases with differences in the queue")
        return Done(len(branch.cases), "cases decided")

    @staticmethod
    def _choices(page: Page, path: str) -> dict[str, str]:
        form = page.form(f"{path}decide/")
        return {name: "accept" for name in sorted(form.names) if name.startswith("take-")}

    def _decide(self, branch: Branch, path: str) -> None:
        page = branch.officer.get(path)
        form = page.form(f"{path}decide/")
        page = branch.officer.send(form, {**self._choices(page, path), "rationale": RATIONALE})
        check(not page.has_form(f"{path}decide/"), f"{path} is still open")

    def refuse_own_decision(self, branch: Branch) -> Done:
        """As with campaigns."""
        for path in branch.cases:
            page = branch.officer.get(path)
            check(not page.has_form(f"{path}approve/"), "the officer is offered the approval")
        form = branch.approver.get(path).form(f"{path}approve/")
        form.values["csrfmiddlewaretoken"] = page.token()
        branch.officer.send(form, expect=403)
        return Done(len(branch.cases), "approvals refused")

    def return_one(self, branch: Branch) -> Done:
        """The approver is not convinced; the officer decides again."""
        path = branch.cases[0]
        page = branch.approver.get(path)
        page = branch.approver.send(page.form(f"{path}return/"), {"reason": "理由をもう少し詳しく書いてください。"})
        check(not page.has_form(f"{path}approve/"), "the decision still waits")
        self._decide(branch, path)
        return Done(1, "decision")

    def approve_cases(self, branch: Branch) -> Done:
        """One after the other."""
        for path in branch.cases:
            page = branch.approver.get(path)
            page = branch.approver.send(page.form(f"{path}approve/"))
            check(not page.has_form(f"{path}approve/"), f"{path} still waits")
        return Done(len(branch.cases), "cases closed")

    def check_cases(self, branch: Branch) -> Done:
        """Every approved decision has had its effect, and only that."""
        fields = sum(branch.evidence.check_closed_case(id_in(path)) for path in branch.cases)
        return Done(fields, "fields updated")

    def check_progress(self, branch: Branch) -> Done:
        """Nobody is lost, on the page as in the database."""
        page = branch.officer.get(branch.campaign_path)
        path = f"{branch.campaign_path}customers/"
        shown = {state: page.number(path, stage=state) for state in STANDINGS}
        targeted = page.number(path, stage="targeted")
        check(sum(shown.values()) == targeted == branch.due, f"{shown} is not {targeted}")
        check(targeted == branch.evidence.check_progress(branch.campaign_id), "page and database disagree")
        check(shown["completed"] >= DECISIONS, f"{shown['completed']} completed")
        return Done(targeted, "customers in the sum")

    def check_walls(self, branch: Branch) -> Done:
        """One bank's addresses, tried by its own people (200) and the other's (404)."""
        other = next(one for one in self.branches if one is not branch)
        paths = [
            branch.customer_path,
            branch.import_path,
            f"{branch.import_path}errors.csv",
            branch.campaign_path,
            f"{branch.campaign_path}customers/",
            *branch.cases,
        ]
        for path in paths:
            own, foreign = branch.officer.status_of(path), other.officer.status_of(path)
            check(own == 200, f"{path} answers its own officer {own}")
            check(foreign == 404, f"{path} answers the other bank's officer {foreign}")
        return Done(len(paths), "addresses tried")

    def check_trail(self, branch: Branch) -> Done:
        """Compared row by row; and the auditor can read it."""
        branch.people["auditor"].get("/audit/")
        return Done(branch.evidence.check_trail(), "status changes")
