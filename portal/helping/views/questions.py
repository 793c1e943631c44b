"""Questions and answers, before any proof and without any link."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse

from portal import pages
from portal.helping.questions import AUDIENCES, PERSON, TOPICS, questions_shown
from portal.pages import customer_page, show
from portal.visiting import tenant_named


@customer_page
def questions(request: HttpRequest, slug: str, topic: str) -> HttpResponse:
    """One topic for one audience. Which answers are opened is told to nobody: the browser opens them."""
    tenant = tenant_named(request, slug)
    if tenant is None:
        return pages.show_unknown(request)
    if topic not in TOPICS:
        raise Http404
    audience = request.GET.get("for", PERSON)
    audience = audience if audience in AUDIENCES else PERSON
    return show(
        request,
        "help/questions",
        tenant=tenant,
        topic=topic,
        topics=TOPICS.items(),
        title=TOPICS[topic],
        audience=audience,
        audiences=AUDIENCES.items(),
        questions=questions_shown(topic, audience, tenant=tenant),
    )
