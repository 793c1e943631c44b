"""What the linter refuses in a bank's notice, what it lets stand, and that the texts supplied pass it."""

from __future__ import annotations

import pytest

from channels.linting import Draft, Ground, Remark, Severity, has_errors, lint
from channels.protocols import Channel
from channels.rendering import values_of
from channels.variables import UnknownVariable, fill
from channels.wording.remarks import REMARKS
from channels.wording.selectors import SLOTS, default_of
from tests.channels.test_rendering import wording

HOSTS = frozenset({"asanagi.example", "kakunin.asanagi.example"})
GOOD = "【{金融機関名}】ご登録内容の確認をお願いします。期限{期限}。\n受付番号{受付番号} 電話{電話番号}\n{リンク}"


def said(
    body: str, channel: Channel = Channel.SMS, *, subject: str = "", language: str = "ja", is_link_free: bool = False
) -> list[Remark]:
    values = values_of(wording(language, "request"), language)
    try:
        filled = [fill(text, values) for text in (subject, body)]
    except UnknownVariable:
        filled = [subject, body]
    return lint(Draft(subject, body, *filled), Ground(channel, language, HOSTS, is_link_free))


def errors(body: str, channel: Channel = Channel.SMS, *, is_link_free: bool = False) -> set[str]:
    return {
        remark.code for remark in said(body, channel, is_link_free=is_link_free) if remark.severity is Severity.ERROR
    }


def warnings_of(body: str) -> set[str]:
    return {remark.code for remark in said(body) if remark.severity is Severity.WARNING} - {"segments"}


def with_sentence(sentence: str) -> str:
    return f"{GOOD}\n{sentence}"


def test_a_good_text_has_nothing_to_correct() -> None:
    assert said(GOOD, Channel.LINE) == []
    assert {(remark.code, remark.severity) for remark in said(GOOD)} == {("segments", Severity.WARNING)}


@pytest.mark.parametrize("place", sorted(SLOTS))
def test_every_text_supplied_passes(place: str) -> None:
    words = default_of(SLOTS[place])
    found = said(words.body, words.slot.channel, subject=words.subject, language=words.slot.language)
    assert not has_errors(found), found


@pytest.mark.parametrize(
    "sentence",
    [
        "暗証番号を入力してください。",
        "暗 証 番 号をご返信ください",
        "パスワード（PW）の変更はこちら",
        "ﾊﾟｽﾜｰﾄﾞを入力してください",
        "カード番号を入力してください。暗証番号はお聞きしません。",
        "暗証番号を入力しないと、パスワードはお聞きしません。",
        "パスワードをお聞きしますが、悪用しません。",
        "Please enter your PIN.",
        "Never ask for help: enter your ＰＡＳＳＷＯＲＤ",
        "認証コードをこの番号へお知らせください",
    ],
)
def test_words_of_secrets_are_errors(sentence: str) -> None:
    assert "secret" in errors(with_sentence(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "暗証番号等はお聞きしません",
        "この確認で、暗証番号・パスワード・カードの番号をお聞きすることはありません。",
        "パスワードや暗証番号をお尋ねすることは決してありません。",
        "We will never ask for your PIN, password or card number in this check.",
        "We never ask for PINs.",
        "キャッシュカードの裏面の番号へお電話ください。",
        "Thank you for shopping with us.",
    ],
)
def test_a_plain_denial_may_stand(sentence: str) -> None:
    assert "secret" not in errors(with_sentence(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "ご回答がない場合、口座を凍結します。",
        "お取引を停止いたします",
        "口座のご利用が制限されます",
        "法的措置を取ります。",
        "最終通告です。",
        "If you do not answer, your account will be suspended.",
        "Your card has been blocked.",
    ],
)
def test_threats_are_errors(sentence: str) -> None:
    assert "threat" in errors(with_sentence(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "口座のご利用を停止することはありません。",
        "法的措置を取ることはありません。",
        "Your account will not be suspended.",
    ],
)
def test_reassurance_is_no_threat(sentence: str) -> None:
    assert "threat" not in errors(with_sentence(sentence))


def test_haste_and_limits_are_left_to_the_approver() -> None:
    text = with_sentence("至急ご確認ください。お取引を制限させていただく場合があります。")
    assert warnings_of(text) == {"haste", "limits"}
    assert errors(text) == set()


@pytest.mark.parametrize(
    ("sentence", "code"),
    [
        ("https://evil.example/", "foreign_link"),
        ("https://asanagi.example.evil.example/", "foreign_link"),
        ("https://asanagi.example@evil.example/", "foreign_link"),
        ("https:\\\\evil.example\\", "foreign_link"),
        ("ｈｔｔｐｓ：／／evil.example/", "foreign_link"),
        ("詳しくはevil.co.jpへ", "foreign_link"),
        ("javascript://asanagi.example/", "foreign_link"),
        ("https://evil.example/{受付番号}", "foreign_link"),
        ("https://bit.ly/3abc", "shortener"),
        ("tinyurl.com/abc", "shortener"),
    ],
)
def test_links_lead_to_the_bank_or_to_us(sentence: str, code: str) -> None:
    assert code in errors(with_sentence(sentence))


@pytest.mark.parametrize(
    "sentence", ["https://www.asanagi.example/security", "{ホームページ}", "問合せ先 a@example.co.jp"]
)
def test_own_links_may_stand(sentence: str) -> None:
    assert errors(with_sentence(sentence)) == set()


def test_a_link_free_channel_carries_no_link() -> None:
    assert "link_free" in errors(GOOD, is_link_free=True)
    assert errors(GOOD.replace("{リンク}", ""), is_link_free=True) == set()
    assert "missing_variable" in errors(GOOD.replace("{リンク}", ""))  # control: elsewhere it is needed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (GOOD.replace("{受付番号}", ""), "missing_variable"),
        (GOOD + "{口座番号}", "unknown_variable"),
        (GOOD + "{期限", "stray_brace"),
        ("", "empty"),
        (GOOD + "ｶｸﾆﾝ", "half_width_kana"),
        (GOOD + "①髙橋🙂", "uncommon"),
        (GOOD + "\u202e", "invisible"),
        (GOOD + "あ" * 660, "too_long"),
    ],
)
def test_what_cannot_be_read_or_sent_is_an_error(body: str, code: str) -> None:
    assert code in errors(body)


def test_a_letter_takes_what_fits_above_the_fold() -> None:
    assert {r.code for r in said("本文" * 90, Channel.POST, subject="見出し")} == {"opening_too_long"}
    assert "link_in_letter" in {r.code for r in said("{リンク}", Channel.POST, subject="見出し")}


def test_every_remark_has_its_words() -> None:
    import inspect
    import re

    from channels import linting

    codes = set(re.findall(r'(?:_error|_warning|\))\("(\w+)"', inspect.getsource(linting)))
    codes |= {"link_free", "link_in_letter", "heading_too_long", "opening_too_long"}
    assert len(codes) > 15
    assert codes <= set(REMARKS)


def test_a_value_is_never_read_as_a_variable() -> None:
    values = dict.fromkeys(values_of(wording("ja", "request"), "ja"), "{リンク}")
    assert fill("{金融機関名}", values) == "{リンク}"


@pytest.mark.parametrize(
    ("after", "is_joined"), [("。", True), ("{電話番号}", True), (" です", False), ("\n以上", False)]
)
def test_nothing_stands_right_behind_the_link(after: str, is_joined: bool) -> None:
    """Telephones take it for a part of the address, and the customer's link opens nothing."""
    assert ("link_joined" in errors(GOOD + after)) == is_joined
