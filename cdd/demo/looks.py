"""How the two invented banks look: written by the administrator, proposed, and let by the approver; and where."""

from __future__ import annotations

import io
from datetime import datetime
from urllib.parse import urlsplit

from PIL import Image, ImageDraw

from audit.services import Actor
from cdd.demo.banks import Bank
from questionnaires.branding.colouring import readable_words
from questionnaires.branding.models import Branding
from questionnaires.branding.services import approve_branding, propose_branding, save_branding
from tenants.domains.models import TenantDomain
from tenants.domains.services import propose_domain
from tenants.models import User
from uploads.marks import remake_mark


def give_look(bank: Bank, *, now: datetime) -> None:
    """Its first version, unless it has one. Needs its staff."""
    if Branding.objects.exists():
        return
    writer, approver = (
        Actor.user(User.objects.get(email=f"{name}@{bank.slug}.example").pk) for name in ("admin", "approver")
    )
    shown = {
        "name": bank.name,
        "name_en": bank.name_en,
        "name_kana": bank.name_kana,
        "phone": bank.phone,
        "phone_hours": bank.phone_hours,
        "official_site": bank.official_site,
        "brand_colour": bank.colour,
        "brand_words": readable_words(bank.colour),
        "short_mark": bank.short_mark,
    }
    mark = None if bank.short_mark else remake_mark(_sun_over_the_sea(bank.colour)).body
    branding = save_branding(shown=shown, mark=mark, actor=writer, now=now)
    propose_branding(branding=branding, actor=writer, now=now)
    approve_branding(branding=branding, actor=approver, now=now)


def propose_own_domain(bank: Bank, *, now: datetime) -> None:
    """One below its site, for the approver to look at, unless it has one. Needs its staff."""
    if TenantDomain.objects.exists():
        return
    host = "kakunin." + (urlsplit(bank.official_site).hostname or "").removeprefix("www.")
    writer = Actor.user(User.objects.get(email=f"admin@{bank.slug}.example").pk)
    propose_domain(host=host, actor=writer, now=now)


def _sun_over_the_sea(colour: str) -> bytes:
    """A PNG, as an institution would send it."""
    picture = Image.new("RGBA", (640, 640))
    draw = ImageDraw.Draw(picture)
    draw.pieslice((144, 176, 496, 528), 180, 360, fill=colour)
    draw.rounded_rectangle((48, 432, 592, 480), 24, fill=colour)
    draw.rounded_rectangle((144, 536, 496, 584), 24, fill=colour)
    picture.thumbnail((288, 288))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
