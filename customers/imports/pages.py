"""The pages of imports: a file's way from its upload to the customer file, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.facts.catalogue import HEADER
from customers.fixed_layouts.selectors import layouts, table_of
from customers.forms import ImportForm
from customers.imports.forms import ColumnsForm, ReadingForm
from customers.imports.showing import attributes_of, change_page, preview_of
from customers.imports.warned import warned_by_column
from customers.models import CustomerImport
from customers.selectors import error_file, import_page, rejected_page, warned_page
from customers.services import (
    ImportRefused,
    StepRefused,
    commit_import,
    confirm_layout,
    discard_import,
    read_anew,
    reopen_layout,
    start_import,
    undo_import,
)
from customers.viewing import note_changes_seen
from customers.wording import column_title, refusal, sentence, warning
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires, takes_body_of

_STATUS = CustomerImport.Status
_MOVING = {_STATUS.UPLOADED, _STATUS.CHECKING, _STATUS.COMMITTED, _STATUS.RUNNING, _STATUS.UNDOING}


@require_GET
@requires(Permission.VIEW_IMPORTS)
def imports(request: StaffRequest) -> HttpResponse:
    """Imported files, newest first."""
    cursor = request.GET.get("after") or request.GET.get("before")
    return render(request, "staff/customers/imports.html", {"page": import_page(cursor=cursor)})


@takes_body_of(lambda: settings.IMPORT_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_CUSTOMERS)
def import_new(request: StaffRequest) -> HttpResponse:
    """Upload a customer file."""
    offered = {str(one.pk): one for one in layouts()}
    given = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportForm(*given, layouts=list(offered.values()))
    if form.is_valid():
        upload, now = form.cleaned_data["file"], timezone.now()
        chosen = offered.get(form.cleaned_data["layout"])
        table = table_of(chosen) if chosen else None
        try:
            item = start_import(
                file=upload, filename=upload.name, by_steps=True, table=table, actor=request.actor, now=now
            )
        except ImportRefused as refused:
            form.add_error("file", str(refused))
        else:
            return redirect("import", item.pk)
    context = {"form": form, "columns": HEADER}
    return render(request, "staff/customers/import_new.html", context, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def import_detail(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """One import: its columns while they are to be confirmed, then its progress; asked for by htmx, that alone."""
    item = get_object_or_404(CustomerImport.objects.all(), pk=import_id)
    if item.status == _STATUS.DRAFT and may(request, Permission.IMPORT_CUSTOMERS):
        return _columns_page(request, item, _columns_form(item))
    is_moving = item.status in _MOVING
    rejected = rejected_page(item).items if not is_moving and item.rows_rejected else []
    warned = warned_page(item).items if not is_moving and item.warnings else []
    context = {
        "item": item,
        "is_moving": is_moving,
        "warned": [(row, column_title(row.column), warning(row.code, row.params)) for row in warned],
        "warned_total": sum(item.warnings.values()),
        "warned_by_column": warned_by_column(item.warnings),
        "attributes": attributes_of(item),
        "rejected": [(row, column_title(row.column), sentence(row.code, row.params)) for row in rejected],
        "failure": refusal(item.failure_code, item.failure_params) if item.failure_code else "",
    }
    if "HX-Request" in request.headers:
        return render(request, "staff/customers/import.html#progress", context)
    context["uploader"] = names_of([item.uploaded_by]).get(item.uploaded_by, "")
    return render(request, "staff/customers/import.html", context)


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def import_reading(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Read the header in another encoding or with another delimiter."""
    item = get_object_or_404(CustomerImport.objects.all(), pk=import_id)
    form = ReadingForm(request.POST, item=item)
    if item.status == _STATUS.DRAFT and not form.is_valid():
        return _columns_page(request, item, _columns_form(item), form)
    return _step(
        request, item, read_anew, **(form.cleaned_data if form.is_valid() else {"encoding": "", "delimiter": ""})
    )


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def import_columns(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Say what the columns are, and have the file tried."""
    item = get_object_or_404(CustomerImport.objects.all(), pk=import_id)
    if item.status != _STATUS.DRAFT:
        return _step(request, item, confirm_layout, columns=())
    form = _columns_form(item, request.POST)
    if not form.is_valid():
        return _columns_page(request, item, form)
    return _step(request, item, confirm_layout, columns=form.columns, looks_first="look" in request.POST)


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def import_reopen(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Go back from the trial to the columns."""
    return _step(request, get_object_or_404(CustomerImport.objects.all(), pk=import_id), reopen_layout)


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def import_commit(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Take in what the trial has shown."""
    return _step(request, get_object_or_404(CustomerImport.objects.all(), pk=import_id), commit_import)


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def import_discard(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Throw the file away."""
    return _step(request, get_object_or_404(CustomerImport.objects.all(), pk=import_id), discard_import)


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def import_undo(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Take the whole import back."""
    return _step(request, get_object_or_404(CustomerImport.objects.all(), pk=import_id), undo_import)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def import_changes(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """Whom an import changes, field by field; or who stayed as it left them when it was taken back."""
    item = get_object_or_404(CustomerImport.objects.all(), pk=import_id)
    attributes = attributes_of(item)
    wanted = request.GET.get("attribute", "")
    attribute = wanted if wanted in item.attributes_changed else ""
    kept_only = request.GET.get("show") == "kept"
    masked, now = not may(request, Permission.VIEW_PERSONAL_DATA), timezone.now()
    page, changes = change_page(
        item,
        attribute=attribute,
        kept_only=kept_only,
        cursor=request.GET.get("after") or request.GET.get("before"),
        session=request.session,
        masked=masked,
        now=now,
    )
    if changes and not masked:
        note_changes_seen(customer_import=item, customers=len(changes), actor=request.actor, now=now)
    context = {
        "item": item, "page": page, "changes": changes, "attributes": attributes,
        "attribute": attribute, "kept_only": kept_only,
    }  # fmt: skip
    return render(request, "staff/customers/import_changes.html", context)


@require_GET
@requires(Permission.IMPORT_CUSTOMERS)
def import_errors(request: StaffRequest, import_id: UUID) -> HttpResponse:
    """The rows that were not taken, as a CSV file to correct and import again."""
    item = get_object_or_404(CustomerImport.objects.all(), pk=import_id)
    return HttpResponse(
        b"".join(error_file(item)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="errors-{item.pk}.csv"'},
    )


def _step(request: StaffRequest, item: CustomerImport, take: Callable[..., None], **said: Any) -> HttpResponse:
    try:
        take(customer_import=item, actor=request.actor, now=timezone.now(), **said)
    except StepRefused as refused:
        messages.error(request, str(refused))
    return redirect("import", item.pk)


def _columns_form(item: CustomerImport, data: Any = None) -> ColumnsForm:
    return ColumnsForm(data, titles=item.titles or (), columns=item.columns or ())


def _columns_page(
    request: StaffRequest, item: CustomerImport, form: ColumnsForm, reading: ReadingForm | None = None
) -> HttpResponse:
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    preview = preview_of(item, masked=masked, now=timezone.now())
    reading = reading or ReadingForm(item=item)
    context = {
        "item": item,
        "form": reading if reading.errors else form,
        "reading": reading,
        "columns": list(zip(form, preview.columns, strict=False)) if preview.columns else [],
        "rows": preview.rows,
        "looked_at": preview.looked_at,
        "joined": preview.joined,
        "masked": masked,
    }
    has_errors = bool(form.errors or reading.errors)
    return render(request, "staff/customers/import_columns.html", context, status=422 if has_errors else 200)
