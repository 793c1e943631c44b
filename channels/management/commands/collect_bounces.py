"""`manage.py collect_bounces`: takes returned mail. Several may run; a mail given twice is kept once."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from channels.mail_intake import Intake, new_server


class Command(BaseCommand):
    """Listens for what the mail server hands over; docs/channels.md says how that is set up."""

    help = "Take returned mail by SMTP or LMTP, for every bank's bounce domain."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
        parser.add_argument("--port", type=int, default=2525, help="default 2525; 0 for any free one")
        parser.add_argument("--lmtp", action="store_true", help="speak LMTP instead of SMTP")

    def handle(self, *args: Any, **options: Any) -> None:
        """Until stopped; what was not answered for stays with the mail server."""
        asyncio.run(self._listen(options["host"], options["port"], is_local=options["lmtp"]))

    async def _listen(self, host: str, port: int, *, is_local: bool) -> None:
        loop, stop, intake = asyncio.get_running_loop(), asyncio.Event(), Intake(timezone.now)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        server = await loop.create_server(lambda: new_server(intake, is_local=is_local), host, port)
        where = server.sockets[0].getsockname()
        self.stdout.write(f"Listening for returned mail on {where[0]}:{where[1]}")
        self.stdout.flush()
        await stop.wait()
        server.close()
