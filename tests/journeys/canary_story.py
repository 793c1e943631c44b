"""The story with a small book whose every personal value is marked, told as a process of its own by test_canary."""

from __future__ import annotations

import csv
import io
import os
import sys
from dataclasses import replace
from typing import Any

import django

# Each stands in every customer's file; none stands anywhere else.
NAME, KANA, ADDRESS, EMAIL = "金糸雀", "カナリヤムシ", "籠ノ鳥荘", "kanariya-in-the-mine"
BEFORE = ("connect", "sign_in")
AFTER = (
    "wait_for_rating", "plan", "approve", "wait_for_sending", "answer", "wait_for_answers", "decide", "approve_cases",
)  # fmt: skip


def marked(content: bytes) -> bytes:
    """The book with a mark in every name, reading, address and e-mail, and a row that cannot be taken."""
    rows = list(csv.reader(io.StringIO(content.decode("cp932"), newline="")))
    header = rows[0]
    at = {title: header.index(title) for title in header}
    for row in rows[1:]:
        for title, mark in (("氏名", NAME), ("カナ", KANA), ("住所", ADDRESS)):
            if row[at[title]]:
                row[at[title]] += mark
        if row[at["代表者"]]:
            row[at["代表者"]] += NAME
        if row[at["メール"]]:
            row[at["メール"]] = EMAIL + row[at["メール"]]
    broken = list(rows[1])
    broken[at["顧客番号"]], broken[at["郵便番号"]] = "9999999999", "12"
    out = io.StringIO(newline="")
    csv.writer(out).writerows([*rows, broken])
    return out.getvalue().encode("cp932")


def main() -> None:
    """Play the steps; raises StepFailed."""
    from importlib import import_module

    from cdd.demo.seeding import demo_password
    from customers.synthetic import make_book

    def small_book(**kwargs: Any) -> Any:
        made = make_book(**{**kwargs, "broken": 0})
        return replace(made, content=marked(made.content), broken=1)

    told: Any = import_module("cdd.demo.story")
    told.CUSTOMERS, told.COMPANIES, told.ANSWERS, told.DECISIONS = 210, 20, 9, 1
    told.BANKS = told.BANKS[:1]
    told.make_book = small_book
    from django.utils import timezone

    story = told.Story(
        web_url=os.environ["WEB_URL"],
        sandbox_url=os.environ["SANDBOX_URL"],
        password=demo_password(),
        output=sys.stdout,
        now=timezone.now(),
    )
    try:
        steps = [(name, getattr(story, name)) for name in BEFORE]
        steps += told.steps_of_the_book(story.today)
        steps += [(name, getattr(story, name)) for name in AFTER]
        for name, act in steps:
            story.steps.run(name, story._with_own_connection(act))
    finally:
        story.close()


if __name__ == "__main__":
    django.setup()
    main()
