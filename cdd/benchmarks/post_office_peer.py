"""django-post_office at work, in a process of its own with settings of its own: the peer of `dispatch-email`.

Reads one JSON object (see `Order`), writes one line when the queue is full and waits for one back, then sends and
writes how long it took. Run by path, because it is no part of the product.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from time import perf_counter
from typing import TypedDict

import django
from django.conf import settings
from django.core.management import call_command


class Order(TypedDict):
    """What is to be sent, over which database, to which relay, by how many processes of how many threads."""

    database: dict[str, object]
    port: int
    place: str
    mails: int
    processes: int
    threads: int
    sender: str
    subject: str
    text: str
    html: str


def main() -> None:
    """Queue, wait, send, and say how long it took."""
    order: Order = json.loads(sys.stdin.readline())
    settings.configure(
        DATABASES={"default": order["database"]},
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        MAILERS={"default": {"OPTIONS": {"host": "127.0.0.1", "port": order["port"]}}},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        # One batch, so that nothing but sending is measured; only failures are logged.
        POST_OFFICE={"BATCH_SIZE": order["mails"], "THREADS_PER_PROCESS": order["threads"], "LOG_LEVEL": 1},
        USE_TZ=True,
    )
    django.setup()
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0)
    from post_office import mail

    queued = [_queued(order, number) for number in range(order["mails"])]
    mail.send_many(queued)
    _say("ready")
    sys.stdin.readline()
    cpu, began = _cpu(), perf_counter()
    mail.send_queued_mail_until_done(str(Path(order["place"]) / "lock"), order["processes"], 1)
    _say(json.dumps({"seconds": perf_counter() - began, "cpu": _cpu() - cpu}))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _queued(order: Order, number: int) -> dict[str, object]:
    said = {"sender": order["sender"], "subject": order["subject"], "message": order["text"]}
    return {**said, "html_message": order["html"], "recipients": [f"customer-{number}@example.jp"]}


def _cpu() -> float:
    """Of this process and of the ones it started that have ended."""
    used = [getrusage(whose) for whose in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
