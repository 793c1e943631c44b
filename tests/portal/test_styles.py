"""The customers' style sheets: few bytes, and the values that all other pages have."""

from __future__ import annotations

import re

from tests.conftest import ROOT

CSS = ROOT / "static" / "css"
DECLARED = re.compile(r"(--[\w-]+):\s*([^;]+);")


def tokens_of(name: str) -> tuple[dict[str, str], dict[str, str]]:
    """The light tokens and the dark ones."""
    light, dark = (CSS / name).read_text().split("@media (prefers-color-scheme: dark)", 1)
    dark = dark.split("@media (prefers-contrast", 1)[0]
    return dict(DECLARED.findall(light)), dict(DECLARED.findall(dark))


def test_the_customers_tokens_have_the_values_of_all_tokens() -> None:
    for ours, theirs in zip(tokens_of("portal-tokens.css"), tokens_of("tokens.css"), strict=True):
        assert len(ours) > 15
        assert {name: theirs.get(name) for name in ours} == ours


def test_every_token_that_is_used_is_there() -> None:
    light, _ = tokens_of("portal-tokens.css")
    tenants = {"--brand-strong"}
    for sheet in CSS.glob("portal*.css"):
        assert set(re.findall(r"var\((--[\w-]+)", sheet.read_text())) <= light.keys() | tenants, sheet.name
