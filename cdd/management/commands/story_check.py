"""`manage.py story_check`: the whole story against the running processes, through their pages."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cdd.demo.seeding import demo_password
from cdd.demo.steps import StepFailed
from cdd.demo.story import Story


class Command(BaseCommand):
    """Ends with 0 only when every step was done; `bin/demo --check` starts what it needs."""

    help = "Live the whole story against running web, worker, beat and sandbox processes, on fresh data."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a step; name the one that failed."""
        if settings.IS_PRODUCTION:
            raise CommandError("story_check invents customers; it refuses to in production.")
        story = Story(
            web_url=os.environ.get("WEB_URL", settings.PUBLIC_BASE_URL).rstrip("/"),
            sandbox_url=settings.SANDBOX_URL.rstrip("/"),
            password=demo_password(),
            output=sys.stdout,
            now=timezone.now(),
        )
        try:
            story.run()
        except StepFailed as failure:
            self.stderr.write(f"FAILED at step {story.steps.finished + 1}: {failure}")
            raise SystemExit(1) from failure
        finally:
            story.close()
        self.stdout.write(f"{story.steps.finished} steps, all done, in {story.steps.seconds:.0f} s")
