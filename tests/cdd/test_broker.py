"""What the broker's transport outlives, on a real Valkey."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from kombu import Connection

from cdd.broker import broker_address, use_sturdy_transport
from cdd.servers import EmbeddedServers


@pytest.mark.parametrize("what", ["pool", "client"])
def test_a_channel_of_a_lost_connection_says_that_it_is_lost(servers: EmbeddedServers, what: str) -> None:
    """S12: a task that ends while Celery gives the connection up. Errors of the connection do not end a worker."""
    use_sturdy_transport()
    with Connection(broker_address(settings.REDIS_URL)) as connection:
        channel: Any = connection.channel()
        errors = connection.connection_errors
        assert channel.client.ping(), "control: it works"
        channel.close()
        del channel.client
        connection.collect()
        with pytest.raises(errors):
            getattr(channel, what)
