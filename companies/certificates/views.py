"""Pages of registry certificates: those to be obtained, a company's own, and one beside the file."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
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

from companies.certificates.forms import (
    BackForm,
    CancelForm,
    CheckForm,
    RequestForm,
    TranscriptionForm,
    initial_of,
)
from companies.certificates.models import RegistryCertificate
from companies.certificates.selectors import (
    certificate_page,
    certificates_of,
    leaving_of,
    may_obtain,
    open_of,
    paper_of,
    papers_of,
)
from companies.certificates.services import (
    CertificateRefused,
    attach_paper,
    cancel_certificate,
    check_certificate,
    request_certificate,
    return_certificate,
    transcribe_certificate,
)
from companies.certificates.showing import age_of, beside_of, leaving_shown, lines_shown, rows_shown
from customers.models import Customer
from customers.presenting import name_shown, or_erased
from customers.selectors import facts_of
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires, takes_body_of
from tenants.sign_in.reauthentication import requires_recent_sign_in
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.services import UploadRefused
from uploads.serving import serve_upload
from uploads.wording import reason_in_words

Status, Origin = RegistryCertificate.Status, RegistryCertificate.Origin
_USUAL_DAYS = 14


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def certificates(request: StaffRequest) -> HttpResponse:
    """Certificates by state, the most urgent first."""
    status = request.GET.get("status", Status.REQUESTED)
    status = status if status in Status.values else ""
    mine = request.GET.get("mine") == "1"
    page = certificate_page(
        status=status,
        assigned_to=request.user.pk if mine else None,
        cursor=request.GET.get("after") or request.GET.get("before"),
    )
    context = {
        "page": page,
        "rows": rows_shown(page.items, today=timezone.localdate(), masked=_masked(request)),
        "people": names_of([row.assigned_to for row in page.items]),
        "status": status,
        "statuses": Status.choices,
        "mine": mine,
        "me": request.user.pk if mine else None,
    }
    return render(request, "staff/companies/certificates/list.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def order(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """Have a certificate of a company obtained; by hand, from a review (``from=REVIEW&ref=…``) or from news."""
    customer = _customer(customer_id)
    now = timezone.now()
    people = may_obtain(now)
    initial = {"assigned_to": request.user.pk, "due_on": timezone.localdate(now) + timedelta(days=_USUAL_DAYS)}
    form = RequestForm(request.POST if request.method == "POST" else None, people=people, initial=initial)
    origin, reference = _origin(request)
    if form.is_valid():
        try:
            made = request_certificate(
                customer=customer, origin=origin, reference=reference, **form.cleaned_data, actor=request.actor, now=now
            )
        except CertificateRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("The certificate is ordered. It stands in the list until it is checked."))
            return redirect("certificate", made.pk)
    context = {
        **_head(request, customer),
        "form": form,
        "is_company": customer.kind == Customer.Kind.COMPANY,
        "under_way": open_of(customer),
        "origin": Origin(origin),
    }
    return render(request, "staff/companies/certificates/order.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def of_customer(request: StaffRequest, customer_id: UUID) -> HttpResponse:
    """A company's certificates with their age."""
    customer = _customer(customer_id)
    today = timezone.localdate()
    found = certificates_of(customer)
    context = {
        **_head(request, customer),
        "today": today,
        "rows": [(one, age_of(one, today)) for one in found],
        "people": names_of([one.assigned_to for one in found]),
        "under_way": next((one for one in found if one.is_open), None),
    }
    return render(request, "staff/companies/certificates/of_customer.html", context)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def certificate(request: StaffRequest, registry_certificate_id: UUID) -> HttpResponse:
    """One certificate: its pictures, what it says beside the file, and the next step."""
    return _page(request, _certificate(registry_certificate_id))


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_POST
@requires(Permission.DECIDE_CASE)
def add_paper(request: StaffRequest, registry_certificate_id: UUID) -> HttpResponse:
    """Take in a picture of a page, or a PDF."""
    found = _certificate(registry_certificate_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            attach_paper(certificate_id=found.pk, file=file, name=file.name, actor=request.actor, now=timezone.now())
        except (CertificateRefused, UploadRefused) as refused:
            form.add_error("file", str(refused))
        else:
            messages.success(request, _("The document is sealed, and is being checked."))
            return redirect("certificate", found.pk)
    return _page(request, found, paper_form=form)


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def paper(request: StaffRequest, registry_certificate_id: UUID, upload_id: UUID) -> HttpResponse:
    """One picture; seeing it is on record."""
    try:
        upload = paper_of(_certificate(registry_certificate_id), upload_id)
    except Upload.DoesNotExist:
        raise Http404 from None
    return serve_upload(upload, actor=request.actor, now=timezone.now())


@require_http_methods(["GET", "POST"])
@requires(Permission.DECIDE_CASE)
def transcribe(request: StaffRequest, registry_certificate_id: UUID) -> HttpResponse:
    """Put down what the paper says."""
    found = _certificate(registry_certificate_id)
    if found.status != Status.REQUESTED:
        messages.warning(request, _("This certificate is not waiting to be transcribed."))
        return redirect("certificate", found.pk)
    if not papers_of(found):
        messages.warning(request, _("Add a picture of the paper first, so that a second person can compare it."))
        return redirect("certificate", found.pk)
    is_sent = request.method == "POST"
    form = TranscriptionForm(request.POST) if is_sent else TranscriptionForm(initial=_initial(found))
    if form.is_valid():
        try:
            transcribe_certificate(
                certificate_id=found.pk,
                kind=form.cleaned_data["kind"],
                issued_on=form.cleaned_data["issued_on"],
                said=form.said,
                actor=request.actor,
                now=timezone.now(),
            )
        except CertificateRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("It is transcribed and waits for a second person."))
            return redirect("certificate", found.pk)
    context = {**_head(request, found.customer), "certificate": found, "form": form, "papers": _papers(found)}
    return render(request, "staff/companies/certificates/transcribe.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.APPROVE_CASE)
@requires_recent_sign_in(lambda registry_certificate_id: reverse("certificate", args=[registry_certificate_id]))
def check(request: StaffRequest, registry_certificate_id: UUID) -> HttpResponse:
    """The transcription is right; take over what was chosen."""
    found = _certificate(registry_certificate_id)
    keys = [line.key for line in lines_shown(found.customer, found, masked=True)]
    leaving = [one.row.pk for one in leaving_of(found.customer, found)]
    form = CheckForm(request.POST, keys=keys, leaving=leaving)
    if not form.is_valid():
        return _page(request, found, refusal=_("The transcription has changed meanwhile. Look at it again."))
    try:
        changed = check_certificate(
            certificate_id=found.pk,
            seen_at=form.cleaned_data["seen_at"],
            take=form.cleaned_data["take"],
            end=form.cleaned_data["end"],
            actor=request.actor,
            now=timezone.now(),
        )
    except CertificateRefused as refused:
        return _page(request, _certificate(found.pk), refusal=str(refused))
    said = _("The certificate is checked. What was ticked stands in the customer file, and the risk is rated anew.")
    messages.success(request, said if changed else _("The certificate is checked. The customer file stays as it is."))
    return redirect("certificate", found.pk)


@require_POST
@requires(Permission.APPROVE_CASE)
def give_back(request: StaffRequest, registry_certificate_id: UUID) -> HttpResponse:
    """Have it transcribed again."""
    form = BackForm(request.POST, auto_id="back_%s")
    said = _("It goes back to whoever obtains it.")
    return _with_reason(request, registry_certificate_id, "back_form", form, return_certificate, said)


@require_POST
@requires(Permission.DECIDE_CASE)
def cancel(request: StaffRequest, registry_certificate_id: UUID) -> HttpResponse:
    """It is not needed any more."""
    form = CancelForm(request.POST, auto_id="cancel_%s")
    said = _("It is noted that the certificate is not needed.")
    return _with_reason(request, registry_certificate_id, "cancel_form", form, cancel_certificate, said)


def _with_reason(
    request: StaffRequest, certificate_id: UUID, name: str, form: StaffForm, act: Callable[..., None], said: str
) -> HttpResponse:
    """Take a step for the reason that the form gives, or show the page with the form, there called ``name``."""
    found = _certificate(certificate_id)
    if form.is_valid():
        try:
            act(certificate_id=found.pk, **form.cleaned_data, actor=request.actor, now=timezone.now())
        except CertificateRefused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, said)
            return redirect("certificate", found.pk)
    forms: dict[str, Any] = {name: form}
    return _page(request, _certificate(found.pk), **forms)


def _page(
    request: StaffRequest,
    found: RegistryCertificate,
    *,
    paper_form: StaffForm | None = None,
    back_form: StaffForm | None = None,
    cancel_form: StaffForm | None = None,
    refusal: str = "",
) -> HttpResponse:
    forms = [form for form in (paper_form, back_form, cancel_form) if form is not None]
    has_errors = bool(refusal) or any(form.errors for form in forms)
    context = {
        **_head(request, found.customer),
        "certificate": found,
        "age": age_of(found, timezone.localdate()),
        "is_late": found.status == Status.REQUESTED and found.due_on < timezone.localdate(),
        "lines": lines_shown(found.customer, found, masked=_masked(request)),
        "leaving": leaving_shown(found.customer, found, masked=_masked(request)),
        "beside": beside_of(found.customer, found),
        "papers": _papers(found),
        "is_scanned": settings.UPLOAD_SCAN == "required",
        "is_own": request.membership.did((found.transcribed_by, found.transcribed_person)),
        "seen_at": found.transcribed_at.isoformat() if found.transcribed_at else "",
        "people": names_of(
            [
                found.requested_by,
                found.assigned_to,
                found.transcribed_by,
                found.checked_by,
                found.cancelled_by,
            ]
        ),
        "paper_form": paper_form or UploadForm(),
        "back_form": back_form or BackForm(auto_id="back_%s"),
        "cancel_form": cancel_form or CancelForm(auto_id="cancel_%s"),
        "form": next((form for form in forms if form.errors), None),
        "refusal": refusal,
    }
    return render(request, "staff/companies/certificates/one.html", context, status=422 if has_errors else 200)


def _papers(found: RegistryCertificate) -> list[tuple[Upload, str]]:
    return [(one, reason_in_words(one.reason) if one.reason else "") for one in papers_of(found)]


def _initial(found: RegistryCertificate) -> Any:
    initial = or_erased(lambda: initial_of(found))
    return initial if isinstance(initial, dict) else {}


def _origin(request: StaffRequest) -> tuple[str, UUID | None]:
    """What it was ordered from, as the link said; anything else is by hand."""
    origin = request.GET.get("from", "")
    try:
        reference = UUID(request.GET.get("ref", ""))
    except ValueError:
        return Origin.HAND, None
    return (origin, reference) if origin in (Origin.REVIEW, Origin.NEWS) else (Origin.HAND, None)


def _head(request: StaffRequest, customer: Customer) -> dict[str, Any]:
    name = name_shown(customer, facts_of(customer), masked=_masked(request))
    return {"customer": customer, "name": name, "today": timezone.localdate()}


def _customer(customer_id: UUID) -> Customer:
    found: Customer = get_object_or_404(Customer.objects.all(), pk=customer_id)
    return found


def _certificate(registry_certificate_id: UUID) -> RegistryCertificate:
    rows = RegistryCertificate.objects.select_related("customer")
    found: RegistryCertificate = get_object_or_404(rows, pk=registry_certificate_id)
    return found


def _masked(request: StaffRequest) -> bool:
    return not may(request, Permission.VIEW_PERSONAL_DATA)
