"""Every failure has a reason and a next step."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.utils import translation

from channels import settling
from channels.advice import advice_for, known_advice
from channels.afterwards import RULES
from channels.mail_readiness import Domain, check_domain
from channels.protocols import FailureKind
from channels.providers import print_shop, sms_gateway, twilio
from channels.returned_mail import DEAD_ADDRESS, MAILBOX_FULL, WORDS
from tests.conftest import ROOT

# What no attempt ever keeps: an answer about another message, or a sandbox's own.
NEVER_KEPT = {"list_unavailable", "no_mark"}
# The channel each adapter speaks for; what the engine says may stand on any.
CHANNEL_OF = {"line": "LINE", "line_api": "LINE", "twilio": "SMS", "sms_gateway": "SMS", "print_shop": "POST"}
CHANNEL_OF |= dict.fromkeys(("smtp", "smtp_connections", "dns_resolver", "return_path"), "EMAIL")
# What follows the constant part of a code that is put together.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "http_": tuple(str(status) for status in range(300, 600)),
    "token_": ("429", "500", "503"),
    "address_": tuple(sorted(sms_gateway.REFUSED_ADDRESS)),
    "postmark_": ("10", "406"),
}
RAISES = ("Failure", "CannotRender", "failed", "poisoned")


def codes_raised(source: str) -> Iterator[str]:
    """Every code that a module gives a failure: constants, and what is put together from a known beginning."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if not name.endswith(RAISES):
            continue
        code = node.args[-1] if name in ("failed", "poisoned") and node.args else next(iter(node.args), None)
        for part in ast.walk(code) if code is not None else ():
            if isinstance(part, ast.JoinedStr):
                beginning = ast.unparse(part)[2:].partition("{")[0]
                yield from (beginning + ending for ending in ENDINGS[beginning])
                break
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value:
                yield part.value


def modules() -> Iterator[Path]:
    yield from (path for path in sorted((ROOT / "channels").rglob("*.py")) if "migrations" not in path.parts)


def codes_of_the_code() -> Iterator[tuple[str, str]]:
    """(channel, code) of everything that may be kept with an attempt."""
    for path in modules():
        channel = CHANNEL_OF.get(path.stem, "EMAIL" if path.stem.startswith("anymail") else "")
        for code in codes_raised(path.read_text(encoding="utf-8")):
            if code not in NEVER_KEPT | set(FailureKind) | {settling.POISON}:
                yield channel, code


class NoRecords:
    """A DNS in which nothing is published."""

    def texts(self, name: str) -> list[str]:
        return []

    def mail_hosts(self, name: str) -> list[str]:
        return []


def codes_of_the_tables() -> Iterator[tuple[str, str]]:
    """The vendors' own codes, as the adapters know them."""
    yield from (("SMS", str(code)) for code in twilio.CODES)
    yield from (("SMS", status) for status, outcome in twilio.OUTCOMES.items() if outcome == "failed")
    yield from (("SMS", status) for status, outcome in sms_gateway.STATUSES.items() if outcome == "failed")
    yield from (("EMAIL", status) for status in (*DEAD_ADDRESS, MAILBOX_FULL, *(code for code, _ in WORDS)))
    yield from (("EMAIL", status) for status in ("4.0.0", "5.0.0", "450", "451", "550", "554", "5.7.26", "4.7.0"))
    yield from (("EMAIL", code) for code in ("complaint", "unsubscribed", "bounced", "smime_expired", "smime_sender"))
    yield from (
        ("EMAIL", f"rejected_{reason}") for reason in ("bounced", "blocked", "spam", "unsubscribed", "timed_out")
    )
    nowhere = Domain("bank.example", "bounce.bank.example", "k1", "p=x")
    yield from (("EMAIL", finding.code) for finding in check_domain(nowhere, NoRecords()) if not finding.is_ok)
    yield from (("POST", reason) for reason in (*print_shop.DEAD_ADDRESS, "refused", "unclaimed", "absent"))
    yield from (("", rule.code) for rule in RULES.values())


def missing(pairs: Iterator[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those without a word of their own on their channel; what the engine says must have one on every channel."""
    return {
        (channel, code)
        for channel, code in pairs
        if not all(known_advice(on, code) for on in ([channel] if channel else CHANNELS_OF_OURS.get(code, EVERYWHERE)))
    }


EVERYWHERE = ("LINE", "SMS", "EMAIL", "POST")
# Said by a module for all channels, and true of one only.
LETTERS = (
    *("no_postal_code", "does_not_fit", "name_does_not_fit", "address_does_not_fit"),
    *("missing_glyph", "incomplete", "no_sheet"),
)
CHANNELS_OF_OURS = dict.fromkeys(LETTERS, ("POST",)) | dict.fromkeys(
    ("line_template", "untied", "key_expired"), ("LINE",)
)


def test_every_code_that_the_code_can_make_has_its_own_sentences() -> None:
    found = list(codes_of_the_code())
    assert len({code for _, code in found}) > 30
    assert {("LINE", "monthly_limit"), ("EMAIL", "connection_lost"), ("EMAIL", "dns"), ("SMS", "no_answer")} <= set(
        found
    )
    assert missing(iter(found)) == set()


def test_every_code_in_the_adapters_tables_has_its_own_sentences() -> None:
    found = list(codes_of_the_tables())
    named = {code for _, code in found}
    assert {"mail_bounce_mx", "mail_spf", "mail_dkim", "mail_dmarc", "mail_alignment", "30003", "moved"} <= named
    assert missing(iter(found)) == set()


def test_a_code_that_nobody_wrote_about_would_be_named() -> None:
    """Positive control."""
    careless = 'def send():\n    raise PermanentFailure("moon_is_full")\n'
    assert missing(("SMS", code) for code in codes_raised(careless)) == {("SMS", "moon_is_full")}
    assert set(codes_raised('x = failed(now, "permanent", "untied")')) == {"untied"}
    assert "http_503" in set(codes_raised('raise TransientFailure(f"http_{status}")'))


@pytest.mark.parametrize("kind", [*FailureKind, settling.POISON, ""])
def test_a_code_nobody_foresaw_still_says_what_to_do_and_is_named(kind: str) -> None:
    with translation.override("en"):
        found = advice_for("SMS", "99999", kind)
        assert found
        assert "99999" in str(found.reason)
        assert str(found.step)


def test_what_did_not_fail_has_no_advice() -> None:
    assert advice_for("SMS", "", "") is None


def test_the_channel_decides_between_equal_codes() -> None:
    assert advice_for("LINE", "http_400", "permanent") != advice_for("SMS", "http_400", "permanent")
