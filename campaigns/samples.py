"""What customers of a campaign will read, with invented particulars, for the approver to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from campaigns.models import Campaign
from channels.protocols import Channel
from channels.rendering import Sheet, render_letters, render_text
from channels.segments import count_segments
from channels.selectors import sender_numbers
from channels.senders import in_a_line
from channels.wording.selectors import LANGUAGES, in_force, sample_wording, slot_for
from tenants.models import Tenant


@dataclass(frozen=True, slots=True)
class Sample:
    """One notice as text."""

    channel: str
    language: str
    subject: str
    text: str

    @property
    def length(self) -> int:
        """Characters of the text."""
        return len(self.text)

    @property
    def parts(self) -> int:
        """What a short message is charged as."""
        return count_segments(self.text)


def samples_of(campaign: Campaign, tenant: Tenant, channels: Iterable[str]) -> list[Sample]:
    """The request on every channel of text among ``channels``, in both languages. One query."""
    words = in_force()
    found = []
    for channel in channels:
        if channel == Channel.POST or channel not in Channel:
            continue
        for language in LANGUAGES:
            slot = slot_for(Channel(channel), "request", language)
            wording = sample_wording(slot, tenant, campaign.deadline_on)
            text = render_text(slot.channel, replace(wording, words=words[slot].whole))
            found.append(Sample(channel, language, text.subject, text.text))
    return found


def sample_letter(campaign: Campaign, tenant: Tenant, today: date) -> bytes:
    """The letter as a PDF."""
    slot = slot_for(Channel.POST, "request", "ja")
    wording = sample_wording(slot, tenant, campaign.deadline_on)
    bank = replace(wording.bank, sms_senders=in_a_line(sender_numbers(), slot.language))
    sheet = Sheet(
        wording=replace(wording, bank=bank, words=in_force()[slot].whole),
        name="見本 太郎",
        is_company=False,
        postal_code="1000001",
        address="東京都千代田区千代田一丁目1番1号",
        return_id="0" * 18,
        issued_on=today,
    )
    return render_letters([sheet])[0]
