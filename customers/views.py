"""The customer book as a list, and the imports that fill it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.asked import open_search, seal_search
from customers.closing import ClosingRefused, note_end
from customers.forms import ClosingForm, ContactSearchForm, SearchForm
from customers.models import Customer, RiskTier
from customers.presenting import name_shown
from customers.searching import addresses_in
from customers.segments.models import Segment
from customers.segments.selecting import Count, customers_of_kept
from customers.segments.selectors import CHIPS, branch_names, segment_for, segments_for
from customers.segments.wording import said_of
from customers.selectors import customer_count, customer_page, facts_of_each
from customers.viewing import note_contact_search
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, may, requires


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the list asks for."""

    search: str
    is_search_over: bool
    kind: str
    tier: str
    segment: Segment | None
    segments: list[Segment]
    # whether accounts may be searched for: not by roles that see them covered
    by_account: bool

    @property
    def filters(self) -> dict[str, Any]:
        """As customer_page and customer_count take them."""
        among = customers_of_kept(self.segment.document, today=timezone.localdate()) if self.segment else None
        return {
            "search": self.search,
            "kind": self.kind or None,
            "tier": self.tier or None,
            "among": among,
            "by_account": self.by_account,
        }


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """The customer book: what was searched for, of a segment, by kind and risk."""
    return _book(request, _asked(request))


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def count(request: StaffRequest) -> HttpResponse:
    """How many the list has in all: asked for once it stands there, as counting may take longer than the list."""
    asked = _asked(request)
    counted = customer_count(**asked.filters)
    if "HX-Request" in request.headers:
        return render(request, "staff/customers/count.html", {"count": counted})
    return _book(request, asked, counted)


def _book(request: StaffRequest, asked: Asked, counted: Count | None = None) -> HttpResponse:
    page = customer_page(**asked.filters, cursor=_cursor(request))
    facts = facts_of_each(page.items)
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    segment = asked.segment
    context = {
        "page": page,
        "count": counted,
        "rows": [(customer, name_shown(customer, facts[customer.pk], masked=masked)) for customer in page.items],
        "search": asked.search,
        "is_search_over": asked.is_search_over,
        "kind": asked.kind,
        "kinds": Customer.Kind.choices,
        "tier": asked.tier,
        "tiers": RiskTier.choices,
        "segment": segment,
        "segments": asked.segments,
        "said": said_of(segment.document, branch_names()) if segment else None,
        "today": timezone.localdate(),
    }
    return render(request, "staff/customers/list.html", context)


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def search(request: StaffRequest) -> HttpResponse:
    """Find customers: the words arrive in the body, and go on in the address sealed.

    Whether a telephone number or e-mail address is a customer's is itself personal data. Roles that see those masked
    learn it for a reason, on record; only then are such words sealed, so no other way leads to the answer.
    """
    form = SearchForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This cannot be searched for. Enter up to 80 characters."))
        return redirect("customers")
    words = form.cleaned_data.pop("search")
    if addresses_in(words) and not may(request, Permission.VIEW_PERSONAL_DATA):
        why = ContactSearchForm(request.POST if "reason" in request.POST or "asked" in request.POST else None)
        if not why.is_valid():
            context = {"form": why, "search": words, "kept": form.cleaned_data}
            return render(request, "staff/customers/search_reason.html", context, status=422 if why.errors else 200)
        reason = why.cleaned_data["reason"]
        note_contact_search(tenant=request.tenant, reason=reason, actor=request.actor, now=timezone.now())
    sealed = seal_search(words, user_id=request.user.pk, now=timezone.now())
    kept = {name: str(value) for name, value in form.cleaned_data.items() if value}
    return redirect(reverse("customers", query={**kept, **({"search": sealed} if sealed else {})}))


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def end(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Note the day a customer's contract ended."""
    customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    form = ClosingForm(request.POST or None, initial={"closed_on": customer.closed_on})
    if request.method == "POST" and form.is_valid():
        day = form.cleaned_data["closed_on"]
        try:
            note_end(customer=customer, closed_on=day, actor=request.actor, now=timezone.now())
        except ClosingRefused as refused:
            form.add_error("closed_on", str(refused))
        else:
            messages.success(request, _("The end of the contract is noted.") if day else _("The contract goes on."))
            return redirect("customer", customer.pk)
    context = {"form": form, "customer": customer}
    return render(request, "staff/customers/end.html", context, status=422 if form.errors else 200)


def _asked(request: StaffRequest) -> Asked:
    found = open_search(request.GET.get("search", ""), user_id=request.user.pk, now=timezone.now())
    kind, tier = request.GET.get("kind", ""), request.GET.get("tier", "")
    segments = list(segments_for(request.user.pk)[:CHIPS])
    return Asked(
        search=found or "",
        is_search_over=found is None,
        kind=kind if kind in Customer.Kind.values else "",
        tier=tier if tier in RiskTier.values else "",
        segment=_segment(request, segments),
        segments=segments,
        by_account=may(request, Permission.VIEW_PERSONAL_DATA),
    )


def _segment(request: StaffRequest, offered: list[Segment]) -> Segment | None:
    """The one whose id the address has; it stands among those offered, too."""
    try:
        wanted = UUID(request.GET.get("segment", ""))
    except ValueError:
        return None
    found = next((one for one in offered if one.pk == wanted), None) or segment_for(request.user.pk, wanted)
    if found is not None and found not in offered:
        offered.append(found)
    return found


def _cursor(request: StaffRequest) -> str | None:
    return request.GET.get("after") or request.GET.get("before")
