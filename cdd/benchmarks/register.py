"""How fast the register of companies is loaded, against Django's upserts and against raw `COPY` of the same lines."""

from __future__ import annotations

import csv
import io
import zipfile
from itertools import batched
from pathlib import Path
from time import perf_counter

import psycopg
from django.utils import timezone

from cdd.benchmarks import Result, peak_rss_mb
from cdd.benchmarks.ground import Ground, throwaway
from companies.loading import load_file
from companies.models import CorporateRecord, RegistryLoad
from companies.reading import FIELDS, is_corporate_number, read_entry

ROWS = 100_000
WORK = (
    "Load of a full file as the tax agency publishes it (ZIP, CSV in UTF-8, 30 fields): unpack, decode, check digits,"
    " dates, fold names, compare with what is there, upsert, count; then a newer file, of which one in a"
    " hundred moved. Limit: COPY of the lines into one table of text columns; peer: csv and Django's bulk_create with"
    " update_conflicts of the same entries into the same table. Embedded PostgreSQL with fsync, same run."
)
BATCH = 5_000


def run(rows: int) -> Result:
    """Load `rows` invented companies, then a newer file, of which a hundredth has moved."""
    now = timezone.now()
    today = now.date()
    with throwaway(now) as ground:
        first = _write(ground.place / "all_1.zip", rows, moved_every=0)
        second = _write(ground.place / "all_2.zip", rows, moved_every=100)
        began = perf_counter()
        load = load_file(path=first, kind=RegistryLoad.Kind.FULL, day=today, now=now)
        ours, again_from = perf_counter() - began, perf_counter()
        again = load_file(path=second, kind=RegistryLoad.Kind.FULL, day=today, now=now)
        reloaded, peak = perf_counter() - again_from, peak_rss_mb()
        if (load.rows_new, again.rows_changed, again.rows_same) != (rows, rows // 100, rows - rows // 100):
            raise RuntimeError("The register was not loaded as it should be.")
        limit = _copy(ground, first)
        peer = _upsert(ground, first)
    return Result(
        name="register",
        rate_per_s=rows / ours,
        ratio_to_peer=peer / ours,
        ratio_to_limit=limit / ours,
        peak_rss_mb=peak,
        work=WORK,
        figures={
            "rows": rows,
            "load_seconds": ours,
            "reload_rows_per_s": rows / reloaded,
            "peer_seconds": peer,
            "limit_seconds": limit,
        },
    )


def _write(path: Path, rows: int, *, moved_every: int) -> Path:
    """A file of invented companies; line by line, so that making it takes no memory."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("all.csv", "w") as member:
        for n in range(rows):
            is_moved = moved_every and n % moved_every == 0
            day, process = ("2026-11-20", "12") if is_moved else ("2015-10-05", "01")
            street = "大手町９丁目" if is_moved else "丸の内１丁目２－３"
            line = (
                f'{n + 1},{_number(n)},{process},0,{day},{day},"株式会社見本商事第{n}","",301,"東京都","千代田区",'
                f'"{street}","",13,101,"1000005","","","","","","",2015-10-05,1,"","","","","ミホンショウジ",0\r\n'
            )
            member.write(line.encode())
    return path


def _number(n: int) -> str:
    body = f"{n:012}"
    return next(number for digit in range(1, 10) if is_corporate_number(number := f"{digit}{body}"))


def _copy(ground: Ground, path: Path) -> float:
    """The limit: the lines as they are, one COPY, one table, no index."""
    with zipfile.ZipFile(path) as archive:
        text = archive.read("all.csv")
    columns = ", ".join(f"c{n} text" for n in range(FIELDS))
    with psycopg.connect(ground.superuser) as superuser:
        superuser.execute(f"CREATE TABLE limit_lines ({columns})")
        superuser.commit()
        began = perf_counter()
        with superuser.cursor().copy("COPY limit_lines FROM STDIN (FORMAT csv)") as copy:
            copy.write(text)
        superuser.commit()
        return perf_counter() - began


def _upsert(ground: Ground, path: Path) -> float:
    """The peer: the same rows by the ORM, into the emptied table."""
    with psycopg.connect(ground.superuser) as superuser:
        superuser.execute("TRUNCATE companies_corporaterecord")
    names = [field.attname for field in CorporateRecord._meta.concrete_fields]
    began = perf_counter()
    with zipfile.ZipFile(path) as archive, archive.open("all.csv") as member:
        lines = csv.reader(io.TextIOWrapper(member, "utf-8", newline=""))
        for batch in batched(map(read_entry, lines), BATCH):
            CorporateRecord.objects.bulk_create(
                [CorporateRecord(**dict(zip(names, entry, strict=False))) for entry in batch],
                update_conflicts=True,
                unique_fields=["number"],
                update_fields=names[1:],
            )
    return perf_counter() - began
