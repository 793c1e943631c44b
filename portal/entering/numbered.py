"""Who may come in by a reference number: found, compared and answered alike whether anybody has the number or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from audit.services import Actor, record
from channels.wording.authenticity import reference_of
from customers.selectors import facts_of
from portal import guessing
from portal.visiting import awaits_check
from questionnaires import links
from questionnaires.entrances.selectors import facts_asked
from questionnaires.links import Entrance, LinkLocked, WrongFactor
from questionnaires.models import AccessLink, Response
from questionnaires.proving import Factors, agrees
from questionnaires.selectors import decoy_response, response_of
from tenants.models import Tenant
from tenants.scoping import tenant_context, tenant_scope
from tenants.sign_in.lockout import Locked


@dataclass(frozen=True, slots=True)
class Found:
    """Who has proved that a number is theirs, and where they come in."""

    link: AccessLink
    is_check_open: bool


def identify(*, tenant: Tenant, number: str, kind: str, factors: Factors, now: datetime) -> Found:
    """Whose number it is, if the facts go with it. The try is paid for before anything is looked up.

    ``kind`` (Customer.Kind) is what the visitor says, so that the facts asked for betray nothing. What is read for
    a number that does not exist is somebody else's response: it takes as long, and never agrees.

    Raises:
        WrongFactor, LinkLocked: the same for a number that nobody has.
    """
    try:
        counted = guessing.pay_for_number(tenant, number, now=now)
    except Locked as locked:
        raise LinkLocked(locked.until) from None
    with tenant_scope(tenant.pk):
        reference = reference_of(number)
        held = response_of(reference) if reference else None
        response = held or decoy_response()
        is_theirs = response is not None and _agrees(response, kind, factors) and held is not None
        link = links.leading_link(response) if response else None
        if is_theirs and link and response:
            link.response = response
            found = Found(link, awaits_check(response))
        else:
            found = None
            actor = Actor.system("portal")
            record("entrance.refused", target=held or tenant, actor=actor, at=now, entrance=Entrance.NUMBER)
    if found is None:
        if counted.locks_now and (until := guessing.number_refused_until(tenant, number, now=now)):
            raise LinkLocked(until)
        raise WrongFactor(guessing.NUMBER_LIMIT - counted.failures)
    guessing.forget_number(tenant, number)
    return found


def come_in(found: Found, *, now: datetime) -> AccessLink:
    """Let in who was identified.

    Raises:
        LinkClosed: there is nothing to answer, or not yet.
    """
    with tenant_context(found.link.tenant_id):
        return links.admit(link=found.link, entrance=Entrance.NUMBER, now=now, is_answer_needed=not found.is_check_open)


def _agrees(response: Response, kind: str, factors: Factors) -> bool:
    customer = response.customer
    return agrees(customer, facts_asked(kind), factors, facts_of(customer)) and customer.kind == kind
