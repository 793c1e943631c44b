"""What a returned mail means: pure reading, no database."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.returned_mail import Meaning, read_returned
from tests.channels.returned import complaint, plain, report

BOUNCED, NOTHING, UNREADABLE = Meaning.BOUNCED, Meaning.NOTHING, Meaning.UNREADABLE


@pytest.mark.parametrize(
    ("raw", "meaning", "status", "soft", "dead"),
    [
        (report("5.1.1"), BOUNCED, "5.1.1", False, True),
        (report("5.2.2"), BOUNCED, "5.2.2", True, False),
        (report("4.4.7"), BOUNCED, "4.4.7", True, False),
        (report("5.7.1"), BOUNCED, "5.7.1", False, False),
        (report("5.0.0", diagnostic="550 Unknown user x@docomo.ne.jp"), BOUNCED, "5.1.1", False, True),
        (report("5.0.0", diagnostic="550 5.2.1 disabled"), BOUNCED, "5.2.1", False, True),
        (report("5.0.0", diagnostic="550 no"), BOUNCED, "5.0.0", False, False),
        (report("4.4.1", action="delayed"), NOTHING, "", False, False),
        (report("2.0.0", action="relayed"), NOTHING, "", False, False),
        (report("2.0.0", action="delivered"), Meaning.DELIVERED, "", False, False),
    ],
)  # fmt: skip
def test_a_report_by_the_rules_says_what_became_of_the_mail(
    raw: bytes, meaning: Meaning, status: str, soft: bool, dead: bool
) -> None:
    """A server that still tries has said nothing yet."""
    said = read_returned(raw)
    assert (said.meaning, said.status, said.is_soft, said.is_dead_address) == (meaning, status, soft, dead)


@pytest.mark.parametrize(
    ("words", "charset", "status"),
    [
        ("送信先メールアドレスが見つかりませんでした。", "iso-2022-jp", "5.1.1"),
        ("あて先のメールアドレスは存在しません。", "shift_jis", "5.1.1"),
        ("宛先が見つかりません", "euc_jp", "5.1.1"),
        ("The user(s) account is temporarily over quota.\r\n\r\n<x@ezweb.ne.jp>", "ascii", "5.2.2"),
        ("The user(s) account is disabled.\r\n\r\n<x@ezweb.ne.jp>", "ascii", "5.2.1"),
        ("The user(s) account is temporarily limited.", "ascii", "4.2.1"),
        ("<x@docomo.ne.jp>: Unknown user", "ascii", "5.1.1"),
        ("550 Invalid recipient: <x@softbank.ne.jp>", "ascii", "5.1.1"),
        ("お客さまの迷惑メール設定により受信拒否されました。", "shift_jis", "5.7.1"),
        ("受信ボックスがいっぱいのため", "iso-2022-jp", "5.2.2"),
        ("容量を超えています", "utf-8", "5.2.2"),
        ("ただいま混み合っております", "utf-8", "4.4.1"),
        ("host mx said: 554 5.7.1 Message rejected", "ascii", "5.7.1"),
        ("host mx said: 554 No thanks", "ascii", "5.0.0"),
        ("host mx said: 451 Later", "ascii", "4.0.0"),
    ],
)
def test_the_words_of_a_carrier_are_understood(words: str, charset: str, status: str) -> None:
    assert read_returned(plain(words, charset=charset)).status == status


@pytest.mark.parametrize(
    ("charset", "declared"),
    [("shift_jis", "us-ascii"), ("iso-2022-jp", "us-ascii"), ("shift_jis", "utf-8"), ("utf-8", "x-unknown")],
)
def test_a_wrong_name_of_the_encoding_does_not_hinder(charset: str, declared: str) -> None:
    raw = plain("送信先メールアドレスが見つかりませんでした。", charset=charset, declared=declared)
    assert read_returned(raw).status == "5.1.1"


@pytest.mark.parametrize(
    "raw",
    [
        plain("不在です", sender="taro@mail.example", subject="Re: x", headers="Auto-Submitted: auto-replied\r\n"),
        plain("Gone.", sender="taro@mail.example", subject="Out of Office: notice"),
        plain("user unknown to me", sender="taro@mail.example", subject="=?utf-8?B?6Ieq5YuV6L+U5L+h?="),
        plain("x", sender="taro@mail.example", subject="Re: x", headers="X-Autoreply: yes\r\n"),
        plain("x", sender="taro@mail.example", subject="Re: x", headers="Precedence: auto_reply\r\n"),
    ],
)
def test_an_automatic_answer_means_nothing(raw: bytes) -> None:
    assert read_returned(raw).meaning == NOTHING


def test_what_we_wrote_ourselves_is_not_taken_for_the_carriers_words() -> None:
    raw = plain("ご連絡です。\r\n\r\n----- Original message -----\r\n550 5.1.1 user unknown\r\n")
    assert read_returned(raw).meaning == UNREADABLE
    assert read_returned(plain("550 5.1.1 user unknown\r\n----- Original message -----\r\nx")).status == "5.1.1"


def test_a_persons_own_answer_is_left_for_a_person() -> None:
    raw = plain("住所が変わりました。ユーザーは存在します", sender="taro@mail.example", subject="Re: お願い")
    assert read_returned(raw).meaning == UNREADABLE


@pytest.mark.parametrize(("kind", "meaning"), [("abuse", Meaning.COMPLAINED), ("not-spam", NOTHING)])
def test_a_complaint_is_one_unless_it_takes_one_back(kind: str, meaning: Meaning) -> None:
    assert read_returned(complaint("b+x@y", kind=kind)).meaning == meaning


@given(st.binary(max_size=400) | st.builds(lambda x: report("5.1.1") + x, st.binary(max_size=50)))
@settings(max_examples=200, deadline=None)
def test_nothing_that_comes_back_breaks_the_reader(raw: bytes) -> None:
    """W7: whoever knows a return path may write to it."""
    assert read_returned(raw).meaning in set(Meaning)
