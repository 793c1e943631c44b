"""What each kind of customer answers: the facts of the bank's file, changed where the persona's life changed."""

import re
import unicodedata

from sandbox.ekyc_pages import card_of
from sandbox.forms import Control, Form, Option
from sandbox.people import Person
from sandbox.scenario import chance

COLUMNS = {
    "name": "氏名",
    "kana": "カナ",
    "birth_on": "生年月日",
    "postal_code": "郵便番号",
    "address": "住所",
    "phone": "電話番号",
    "email": "メール",
    "occupation": "職業",
    "industry": "業種",
    "purpose": "取引目的",
    "nationality": "国籍",
    "country_of_residence": "居住国",
    "residence_expires_on": "在留期限",
    "is_foreign_pep": "外国PEP",
    "handles_cash": "多額現金",
    "sends_abroad": "海外送金",
    "corporate_number": "法人番号",
    "representative": "代表者",
}
YES_NO = {"有": "yes", "無": "no"}
NEW_HOMES = (
    ("1540023", "東京都世田谷区若林４－２１－１５　若林ハイツ２０２"),
    ("5300001", "大阪府大阪市北区梅田３－１－３"),
    ("4600008", "愛知県名古屋市中区栄３－５－１２"),
    ("8100001", "福岡県福岡市中央区天神１－８－１"),
    ("9800811", "宮城県仙台市青葉区一番町３－７－１"),
)
CHANGES = {
    "moved": ("postal_code", "address"),
    "changed_job": ("occupation", "industry"),
    "sends_abroad": ("sends_abroad",),
}
ERAS = (
    ("reiwa", (2019, 5, 1)),
    ("heisei", (1989, 1, 8)),
    ("showa", (1926, 12, 25)),
    ("taisho", (1912, 7, 30)),
    ("meiji", (1868, 1, 25)),
)


def plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text))


class Respondent:
    """One customer in the mood of one persona."""

    def __init__(self, person: Person, persona: str) -> None:
        self.person = person
        self.persona = persona

    @property
    def home(self) -> tuple[str, str]:
        """Postal code and address as they are now."""
        if self.persona == "moved":
            return NEW_HOMES[int(chance("home", self.person.key) * len(NEW_HOMES))]
        return self.person.get("郵便番号"), self.person.get("住所")

    def card(self) -> dict[str, str]:
        """What the person's identity card says today."""
        name = card_of(self.person)["name"] or self._fact("representative")
        born = card_of(self.person)["birth_on"] or self._fact("birth_on")
        return {"name": name, "birth_on": born, "address": self._fact("address")}

    def identity(self, form: Form, *, wrong: bool) -> dict[str, str]:
        """The knowledge the bank asks for first; with `wrong`, another birth date or phone."""
        answers = form.preset()
        account = re.sub(r"\D", "", self.person.get("口座番号"))
        answers["last_digits"] = account[-4:]
        if "phone_digits" in form.controls:
            digits = re.sub(r"\D", "", self.person.get("電話番号") or self.person.get("郵便番号"))[-4:]
            answers["phone_digits"] = digits if not wrong else str((int(digits) + 1) % 10_000).zfill(4)
        if self.person.born and "year" in form.controls:
            answers |= self._birth(form, wrong=wrong)
        return {name: value for name, value in answers.items() if name in form.controls}

    def _birth(self, form: Form, *, wrong: bool) -> dict[str, str]:
        year, month, day = self.person.born or (0, 0, 0)
        era, number = "western", year
        offered = {option.value for option in form.controls["era"].options} if "era" in form.controls else set()
        own = next(((name, first) for name, first in ERAS if (year, month, day) >= first), None)
        if own and own[0] in offered and chance("era", self.person.key) < 0.5:
            era, number = own[0], year - own[1][0] + 1
        shown = day if not wrong else (day % 28) + 1
        return {"era": era, "year": str(number), "month": str(month), "day": str(shown)}

    @property
    def can_prove(self) -> bool:
        """Whether the bank's file holds what its identity page asks for."""
        fact = "郵便番号" if self.person.is_company else "生年月日"
        return bool(self.person.get(fact) and self.person.get("口座番号"))

    def is_affected(self, form: Form) -> bool:
        """Whether this page asks about something that changed in this persona's life."""
        return any(name in form.controls for name in CHANGES.get(self.persona, ()))

    def answers(self, form: Form, *, only_changes: bool = False) -> dict[str, str]:
        """A value for every control of a question page, or only for those that changed in this persona's life."""
        filled = form.preset()
        changed = CHANGES.get(self.persona, ())
        for control in form.controls.values():
            if control.kind in {"hidden", "file"} or (only_changes and control.name not in changed):
                continue
            value = self._value(control, filled.get(control.name, ""))
            if value is None:
                filled.pop(control.name, None)
            else:
                filled[control.name] = value
        return filled

    def _value(self, control: Control, preset: str) -> str | None:
        name = control.name
        owner = re.fullmatch(r"(\w+)-(\d+)-(\w+)", name)
        if owner:
            return self._owner_value(control, int(owner[2]), owner[3])
        fact = self._fact(name)
        if control.options:
            return self._choice(control, fact, preset)
        part = re.fullmatch(r"(\w+)[-_](year|month|day)", name)
        if part and part[1] in COLUMNS:
            return self._date_part(part[1], part[2])
        if name in {"birth_on", "residence_expires_on"} or control.kind == "date":
            return fact.replace("/", "-")
        return fact or preset

    def _fact(self, name: str) -> str:
        if self.persona == "moved" and name in CHANGES["moved"]:
            return self.home[0 if name == "postal_code" else 1]
        if self.persona == "sends_abroad" and name == "sends_abroad":
            return "有"
        return self.person.get(COLUMNS.get(name, "")) or self._unwritten(name)

    def _unwritten(self, name: str) -> str:
        """What the person knows of themselves and the bank's file doesn't say."""
        number = int(chance("unwritten", self.person.key) * 10_000)
        known = {
            "phone": f"0901234{number:04d}",
            "email": f"customer{number}@example.com",
            "postal_code": NEW_HOMES[0][0],
            "address": NEW_HOMES[0][1],
            "kana": "カナ",
            "birth_on": card_of(self.person)["birth_on"] or "1970-01-01",
            "representative": "代表 太郎",
        }
        return known.get(name, "")

    def _date_part(self, name: str, part: str) -> str:
        numbers = re.findall(r"\d+", self._fact(name))
        position = ("year", "month", "day").index(part)
        return str(int(numbers[position])) if len(numbers) == 3 else ""

    def _owner_value(self, control: Control, number: int, part: str) -> str | None:
        """One beneficial owner: the representative, with 60 percent; the other rows stay empty."""
        if number:
            return None if control.options else ""
        known = {"name": self._fact("representative"), "birth_on": self.card()["birth_on"], "share_percent": "60"}
        return self._choice(control, "無", "") if control.options else known.get(part, "")

    def _choice(self, control: Control, fact: str, preset: str) -> str | None:
        options = [option for option in control.options if option.value]
        if self.persona == "changed_job" and control.name in CHANGES["changed_job"]:
            return self._other_job(options, fact, preset)
        found = self._option_for(options, fact)
        if found:
            return found.value
        if preset:
            return preset
        values = [option.value for option in options]
        return "no" if "no" in values else next(iter(values), None)

    @staticmethod
    def _option_for(options: list[Option], fact: str) -> Option | None:
        wanted = plain(fact)
        if not wanted:
            return None
        exact = (
            o for o in options if wanted in {plain(o.label), o.value, o.value.upper()} or YES_NO.get(fact) == o.value
        )
        close = (o for o in options if wanted in plain(o.label))
        return next(exact, None) or next(close, None)

    def _other_job(self, options: list[Option], fact: str, preset: str) -> str | None:
        own = self._option_for(options, fact)
        taken = {preset, own.value if own else "", "other"}
        free = [option.value for option in options if option.value not in taken]
        return free[int(chance("job", self.person.key) * len(free))] if free else preset or None
