"""Which method verifies an identity: the plan's, within what the questionnaire lets pass."""

from collections.abc import Sequence
from datetime import date

import pytest

from campaigns.demanding import method_for

TODAY, IN_2028 = date(2026, 11, 22), date(2028, 1, 1)
PLAN = {"HIGH": "ic_chip_selfie", "MEDIUM": "image_selfie", "LOW": ""}


@pytest.mark.parametrize(
    ("tier", "accepted", "on", "method"),
    [
        ("HIGH", None, TODAY, "ic_chip_selfie"),
        ("LOW", None, TODAY, ""),
        ("LOW", (), TODAY, "ic_chip_selfie"),
        ("MEDIUM", (), TODAY, "image_selfie"),
        ("MEDIUM", ("ic_chip_selfie",), TODAY, "ic_chip_selfie"),
        ("HIGH", ("jpki_signature", "wallet_mdoc"), TODAY, "jpki_signature"),
        ("MEDIUM", (), IN_2028, "ic_chip_selfie"),
        ("MEDIUM", ("image_selfie",), IN_2028, "ic_chip_selfie"),
        ("HIGH", ("made_up",), TODAY, "ic_chip_selfie"),
    ],
    ids=["tier", "none", "demanded", "own", "limited", "named", "not-lawful", "nothing-lawful", "unknown"],
)
def test_the_plan_decides_within_what_the_questionnaire_lets_pass(
    tier: str, accepted: Sequence[str] | None, on: date, method: str
) -> None:
    assert method_for(PLAN, tier, accepted=accepted, on=on) == method


def test_a_plan_without_any_check_leaves_it_to_the_questionnaire_and_then_to_custom() -> None:
    assert method_for({}, "LOW", accepted=("wallet_mdoc",), on=TODAY) == "wallet_mdoc"
    assert method_for({}, "LOW", accepted=(), on=TODAY) == "ic_chip_selfie"
