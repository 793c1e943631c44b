"""Identifiers of rows: UUIDs of version 7, which sort by time of creation and reveal no volume."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7() -> UUID:
    """A new identifier (RFC 9562 §5.7): 48 bits of milliseconds since 1970 UTC, then 74 random bits."""
    value = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return UUID(bytes=bytes(value))


def uuid7_bytes(count: int) -> list[bytes]:
    """Many new identifiers of one moment, 16 bytes each, ascending, so that rows lie together in indexes."""
    moment = (time.time_ns() // 1_000_000).to_bytes(6, "big")
    random = os.urandom(10 * count)
    return sorted([moment + _marked(random[at : at + 10]) for at in range(0, 10 * count, 10)])


def _marked(tail: bytes) -> bytes:
    """Ten random bytes with version and variant put in."""
    return bytes((0x70 | tail[0] & 0x0F, tail[1], 0x80 | tail[2] & 0x3F)) + tail[3:]
