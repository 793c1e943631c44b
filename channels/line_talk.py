"""What people write to the bank's LINE account, and the one safe answer each message gets."""

from __future__ import annotations

import logging
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext, override

from audit.services import Actor, record
from channels.line_linking import NUMBER_LENGTH, end_points, hear_number
from channels.line_rules import reply_problems
from channels.models import LineReply, ProviderAccount
from channels.protocols import Failure, PersonWrote, Talks
from channels.registry import talker_of
from customers.tying import points_of_line_user
from tenants.models import Tenant, tenant_in_scope

log = logging.getLogger(__name__)
Kind = LineReply.Kind
BATCH = 50
THREADS = 8
# A reply token works for about a minute.
REPLY_LIFE = timedelta(seconds=50)
UNTIE_WORDS = {"連携解除", "連携を解除"}
NUMBER = re.compile(rf"\d{{{NUMBER_LENGTH}}}")


@transaction.atomic
def hear(news: PersonWrote, *, account: ProviderAccount, actor: Actor, now: datetime) -> None:
    """Act on what somebody wrote, and queue the answer. Their words are kept nowhere but in the sealed inbox."""
    kind = _understand(news, actor, now)
    if news.reply_token:
        reply = LineReply(account=account, kind=kind, received_at=min(news.at or now, now))
        reply.reply_token = news.reply_token
        reply.save()


def send_replies(*, now: datetime, limit: int = BATCH) -> int:
    """Answer those who wrote, outside any transaction. What cannot be answered in time is not answered.

    Returns:
        How many answers were handed over or given up.
    """
    with transaction.atomic():
        waiting = LineReply.objects.order_by("received_at", "id").select_for_update(skip_locked=True, of=("self",))
        replies = list(waiting.select_related("account")[:limit])
        tenant = tenant_in_scope() if replies else None
        calls = [
            (talker_of(reply.account), reply.reply_token, reply_text(reply.kind, tenant, reply.account.options))
            for reply in replies
            if tenant and now - reply.received_at <= REPLY_LIFE
        ]
        # Deleted before they are sent: a worker that dies leaves one message unanswered, and answers none twice.
        LineReply.objects.filter(pk__in=[reply.pk for reply in replies]).delete()
        if calls:
            record(
                "provideraccount.answered",
                target=replies[0].account,
                actor=Actor.system("channels"),
                at=now,
                messages=len(calls),
            )
    with ThreadPoolExecutor(THREADS, thread_name_prefix="reply") as pool:
        list(pool.map(lambda call: _answer(*call), calls))
    return len(replies)


def reply_text(kind: str, tenant: Tenant, options: dict[str, object]) -> str:
    """In Japanese, with nothing personal and no link. The bank's own words, unless they break that rule."""
    own = str(options.get("auto_reply") or "")
    if kind == Kind.NOBODY_READS and own and not reply_problems(own):
        return own
    with override("ja"):
        return _sentence(kind) % {"bank": tenant.name, "phone": tenant.phone, "hours": tenant.phone_hours}


def _sentence(kind: str) -> str:
    match kind:
        case Kind.NUMBER_TAKEN:
            return gettext(
                "%(bank)s: The number has arrived. Please go back to our page and press “Go on to LINE”. "
                "If you did not ask for this, do nothing and call us: %(phone)s (%(hours)s)."
            )
        case Kind.UNTIED:
            return gettext(
                "%(bank)s: We will not send you notices on LINE any more. We will reach you in another way. "
                "Questions: %(phone)s (%(hours)s)."
            )
        case _:
            return gettext(
                "%(bank)s: Thank you for your message. Nobody reads messages sent here, so please do not write any "
                "personal details. For questions please call us: %(phone)s (%(hours)s)."
            )


def _understand(news: PersonWrote, actor: Actor, now: datetime) -> str:
    words = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", news.text[:100]))
    at = min(news.at or now, now)
    if NUMBER.fullmatch(words) and hear_number(number=words, user_id=news.address, at=at):
        return Kind.NUMBER_TAKEN
    if words in UNTIE_WORDS and end_points(contact_ids=points_of_line_user(news.address), actor=actor, now=now):
        return Kind.UNTIED
    return Kind.NOBODY_READS


def _answer(provider: Talks, reply_token: str, text: str) -> None:
    try:
        provider.answer(reply_token, text)
    except Failure as failure:
        log.warning("A reply on LINE was not taken: %s.", failure.code)
