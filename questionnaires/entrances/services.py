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
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.services import Actor, record
from questionnaires.models import EntranceKey, EntrancePolicy
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

type Proposed = EntrancePolicy | EntranceKey

Status = EntrancePolicy.Status


class EntranceRefused(Refused):
    """How customers come in cannot be changed so."""

    WAITING = _("Another proposal waits. Have it approved or rejected first.")


class KeyTaken(EntranceRefused):
    """Somebody proposed this key, and it was not rejected."""

    WAITING = _("This key is registered already.")


_STEPS = Steps(EntranceRefused)


@transaction.atomic
def propose_policy(
    *, individual: str, company: str, app_asks_facts: bool, actor: Actor, now: datetime
) -> EntrancePolicy:
    """Propose by what customers prove themselves.

    Raises:
        EntranceRefused: another proposal waits, or the actor may not.
    """
    policy = EntrancePolicy(individual=individual, company=company, app_asks_facts=app_asks_facts)
    return _STEPS.propose(policy, Permission.MANAGE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def propose_key(*, name: str, public_key: str, actor: Actor, now: datetime) -> EntranceKey:
    """Propose a public key (PEM; Ed25519 or ECDSA on P-256) of the institution's own app.

    Raises:
        EntranceRefused: it is no such key, it is a private one, or it is registered already.
    """
    algorithm, key_id, pem = _read_key(public_key)
    key = EntranceKey(name=name, algorithm=algorithm, key_id=key_id, public_key=pem)
    return Steps(KeyTaken).propose(key, Permission.MANAGE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def approve(*, proposed: Proposed, actor: Actor, now: datetime) -> None:
    """Put it in force.

    Raises:
        EntranceRefused: the actor proposed it, under whatever account; may not approve; or somebody was faster.
    """
    _STEPS.approve(proposed, Permission.APPROVE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def reject(*, proposed: Proposed, actor: Actor, now: datetime) -> None:
    """Leave everything as it is; whoever proposed it may take it back so.

    Raises:
        EntranceRefused: the actor may not, or it is decided already.
    """
    _STEPS.reject(proposed, Permission.APPROVE_SETTINGS, actor=actor, now=now)


@transaction.atomic
def retire_key(*, key: EntranceKey, actor: Actor, now: datetime) -> None:
    """Take no more words signed by this key, from now on. One person is enough: it only closes a door.

    Raises:
        EntranceRefused: the actor may not, or it is not in use.
    """
    standing = _STEPS.standing(actor, Permission.APPROVE_SETTINGS, now=now)
    rows = EntranceKey.objects.filter(pk=key.pk, status=Status.APPROVED, retired_at__isnull=True)
    if not rows.update(retired_by=standing.user_id, retired_at=now):
        raise EntranceRefused(_("This key is not in use. Reload the page."))
    record("entrancekey.retired", target=key, actor=actor, at=now)


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
