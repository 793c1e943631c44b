"""Messages a minute: a token bucket in Valkey that all workers share. Without Valkey a limited channel stands still."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

log = logging.getLogger(__name__)
# A bucket holds what may leave between two rounds of dispatch, and never more, however long nothing was sent.
ROUND_SECONDS = 3
KEPT_SECONDS = 3600
# A new bucket is empty: after Valkey was lost, nobody may send again what was sent in the seconds before.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local rate, most, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens = math.min(most, (tonumber(kept[1]) or 0) + (now - (tonumber(kept[2]) or now)) * rate)
local taken = math.max(0, math.min(wanted, math.floor(tokens)))
redis.call('HSET', KEYS[1], 'tokens', tokens - taken, 'at', now)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return taken
"""


def take(account_id: UUID, *, per_minute: int | None, wanted: int) -> int:
    """How many of ``wanted`` messages may leave by the account now; 0 while Valkey cannot say."""
    if per_minute is None:
        return wanted
    rate = per_minute / 60
    most = max(1.0, rate * ROUND_SECONDS)
    try:
        return int(cast(Any, valkey()).eval(_TAKE, 1, _key(account_id), rate, most, wanted, KEPT_SECONDS))
    except RedisError as error:
        log.error("Valkey cannot say what may leave (%s): account %s sends nothing.", type(error).__name__, account_id)
        return 0


def give_back(account_id: UUID, *, per_minute: int | None, unused: int) -> None:
    """Return what was taken for messages that were not there."""
    if per_minute is not None and unused > 0:
        try:
            cast(Any, valkey()).hincrbyfloat(_key(account_id), "tokens", unused)
        except RedisError:  # then they are lost, which errs on the slow side
            return


def valkey() -> Redis:
    """The connections to Valkey; it answers in two seconds or is away."""
    return _connect(settings.REDIS_URL)


@cache
def _connect(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)


def _key(account_id: UUID) -> str:
    return f"keizoku:rate:{account_id}"
