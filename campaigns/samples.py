"""What customers of a campaign will read, with invented particulars, for the approver to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from campaigns.models import Campaign
from channels.protocols import Channel
from channels.rendering import render_letters
from channels.wording.samples import Sample, accounts_by_channel, sample_of, sample_sheet
from channels.wording.selectors import LANGUAGES, in_force, sample_wording, slot_for
from tenants.models import Tenant


def samples_of(campaign: Campaign, tenant: Tenant, channels: Iterable[str]) -> list[Sample]:
    """The request on every channel of text among ``channels``, in both languages. Three queries."""
    words, accounts = in_force(), accounts_by_channel()
    wanted = [Channel(code) for code in channels if code in Channel and code != Channel.POST]
    slots = [slot_for(channel, "request", language) for channel in wanted for language in LANGUAGES]
    found = (sample_of(words[slot], sample_wording(slot, tenant, *campaign.days), accounts) for slot in slots)
    return [sample for sample in found if sample]


def sample_letter(campaign: Campaign, tenant: Tenant, today: date) -> bytes:
    """The letter as a PDF."""
    slot = slot_for(Channel.POST, "request", "ja")
    wording = sample_wording(slot, tenant, *campaign.days)
    return render_letters([sample_sheet(in_force()[slot], wording, accounts_by_channel(), today=today)])[0]
