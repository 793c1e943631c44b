"""A trail that is sealed, and somebody who owns the database and changes it."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import notes
from audit.lines import FIELDS, canonical_line
from audit.merkle import Frontier, leaf_hash
from audit.verifying import Verdict, verify
from tests.audit.conftest import Sealer

SIZES = (5, 9, 13)
COPIES = ("audit_auditevent", "audit_leaf", "audit_checkpoint")


@dataclass
class Trail:
    """One tenant's trail of 13 entries, sealed in three batches on three days, and a superuser's hands on it."""

    tenant_id: int
    sealer: Sealer
    superuser: psycopg.Connection

    def do(self, statement: str, **values: object) -> None:
        self.superuser.execute(statement, {"tenant": self.tenant_id, **values})

    def event_at(self, position: int) -> int:
        row = self.superuser.execute(
            "SELECT event_id FROM audit_leaf WHERE tenant_id = %s AND position = %s", [self.tenant_id, position]
        ).fetchone()
        assert row is not None
        return int(row[0])

    def verdict(self, *, is_offsite: bool = True, **options: object) -> Verdict:
        store = type(self.sealer.store)(self.sealer.store.place) if is_offsite else None
        return verify(self.tenant_id, keys=[self.sealer.key.public_key()], store=store, **options)  # type: ignore[arg-type]  # options of `verify`, whichever

    def found(self, **options: object) -> tuple[int | None, int | None, str]:
        bad = self.verdict(**options).bad  # type: ignore[arg-type]  # options of `verify`, whichever
        assert bad is not None, "nothing was found"
        assert bad.tenant_id == self.tenant_id
        return bad.position, bad.event_id, bad.problem

    def rewrite_leaf(self, position: int) -> None:
        """Make the stored hash fit the event as it now stands."""
        names = ", ".join(FIELDS).replace("txid", "txid::text::bigint")
        event = self.superuser.execute(
            f"SELECT {names} FROM audit_auditevent WHERE id = %s", [self.event_at(position)]
        ).fetchone()
        assert event is not None
        self.do(
            "UPDATE audit_leaf SET leaf = %(leaf)s WHERE tenant_id = %(tenant)s AND position = %(position)s",
            leaf=leaf_hash(canonical_line(event)),
            position=position,
        )

    def sign_again(self, key: Ed25519PrivateKey) -> None:
        """Make every checkpoint in the database fit the leaves as they now stand."""
        rows = self.superuser.execute(
            "SELECT leaf FROM audit_leaf WHERE tenant_id = %s ORDER BY position", [self.tenant_id]
        ).fetchall()
        for size in SIZES:
            frontier = Frontier()
            frontier.extend(row[0] for row in rows[:size])
            checkpoint = notes.Checkpoint(notes.origin_of(self.tenant_id), size, frontier.root())
            self.do(
                "UPDATE audit_checkpoint SET root = %(root)s, peaks = %(peaks)s, note = %(note)s"
                " WHERE tenant_id = %(tenant)s AND size = %(size)s",
                root=frontier.root(),
                peaks=b"".join(frontier.peaks),
                note=notes.sign(checkpoint, key),
                size=size,
            )
