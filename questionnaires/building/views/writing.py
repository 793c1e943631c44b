"""Keeping what somebody entered about a part of a draft; nothing that was typed is lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from questionnaires.building.differing import Change, changes_between
from questionnaires.building.naming import LANGUAGES, language_name, part_name
from questionnaires.building.parts import Document, EditRefused
from questionnaires.drafting import DraftChanged, DraftRefused, edit_draft
from questionnaires.models import QuestionnaireDraft
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of

type Edit = Callable[[Document], Document]
_TYPED, _CHANGED, _MOST_TYPED = "questionnaire-typed", "changed", 4
_NO_WORDS = frozenset({"csrfmiddlewaretoken", "revision", "step", "rows"})


class Writing:
    """One request about a part of a draft. ``conflict``: what keeping it would overwrite, once that was refused."""

    def __init__(self, request: StaffRequest, draft: QuestionnaireDraft) -> None:
        self.request, self.draft = request, draft
        self.language = get_language() or "ja"
        self.conflict: list[Change] = []
        self.refusal = ""

    @cached_property
    def data(self) -> QueryDict | None:
        """What was posted, now or before the browser was sent here; None of a page that is only looked at."""
        if self.request.method == "POST":
            return self.request.POST
        return QueryDict(self._typed["data"]) if self._typed else None

    def keep(self, form: StaffForm, edit: Edit, at: str, *, to: str = "") -> HttpResponse | None:
        """Store what was entered; None, with the reason in the form, where that is not possible.

        ``at``: the part of the draft's page to come back to. ``to``: another address instead.
        """
        if self._typed:
            self._tell_again(form, edit)
            return None
        try:
            edit_draft(
                draft=self.draft,
                revision=revision_in(self.request),
                edit=edit,
                actor=self.request.actor,
                now=timezone.now(),
            )
        except DraftChanged:
            self.refusal = _CHANGED
            return None
        except DraftRefused as refused:
            self.refusal = str(refused)
            return None
        others = self.request.session.get(_TYPED, {})
        self.request.session[_TYPED] = {path: held for path, held in others.items() if path != self.request.path}
        messages.success(self.request, _("Kept."))
        return redirect(to or outline_address(self.draft, at))

    def page(self, what: str, form: StaffForm, *, is_wrong: bool = False, **context: Any) -> HttpResponse:
        """The page of the part, with what was typed and what is wrong with it.

        What was posted is answered with a way to a page of its own, so that it can be left, loaded anew and come back
        to without being sent twice.
        """
        if self.request.method == "POST":
            return self._set_aside()
        common = {
            "draft": self.draft,
            "name": self.draft.questionnaire.name_in(self.language),
            "form": form,
            "may_edit": self.draft.status == QuestionnaireDraft.Status.DRAFT,
            "conflict": self.conflict,
        }
        status = 422 if is_wrong or (form.is_bound and form.errors and not context.get("has_added")) else 200
        return render(self.request, f"staff/questionnaires/edit_{what}.html", {**common, **context}, status=status)

    def gone(self) -> HttpResponse:
        """The part is not in the draft any more; what was typed about it is shown, to be copied. Raises Http404."""
        if self.data is None:
            raise Http404
        if self.request.method == "POST":
            return self._set_aside()
        typed = [
            (_named(key), value) for key, value in self.data.items() if str(value).strip() and key not in _NO_WORDS
        ]
        context = {"draft": self.draft, "name": self.draft.questionnaire.name_in(self.language), "typed": typed}
        return render(self.request, "staff/questionnaires/gone.html", context, status=409)

    @cached_property
    def _typed(self) -> dict[str, str]:
        """What was set aside for this address; empty if nothing was, or if it is posted anew."""
        if self.request.method != "GET" or "typed" not in self.request.GET:
            return {}
        return dict(self.request.session.get(_TYPED, {}).get(self.request.path, {}))

    def _set_aside(self) -> HttpResponse:
        """Keep what was typed with the session, as for the last few pages, and send the browser to it."""
        typed = self.request.POST.copy()
        typed.pop("csrfmiddlewaretoken", None)
        others = self.request.session.get(_TYPED, {})
        others.pop(self.request.path, None)
        latest = dict(list(others.items())[1 - _MOST_TYPED :])
        held = {"data": typed.urlencode(), "refusal": self.refusal}
        self.request.session[_TYPED] = {**latest, self.request.path: held}
        return redirect(f"{self.request.path}?typed=1")

    def _tell_again(self, form: StaffForm, edit: Edit) -> None:
        if self._typed["refusal"] == _CHANGED:
            self._tell(form, self.draft, edit)
        elif self._typed["refusal"]:
            form.add_error(None, self._typed["refusal"])

    def _tell(self, form: StaffForm, newer: QuestionnaireDraft, edit: Edit) -> None:
        """Who was faster, and what differs between theirs and what was typed here."""
        if newer.drafted_by == self.request.user.pk:
            said = _("You changed this draft yourself, in another window or before you went back to this page.")
        else:
            people = names_of([newer.drafted_by])
            said = _("%(name)s changed this draft after you opened it.") % {"name": people.get(newer.drafted_by, "—")}
        form.add_error(None, f"{said} {_('What you entered is still here: compare below, then keep it once more.')}")
        try:
            self.conflict = changes_between(newer.document, edit(newer.document), self.language)
        except EditRefused as refused:
            form.add_error(None, str(refused))


def revision_in(request: StaffRequest) -> int:
    """The revision of the draft as the person read it; 0 if that is not said."""
    typed = request.POST.get("revision", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else 0


def outline_address(draft: QuestionnaireDraft, at: str = "") -> str:
    """The page of a draft, at one of its parts: the page that holds it is unfolded."""
    address = reverse("questionnaire-draft", args=[draft.pk])
    return f"{address}?at={at}#{at}" if at else address


def _named(key: str) -> str:
    """A control in words."""
    part, _dash, rest = key.partition("-")
    return f"{part_name(part)}（{language_name(rest)}）" if rest in LANGUAGES else part_name(part)
