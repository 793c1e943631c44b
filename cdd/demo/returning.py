"""Steps of the story that end its main job: what was decided goes back to the core system, once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable

from cdd.demo.branches import Branch
from cdd.demo.browsing import Page
from cdd.demo.looking import check, wait_for
from cdd.demo.steps import Done
from customers.facts.catalogue import COLUMNS
from customers.facts.shape import Type
from integrations.returns.layouts import PARTS, PLACES
from integrations.returns.selectors import returnable

LAYOUT, RETURNS = "/returns/layout/", "/returns/"


def steps_of_returning() -> list[tuple[str, Callable[[Branch], Done]]]:
    """The names of these steps in the story, and what each does for one bank."""
    return [
        ("An administrator lays out the return file, and an approver agrees", _lay_out),
        ("What was decided goes back to the core system, released by a second person", _return),
    ]


def _lay_out(branch: Branch) -> Done:
    """A CSV file as the bank's own, each fact with a mark of change, and a trailer with totals."""
    administrator = branch.people["admin"]
    facts = [key for key, fact in returnable().items() if fact.type is not Type.OWNERS]
    fields = ["body\ttext\t2", f"body\tcustomer_number\t{COLUMNS['customer_number'][0]}"]
    for fact in facts:
        fields += [f"body\t{fact}\t{COLUMNS.get(fact, (fact,))[0]}", f"body\tmark:{fact}"]
    fields += [f"body\towners.{number}.{part}" for number in range(1, PLACES + 1) for part in PARTS]
    fields += ["body\tmark:owners"]
    fields += ["trailer\ttext\t8", "trailer\trecords", "trailer\tchanges", "trailer\thash_total"]
    form = administrator.get(LAYOUT).form(LAYOUT)
    form.values.pop("look", None)
    form.values.pop("titles", None)
    page = administrator.send(
        form, {"format": "csv", "encoding": "cp932", "newline": "crlf", "table": "\n".join(fields)}
    )
    check(page.path.startswith(LAYOUT) and page.path != LAYOUT, f"the layout was not proposed: {page.text[:300]}")
    approve = f"{page.path}approve/"
    check(not page.has_form(approve), "whoever proposed the layout is offered the approval")
    shown = branch.approver.get(page.path)
    check("見本 花子" in shown.text, "the approver sees no sample")
    page = branch.approver.send(shown.form(approve))
    check(page.path == RETURNS, f"the layout was not approved: {page.text[:300]}")
    return Done(len(facts), "facts laid out")


def _return(branch: Branch) -> Done:
    """Ordered by the officer, made by a worker, released by the approver, taken, and acknowledged by its totals."""
    officer, approver = branch.officer, branch.approver
    page = officer.send(officer.get(RETURNS).form(f"{RETURNS}prepare/"))
    path = page.path

    def made() -> Page | None:
        shown = approver.get(path)
        return shown if shown.has_form(f"{path}release/") else None

    page = wait_for(made, 60, "the return file to be made")
    check(not officer.get(path).has_form(f"{path}release/"), "the officer is offered the release")
    page = approver.send(page.form(f"{path}release/"))
    check(not page.has_form(f"{path}release/"), "the file still waits for its release")
    file = officer.fetch(officer.get(path).form(f"{path}file/"))
    *records, trailer = csv.reader(io.StringIO(file.decode("cp932"), newline=""))
    # Each fact with its mark, then the owners in their places, and theirs.
    before = len(records[0]) - PLACES * len(PARTS) - 1 if records else 0
    changes = sum(cell in ("1", "2") for record in records for cell in (*record[3:before:2], record[-1]))
    hash_total = sum(int("".join(filter(str.isdigit, record[1])) or 0) for record in records) % 10**12
    check(trailer == ["8", str(len(records)), str(changes), str(hash_total)], f"{trailer} are not the file's totals")
    check(bool(records), "nobody goes back, though decisions changed the file")
    answer = {"records": str(len(records)), "receipt": "R-1"}
    page = officer.send(officer.get(path).form(f"{path}acknowledge/"), answer)
    check(not page.has_form(f"{path}acknowledge/"), "the core system's answer was not taken")
    check(not officer.get(RETURNS).has_form(f"{RETURNS}prepare/"), "something would go back a second time")
    return Done(changes, "changes returned")
