"""The register of companies for the demonstration: loaded, brought up to date, and first certificates on the desk."""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx
from django.conf import settings
from django.db import transaction
from PIL import Image, ImageDraw

from audit.services import Actor
from cdd.demo.banks import Bank
from companies.certificates.services import attach_paper, request_certificate, transcribe_certificate
from companies.gbiz.selectors import access
from companies.gbiz.services import set_access
from companies.loading import covered_until, load_file
from companies.models import CompanyNews, RegistryCertificate, RegistryLoad
from companies.services import match_news, take_differences
from customers.matching.finding import find_candidates
from customers.selectors import facts_of
from tenants.models import Tenant, User
from tenants.scoping import tenant_context
from uploads.services import examine_waiting

SYSTEM = Actor.system("demo")
# So long ago is the file; what happened since comes as differences, and makes news.
DAYS_AGO = 120


def load_register(*, sandbox_url: str, today: date, now: datetime) -> int:
    """The agency's full file of some months ago and every difference since, unless that was done; returns the rows."""
    if covered_until() is None:
        day = today - timedelta(days=DAYS_AGO)
        path: Path = settings.DATA_DIR / "books" / f"00_zenkoku_all_{day:%Y%m%d}.zip"
        answer = httpx.get(f"{sandbox_url}/houjin/files/zenkoku_all.zip", params={"day": day.isoformat()}, timeout=60)
        path.write_bytes(answer.raise_for_status().content)
        load_file(path=path, kind=RegistryLoad.Kind.FULL, day=day, now=now)
    loads = take_differences(today=today, now=now)
    return sum(load.rows_read for load in loads)


def look_around(bank: Bank, *, today: date, now: datetime) -> tuple[int, int]:
    """What the nights would bring: company news and customers who may be one; how many of each are new."""
    tenant = Tenant.objects.get(slug=bank.slug)
    with tenant_context(tenant.pk):
        found = match_news(actor=SYSTEM, now=now), find_candidates(actor=SYSTEM, now=now)
        _order_certificates(bank, today=today, now=now)
        _open_gbizinfo(bank, now=now)
    return found


def _open_gbizinfo(bank: Bank, *, now: datetime) -> None:
    """With the token of the sandbox, unless there is one."""
    with transaction.atomic():
        administrator = User.objects.get(email=f"admin@{bank.slug}.example")
        if access() is None:
            set_access(token="sandbox-gbiz", most_a_day=200, actor=Actor.user(administrator.pk), now=now)


def _order_certificates(bank: Bank, *, today: date, now: datetime) -> None:
    """From the newest news: one to be checked, and one still to be obtained; nothing where somebody ordered some."""
    with transaction.atomic():
        wanted = CompanyNews.objects.filter(kind__in=["RENAMED", "MOVED"], status=CompanyNews.Status.OPEN)
        news = list(wanted.select_related("customer").order_by("-happened_on", "pk")[:2])
        if RegistryCertificate.objects.exists() or len({one.customer_id for one in news}) < 2:
            return
    officer = User.objects.get(email=f"officer@{bank.slug}.example")
    first, _second = [
        request_certificate(
            customer=one.customer,
            origin=RegistryCertificate.Origin.NEWS,
            reference=one.pk,
            why="異動の内容を登記事項証明書で確認するため",
            assigned_to=officer.pk,
            due_on=today + timedelta(days=7),
            actor=Actor.user(officer.pk),
            now=now,
        )
        for one in news
    ]
    _transcribe(first, news[0], officer, today=today, now=now)


def _transcribe(
    certificate: RegistryCertificate, news: CompanyNews, officer: User, *, today: date, now: datetime
) -> None:
    actor = Actor.user(officer.pk)
    attach_paper(certificate_id=certificate.pk, file=_page(), name="certificate.png", actor=actor, now=now)
    examine_waiting(actor=SYSTEM, now=now)
    with transaction.atomic():
        facts = facts_of(news.customer)
    said = {
        "corporate_number": facts.get("corporate_number", ""),
        "name": news.after.get("name") or facts.get("name", ""),
        "address": news.after.get("address") or facts.get("address", ""),
        "postal_code": news.after.get("postal_code") or facts.get("postal_code", ""),
        "representative": facts.get("representative", ""),
        "officers": [["代表取締役", facts.get("representative", "")], ["取締役", "見本 花子"]],
        "business": "1. 日用品の製造及び販売\n2. 前号に附帯する一切の業務",
        "capital": 10_000_000,
        "established_on": "2008-04-01",
    }
    transcribe_certificate(
        certificate_id=certificate.pk,
        kind=RegistryCertificate.Kind.FULL,
        issued_on=today - timedelta(days=3),
        said=said,
        actor=actor,
        now=now,
    )


def _page() -> io.BytesIO:
    """A page with lines where a certificate has its words; nobody's paper."""
    picture = Image.new("RGB", (840, 1188), "white")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((60, 60, 780, 1128), outline="black", width=2)
    pen.text((330, 90), "SPECIMEN", fill="black", font_size=36)
    for line in range(12):
        pen.rectangle((100, 190 + line * 70, 260, 214 + line * 70), fill="#bbbbbb")
        pen.rectangle((300, 190 + line * 70, 560 + line * 37 % 180, 214 + line * 70), fill="#dddddd")
    file = io.BytesIO()
    picture.save(file, "PNG")
    file.seek(0)
    return file
