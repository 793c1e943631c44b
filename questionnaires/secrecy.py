"""What no questionnaire may ask for: PINs, passwords, codes, card numbers and My Number."""

from __future__ import annotations

import re

# Secrets that no bank asks for on a page, whatever the question is called and in whatever language.
_ID = re.compile(r"(?:^|_)pin(?:_|$)|password|passcode|passphrase|otp|card_number|cvv|cvc")
_WORDS = re.compile(
    r"暗証番号|パスワード|ﾊﾟｽﾜｰﾄﾞ|ワンタイム|セキュリティ[・ー]?コード|(?<!在留)カード番号|合言葉|秘密の質問"
    r"|\bpin\b|pass ?(?:word|code|phrase)|one[- ]time (?:code|pass)|\botp\b"
    r"|(?<!residence )card number|security code|\bcv[vc]\b"
    # Article 20 of the My Number Act: nobody may collect it for another end than those it names.
    r"|マイナンバー(?!カード)|個人番号(?!カード)|\bmy number\b(?! card)"
    r"|密码|口令|验证码|mật khẩu|mã pin|senha|पासवर्ड",
    re.IGNORECASE,
)


def asks_for_secret(name: str) -> bool:
    """Whether an id is that of a secret."""
    return bool(_ID.search(name))


def secret_in(words: str) -> str:
    """The first words of a text that speak of a secret; "" if none does."""
    found = _WORDS.search(words)
    return found[0] if found else ""
