"""Words because of which somebody should rather call at once: fraud, theft, a lost card. Pure, no clock."""

from __future__ import annotations

import unicodedata

# Stems in the languages of the pages; one too many costs a look, one too few a customer's money.
_WORDS = (
    *(
        "詐欺",
        "だまされ",
        "騙され",
        "振り込んで",
        "振込ん",
        "送金し",
        "盗ま",
        "盗難",
        "紛失",
        "なくし",
        "無くし",
        "失くし",
    ),
    *(
        "落とし",
        "不正に",
        "不正利用",
        "乗っ取",
        "勝手に引き",
        "身に覚えのない",
        "おぼえのない",
        "フィッシング",
        "偽サイト",
    ),
    *("fraud", "scam", "stolen", "theft", "lost my card", "lost card", "lost my passbook", "phishing", "hacked"),
    *("诈骗", "骗", "被盗", "盗刷", "丢失", "遗失", "挂失", "钓鱼"),
    *("lừa đảo", "bị lừa", "mất thẻ", "mất cắp", "đánh cắp", "mất sổ"),
    *("golpe", "fraude", "roub", "furt", "perdi o cart", "perdi meu cart", "clonad"),
    *("ठगी", "चोरी", "हरायो", "हराएँ", "धोका", "जालसाजी"),
)


def is_emergency(text: str) -> bool:
    """Whether a text names fraud or a loss, in any width and case."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return any(unicodedata.normalize("NFKC", word).casefold() in plain for word in _WORDS)
