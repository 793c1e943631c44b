"""The words of every notice, and its letter as a PDF: pure functions of what is to be said and to whom."""

from __future__ import annotations

import base64
import logging
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from channels.barcodes import address_number, code128_svg, customer_barcode_svg, qr_svg
from channels.protocols import Channel
from channels.variables import fill

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.document import Document
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "notices"
LIMITS = {Channel.LINE: 5_000, Channel.SMS: 660}
ADDRESS_WIDTH, ADDRESS_LINES = 20, 3
LONGEST_NAME = 48
NAME_SIZES = ((14, ""), (19, " long"), (LONGEST_NAME, " longest"))
WEEKDAYS_JA = "月火水木金土日"
IDENTITY = {
    ("ja", False): "生年月日と、口座番号の下4けたを入力する",
    ("ja", True): "お届けの電話番号と口座番号の、下4けたを入力する",
    ("en", False): "Enter your date of birth and the last 4 digits of your account number",
    ("en", True): "Enter the last 4 digits of your registered telephone number and account number",
}


# Beside the code of a letter, for those who cannot scan it: where, and what, to type.
TYPED = {
    "ja": "コードを使わないときは、次のページで受付番号を入力",
    "en": "Without the code: enter your reference number at",
}
SMS_SENDERS = {
    "ja": "<li>ショートメッセージ（SMS）の送信元は、{}です。</li>",
    "en": "<li>Our text messages (SMS) come from {}.</li>",
}


# Of a notice that comes before answers are taken: in the line below the deadline.
FIRST_DAY = {
    "ja": ("回答の受付：{}から（それまでのお手続きは不要です）", "回答の受付は{}から", "ご回答は{}から受け付けます。"),
    "en": ("Answers are taken from {} (nothing to do before)", "Answers taken from {}", "Answers are taken from {}."),
}


class CannotRender(Exception):
    """A notice cannot be written as it should be; ``code`` says why, without personal values."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Bank:
    """How the bank presents itself."""

    name: str
    name_en: str
    kind_word: str
    phone: str
    phone_hours: str
    official_site: str
    address: str = ""
    sms_senders: str = ""  # where its short messages come from
    colour: str = "#005f5b"
    words_on_it: str = "#ffffff"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a notice says. ``purpose`` is "request" or "reminder"; without ``words`` it says what the files say."""

    bank: Bank
    purpose: str
    language: str
    url: str
    deadline_on: date
    number: str = ""
    check_page: str = ""
    words: str = ""
    entry_page: str = ""  # where the number opens what the link does
    opens_on: date | None = None  # of a notice that comes before answers are taken


@dataclass(frozen=True, slots=True)
class Text:
    """A notice as text; subject and HTML for e-mail only."""

    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter before it is set: what it says, to whom, where, and the number on its outside."""

    wording: Wording
    name: str
    is_company: bool
    postal_code: str  # 7 digits
    address: str
    return_id: str
    issued_on: date


def language_of(language: str) -> str:
    """The language notices are written in for a customer who prefers ``language``."""
    return "ja" if language.startswith("ja") else "en"


def default_words(channel: Channel, purpose: str, language: str, *, is_link_free: bool = False) -> str:
    """What a tenant without words of its own says, variables open. E-mail and letters: a line of subject first.

    ``is_link_free``: for channels on which the bank gave links up; a letter has its code on the sheet.
    """
    name = "letter" if channel == Channel.POST else channel.lower()
    variant = ".nolink" if is_link_free and channel != Channel.POST else ""
    return _words(f"{language}/{name}.{purpose}{variant}.txt")


def render_text(channel: Channel, wording: Wording) -> Text:
    """A notice for LINE, SMS or e-mail.

    Raises:
        CannotRender: it is longer than the channel takes.
    """
    language = language_of(wording.language)
    values = values_of(wording, language)
    text = fill(wording.words or default_words(channel, wording.purpose, language), values).strip()
    if channel == Channel.EMAIL:
        subject, body = text.split("\n", 1)
        body = _with_first_day(body, wording, values)
        return Text(text=body, subject=subject, html=_email_html(subject, body, values["bank"], wording))
    text = _with_first_day(text, wording, values, is_short=channel == Channel.SMS)
    if len(text.encode("utf-16-le")) // 2 > LIMITS[channel]:  # providers count UTF-16 units
        raise CannotRender("text_too_long")
    return Text(text=text)


def _with_first_day(text: str, wording: Wording, values: Mapping[str, str], *, is_short: bool = False) -> str:
    """Below the deadline, or at the end of a text that names none, from when answers are taken."""
    if wording.opens_on is None:
        return text
    language, lines = language_of(wording.language), text.split("\n")
    long, short, _sentence = FIRST_DAY[language]
    on = wording.opens_on
    said = short.format(_short_date(on, language)) if is_short else long.format(_long_date(on, language))
    at = (number for number, line in enumerate(lines) if values["deadline"] in line or values["deadline_short"] in line)
    lines.insert(next(at, len(lines) - 1) + 1, said)
    return "\n".join(lines)


def render_letters(sheets: Sequence[Sheet]) -> list[bytes]:
    """One PDF a letter, each of one page, laid out together because fonts and styles are then read once.

    Raises:
        CannotRender: any of them would be posted with something missing. Render them one by one to learn which.
    """
    page = "<!doctype html><meta charset=utf-8><title></title>" + "".join(letter_html(sheet) for sheet in sheets)
    with _setting():
        document = _layout(page)
        if len(document.pages) != len(sheets):
            raise CannotRender("does_not_fit")
        return [document.copy([sheet]).write_pdf() for sheet in document.pages]


def render_pages(page: str, *, style: str, is_tagged: bool = False) -> bytes:
    """A document of as many pages as it takes, from HTML whose every value is escaped and every picture inline.

    ``style``: a style sheet beside the letters' own. ``is_tagged``: with its structure, for those who have it read out.

    Raises:
        CannotRender: it would be printed with something missing.
    """
    with _setting():
        pdf: bytes = _layout(page, style).write_pdf(pdf_tags=is_tagged)
    return pdf


def letter_html(sheet: Sheet) -> str:
    """The letter as HTML, every value escaped, every mark inline.

    Raises:
        CannotRender: the name or the address does not fit the window, or there is no postal code.
    """
    language = language_of(sheet.wording.language)
    words = sheet.wording.words or default_words(Channel.POST, sheet.wording.purpose, language)
    heading, opening = fill(words, values_of(sheet.wording, language)).strip().split("\n", 1)
    if not re.fullmatch(r"\d{7}", sheet.postal_code):
        raise CannotRender("no_postal_code")
    number = address_number(sheet.postal_code, sheet.address)
    bars = "" if number is None else image(customer_barcode_svg(sheet.postal_code, number))
    values = {name: escape(value) for name, value in values_of(sheet.wording, language).items()}
    senders = sheet.wording.bank.sms_senders
    values |= {
        "heading": escape(heading),
        "opening": escape(opening.strip() + _first_day_of_letter(sheet.wording, language)),
        "sms_senders": SMS_SENDERS[language].format(escape(senders)) if senders else "",
        "typed": _typed(sheet.wording, language),
        "identity": IDENTITY[language, sheet.is_company],
        "issued_on": _long_date(sheet.issued_on, language, weekday=False),
        "postal_code": escape(f"{sheet.postal_code[:3]}-{sheet.postal_code[3:]}"),
        "address_lines": "".join(f"<p>{escape(line)}</p>" for line in address_lines(sheet.address)),
        "name": escape(sheet.name),
        "name_class": _name_class(sheet.name),
        "honorific": "御中" if sheet.is_company else "様",
        "bars": f'<img class="bars" src="{bars}" alt="">' if bars else "",
        "return_id": sheet.return_id,
        "return_id_mark": image(code128_svg(sheet.return_id)),
        "qr": image(qr_svg(sheet.wording.url)),
        "colour": sheet.wording.bank.colour,
        "words_on_it": sheet.wording.bank.words_on_it,
    }
    return _template(f"{language}/letter.html").substitute(values)


def _first_day_of_letter(wording: Wording, language: str) -> str:
    if wording.opens_on is None:
        return ""
    said = FIRST_DAY[language][2].format(_long_date(wording.opens_on, language))
    return said if language == "ja" else f" {said}"


def _typed(wording: Wording, language: str) -> str:
    if not wording.entry_page or not wording.number:  # a letter frozen before there was such a page
        return ""
    page = wording.entry_page.split("://", 1)[-1].rstrip("/")  # as people read and type it
    said = f'{TYPED[language]}<b>{escape(page)}</b><b class="ref">{escape(wording.number)}</b>'
    return f'<p class="typed">{said}</p>'


def address_lines(address: str) -> list[str]:
    """An address in at most three lines of twenty characters, broken at its blanks where it has any.

    Raises:
        CannotRender: it is longer.
    """
    lines = [""]
    for part in address.split():
        if lines[-1] and len(lines[-1]) + 1 + len(part) <= ADDRESS_WIDTH:
            lines[-1] += "　" + part
        else:
            lines += [part[i : i + ADDRESS_WIDTH] for i in range(0, len(part), ADDRESS_WIDTH)]
    lines = lines[1:]
    if not lines or len(lines) > ADDRESS_LINES:
        raise CannotRender("address_does_not_fit")
    return lines


def _name_class(name: str) -> str:
    for most, name_class in NAME_SIZES:
        if len(name) <= most:
            return name_class
    raise CannotRender("name_does_not_fit")


def values_of(wording: Wording, language: str) -> dict[str, str]:
    """What the variables of a text stand for."""
    bank, on = wording.bank, wording.deadline_on
    return {
        "bank": bank.name if language == "ja" else bank.name_en,
        "kind_word": bank.kind_word,
        "phone": bank.phone,
        "phone_hours": bank.phone_hours,
        "official_site": bank.official_site,
        "bank_address": bank.address,
        "url": wording.url,
        "number": wording.number,
        "check_page": wording.check_page,
        "entry_page": wording.entry_page,
        "deadline": _long_date(on, language),
        "deadline_short": _short_date(on, language),
    }


def _long_date(on: date, language: str, *, weekday: bool = True) -> str:
    if language == "ja":
        day = f"{on.year}年{on.month}月{on.day}日"
        return f"{day}（{WEEKDAYS_JA[on.weekday()]}）" if weekday else day
    return f"{on:%a} {on.day} {on:%B %Y}" if weekday else f"{on.day} {on:%B %Y}"


def _short_date(on: date, language: str) -> str:
    return f"{on.month}/{on.day}" if language == "ja" else f"{on.day} {on:%b}"


def _email_html(subject: str, body: str, bank: str, wording: Wording) -> str:
    link = escape(wording.url)
    button = (
        f'<p style="margin:24px 0"><a href="{link}" style="display:block;padding:14px;border-radius:6px;'
        f'background:{wording.bank.colour};color:{wording.bank.words_on_it};text-align:center;font-weight:bold">{link}</a></p>'
    )
    paragraphs = [
        button if part == wording.url else f"<p>{escape(part).replace(chr(10), '<br>')}</p>"
        for part in body.strip().split("\n\n")
    ]
    return _template("email.html").substitute(
        language=language_of(wording.language),
        subject=escape(subject),
        bank=escape(bank),
        colour=wording.bank.colour,
        paragraphs="\n".join(paragraphs),
    )


@cache
def _template(name: str) -> Template:
    return Template((TEMPLATES / name).read_text(encoding="utf-8"))


@cache
def _words(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8").strip()


def image(svg: str) -> str:
    """A picture as an address that the page itself carries."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


class _Complaints(logging.Handler):
    """WeasyPrint only logs what it leaves out: a missing glyph, an unreadable picture, unknown CSS."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.codes: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.codes.append("missing_glyph" if "notdef" in str(record.msg) else "incomplete")


_one_at_a_time = threading.Lock()


@contextmanager
def _setting() -> Iterator[None]:
    """Set type, and refuse the result if anything was left out."""
    logger, complaints = logging.getLogger("weasyprint"), _Complaints()
    with _one_at_a_time:
        logger.addHandler(complaints)
        was = (logger.disabled, logger.level, logger.propagate)
        # Heard whatever the process's logging says, and by nobody else: a complaint quotes the customer's name.
        logger.disabled, logger.propagate = False, False
        logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            logger.removeHandler(complaints)
            logger.disabled, logger.propagate = was[0], was[2]
            logger.setLevel(was[1])
    if complaints.codes:
        raise CannotRender(complaints.codes[0])


def _layout(page: str, style: str = "letter.css") -> Document:
    """Laid out by WeasyPrint, imported here because loading it costs every process half a second."""
    from weasyprint import HTML

    fonts, css = _type(style)
    return HTML(string=page, url_fetcher=_fetcher()).render(stylesheets=[css], font_config=fonts)


def _fetcher() -> URLFetcher:
    """Opens nothing but what the page itself carries."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols={"data"}, allow_redirects=False, fail_on_errors=True)


@cache
def _type(style: str) -> tuple[FontConfiguration, CSS]:
    """Our fonts and a style, read once."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

    fonts = FontConfiguration()
    return fonts, CSS(filename=str(TEMPLATES / style), url_fetcher=URLFetcher(), font_config=fonts)
