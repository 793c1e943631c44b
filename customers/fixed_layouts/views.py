"""The pages of fixed-length layouts."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.decoding import FileRefused
from customers.fixed_layouts.forms import LayoutForm, SampleForm
from customers.fixed_layouts.models import FixedLayout
from customers.fixed_layouts.selectors import layouts, sample_of
from customers.fixed_layouts.services import NameTaken, keep_layout, remove_layout
from customers.wording import refusal
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, may, requires

_HEAD = 64 * 1024


@require_GET
@requires(Permission.IMPORT_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """The layouts of the institution."""
    return render(request, "staff/customers/fixed_layouts.html", {"layouts": layouts()})


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_CUSTOMERS)
def new(request: StaffRequest) -> HttpResponse:
    """Describe a file's records."""
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@requires(Permission.IMPORT_CUSTOMERS)
def change(request: StaffRequest, fixed_layout_id: UUID) -> HttpResponse:
    """Describe them otherwise."""
    return _edit(request, get_object_or_404(FixedLayout.objects.all(), pk=fixed_layout_id))


@require_POST
@requires(Permission.IMPORT_CUSTOMERS)
def remove(request: StaffRequest, fixed_layout_id: UUID) -> HttpResponse:
    """Take a layout away."""
    layout = get_object_or_404(FixedLayout.objects.all(), pk=fixed_layout_id)
    remove_layout(layout=layout, actor=request.actor, now=timezone.now())
    messages.success(request, _("The layout is removed. Files taken in by it stay as they are."))
    return redirect("fixed-layouts")


def _edit(request: StaffRequest, layout: FixedLayout | None) -> HttpResponse:
    given = {"document": layout.document, "name": layout.name} if layout else {}
    form = LayoutForm(request.POST or None, **given)
    sample = SampleForm(request.POST or None, request.FILES or None)
    tried: list[tuple[int, list[tuple[str, str]]]] = []
    if request.method == "POST" and form.is_valid() and sample.is_valid() and form.table:
        if "try" in request.POST:
            tried = _try(request, form, sample)
        elif _keep(request, form, layout):
            return redirect("fixed-layouts")
    context = {"form": form, "sample": sample, "tried": tried, "layout": layout}
    has_errors = bool(form.errors or sample.errors)
    return render(request, "staff/customers/fixed_layout.html", context, status=422 if has_errors else 200)


def _keep(request: StaffRequest, form: LayoutForm, layout: FixedLayout | None) -> bool:
    assert form.table
    try:
        keep_layout(
            layout=layout, name=form.cleaned_data["name"], table=form.table, actor=request.actor, now=timezone.now()
        )
    except NameTaken:
        form.add_error("name", _("Another layout has this name."))
        return False
    messages.success(request, _("The layout is kept. Choose it when you upload a file."))
    return True


def _try(request: StaffRequest, form: LayoutForm, sample: SampleForm) -> list[tuple[int, list[tuple[str, str]]]]:
    assert form.table
    file = sample.cleaned_data["sample"]
    if file is None:
        sample.add_error("sample", _("Choose the file."))
        return []
    try:
        tried = sample_of(file.read(_HEAD), form.table, masked=not may(request, Permission.VIEW_PERSONAL_DATA))
    except FileRefused as refused:
        sample.add_error("sample", refusal(refused.code, refused.params))
        return []
    if not tried:
        sample.add_error("sample", _("There is no customer's record in the beginning of this file."))
    return tried
