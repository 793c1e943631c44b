"""`manage.py chaos`: kill everything, restore a backup, or queue for hours; then account for what became of it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cdd.chaos import fairness, restoring, sending
from cdd.chaos.ledger import Balance

MESSAGES = {"send": 3_000, "restore": 300, "fair": 100_000}


class Command(BaseCommand):
    """Runs on servers, workers and simulated providers of its own, which are removed afterwards."""

    help = "Try the delivery engine with faults, and compare it one by one with what the providers accepted."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, how many, how long, and in what form to answer."""
        parser.add_argument("what", choices=list(MESSAGES))
        parser.add_argument("--messages", type=int, help="3,000 to send, 300 to restore, 100,000 in the long queue")
        parser.add_argument("--seconds", type=float, default=45, help="how long the killing lasts")
        parser.add_argument("--hurry", type=int, default=60, help="how many times as fast the waits of sending pass")
        parser.add_argument("--seed", type=int, default=7, help="of who dies when, and of who fails")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and print.

        Raises:
            CommandError: something was lost, sent twice or said untruly; the sentences name each message.
        """
        what, now = options["what"], timezone.now()
        messages = options["messages"] or MESSAGES[what]
        if what == "send":
            self._say(sending.run(messages=messages, now=now, **_given(options, "seconds", "hurry", "seed")), options)
        elif what == "restore":
            self._say(restoring.run(messages=messages, now=now, hurry=options["hurry"]), options)
        else:
            self._say(fairness.run(messages=messages, now=now), options)

    def _say(self, found: sending.Outcome | restoring.Outcome | fairness.Outcome, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(found.as_json()) if options["json"] else "\n".join(_as_text(found)))
        if not found.is_right:
            faults = [] if isinstance(found, fairness.Outcome) else found.balance.faults
            raise CommandError("\n".join(["Wrong.", *faults[:20]]))


def _given(options: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: options[name] for name in names}


def _as_text(found: sending.Outcome | restoring.Outcome | fairness.Outcome) -> list[str]:
    match found:
        case sending.Outcome():
            return _of_storm(found)
        case restoring.Outcome():
            return [
                *_table(found.balance),
                f"{found.sent_before} had left when the database was put back to before them.",
                "Sending was stopped at the start." if found.was_stopped else "Sending was NOT stopped at the start.",
                f"{found.sent_unasked} left before a person resumed it.",
            ]
        case fairness.Outcome():
            return [
                f"{found.short_queue} messages of one bank had left after {found.seconds_until_all_left:.1f} s.",
                f"Of {found.long_queue:,} of another bank {found.sent_of_the_long_queue:,} had left by then.",
            ]


def _of_storm(found: sending.Outcome) -> list[str]:
    damage = found.damage
    return [
        *_table(found.balance),
        f"{damage.kills} kills of workers, {damage.whole_workers} of them of a whole worker.",
        f"{damage.restarts} workers ended by themselves and were started again.",
        f"PostgreSQL crashed {damage.postgres_crashes} times, Valkey emptied and killed {damage.valkey_crashes} times.",
        f"{found.retries} further tries; {found.balance.strays} messages at the providers that are none of ours.",
        f"Storm {found.storm_seconds:.0f} s, drained after {found.drain_seconds:.0f} s, {found.seconds:.0f} s in all.",
        "Right: all figures add up." if found.is_right else "WRONG.",
    ]


def _table(balance: Balance) -> list[str]:
    columns = ("messages", "accepted once", "doubt: accepted", "doubt: not", "twice", "lost", "untrue", "open")
    lines = ["".join(f"{name:>20}" for name in ("", *columns))]
    for way, count in balance.ways.items():
        figures = (
            count.messages, count.accepted_once, count.in_doubt_accepted, count.in_doubt_not_accepted,
            count.duplicates, count.lost, count.untrue, count.open,
        )  # fmt: skip
        lines.append(f"{way:>20}" + "".join(f"{figure:>20,}" for figure in figures))
    accepted = sum(count.in_doubt_accepted for count in balance.ways.values())
    in_doubt = accepted + sum(count.in_doubt_not_accepted for count in balance.ways.values())
    return [
        *lines,
        f"{in_doubt} in doubt, where nobody can be asked: {accepted} had been accepted, {in_doubt - accepted} had not.",
        "Each of those ended as failed, so that the next channel or a person has its turn.",
    ]
