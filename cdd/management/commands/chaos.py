"""`manage.py chaos send`: kill everything again and again while messages leave, then account for each of them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cdd.chaos import sending


class Command(BaseCommand):
    """Runs on servers, workers and simulated providers of its own, which are removed afterwards."""

    help = "Try the delivery engine with faults, and compare it one by one with what the providers accepted."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What, how many, how long, and in what form to answer."""
        parser.add_argument("what", choices=["send"])
        parser.add_argument("--messages", type=int, default=3_000)
        parser.add_argument("--seconds", type=float, default=45, help="how long the killing lasts")
        parser.add_argument("--hurry", type=int, default=60, help="how many times as fast the waits of sending pass")
        parser.add_argument("--seed", type=int, default=7, help="of who dies when, and of who fails")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run and print.

        Raises:
            CommandError: something was lost, sent twice or said untruly; the sentences name each message.
        """
        found = sending.run(
            messages=options["messages"],
            seconds=options["seconds"],
            hurry=options["hurry"],
            seed=options["seed"],
            now=timezone.now(),
        )
        self.stdout.write(json.dumps(found.as_json()) if options["json"] else _as_text(found))
        if not found.balance.is_right:
            raise CommandError("\n".join(found.balance.faults[:20]))


def _as_text(found: sending.Outcome) -> str:
    columns = ("messages", "accepted once", "doubt: accepted", "doubt: not", "twice", "lost", "untrue", "open")
    lines = ["".join(f"{name:>20}" for name in ("", *columns))]
    for way, count in found.balance.ways.items():
        figures = (
            count.messages, count.accepted_once, count.in_doubt_accepted, count.in_doubt_not_accepted,
            count.duplicates, count.lost, count.untrue, count.open,
        )  # fmt: skip
        lines.append(f"{way:>20}" + "".join(f"{figure:>20,}" for figure in figures))
    damage, ways = found.damage, found.balance.ways.values()
    accepted = sum(count.in_doubt_accepted for count in ways)
    in_doubt = accepted + sum(count.in_doubt_not_accepted for count in ways)
    lines += [
        f"{in_doubt} in doubt, where nobody can be asked: {accepted} had been accepted, {in_doubt - accepted} had not.",
        "Each of those ended as failed, so that the next channel or a person has its turn.",
        f"{damage.kills} kills of workers, {damage.whole_workers} of them of a whole worker.",
        f"PostgreSQL crashed {damage.postgres_crashes} times, Valkey emptied and killed {damage.valkey_crashes} times.",
        f"{found.retries} further tries; {found.balance.strays} messages at the providers that are none of ours.",
        f"Storm {found.storm_seconds:.0f} s, drained after {found.drain_seconds:.0f} s, {found.seconds:.0f} s in all.",
        "Right: all figures add up." if found.balance.is_right else "WRONG.",
    ]
    return "\n".join(lines)
