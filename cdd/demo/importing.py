"""How the customer book comes in: uploaded, tried, taken in, and every broken row explained."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date

from cdd.demo.branches import Branch
from cdd.demo.looking import check, decoded, settled_page, wait_for
from cdd.demo.steps import Done


def steps_of_the_book(today: date) -> list[tuple[str, Callable[[Branch], Done]]]:
    """The steps, in order."""
    return [
        ("Upload the customer book", lambda branch: _upload(branch, today)),
        ("Confirm the columns and see what a trial says, nothing taken in yet", _try_file),
        ("Read the whole file, broken rows set aside", _take_in),
        ("Every broken row is explained in the error file", _check_errors),
    ]


def _upload(branch: Branch, today: date) -> Done:
    """The officer gives in the file."""
    form = branch.officer.get("/imports/new/").form("/imports/new/")
    file = (f"{branch.bank.slug}-{today:%Y%m%d}.csv", branch.book.content, "text/csv")
    page = branch.officer.send(form, files={"file": file})
    branch.import_path = page.path
    check(re.fullmatch(r"/imports/[0-9a-f-]{36}/", page.path) is not None, f"landed on {page.path}")
    return Done(branch.book.good + branch.book.broken, "rows")


def _try_file(branch: Branch) -> Done:
    """Every column is understood; the trial counts what would come in, and the book stays empty."""
    path = branch.import_path
    page = branch.officer.get(path)
    branch.officer.send(page.form(f"{path}columns/"))
    page = wait_for(lambda: settled_page(branch.officer.get(path)), 120, "the trial to finish")
    created, _, _, rejected = page.figures()[:4]
    check((created, rejected) == (branch.book.good, branch.book.broken), f"the trial says {created} and {rejected}")
    check(not branch.officer.get("/customers/").links_to(r"/customers/[0-9a-f-]{36}/"), "the trial wrote customers")
    return Done(created, "rows tried")


def _take_in(branch: Branch) -> Done:
    """Ordered by the officer, the page reloads itself until the file is read; then its numbers are final."""
    path = branch.import_path
    branch.officer.send(branch.officer.get(path).form(f"{path}commit/"))
    page = wait_for(lambda: settled_page(branch.officer.get(branch.import_path)), 120, "the import to finish")
    created, updated, unchanged, rejected, total = page.figures()[:5]
    check(created == branch.book.good, f"{created} of {branch.book.good} good rows were taken")
    check(rejected == branch.book.broken, f"{rejected} of {branch.book.broken} broken rows were set aside")
    check(created + updated + unchanged + rejected == total, "the rows do not add up")
    return Done(total, "rows")


def _check_errors(branch: Branch) -> Done:
    """The error file names each row that was not taken."""
    answer = branch.officer.download(f"{branch.import_path}errors.csv")
    rows = list(csv.reader(io.StringIO(decoded(answer.content), newline="")))
    header, *broken = rows
    check(len(broken) == branch.book.broken, f"{len(broken)} rows explained, {branch.book.broken} expected")
    unexplained = [row for row in broken if not row[-1].strip() or not row[-3].strip()]
    check(not unexplained, f"{len(unexplained)} rows have no line or reason")
    check("理由" in header, f"the header is {header[-3:]}")
    return Done(len(broken), "rows explained")
