"""Pages of the pictures of papers about a company's owners."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.models import OwnerPaper
from customers.related.scans import attach_scan, scan_of, scans_of
from customers.viewing import is_sensitive, shown_until
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires, takes_body_of
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.services import UploadRefused
from uploads.serving import serve_upload
from uploads.wording import reason_in_words


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest, customer_id: UUID, owner_paper_id: UUID) -> HttpResponse:
    """The pictures of one paper, without their names."""
    return _page(request, _paper(customer_id, owner_paper_id), UploadForm())


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_POST
@requires(Permission.DECIDE_CASE)
def add(request: StaffRequest, customer_id: UUID, owner_paper_id: UUID) -> HttpResponse:
    """Take in a picture."""
    paper = _paper(customer_id, owner_paper_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            attach_scan(paper=paper, file=file, name=file.name, actor=request.actor, now=timezone.now())
        except UploadRefused as refused:
            form.add_error("file", str(refused))
        else:
            messages.success(request, _("The document is sealed, and is being checked."))
            return redirect("customer-owner-paper-scans", customer_id, owner_paper_id)
    return _page(request, paper, form)


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def picture(request: StaffRequest, customer_id: UUID, owner_paper_id: UUID, upload_id: UUID) -> HttpResponse:
    """One picture; seeing it is on record. Of a sensitive customer only while their data are shown for a matter."""
    paper, now = _paper(customer_id, owner_paper_id), timezone.now()
    try:
        upload = scan_of(paper, upload_id)
    except Upload.DoesNotExist:
        raise Http404 from None
    if is_sensitive(paper.customer) and shown_until(request.session, paper.customer_id, now) is None:
        raise PermissionDenied
    return serve_upload(upload, actor=request.actor, now=now)


def _page(request: StaffRequest, paper: OwnerPaper, form: UploadForm) -> HttpResponse:
    context = {
        "customer": paper.customer,
        "paper": paper,
        "form": form,
        "pictures": [(one, reason_in_words(one.reason) if one.reason else "") for one in scans_of(paper)],
        "is_scanned": settings.UPLOAD_SCAN == "required",
    }
    return render(request, "staff/customers/related/scans.html", context, status=422 if form.errors else 200)


def _paper(customer_id: UUID, owner_paper_id: UUID) -> OwnerPaper:
    rows = OwnerPaper.objects.select_related("customer")
    found: OwnerPaper = get_object_or_404(rows, pk=owner_paper_id, customer=customer_id)
    return found
