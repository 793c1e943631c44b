"""The broker's transport, which outlives messages that are none, and a broker that goes away.

kombu takes a message off its queue before it reads it, and what it raises then ends the worker: what cannot be read is
named in the log and dropped. A channel whose connection was given up says so by an AttributeError, which ends the
worker, too; as an error of the connection it is only a reason to connect anew.
"""

from __future__ import annotations

from typing import Any

import structlog
from kombu import transport
from kombu.transport import redis
from redis.exceptions import ConnectionError

log = structlog.get_logger(__name__)

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError)


class Channel(redis.Channel):
    """Reads one message at a time, as its parent does."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # absent from the stubs
        except _UNREADABLE as error:
            log.error("broker.unreadable_message", error_type=type(error).__name__)
            return True

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise ConnectionError("The connection to the broker was given up.")
        return super()._connparams(asynchronous)  # type: ignore[misc]  # absent from the stubs


class Transport(redis.Transport):
    """Redis or Valkey."""

    Channel = Channel


def broker_address(url: str) -> str:
    """``REDIS_URL`` as kombu wants it: a socket is not ``unix://`` there."""
    return url.replace("unix://", "redis+socket://") if url.startswith("unix://") else url


def use_sturdy_transport() -> None:
    """Let ``redis://`` addresses mean this transport."""
    transport.TRANSPORT_ALIASES["redis"] = f"{__name__}:Transport"
