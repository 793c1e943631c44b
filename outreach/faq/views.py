"""The pages of questions and answers: what customers read, what the institution changes, what waits for approval."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from outreach.faq.forms import LANGUAGE_NAMES, LANGUAGES, EntryForm
from outreach.faq.models import FaqEntry
from outreach.faq.selectors import Listed, listed, listed_questions, read_words, standard_words, words_of
from outreach.faq.services import FaqRefused, decide_entry, propose_entry
from outreach.faq.standard import AUDIENCES, TOPICS
from questionnaires.marking import tag
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, requires


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def index(request: StaffRequest) -> HttpResponse:
    """Every question by topic, with what is the institution's own and what waits."""
    return _index(request)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def one(request: StaffRequest, code: str) -> HttpResponse:
    """A question and its answer as customers read them, for whoever works here."""
    found = listed(code)
    if found is None:
        raise Http404
    own = found.entry.asks if found.entry else {}
    shown = [(language, read_words(found, language, phone=request.tenant.phone)) for language in LANGUAGES]
    context = {
        "found": found,
        "topic": TOPICS[found.topic],
        "audiences": [words for audience, words in AUDIENCES.items() if audience in found.audiences],
        "shown": [(LANGUAGE_NAMES[code], code in own, tag(words.language), words) for code, words in shown],
    }
    return render(request, "staff/faq/one.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_TEMPLATE)
def add(request: StaffRequest) -> HttpResponse:
    """A question of the institution's own."""
    return _form_page(request, f"own-{secrets.token_hex(4)}", None)


@require_http_methods(["GET", "POST"])
@requires(Permission.EDIT_TEMPLATE)
def edit(request: StaffRequest, code: str) -> HttpResponse:
    """Other words, another place or none for a question."""
    found = listed(code)
    if found is None:
        raise Http404
    return _form_page(request, code, found)


@require_POST
@requires(Permission.VIEW_CUSTOMERS)
def decide(request: StaffRequest, faq_entry_id: UUID) -> HttpResponse:
    """Approve or reject a proposal, or take one's own back."""
    entry = get_object_or_404(FaqEntry.objects.all(), pk=faq_entry_id)
    is_approved = request.POST.get("decision") == "approve"
    try:
        decide_entry(entry=entry, is_approved=is_approved, actor=request.actor, now=timezone.now())
    except FaqRefused as refused:
        return _index(request, refusal=str(refused))
    done = _("Customers read it from now on.") if is_approved else _("The change is rejected; nothing has changed.")
    messages.success(request, done)
    return redirect("faq")


def _index(request: StaffRequest, *, refusal: str = "") -> HttpResponse:
    found = listed_questions()
    waiting = [one.waiting for one in found if one.waiting]
    own = {one.pk for one in waiting if request.membership.did((one.proposed_by, one.proposed_person))}
    context = {
        "topics": [(words, [one for one in found if one.topic == topic]) for topic, words in TOPICS.items()],
        "proposals": [{"entry": one, "previews": _previews(one), "listed": listed(one.code, found)} for one in waiting],
        "own": own,
        "people": names_of([one.proposed_by for one in waiting]),
        "audiences": AUDIENCES,
        "refusal": refusal,
    }
    return render(request, "staff/faq/list.html", context, status=422 if refusal else 200)


def _form_page(request: StaffRequest, code: str, found: Listed | None) -> HttpResponse:
    is_standard = found is not None and not found.is_own
    form = EntryForm(
        request.POST if request.method == "POST" else None,
        is_standard=is_standard,
        may_hide=found is not None and found.may_hide,
        initial=_initial(found),
    )
    if form.is_valid():
        said = form.cleaned_data
        try:
            propose_entry(
                code=code,
                topic=found.topic if found and is_standard else said["topic"],
                audiences=found.audiences if found and is_standard else said["audiences"],
                place=said["place"],
                is_hidden=said.get("is_hidden", False),
                asks=form.said("ask"),
                answers=form.said("answer"),
                actor=request.actor,
                now=timezone.now(),
            )
        except FaqRefused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            messages.success(
                request, _("The change is proposed. It takes effect when a second person has approved it.")
            )
            return redirect("faq")
    context = {
        "form": form,
        "found": found,
        "is_standard": is_standard,
        "standard": standard_words(code, "ja") if is_standard else None,
    }
    return render(request, "staff/faq/edit.html", context, status=422 if form.errors else 200)


def _initial(found: Listed | None) -> dict[str, Any]:
    if found is None:
        return {"place": 500, "audiences": list(AUDIENCES)}
    initial: dict[str, Any] = {"place": found.place, "topic": found.topic, "audiences": sorted(found.audiences)}
    entry = found.waiting or found.entry
    if entry is None:
        return initial
    words = {f"ask_{language}": entry.asks.get(language, "") for language in LANGUAGES}
    words |= {f"answer_{language}": entry.answers.get(language, "") for language in LANGUAGES}
    return {**initial, "is_hidden": entry.is_hidden, **words}


def _previews(entry: FaqEntry) -> list[tuple[str, str, str]]:
    """As customers would read it on a telephone, in each language that has words of its own."""
    shown = [words_of(entry, language) for language in LANGUAGES if entry.asks.get(language)]
    return [(one.language, one.ask, one.answer) for one in shown if one]
