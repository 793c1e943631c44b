"""Second factors: who has one, who must, and which code is good exactly once."""

from __future__ import annotations

import time
from typing import Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.db import transaction

from tenants.lookups import memberships_of
from tenants.models import Tenant
from tenants.sign_in import sealing

PROPER = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
LAST_COUNTER = "last_counter"


def has_factor(user_id: int) -> bool:
    """Whether the account has an authenticator application or a passkey; recovery codes alone are none."""
    found: bool = Authenticator.objects.filter(user_id=user_id, type__in=PROPER).exists()
    return found


def must_have_factor(user_id: int) -> bool:
    """Whether any institution the account works for requires a second factor."""
    ids = [membership.tenant_id for membership in memberships_of(user_id)]
    return Tenant.objects.filter(pk__in=ids, mfa_policy=Tenant.MfaPolicy.REQUIRED).exists()


def may_remove(authenticator: Authenticator) -> bool:
    """Whether the account may lose this factor: another is left, or no institution requires one."""
    user_id: int = authenticator.user_id
    others = Authenticator.objects.filter(user_id=user_id, type__in=PROPER).exclude(pk=authenticator.pk)
    return others.exists() or not must_have_factor(user_id)


def accept_code(user_id: int, code: str) -> Authenticator | None:
    """The factor of the account that ``code`` is good for, used up by this call; None when there is none.

    A code of the application is good once (RFC 6238 §5.2): the highest time step that was accepted is kept with
    the factor, under a row lock, and no earlier or equal one is accepted again. A recovery code is good once.
    """
    with transaction.atomic():
        mine = Authenticator.objects.select_for_update().filter(user_id=user_id)
        for factor in mine.exclude(type=Authenticator.Type.WEBAUTHN).order_by("-type"):
            is_good = (
                _accept_step(factor, code) if factor.type == Authenticator.Type.TOTP else _accept_spare(factor, code)
            )
            if is_good:
                return factor
    return None


def step_of(secret: str, code: str) -> int | None:
    """The time step ``code`` belongs to, if it is of now or of a neighbouring step."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


def code_at(secret: str, moment: float | None = None) -> str:
    """What an authenticator application with ``secret`` shows at a moment in Unix seconds, now by default."""
    step = int(time.time() if moment is None else moment) // 30
    return str(format_hotp_value(hotp_value(secret, step)))


def _accept_step(factor: Any, code: str) -> bool:
    step = step_of(sealing.open_text(factor.data["secret"]), code)
    if step is None or step <= factor.data.get(LAST_COUNTER, -1):
        return False
    factor.data[LAST_COUNTER] = step
    factor.save(update_fields=["data"])
    return True


def _accept_spare(factor: Any, code: str) -> bool:
    is_good: bool = factor.wrap().validate_code(code)
    return is_good


def factor_summary(user_id: int) -> dict[str, Any]:
    """What the account's page and an administrator's list show: never a secret."""
    factors = list(Authenticator.objects.filter(user_id=user_id).order_by("created_at"))
    codes = next((factor for factor in factors if factor.type == Authenticator.Type.RECOVERY_CODES), None)
    return {
        "app": next((factor for factor in factors if factor.type == Authenticator.Type.TOTP), None),
        "passkeys": [factor for factor in factors if factor.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "is_required": must_have_factor(user_id),
        "code_count": getattr(settings, "MFA_RECOVERY_CODE_COUNT", 10),
    }
