"""The catalogue of facts: adding one here is all it takes to read, keep, show, compare and ask for it.

In the order of the files we write and of the customer's page. An entry with `titles` is a column of files; a new
one is `Need.NONE`, so that the files of yesterday stay whole. A fact kept in a column needs that column in `Customer`.
"""

from __future__ import annotations

from collections.abc import Mapping

from customers.codes import INDUSTRIES, LEGAL_FORMS, OCCUPATIONS, PURPOSES
from customers.facts.shape import COMPANY_ONLY, PERSON_ONLY, Fact, Gravity, Kept, Need, Type
from customers.parsing import (
    read_account,
    read_branch,
    read_corporate_number,
    read_kana,
    read_kind,
    read_line_id,
    read_name,
    read_number,
)


def _(text: str) -> str:
    """Marks a text for translation; this module knows no Django."""
    return text


CATALOGUE: tuple[Fact, ...] = (
    Fact(
        key="customer_number",
        type=Type.TEXT,
        titles=("顧客番号", "顧客コード", "顧客ID", "CIF番号", "CIF"),
        kept=Kept.APART,
        need=Need.ALWAYS,
        cell=read_number,
    ),
    Fact(
        key="kind",
        type=Type.CODE,
        titles=("区分", "個人法人区分", "顧客区分", "人格区分"),
        kept=Kept.APART,
        need=Need.ALWAYS,
        cell=read_kind,
    ),
    Fact(
        key="name",
        type=Type.NAME,
        label=_("Name"),
        titles=("氏名", "名称", "氏名・名称", "顧客名", "氏名漢字", "漢字氏名"),
        need=Need.ALWAYS,
        is_masked=True,
        gravity=Gravity.SERIOUS,
        cell=read_name,
    ),
    Fact(
        key="kana",
        type=Type.KANA,
        label=_("Kana"),
        titles=("カナ", "フリガナ", "カナ氏名", "氏名カナ", "名称カナ"),
        need=Need.USUAL,
        is_masked=True,
        gravity=Gravity.INFO,
        cell=read_kana,
    ),
    Fact(
        key="birth_on",
        type=Type.DAY,
        label=_("Date of birth"),
        titles=("生年月日",),
        need=Need.USUAL,
        kinds=PERSON_ONLY,
        is_masked=True,
        gravity=Gravity.SERIOUS,
    ),
    Fact(
        key="corporate_number",
        type=Type.DIGITS,
        label=_("Corporate number"),
        titles=("法人番号",),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        kinds=COMPANY_ONLY,
        gravity=Gravity.SERIOUS,
        cell=read_corporate_number,
    ),
    Fact(key="legal_form", type=Type.CODE, label=_("Legal form"), kinds=COMPANY_ONLY, codes=LEGAL_FORMS),
    Fact(
        key="representative",
        type=Type.NAME,
        label=_("Representative"),
        titles=("代表者", "代表者名", "代表者氏名"),
        need=Need.USUAL,
        kinds=COMPANY_ONLY,
        is_masked=True,
        gravity=Gravity.SERIOUS,
    ),
    Fact(
        key="postal_code",
        type=Type.POSTAL_CODE,
        label=_("Postal code"),
        titles=("郵便番号", "〒"),
        kept=Kept.CONTACT,
        channel="POST",
        need=Need.USUAL,
        is_masked=True,
        gravity=Gravity.INFO,
    ),
    Fact(
        key="address",
        type=Type.ADDRESS,
        label=_("Address"),
        titles=("住所", "所在地", "住所・所在地"),
        kept=Kept.CONTACT,
        channel="POST",
        need=Need.USUAL,
        is_masked=True,
    ),
    Fact(
        key="phone",
        type=Type.PHONE,
        label=_("Telephone"),
        titles=("電話番号", "電話", "TEL"),
        kept=Kept.CONTACT,
        channel="PHONE",
        need=Need.USUAL,
        is_masked=True,
        gravity=Gravity.INFO,
    ),
    Fact(
        key="email",
        type=Type.EMAIL,
        label=_("E-mail"),
        titles=("メール", "メールアドレス", "Eメール", "E-mail"),
        kept=Kept.CONTACT,
        channel="EMAIL",
        need=Need.USUAL,
        is_masked=True,
        gravity=Gravity.INFO,
    ),
    Fact(
        key="line_id",
        type=Type.TEXT,
        titles=("LINE識別子", "LINE ID", "LINE"),
        kept=Kept.APART,
        channel="LINE",
        need=Need.USUAL,
        cell=read_line_id,
    ),
    Fact(
        key="nationality",
        type=Type.COUNTRY,
        label=_("Nationality"),
        titles=("国籍",),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        kinds=PERSON_ONLY,
        gravity=Gravity.SERIOUS,
        bears_on_risk=True,
    ),
    Fact(
        key="country_of_residence",
        type=Type.COUNTRY,
        label=_("Country of residence"),
        titles=("居住国", "居住国・地域"),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        bears_on_risk=True,
    ),
    Fact(
        key="residence_expires_on",
        type=Type.DAY,
        label=_("Period of stay until"),
        titles=("在留期限", "在留期間満了日"),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        kinds=PERSON_ONLY,
        is_masked=True,
    ),
    Fact(
        key="occupation",
        type=Type.CODE,
        label=_("Occupation"),
        titles=("職業",),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        kinds=PERSON_ONLY,
        codes=OCCUPATIONS,
        bears_on_risk=True,
    ),
    Fact(
        key="industry",
        type=Type.CODE,
        label=_("Industry"),
        titles=("業種",),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        kinds=COMPANY_ONLY,
        codes=INDUSTRIES,
        bears_on_risk=True,
        worse=("scrap_export", "crypto_assets", "finance", "real_estate"),
    ),
    Fact(
        key="purpose",
        type=Type.CODE,
        label=_("Purpose of the account"),
        titles=("取引目的", "取引の目的"),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        codes=PURPOSES,
        bears_on_risk=True,
        worse=("remittance", "business"),
    ),
    Fact(
        key="is_foreign_pep",
        type=Type.ANSWER,
        label=_("Foreign politically exposed person"),
        titles=("外国PEP", "外国PEPs", "外国政府等重要人物"),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        kinds=PERSON_ONLY,
        bears_on_risk=True,
        worse=(True,),
    ),
    Fact(
        key="handles_cash",
        type=Type.ANSWER,
        label=_("Large cash transactions"),
        titles=("多額現金", "多額現金取引"),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        bears_on_risk=True,
        worse=(True,),
    ),
    Fact(
        key="sends_abroad",
        type=Type.ANSWER,
        label=_("Remittances abroad"),
        titles=("海外送金", "外国送金"),
        kept=Kept.COLUMN,
        need=Need.USUAL,
        bears_on_risk=True,
        worse=(True,),
    ),
    Fact(
        key="owners",
        type=Type.OWNERS,
        label=_("Beneficial owners"),
        kinds=COMPANY_ONLY,
        is_masked=True,
        gravity=Gravity.SERIOUS,
    ),
    Fact(
        key="account_number",
        type=Type.DIGITS,
        label=_("Account number"),
        titles=("口座番号",),
        need=Need.ALWAYS,
        is_masked=True,
        cell=read_account,
    ),
    Fact(key="opened_on", type=Type.DAY, titles=("口座開設日", "開設日"), kept=Kept.BESIDE, need=Need.ALWAYS),
    Fact(
        key="last_reviewed_on",
        type=Type.DAY,
        titles=("前回確認日", "最終確認日"),
        kept=Kept.BESIDE,
        need=Need.USUAL,
    ),
    Fact(
        key="branch_code",
        type=Type.DIGITS,
        titles=("支店コード", "店番", "支店番号", "店番号"),
        kept=Kept.BESIDE,
        need=Need.ALWAYS,
        cell=read_branch,
        is_repeated=True,
    ),
)

BY_KEY: Mapping[str, Fact] = {fact.key: fact for fact in CATALOGUE}
FACTS: Mapping[str, Fact] = {key: fact for key, fact in BY_KEY.items() if fact.is_fact}
COLUMNS: Mapping[str, tuple[str, ...]] = {key: fact.titles for key, fact in BY_KEY.items() if fact.titles}
HEADER: tuple[str, ...] = tuple(titles[0] for titles in COLUMNS.values())
USUAL: tuple[str, ...] = tuple(key for key in COLUMNS if BY_KEY[key].need is not Need.NONE)
INDISPENSABLE: tuple[str, ...] = tuple(key for key in COLUMNS if BY_KEY[key].need is Need.ALWAYS)
PLAIN: tuple[str, ...] = tuple(key for key, fact in FACTS.items() if fact.kept is Kept.COLUMN)
BESIDE: tuple[str, ...] = tuple(key for key, fact in BY_KEY.items() if fact.kept is Kept.BESIDE)
CHANNEL_OF_FACT: Mapping[str, str] = {key: fact.channel for key, fact in FACTS.items() if fact.kept is Kept.CONTACT}
