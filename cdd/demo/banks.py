"""The two invented banks of the demonstration and the people who work for them."""

from __future__ import annotations

from dataclasses import dataclass

from tenants.models import Role


@dataclass(frozen=True)
class Bank:
    """What a tenant of the demonstration is called and where it can be reached. Nothing here exists."""

    slug: str
    name: str
    name_en: str
    kind_word: str
    phone: str
    official_site: str
    postal_code: str
    address: str
    book_seed: int
    # Of the codes 001, 002, …, which the synthetic book uses.
    branches: tuple[str, ...]
    name_kana: str
    colour: str
    phone_hours: str = "平日 9時〜17時"
    short_mark: str = ""
    has_directory: bool = False

    def __str__(self) -> str:
        return self.slug


@dataclass(frozen=True)
class Colleague:
    """A member of staff: the local part of the address says what they do."""

    local_part: str
    name: str
    role: str
    staff_number: str
    branch_code: str = ""
    # for how long after seeding, None for good
    days: int | None = None

    def email(self, bank: Bank) -> str:
        """The address they sign in with."""
        return f"{self.local_part}@{bank.slug}.example"


BANKS = (
    Bank(
        slug="asanagi",
        name="あさなぎ銀行",
        name_en="Asanagi Bank",
        kind_word="当行",
        phone="0120-000-000",
        official_site="https://www.asanagi.example/",
        postal_code="1000001",
        address="東京都千代田区千代田1-1",
        book_seed=11,
        name_kana="あさなぎぎんこう",
        colour="#005f5b",
        branches=(
            *("本店営業部", "東京営業部", "丸の内支店", "日本橋支店", "新橋支店", "上野支店", "新宿支店", "渋谷支店"),
            *("池袋支店", "品川支店", "蒲田支店", "港町支店", "月島支店", "深川支店", "錦糸町支店", "北千住支店"),
            *("赤羽支店", "板橋支店", "練馬支店", "中野支店", "吉祥寺支店", "立川支店", "町田支店", "横浜支店"),
        ),
    ),
    Bank(
        slug="komorebi",
        name="こもれび信用金庫",
        name_en="Komorebi Shinkin Bank",
        kind_word="当金庫",
        phone="0120-000-001",
        official_site="https://www.komorebi.example/",
        postal_code="3900811",
        address="長野県松本市中央1-1-1",
        book_seed=22,
        name_kana="こもれびしんようきんこ",
        colour="#7a2e12",
        short_mark="こ",
        branches=(
            *("本店営業部", "松本駅前支店", "南松本支店", "浅間支店", "塩尻支店", "広丘支店", "安曇野支店", "豊科支店"),
            *("穂高支店", "大町支店", "白馬支店", "岡谷支店", "諏訪支店", "茅野支店", "伊那支店", "駒ヶ根支店"),
            *("飯田支店", "木曽支店", "上田支店", "小諸支店", "佐久支店", "軽井沢支店", "長野支店", "須坂支店"),
        ),
        has_directory=True,
    ),
)

STAFF = (
    Colleague("officer", "佐伯 真由美", Role.OFFICER, "10023"),
    Colleague("approver", "大塚 健一", Role.APPROVER, "10007"),
    Colleague("auditor", "三宅 涼子", Role.AUDITOR, "10041"),
    Colleague("admin", "浜口 直人", Role.ADMINISTRATOR, "10002"),
    Colleague("branch", "川原 美咲", Role.BRANCH_STAFF, "10118", branch_code="012"),
    Colleague("contractor", "小野寺 隆", Role.CONTRACTOR, "B0301"),
    Colleague("examiner", "検査 太郎", Role.AUDITOR, "K0001", days=14),
    Colleague("operator", "運用 担当", Role.OPERATOR, "S0001", days=7),
    # The officer's second account: to show that four eyes count people and not accounts.
    Colleague("officer2", "佐伯 真由美", Role.APPROVER, "10023"),
)
