"""Pages of an institution's own attributes: the list, defining and changing one, and the second person's decision."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.facts.forms import AttributeForm, KeepingForm
from customers.facts.keeping import expired_count, keeping_of, set_keeping
from customers.facts.models import OwnAttribute
from customers.facts.own import key_of
from customers.facts.readers import readers_of
from customers.facts.selectors import attributes as every_attribute
from customers.facts.services import (
    AttributeRefused,
    StepRefused,
    change_attribute,
    decide_attribute,
    define_attribute,
    restore_attribute,
    retire_attribute,
)
from customers.lists.selectors import lists_named
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires


@require_GET
@requires(Permission.VIEW_IMPORTS)
def attributes(request: StaffRequest) -> HttpResponse:
    """Every attribute of the institution's own."""
    return render(request, "staff/customers/attributes/index.html", {"rows": list(every_attribute())})


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def attribute_new(request: StaffRequest) -> HttpResponse:
    """Define one."""
    form = AttributeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            made = define_attribute(definition=form.definition, actor=request.actor, now=timezone.now())
        except AttributeRefused as refused:
            form.refuse(refused.problems)
        except StepRefused as refused:
            form.add_error(None, str(refused))
        else:
            if made.status == OwnAttribute.Status.PROPOSED:
                messages.success(request, _("The attribute is proposed. It can be used when a second person agrees."))
            else:
                messages.success(request, _("The attribute can be used from now on."))
            return redirect("attribute", made.pk)
    context = {"form": form}
    return render(request, "staff/customers/attributes/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(Permission.VIEW_IMPORTS)
def attribute(request: StaffRequest, own_attribute_id: UUID) -> HttpResponse:
    """What it is; whoever may, changes its names, titles and choices."""
    found = _find(own_attribute_id)
    form = AttributeForm(request.POST if request.method == "POST" else None, attribute=found)
    if form.is_valid():
        try:
            change_attribute(attribute=found, definition=form.definition, actor=request.actor, now=timezone.now())
        except AttributeRefused as refused:
            form.refuse(refused.problems)
        except StepRefused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The attribute is changed."))
            return redirect("attribute", found.pk)
    return _page(request, found, form)


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def attribute_decide(request: StaffRequest, own_attribute_id: UUID) -> HttpResponse:
    """A second person puts a sensitive one in use, or refuses it."""
    found, is_agreed = _find(own_attribute_id), request.POST.get("decision") == "agree"
    if request.POST.get("decision") not in ("agree", "refuse"):
        return _page(request, found, AttributeForm(attribute=found), _("Choose whether it is put in use."))

    def decide() -> None:
        decide_attribute(attribute=found, is_agreed=is_agreed, actor=request.actor, now=timezone.now())

    return _step(request, found, decide, _("The attribute is in use.") if is_agreed else _("The attribute is refused."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def attribute_keep(request: StaffRequest, own_attribute_id: UUID) -> HttpResponse:
    """How long values are kept."""
    found, form = _find(own_attribute_id), KeepingForm(request.POST)
    if not form.is_valid():
        return _page(request, found, AttributeForm(attribute=found), keeping_form=form)

    def keep() -> None:
        set_keeping(attribute=found, **form.cleaned_data, actor=request.actor, now=timezone.now())

    return _step(request, found, keep, _("How long values are kept is changed. They are looked for in the night."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def attribute_retire(request: StaffRequest, own_attribute_id: UUID) -> HttpResponse:
    """Nothing is added any more; what is known stays."""
    found = _find(own_attribute_id)

    def retire() -> None:
        retire_attribute(attribute=found, actor=request.actor, now=timezone.now())

    return _step(request, found, retire, _("The attribute is retired. What is known stays."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def attribute_restore(request: StaffRequest, own_attribute_id: UUID) -> HttpResponse:
    """In use again."""
    found = _find(own_attribute_id)

    def restore() -> None:
        restore_attribute(attribute=found, actor=request.actor, now=timezone.now())

    return _step(request, found, restore, _("The attribute is in use."))


def _step(request: StaffRequest, found: OwnAttribute, act: Callable[[], None], said: str) -> HttpResponse:
    try:
        act()
    except StepRefused as refused:
        return _page(request, found, AttributeForm(attribute=found), str(refused))
    messages.success(request, said)
    return redirect("attribute", found.pk)


def _page(
    request: StaffRequest,
    found: OwnAttribute,
    form: AttributeForm,
    refusal: str = "",
    *,
    keeping_form: KeepingForm | None = None,
) -> HttpResponse:
    keeping = keeping_of(found)
    kept = {"after_set": keeping.after_set, "after_end": keeping.after_end} if keeping else {}
    is_mine = found.proposed_by == request.user.pk
    is_active = found.status == OwnAttribute.Status.ACTIVE
    is_proposed = found.status == OwnAttribute.Status.PROPOSED
    is_known = found.status in (OwnAttribute.Status.ACTIVE, OwnAttribute.Status.RETIRED)
    context = {
        "attribute": found,
        "form": form,
        "refusal": refusal,
        "proposer": names_of([found.proposed_by]).get(found.proposed_by, "—"),
        "list_name": dict(lists_named(get_language() or "ja")).get(found.list_key, found.list_key),
        "readers": readers_of(key_of(found.code)),
        "keeping": keeping,
        "keeping_form": keeping_form or KeepingForm(initial=kept),
        "expired": expired_count(found) if keeping else 0,
        "is_known": is_known,
        "may_keep": is_known and may(request, Permission.MANAGE_SETTINGS),
        "may_change": is_active and may(request, Permission.MANAGE_SETTINGS),
        "may_decide": is_proposed and not is_mine and may(request, Permission.APPROVE_SETTINGS),
        "may_restore": found.status == OwnAttribute.Status.RETIRED and may(request, Permission.MANAGE_SETTINGS),
    }
    status = 422 if form.errors or refusal or (keeping_form and keeping_form.errors) else 200
    return render(request, "staff/customers/attributes/form.html", context, status=status)


def _find(own_attribute_id: UUID) -> OwnAttribute:
    found: OwnAttribute = get_object_or_404(OwnAttribute.objects.all(), pk=own_attribute_id)
    return found
