"""What never reaches the logs."""

from __future__ import annotations

from cdd.logs import keep_allowed

TOKEN = "9DBW2SZMYY2WD1C3TGEY7AHH2EACB2H4"


def test_a_customers_link_is_cut_from_log_lines() -> None:
    """P1: whoever reads the logs must not be able to open somebody's questionnaire."""
    event = keep_allowed(None, "", {"event": f"Not Found: /r/{TOKEN.lower()}/identity/ and /r/{TOKEN}/"})
    assert event["event"] == "Not Found: /r/…/identity/ and /r/…/"


def test_pages_without_a_token_stay_readable() -> None:
    """Positive control."""
    event = keep_allowed(None, "", {"event": "Not Found: /r/answer/contact/", "customer": "x"})
    assert event == {"event": "Not Found: /r/answer/contact/", "code": "dropped:customer"}
