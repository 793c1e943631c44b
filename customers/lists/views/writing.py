"""Forms for the parts of a list's draft: an entry, the names, a file, and the buttons of its table."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers.decoding import FileRefused
from customers.lists.content import Content, content_from
from customers.lists.editing import move_entry, offer_entry, remove_entry, write_entry, write_names
from customers.lists.files import MAX_BYTES, Taken, read_list
from customers.lists.forms import RETIRE, EntryForm, NamesForm, UploadForm
from customers.lists.models import CodeListDraft
from customers.lists.services import Edit, ListChanged, ListRefused, base_of, edit_draft
from customers.lists.views.looking import draft_page, find_draft, revision_of
from customers.lists.wording import sentence_of
from customers.wording import refusal
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires, takes_body_of

MOST_SHOWN = 200


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def list_entry_new(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Add a choice."""
    return _entry(request, find_draft(code_list_draft_id), "")


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def list_entry(request: StaffRequest, code_list_draft_id: UUID, code: str) -> HttpResponse:
    """Change a choice."""
    return _entry(request, find_draft(code_list_draft_id), code)


@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def list_names(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """What the list and its groups are called."""
    found = find_draft(code_list_draft_id)
    form = NamesForm(request.POST if request.method == "POST" else None, content=content_from(found.document))
    if form.is_valid():
        name, groups = form.name, form.groups
        if kept := _keep(request, found, form, lambda held: write_names(held, name, groups)):
            return kept
    return _page(request, found, "names", form)


@require_POST
@requires(Permission.MANAGE_SETTINGS)
def list_arrange(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """One button of the table: move a choice, offer it no more or again, or take it out."""
    found = find_draft(code_list_draft_id)
    act, _blank, code = request.POST.get("act", "").partition(" ")
    edits: dict[str, Edit] = {
        "up": lambda held: move_entry(held, code, -1),
        "down": lambda held: move_entry(held, code, 1),
        "retire": lambda held: offer_entry(held, code, is_offered=False),
        "offer": lambda held: offer_entry(held, code, is_offered=True),
        "remove": lambda held: remove_entry(held, code),
    }
    if act not in edits:
        return redirect("list-draft", found.pk)
    try:
        edit_draft(draft=found, revision=revision_of(request), edit=edits[act], actor=request.actor, now=timezone.now())
    except ListRefused as refused:
        found.refresh_from_db()
        return draft_page(request, found, str(refused))
    return redirect(reverse("list-draft", args=[found.pk]) + ("" if act == "remove" else f"#entry-{code}"))


@takes_body_of(lambda: 2 * MAX_BYTES)  # so that a file somewhat too large is refused in a sentence
@require_http_methods(["GET", "POST"])
@requires(Permission.MANAGE_SETTINGS)
def list_upload(request: StaffRequest, code_list_draft_id: UUID) -> HttpResponse:
    """Put a file in the place of the draft's entries, or say of every row what is wrong with it."""
    found = find_draft(code_list_draft_id)
    form = UploadForm(*((request.POST, request.FILES) if request.method == "POST" else (None,)))
    wrong: list[tuple[int, str]] = []
    if form.is_valid():
        try:
            taken = _read(found, form)
        except FileRefused as refused:
            form.add_error("file", refusal(refused.code, refused.params))
        else:
            wrong = [(one.row, sentence_of(one.problem)) for one in taken.problems]
            if taken.content is not None and (kept := _keep(request, found, form, replaced_by(taken.content))):
                return kept
    return _page(request, found, "upload", form, wrong=wrong[:MOST_SHOWN], wrong_count=len(wrong))


def replaced_by(content: Content) -> Edit:
    """The edit that puts a whole list in the place of what the draft had."""
    return lambda held: content


def _read(found: CodeListDraft, form: UploadForm) -> Taken:
    said = form.cleaned_data
    held = content_from(found.document)
    return read_list(said["file"], held=held, base=base_of(found), retires_missing=said["missing"] == RETIRE)


def _entry(request: StaffRequest, found: CodeListDraft, code: str) -> HttpResponse:
    content, base = content_from(found.document), base_of(found)
    entry = content.entry(code) if code else None
    if code and entry is None:
        raise Http404
    place = content.entries.index(entry) + 1 if entry else len(content.entries) + 1
    is_fixed = bool(base and code and base.entry(code))
    data = request.POST if request.method == "POST" else None
    form = EntryForm(data, entry=entry, place=place, is_fixed=is_fixed)
    if form.is_valid():
        made, to = form.made, form.cleaned_data["place"]
        if made.code != code and content.entry(made.code):
            form.add_error("code", _("There is a choice of this code already."))
        elif kept := _keep(
            request, found, form, lambda held: write_entry(held, made, code=code, place=to), f"entry-{made.code}"
        ):
            return kept
    groups = [words["ja"] for words in content.groups]
    return _page(request, found, "entry", form, entry=entry, groups=groups)


def _keep(
    request: StaffRequest, found: CodeListDraft, form: StaffForm, edit: Edit, at: str = ""
) -> HttpResponse | None:
    """Store what was entered; None, with the reason in the form, where that is not possible. Nothing typed is lost."""
    try:
        edit_draft(draft=found, revision=revision_of(request), edit=edit, actor=request.actor, now=timezone.now())
    except ListChanged as changed:
        people = names_of([changed.draft.drafted_by])
        said = _(
            "%(name)s changed this draft after you opened it. What you entered is still here: look at the draft in"
            " another window, then keep it once more."
        )
        form.add_error(None, said % {"name": people.get(changed.draft.drafted_by, "—")})
        found.revision = changed.draft.revision
        return None
    except ListRefused as refused:
        form.add_error(None, str(refused))
        return None
    messages.success(request, _("Kept."))
    return redirect(reverse("list-draft", args=[found.pk]) + (f"#{at}" if at else ""))


def _page(request: StaffRequest, found: CodeListDraft, what: str, form: StaffForm, **context: object) -> HttpResponse:
    is_wrong = bool(form.is_bound and form.errors) or bool(context.get("wrong"))
    common = {
        "draft": found,
        "content": content_from(found.document),
        "form": form,
        "may_edit": found.status == CodeListDraft.Status.DRAFT,
    }
    template = f"staff/customers/lists/{what}.html"
    return render(request, template, {**common, **context}, status=422 if is_wrong else 200)
