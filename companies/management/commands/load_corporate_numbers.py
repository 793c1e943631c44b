"""`manage.py load_corporate_numbers FILE`: the register's full file or a daily difference, or both from the API."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.services import Actor
from companies.loading import GapFound, LoadRefused, load_file
from companies.models import RegistryLoad
from companies.opening import FileRefused, day_in_name
from companies.protocols import RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.registry import RegistryNotSetUp
from companies.services import match_news, take_differences
from tenants.rounds import for_each_tenant

EVERY = 100_000


class Command(BaseCommand):
    """Reads on where a run ended; a file that was read is not read again; docs/customers.md says where files are."""

    help = "Load the tax agency's register of companies: a full file, a daily difference, or what its API has since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which file, and what it is where its name does not say."""
        parser.add_argument("file", nargs="?", type=Path, help="a ZIP or CSV of the agency; without one, ask the API")
        parser.add_argument("--kind", choices=["full", "difference"], help="what the file is, if its name says nothing")
        parser.add_argument("--day", type=date.fromisoformat, help="the last day it covers, YYYY-MM-DD")
        parser.add_argument("--accept-gap", action="store_true", help="take a difference although days are missing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load, then tell every tenant what happened to its customers."""
        loads = [self._file(options)] if options["file"] else self._ask()
        for load in loads:
            self._say(load)
        failed = for_each_tenant(self._match, task="load_corporate_numbers")
        if failed:
            raise CommandError(f"Company news could not be matched for {len(failed)} tenants; see the log.")

    def _file(self, options: dict[str, Any]) -> RegistryLoad:
        path: Path = options["file"]
        day = options["day"] or day_in_name(path.name)
        kind = options["kind"] or ("difference" if "diff" in path.name else "full" if "all" in path.name else None)
        if day is None or kind is None:
            raise CommandError("The file's name does not say what it is: give --kind and --day.")
        self._began, self._told, self._first = time.monotonic(), 0, -1
        try:
            return load_file(
                path=path,
                kind=RegistryLoad.Kind[kind.upper()],
                day=day,
                now=timezone.now(),
                accept_gap=options["accept_gap"],
                advanced=self._advanced,
            )
        except FileNotFoundError:
            raise CommandError(f"There is no file {path}.") from None
        except FileRefused as error:
            raise CommandError(f"The file cannot be read: {error}.") from None
        except LoadRefused as error:
            sentences = {
                "taken": "Another process is reading this file.",
                "rejected": "Too many lines are no entries of the register: this is another kind of file.",
            }
            raise CommandError(sentences[error.code]) from None
        except GapFound as error:
            raise CommandError(
                f"The differences of these days are missing: {error}. Load them first, or give --accept-gap"
                " if the agency published nothing (holidays)."
            ) from None

    def _ask(self) -> list[RegistryLoad]:
        try:
            return take_differences(today=timezone.localdate(), now=timezone.now())
        except RegistryNotSetUp:
            raise CommandError("HOUJIN_API_ID is empty: give a file, or put the application id there.") from None
        except (RegistryUnavailable, RegistryRefused, RegistryUnreadable) as error:
            raise CommandError(f"The register did not answer: {type(error).__name__} {error.code}.") from None

    def _advanced(self, load: RegistryLoad) -> None:
        if self._first < 0:
            self._first = load.rows_read
        if load.rows_read - self._told >= EVERY:
            self._told = load.rows_read
            rate = (load.rows_read - self._first) / (time.monotonic() - self._began)
            self.stdout.write(f"{load.rows_read:,} rows, {rate:,.0f} a second")

    def _say(self, load: RegistryLoad) -> None:
        self.stdout.write(
            f"{load.get_kind_display()} until {load.last_on}: {load.rows_read:,} rows, {load.rows_new:,} new,"
            f" {load.rows_changed:,} changed, {load.rows_same:,} the same, {load.rows_former:,} former,"
            f" {load.rows_rejected:,} not read"
        )
        for line, code in load.rejections:
            self.stdout.write(f"  line {line}: {code}")

    def _match(self) -> None:
        found = match_news(actor=Actor.system("companies"), now=timezone.now())
        if found:
            self.stdout.write(f"{found:,} pieces of news about customers")
