"""Writing to the bank and reading its answers: the form, the threads, and the door of a message about an answer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from outreach.inquiries.models import Inquiry
from outreach.inquiries.selectors import inquiries_of, inquiry_of, messages_of
from outreach.inquiries.services import InquiryClosed, add_message, open_inquiry
from outreach.tellers import TooMany, written
from portal.helping.forms import Typed
from portal.helping.views.opening import Helped, helping
from portal.pages import show
from tenants.scoping import tenant_scope


@helping
def inquiry(request: HttpRequest, helped: Helped) -> HttpResponse:
    """What to ask, and how to be answered."""
    if request.method != "POST":
        return _form(request, helped, Typed({"reply_by": "", "topic": ""}))
    typed = Typed(request.POST.dict())
    topic = typed.chosen("topic", Inquiry.Topic.values, _("Choose what your inquiry is about."))
    text = typed.text("text", _("Your inquiry"), required=_("Write your inquiry."))
    reply_by = typed.chosen("reply_by", Inquiry.ReplyBy.values, _("Choose how we should answer."))
    if typed.errors:
        return _form(request, helped, typed)
    now = timezone.now()
    try:
        made, _is_new = open_inquiry(
            teller=helped.teller, token=typed.token, topic=topic, reply_by=reply_by, text=text, now=now
        )
    except TooMany:
        return show(request, "help/many", **_common(helped), status=429)
    wants_call = made.reply_by == Inquiry.ReplyBy.TELEPHONE
    return show(
        request,
        "help/sent",
        **_common(helped),
        what="inquiry",
        number=written(made.number),
        is_urgent=made.is_urgent,
        until=made.due_on,
        wants_call=wants_call,
    )


@helping
def inquiries(request: HttpRequest, helped: Helped) -> HttpResponse:
    """The customer's own inquiries; only on a visit."""
    with tenant_scope(helped.tenant.pk):
        found = [{"inquiry": one, "number": written(one.number)} for one in inquiries_of(helped.teller.customer.pk)]
    return show(request, "help/inquiries", **_common(helped), rows=found)


@helping
def thread(request: HttpRequest, helped: Helped, number: str) -> HttpResponse:
    """One inquiry with all that was said, and room to write again; only on a visit."""
    with tenant_scope(helped.tenant.pk):
        found = inquiry_of(helped.teller.customer.pk, number)
    if found is None:
        raise Http404
    typed = Typed(request.POST.dict())
    if request.method == "POST":
        text = typed.text("text", _("Your inquiry"), required=_("Write what you want to say."))
        if not typed.errors:
            try:
                add_message(inquiry=found, teller=helped.teller, token=typed.token, text=text, now=timezone.now())
            except (TooMany, InquiryClosed):
                return show(request, "help/many", **_common(helped), status=429)
            return HttpResponseRedirect(helped.url("thread", number))
    with tenant_scope(helped.tenant.pk):
        said = messages_of(found)
    return show(
        request,
        "help/thread",
        **_common(helped),
        inquiry=found,
        number=written(found.number),
        said=said,
        form_token=typed.data.get("token") or uuid4(),
        status=422 if typed.errors else 200,
        **typed.context,
    )


@helping
def answer(request: HttpRequest, helped: Helped) -> HttpResponse:
    """Where a message about an answer leads: to the identity check, and from there to the answer."""
    return show(request, "help/answer", **_common(helped))


def _form(request: HttpRequest, helped: Helped, typed: Typed) -> HttpResponse:
    return show(
        request,
        "help/inquiry",
        **_common(helped),
        topics=Inquiry.Topic.choices,
        ways=Inquiry.ReplyBy.choices,
        form_token=typed.data.get("token") or uuid4(),
        status=422 if typed.errors else 200,
        **typed.context,
    )


def _common(helped: Helped) -> dict[str, Any]:
    return {"tenant": helped.tenant, "token": helped.token, "helped": helped}
