"""How fast workers send mail through a relay on this machine, against django-post_office and a bare loop of smtplib."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from cdd.benchmarks import Result
from cdd.benchmarks.ground import Ground, throwaway
from cdd.benchmarks.outbox import ACTOR, EMAIL, fill
from cdd.benchmarks.sinks import MailSink, mail_sink
from cdd.benchmarks.workers import Work, let_work
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.mail_signing import new_key
from channels.models import DeliveryAttempt, ProviderAccount
from channels.protocols import Channel, Message
from channels.registry import sender_of
from channels.sending import message_of, send_due
from channels.services import ensure_accounts
from tenants.scoping import tenant_context, tenant_scope

ROWS = 4_000
PROCESSES = (1, 2)
# Its own default.
PEER_THREADS = 5
A_RELAYS_THOUGHT_S = 0.005
WORK = (
    "Worker processes, full path: claim, unseal, write, hand to a relay on this machine that takes every mail at once,"
    " settle, acts and triggers. Peer: django-post_office, as many processes, the same text and relay, queue full"
    " beforehand. Limit: smtplib in a loop, one connection, bytes ready beforehand. Embedded PostgreSQL with fsync,"
    " same run. The ratios are those of one process; signed: with DKIM, which neither of the others does; at 5 ms:"
    " behind a relay that takes so long over each mail."
)


def run(rows: int) -> Result:
    """Send ``rows`` mails by one process and by two, ours and the peer's."""
    now = timezone.now()
    figures: dict[str, float] = {"rows": rows}
    with throwaway(now) as ground, mail_sink(0) as sink:
        _open_account(ground, sink, now)
        sample = _sample(ground, now)
        figures["loop_per_s"] = rows / _loop(sink, sample, rows)
        for processes in PROCESSES:
            figures |= _ours(ground, sink, rows, processes, now).figures(processes)
            peer = _post_office(ground, sink, rows, processes, sample[0])
            figures |= {f"{name}_by_{processes}": value for name, value in peer.items()}
        _open_account(ground, sink, now, dkim=[{"selector": "bench", "key": new_key()}])
        signed = _ours(ground, sink, rows, 1, now)
        figures["signed_per_s_by_1"] = signed.done / signed.seconds
        with mail_sink(A_RELAYS_THOUGHT_S) as slower:
            figures |= _behind(ground, slower, sample, max(rows // 5, 1), now)
    return Result(
        name="dispatch-email",
        rate_per_s=figures["per_s_by_1"],
        ratio_to_peer=figures["per_s_by_1"] / figures["peer_per_s_by_1"],
        ratio_to_limit=figures["per_s_by_1"] / figures["loop_per_s"],
        peak_rss_mb=figures["peak_mb_by_1"],
        work=WORK,
        figures={
            **figures,
            "ratio_to_peer_by_2": figures["per_s_by_2"] / figures["peer_per_s_by_2"],
            "ratio_to_loop_by_2": figures["per_s_by_2"] / figures["loop_per_s"],
        },
    )


def _behind(ground: Ground, sink: MailSink, sample: tuple[Message, Any], rows: int, now: datetime) -> dict[str, float]:
    """The loop and us again, behind a relay that thinks about each mail, as those of this world do."""
    _open_account(ground, sink, now)
    ours = _ours(ground, sink, rows, 1, now)
    return {
        "loop_per_s_at_5_ms": rows / _loop(sink, sample, rows),
        "per_s_at_5_ms": ours.done / ours.seconds,
    }


def _open_account(ground: Ground, sink: MailSink, now: datetime, **credentials: Any) -> None:
    account = channel_accounts(BANKS[0], sandbox_url="", sandbox_smtp=f"127.0.0.1:{sink.port}")["EMAIL"]
    account["credentials"] = {"secret": account["credentials"]["secret"], **credentials}
    with tenant_context(ground.tenant.pk):
        ensure_accounts(accounts={"EMAIL": account}, actor=ACTOR, now=now)


def _sample(ground: Ground, now: datetime) -> tuple[Message, Any]:
    """One of the mails, and the adapter that writes it."""
    with tenant_context(ground.tenant.pk):
        fill(EMAIL, 1, now)
        with tenant_scope(ground.tenant.pk):
            adapter: Any = sender_of(ProviderAccount.objects.get(channel="EMAIL"))
            message = message_of(DeliveryAttempt.objects.get(channel="EMAIL"))
        send_due(tenant_id=ground.tenant.pk, channel=Channel.EMAIL, now=now)
    return message, adapter


def _check(sink: MailSink, before: int, rows: int) -> None:
    if sink.mails() - before != rows:
        raise RuntimeError(f"{sink.mails() - before} of {rows} mails arrived.")


def _loop(sink: MailSink, sample: tuple[Message, Any], rows: int) -> float:
    message, adapter = sample
    content, sender = adapter.compose(message), adapter.return_path(message.attempt_id)
    before = sink.mails()
    with smtplib.SMTP("127.0.0.1", sink.port, timeout=30) as relay:
        began = perf_counter()
        for _ in range(rows):
            relay.sendmail(sender, [message.to], content)
        seconds = perf_counter() - began
    _check(sink, before, rows)
    return seconds


def _ours(ground: Ground, sink: MailSink, rows: int, processes: int, now: datetime) -> Work:
    tenant_id = ground.tenant.pk
    with tenant_context(tenant_id):
        fill(EMAIL, rows, now)
    ground.tidy("channels_deliveryattempt")
    before = sink.mails()
    work = let_work(
        lambda: send_due(tenant_id=tenant_id, channel=Channel.EMAIL, now=now), rows=rows, processes=processes
    )
    _check(sink, before, rows)
    return work


def _post_office(ground: Ground, sink: MailSink, rows: int, processes: int, message: Message) -> dict[str, float]:
    name = f"post_office_{processes}"
    with psycopg.connect(ground.superuser, autocommit=True) as superuser:
        superuser.execute(f"CREATE DATABASE {name}")
    parts = conninfo_to_dict(ground.superuser)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": name}
    database |= {part.upper(): str(parts[part]) for part in ("user", "password", "host", "port")}
    order = {
        "database": database,
        "port": sink.port,
        "place": str(ground.place),
        "mails": rows,
        "processes": processes,
        "threads": PEER_THREADS,
        "sender": "kakunin@asanagi.example",
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
    }
    program = Path(__file__).with_name("post_office_peer.py")
    # -P: beside it lies a copy.py that is not Python's own.
    command = [sys.executable, "-P", str(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as peer:
        assert peer.stdin is not None
        assert peer.stdout is not None
        peer.stdin.write(json.dumps(order) + "\n")
        peer.stdin.flush()
        if peer.stdout.readline() != "ready\n":
            raise RuntimeError("django-post_office did not start; is the dev group installed?")

        before = sink.mails()
        peer.stdin.write("go\n")
        peer.stdin.flush()
        said = json.loads(peer.stdout.readline())
    _check(sink, before, rows)
    seconds = said["seconds"]
    return {"peer_per_s": rows / seconds, "peer_cpu_ms_a_message": said["cpu"] / rows * 1000}
