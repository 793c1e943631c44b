"""By which method an identity is verified: the campaign's plan decides, within what the questionnaire lets pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ekyc.methods import METHODS, allowed

# Where a questionnaire demands a check and no plan names a method that will do.
USUAL = "ic_chip_selfie"
_TIERS = ("HIGH", "MEDIUM", "LOW")


def method_for(plan: Mapping[str, str], tier: str, *, accepted: Sequence[str] | None, on: date) -> str:
    """The method's code, or "" when no check is demanded.

    ``plan``: the campaign's methods by tier, "" for none. ``accepted``: None where the questionnaire demands no check;
    else the methods that will do for it, all if empty. The tier's own method goes first, then those of other tiers,
    the strictest first, then what the questionnaire names, as far as it is lawful on the day. When nothing of that is,
    it is the usual one: what was demanded is not left out in silence.
    """
    if accepted is None:
        return plan.get(tier, "")
    planned = [plan.get(name, "") for name in (tier, *_TIERS)]
    fitting = [code for code in planned if code and (not accepted or code in accepted)]
    lawful = [code for code in (*fitting, *accepted, USUAL) if code in METHODS and allowed(code, on)]
    return lawful[0] if lawful else ""
