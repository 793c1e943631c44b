"""Taking in an XLSForm workbook: a dry look, and the draft that is made of it."""

from __future__ import annotations

from dataclasses import replace

from questionnaires.listing import list_problems
from questionnaires.mapping import facts_to_map, problems_of
from questionnaires.shaping import parse
from questionnaires.xlsform import columns
from questionnaires.xlsform.findings import Finding
from questionnaires.xlsform.reading import Outcome, document_of
from questionnaires.xlsform.workbooks import read_workbook


def look_at(data: bytes, *, audience: str) -> Outcome:
    """What a workbook would become, and what is wrong with it; nothing is kept.

    What answers could not be kept as is told, and is no error: a draft may be corrected.

    Raises:
        WorkbookRefused: it was not opened.
    """
    workbook = read_workbook(data)
    outcome = document_of(workbook.sheets, pyxform=workbook.pyxform)
    if outcome.document is None:
        return outcome
    unkept = [*problems_of(parse(outcome.document), audience, facts_to_map()), *list_problems(outcome.document)]
    notes = [
        Finding(
            "survey",
            outcome.rows.get(one.question, 0),
            columns.MAPS_TO,
            "unkept",
            {"reason": one.reason, "params": dict(one.params)},
            is_error=False,
        )
        for one in unkept
    ]
    return replace(outcome, findings=(*outcome.findings, *notes))
