"""Marks on letters, against Japan Post's published examples and an independent encoder's bars."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from stdnum import luhn

from channels.barcodes import address_number, bars, cells, code128_svg, customer_barcode_svg, extract, qr_svg, return_id

EXAMPLES = json.loads((Path(__file__).parent / "customer_barcodes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["postal"])
def test_the_manuals_examples_come_out_bar_for_bar(example: dict[str, object]) -> None:
    assert extract(str(example["address_b"])) == example["address_number"]
    assert cells(str(example["postal"]), str(example["address_number"])) == example["cells"]
    assert bars(str(example["postal"]), str(example["address_number"])) == example["bars"]


def test_there_are_enough_examples() -> None:
    assert len(EXAMPLES) == 17


@pytest.mark.parametrize(
    ("postal_code", "address", "number"),
    [
        ("1680064", "東京都杉並区永福1丁目2-3　コーポ永福203号", "1-2-3-203"),
        ("1680064", "東京都　杉並区　永福 １丁目２番３号", "1-2-3"),
        ("1008792", "東京都千代田区大手町2-3-1", ""),  # a large office has its own code
        ("1050000", "東京都港区9-9-9", None),  # the code of everything else in the ward
        ("1680064", "大阪府大阪市北区1-1", None),  # another place than the code's
        ("9999999", "東京都杉並区永福1-1", None),
    ],
)
def test_the_address_number_follows_from_code_and_address(postal_code: str, address: str, number: str | None) -> None:
    assert address_number(postal_code, address) == number


def test_a_symbol_always_has_67_bars() -> None:
    for number in ("", "1", "3-20-5B604", "29-1524-23-2-501-99999"):
        assert len(bars("1000013", number)) == 67
    assert 'width="71.820mm" height="3.240mm"' in customer_barcode_svg("1000013", "1")


def test_a_return_id_has_a_check_digit_and_says_nothing_of_the_attempt() -> None:
    attempt_id = UUID("01a2001c-e94f-70ee-9394-c38486164c8f")
    ids = {return_id(uuid4()) for _ in range(2_000)}
    assert len(ids) == 2_000
    assert all(len(number) == 18 and luhn.is_valid(number) for number in ids)
    assert return_id(attempt_id) == return_id(attempt_id)
    assert str(attempt_id.int)[:9] not in return_id(attempt_id)


def test_code_128_matches_a_known_symbol() -> None:
    """«1234» in set C: start, 12, 34, check (105 + 12 + 2 × 34) mod 103 = 82, stop."""
    svg = code128_svg("1234", module=1, height=1)
    dark = re.findall(r"M[\d.]+ [\d.]+h(\d)\.000v", svg)
    widths = ["".join(("211232", "112232", "131123", "121241"))[::2], "2331112"[::2]]
    assert "".join(dark) == "".join(widths)


def test_a_qr_code_carries_the_link_only() -> None:
    link = "https://kakunin.asanagi.example/r/0123456789ABCDEFGHJKMNPQRSTVWXYZ/"
    assert qr_svg(link) == qr_svg(link)
    assert qr_svg(link) != qr_svg(link + "x")
