"""Why the customer cannot or will not answer: what each way does is said above its form, and nothing before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.models import Customer
from outreach.claims import rules
from outreach.claims.asking import REASONS, WHEN
from outreach.claims.models import Claim
from outreach.claims.services import make_claim
from outreach.tellers import TooMany, written
from portal.helping.forms import Typed
from portal.helping.views.opening import Helped, helping
from portal.pages import show


@dataclass(frozen=True, slots=True)
class Way:
    """One of the circumstances: its name in addresses, and what staff get to look into; None: only advice."""

    name: str
    kind: str | None

    def is_for(self, customer_kind: str) -> bool:
        """Whether it can be so of a person, or of a company."""
        return customer_kind != Customer.Kind.COMPANY or self.kind is None or self.kind in rules.OF_COMPANIES


WAYS: Mapping[str, Way] = {
    way.name: way
    for way in (
        Way("deceased", Claim.Kind.DECEASED),
        Way("guardian", Claim.Kind.GUARDIAN),
        Way("helper", Claim.Kind.HELPER),
        Way("not-mine", Claim.Kind.NOT_MINE),
        Way("unreadable", None),
        Way("refusal", Claim.Kind.REFUSAL),
    )
}


@helping
def circumstances(request: HttpRequest, helped: Helped) -> HttpResponse:
    """Which of them it is."""
    ways = [way.name for way in WAYS.values() if way.is_for(helped.teller.customer.kind)]
    return show(request, "help/circumstances", tenant=helped.tenant, token=helped.token, ways=ways)


@helping
def circumstance(request: HttpRequest, helped: Helped, name: str) -> HttpResponse:
    """What follows, then the form; what is told is for staff to look into, and changes nothing by itself."""
    way = WAYS.get(name)
    if way is None or not way.is_for(helped.teller.customer.kind):
        raise Http404
    if way.kind is None or request.method != "POST":
        return _form(request, helped, way, Typed({}))
    typed = Typed(request.POST.dict())
    details = _details(way.kind, typed)
    if typed.errors:
        return _form(request, helped, way, typed)
    try:
        claim = make_claim(teller=helped.teller, token=typed.token, kind=way.kind, details=details, now=timezone.now())
    except TooMany:
        return show(request, "help/many", tenant=helped.tenant, token=helped.token, status=429)
    number = written(claim.number)
    return show(request, "help/sent", tenant=helped.tenant, token=helped.token, what=way.name, number=number)


def _details(kind: str, typed: Typed) -> dict[str, str]:
    asked, needed = rules.ASKED[kind], rules.NEEDED[kind]
    details: dict[str, str] = {}
    if "name" in asked:
        words = _("Enter the name of whoever is telling us.") if "name" in needed else ""
        details["name"] = typed.text("name", _("Your name"), required=words, longest=140)
    if "phone" in asked:
        details["phone"] = typed.phone("phone", required="phone" in needed)
    for field, choices in (("when", WHEN), ("reason", REASONS)):
        if field in asked and typed.data.get(field) in choices:
            details[field] = typed.data[field]
    if "text" in asked:
        details["text"] = typed.text("text", _("In your own words"), longest=1_000)
    return details


def _form(request: HttpRequest, helped: Helped, way: Way, typed: Typed) -> HttpResponse:
    return show(
        request,
        "help/circumstance",
        tenant=helped.tenant,
        token=helped.token,
        way_name=way.name,
        asked=rules.ASKED[way.kind] if way.kind else (),
        needed=rules.NEEDED[way.kind] if way.kind else frozenset(),
        whens=WHEN.items(),
        reasons=REASONS.items(),
        form_token=typed.data.get("token") or uuid4(),
        status=422 if typed.errors else 200,
        **typed.context,
    )
