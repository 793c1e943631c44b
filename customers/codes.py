"""Code lists of the customer file, with their Japanese and English labels."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

_NO_WORDS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Label:
    """What a code is called. ``more``: in the other languages customers are spoken to in.

    ``also``: what else files and people call it. ``group``: what it is offered under. One that is not ``is_offered``
    says what older files have, and is chosen by nobody any more.
    """

    ja: str
    en: str
    more: Mapping[str, str] = field(default=_NO_WORDS, hash=False)
    also: tuple[str, ...] = ()
    group: str = ""
    is_offered: bool = True

    def in_language(self, language: str) -> str:
        """In that language; what has no words of its own is said in Japanese or English, whichever is nearer."""
        return self.more.get(language) or (self.ja if language.startswith("ja") else self.en)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that a cell may say for it, beside the code."""
        return (self.ja, self.en, *self.also)


class Listed(Mapping[str, Label]):
    """A list of the product's, for which an institution may have one of its own: then it is that one, in its scope."""

    def __init__(self, key: str, standard: Mapping[str, Label]) -> None:
        self.key, self.standard = key, standard

    def __getitem__(self, code: str) -> Label:
        return self._in_force()[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._in_force())

    def __len__(self) -> int:
        return len(self._in_force())

    def _in_force(self) -> Mapping[str, Label]:
        own = _own(self.key)
        return self.standard if own is None else own


type ReadsOwn = Callable[[str], Mapping[str, Label] | None]

_readers: list[ReadsOwn] = []


def read_own_lists(read: ReadsOwn) -> None:
    """Have a room say what the institution in scope has in the place of a list, by its key; None: nothing."""
    _readers[:] = [read]


def _own(key: str) -> Mapping[str, Label] | None:
    return _readers[0](key) if _readers else None


_OCCUPATIONS: Mapping[str, Label] = {
    "employee": Label("会社員", "Company employee"),
    "executive": Label("会社役員", "Company executive"),
    "public_servant": Label("公務員", "Public servant"),
    "part_time": Label("パート・アルバイト", "Part-time worker"),
    "homemaker": Label("主婦・主夫", "Homemaker"),
    "student": Label("学生", "Student"),
    "retired": Label("退職・無職", "Retired or not employed"),
    "self_employed": Label("自営業", "Self-employed"),
    "professional": Label("士業・専門職", "Licensed professional"),
    "other": Label("その他", "Other"),
}

_PURPOSES: Mapping[str, Label] = {
    "living": Label("生活費決済", "Living expenses"),
    "salary": Label("給与・年金受取", "Salary or pension"),
    "savings": Label("貯蓄・資産運用", "Savings and investment"),
    "loan": Label("融資", "Loan"),
    "remittance": Label("外国送金", "Remittance abroad"),
    "business": Label("事業費決済", "Business payments"),
    "other": Label("その他", "Other"),
}

_INDUSTRIES: Mapping[str, Label] = {
    "manufacturing": Label("製造業", "Manufacturing"),
    "construction": Label("建設業", "Construction"),
    "wholesale_retail": Label("卸売業・小売業", "Wholesale and retail"),
    "food_service": Label("飲食業", "Restaurants"),
    "real_estate": Label("不動産業", "Real estate"),
    "finance": Label("金融業・保険業", "Finance and insurance"),
    "it": Label("情報通信業", "Information technology"),
    "medical": Label("医療・福祉", "Medical and welfare"),
    "transport": Label("運輸業", "Transport"),
    "scrap_export": Label("金属スクラップ・中古車輸出業", "Scrap metal and used car export"),
    "crypto_assets": Label("暗号資産関連業", "Crypto-assets"),
    "other": Label("その他", "Other"),
}

_SOURCES_OF_FUNDS: Mapping[str, Label] = {
    "salary": Label("給与・賞与", "Salary"),
    "pension": Label("年金", "Pension"),
    "business": Label("事業収入", "Business income"),
    "savings": Label("預貯金", "Savings"),
    "investment": Label("投資・資産運用の収益", "Investment income"),
    "real_estate": Label("不動産収入", "Income from real estate"),
    "sale": Label("資産の売却代金", "Sale of assets"),
    "inheritance": Label("相続・贈与", "Inheritance or gift"),
    "family": Label("家族からの援助", "Support by the family"),
    "other": Label("その他", "Other"),
}

# What an institution may publish lists of its own for (customers/lists).
OCCUPATIONS = Listed("occupation", _OCCUPATIONS)
PURPOSES = Listed("purpose", _PURPOSES)
INDUSTRIES = Listed("industry", _INDUSTRIES)
SOURCES_OF_FUNDS = Listed("source_of_funds", _SOURCES_OF_FUNDS)

# 在留資格: 入管法別表第一・第二, and those who live here under other rules.
RESIDENCE_STATUSES: Mapping[str, Label] = {
    "special_permanent": Label("特別永住者", "Special permanent resident"),
    "permanent": Label("永住者", "Permanent resident"),
    "spouse_of_national": Label("日本人の配偶者等", "Spouse or child of Japanese national"),
    "spouse_of_permanent": Label("永住者の配偶者等", "Spouse or child of permanent resident"),
    "long_term": Label("定住者", "Long-term resident"),
    "engineer": Label("技術・人文知識・国際業務", "Engineer, specialist in humanities, international services"),
    "intra_company": Label("企業内転勤", "Intra-company transferee"),
    "highly_skilled": Label("高度専門職", "Highly skilled professional"),
    "business_manager": Label("経営・管理", "Business manager"),
    "professor": Label("教授", "Professor"),
    "instructor": Label("教育", "Instructor"),
    "researcher": Label("研究", "Researcher"),
    "medical": Label("医療", "Medical services"),
    "nursing_care": Label("介護", "Nursing care"),
    "legal": Label("法律・会計業務", "Legal and accounting services"),
    "artist": Label("芸術", "Artist"),
    "religious": Label("宗教", "Religious activities"),
    "journalist": Label("報道", "Journalist"),
    "entertainer": Label("興行", "Entertainer"),
    "skilled_labor": Label("技能", "Skilled labor"),
    "specified_skilled": Label("特定技能", "Specified skilled worker"),
    "technical_intern": Label("技能実習", "Technical intern training"),
    "student": Label("留学", "Student"),
    "trainee": Label("研修", "Trainee"),
    "dependent": Label("家族滞在", "Dependent"),
    "cultural": Label("文化活動", "Cultural activities"),
    "designated": Label("特定活動", "Designated activities"),
    "diplomat": Label("外交", "Diplomat"),
    "official": Label("公用", "Official"),
    "short_term": Label("短期滞在", "Temporary visitor"),
    "other": Label("その他", "Other"),
}

# What customers are spoken to in; BCP 47 in lower case, and やさしい日本語 as a language of its own.
LANGUAGES: Mapping[str, Label] = {
    "ja": Label("日本語", "Japanese"),
    "ja-easy": Label("やさしい日本語", "Easy Japanese"),
    "en": Label("英語", "English"),
    "zh-hans": Label("中国語（簡体字）", "Chinese (simplified)"),
    "vi": Label("ベトナム語", "Vietnamese"),
    "pt-br": Label("ポルトガル語", "Portuguese"),
    "ne": Label("ネパール語", "Nepali"),
}

# What a company is for the rule on beneficial owners (犯収法施行規則 §11 (2), (4)).
LEGAL_FORMS: Mapping[str, Label] = {
    "stock": Label("株式会社（特例有限会社を含む）", "Stock company (特例有限会社 included)"),
    "capital": Label("その他の資本多数決法人（投資法人、特定目的会社など）", "Other company ruled by capital"),
    "entity": Label(
        "資本多数決法人以外の法人（合同会社、一般社団・財団法人、医療法人など）",
        "Legal person not ruled by capital (合同会社, associations, foundations)",
    ),
    "public": Label("国・地方公共団体、上場会社など", "The state, local government, listed company"),
}

COUNTRIES: Mapping[str, Label] = {
    "JP": Label("日本", "Japan"),
    "CN": Label("中国", "China"),
    "VN": Label("ベトナム", "Viet Nam"),
    "KR": Label("韓国", "Republic of Korea"),
    "KP": Label("北朝鮮", "Democratic People's Republic of Korea"),
    "PH": Label("フィリピン", "Philippines"),
    "NP": Label("ネパール", "Nepal"),
    "BR": Label("ブラジル", "Brazil"),
    "ID": Label("インドネシア", "Indonesia"),
    "MM": Label("ミャンマー", "Myanmar"),
    "TW": Label("台湾", "Taiwan"),
    "HK": Label("香港", "Hong Kong"),
    "TH": Label("タイ", "Thailand"),
    "LK": Label("スリランカ", "Sri Lanka"),
    "IN": Label("インド", "India"),
    "PE": Label("ペルー", "Peru"),
    "BD": Label("バングラデシュ", "Bangladesh"),
    "PK": Label("パキスタン", "Pakistan"),
    "KH": Label("カンボジア", "Cambodia"),
    "MN": Label("モンゴル", "Mongolia"),
    "MY": Label("マレーシア", "Malaysia"),
    "SG": Label("シンガポール", "Singapore"),
    "US": Label("アメリカ合衆国", "United States"),
    "CA": Label("カナダ", "Canada"),
    "MX": Label("メキシコ", "Mexico"),
    "GB": Label("英国", "United Kingdom"),
    "FR": Label("フランス", "France"),
    "DE": Label("ドイツ", "Germany"),
    "IT": Label("イタリア", "Italy"),
    "ES": Label("スペイン", "Spain"),
    "NL": Label("オランダ", "Netherlands"),
    "CH": Label("スイス", "Switzerland"),
    "RU": Label("ロシア", "Russia"),
    "UA": Label("ウクライナ", "Ukraine"),
    "TR": Label("トルコ", "Türkiye"),
    "IR": Label("イラン", "Iran"),
    "AE": Label("アラブ首長国連邦", "United Arab Emirates"),
    "SA": Label("サウジアラビア", "Saudi Arabia"),
    "EG": Label("エジプト", "Egypt"),
    "NG": Label("ナイジェリア", "Nigeria"),
    "ZA": Label("南アフリカ", "South Africa"),
    "AU": Label("オーストラリア", "Australia"),
    "NZ": Label("ニュージーランド", "New Zealand"),
}

# ISO 3166-1 alpha-2, 249 codes: a country without a label above is still accepted by its code.
_ISO_3166 = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRY_CODES = frozenset(_ISO_3166.split())


def options_of(codes: Mapping[str, Label], language: str) -> list[tuple[str, str]]:
    """What a list offers, with its labels, as a form's choices."""
    return [(code, label.in_language(language)) for code, label in codes.items() if label.is_offered]


def in_groups(codes: Mapping[str, Label], options: Iterable[tuple[str, str]]) -> list[tuple[str, Any]]:
    """A form's choices under the groups of their codes: (group, choices), and (code, words) of what is in none."""
    found: list[tuple[str, Any]] = []
    groups: dict[str, list[tuple[str, str]]] = {}
    for code, words in options:
        group = codes[code].group if code in codes else ""
        if not group:
            found.append((code, words))
        elif group in groups:
            groups[group].append((code, words))
        else:
            groups[group] = [(code, words)]
            found.append((group, groups[group]))
    return found


def label_of(codes: Mapping[str, Label], code: str | None, language: str = "ja") -> str:
    """The label of a code in Japanese or English; the code itself when it is not in the list, "" for None."""
    if code is None:
        return ""
    label = codes.get(code)
    return label.in_language(language) if label else code
