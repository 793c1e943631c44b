"""What a short message will cost, by the text in force and the price that the bank agreed on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from channels.models import ProviderAccount
from channels.protocols import Channel
from channels.rendering import render_text
from channels.segments import cost_yen, read_price
from channels.wording.selectors import in_force, sample_wording, slot_for
from tenants.models import tenant_in_scope


def sms_yen(*, deadline_on: date, opens_on: date | None = None) -> Decimal | None:
    """Yen for one request in Japanese; None as long as no price per part is entered (``segment_yen``)."""
    account = ProviderAccount.objects.filter(channel=Channel.SMS).first()
    price = read_price(account.options.get("segment_yen")) if account else None
    if price is None:
        return None
    slot = slot_for(Channel.SMS, "request", "ja")
    sample = sample_wording(slot, tenant_in_scope(), deadline_on, opens_on)
    wording = replace(sample, words=in_force()[slot].whole)
    return cost_yen(render_text(Channel.SMS, wording).text, price)
