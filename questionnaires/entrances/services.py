"""Writing how customers come in: what one person proposes and another lets through; keys are retired at once."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import IllegalTransition, LostRace, transition
from questionnaires.models import EntranceKey, EntrancePolicy
from tenants.four_eyes import Standing, standing_of
from tenants.permissions import Permission

type Proposed = EntrancePolicy | EntranceKey

Status = EntrancePolicy.Status


class EntranceRefused(Exception):
    """What was asked for is not allowed; its text is a sentence for the person who asked."""


@transaction.atomic
def propose_policy(
    *, individual: str, company: str, app_asks_facts: bool, actor: Actor, now: datetime
) -> EntrancePolicy:
    """Propose by what customers prove themselves.

    Raises:
        EntranceRefused: another proposal waits, or the actor may not.
    """
    policy = EntrancePolicy(individual=individual, company=company, app_asks_facts=app_asks_facts)
    return _propose(policy, _("Another proposal waits. Have it approved or rejected first."), actor, now)


@transaction.atomic
def propose_key(*, name: str, public_key: str, actor: Actor, now: datetime) -> EntranceKey:
    """Propose a public key (PEM; Ed25519 or ECDSA on P-256) of the institution's own app.

    Raises:
        EntranceRefused: it is no such key, it is a private one, or it is registered already.
    """
    algorithm, key_id, pem = _read_key(public_key)
    key = EntranceKey(name=name, algorithm=algorithm, key_id=key_id, public_key=pem)
    return _propose(key, _("This key is registered already."), actor, now)


@transaction.atomic
def approve(*, proposed: Proposed, actor: Actor, now: datetime) -> None:
    """Put it in force.

    Raises:
        EntranceRefused: the actor proposed it, under whatever account; may not approve; or somebody was faster.
    """
    standing = _standing(actor, Permission.APPROVE_SETTINGS, now)
    if standing.did((proposed.proposed_by, proposed.proposed_person)):
        raise EntranceRefused(_("You proposed this change yourself. Somebody else has to approve it."))
    signed = {"approved_by": standing.user_id, "approved_person": standing.person, "approved_at": now}
    _move(proposed, Status.APPROVED, actor, now, **signed)


@transaction.atomic
def reject(*, proposed: Proposed, actor: Actor, now: datetime) -> None:
    """Leave everything as it is; whoever proposed it may take it back so.

    Raises:
        EntranceRefused: the actor may not, or it is decided already.
    """
    standing = _standing(actor, Permission.APPROVE_SETTINGS, now)
    _move(proposed, Status.REJECTED, actor, now, rejected_by=standing.user_id, rejected_at=now)


@transaction.atomic
def retire_key(*, key: EntranceKey, actor: Actor, now: datetime) -> None:
    """Take no more words signed by this key, from now on. One person is enough: it only closes a door.

    Raises:
        EntranceRefused: the actor may not, or it is not in use.
    """
    standing = _standing(actor, Permission.APPROVE_SETTINGS, now)
    rows = EntranceKey.objects.filter(pk=key.pk, status=Status.APPROVED, retired_at__isnull=True)
    if not rows.update(retired_by=standing.user_id, retired_at=now):
        raise EntranceRefused(_("This key is not in use. Reload the page."))
    record("entrancekey.retired", target=key, actor=actor, at=now)


def _propose[P: (EntrancePolicy, EntranceKey)](proposal: P, taken: str, actor: Actor, now: datetime) -> P:
    standing = _standing(actor, Permission.MANAGE_SETTINGS, now)
    proposal.proposed_by, proposal.proposed_person = standing.user_id, standing.person
    proposal.proposed_at = now
    try:
        with transaction.atomic():
            proposal.save()
    except IntegrityError:
        raise EntranceRefused(taken) from None
    record(f"{proposal._meta.model_name}.proposed", target=proposal, actor=actor, at=now)
    return proposal


def _read_key(text: str) -> tuple[str, str, str]:
    """Its algorithm, its thumbprint (RFC 7638) and itself as PEM."""
    try:
        key = load_pem_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise EntranceRefused(_("This is no public key in PEM form. It begins with “BEGIN PUBLIC KEY”.")) from None
    if isinstance(key, Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        members = {"crv": "Ed25519", "kty": "OKP", "x": _url(raw)}
        algorithm = EntranceKey.Algorithm.ED25519
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        point = key.public_numbers()
        members = {"crv": "P-256", "kty": "EC", "x": _url(point.x.to_bytes(32)), "y": _url(point.y.to_bytes(32))}
        algorithm = EntranceKey.Algorithm.ES256
    else:
        raise EntranceRefused(_("Use a key for Ed25519 or for ECDSA on the curve P-256."))
    canonical = json.dumps(members, separators=(",", ":"), sort_keys=True).encode()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return algorithm, _url(hashlib.sha256(canonical).digest()), pem


def _url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _standing(actor: Actor, permission: Permission, now: datetime) -> Standing:
    standing = standing_of(actor, now=now)
    if standing is None or not standing.may(permission):
        raise EntranceRefused(_("Your role does not allow this."))
    return standing


def _move(proposed: Proposed, to: str, actor: Actor, now: datetime, **changes: object) -> None:
    try:
        transition(proposed, to, actor=actor, at=now, **changes)
    except (IllegalTransition, LostRace) as error:
        raise EntranceRefused(_("Somebody else has dealt with this change already. Reload the page.")) from error
