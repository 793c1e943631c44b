"""Pages that look across the apps: home, one customer, the timeline, the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from audit.exporting import NothingSealed
from campaigns.resends.selectors import resendable_of
from campaigns.selectors import reviews_of
from customers.accounts.rules import ACCOUNTS
from customers.accounts.showing import accounts_shown
from customers.forms import PastForm, RevealForm
from customers.matching.presenting import alike_of
from customers.merging.presenting import parts_of
from customers.models import Customer
from customers.presenting import name_shown, not_asked_of, present, stay_shown
from customers.selectors import facts_of
from customers.viewing import is_sensitive, note_look_back, reveal, shown_until
from reporting.evidence import TooMuch, evidence_of
from reporting.fact_history import with_history
from reporting.forms import AuditFilter, EvidenceForm
from reporting.home import home_figures
from reporting.integrity import integrity_of_trail
from reporting.past import past_of
from reporting.reach import reach_of
from reporting.selectors import latest_rating, lines_of, staff_of_tenant
from reporting.timelines import TOPICS, entry_of, timeline_page, with_turns
from reporting.trails import audit_page
from retention.expiring import day_in_japan
from reviews.models import Case
from reviews.selectors import cases_of
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.permissions import ROLE_PERMISSIONS, Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

# Where personal data may be asked for beside the customer's page, and where to come back to.
_PAGES = {"": "customer", "timeline": "customer-timeline", "edit": "customer-edit"}

# Events on the customer's overview; the timeline has all.
LATEST = 5


@require_GET
@login_required
def home(request: StaffRequest) -> HttpResponse:
    """What needs doing now, and how the campaigns stand."""
    if getattr(request, "membership", None) is None:
        raise PermissionDenied
    allowed = ROLE_PERMISSIONS[request.membership.role]
    figures = home_figures(allowed=allowed, user_id=request.user.pk, today=timezone.localdate())
    context = {"figures": figures, "now": timezone.now()}
    return render(request, "staff/reporting/home.html", context)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def customer(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """One customer: rating with reasons, what is on file (masked), reviews, channels."""
    found = _find(customer_id)
    return _customer_page(request, found, RevealForm(sensitive=is_sensitive(found)))


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def customer_past(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """What we knew of a customer at the end of a day, from where and through whom; masked as the customer's page."""
    found, now = _find(customer_id), timezone.now()
    until = _shown_until(request, found)
    form = PastForm({"on": day_in_japan(now).isoformat(), **request.GET.dict()}, today=day_in_japan(now))
    context = {**_head(request, found, facts_of(found)), "form": form, "shown_until": until}
    if form.is_valid():
        context["past"] = past_of(found, form.cleaned_data["on"], masked=until is None)
        context["reveal"] = RevealForm(sensitive=is_sensitive(found))
        if until is not None and context["past"].rows:
            note_look_back(customer=found, on=form.cleaned_data["on"], actor=request.actor, now=now)
    return render(request, "staff/reporting/past.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.VIEW_PERSONAL_DATA)
def customer_reveal(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Show the customer's personal data for ten minutes, with a reason, on the record."""
    found = _find(customer_id)
    form = RevealForm(request.POST, sensitive=is_sensitive(found))
    if not form.is_valid():
        return _customer_page(request, found, form)
    reveal(
        request.session,
        customer=found,
        reason=form.cleaned_data["reason"],
        matter=form.cleaned_data.get("matter", ""),
        actor=request.actor,
        now=timezone.now(),
    )
    looked_at = PastForm(request.POST, today=timezone.localdate())
    if looked_at.is_valid():
        query = urlencode({"on": looked_at.cleaned_data["on"].isoformat()})
        return redirect(f"{reverse('customer-past', args=[customer_id])}?{query}")
    return redirect(_PAGES[form.cleaned_data["page"]], customer_id)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def customer_timeline(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Everything on record about one customer."""
    found = _find(customer_id)
    until = _shown_until(request, found)
    topic = request.GET.get("topic", "")
    topic = topic if topic in dict(TOPICS) else ""
    page = timeline_page(customer=found, topic=topic, cursor=_cursor(request))
    lines = with_turns(lines_of(page.items), page.items, found, masked=until is None)
    if page.next_cursor is None and topic in ("", "file"):
        lines.append(entry_of(found, with_link=may(request, Permission.VIEW_IMPORTS)))
    context = {
        **_head(request, found, facts_of(found)),
        "page": page,
        "lines": lines,
        "topic": topic,
        "topics": TOPICS,
        "shown_until": until,
        "hides": any(turn.is_masked for line in lines for turn in line.turns),
        "reveal": RevealForm(sensitive=is_sensitive(found)),
        "resendable": resendable_of(found) if may(request, Permission.PLAN_CAMPAIGN) else [],
    }
    return render(request, "staff/reporting/timeline.html", context)


@require_GET
@requires(Permission.VIEW_AUDIT)
def audit(request: StaffRequest) -> HttpResponse:
    """The audit trail in sentences, newest first."""
    form = AuditFilter(staff_of_tenant(), request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    page = audit_page(
        actor_id=wanted.get("actor", ""),
        subject=wanted.get("subject", ""),
        record=wanted.get("record", ""),
        number=wanted.get("number", ""),
        since=wanted.get("since"),
        until=wanted.get("until"),
        cursor=_cursor(request),
    )
    context = {
        "form": form,
        "page": page,
        "lines": lines_of(page.items),
        "is_filtered": any(wanted.values()),
        "integrity": integrity_of_trail(now=timezone.now()),
    }
    return render(request, "staff/reporting/audit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.EXPORT_AUDIT)
@requires_recent_sign_in()
def audit_export(request: StaffRequest) -> HttpResponse:
    """A period of the trail as a package that anybody can verify without us."""
    form = EvidenceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        since, until = form.cleaned_data["since"], form.cleaned_data["until"]
        try:
            package = evidence_of(since=since, until=until, actor=request.actor, now=timezone.now())
        except TooMuch:
            form.add_error("until", _("This period holds too many records. Choose fewer days."))
        except NothingSealed:
            form.add_error(None, _("Nothing is sealed yet. Try again in a minute."))
        else:
            name = f"audit-{request.tenant.slug}-{since:%Y%m%d}-{until:%Y%m%d}.zip"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(package, content_type="application/zip", headers=headers)
    context = {"form": form}
    return render(request, "staff/reporting/audit_export.html", context, status=422 if form.errors else 200)


def _find(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found


def _head(request: StaffRequest, found: Customer, facts: dict[str, Any]) -> dict[str, Any]:
    """What the top of every page about a customer shows."""
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    waiting = (Case.Status.OPEN, Case.Status.AWAITING_APPROVAL)
    return {
        "customer": found,
        "name": name_shown(found, facts, masked=masked),
        "today": timezone.localdate(),
        "open_case": next((case for case in cases_of(found.pk) if case.status in waiting), None),
    }


def _customer_page(request: StaffRequest, found: Customer, form: StaffForm) -> HttpResponse:
    facts = facts_of(found)
    until = _shown_until(request, found)
    rating = latest_rating(found)
    shown = present(
        facts,
        is_company=found.kind == Customer.Kind.COMPANY,
        masked=until is None,
        open_keys=("name", "kana") if may(request, Permission.VIEW_PERSONAL_DATA) else (),
        apart=(ACCOUNTS, *not_asked_of(facts)),
    )
    latest = timeline_page(customer=found, limit=LATEST, counts=False).items
    context = {
        **_head(request, found, facts),
        "form": form,
        "facts": with_history(found, shown, masked=until is None),
        "latest": with_turns(lines_of(latest), latest, found, masked=until is None),
        "accounts": accounts_shown(found, facts, masked=until is None),
        "stay": stay_shown(found, timezone.localdate(), masked=until is None),
        "shown_until": until,
        "rating": rating.rating if rating else None,
        "reasons": rating.reasons if rating else [],
        "unknown": rating.unknown if rating else [],
        "reviews": reviews_of(found),
        "reach": reach_of(found, today=timezone.localdate(), masked=until is None),
        "parts": parts_of(found, masked=not may(request, Permission.VIEW_PERSONAL_DATA)),
        "alike": alike_of(found, masked=not may(request, Permission.VIEW_PERSONAL_DATA)),
    }
    return render(request, "staff/reporting/customer.html", context, status=422 if form.errors else 200)


def _shown_until(request: StaffRequest, found: Customer) -> datetime | None:
    if not may(request, Permission.VIEW_PERSONAL_DATA):
        return None
    return shown_until(request.session, found.pk, timezone.now())


def _cursor(request: StaffRequest) -> str | None:
    return request.GET.get("after") or request.GET.get("before")
