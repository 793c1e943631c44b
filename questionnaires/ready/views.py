"""Pages of the ready questionnaires: the list, one of them to look at, and beginning with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from questionnaires import standard
from questionnaires.building.taking import Whose
from questionnaires.drafting import DraftRefused, begin_questionnaire, draft_of
from questionnaires.models import Questionnaire, QuestionnaireDraft
from questionnaires.ready.forms import BeginForm, UpdateForm
from questionnaires.ready.selectors import ready_rows
from questionnaires.ready.services import compared_with, note_template, origin_of, take_from_template, told_apart
from questionnaires.timing import minutes
from questionnaires.xlsform.columns import LANGUAGES
from questionnaires.xlsform.views import XLSX
from questionnaires.xlsform.writing import workbook_of
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.permissions import Permission, requires


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """All of them."""
    return render(request, "staff/questionnaires/ready/index.html", {"rows": ready_rows()})


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def one(request: StaffRequest, key: str) -> HttpResponse:
    """One of them, page by page, in any of its languages, and what it has that those that came of it do not."""
    return _page(request, _ready(key))


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def begin(request: StaffRequest, key: str) -> HttpResponse:
    """A questionnaire of one's own with a draft that says the same."""
    ready = _ready(key)
    form = BeginForm(request.POST)
    if not form.is_valid():
        return _page(request, ready, form=form)
    try:
        draft = begin_questionnaire(
            **form.cleaned_data,
            audience=ready.audience,
            document=standard.document(key),
            template=key,
            actor=request.actor,
            now=timezone.now(),
        )
    except DraftRefused as refused:
        return _page(request, ready, refusal=str(refused))
    messages.success(request, _("The draft is made. Change what you like, and ask somebody else to approve it."))
    return redirect("questionnaire-draft", draft.pk)


@require_POST
@requires(Permission.EDIT_QUESTIONNAIRE)
def update(request: StaffRequest, key: str) -> HttpResponse:
    """Take over what is new as a draft, or note that it was looked at."""
    ready, form = _ready(key), UpdateForm(request.POST)
    if not form.is_valid():
        raise Http404
    found: Questionnaire = get_object_or_404(
        Questionnaire.objects.filter(template=key), pk=form.cleaned_data["questionnaire"]
    )
    act, pieces = form.cleaned_data["act"], request.POST.getlist("piece")
    if act == "pieces" and not pieces:
        return _page(request, ready, refusal=_("Choose what to take over."))
    try:
        if act == "note":
            note_template(questionnaire=found, actor=request.actor, now=timezone.now())
            messages.success(request, _("Noted. You are told again when the template changes."))
            return redirect("questionnaire-template", key)
        draft = take_from_template(
            questionnaire=found, pieces=pieces if act == "pieces" else None, actor=request.actor, now=timezone.now()
        )
    except DraftRefused as refused:
        return _page(request, ready, refusal=str(refused))
    messages.success(request, _("It is in the draft. Look it through, then ask for approval."))
    return redirect("questionnaire-draft", draft.pk)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def workbook(request: StaffRequest, key: str) -> HttpResponse:
    """The template as an XLSForm."""
    ready = _ready(key)
    headers = {"Content-Disposition": f'attachment; filename="{ready.key}.xlsx"'}
    return HttpResponse(workbook_of(standard.document(ready.key)), content_type=XLSX, headers=headers)


def _ready(key: str) -> standard.Ready:
    if key not in standard.READY:
        raise Http404
    return standard.READY[key]


def _page(
    request: StaffRequest, ready: standard.Ready, *, form: StaffForm | None = None, refusal: str = ""
) -> HttpResponse:
    found = standard.questionnaire(ready.key)
    language = found.language(request.GET.get("language", get_language() or "ja"))
    row = next(row for row in ready_rows() if row.key == ready.key)
    context = {
        "row": row,
        "found": found,
        "language": language,
        "languages": [(code, LANGUAGES[code]) for code in found.languages],
        "title": found.title[language],
        "pages": [
            {
                "title": page.title[language],
                "why": page.why[language],
                "is_block": page.block,
                "has_condition": page.show_if is not None,
                "questions": [
                    (
                        question.label[language],
                        question.hint.get(language, ""),
                        [choice.label[language] for choice in question.choices],
                    )
                    for question in page.questions
                ],
            }
            for page in found.pages
        ],
        "minutes": minutes(found),
        "outdated": [_outdated(one, ready.key) for one in row.outdated],
        "form": form or BeginForm(initial={"name": ready.name.ja, "name_en": ready.name.en}),
        "refusal": refusal,
    }
    status = 422 if refusal or (form and form.errors) else 200
    return render(request, "staff/questionnaires/ready/one.html", context, status=status)


def _outdated(questionnaire: Questionnaire, key: str) -> dict[str, object]:
    """What differs between one that began as an earlier state of a template, and the template."""
    language = get_language() or "ja"
    draft, base = draft_of(questionnaire), origin_of(questionnaire)
    found = told_apart(compared_with(questionnaire), standard.document(key), base, language)
    return {
        "questionnaire": questionnaire,
        "name": questionnaire.name_in(language),
        "draft": draft,
        "is_waiting": draft is not None and draft.status == QuestionnaireDraft.Status.AWAITING_APPROVAL,
        "is_told_apart": base is not None,
        "changes": found[Whose.NEWS],
        "conflicts": found[Whose.CONFLICT],
        "own": found[Whose.OWN],
    }
