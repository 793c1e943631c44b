"""The colours of an institution: everybody can read them, and none looks like an error."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from questionnaires.branding.colouring import (
    BLACK,
    DANGERS,
    GROUNDS,
    MARKS,
    STANDARD,
    WHITE,
    WORDS,
    alarms_of,
    is_fine,
    nearest,
    pairs_of,
    readable_words,
    schemes_of,
)
from questionnaires.branding.colours import colour_of, contrast, distance, shade_of
from questionnaires.branding.sheets import address_of, digest_of, recipe, sheet_of
from tenants.models import Tenant
from tests.portal.test_styles import tokens_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_what_wcag_says() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#123456", "#123456") == 1


@given(COLOURS)
def test_a_colour_survives_being_taken_apart(colour: str) -> None:
    assert distance(colour, colour_of(shade_of(colour))) < 0.02


def test_grounds_and_reds_are_those_of_the_pages() -> None:
    for scheme, tokens in zip(("light", "dark"), tokens_of("portal-tokens.css"), strict=True):
        assert set(GROUNDS[scheme]) == {tokens[f"--{name}"] for name in ("canvas", "sunken", "raised", "hover")}
        assert set(DANGERS[scheme]) == {tokens["--danger"], tokens["--danger-text"]}
    assert tokens_of("portal-tokens.css")[0]["--brand"] == STANDARD


@hypothesis_settings(max_examples=60)
@given(COLOURS)
def test_whatever_is_offered_can_be_read_and_is_no_red(colour: str) -> None:
    words = readable_words(colour)
    offered = nearest(colour, words)
    assert is_fine(offered, words if offered != STANDARD else WHITE)
    for name, scheme in schemes_of(offered, words).items():
        assert contrast(scheme.words, scheme.brand) >= WORDS, name
        assert contrast(scheme.words, scheme.strong) >= WORDS, name
        assert all(contrast(scheme.brand, ground) >= MARKS for ground in GROUNDS[name]), name
        assert all(distance(scheme.brand, red) >= 0.09 for red in DANGERS[name]), name


def test_the_number_of_what_cannot_be_read_is_told() -> None:
    [failed] = [pair for pair in pairs_of("#ffd43d", BLACK) if not pair.passes]
    assert (failed.scheme, failed.use, failed.least) == ("light", "marks", 3.0)
    assert failed.ratio == pytest.approx(contrast("#ffd43d", "#f0f2f5"), abs=0.01)
    assert [pair.use for pair in pairs_of("#606060", BLACK) if not pair.passes] == ["button", "pointed"]


@pytest.mark.parametrize("red", ["#ce0000", "#a90000", "#e60012", "#c8102e", "#d3381c"])
def test_what_looks_like_an_error_is_refused(red: str) -> None:
    assert alarms_of(red, WHITE)
    assert not is_fine(red, WHITE)
    assert is_fine("#7a2e12", WHITE), "a brown is none"
    assert is_fine("#6d1d2c", WHITE), "a wine is none"


def test_a_colour_that_passes_is_offered_as_it_is() -> None:
    assert nearest("#0033a0", WHITE) == "#0033a0"


def test_the_sheet_is_kept_for_ever_and_needs_no_database(tenant: Tenant) -> None:
    address = address_of("#0033a0", WHITE)
    with CaptureQueriesContext(connection) as queries:
        sheet = Client().get(address)
    assert len(queries) == 0
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert sheet.headers["X-Content-Type-Options"] == "nosniff"
    assert "Cookie" not in sheet.headers.get("Vary", "")
    assert not sheet.cookies
    text = sheet.content.decode()
    assert "--brand:#0033a0" in text
    assert text.count("--on-brand:") == 2
    assert len(text) < 300


def test_another_content_has_another_address() -> None:
    addresses = {
        address_of(colour, words) for colour, words in (("#0033a0", WHITE), ("#0033a1", WHITE), ("#00a040", BLACK))
    }
    assert len(addresses) == 3
    made = recipe("#0033a0", WHITE)
    assert address_of("#0033a0", WHITE).endswith(f"/{made}/{digest_of(sheet_of(made))}.css")
    assert address_of("", "") == ""


@pytest.mark.parametrize(
    "made", ["0033a0", "0033A0-white", "0033a0-red", "ce0000-white", "ffd43d-black", "0033a0-white-dim", "x"]
)
def test_a_sheet_that_nobody_may_have_is_not_there(made: str, tenant: Tenant) -> None:
    assert Client().get(f"/looks/{made}/0123456789ab.css").status_code == 404


def test_the_address_of_an_earlier_release_gets_the_sheet_but_does_not_keep_it(tenant: Tenant) -> None:
    old = Client().get("/looks/0033a0-white/000000000000.css")
    assert old.status_code == 200
    assert old.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_preview_shows_one_scheme_whatever_the_system_prefers(scheme: str) -> None:
    sheet = sheet_of(recipe("#0033a0", WHITE, scheme))
    tokens = tokens_of("portal-tokens.css")[scheme == "dark"]
    assert f"color-scheme:{scheme}" in sheet
    assert f"--canvas: {tokens['--canvas']}" in sheet
    assert "@media" not in sheet
    assert sheet.rindex("--brand:") > sheet.index("--canvas")
