"""Names of countries and regions in the languages of the customers' pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from babel import Locale

from customers.codes import COUNTRIES, COUNTRY_CODES
from questionnaires.marking import with_readings

_LOCALES = {"ja": "ja", "ja-easy": "ja", "en": "en", "zh-hans": "zh_Hans", "vi": "vi", "pt-br": "pt_BR", "ne": "ne"}
# Readings of the kanji in those names.
_READINGS = {
    "日本": "にほん",
    "中国": "ちゅうごく",
    "韓国": "かんこく",
    "北朝鮮": "きたちょうせん",
    "台湾": "たいわん",
    "香港": "ほんこん",
    "英国": "えいこく",
    "中華人民共和国": "ちゅうかじんみんきょうわこく",
    "民主共和国": "みんしゅきょうわこく",
    "共和国": "きょうわこく",
    "合衆国": "がっしゅうこく",
    "首長国連邦": "しゅちょうこくれんぽう",
    "連邦": "れんぽう",
    "特別行政区": "とくべつぎょうせいく",
    "自治区": "じちく",
    "市国": "しこく",
    "国": "こく",
    "領有小離島": "りょうゆうしょうりとう",
    "米領": "べいりょう",
    "英領": "えいりょう",
    "仏領": "ふつりょう",
    "領": "りょう",
    "極南": "きょくなん",
    "南極": "なんきょく",
    "赤道": "せきどう",
    "中央": "ちゅうおう",
    "洋地域": "ようちいき",
    "諸島": "しょとう",
    "島": "とう",
    "及": "およ",
    "東": "ひがし",
    "西": "にし",
    "南": "みなみ",
    "北": "きた",
}
_KANJI = re.compile("|".join(sorted(_READINGS, key=len, reverse=True)))


@cache
def country_names(language: str) -> Mapping[str, str]:
    """Every country by its ISO 3166 code: those that customers come from first, the others by their codes."""
    territories = Locale.parse(_LOCALES.get(language, "en")).territories
    own = {
        code: label.in_language(language) for code, label in COUNTRIES.items() if language in ("ja", "ja-easy", "en")
    }
    names = {code: own.get(code, territories[code]) for code in [*COUNTRIES, *sorted(COUNTRY_CODES - COUNTRIES.keys())]}
    return MappingProxyType({code: _easy(name) for code, name in names.items()} if language == "ja-easy" else names)


def _easy(name: str) -> str:
    return with_readings(_KANJI.sub(lambda found: f"{{{found[0]}|{_READINGS[found[0]]}}}", name))
