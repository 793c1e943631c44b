"""How fast one worker pushes through a LINE that answers in 50 ms, against LINE's own SDK in a loop."""

from __future__ import annotations

from datetime import datetime
from time import perf_counter

from django.utils import timezone
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi, PushMessageRequest, TextMessage

from cdd.benchmarks import Result
from cdd.benchmarks.ground import Ground, throwaway
from cdd.benchmarks.outbox import ACTOR, PUSH, fill
from cdd.benchmarks.sinks import line_sink
from cdd.benchmarks.workers import Work, let_work
from cdd.demo.accounts import channel_accounts
from cdd.demo.banks import BANKS
from channels.protocols import Channel
from channels.sending import send_due, threads_of
from channels.services import ensure_accounts
from tenants.scoping import tenant_context

ROWS = 6_000
LATENCY_S = 0.05
PEER_ROWS = 60
PROCESSES = (1, 2)
WORK = (
    "Worker processes, full path: claim, unseal, push with retry key, settle, acts and triggers. The provider answers"
    " after 50 ms. Peer: LINE's SDK, one push after the other. Limit: as many requests as are on the way at once, each"
    " 50 ms. The rate and the ratios are those of one process. Embedded PostgreSQL with fsync, same run."
)


def run(rows: int) -> Result:
    """Send ``rows`` pushes by one process, and as many again by two."""
    now = timezone.now()
    with throwaway(now) as ground, line_sink(LATENCY_S) as address:
        accounts = {"LINE": channel_accounts(BANKS[0], sandbox_url="", sandbox_smtp="127.0.0.1:1")["LINE"]}
        accounts["LINE"]["options"]["base_url"] = address
        with tenant_context(ground.tenant.pk):
            ensure_accounts(accounts=accounts, actor=ACTOR, now=now)
        peer = _sdk(address)
        done = {processes: _send(ground, rows, processes, now) for processes in PROCESSES}
    limit = threads_of(Channel.LINE) / LATENCY_S
    rate = rows / done[1].seconds
    return Result(
        name="dispatch-line",
        rate_per_s=rate,
        ratio_to_peer=rate / peer,
        ratio_to_limit=rate / limit,
        peak_rss_mb=done[1].peak_mb,
        work=WORK,
        figures={"rows": rows, "peer_per_s": peer, **done[1].figures(1), **done[2].figures(2)},
    )


def _send(ground: Ground, rows: int, processes: int, now: datetime) -> Work:
    tenant_id = ground.tenant.pk
    with tenant_context(tenant_id):
        fill(PUSH, rows, now)
    ground.tidy("channels_deliveryattempt")
    return let_work(
        lambda: send_due(tenant_id=tenant_id, channel=Channel.LINE, now=now), rows=rows, processes=processes
    )


def _sdk(address: str) -> float:
    """Pushes a second."""
    with ApiClient(Configuration(host=address, access_token="bench")) as client:  # noqa: S106  # nobody's
        api = MessagingApi(client)
        began = perf_counter()
        for number in range(PEER_ROWS):
            api.push_message(PushMessageRequest(to=f"U{number:032x}", messages=[TextMessage(text="お知らせ" * 50)]))
        return PEER_ROWS / (perf_counter() - began)
