"""An outside authority's word for when the trail was what it was: RFC 3161, once a day, one stamp for all tenants.

What is stamped is the root of a small tree over every tenant's latest checkpoint. Each tenant keeps the stamp and the
way from its own note to that root, so that it can be verified without knowing anything of the others.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx
from cryptography.x509 import Certificate, load_pem_x509_certificates
from django.conf import settings
from django.db import transaction
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from audit.checkpoints import Checkpoints
from audit.merkle import Collector, Frontier, inclusion_ranges, leaf_hash, verify_inclusion
from audit.models import AuditCheckpoint, AuditTimestamp

SECONDS = 10.0
_ORIGIN = "keizoku/heads"


class NoTimestamp(Exception):
    """The authority gave no stamp that holds; the message says why."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Whom to ask over HTTP, and the certificates at whose end a stamp must be rooted."""

    url: str
    roots: Sequence[Certificate]

    def stamp(self, data: bytes) -> bytes:
        """A response of the authority over ``data``, verified.

        Raises:
            NoTimestamp: it did not answer, refused, or answered what does not hold.
        """
        request = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()
        try:
            answer = httpx.post(
                self.url,
                content=request.as_bytes(),
                headers={"Content-Type": "application/timestamp-query"},
                timeout=SECONDS,
            ).raise_for_status()
        except httpx.HTTPError as error:
            raise NoTimestamp(f"the authority did not answer ({type(error).__name__})") from error
        stamped_at(answer.content, data, self.roots, nonce=request.nonce)
        return answer.content


def configured_authority() -> Authority | None:
    """The authority that the settings name, if they do."""
    if not settings.TIMESTAMP_AUTHORITY_URL:
        return None
    return Authority(settings.TIMESTAMP_AUTHORITY_URL, trusted_roots())


def trusted_roots() -> list[Certificate]:
    """The certificates of TIMESTAMP_AUTHORITY_CERTIFICATES, a PEM file.

    Raises:
        NoTimestamp: it cannot be read.
    """
    try:
        return load_pem_x509_certificates(Path(settings.TIMESTAMP_AUTHORITY_CERTIFICATES).read_bytes())
    except (OSError, ValueError) as error:
        raise NoTimestamp(f"TIMESTAMP_AUTHORITY_CERTIFICATES cannot be read ({type(error).__name__})") from error


def stamped_at(response: bytes, data: bytes, roots: Sequence[Certificate], *, nonce: int | None = None) -> datetime:
    """When, by a response that holds for ``data`` and ends at one of ``roots``; UTC.

    Raises:
        NoTimestamp: it does not.
    """
    builder = VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        decoded = decode_timestamp_response(response)
        builder.build().verify_message(decoded, data)
    except (ValueError, VerificationError) as error:
        raise NoTimestamp(f"the stamp does not hold ({error})") from error
    return decoded.tst_info.gen_time


def stamp_heads(*, authority: Authority, store: Checkpoints, now: datetime, using: str = "sealer") -> int:
    """Have the latest checkpoint of every tenant stamped, if any has no stamp yet; returns for how many tenants.

    No transaction is open while the authority is asked.

    Raises:
        NoTimestamp: see there; nothing is written.
    """
    newest = list(
        AuditCheckpoint.objects.using(using)
        .order_by("tenant_id", "-size")
        .distinct("tenant_id")
        .values_list("tenant_id", "size", "note")
    )
    stamped = set(AuditTimestamp.objects.using(using).values_list("tenant_id", "size"))
    if all((tenant_id, size) in stamped for tenant_id, size, _ in newest):
        return 0
    frontier, paths = Frontier(), [inclusion_ranges(index, len(newest)) for index in range(len(newest))]
    collector = Collector(part for path in paths for part in path)
    frontier.extend([leaf_hash(note.encode()) for _, _, note in newest], collector)
    head = head_text(len(newest), frontier.root())
    response = authority.stamp(head.encode())
    rows = [
        AuditTimestamp(
            tenant_id=tenant_id,
            size=size,
            head=head,
            index=index,
            path=b"".join(collector.root_of(*part) for part in paths[index]),
            response=response,
            stamped_at=now,
        )
        for index, (tenant_id, size, _) in enumerate(newest)
        if (tenant_id, size) not in stamped
    ]
    with transaction.atomic(using=using):
        AuditTimestamp.objects.using(using).bulk_create(rows)
    for row in rows:
        store.publish_timestamp(row.tenant_id, row.size, head, response)
    return len(rows)


def head_text(count: int, root: bytes) -> str:
    """What is stamped."""
    return f"{_ORIGIN}\n{count}\n{base64.b64encode(root).decode()}\n"


def leads_to_head(note: str, index: int, path: Sequence[bytes], head: str) -> bool:
    """Whether the way from a tenant's note ends at the root that was stamped."""
    try:
        origin, count, root, end = head.split("\n")
        given = base64.b64decode(root, validate=True)
        return (origin, end) == (_ORIGIN, "") and verify_inclusion(
            leaf_hash(note.encode()), index, int(count), path, given
        )
    except ValueError:
        return False
