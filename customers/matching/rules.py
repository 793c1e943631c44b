"""What makes two customers look like one, and how strongly: pure rules, no database."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Reason(IntFlag):
    """What two customers share, folded as `customers.folding` does; OTHER_BIRTH speaks against them being one."""

    NAME_BIRTH = 1
    KANA_PHONE = 2
    KANA_ADDRESS = 4
    CORPORATE_NUMBER = 8
    COMPANY_NAME = 16
    OTHER_BIRTH = 32


FOR = Reason.NAME_BIRTH | Reason.KANA_PHONE | Reason.KANA_ADDRESS | Reason.CORPORATE_NUMBER | Reason.COMPANY_NAME
_REACH = Reason.KANA_PHONE | Reason.KANA_ADDRESS


class Weight(IntEnum):
    """How strongly the reasons speak."""

    POSSIBLE = 1
    LIKELY = 2
    VERY_LIKELY = 3


def weight_of(reasons: Reason) -> Weight:
    """How strongly the reasons together say that the two are one.

    A corporate number belongs to one company. Name and date of birth are common to strangers now and then, and to
    nobody who also shares a telephone or an address. A reading and a telephone are shared by a parent and a child
    named alike, so they are no more than possible; with the address too, likely, unless the dates of birth differ.
    """
    if Reason.CORPORATE_NUMBER in reasons:
        return Weight.VERY_LIKELY
    if Reason.NAME_BIRTH in reasons:
        return Weight.VERY_LIKELY if reasons & _REACH else Weight.LIKELY
    if Reason.OTHER_BIRTH in reasons:
        return Weight.POSSIBLE
    if _REACH in reasons or (Reason.COMPANY_NAME in reasons and reasons & _REACH):
        return Weight.LIKELY
    return Weight.POSSIBLE
