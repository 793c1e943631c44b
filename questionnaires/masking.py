"""Shows just enough of what is on file to recognise it: to the eye with dots, to a screen reader in words."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from questionnaires import reading
from questionnaires.marking import in_language

_DOT = "●"
# Prefecture, then city, ward, town or village: enough to know one's own address by.
_AREA = re.compile(
    r"(?:東京都|北海道|(?:京都|大阪)府|.{2,3}県)?"
    r"(?:.{1,6}?市.{1,4}?区|.{1,6}?郡.{1,6}?[町村]|.{1,7}?[市区町村])"
)


@dataclass(frozen=True, slots=True)
class Part:
    text: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Masked:
    """What is seen, piece by piece, and what is spoken instead. Unmasked values have one plain piece."""

    parts: tuple[Part, ...]
    spoken: str = ""

    @property
    def is_hidden(self) -> bool:
        """Whether any of it is."""
        return any(part.is_hidden for part in self.parts)


def plain(text: str) -> Masked:
    """A value that may be seen as it is."""
    return Masked((Part(text, False),))


def mask_name(name: str) -> Masked:
    """The first and the last character; of two characters only the first."""
    shown = {0, len(name) - 1} if len(name) > 2 else {0}
    spoken = _("A name beginning with %(first)s, partly hidden") % {"first": name[:1]}
    return Masked(_hide(name, lambda place, character: place in shown or character.isspace()), spoken)


def mask_postal_code(code: str) -> Masked:
    """The first three digits, which say no more than the area."""
    digits = re.sub(r"\D", "", code)[:3]
    spoken = _("Postal code beginning with %(digits)s") % {"digits": digits}
    return Masked((Part(f"〒{digits}-", False), Part(_DOT * 4, True)), spoken)


def mask_address(address: str) -> Masked:
    """As far as the municipality; the dots always number six, so that they don't tell the length."""
    found = _AREA.match(address)
    area = found[0] if found else address[:3]
    spoken = _("%(area)s, the rest hidden") % {"area": in_language(area, "ja") if found else area}
    return Masked((Part(in_language(area, "ja") if found else area, False), Part(_DOT * 6, True)), spoken)


def mask_phone(number: str) -> Masked:
    """The area code and the last four digits."""
    first, _dash, rest = _grouped(number).partition("-")
    last = rest[-4:]
    spoken = _("Beginning with %(first)s and ending with %(last)s") % {"first": first, "last": last}
    return Masked((Part(f"{first}-", False), Part(_DOT * 4, True), Part(f"-{last}", False)), spoken)


def mask_email(address: str) -> Masked:
    """The first letter and the domain."""
    local, _at, domain = address.rpartition("@")
    spoken = _("Beginning with %(first)s, at %(domain)s") % {"first": local[:1], "domain": domain}
    return Masked((Part(local[:1], False), Part(_DOT * 4, True), Part(f"@{domain}", False)), spoken)


def _grouped(number: str) -> str:
    try:
        return reading.read_phone(number)
    except reading.Unreadable:
        return f"{number[:2]}-{number}"


def _hide(text: str, is_shown: Callable[[int, str], bool]) -> tuple[Part, ...]:
    return tuple(
        Part(character, False) if is_shown(place, character) else Part(_DOT, True)
        for place, character in enumerate(text)
    )
