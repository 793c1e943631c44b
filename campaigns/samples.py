"""What customers of a campaign will read, with invented particulars, for the approver to look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from campaigns.enclosing import Enclosing
from campaigns.models import Campaign
from campaigns.selectors import questionnaires_of
from channels.enclosing import Enclosure, pages_of_sheet, with_sheets
from channels.protocols import Channel, weight_of
from channels.rendering import render_letters
from channels.wording.samples import Sample, accounts_by_channel, sample_of, sample_sheet
from channels.wording.selectors import LANGUAGES, in_force, sample_wording, slot_for
from customers.models import Customer
from questionnaires.selectors import latest_versions
from tenants.models import Tenant

# Nobody's.
SAMPLE_NUMBER = "000000000000"


def samples_of(campaign: Campaign, tenant: Tenant, channels: Iterable[str]) -> list[Sample]:
    """The request on every channel of text among ``channels``, in both languages. Three queries."""
    words, accounts = in_force(), accounts_by_channel()
    wanted = [Channel(code) for code in channels if code in Channel and code != Channel.POST]
    slots = [slot_for(channel, "request", language) for channel in wanted for language in LANGUAGES]
    found = (sample_of(words[slot], sample_wording(slot, tenant, *campaign.days), accounts) for slot in slots)
    return [sample for sample in found if sample]


def sample_letter(campaign: Campaign, tenant: Tenant, today: date) -> bytes:
    """The letter to a person as a PDF, with the answer sheet behind it where the plan has one."""
    slot = slot_for(Channel.POST, "request", "ja")
    wording = sample_wording(slot, tenant, *campaign.days)
    letter = render_letters([sample_sheet(in_force()[slot], wording, accounts_by_channel(), today=today)])[0]
    sheet = _sheets(campaign).get(Customer.Kind.INDIVIDUAL)
    return with_sheets({SAMPLE_NUMBER: letter}, sheet)[SAMPLE_NUMBER] if sheet else letter


def weights_of(campaign: Campaign) -> list[tuple[str, int, int]]:
    """Of letters with an answer sheet, by kind of customer: pages in all, and grams. Empty where the plan has none."""
    found = []
    for kind, sheet in _sheets(campaign).items():
        pages = 1 + pages_of_sheet(sheet)
        found.append((str(Customer.Kind(kind).label), pages, weight_of(pages)))
    return found


def _sheets(campaign: Campaign) -> dict[str, Enclosure]:
    """The sheet that each kind of customer would get today."""
    if campaign.plan.get("enclosing", {}).get("whom", Enclosing.NOBODY) == Enclosing.NOBODY:
        return {}
    versions = latest_versions()
    return {
        kind: Enclosure(str(versions[key].pk), "ja", kind == Customer.Kind.COMPANY)
        for kind, key in questionnaires_of(campaign).items()
        if key in versions
    }
