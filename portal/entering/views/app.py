"""The entrance from the institution's own app or internet banking: its word is taken for who the customer is.

The word comes in the body, never in an address, because it names the customer. It is exchanged for a ticket, whose
address says nothing; that page begins the visit when its button is pressed. Redirected when a browser posts the word,
told as JSON when the institution's server does.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from audit.services import Actor, record
from customers.models import Customer
from portal import pages
from portal.entering.words import WordRefused, read_word
from portal.pages import customer_page, show
from portal.visiting import tenant_named
from questionnaires.links import Entrance, leading_link
from questionnaires.models import AccessLink, Response
from questionnaires.tickets import WordTaken, issue_ticket
from tenants.domains.addresses import base_of
from tenants.models import Tenant
from tenants.scoping import tenant_scope

_PROBLEMS = {
    401: "The word was not accepted.",
    404: "Nothing waits for an answer of this customer.",
}


class NothingWaits(Exception):
    """The app's customer was never asked anything, or somebody else answers for them."""


@csrf_exempt  # it comes from another site, with a signature in place of our form's secret, and begins no visit
@customer_page
def app(request: HttpRequest, slug: str) -> HttpResponse:
    """Exchange the app's word for a ticket. What no key of ours has signed leaves no trace."""
    tenant = tenant_named(request, slug)
    if request.method != "POST" or tenant is None:
        return pages.show_unknown(request)
    now = timezone.now()
    is_server = request.content_type == "application/jwt"
    word = request.body.decode("ascii", "replace") if is_server else request.POST.get("token", "")
    try:
        token = _exchange(tenant, word.strip(), now)
    except (WordRefused, WordTaken) as refused:
        if not isinstance(refused, WordRefused) or refused.is_signed:
            _note_refusal(tenant, refused, now)
        return _problem(401) if is_server else show(request, "end", tenant=tenant, status=403, end="ticket")
    except NothingWaits:
        return _problem(404) if is_server else show(request, "end", tenant=tenant, end="nothing")
    path = reverse("entering:ticket", args=[tenant.slug, token])
    if is_server:
        return JsonResponse({"url": base_of(tenant) + path}, status=201)
    # On the institution's own domain, wherever the word was posted to: the visit that follows is kept there.
    return HttpResponseRedirect(base_of(tenant) + path if tenant.own_host else path, status=303)


def _exchange(tenant: Tenant, word: str, now: datetime) -> str:
    """The whole exchange in one transaction, so that a word is spent only together with its ticket."""
    with tenant_scope(tenant.pk):
        customer, word_hash = read_word(word, tenant=tenant, now=now)
        link = _link_of(customer, now) if customer else None
        if link is None:
            raise NothingWaits
        return issue_ticket(link=link, entrance=Entrance.BANK_APP, now=now, word_hash=word_hash)


def _link_of(customer: Customer, now: datetime) -> AccessLink | None:
    """Of what the customer was asked last and may answer now; of what they were asked last, if there is no such."""
    asked = Response.objects.filter(customer=customer).order_by("-opened_at", "-pk")
    begun = Q(opens_at__isnull=True) | Q(opens_at__lte=now)
    lives = AccessLink.objects.filter(begun, response=OuterRef("pk"), is_to_read=False, expires_at__gt=now)
    latest = asked.filter(Exists(lives), status__in=Response.UNANSWERED).first() or asked.first()
    return leading_link(latest) if latest else None


def _note_refusal(tenant: Tenant, refused: Exception, now: datetime) -> None:
    with tenant_scope(tenant.pk):
        code = refused.code if isinstance(refused, WordRefused) else "taken"
        actor = Actor.system("portal")
        record("entrance.word_refused", target=tenant, actor=actor, at=now, entrance=Entrance.BANK_APP, why=code)


def _problem(status: int) -> HttpResponse:
    """RFC 9457."""
    body = {"type": "about:blank", "title": _PROBLEMS[status], "status": status}
    return JsonResponse(body, status=status, content_type="application/problem+json")
