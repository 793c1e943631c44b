"""Pages of the lists: all of them, one with its versions, a draft on its way to being in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from customers.codes import Label
from customers.lists.comparing import Turn, difference
from customers.lists.content import Content, content_from, untranslated
from customers.lists.files import csv_of, workbook_of
from customers.lists.forms import NewListForm, ReturnForm
from customers.lists.models import CodeListDraft
from customers.lists.selectors import (
    content_of_version,
    customers_by_code,
    draft_of,
    drafts_by_key,
    list_in_force,
    lists_in_force,
    versions_of,
)
from customers.lists.services import (
    ListRefused,
    approve_draft,
    base_of,
    begin_draft,
    discard_draft,
    problems_in,
    propose_draft,
    return_draft,
)
from customers.lists.standard import STANDARD_KEYS
from customers.lists.uses import concerns_about, uses_of
from customers.lists.wording import part_name, sentence_of
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires
from tenants.sign_in.reauthentication import requires_recent_sign_in

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

type Step = Callable[..., object]


@require_GET
@requires(Permission.VIEW_IMPORTS)
def lists(request: StaffRequest) -> HttpResponse:
    """Every list there is, and those that are only being written."""
    drafts = drafts_by_key()
    rows = [(one, drafts.pop(key, None)) for key, one in lists_in_force().items()]
    return render(request, "staff/customers/lists/index.html", {"rows": rows, "new": list(drafts.values())})


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def list_new(request: StaffRequest) -> HttpResponse:
    """Begin a list of the institution's own making."""
    form = NewListForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        name = Label(said["name_ja"], said["name_en"])
        try:
            draft = begin_draft(key=said["key"], name=name, actor=request.actor, now=timezone.now())
        except ListRefused as refused:
            form.add_error("key", str(refused))
        else:
            return redirect("list-draft", draft.pk)
    return render(request, "staff/customers/lists/new.html", {"form": form}, status=422 if form.errors else 200)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def code_list(request: StaffRequest, key: str) -> HttpResponse:
    """A list as it stands, who uses which code, and its versions."""
    return _list_page(request, key)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def list_begin(request: StaffRequest, key: str) -> HttpResponse:
    """Begin a new version, of the one in force or of an earlier one."""
    typed = request.POST.get("version", "")
    number = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else None
    try:
        draft = begin_draft(key=key, number=number, actor=request.actor, now=timezone.now())
    except ListRefused as refused:
        return _list_page(request, key, str(refused))
    return redirect("list-draft", draft.pk)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def list_version(request: StaffRequest, key: str, version: int) -> HttpResponse:
    """A version as it was published, and how it differs from the one before."""
    content = content_of_version(key, version)
    if content is None:
        raise Http404
    before = content_of_version(key, version - 1) if version else None
    context = {
        "key": key,
        "content": content,
        "row": versions_of(key).filter(number=version).first(),
        "number": version,
        "changes": difference(before, content) if version else None,
        "rows": [(entry, 0, ()) for entry in content.entries],
    }
    return render(request, "staff/customers/lists/version.html", context)


@require_GET
@requires(Permission.VIEW_IMPORTS)
def list_file(request: StaffRequest, key: str) -> HttpResponse:
    """The list in force as a file; `?as=xlsx`: as a workbook."""
    found = list_in_force(key)
    if found is None:
        raise Http404
    return _as_file(request, found.content, f"{key}-v{found.number}")


@require_GET
@requires(Permission.VIEW_IMPORTS)
def list_draft(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """The draft: what is wrong, what differs, who uses what goes, and the approval."""
    return draft_page(request, find_draft(code_list_draft_id))


@require_GET
@requires(Permission.VIEW_IMPORTS)
def list_draft_file(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """The draft as a file; `?as=xlsx`: as a workbook."""
    found = find_draft(code_list_draft_id)
    return _as_file(request, content_from(found.document), f"{found.key}-draft")


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def list_draft_propose(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Ask a second person."""

    def step(**arguments: Any) -> None:
        propose_draft(revision=revision_of(request), **arguments)

    return _step(request, find_draft(code_list_draft_id), step, _("The draft waits for approval."))


@require_POST
@requires(Permission.APPROVE_SETTINGS)
@requires_recent_sign_in(lambda code_list_draft_id: reverse("list-draft", args=[code_list_draft_id]))
def list_draft_approve(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Put it in force, as the page showed it."""

    def step(**arguments: Any) -> None:
        approve_draft(seen_hash=request.POST.get("seen_hash", ""), **arguments)

    return _step(request, find_draft(code_list_draft_id), step, _("The list is in force from now on."))


@require_POST
@requires(Permission.APPROVE_SETTINGS)
def list_draft_return(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Reject it with a reason."""
    found, form = find_draft(code_list_draft_id), ReturnForm(request.POST)
    if not form.is_valid():
        return draft_page(request, found, form=form)

    def step(**arguments: Any) -> None:
        return_draft(reason=form.cleaned_data["reason"], **arguments)

    return _step(request, found, step, _("The draft went back to its authors."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def list_draft_take_back(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Go on writing what one proposed."""

    def step(**arguments: Any) -> None:
        return_draft(reason="", **arguments)

    return _step(request, find_draft(code_list_draft_id), step, _("The draft can be changed again."))


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def list_draft_discard(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Throw it away."""
    found = find_draft(code_list_draft_id)
    try:
        discard_draft(draft=found, actor=request.actor, now=timezone.now())
    except ListRefused as refused:
        return draft_page(request, found, str(refused))
    messages.success(request, _("The draft was thrown away."))
    return redirect("list", found.key) if list_in_force(found.key) else redirect("lists")


def find_draft(code_list_draft_id: UUID) -> CodeListDraft:
    """The draft of an address, or 404."""
    found: CodeListDraft = get_object_or_404(CodeListDraft.objects.all(), pk=code_list_draft_id)
    return found


def revision_of(request: StaffRequest) -> int:
    """Of the draft as the person read it; 0 for what is none."""
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def draft_page(
    request: StaffRequest, draft: CodeListDraft, refusal: str = "", form: ReturnForm | None = None
) -> HttpResponse:
    """The page of a draft, with what was refused."""
    content, base = content_from(draft.document), base_of(draft)
    changes = difference(base, content)
    uses, counts = uses_of(draft.key), customers_by_code(draft.key)
    leaving = changes.codes(Turn.RETIRED, Turn.REMOVED)
    context = {
        "draft": draft,
        "content": content,
        "problems": [sentence_of(problem) for problem in problems_in(draft)],
        "changes": changes,
        "leaving": [
            (entry, counts.get(code, 0), [use.words for use in uses if code in use.codes])
            for code in leaving
            if (entry := (base or content).entry(code))
        ],
        "concerns": [
            (one.words, [entry for code in one.codes if (entry := content.entry(code))])
            for one in concerns_about(draft.key, [entry.code for entry in content.entries])
        ],
        "missing": [(part_name(language), count) for language, count in untranslated(content).items()],
        "base_codes": base.codes if base else frozenset(),
        "digest": content.digest,
        "is_own": request.membership.did(*draft.acts),
        "people": names_of([draft.drafted_by, draft.proposed_by, draft.approved_by]),
        "return_form": form or ReturnForm(),
        "form": form,
        "refusal": refusal,
        "may_edit": draft.status == CodeListDraft.Status.DRAFT and may(request, Permission.MANAGE_SETTINGS),
        "is_of_file": draft.key in STANDARD_KEYS,
    }
    return render(request, "staff/customers/lists/draft.html", context, status=422 if refusal or form else 200)


def _list_page(request: StaffRequest, key: str, refusal: str = "") -> HttpResponse:
    found = list_in_force(key)
    if found is None:
        raise Http404
    uses, counts = uses_of(key), customers_by_code(key)
    context = {
        "list": found,
        "draft": draft_of(key),
        "versions": versions_of(key).defer("document"),
        "rows": [
            (entry, counts.get(entry.code, 0), [use.words for use in uses if entry.code in use.codes])
            for entry in found.content.entries
        ],
        "unknown": sorted((code, count) for code, count in counts.items() if code not in found.content.codes),
        "concerns": [
            (one.words, [entry for code in one.codes if (entry := found.content.entry(code))])
            for one in concerns_about(key, [entry.code for entry in found.content.entries])
        ],
        "missing": [(part_name(language), count) for language, count in untranslated(found.content).items()],
        "is_of_file": key in STANDARD_KEYS,
        "refusal": refusal,
    }
    return render(request, "staff/customers/lists/list.html", context, status=422 if refusal else 200)


def _step(request: StaffRequest, draft: CodeListDraft, act: Step, said: str) -> HttpResponse:
    try:
        act(draft=draft, actor=request.actor, now=timezone.now())
    except ListRefused as refused:
        draft.refresh_from_db()
        return draft_page(request, draft, str(refused))
    messages.success(request, said)
    return redirect("list-draft", draft.pk)


def _as_file(request: StaffRequest, content: Content, name: str) -> HttpResponse:
    is_workbook = request.GET.get("as") == "xlsx"
    body, kind = (workbook_of(content), XLSX) if is_workbook else (csv_of(content), "text/csv; charset=utf-8")
    ending = "xlsx" if is_workbook else "csv"
    return HttpResponse(
        body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}.{ending}"'}
    )
