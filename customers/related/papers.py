"""Which dated papers about owners are taken: a rule of dates and of legal forms."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

# Only these may file a list (商業登記所における実質的支配者情報一覧の保管等に関する規則 §2): 株式会社, 特例有限会社.
MAY_FILE_LIST = frozenset({"stock"})


class PaperRefused(Exception):
    """The paper cannot be what it is said to be; ``code`` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_paper(*, is_registry_list: bool, legal_form: str, as_of_on: date, filed_on: date, today: date) -> None:
    """Whether a paper is taken as evidence.

    Raises:
        PaperRefused: filed in the future; of a day after it was filed; a list of the registry of a day more than a
            month before it was filed, which the registry does not take (same rules, §2 (ii)), or of a company
            that cannot file one.
    """
    if filed_on > today:
        raise PaperRefused("in_future")
    if as_of_on > filed_on:
        raise PaperRefused("after_filing")
    if is_registry_list:
        if legal_form not in MAY_FILE_LIST:
            raise PaperRefused("not_for_this_form")
        if as_of_on < month_before(filed_on):
            raise PaperRefused("too_old_when_filed")


def month_before(day: date) -> date:
    """The same day of the month before, or its last where there is none (民法 §143)."""
    year, month = (day.year, day.month - 1) if day.month > 1 else (day.year - 1, 12)
    return date(year, month, min(day.day, monthrange(year, month)[1]))
