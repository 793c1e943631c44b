"""The trial of faults: its book-keeping notices every kind of wrong, and a short storm finds none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any
from uuid import UUID, uuid4

import pytest

from cdd.chaos.ledger import Claim, attempt_of, balance_of
from tests.conftest import ROOT

PUSH, EMAIL = UUID(int=1), UUID(int=2)


def taken(channel: str, attempt_id: UUID) -> dict[str, Any]:
    """A message as the sandbox lists it."""
    if channel == "line":
        return {"channel": "line", "id": "1234", "details": {"retry_key": str(attempt_id)}}
    return {"channel": "email", "id": f"<{attempt_id}@bank.example>", "details": {}}


@pytest.mark.parametrize(
    ("way", "status", "times", "figure", "is_right"),
    [
        ("push", "ACCEPTED", 1, "accepted_once", True),
        ("push", "DELIVERED", 2, "duplicates", False),
        ("push", "FAILED", 0, "lost", False),
        ("push", "FAILED", 1, "untrue", False),
        ("push", "ACCEPTED", 0, "untrue", False),
        ("push", "UNKNOWN", 1, "open", False),
        ("push", "QUEUED", 0, "open", False),
        ("email", "FAILED", 0, "in_doubt_not_accepted", True),
        ("email", "FAILED", 1, "in_doubt_accepted", True),
        ("email", "FAILED", 2, "duplicates", False),
        ("email", "ACCEPTED", 0, "untrue", False),
    ],
)
def test_each_message_is_put_in_its_column(way: str, status: str, times: int, figure: str, is_right: bool) -> None:
    """S1, S2: what counts as right, and that every wrong is seen."""
    channel, attempt_id = ("line", PUSH) if way == "push" else ("email", EMAIL)
    balance = balance_of([Claim(attempt_id, way, status, 1)], [taken(channel, attempt_id)] * times)
    assert getattr(balance.ways[way], figure) == 1
    assert balance.ways[way].messages == 1
    assert balance.is_right is is_right


def test_a_message_that_is_none_of_ours_is_a_fault() -> None:
    balance = balance_of([Claim(PUSH, "push", "ACCEPTED", 1)], [taken("line", PUSH), taken("line", uuid4())])
    assert (balance.strays, balance.is_right) == (1, False)


@pytest.mark.parametrize(
    ("details", "number"),
    [
        ({"retry_key": str(PUSH)}, "1"),
        ({"tag": f"attempt-{PUSH}"}, "1"),
        ({"callback": f"http://127.0.0.1/webhooks/twilio/a1/{PUSH}/"}, "SM1"),
        ({}, f"<{PUSH}@bank.example>"),
        ({"job": str(EMAIL)}, str(PUSH)),
    ],
)
def test_our_id_is_found_in_what_each_provider_keeps(details: dict[str, str], number: str) -> None:
    assert attempt_of({"details": details, "id": number}) == PUSH


@pytest.mark.slow
def test_a_storm_loses_nothing_and_sends_nothing_twice() -> None:
    """S1, S2, S8, S12 on every channel: workers, PostgreSQL and Valkey killed; the long run is `chaos send`."""
    command = [sys.executable, "manage.py", "chaos", "send", "--messages", "240", "--seconds", "12", "--json"]
    environment = {**os.environ, "KEIZOKU_ENV": "test"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["balance"]["faults"] == []
    assert found["is_right"], done.stderr
    assert done.returncode == 0
    assert sum(way["messages"] for way in found["balance"]["ways"].values()) == 240
    assert set(found["balance"]["ways"]) == {"push", "notification", "sms", "email", "post"}
    assert found["damage"]["kills"] >= 6
    assert found["damage"]["whole_workers"] >= 1
    assert (found["damage"]["postgres_crashes"], found["damage"]["valkey_crashes"]) == (2, 1)
    assert found["retries"] > 0, "the storm met something in hand"
