"""Every failure has a reason and a next step."""

from __future__ import annotations

import inspect
import re

import pytest

from channels import posting, recovering, sending, settling
from channels.advice import TABLE, advice_for
from channels.protocols import FailureKind
from channels.providers import line_api, print_shop, smtp, twilio

# Codes that the adapters and the engine make up themselves; the rest are the providers' own.
MADE = re.compile(r'(?:Failure|poisoned|failed)\((?:now, )?(?:"permanent", |AMBIGUOUS, )?"([a-z_]+)"')


def test_every_code_of_ours_has_its_own_sentences() -> None:
    modules = (settling, recovering, sending, posting, smtp, twilio, line_api, print_shop)
    codes = {code for module in modules for code in MADE.findall(inspect.getsource(module))}
    assert len(codes) > 10
    known = {code for _, code in TABLE}
    # Asked for and never kept with an attempt, or kinds beside a code of the provider's own.
    elsewhere = {
        "list_unavailable",
        "no_mark",
        "token_no_answer",
        "not_supported",
        "never_got",
        "authentication",
        "permanent",
    }
    assert codes - known <= elsewhere


def test_every_code_of_twilio_has_its_own_sentences() -> None:
    assert {("SMS", str(code)) for code in twilio.CODES} <= set(TABLE)


@pytest.mark.parametrize("kind", [*FailureKind, settling.POISON])
def test_a_code_nobody_foresaw_still_says_what_to_do(kind: str) -> None:
    found = advice_for("SMS", "99999", kind)
    assert found
    assert str(found.reason)
    assert str(found.step)


def test_what_did_not_fail_has_no_advice() -> None:
    assert advice_for("SMS", "", "") is None


def test_the_channel_decides_between_equal_codes() -> None:
    assert advice_for("LINE", "http_400", "permanent") != advice_for("SMS", "http_400", "permanent")
