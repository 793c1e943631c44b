"""The National Tax Agency's corporate number web API, version 4: num, name and diff, as CSV or XML."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable
from datetime import date
from xml.sax.saxutils import escape

from aiohttp import web

from sandbox.houjin_records import FIELDS, Record, Register, full_width, is_corporate_number
from sandbox.store import utc_now
from sandbox.world import WORLD, answer_unreliably

PAGE = 2_000
NUMBERS = 10
DIFF_DAYS = 50
REGISTER = web.AppKey("register", Register)


class BadQuery(ValueError):
    """A refused parameter: the agency's three-digit code and its text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def _bad(code: str, text: str) -> web.Response:
    return web.Response(status=400, text=f"{code},{text}\r\n", content_type="text/plain", charset="utf-8")


def trouble(outcome: str) -> web.Response:
    return web.Response(status=500 if outcome.startswith("fail") else 503, text="")


def csv_lines(records: Iterable[list[str]]) -> str:
    """Records as the agency writes them: texts in quotes, numbers and dates not."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    for record in records:
        quoted = [f'"{value}"' if 6 <= n <= 28 and n not in {7, 12} else value for n, value in enumerate(record)]
        if any('"' in value or "," in value or "\n" in value for value in record):
            writer.writerow(record)
        else:
            out.write(",".join(quoted) + "\r\n")
    return out.getvalue()


def _xml(head: list[str], records: list[list[str]]) -> str:
    names = ("lastUpdateDate", "count", "divideNumber", "divideSize")
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<corporations>']
    parts += [f"<{name}>{value}</{name}>" for name, value in zip(names, head, strict=True)]
    for record in records:
        fields = (
            f"<{name}>{escape(value)}</{name}>" if value else f"<{name}/>"
            for name, value in zip(FIELDS, record, strict=True)
        )
        parts.append(f"<corporation>{''.join(fields)}</corporation>")
    return "".join([*parts, "</corporations>"])


def _respond(query: dict[str, str], records: list[Record]) -> web.Response:
    kind = query.get("type", "")
    if kind not in {"01", "02", "12"}:
        raise BadQuery("051", "リクエストパラメータtypeに指定した値が不正です。")
    divide = query.get("divide", "1")
    size = max(-(-len(records) // PAGE), 1)
    if not divide.isdecimal() or not 1 <= int(divide) <= size:
        raise BadQuery("121", "リクエストパラメータdivideに指定した値が不正です。")
    start = (int(divide) - 1) * PAGE
    rows = [record.values(n) for n, record in enumerate(records[start : start + PAGE], start=start + 1)]
    head = [utc_now().date().isoformat(), str(len(records)), divide, str(size)]
    if kind == "12":
        return web.Response(text=_xml(head, rows), content_type="application/xml", charset="utf-8")
    encoding, charset = ("cp932", "Shift_JIS") if kind == "01" else ("utf-8", "utf-8")
    body = (",".join(head) + "\r\n" + csv_lines(rows)).encode(encoding, errors="replace")
    return web.Response(body=body, headers={"Content-Type": f"text/csv; charset={charset}"})


def _by_number(register: Register, query: dict[str, str]) -> list[Record]:
    numbers = [number for number in query.get("number", "").split(",") if number]
    if not 1 <= len(numbers) <= NUMBERS:
        raise BadQuery("041", "リクエストパラメータnumberに指定した件数が不正です。")
    if not all(is_corporate_number(number) for number in numbers):
        raise BadQuery("042", "リクエストパラメータnumberに指定した値が不正です。")
    history = query.get("history") == "1"
    return [record for number in numbers for record in register.records(number, with_history=history)]


def _by_name(register: Register, query: dict[str, str]) -> list[Record]:
    wanted = query.get("name", "")
    if not wanted:
        raise BadQuery("021", "リクエストパラメータnameが設定されていません。")
    if re.search(r"[!-~]", wanted):
        raise BadQuery("022", "リクエストパラメータnameに半角文字は指定できません。")
    mode = query.get("mode", "1")
    records = register.all(with_history=query.get("change") == "1")
    if mode not in {"1", "2"} or query.get("target", "1") not in {"1", "2", "3"}:
        raise BadQuery("025", "リクエストパラメータmode又はtargetに指定した値が不正です。")
    found = [record for record in records if _named(record, full_width(wanted), mode) and _is_wanted(record, query)]
    return found if query.get("close", "1") == "1" else [record for record in found if not record.closed_on]


def _named(record: Record, wanted: str, mode: str) -> bool:
    """Beginning (1) or anywhere (2); the legal form before the name may be left out."""
    if mode == "2":
        return wanted in record.name
    bare = re.sub(r"^(株式|有限|合同|合資|合名)会社", "", record.name)
    return record.name.startswith(wanted) or bare.startswith(wanted)


def _diff(register: Register, query: dict[str, str]) -> list[Record]:
    try:
        first, last = date.fromisoformat(query["from"]), date.fromisoformat(query["to"])
    except (KeyError, ValueError) as error:
        raise BadQuery("071", "リクエストパラメータfrom又はtoに指定した値が不正です。") from error
    if last < first or (last - first).days > DIFF_DAYS:
        raise BadQuery("072", "取得期間は50日以内で指定してください。")
    changed = [
        record
        for record in register.all()
        if first <= date.fromisoformat(record.changed_on) <= last and _is_wanted(record, query)
    ]
    return sorted(changed, key=lambda record: (record.changed_on, record.number))


def _is_wanted(record: Record, query: dict[str, str]) -> bool:
    """By the first digits of the area's code and by kind: 01 state, 02 municipality, 03 registered, 04 others."""
    area, kinds = query.get("address", ""), [kind for kind in query.get("kind", "").split(",") if kind]
    if (area and not re.fullmatch(r"\d{2}|\d{5}", area)) or not {"01", "02", "03", "04"}.issuperset(kinds):
        raise BadQuery("081", "リクエストパラメータaddress又はkindに指定した値が不正です。")
    return record.area.startswith(area) and (not kinds or f"0{record.kind[0]}" in kinds)


QUERIES = {"num": _by_number, "name": _by_name, "diff": _diff}


async def answer(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    query = dict(request.query)
    if query.get("id") != "sandbox-houjin":
        return web.Response(status=404, text="")

    async def accept() -> web.Response:
        try:
            return _respond(query, QUERIES[request.match_info["query"]](request.app[REGISTER], query))
        except BadQuery as problem:
            return _bad(problem.code, str(problem))

    return await answer_unreliably(
        world, provider="houjin", recipient=request.query_string, person=None, accept=accept, trouble=trouble
    )


async def download(request: web.Request) -> web.Response:
    """A file as on the agency's pages: all at the end of a ``day``, or what it brought; ``encoding`` utf-8 or cp932."""
    day = request.query.get("day") or utc_now().date().isoformat()
    encoding = request.query.get("encoding", "utf-8")
    if encoding not in {"utf-8", "cp932"} or not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
        return web.Response(status=400, text="")
    register = request.app[REGISTER]
    if request.match_info["file"] == "diff":
        records, name = _diff(register, {"from": day, "to": day}), f"diff_{day.replace('-', '')}.csv"
    else:
        records, name = list(register.as_of(day)), f"00_zenkoku_all_{day.replace('-', '')}.csv"
    lines = csv_lines(record.values(n) for n, record in enumerate(records, start=1))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, lines.encode(encoding, errors="replace"))
        archive.writestr(f"{name}.asc", "-----BEGIN PGP SIGNATURE-----\n")
    return web.Response(body=packed.getvalue(), content_type="application/zip")


def add_routes(app: web.Application) -> None:
    app[REGISTER] = Register(app[WORLD])
    app.router.add_get("/houjin/4/{query:num|name|diff}", answer)
    app.router.add_get("/houjin/files/{file:zenkoku_all|diff}.zip", download)
