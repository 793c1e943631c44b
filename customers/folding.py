"""Folded forms of names, kana, addresses and numbers, for searching and matching only; never for storing."""

import re
import unicodedata

_DASHES = "-‐‑‒–—―−⁃﹘﹣－ーｰ─━〜～~"
_VARIATION_SELECTORS = [*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]

_FOLDS: dict[int, str | None] = {
    **{ord(dash): "-" for dash in _DASHES},
    **{hiragana: chr(hiragana + 0x60) for hiragana in range(0x3041, 0x3097)},
    **dict.fromkeys(_VARIATION_SELECTORS),
}
_SPACES: dict[int, str | None] = dict.fromkeys(map(ord, " \t\r\n\u3000\u00a0"))

# Pairs that one person's name is written with in different files: old and printed forms of the same kanji.
_KANJI: dict[int, str | None] = dict(
    zip(
        map(ord, "髙﨑濵濱邊邉齋齊斉澤廣櫻國眞德惠壽鷗嶋嶌桒舘冨曾黑靜龍瀨緖淸與藏禮榮薗來條將"),
        "高崎浜浜辺辺斎斎斎沢広桜国真徳恵寿鴎島島桑館富曽黒静竜瀬緒清与蔵礼栄園来条将",
        strict=True,
    )
)
_MATCHING = {**_FOLDS, **_SPACES, **_KANJI}
_FOLDABLE = re.compile("[" + re.escape("".join(map(chr, _MATCHING)).replace("-", "")) + "]")
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_IS_SMALL_KANA = re.compile("[ァィゥェォッャュョヮヵヶ]")

_LEGAL_FORMS = re.compile(
    r"株式会社|有限会社|合同会社|合資会社|合名会社|(?:一般|公益|特例)?(?:社団|財団)法人|医療法人(?:社団|財団)?"
    r"|社会福祉法人|学校法人|宗教法人|特定非営利活動法人|npo法人|農事組合法人|協同組合|相互会社"
    r"|\((?:株|有|同|資|名|医|社|財|福|学|宗|特非)\)"
    r"|カブシキガイシ[ヤャ]|ユウゲンガイシ[ヤャ]|ゴウドウガイシ[ヤャ]|^\(?[カユド]\)|\([カユド]\)?$"
    r"|(?:,?co\.?,ltd\.?|,inc\.?|inc\.|k\.k\.|,llc)$"
)
_LEGAL_SIGN = re.compile(r"[社法組().,]|ガイシ")  # one of these stands in every legal form
_NOT_DIGITS = re.compile(r"\D+")
_BLOCK_WORDS = re.compile(r"([0-9])(?:丁目|番地の?|番|号室?|の(?=[0-9]))")


def fold(text: str) -> str:
    """NFKC, one dash, katakana, lower case, no variation selectors; spaces are kept."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).translate(_FOLDS).lower()


def fold_name(text: str) -> str:
    """A person's or company's name for matching: also without spaces, legal form, and old kanji forms."""
    folded = _folded(text)
    if _LEGAL_SIGN.search(folded):
        return _LEGAL_FORMS.sub("", folded) or folded
    return folded


def fold_kana(text: str) -> str:
    """A reading for matching: as `fold_name`, and with small kana made large as bank systems print them."""
    return large_kana(fold_name(text))


def large_kana(folded: str) -> str:
    """What `fold_kana` makes of a text that `fold_name` has folded."""
    return folded.translate(_SMALL_KANA) if _IS_SMALL_KANA.search(folded) else folded


def fold_address(text: str) -> str:
    """An address for matching: block words (丁目, 番地, 号) become dashes, spaces go."""
    return _BLOCK_WORDS.sub(r"\1-", _folded(text)).rstrip("-")


def _folded(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).replace(" ", "")
    # Looking first is cheaper than translating: most texts have nothing to fold.
    return (folded.translate(_MATCHING) if _FOLDABLE.search(folded) else folded).lower()


def fold_number(text: str) -> str:
    """A customer, branch or account number for matching: NFKC, upper case, no spaces."""
    return unicodedata.normalize("NFKC", text).translate(_SPACES).upper()


def digits_of(text: str) -> str:
    """Only the digits, half width."""
    return _NOT_DIGITS.sub("", unicodedata.normalize("NFKC", text))
