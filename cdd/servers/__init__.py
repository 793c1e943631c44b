"""The embedded PostgreSQL and Valkey of a laptop, a demonstration or the test suite; never of production."""

from cdd.servers.bootstrapping import bootstrap
from cdd.servers.embedded import EmbeddedServers, default_base
from cdd.servers.places import ServersError

__all__ = ["EmbeddedServers", "ServersError", "bootstrap", "default_base"]
