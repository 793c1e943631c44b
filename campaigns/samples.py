"""What customers of a campaign will read, with invented particulars, for the approver to look at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.conf import settings

from campaigns.models import Campaign
from channels.protocols import Channel
from channels.rendering import Bank, Sheet, Wording, render_letters, render_text
from tenants.models import Tenant

_TOKEN = "SAMPLE" + "0" * 26


@dataclass(frozen=True, slots=True)
class Sample:
    """One notice as text."""

    channel: str
    language: str
    subject: str
    text: str

    @property
    def length(self) -> int:
        """Characters of the text: what short messages are charged by."""
        return len(self.text)


def samples_of(campaign: Campaign, tenant: Tenant, channels: Iterable[str]) -> list[Sample]:
    """The request on every channel of text among ``channels``, in both languages."""
    found = []
    for channel in channels:
        if channel == Channel.POST:
            continue
        for language in ("ja", "en"):
            text = render_text(Channel(channel), _wording(campaign, tenant, language))
            found.append(Sample(channel, language, text.subject, text.text))
    return found


def sample_letter(campaign: Campaign, tenant: Tenant, today: date) -> bytes:
    """The letter as a PDF."""
    sheet = Sheet(
        wording=_wording(campaign, tenant, "ja"),
        name="見本 太郎",
        is_company=False,
        postal_code="1000001",
        address="東京都千代田区千代田一丁目1番1号",
        return_id="0" * 18,
        issued_on=today,
    )
    return render_letters([sheet])[0]


def _wording(campaign: Campaign, tenant: Tenant, language: str) -> Wording:
    bank = Bank(
        name=tenant.name,
        name_en=tenant.name_en,
        kind_word=tenant.kind_word,
        phone=tenant.phone,
        phone_hours=tenant.phone_hours,
        official_site=tenant.official_site,
        address=tenant.address,
    )
    url = f"{settings.PUBLIC_BASE_URL}/r/{_TOKEN}/"
    return Wording(bank, "request", language, url, campaign.deadline_on)
