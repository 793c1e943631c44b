"""docs/asvs.yaml answers every requirement of OWASP ASVS 5.0.0, levels 1 and 2, and what it names exists."""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

ANSWERS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docs" / "asvs.yaml").read_text())
KINDS = {"tests", "documented", "not_applicable", "operator", "not_met"}
LEVELS = dict(line.split() for line in (Path(__file__).parent / "asvs_ids.txt").read_text().splitlines())
PUBLISHED = ROOT.parent / "shared" / "specs" / "asvs" / "asvs-5.0.0-en.csv"


def complaints(answer: dict[str, Any] | None) -> list[str]:
    """What is wrong with the answer to one requirement."""
    if not answer or not set(answer) <= KINDS:
        return ["no answer"]
    wrong = [f"no test {name}" for name in answer.get("tests", ()) if not is_test(name)]
    if "tests" in answer and not answer["tests"]:
        wrong.append("names no test")
    if "documented" in answer and not is_section(answer["documented"]):
        wrong.append(f"no section {answer['documented']}")
    reasons = [answer[kind] for kind in ("not_applicable", "operator", "not_met") if kind in answer]
    return wrong + [f"no reason: {reason!r}" for reason in reasons if len(str(reason)) < 20]


def is_test(name: str) -> bool:
    path, _, function = name.partition("::")
    return function in functions_of(path)


@cache
def functions_of(path: str) -> frozenset[str]:
    file = ROOT / path
    if not path.startswith("tests/") or not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text()))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def is_section(link: str) -> bool:
    path, _, anchor = link.partition("#")
    file = ROOT / path
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE) if file.is_file() else []
    return anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_requirement_of_levels_one_and_two_has_a_row() -> None:
    assert set(LEVELS) - set(ANSWERS) == set()
    assert set(ANSWERS) - set(LEVELS) == set()


@pytest.mark.parametrize("requirement", sorted(LEVELS))
def test_each_answer_holds(requirement: str) -> None:
    assert complaints(ANSWERS.get(requirement)) == []


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        {"maybe": "it is a long enough sentence"},
        {"tests": []},
        {"tests": ["tests/security/test_asvs.py::test_that_is_not_there"]},
        {"tests": ["docs/asvs.yaml::test_each_answer_holds"]},
        {"documented": "docs/security.md#a-section-that-is-not-there"},
        {"not_applicable": "no"},
    ],
)
def test_an_empty_or_invented_answer_is_noticed(answer: dict[str, Any] | None) -> None:
    """Positive control."""
    assert complaints(answer)


def test_what_is_not_met_is_said_in_the_security_page_too() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    missing = [name for name, answer in ANSWERS.items() if "not_met" in answer and name not in page]
    assert missing == []


@pytest.mark.skipif(not PUBLISHED.is_file(), reason="The published list is not beside this checkout.")
def test_the_list_is_the_published_one() -> None:
    with PUBLISHED.open(encoding="utf-8-sig") as file:
        published = {row["req_id"]: row["L"] for row in csv.DictReader(file) if row["L"] in {"1", "2"}}
    assert published == LEVELS
