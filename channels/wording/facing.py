"""A text as one real customer would get it: to which address, in which language, with their name on the letter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from channels.advice import advice_for
from channels.models import ProviderAccount
from channels.protocols import Channel
from channels.rendering import CannotRender, Sheet, language_of, letter_html
from channels.selectors import usable_channels
from channels.wording.guests import covered
from channels.wording.samples import Sample, accounts_by_channel, letter_wording, sample_of
from channels.wording.selectors import Words, sample_wording
from customers.models import ContactPoint, Customer
from customers.presenting import hide, name_shown, or_erased, say
from customers.selectors import facts_of
from tenants.models import tenant_in_scope

_POINT: dict[str, str] = {
    Channel.LINE: ContactPoint.Channel.LINE,
    Channel.SMS: ContactPoint.Channel.PHONE,
    Channel.EMAIL: ContactPoint.Channel.EMAIL,
    Channel.POST: ContactPoint.Channel.POST,
}


@dataclass(frozen=True, slots=True)
class Facing:
    """``lines`` are where it would go, as the reader may see them; ``remarks`` what keeps it from going there."""

    name: str
    sample: Sample | None
    lines: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    can_print: bool = False


def facing(customer: Customer, words: Words, *, masked: bool, on: date) -> Facing:
    """A text through a customer's eyes. The link and the reference number are samples: no notice is made."""
    facts, channel = facts_of(customer), words.slot.channel
    wording = sample_wording(words.slot, tenant_in_scope(), on)
    accounts: dict[str, ProviderAccount] = accounts_by_channel()
    remarks = []
    if language_of(customer.language) != words.slot.language:
        remarks.append(_("This customer is written to in the other language, so this text does not reach them."))
    point = _point(customer, channel)
    if channel not in usable_channels([customer.pk])[customer.pk]:
        remarks.append(_("This customer is not reached by this channel now."))
    can_print = False
    if channel == Channel.POST and point is not None:
        sheet = or_erased(lambda: sheet_for(customer, words, on=on))
        problem = _problem(sheet) if isinstance(sheet, Sheet) else ""
        can_print = isinstance(sheet, Sheet) and not problem
        if problem and (found := advice_for(channel, problem)):
            remarks += [str(found.reason), str(found.step)]
    return Facing(
        name=name_shown(customer, facts, masked=masked),
        sample=sample_of(words, wording, accounts),
        lines=_lines(point, masked=masked, is_company=customer.kind == Customer.Kind.COMPANY) if point else [],
        remarks=remarks,
        can_print=can_print,
    )


def sheet_for(customer: Customer, words: Words, *, on: date) -> Sheet:
    """The customer's letter, with samples for the link and the numbers.

    Raises:
        PersonShredded: the customer's data were destroyed.
    """
    point = _point(customer, Channel.POST)
    value = point.value if point else {}
    wording = sample_wording(words.slot, tenant_in_scope(), on)
    return Sheet(
        wording=letter_wording(words, wording, accounts_by_channel()),
        name=customer.profile["name"],
        is_company=customer.kind == Customer.Kind.COMPANY,
        postal_code=str(value.get("postal_code") or ""),
        address=str(value.get("address") or ""),
        return_id="0" * 18,
        issued_on=on,
    )


def _point(customer: Customer, channel: Channel) -> ContactPoint | None:
    """Where a notice by the channel goes: for LINE the tied account, else the number of a notification message."""
    rows = ContactPoint.objects.filter(customer=customer, is_current=True)
    points = {point.channel: point for point in rows}
    found = points.get(_POINT[channel])
    return found or (points.get(ContactPoint.Channel.PHONE) if channel == Channel.LINE else None)


def _lines(point: ContactPoint, *, masked: bool, is_company: bool) -> list[str]:
    value = or_erased(lambda: point.value)
    match point.channel:
        case ContactPoint.Channel.POST if isinstance(value, dict):
            shown = {key: say(key, value.get(key)) for key in ("postal_code", "address")}
            return [hide(key, text, is_company=is_company) if masked else text for key, text in shown.items()]
        case ContactPoint.Channel.PHONE:
            text = say("phone", value)
            return [hide("phone", text) if masked else text]
        case ContactPoint.Channel.LINE:
            return [covered(Channel.LINE, str(value)) if masked else str(value)]
    return [hide("email", str(value)) if masked else str(value)]


def _problem(sheet: Sheet) -> str:
    try:
        letter_html(sheet)
    except CannotRender as refusal:
        return refusal.code
    return ""
