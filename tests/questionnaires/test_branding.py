"""How an institution looks: two people decide, and the page says in words what a colour lacks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone, translation

from audit.models import AuditEvent
from audit.services import Actor
from questionnaires.branding.colouring import (
    WHITE,
    Pair,
)
from questionnaires.branding.colours import contrast
from questionnaires.branding.models import Branding
from questionnaires.branding.services import BrandingRefused, approve_branding, propose_branding, save_branding
from questionnaires.branding.sheets import address_of
from questionnaires.branding.wording import in_words
from tenants.models import Tenant, User
from tenants.scoping import tenant_scope
from tests.uploads.marks import png
from uploads.marks import PNG, remake_mark

SHOWN = {
    "name": "みなと銀行",
    "name_en": "Minato Bank",
    "name_kana": "みなとぎんこう",
    "phone": "0120-111-222",
    "phone_hours": "平日 9時〜17時",
    "official_site": "https://www.minato.example/",
    "brand_colour": "#0033a0",
    "brand_words": "#ffffff",
    "short_mark": "み",
}


# Two people


def actor(user: User) -> Actor:
    return Actor.user(user.pk)


@pytest.fixture
def draft(tenant: Tenant, administrator: User, now: datetime) -> Branding:
    with tenant_scope(tenant.pk):
        mark = remake_mark(png()).body
        return save_branding(shown=SHOWN, mark=mark, actor=actor(administrator), now=now)


def status_of(branding: Branding) -> str:
    with tenant_scope(branding.tenant_id):
        return str(Branding.objects.get(pk=branding.pk).status)


def test_one_writes_and_proposes_another_approves_and_customers_see_it(
    tenant: Tenant, draft: Branding, administrator: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    door = f"/b/{tenant.slug}/"
    assert "/looks/" not in Client().get(door).content.decode(), "the standard needs no sheet"
    writer, decider = staff_client(administrator), staff_client(approver)
    assert writer.post(f"/look/{draft.pk}/propose/").status_code == 302
    assert writer.post(f"/look/{draft.pk}/approve/").status_code == 422
    assert "/looks/" not in Client().get(door).content.decode()
    assert decider.post(f"/look/{draft.pk}/approve/").status_code == 302
    tenant.refresh_from_db()
    assert (tenant.name, tenant.phone, tenant.brand_colour) == ("みなと銀行", "0120-111-222", "#0033a0")
    page = Client().get(door).content.decode()
    assert f'href="{address_of("#0033a0", WHITE)}"' in page
    assert "みなと銀行" in page
    mark = Client().get(re.findall(r'<img src="(/looks/[^"]+)"', page)[0])
    assert mark.headers["Content-Type"] == "image/png"
    assert mark.content.startswith(PNG)
    assert "immutable" in mark.headers["Cache-Control"]
    with tenant_scope(tenant.pk):
        told = list(
            AuditEvent.objects.filter(event__startswith="branding.").order_by("id").values_list("event", flat=True)
        )
    assert told == ["branding.saved", "branding.proposed", "branding.approved"]


def test_an_earlier_look_comes_back_by_two_people(
    tenant: Tenant,
    draft: Branding,
    administrator: User,
    approver: User,
    now: datetime,
    staff_client: Callable[[User], Client],
) -> None:
    with tenant_scope(tenant.pk):
        propose_branding(branding=draft, actor=actor(administrator), now=now)
        approve_branding(branding=draft, actor=actor(approver), now=now)
        other = save_branding(
            shown={**SHOWN, "brand_colour": "#00703c"}, mark=None, actor=actor(administrator), now=timezone.now()
        )
        propose_branding(branding=other, actor=actor(administrator), now=timezone.now())
        approve_branding(branding=other, actor=actor(approver), now=timezone.now())
    writer = staff_client(administrator)
    assert writer.post(f"/look/{draft.pk}/restore/").status_code == 302
    with tenant_scope(tenant.pk):
        again = Branding.objects.get(status="PROPOSED")
        assert (again.number, again.brand_colour, bytes(again.mark)) == (3, "#0033a0", bytes(draft.mark or b""))
    assert writer.post(f"/look/{again.pk}/approve/").status_code == 422
    staff_client(approver).post(f"/look/{again.pk}/approve/")
    tenant.refresh_from_db()
    assert (tenant.brand_colour, tenant.mark_digest) == ("#0033a0", draft.mark_digest)


def test_the_database_too_knows_two_people(tenant: Tenant, draft: Branding, now: datetime) -> None:
    mine = {"approved_by": draft.proposed_by, "approved_person": draft.proposed_person, "approved_at": now}
    with tenant_scope(tenant.pk), transaction.atomic(), pytest.raises(IntegrityError):
        Branding.objects.filter(pk=draft.pk).update(status="APPROVED", **mine)


def test_a_colour_is_refused_below_the_form_as_well(tenant: Tenant, administrator: User, now: datetime) -> None:
    with tenant_scope(tenant.pk), pytest.raises(BrandingRefused):
        save_branding(shown={**SHOWN, "brand_colour": "#ce0000"}, mark=None, actor=actor(administrator), now=now)


def test_whoever_may_not_changes_nothing(
    draft: Branding, officer: User, approver: User, staff_client: Callable[[User], Client]
) -> None:
    for user in (officer, approver):
        client = staff_client(user)
        assert client.post("/look/draft/", SHOWN).status_code == 403
        assert client.post(f"/look/{draft.pk}/propose/").status_code == 403
        assert client.post(f"/look/{draft.pk}/reject/").status_code == 422, "a draft belongs to those who write"
    assert staff_client(officer).post(f"/look/{draft.pk}/approve/").status_code == 403
    assert status_of(draft) == "DRAFT"


# The page


def typed(**changed: object) -> dict[str, object]:
    return {**SHOWN, "brand_words": "auto", **changed}


@pytest.fixture
def writer(administrator: User, staff_client: Callable[[User], Client]) -> Client:
    administrator.language = "en"
    administrator.save(update_fields=["language"])
    return staff_client(administrator)


def test_a_colour_that_fails_is_refused_with_its_number_and_one_that_passes_is_one_click_away(
    tenant: Tenant, writer: Client
) -> None:
    with translation.override("en"):
        refused = writer.post("/look/draft/", typed(brand_colour="＃ＦＦＤ４３Ｄ"))
    text = refused.content.decode()
    assert refused.status_code == 422
    assert f"{int(contrast('#ffd43d', '#f0f2f5') * 100) / 100:.2f}" in text
    [offered] = re.findall(r'name="use" value="(#[0-9a-f]{6})"', text)
    assert 'value="み"' in text, "what was typed stays"
    assert writer.post("/look/draft/", typed(brand_colour="#ffd43d", use=offered)).status_code == 302
    with tenant_scope(tenant.pk):
        assert Branding.objects.get().brand_colour == offered


@pytest.mark.parametrize(
    ("digits", "palette", "kept"),
    [
        ("#0033a0", "#0033a0", "#0033a0"),
        ("#0033a0", "#005f5b", "#0033a0"),  # the palette was left alone
        ("#005f5b", "#0033A0", "#0033a0"),  # the digits were
        ("＃００３３ａ０", "#0033a0", "#0033a0"),  # a script has put both alike
        ("#0033a0", "", "#0033a0"),  # a browser without a palette
        ("#0033a0", "rgb(0, 0, 0)", "#0033a0"),
    ],
)
def test_of_digits_and_palette_whichever_was_changed_counts(
    digits: str, palette: str, kept: str, tenant: Tenant, writer: Client
) -> None:
    said = typed(brand_colour=digits, brand_picked=palette, brand_before="#005f5b")
    assert writer.post("/look/draft/", said).status_code == 302
    with tenant_scope(tenant.pk):
        assert Branding.objects.get().brand_colour == kept


def test_two_colours_at_once_are_asked_about_and_both_are_kept_on_the_page(tenant: Tenant, writer: Client) -> None:
    said = typed(brand_colour="#0033a0", brand_picked="#7a1fa2", brand_before="#005f5b")
    refused = writer.post("/look/draft/", said)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "The digits say #0033a0 and the palette says #7a1fa2." in text
    assert re.search(r'name="brand_colour"[^>]*value="#0033a0"|value="#0033a0"[^>]*name="brand_colour"', text)
    assert re.search(r'name="brand_picked"[^>]*value="#7a1fa2"|value="#7a1fa2"[^>]*name="brand_picked"', text)
    with tenant_scope(tenant.pk):
        assert not Branding.objects.exists()


def test_a_colour_of_the_palette_that_fails_is_told_of_as_if_typed(tenant: Tenant, writer: Client) -> None:
    said = typed(brand_colour="#005f5b", brand_picked="#ffd43d", brand_before="#005f5b")
    text = writer.post("/look/draft/", said).content.decode()
    [offered] = re.findall(r'name="use" value="(#[0-9a-f]{6})"', text)
    assert text.count('value="#ffd43d"') == 3, "digits, palette and what both begin with"
    taken = {**said, "use": offered}
    assert writer.post("/look/draft/", taken).status_code == 302
    with tenant_scope(tenant.pk):
        assert Branding.objects.get().brand_colour == offered


def test_the_page_says_in_words_what_a_contrast_means(tenant: Tenant, writer: Client) -> None:
    page = writer.get("/look/").content.decode()
    assert "Reads very well, for weak eyes too" in page
    with translation.override("en"):
        verdicts = [in_words(Pair("light", use, one, WHITE, 0)) for use, one in CONTRASTS]
    assert verdicts == [
        "Too hard to read for many customers",
        "Reads well, for older eyes too",
        "Reads very well, for weak eyes too",
        "Many customers would not see it",
        "Stands out",
        "Stands out clearly",
    ]


# On white 4.48, 4.54, 21, 2.8, 3.5 and 4.54 to 1.
CONTRASTS = (
    ("button", "#777777"),
    ("pointed", "#767676"),
    ("button", "#000000"),
    ("marks", "#9a9a9a"),
    ("marks", "#888888"),
    ("marks", "#767676"),
)


def test_a_red_is_refused_with_the_reason(tenant: Tenant, writer: Client) -> None:
    refused = writer.post("/look/draft/", typed(brand_colour="#e60012"))
    assert refused.status_code == 422
    assert 'name="use"' in refused.content.decode()
    with tenant_scope(tenant.pk):
        assert not Branding.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"brand_colour": "red"},
        {"brand_colour": "#0033a0;}*{}"},
        {"official_site": "http://www.minato.example/"},
        {"official_site": "javascript:alert(1)"},
        {"phone": "call us"},
        {"name": ""},
        {"name_kana": "漢字"},
        {"short_mark": "<b"},
        {"brand_words": "#ff0000"},
    ],
)
def test_what_cannot_be_shown_is_refused(wrong: dict[str, str], tenant: Tenant, writer: Client) -> None:
    assert writer.post("/look/draft/", typed(**wrong)).status_code == 422
    with tenant_scope(tenant.pk):
        assert not Branding.objects.exists()


def test_a_picture_is_kept_until_it_is_taken_away(tenant: Tenant, writer: Client) -> None:
    def kept() -> str:
        with tenant_scope(tenant.pk):
            return str(Branding.objects.get().mark_digest)

    picture = SimpleUploadedFile("mark.png", png(), "image/png")
    assert writer.post("/look/draft/", typed(picture=picture)).status_code == 302
    first = kept()
    assert first
    writer.post("/look/draft/", typed(name="みなと信用金庫"))
    assert kept() == first
    drawing = SimpleUploadedFile("mark.png", b"<svg onload='alert(1)'/>", "image/png")
    assert writer.post("/look/draft/", typed(picture=drawing)).status_code == 422
    writer.post("/look/draft/", typed(without_picture="on"))
    assert not kept()


@pytest.mark.parametrize("screen", ["landing", "question", "error"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_preview_is_the_customers_page_in_the_new_look(
    screen: str, scheme: str, tenant: Tenant, draft: Branding, writer: Client
) -> None:
    shown = writer.get(f"/look/{draft.pk}/{screen}/{scheme}/")
    text = shown.content.decode()
    assert shown.status_code == 200
    assert "みなと銀行" in text
    assert address_of("#0033a0", WHITE, scheme) in text
    assert ("error-summary" in text) == (screen == "error")
    assert tenant.name not in text
    assert writer.get(f"/look/{draft.pk}/{screen}/dim/").status_code == 404


def test_e_mails_and_letters_carry_the_colour(tenant: Tenant) -> None:
    from channels.protocols import Channel
    from channels.rendering import Wording, render_text
    from channels.wording.selectors import bank_of

    tenant.brand_colour, tenant.brand_words = "#0033a0", WHITE
    wording = Wording(bank_of(tenant), "request", "ja", "https://x.example/r/1/", date(2027, 1, 31))
    html = render_text(Channel.EMAIL, wording).html
    assert "border-bottom:3px solid #0033a0" in html
    assert "background:#0033a0;color:#ffffff" in html
    assert "005f5b" not in html
