"""`manage.py screenshots`: the documentation's pictures, taken from the running demonstration."""

from __future__ import annotations

import os
import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cdd.demo.pictures import CannotPicture, take_pictures
from cdd.demo.seeding import demo_password


class Command(BaseCommand):
    """Needs `bin/demo` running with its addresses in the environment, and Chromium."""

    help = "Picture the running demonstration's pages into docs/images."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to."""
        parser.add_argument("--folder", type=Path, default=settings.BASE_DIR / "docs" / "images")
        parser.add_argument("--web", default=os.environ.get("WEB_URL", settings.PUBLIC_BASE_URL))
        parser.add_argument("--sandbox", default=settings.SANDBOX_URL or "http://127.0.0.1:9100")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take them all."""
        from playwright.sync_api import sync_playwright  # a development tool, absent where the product runs

        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        if not chromium:
            raise CommandError("Chromium is missing: apt-get install chromium")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            try:
                for path in take_pictures(
                    browser,
                    web_url=options["web"].rstrip("/"),
                    sandbox_url=options["sandbox"].rstrip("/"),
                    password=demo_password(),
                    folder=options["folder"],
                ):
                    self.stdout.write(f"{path}  {path.stat().st_size // 1024} KB")
            except CannotPicture as problem:
                raise CommandError(str(problem)) from problem
            finally:
                browser.close()
