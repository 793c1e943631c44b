"""The page on which staff give their institution its look, with previews of what customers would see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from questionnaires import standard
from questionnaires.answering import Errors
from questionnaires.branding import services
from questionnaires.branding.colouring import STANDARD, WHITE, pairs_of, readable_words, schemes_of
from questionnaires.branding.forms import AUTOMATIC, BrandingForm
from questionnaires.branding.models import Branding
from questionnaires.branding.selectors import in_force, looking_like, open_branding, shown_of, versions_page
from questionnaires.branding.services import BrandingRefused
from questionnaires.branding.sheets import address_of
from questionnaires.branding.wording import SCHEMES, USES, in_words
from questionnaires.building.rehearsing import Rehearsal, answered
from questionnaires.building.views.walking import customers_page
from questionnaires.shaping import parse
from tenants.domains.addresses import base_of, entry_page
from tenants.middleware import StaffRequest
from tenants.models import Tenant
from tenants.people import names_of
from tenants.permissions import Permission, may, requires, takes_body_of
from tenants.sign_in.reauthentication import requires_recent_sign_in
from uploads.marks import MAX_BYTES

Status = Branding.Status
SCREENS = {"landing": "", "question": "cash", "error": "contact"}


@require_GET
@requires(Permission.VIEW_SENDING)
def look(request: StaffRequest) -> HttpResponse:
    """What customers see, what is being written or waits, and the versions before."""
    return _page(request)


@takes_body_of(lambda: 4 * MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_POST
@requires(Permission.MANAGE_SETTINGS)
def save(request: StaffRequest) -> HttpResponse:
    """Keep what was entered, to be looked at and proposed. With ``use``, the colour that was offered instead."""
    data = request.POST.dict()
    if "use" in data:
        data |= dict.fromkeys(("brand_colour", "brand_picked", "brand_before"), data["use"])
    form = BrandingForm(data, request.FILES, kept=_mark_so_far())
    if not form.is_valid():
        return _page(request, form)
    try:
        services.save_branding(shown=form.shown, mark=form.mark, actor=request.actor, now=timezone.now())
    except BrandingRefused as refused:
        return _page(request, form, str(refused))
    messages.success(request, _("Kept. Customers see nothing of it yet: look at the previews, then propose it."))
    return redirect("look")


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def propose(request: StaffRequest, branding_id: UUID) -> HttpResponse:
    """Hand it to a second person."""
    done = _("The change is proposed. It takes effect when a second person has approved it.")
    return _do(request, branding_id, services.propose_branding, done)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def restore(request: StaffRequest, branding_id: UUID) -> HttpResponse:
    """Propose an earlier version."""
    done = _("The change is proposed. It takes effect when a second person has approved it.")
    return _do(request, branding_id, services.restore_branding, done)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda branding_id: reverse("look"))
def approve(request: StaffRequest, branding_id: UUID) -> HttpResponse:
    """Have customers see it."""
    return _do(request, branding_id, services.approve_branding, _("Customers see the new look from now on."))


@require_POST
@requires(Permission.VIEW_SENDING)
def reject(request: StaffRequest, branding_id: UUID) -> HttpResponse:
    """Leave the look as it is. Who may depends on how far the version has come."""
    return _do(request, branding_id, services.reject_branding, _("The change is rejected; nothing has changed."))


@require_GET
@requires(Permission.VIEW_SENDING)
def preview(request: StaffRequest, branding_id: UUID, screen: str, scheme: str) -> HttpResponse:
    """One of the customers' pages as it would look on a telephone. Stores nothing and leads nowhere."""
    branding = get_object_or_404(Branding.objects.defer("mark"), pk=branding_id)
    if screen not in SCREENS or scheme not in SCHEMES:
        raise Http404
    tenant = looking_like(request.tenant, branding)
    words = {"branding": branding, "screen": screen, "scheme": scheme, "screens": _screens(), "schemes": SCHEMES}
    words["staff_language"] = translation.get_language()
    with translation.override("ja"):
        context = _landing(tenant) if screen == "landing" else _question(tenant, screen)
        context["tenant_css"] = address_of(tenant.brand_colour, tenant.brand_words, scheme)
        template = "landing" if screen == "landing" else "question"
        return render(request, f"staff/look/preview_{template}.html", {**context, **words})


def _landing(tenant: Tenant) -> dict[str, object]:
    today = timezone.localdate()
    return {
        "tenant": tenant,
        "bank": tenant.name,
        "language": "ja",
        "lang": "ja",
        "size": "m",
        "host": urlsplit(base_of(tenant)).netloc,
        "official_host": urlsplit(tenant.official_site).netloc,
        "token": tenant.slug,  # of nobody: the button leads to no request
        "minutes": 3,
        "deadline": today + timedelta(days=30),
        "needed": [_("Nothing but your account number")],
    }


def _question(tenant: Tenant, screen: str) -> dict[str, object]:
    questionnaire = parse(standard.document("individual"))
    rehearsal = Rehearsal(questionnaire, SCREENS[screen])
    page = questionnaire.page(rehearsal.page)
    errors: Errors = {}
    if screen == "error":
        rehearsal, errors = answered(rehearsal, {}, is_unchanged=False, today=timezone.localdate())
    return customers_page(tenant, rehearsal, page, "ja", {}, errors, 0)


def _screens() -> dict[str, str]:
    return {"landing": _("First page"), "question": _("A question"), "error": _("A mistake")}


def _mark_so_far() -> bytes | None:
    kept = Branding.objects.filter(status=Status.DRAFT).first()
    if kept is None:
        kept = Branding.objects.filter(status=Status.APPROVED).order_by("-approved_at").first()
    return bytes(kept.mark) if kept and kept.mark else None


def _do(request: StaffRequest, branding_id: UUID, act: Callable[..., Any], done: str) -> HttpResponse:
    found = get_object_or_404(Branding.objects.all(), pk=branding_id)
    try:
        act(branding=found, actor=request.actor, now=timezone.now())
    except BrandingRefused as refused:
        return _page(request, refusal=str(refused))
    messages.success(request, done)
    return redirect("look")


def _page(request: StaffRequest, form: BrandingForm | None = None, refusal: str = "") -> HttpResponse:
    now, waiting = in_force(), open_branding()
    shown = waiting or request.tenant
    colour, words = shown.brand_colour or STANDARD, shown.brand_words or WHITE
    page = versions_page(cursor=request.GET.get("after") or request.GET.get("before"))
    wanted = AUTOMATIC if words == readable_words(colour) else words
    colours = dict.fromkeys(("brand_colour", "brand_picked", "brand_before"), colour)
    initial = {**shown_of(shown), **colours, "brand_words": wanted}
    is_writing = waiting is None or waiting.status == Status.DRAFT
    people = [who for one in page.items for who in (one.proposed_by, one.approved_by, one.rejected_by)]
    context = {
        "form": form or BrandingForm(initial=initial),
        "in_force": now,
        "waiting": waiting,
        "is_draft": waiting is not None and waiting.status == Status.DRAFT,
        "is_own": waiting and request.membership.did((waiting.proposed_by, waiting.proposed_person)),
        "may_write": may(request, Permission.MANAGE_SETTINGS) and is_writing,
        "shown": shown,
        "pairs": [(pair, SCHEMES[pair.scheme], USES[pair.use], in_words(pair)) for pair in pairs_of(colour, words)],
        "palette": [(SCHEMES[name], scheme) for name, scheme in schemes_of(colour, words).items()],
        "changes": _changes(request.tenant, waiting) if waiting else [],
        "screens": _screens(),
        "schemes": SCHEMES,
        "entry_page": entry_page(request.tenant),
        "page": page,
        "people": names_of([*people, *([waiting.proposed_by] if waiting else [])]),
        "refusal": refusal,
    }
    failed = bool(refusal or (form and form.errors))
    return render(request, "staff/look/page.html", context, status=422 if failed else 200)


def _changes(tenant: Tenant, waiting: Branding) -> list[tuple[str, str, str]]:
    """What would be otherwise: what it is called, as it is, as it would be."""
    labels = {name: str(field.label) for name, field in BrandingForm.base_fields.items()}
    before, after = shown_of(tenant), shown_of(waiting)
    before = {
        **before,
        "brand_colour": before["brand_colour"] or STANDARD,
        "brand_words": before["brand_words"] or WHITE,
    }
    return [(labels[name], before[name], after[name]) for name in labels if before.get(name) != after.get(name)]
