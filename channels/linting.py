"""What no notice of a bank may say: secrets, threats, foreign links, unreadable characters. Pure rules, no clock.

An error keeps a template from being approved; a warning is for the approver to weigh. The sentences that staff read
for the codes are in `channels.wording.remarks`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from channels.protocols import Channel
from channels.segments import LONGEST, count_segments, length_of
from channels.variables import VARIABLES, has_stray_brace, named_in


class Severity(StrEnum):
    """Whether approval is refused or only advised against."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to correct: a code, how bad it is, and the part of the text that shows it."""

    code: str
    severity: Severity
    found: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a text will stand. ``hosts`` are the bank's own and ours: links may lead there and to their children."""

    channel: Channel
    language: str
    hosts: frozenset[str]
    is_link_free: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A text as written, with its variables, and as a customer would read it."""

    subject: str
    body: str
    filled_subject: str
    filled_body: str


LINE_MOST, MAIL_MOST, SUBJECT_MOST = 5_000, 20_000, 80
# What fits on the sheet above the first fold, by language: heading, opening.
LETTER_MOST = {"ja": (26, 130), "en": (60, 260)}
_NEEDED = {
    Channel.SMS: ("金融機関名", "受付番号"),
    Channel.LINE: ("金融機関名", "受付番号"),
    Channel.EMAIL: ("金融機関名", "受付番号", "電話番号"),
}

_DELICATE_JA = (
    r"(?:暗証番号|暗証|あんしょう番号|(?:ワンタイム)?(?:パスワード|パスコード)|秘密の(?:質問|答え)|(?:セキュリティ|認証|確認)コード"
    r"|認証番号|(?:キャッシュ|クレジット|デビット)?カードの?番号|pin(?:コード|番号)?(?![a-z]))"
)
_ASKS_NOT_JA = (
    r"(?:お聞き|お伺い|おうかがい|お尋ね|おたずね|お求め)"
    r"(?:しません|いたしません|致しません|することは(?:決して|一切)?(?:ありません|ございません))"
)
_DENIAL_JA = re.compile(
    rf"{_DELICATE_JA}(?:(?:、|・|や|と|または|および|又は|及び){{1,2}}{_DELICATE_JA}){{0,6}}(?:等|など)?(?:を|は|も)?、?{_ASKS_NOT_JA}"
)
_DELICATE_EN = r"(?:pin(?: code| number)?s?|passwords?|passcodes?|security codes?|cvv|card numbers?|one-time codes?)"
_DENIAL_EN = re.compile(
    rf"(?:never|not) ask (?:you )?for (?:(?:your|the|a) )?{_DELICATE_EN}"
    rf"(?:(?:,? or |,? and |, )(?:(?:your|the|a) )?{_DELICATE_EN}){{0,6}}"
)
_SECRET_WORD_JA, _SECRET_WORD_EN = re.compile(_DELICATE_JA), re.compile(rf"\b{_DELICATE_EN}\b")

_THREAT = re.compile(
    "|".join(
        [
            (
                r"(?:口座|取引|お取引|利用|ご利用|カード)(?:の[^。]{0,8})?(?:を|が|は)?[^。]{0,10}(?:凍結|停止|閉鎖|制限|強制解約)"
                r"(?:し(?:ます|た)|いたします|致します|され(?:ます|る|た)|となります|になります|させていただきます|しました)"
            ),
            r"(?:法的|強制)(?:な)?(?:措置|手段|手続)",
            r"差し?押さ?え",
            r"(?:罰金|罰則|逮捕|告訴|訴訟)",
            r"最終(?:通告|警告|通知)",
            r"\b(?:account|card|access)\b(?:(?!\bnot\b|\bnever\b)[^.]){0,40}\b(?:suspend|frozen|freez|block|clos|terminat|lock)",
            r"\b(?:legal action|prosecut|penalt|final (?:notice|warning))",
        ]
    )
)
_DENIES = re.compile(r"(?:ことは|ものでは|わけでは)(?:ありません|ございません)")
_HASTE = re.compile(
    "|".join(
        [
            r"至急|緊急|ただちに|直ちに|今すぐ|すぐに(?:ご)?(?:対応|回答|確認)|\d{1,3}時間以内|本日中",
            r"\b(?:urgent|immediately|at once|within \d{1,3} hours?|act now)\b",
        ]
    )
)
_LIMITS = re.compile(
    r"(?:制限|停止|凍結|解約)[^。]{0,12}(?:場合|こと)が(?:あり|ござい)ます|\bmay be (?:restricted|limited)\b"
)

_SHORTENERS = frozenset(
    {"bit.ly", "t.co", "tinyurl.com", "goo.gl", "x.gd", "ow.ly", "is.gd", "v.gd", "buff.ly", "ux.nu", "onl.la"}
    | {"onl.bz", "rebrand.ly", "cutt.ly", "t.ly", "lin.ee", "shorturl.at", "rb.gy", "qr.paps.jp", "bl.ink"}
)
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}:[/\\]{1,3}[^\s、。）」』>]+", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![a-z0-9@.-])(?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|co|jp|top|xyz|shop|site|online|app|me|ly|cc|tk|cn|io|link|gd|gl)"
    r"(?![a-z0-9-])(?:[/:?#][^\s、。）」』>]*)?",
    re.IGNORECASE,
)
_HALF_KANA = re.compile(r"[\uff61-\uff9f]+")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
# The same signs as Windows writes them; telephones read both.
_AS_WINDOWS = frozenset("～－∥￠￡￢")


def lint(draft: Draft, ground: Ground) -> list[Remark]:
    """Everything there is to say about a text, errors first."""
    remarks = [
        *_variables(draft, ground),
        *_secrets(draft),
        *_threats(draft),
        *_links(draft, ground),
        *_characters(draft, ground),
        *_lengths(draft, ground),
    ]
    return sorted(dict.fromkeys(remarks), key=lambda remark: remark.severity is Severity.WARNING)


def has_errors(remarks: list[Remark]) -> bool:
    """Whether approval is refused."""
    return any(remark.severity is Severity.ERROR for remark in remarks)


def _error(code: str, found: str = "") -> Remark:
    return Remark(code, Severity.ERROR, found[:80])


def _warning(code: str, found: str = "") -> Remark:
    return Remark(code, Severity.WARNING, found[:80])


def _variables(draft: Draft, ground: Ground) -> Iterator[Remark]:
    words = f"{draft.subject}\n{draft.body}"
    named = named_in(words)
    yield from (_error("unknown_variable", name) for name in named if name not in VARIABLES)
    if has_stray_brace(words):
        yield _error("stray_brace")
    if not draft.body.strip():
        yield _error("empty")
    if ground.channel in (Channel.EMAIL, Channel.POST) and not draft.subject.strip():
        yield _error("no_subject")
    if ground.channel == Channel.POST:
        return  # the sheet itself carries the number, the telephone and the deadline
    yield from (_error("missing_variable", name) for name in _NEEDED[ground.channel] if name not in named)
    if not ground.is_link_free and "リンク" not in named_in(draft.body):
        yield _error("missing_variable", "リンク")
    if "リンク" in named and re.search(r"\{リンク\}(?=\S)", words):
        yield _error("link_joined")
    if not {"期限", "期限（短）"} & set(named):
        yield _warning("no_deadline")
    if "電話番号" not in named and ground.channel != Channel.EMAIL:
        yield _warning("no_phone")


def _secrets(draft: Draft) -> Iterator[Remark]:
    """Words of secrets, but for sentences that say they are not asked for, word for word as in the list."""
    text = _plain(draft)
    loose = _DENIAL_EN.sub("", re.sub(r"\s+", " ", text))
    tight = _DENIAL_JA.sub("", re.sub(r"\s", "", loose))
    for words, pattern in ((tight, _SECRET_WORD_JA), (loose, _SECRET_WORD_EN)):
        yield from (_error("secret", found[0]) for found in pattern.finditer(words))


def _threats(draft: Draft) -> Iterator[Remark]:
    for sentence in re.split(r"[。！!？?\n]|\.(?=\s)", _plain(draft)):
        for hit in _THREAT.finditer(sentence):
            if not _DENIES.search(sentence, hit.end()):
                yield _error("threat", hit[0])
        yield from (_warning("limits", hit[0]) for hit in _LIMITS.finditer(sentence))
        yield from (_warning("haste", hit[0]) for hit in _HASTE.finditer(sentence))


def _links(draft: Draft, ground: Ground) -> Iterator[Remark]:
    """Judged on the text as filled in, so that a variable cannot be the beginning of another's address."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", f"{draft.filled_subject}\n{draft.filled_body}"))
    addresses = _URL.findall(text)
    bare = _HOST.findall(_URL.sub(" ", text))
    if ground.channel == Channel.POST or ground.is_link_free:
        code = "link_in_letter" if ground.channel == Channel.POST else "link_free"
        yield from (_error(code, address) for address in (*addresses, *bare))
        return
    for address in addresses:
        yield from _judge(address, ground)
    for address in bare:
        yield from _judge(f"https://{address}", ground)


def _judge(address: str, ground: Ground) -> Iterator[Remark]:
    try:
        parts = urlsplit(address.replace("\\", "/"))
        host, user = (parts.hostname or "").rstrip("."), parts.username
    except ValueError:
        host, user, parts = "", None, urlsplit("")
    if host in _SHORTENERS or host.removeprefix("www.") in _SHORTENERS:
        yield _error("shortener", host)
    elif user is not None or parts.scheme not in ("https", "http") or not _is_ours(host, ground.hosts):
        yield _error("foreign_link", host or address)


def _is_ours(host: str, hosts: frozenset[str]) -> bool:
    return any(host == own or host.endswith(f".{own}") for own in hosts)


def _characters(draft: Draft, ground: Ground) -> Iterator[Remark]:
    text = f"{draft.subject}\n{draft.body}"
    is_strict = ground.channel == Channel.SMS
    if kana := _HALF_KANA.search(text):
        yield (_error if is_strict else _warning)("half_width_kana", kana[0])
    if _INVISIBLE.search(text):
        yield _error("invisible")
    strange = [sign for sign in dict.fromkeys(_HALF_KANA.sub("", text)) if not _is_common(sign)]
    if strange:
        yield (_error if is_strict else _warning)("uncommon", "".join(strange))


def _is_common(sign: str) -> bool:
    """Whether every telephone in Japan shows it: ASCII and JIS X 0208."""
    if sign in _AS_WINDOWS or _INVISIBLE.match(sign):
        return True
    try:
        sign.encode("iso2022_jp")
    except UnicodeEncodeError:
        return False
    return True


def _lengths(draft: Draft, ground: Ground) -> Iterator[Remark]:
    length = length_of(draft.filled_body)
    if ground.channel == Channel.POST:
        for text, most, code in zip(
            (draft.filled_subject, draft.filled_body),
            LETTER_MOST[ground.language],
            ("heading_too_long", "opening_too_long"),
            strict=True,
        ):
            if len(text) > most:
                yield _error(code, f"{len(text)} > {most}")
        return
    most = {Channel.SMS: LONGEST, Channel.LINE: LINE_MOST, Channel.EMAIL: MAIL_MOST}[ground.channel]
    if length > most:
        yield _error("too_long", f"{length} > {most}")
    if ground.channel == Channel.SMS and (parts := count_segments(draft.filled_body)) > 1:
        yield _warning("segments", str(parts))
    if len(draft.filled_subject) > SUBJECT_MOST:
        yield _error("subject_too_long", f"{len(draft.filled_subject)} > {SUBJECT_MOST}")
    if ground.channel != Channel.EMAIL and draft.subject.strip():
        yield _error("subject_unused")


def _plain(draft: Draft) -> str:
    """As the eye reads it: one width, one case, nothing invisible."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", f"{draft.subject}\n{draft.body}")).casefold()
