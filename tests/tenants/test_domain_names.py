"""Which hosts may be an institution's own, however they are typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.domains.naming import HostRefused, is_under, read_host, shown
from tenants.domains.wording import REFUSALS
from tests.tenants.domains import HOST

OURS = {"service.example", "keizoku.jp"}


OTHERS = {"www.example-bank.co.jp"}


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("kakunin.example-bank.co.jp", "kakunin.example-bank.co.jp"),
        (" https://Kakunin.Example-Bank.co.jp/ ", "kakunin.example-bank.co.jp"),
        ("kakunin.example-bank.co.jp.", "kakunin.example-bank.co.jp"),
        ("ｋａｋｕｎｉｎ．example-bank．co．jp", "kakunin.example-bank.co.jp"),
        ("確認.あさなぎ銀行.jp", "xn--nez439a.xn--l8jyau8f5737c01m.jp"),
        ("bank.co.jp", "bank.co.jp"),
    ],
)
def test_a_host_is_read_as_dns_has_it(typed: str, host: str) -> None:
    assert read_host(typed, ours=OURS, others=OTHERS) == host


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("192.0.2.1", "ip"),
        ("[2001:db8::1]", "ip"),
        ("1.2.3", "ip"),
        ("１９２.0.2.1", "ip"),
        ("kakunin.example-bank.co.jp:8443", "port"),
        ("localhost", "suffix"),
        ("co.jp", "suffix"),
        ("kakunin.bank.local", "nowhere"),
        ("bank.onion", "nowhere"),
        ("kakunin.example-bank.co.jp/login", "malformed"),
        ("user@kakunin.example-bank.co.jp", "malformed"),
        ("a..b.jp", "malformed"),
        ("-a.bank.jp", "malformed"),
        ("a_b.bank.jp", "malformed"),
        ("*.bank.jp", "malformed"),
        ("", "malformed"),
        ("a" * 64 + ".jp", "malformed"),
        ("xn--zzzzzzzzzzzz99999.jp", "malformed"),
        ("evil.jp\nX: y", "malformed"),
        ("аsanagi.jp", "script"),  # a Cyrillic а among Latin letters
        ("банк.jp", "script"),
        ("ba銀行.jp", "script"),
        ("xn--80ab4a0aq.jp", "script"),
        ("service.example", "ours"),
        ("a.service.example", "ours"),
        ("login.keizoku.jp", "ours"),
        ("kakunin.examp1e-bank.co.jp", "lookalike"),
        ("kakunin.exarnple-bank.co.jp", "lookalike"),
        ("serv1ce.example", "lookalike"),
    ],
)
def test_what_nobody_may_have_is_refused(typed: str, code: str) -> None:
    with pytest.raises(HostRefused) as refused:
        read_host(typed, ours=OURS, others=OTHERS)
    assert refused.value.code == code


@given(st.text(max_size=60) | st.from_regex(r"[a-z0-9.\-:/@ａ銀а\u200b]{1,40}", fullmatch=True))
def test_whatever_is_typed_becomes_a_host_or_a_sentence(typed: str) -> None:
    try:
        host = read_host(typed, ours=OURS)
    except HostRefused as refused:
        host = HOST if str(REFUSALS[refused.code]) else typed
    assert host.isascii()
    assert host == host.lower()
    assert read_host(host, ours=OURS) == host


def test_a_name_in_japanese_is_shown_in_japanese() -> None:
    assert shown(read_host("確認.あさなぎ銀行.jp")) == "確認.あさなぎ銀行.jp"
    assert shown(HOST) == ""
    assert is_under("kakunin.example-bank.co.jp", "www.example-bank.co.jp")
    assert not is_under("kakunin-example-bank.co.jp", "www.example-bank.co.jp")
    assert not is_under("example-bank.co.jp.evil.jp", "example-bank.co.jp")
