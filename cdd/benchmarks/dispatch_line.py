"""How fast one worker pushes through a LINE that answers in 50 ms, against LINE's own SDK in a loop."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter, process_time

from django.utils import timezone
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, PushMessageRequest, TextMessage

from cdd.benchmarks import Result, peak_rss_mb
from cdd.benchmarks.ground import throwaway
from cdd.benchmarks.outbox import ACTOR, PUSH, fill
from cdd.benchmarks.sinks import line_sink
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.protocols import Channel
from channels.registry import forget_providers
from channels.sending import send_due, threads_of
from channels.services import ensure_accounts
from tenants.scoping import tenant_context

ROWS = 6_000
LATENCY_S = 0.05
PEER_ROWS = 60
WORK = (
    "One worker process, full path: claim, unseal, push with retry key, settle, acts and triggers. The provider answers"
    " after 50 ms. Peer: LINE's SDK, one push after the other. Limit: as many requests as are on the way at once, each"
    " 50 ms. Embedded PostgreSQL with fsync, same run."
)


def run(rows: int) -> Result:
    """Send ``rows`` pushes."""
    now = timezone.now()
    with throwaway(now) as ground, line_sink(LATENCY_S) as address:
        accounts = {"LINE": channel_accounts(BANKS[0], sandbox_url="", sandbox_smtp="127.0.0.1:1")["LINE"]}
        accounts["LINE"]["options"]["base_url"] = address
        with tenant_context(ground.tenant.pk):
            ensure_accounts(accounts=accounts, actor=ACTOR, now=now)
            fill(PUSH, rows, now)
        peer = _sdk(address)
        try:
            third, whole, cpu, growth = _send(ground.tenant.pk, rows, now)
        finally:
            forget_providers()
    limit = threads_of(Channel.LINE) / LATENCY_S
    rate = rows / whole
    return Result(
        name="dispatch-line",
        rate_per_s=rate,
        ratio_to_peer=rate / peer,
        ratio_to_limit=rate / limit,
        peak_rss_mb=peak_rss_mb(),
        work=WORK,
        figures={
            "rows": rows,
            "cpu_ms_a_message": cpu / rows * 1000,
            "peer_per_s": peer,
            "peak_mb_after_a_third": third,
            "more_mb_at_the_end": growth,
        },
    )


def _send(tenant_id: int, rows: int, now: datetime) -> tuple[float, float, float, float]:
    """Peak memory after a third, seconds, seconds of CPU, and how much the peak grew afterwards."""
    sent, third = 0, 0.0
    began, cpu = perf_counter(), process_time()
    while sent < rows:
        done = send_due(tenant_id=tenant_id, channel=Channel.LINE, now=now)
        if not done:
            raise RuntimeError(f"Only {sent} of {rows} messages left.")
        sent += done
        if not third and sent >= rows // 3:
            third = peak_rss_mb()
    seconds, spent = perf_counter() - began, process_time() - cpu
    return third, seconds, spent, peak_rss_mb() - third


def _sdk(address: str) -> float:
    """Pushes a second."""
    with ApiClient(Configuration(host=address, access_token="bench")) as client:  # noqa: S106  # nobody's
        api = MessagingApi(client)
        began = perf_counter()
        for number in range(PEER_ROWS):
            api.push_message(PushMessageRequest(to=f"U{number:032x}", messages=[TextMessage(text="お知らせ" * 50)]))
        return PEER_ROWS / (perf_counter() - began)
