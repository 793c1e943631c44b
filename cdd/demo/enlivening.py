"""Bringing a freshly started demonstration to life: providers, the register, answers, and work for staff."""

from __future__ import annotations

import time
from datetime import datetime

import httpx
from django.utils import timezone

from cdd.demo.banks import BANKS, Bank
from cdd.demo.errands import give_errands
from cdd.demo.papering import bring_papers
from cdd.demo.registering import load_register, look_around
from cdd.demo.sandbox import Sandbox
from cdd.demo.seeding import connect_bank

ANSWERS = 60
SECONDS_TO_ARRIVE = 120


def enliven(*, sandbox_url: str, now: datetime) -> int:
    """Connect both banks, wait for the first notices to arrive, and let some customers answer; returns how many did.

    A demonstration started a second time has nothing new to send: nobody answers then, which is no error.
    """
    for bank in BANKS:
        connect_bank(bank, now=now)
    today = timezone.localdate(now)
    load_register(sandbox_url=sandbox_url, today=today, now=now)
    for bank in BANKS:
        look_around(bank, today=today, now=now)
    sandbox = Sandbox(sandbox_url)
    try:
        answered = sum(_answers(sandbox, bank) for bank in BANKS)
    except httpx.HTTPError:  # somebody is answering already, or the demonstration is being stopped
        answered = 0
    finally:
        sandbox.close()
    for bank in BANKS:
        give_errands(bank, now=now)
        bring_papers(bank, now=now)
    return answered


def _answers(sandbox: Sandbox, bank: Bank) -> int:
    for _ in range(SECONDS_TO_ARRIVE):
        channels = sandbox.summary()["channels"].values()
        if sum(channel["banks"].get(bank.slug, 0) for channel in channels) > ANSWERS * 2:
            return int(sandbox.answer(bank.slug, ANSWERS)["outcomes"].get("done", 0))
        time.sleep(1)
    return 0
