"""Setting up the access to gBizINFO, asking about a company, and taking over what a person chose."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from companies.gbiz.models import USUAL_MOST, GbizAccess, GbizAnswer
from companies.gbiz.selectors import KEYS, said_by
from companies.registry import open_profiles
from customers.editing.services import edit_customer
from customers.models import Customer
from customers.selectors import facts_of
from retention.expiring import day_in_japan
from tenants.keys import cipher
from tenants.permissions import Permission
from tenants.steps import Refused, Steps


class GbizRefused(Refused):
    """It cannot be done now; its text is a sentence for the person who tried."""


_STEPS = Steps(GbizRefused)


@transaction.atomic
def set_access(*, token: str, most_a_day: int, actor: Actor, now: datetime) -> GbizAccess:
    """Keep the tenant's token, sealed; an empty one leaves what is there. ``most_a_day``: questions in a day.

    Raises:
        GbizRefused: there is no token yet, or the role is gone.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    held = GbizAccess.objects.select_for_update().first() or GbizAccess()
    if not token and held.token is None:
        raise GbizRefused(_("Enter the token."))
    held.token = token or held.token
    held.most_a_day, held.set_by, held.set_at = most_a_day, standing.user_id, now
    held.save()
    record("gbizaccess.set", target=held, actor=actor, at=now, most_a_day=most_a_day, is_new_token=bool(token))
    return held


@transaction.atomic
def end_access(*, actor: Actor, now: datetime) -> None:
    """Destroy the token; what was answered stays.

    Raises:
        GbizRefused: there is none, or the role is gone.
    """
    standing = _STEPS.standing(actor, Permission.MANAGE_SETTINGS, now=now)
    held = GbizAccess.objects.select_for_update().filter(token__isnull=False).first()
    if held is None:
        raise GbizRefused(_("There is no token any more."))
    held.token, held.most_a_day, held.set_by, held.set_at = None, USUAL_MOST, standing.user_id, now
    held.save()
    record("gbizaccess.ended", target=held, actor=actor, at=now)


def ask_profile(*, customer_id: UUID, actor: Actor, now: datetime) -> bool:
    """Ask gBizINFO about one company by its number and keep the answer; whether it knows the company.

    Asks a provider, so no transaction may be open. Only the corporate number leaves us, which is public.

    Raises:
        GbizRefused: no token, no number, or the day's questions are used up.
        RegistryUnavailable, RegistryRefused, RegistryUnreadable: there is no answer; the question counts.
    """
    with transaction.atomic():
        cipher()
        number = str(facts_of(Customer.objects.get(pk=customer_id)).get("corporate_number") or "")
        if not number:
            raise GbizRefused(_("The file has no corporate number. Take it over from the register first."))
        token = _counted(now)
    with open_profiles(token) as profiles:
        profile = profiles.by_number(number)
    with transaction.atomic():
        customer = Customer.objects.select_for_update(of=("self",)).get(pk=customer_id)
        answer = GbizAnswer.objects.filter(customer=customer).first() or GbizAnswer(customer=customer)
        answer.number, answer.asked_by, answer.asked_at = number, int(actor.id), now
        answer.said = said_by(profile) if profile else None
        answer.save()
        record("customer.gbiz_asked", target=customer, actor=actor, at=now, is_known=profile is not None)
    return profile is not None


def _counted(now: datetime) -> str:
    """The token, and the question counted before it is asked: two at once cannot both be the last."""
    held = GbizAccess.objects.select_for_update().filter(token__isnull=False).first()
    if held is None:
        raise GbizRefused(_("Your institution has no access to gBizINFO. An administrator enters its token."))
    day = day_in_japan(now)
    if held.count_on(day) >= held.most_a_day:
        most = {"count": held.most_a_day}
        raise GbizRefused(_("Today's %(count)s questions to gBizINFO are used up. Ask again tomorrow.") % most)
    held.count, held.counted_on = held.count_on(day) + 1, day
    held.save(update_fields=["count", "counted_on"])
    return str(held.token)


def take_profile(
    *, customer_id: UUID, seen_at: str, facts: Collection[str], reason: str, actor: Actor, now: datetime
) -> list[str]:
    """Write what was chosen of the answer of ``seen_at`` into the file, as an edit by hand for ``reason``.

    The number of the matter names the source and its day. Returns the facts that changed.

    Raises:
        GbizRefused: another answer came meanwhile, or nothing was chosen.
        NotEditable: nothing of the customer may be edited any more.
    """
    with transaction.atomic():
        answer = GbizAnswer.objects.select_for_update(of=("self",)).filter(customer_id=customer_id).first()
        if answer is None or answer.asked_at.isoformat() != seen_at or not answer.said:
            raise GbizRefused(_("There is another answer meanwhile. Look at it again."))
        said: dict[str, Any] = answer.said
        wanted = {key: said[key] for key in KEYS if key in facts and key in said}
        if not wanted:
            raise GbizRefused(_("Choose what is to be taken over."))
        if "address" in wanted:  # the old code beside the new address would be wrong
            wanted["postal_code"] = said.get("postal_code")
        matter = f"gBizINFO {day_in_japan(answer.asked_at).isoformat()}"
        return edit_customer(
            customer_id=customer_id, shown={}, wanted=wanted, reason=reason, matter=matter, actor=actor, now=now
        )
