"""The catalogue of methods: what is lawful when, and on what basis."""

from __future__ import annotations

from datetime import date

import pytest

from ekyc.methods import CURRENT, FROM_2027, METHODS, UnknownMethod, allowed, legal_basis, revision_on


def test_the_codes_are_those_everybody_else_uses() -> None:
    assert set(METHODS) == {"ic_chip_selfie", "jpki_signature", "wallet_mdoc", "image_selfie", "bank_inquiry_ic"}


@pytest.mark.parametrize(
    ("code", "on", "is_allowed"),
    [
        ("image_selfie", date(2027, 3, 31), True),
        ("image_selfie", date(2027, 4, 1), False),
        ("ic_chip_selfie", date(2027, 4, 1), True),
        ("jpki_signature", date(2030, 1, 1), True),
        ("wallet_mdoc", date(2025, 6, 23), False),
        ("wallet_mdoc", date(2025, 6, 24), True),
    ],
)
def test_a_method_is_allowed_only_in_its_time(code: str, on: date, is_allowed: bool) -> None:
    assert allowed(code, on) is is_allowed


def test_every_method_has_a_letter_in_every_revision_of_its_time() -> None:
    for method in METHODS.values():
        for revision in (CURRENT, FROM_2027):
            assert (revision.id in method.letters) is allowed(method.code, revision.valid_from)


def test_the_same_letter_means_another_method_after_the_renumbering() -> None:
    assert legal_basis("wallet_mdoc", FROM_2027.id).startswith("犯罪収益移転防止法施行規則 第6条第1項第1号ト")
    assert legal_basis("bank_inquiry_ic", CURRENT.id).startswith("犯罪収益移転防止法施行規則 第6条第1項第1号ト")


def test_revisions_follow_each_other_without_a_gap() -> None:
    assert revision_on(date(2027, 3, 31)) is CURRENT
    assert revision_on(date(2027, 4, 1)) is FROM_2027


def test_what_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(UnknownMethod):
        allowed("fax", date(2026, 1, 1))
    with pytest.raises(UnknownMethod):
        legal_basis("image_selfie", FROM_2027.id)
