"""Reading templates: what is in force, its versions, and how a text looks with its variables filled in."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from urllib.parse import urlsplit

from django.conf import settings

from channels.line_rules import text_problems
from channels.linting import Draft, Ground, Remark, Severity, lint
from channels.models import ChannelKind, MessageTemplate, Notice, ProviderAccount
from channels.protocols import Channel
from channels.rendering import Bank, CannotRender, Text, Wording, default_words, language_of, render_text, values_of
from channels.variables import ADDRESSES, UnknownVariable, fill, named_in
from tenants.domains.addresses import base_of, check_page, entry_page
from tenants.models import Tenant, tenant_in_scope

LANGUAGES = ("ja", "en")
WITH_SUBJECT = (Channel.EMAIL, Channel.POST)
Status = MessageTemplate.Status


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one text: on which channel, for what, in which language."""

    channel: Channel
    purpose: str  # Notice.Purpose
    language: str

    @property
    def name(self) -> str:
        """As addresses write it: ``sms-request-ja``."""
        return f"{self.channel}-{self.purpose}-{self.language}".lower()


@dataclass(frozen=True, slots=True)
class Words:
    """A text that notices are made of, with the version it is; version 0 comes with the product."""

    slot: Slot
    subject: str
    body: str
    version: int = 0
    template_id: str = ""
    is_altered: bool = False  # it is not what was approved any more

    @property
    def whole(self) -> str:
        """As `channels.rendering` takes it: a subject is the first line."""
        return f"{self.subject}\n{self.body}" if self.slot.channel in WITH_SUBJECT else self.body

    @property
    def digest(self) -> str:
        """SHA-256 of all that an approval covers."""
        slot = self.slot
        parts = [slot.channel, slot.purpose, slot.language, self.version, self.subject, self.body]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()


SLOTS: Mapping[str, Slot] = {
    slot.name: slot
    for slot in (
        Slot(Channel(channel), purpose, language)
        for channel, purpose, language in product(ChannelKind.values, Notice.Purpose.values, LANGUAGES)
    )
    if (slot.channel, slot.purpose) != (Channel.POST, Notice.Purpose.REPLY)  # whoever asks is not answered by post
}


def default_of(slot: Slot, *, is_link_free: bool = False) -> Words:
    """The text that comes with the product."""
    whole = default_words(slot.channel, slot.purpose.lower(), slot.language, is_link_free=is_link_free)
    subject, body = whole.split("\n", 1) if slot.channel in WITH_SUBJECT else ("", whole)
    return Words(slot, subject, body.strip())


def words_of(template: MessageTemplate) -> Words:
    """The text of one version."""
    return Words(slot_of(template), template.subject, template.body, template.version, str(template.pk))


def slot_of(template: MessageTemplate) -> Slot:
    """Where a version stands."""
    return Slot(Channel(template.channel), template.purpose, template.language)


def in_force() -> dict[Slot, Words]:
    """Every slot's text as approved, or else as it comes with the product. Two queries.

    On a channel without links an approved text that names an address gives way to the product's own without.
    """
    without = link_free_channels()
    found = {slot: default_of(slot, is_link_free=slot.channel in without) for slot in SLOTS.values()}
    for template in MessageTemplate.objects.filter(status=Status.APPROVED):
        words = words_of(template)
        if words.slot.channel in without and names_an_address(words.whole):
            continue  # approved before links were given up: no step of a ladder sends it any more
        found[words.slot] = replace(words, is_altered=words.digest != template.approved_hash)
    return found


def text_of(slot: Slot, version: int) -> Words | None:
    """A slot's text of one version, in force or not; 0 is what comes with the product. One query."""
    if version == 0:
        return default_of(slot, is_link_free=slot.channel in link_free_channels())
    rows = MessageTemplate.objects.filter(channel=slot.channel, purpose=slot.purpose, language=slot.language)
    template = rows.filter(version=version).first()
    if template is None:
        return None
    words = words_of(template)
    is_altered = template.status == Status.APPROVED and words.digest != template.approved_hash
    return replace(words, is_altered=is_altered)


def link_free_channels() -> frozenset[str]:
    """The channels on which the institution gave up links. One query."""
    rows = ProviderAccount.objects.filter(options__link_free=True).exclude(channel=Channel.POST)
    return frozenset(rows.values_list("channel", flat=True))


def names_an_address(words: str) -> bool:
    """Whether a text leads somewhere: by a variable that stands for an address, or by one written out."""
    return "://" in words or bool(ADDRESSES.intersection(named_in(words)))


def slot_for(channel: Channel, purpose: str, language: str) -> Slot:
    """Where a notice's text stands, for a customer who prefers ``language``."""
    return Slot(channel, purpose.upper(), language_of(language))


def digests_in_force() -> dict[str, str]:
    """Digest of every text of the tenant's own, by slot: what an approval of a campaign covers beside the files."""
    rows = MessageTemplate.objects.filter(status=Status.APPROVED).exclude(purpose=Notice.Purpose.REPLY)
    found = {f"template {slot_of(row).name}": words_of(row).digest for row in rows}
    return found | {channel.lower(): "without links" for channel in link_free_channels()}


def versions_of(slot: Slot) -> list[MessageTemplate]:
    """Every version of a slot, newest first."""
    rows = MessageTemplate.objects.filter(channel=slot.channel, purpose=slot.purpose, language=slot.language)
    return list(rows.order_by("-version"))


def bank_of(tenant: Tenant) -> Bank:
    """How the institution presents itself in notices."""
    code = tenant.postal_code
    return Bank(
        name=tenant.name,
        name_en=tenant.name_en,
        kind_word=tenant.kind_word,
        phone=tenant.phone,
        phone_hours=tenant.phone_hours,
        official_site=tenant.official_site,
        **_colours(tenant),
        address=f"〒{code[:3]}-{code[3:]} {tenant.address}" if code and tenant.address else tenant.address,
    )


def _colours(tenant: Tenant) -> dict[str, str]:
    if not tenant.brand_colour:
        return {}
    return {"colour": tenant.brand_colour, "words_on_it": tenant.brand_words}


def sample_wording(slot: Slot, tenant: Tenant, deadline_on: date, opens_on: date | None = None) -> Wording:
    """Invented particulars, as long as real ones."""
    return Wording(
        bank=bank_of(tenant),
        purpose=slot.purpose.lower(),
        language=slot.language,
        url=f"{base_of(tenant)}/r/SAMPLE{'0' * 26}/",
        deadline_on=deadline_on,
        opens_on=opens_on,
        number="0000-0000-0000",
        check_page=check_page(tenant),
        entry_page=entry_page(tenant),
    )


def preview_of(words: Words, wording: Wording) -> Text | None:
    """As a customer would read it; None where it cannot be written. A letter is its two free parts."""
    try:
        if words.slot.channel == Channel.POST:
            values = values_of(wording, words.slot.language)
            return Text(text=fill(words.body, values), subject=fill(words.subject, values))
        return render_text(words.slot.channel, replace(wording, words=words.whole))
    except (CannotRender, UnknownVariable):
        return None


def remarks_on(words: Words, wording: Wording) -> list[Remark]:
    """What the linter says of a text in this institution. One query."""
    tenant, channel = tenant_in_scope(), words.slot.channel
    values = values_of(wording, words.slot.language)
    draft = Draft(words.subject, words.body, _filled(words.subject, values), _filled(words.body, values))
    account = ProviderAccount.objects.filter(channel=channel).first()
    ground = Ground(
        channel=channel,
        language=words.slot.language,
        hosts=frozenset(_hosts(tenant)),
        is_link_free=bool(account and account.options.get("link_free")),
    )
    return [*_lines_own(draft, account, tenant), *lint(draft, ground)]


def _lines_own(draft: Draft, account: ProviderAccount | None, tenant: Tenant) -> list[Remark]:
    """What LINE or its review would refuse, beside what is amiss on every channel."""
    if account is None or account.channel != Channel.LINE:
        return []
    is_notification = bool(account.options.get("notification_messages"))
    # A demonstration runs without encryption; in production our own address cannot (cdd/checks.py).
    ours = base_of(tenant)
    body = draft.filled_body.replace(ours, ours.replace("http://", "https://", 1))
    problems = text_problems(body, is_notification=is_notification)
    known = ("advertising", "uri_scheme")  # the linter itself counts characters
    return [Remark(f"line_{p.code}", Severity.ERROR, p.word) for p in problems if p.code in known]


def _filled(words: str, values: Mapping[str, str]) -> str:
    try:
        return fill(words, values)
    except UnknownVariable:
        return words


def _hosts(tenant: Tenant) -> Iterator[str]:
    for address in (tenant.official_site, base_of(tenant), settings.PUBLIC_BASE_URL):
        host = urlsplit(address).hostname
        if host:
            yield host.removeprefix("www.")


def difference(old: Words, new: Words) -> list[tuple[str, str]]:
    """Pieces of the new text against the old: ("same" | "old" | "new", piece)."""
    before, after = (f"{words.subject}\n{words.body}".strip() for words in (old, new))
    found = []
    for code, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if code == "equal":
            found.append(("same", before[a:b]))
            continue
        found += [("old", before[a:b])] if b > a else []
        found += [("new", after[c:d])] if d > c else []
    return found
