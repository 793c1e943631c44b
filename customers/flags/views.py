"""Pages of a customer's flags: what is in force and was, raising, lifting by one or two, and reading why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.flags.evidence import attach_evidence, evidence_counts, evidence_for, picture_of
from customers.flags.forms import FlagForm, LiftForm
from customers.flags.models import CustomerFlag, FlagLifting
from customers.flags.rules import LIFTED_BY_TWO
from customers.flags.selectors import flags_of, lifting_page, waiting_liftings
from customers.flags.services import FlagRefused, approve_lifting, lift_flag, raise_flag, read_reason, reject_lifting
from customers.flags.wording import WHAT_TO_DO
from customers.models import Customer
from customers.pointers import survivors_of
from customers.presenting import name_shown
from customers.selectors import facts_of
from tenants.keys import PersonShredded
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires, takes_body_of
from tenants.sign_in.reauthentication import requires_recent_sign_in
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.services import UploadRefused
from uploads.serving import serve_upload
from uploads.wording import reason_in_words


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """The flags of one customer, without their reasons."""
    return _page(request, _customer(customer_id))


@require_http_methods(["GET", "POST"])
@requires(Permission.FLAG_CUSTOMER)
def new(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Raise a flag."""
    customer = _customer(customer_id)
    if request.method == "GET" and customer.status == Customer.Status.MERGED:
        survivor = _customer(survivors_of([customer.pk])[customer.pk])
        words = _("Customer %(number)s is part of this customer. The flag is raised here.")
        messages.info(request, words % {"number": customer.number})
        return redirect("customer-flag-new", survivor.pk)
    form = FlagForm(
        request.POST if request.method == "POST" else None,
        is_company=customer.kind == Customer.Kind.COMPANY,
        today=timezone.localdate(),
    )
    if form.is_valid():
        try:
            raise_flag(customer=customer, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except FlagRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("The flag is in force. What waited to be sent against it is withdrawn."))
            return redirect("customer-flags", customer.pk)
    kinds = dict(form.fields["kind"].choices)  # type: ignore[attr-defined]  # a choice field
    context = {
        **_head(request, customer),
        "form": form,
        "effects": [(words, WHAT_TO_DO[kind]) for kind, words in kinds.items()],
    }
    return render(request, "staff/customers/flags/new.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.READ_FLAG_REASON)
def reason(request: StaffRequest, customer_id: UUID, customer_flag_id: UUID) -> HttpResponse:
    """Why the flag was raised, shown once and on the record."""
    customer = _customer(customer_id)
    flag = _flag(customer, customer_flag_id)
    try:
        texts = read_reason(flag=flag, actor=request.actor, now=timezone.now())
    except FlagRefused as refused:
        return _page(request, customer, refusal=str(refused))
    except PersonShredded:
        texts = [_("Destroyed")]
    return _page(request, customer, reasons={flag.pk: texts})


@require_http_methods(["GET", "POST"])
@requires(Permission.LIFT_FLAG)
def lift(request: StaffRequest, customer_id: UUID, customer_flag_id: UUID) -> HttpResponse:
    """Lift a flag, or propose it where two people must."""
    customer = _customer(customer_id)
    flag = _flag(customer, customer_flag_id)
    form = LiftForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            waits = lift_flag(flag=flag, reason=form.cleaned_data["reason"], actor=request.actor, now=timezone.now())
        except FlagRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            said = _("The lifting waits for a second person. Until then the flag stays in force.")
            messages.success(request, said if waits else _("The flag is lifted."))
            return redirect("customer-flags", customer.pk)
    context = {**_head(request, customer), "form": form, "flag": flag, "needs_two": flag.kind in LIFTED_BY_TWO}
    return render(request, "staff/customers/flags/lift.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def evidence(request: StaffRequest, customer_id: UUID, customer_flag_id: UUID) -> HttpResponse:
    """The pictures behind a flag, without their names."""
    customer = _customer(customer_id)
    return _evidence_page(request, customer, _flag(customer, customer_flag_id), UploadForm())


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_POST
@requires(Permission.FLAG_CUSTOMER)
def add_evidence(request: StaffRequest, customer_id: UUID, customer_flag_id: UUID) -> HttpResponse:
    """Take in a picture."""
    customer = _customer(customer_id)
    flag = _flag(customer, customer_flag_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            attach_evidence(flag=flag, file=file, name=file.name, actor=request.actor, now=timezone.now())
        except (FlagRefused, UploadRefused) as refused:
            form.add_error("file", str(refused))
        else:
            messages.success(request, _("The document is sealed, and is being checked."))
            return redirect("customer-flag-evidence", customer.pk, flag.pk)
    return _evidence_page(request, customer, flag, form)


@require_GET
@requires(Permission.READ_FLAG_REASON)
def picture(request: StaffRequest, customer_id: UUID, customer_flag_id: UUID, upload_id: UUID) -> HttpResponse:
    """One picture; seeing it is on record."""
    flag = _flag(_customer(customer_id), customer_flag_id)
    try:
        upload = picture_of(flag, upload_id)
    except Upload.DoesNotExist:
        raise Http404 from None
    return serve_upload(upload, actor=request.actor, now=timezone.now())


@require_GET
@requires(Permission.APPROVE_FLAG)
def liftings(request: StaffRequest) -> HttpResponse:
    """What waits for a second person."""
    page = lifting_page(cursor=request.GET.get("after") or request.GET.get("before"))
    context = {"page": page, "people": names_of([lifting.proposed_by for lifting in page.items])}
    return render(request, "staff/customers/flags/liftings.html", context)


@require_POST
@requires(Permission.APPROVE_FLAG)
@requires_recent_sign_in(lambda flag_lifting_id: reverse("customer-flag-liftings"))
def approve(request: StaffRequest, flag_lifting_id: UUID) -> HttpResponse:
    """Let the flag be lifted."""
    lifting = _lifting(flag_lifting_id)
    try:
        approve_lifting(lifting=lifting, actor=request.actor, now=timezone.now())
    except FlagRefused as refused:
        return _page(request, lifting.flag.customer, refusal=str(refused))
    messages.success(request, _("The flag is lifted. Nothing that was withdrawn is sent; the next plan decides."))
    return redirect("customer-flags", lifting.flag.customer_id)


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def reject(request: StaffRequest, flag_lifting_id: UUID) -> HttpResponse:
    """Leave the flag in force. Whoever may propose or approve may say so."""
    lifting = _lifting(flag_lifting_id)
    try:
        reject_lifting(lifting=lifting, actor=request.actor, now=timezone.now())
    except FlagRefused as refused:
        return _page(request, lifting.flag.customer, refusal=str(refused))
    messages.success(request, _("The flag stays in force."))
    return redirect("customer-flags", lifting.flag.customer_id)


def _evidence_page(request: StaffRequest, customer: Customer, flag: CustomerFlag, form: UploadForm) -> HttpResponse:
    context = {
        **_head(request, customer),
        "flag": flag,
        "form": form,
        "pictures": [(one, reason_in_words(one.reason) if one.reason else "") for one in evidence_for(flag)],
        "is_scanned": settings.UPLOAD_SCAN == "required",
    }
    return render(request, "staff/customers/flags/evidence.html", context, status=422 if form.errors else 200)


def _page(
    request: StaffRequest,
    customer: Customer,
    *,
    reasons: Mapping[UUID, Sequence[str]] | None = None,
    refusal: str = "",
) -> HttpResponse:
    flags = flags_of(customer)
    waiting, pictures = waiting_liftings(flags), evidence_counts(flags)
    rows: list[dict[str, Any]] = [
        {
            "flag": flag,
            "what": WHAT_TO_DO[flag.kind],
            "reasons": (reasons or {}).get(flag.pk),
            "pictures": pictures.get(flag.pk, 0),
            "lifting": (lifting := waiting.get(flag.pk)),
            "is_own": lifting and request.membership.did((lifting.proposed_by, lifting.proposed_person)),
        }
        for flag in flags
    ]
    whose = [flag.raised_by for flag in flags] + [flag.ended_by for flag in flags]
    context = {
        **_head(request, customer),
        "in_force": [row for row in rows if row["flag"].status == CustomerFlag.Status.IN_FORCE],
        "earlier": [row for row in rows if row["flag"].status != CustomerFlag.Status.IN_FORCE],
        "people": names_of([*whose, *(lifting.proposed_by for lifting in waiting.values())]),
        "refusal": refusal,
    }
    return render(request, "staff/customers/flags/index.html", context, status=422 if refusal else 200)


def _head(request: StaffRequest, customer: Customer) -> dict[str, Any]:
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    name = name_shown(customer, facts_of(customer), masked=masked)
    return {"customer": customer, "name": name, "today": timezone.localdate()}


def _customer(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found


def _flag(customer: Customer, customer_flag_id: UUID) -> CustomerFlag:
    found: CustomerFlag = get_object_or_404(CustomerFlag.objects.all(), pk=customer_flag_id, customer=customer)
    return found


def _lifting(flag_lifting_id: UUID) -> FlagLifting:
    rows = FlagLifting.objects.select_related("flag__customer")
    found: FlagLifting = get_object_or_404(rows, pk=flag_lifting_id)
    return found
