"""The ways to verify identity at a distance: stable codes, when each is lawful, and on what basis.

Letters of the regulation change with its revisions, so a verification stores the code and the revision, never
the bare letter. Basis: 犯罪収益移転防止法施行規則 第6条第1項第1号.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

ARTICLE = "犯罪収益移転防止法施行規則 第6条第1項第1号"


class UnknownMethod(KeyError):
    """No method has this code."""


class MethodNotAllowed(Exception):
    """The method is not lawful on the day it was asked for."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A text of the regulation as in force between two dates, both included; ``id`` is the e-Gov revision."""

    id: str
    valid_from: date
    valid_to: date | None


CURRENT = Revision("420M60000F5A001_20260806_508M60000F5A006", date(2026, 8, 6), date(2027, 3, 31))
FROM_2027 = Revision("420M60000F5A001_20270401_508M60000F5A005", date(2027, 4, 1), None)
REVISIONS = (CURRENT, FROM_2027)


@dataclass(frozen=True, slots=True)
class Method:
    """One way to verify identity, with its letter in each revision that knows it."""

    code: str
    name: str
    name_en: str
    letters: Mapping[str, str]
    valid_from: date
    valid_to: date | None = None


METHODS = {
    method.code: method
    for method in (
        Method(
            code="ic_chip_selfie",
            name="ICチップの読み取りと、顔の撮影",
            name_en="Reading the IC chip, and a photograph of the face",
            letters={CURRENT.id: "ヘ", FROM_2027.id: "ハ"},
            valid_from=date(2018, 11, 30),
        ),
        Method(
            code="jpki_signature",
            name="マイナンバーカードの電子証明書（公的個人認証）",
            name_en="The electronic certificate of the My Number Card (JPKI)",
            letters={CURRENT.id: "カ", FROM_2027.id: "ヌ"},
            valid_from=date(2013, 4, 1),
        ),
        Method(
            code="wallet_mdoc",
            name="スマートフォンのマイナンバーカード",
            name_en="The My Number Card in a smartphone's wallet",
            letters={CURRENT.id: "ル", FROM_2027.id: "ト"},
            valid_from=date(2025, 6, 24),
        ),
        Method(
            code="image_selfie",
            name="本人確認書類と顔の撮影",
            name_en="Photographs of a document and of the face",
            letters={CURRENT.id: "ホ"},
            valid_from=date(2018, 11, 30),
            valid_to=date(2027, 3, 31),
        ),
        Method(
            code="bank_inquiry_ic",
            name="ICチップの読み取りと、ほかの金融機関への照会",
            name_en="Reading the IC chip, and an inquiry to another bank",
            letters={CURRENT.id: "ト", FROM_2027.id: "ニ"},
            valid_from=date(2018, 11, 30),
        ),
    )
}


def method_of(code: str) -> Method:
    """The method of a code.

    Raises:
        UnknownMethod: there is none.
    """
    try:
        return METHODS[code]
    except KeyError:
        raise UnknownMethod(code) from None


def allowed(code: str, on: date) -> bool:
    """Whether a verification by this method may be begun on that day (Japan's calendar)."""
    method = method_of(code)
    return method.valid_from <= on and (method.valid_to is None or on <= method.valid_to)


def revision_on(on: date) -> Revision:
    """The text of the regulation in force; the oldest known one for earlier days."""
    return next((revision for revision in reversed(REVISIONS) if revision.valid_from <= on), REVISIONS[0])


def legal_basis(code: str, revision_id: str) -> str:
    """The provision a method rests on in a revision, in words for evidence.

    Raises:
        UnknownMethod: there is no such method, or the revision does not know it.
    """
    letter = method_of(code).letters.get(revision_id)
    if letter is None:
        raise UnknownMethod(f"{code} in {revision_id}")
    day = next(revision.valid_from for revision in REVISIONS if revision.id == revision_id)
    return f"{ARTICLE}{letter}（{day.year}年{day.month}月{day.day}日施行）"
