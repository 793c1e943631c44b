"""Sending a text as a test: to staff and guests alone, by the bank's own accounts, and counted nowhere.

A test goes through the same adapters, brakes, hours and rates as a notice, but not through the queue: a person waits
for the answer. Until the provider has given it, the outcome stands as unknown; nothing is sent again by itself.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import transition
from channels import rates
from channels.advice import advice_for
from channels.gates import hours_of, places, sending_rules
from channels.hours import day_of, opens_at
from channels.linting import has_errors
from channels.models import Guest, ProviderAccount, Trial
from channels.protocols import (
    AmbiguousFailure,
    Channel,
    Failure,
    FailureKind,
    Message,
    Outcome,
    Receipt,
    Report,
    Sends,
)
from channels.registry import sender_of
from channels.rendering import CannotRender, render_text
from channels.restoring import is_whole
from channels.wording.guests import covered, guests_of, is_customers
from channels.wording.selectors import Words, remarks_on, sample_wording
from tenants.identifiers import uuid7
from tenants.models import Membership, Role, User, tenant_in_scope
from tenants.permissions import Permission
from tenants.steps import Refused, Steps
from tenants.turns import take_turn

log = logging.getLogger(__name__)
Status = Trial.Status
A_DAY = 20  # of one institution, whoever sends them
SHOWN = 5
SYSTEM = Actor.system("channels")
_ONE_AT_A_TIME = 4_203  # advisory lock class; the key within it is the tenant
_MARKS = {"ja": "[テスト]", "en": "[TEST]"}
_NOTES = {
    "ja": "これはテスト配信です。お客さまへのお知らせではありません。",
    "en": "This is a test. It is not a notice to a customer.",
}
_STATUS_OF: Mapping[Outcome, str] = {
    Outcome.ACCEPTED: Status.ACCEPTED,
    Outcome.DELIVERED: Status.DELIVERED,
    Outcome.FAILED: Status.FAILED,
    Outcome.RETURNED: Status.FAILED,
}
_OURS = (FailureKind.CONFIGURATION, FailureKind.QUOTA)  # whose advice holds for a test as for a notice


class TrialRefused(Refused):
    """Nothing was sent; its text is a sentence for the person who asked."""


_STEPS = Steps(TrialRefused)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who may get a test: ``key`` as the form names them."""

    key: str
    name: str
    address: str
    shown: str  # the address, covered
    guest: UUID | None = None
    user_id: int | None = None


def recipients_for(channel: Channel, *, user_id: int) -> list[Recipient]:
    """Everybody a test may go to on a channel: by mail staff, whoever asks first; then the guests. Two queries."""
    found = []
    if channel == Channel.EMAIL:
        members = Membership.objects.filter(is_active=True).exclude(role=Role.OPERATOR).values("user_id")
        staff = User.objects.filter(pk__in=members, is_active=True).order_by("name", "pk")
        found = [
            Recipient(f"staff-{one.pk}", one.name, one.email, covered(channel, one.email), user_id=one.pk)
            for one in sorted(staff, key=lambda one: one.pk != user_id)
        ]
    return found + [_guest(one) for one in guests_of(channel)]


def send_trial(*, words: Words, to: str, actor: Actor, now: datetime) -> Trial:
    """Send a text to one of `recipients_for`. No transaction may be open, because the provider is called.

    Raises:
        TrialRefused: the actor may not; the recipient is not on the list; the text has errors; sending is stopped or
            rests; too many tests today, or messages at this moment.
    """
    with transaction.atomic():
        account = ProviderAccount.objects.filter(channel=words.slot.channel).first()
    if account is None or words.slot.channel == Channel.POST:
        raise TrialRefused(_("There is no account for this channel yet."))
    if not is_whole(now=now):
        raise TrialRefused(_("All sending has been stopped. Nothing was sent."))
    if not rates.take(account.pk, per_minute=account.per_minute, wanted=1):
        raise TrialRefused(_("The channel is busy at this moment. Try again in a few seconds."))
    with transaction.atomic():
        trial, message, sender = _begin(words, to, account, actor, now)
    result = _hand_over(sender, message)
    with transaction.atomic():
        return _settle(trial.pk, result, now)


def note_report(*, report: Report, actor: Actor, now: datetime) -> bool:
    """What a provider says of a test after it took it. Nothing goes backwards.

    Returns:
        False if there is no such test.
    """
    with transaction.atomic():
        trial = Trial.objects.filter(pk=report.attempt_id).select_for_update().first()
        if trial is None:
            return False
        to = _STATUS_OF[report.outcome]
        if to in Trial.TRANSITIONS.get(trial.status, ()):
            kind = report.failure_kind.value if report.failure_kind else ""
            transition(trial, to, actor=actor, at=now, failure_kind=kind, failure_code=report.code[:40])
    return True


def trials_of(words: Words) -> list[Trial]:
    """The newest tests of a version. One query."""
    slot = words.slot
    rows = Trial.objects.filter(
        channel=slot.channel, purpose=slot.purpose, language=slot.language, version=words.version
    )
    return list(rows.order_by("-sent_at", "-id")[:SHOWN])


def left_today(*, now: datetime) -> int:
    """How many more tests the institution may send on this day in Japan. One query."""
    return max(A_DAY - int(Trial.objects.filter(sent_at__gte=day_of(now)).count()), 0)


def reason_of(trial: Trial) -> list[str]:
    """Why a test came to nothing and what to do, in sentences; nothing if it did not."""
    if trial.status not in (Status.FAILED, Status.UNKNOWN) or not trial.failure_code:
        return []
    found = advice_for(trial.channel, trial.failure_code, trial.failure_kind)
    if found is None:
        return []
    if trial.failure_kind in _OURS:
        return [str(found.reason), str(found.step)]
    return [str(found.reason), _("Check the address and the account, then send it once more.")]


def marked(words: Words) -> Words:
    """The text with what says at its very beginning that it is a test."""
    mark, note = _MARKS[words.slot.language], _NOTES[words.slot.language]
    match words.slot.channel:
        case Channel.EMAIL:
            return replace(words, subject=f"{mark} {words.subject}", body=f"{note}\n\n{words.body}")
        case Channel.LINE:
            return replace(words, body=f"{mark} {note}\n\n{words.body}")
    return replace(words, body=f"{mark}{words.body}")  # every part of a short message costs


def _guest(guest: Guest) -> Recipient:
    address = guest.address
    return Recipient(f"guest-{guest.pk}", guest.name, address, covered(guest.channel, address), guest=guest.pk)


def _begin(
    words: Words, to: str, account: ProviderAccount, actor: Actor, now: datetime
) -> tuple[Trial, Message, Sends | Failure]:
    standing = _STEPS.standing(actor, Permission.EDIT_TEMPLATE, now=now)
    _lock()
    _check_brakes(account, now)
    channel = words.slot.channel
    chosen = next((one for one in recipients_for(channel, user_id=standing.user_id) if one.key == to), None)
    if chosen is None:
        raise TrialRefused(_("Choose somebody from the list."))
    if chosen.guest is not None and is_customers(channel, chosen.address):
        raise TrialRefused(_("This address is a customer's. Tests never go to customers."))
    wording = sample_wording(words.slot, tenant_in_scope(), now.date())
    if words.is_altered or has_errors(remarks_on(words, wording)):
        raise TrialRefused(_("The text still has errors. Correct them first."))
    try:
        text = render_text(channel, replace(wording, words=marked(words).whole))
    except CannotRender as error:
        raise TrialRefused(_("With the mark of a test the text is too long for this channel.")) from error
    trial = Trial(
        pk=uuid7(),
        channel=channel,
        purpose=words.slot.purpose,
        language=words.slot.language,
        version=words.version,
        digest=words.digest,
        guest_reference=chosen.guest,
        staff_reference=chosen.user_id,
        sent_by=standing.user_id,
        sent_at=now,
    )
    trial.save(force_insert=True)
    record("trial.sent", target=trial, actor=actor, at=now, channel=channel, place=words.slot.name, text=words.digest)
    message = Message(trial.pk, chosen.address, text.text, text.subject, text.html, link=wording.url)
    try:
        return trial, message, sender_of(account)
    except Failure as failure:
        return trial, message, failure


def _check_brakes(account: ProviderAccount, now: datetime) -> None:
    rules, channel = sending_rules(), Channel(account.channel)
    if rules.is_paused:
        raise TrialRefused(_("All sending has been stopped. Nothing was sent."))
    if ProviderAccount.objects.filter(pk=account.pk, is_paused=True).exists():
        raise TrialRefused(_("Sending by this channel has been stopped. Nothing was sent."))
    later = opens_at(channel, now, hours_of(rules))
    if later is not None:
        raise TrialRefused(_("Nobody is written to at this hour. Send it after %(time)s.") % {"time": f"{later:%H:%M}"})
    if not left_today(now=now):
        raise TrialRefused(_("No more tests can be sent today: %(most)s is the most.") % {"most": A_DAY})
    if not places(channel=channel, now=now, limit=1):
        raise TrialRefused(_("The allowance of this channel is used up for now."))


def _hand_over(sender: Sends | Failure, message: Message) -> Receipt | Failure:
    if isinstance(sender, Failure):
        return sender
    try:
        return sender.send(message)
    except Failure as failure:
        return failure
    except Exception as error:  # whoever asked must get an answer, whatever an adapter did
        log.error("Adapter of %s failed with %s.", sender.channel, type(error).__name__)
        return AmbiguousFailure("adapter_error")


def _settle(trial_id: UUID, result: Receipt | Failure, now: datetime) -> Trial:
    trial: Trial = Trial.objects.select_for_update().get(pk=trial_id)
    if trial.status != Status.UNKNOWN:  # a report was quicker
        return trial
    if isinstance(result, Receipt):
        transition(trial, Status.ACCEPTED, actor=SYSTEM, at=now)
        return trial
    known = {"failure_kind": result.kind.value, "failure_code": result.code[:40]}
    if result.kind != FailureKind.AMBIGUOUS:
        transition(trial, Status.FAILED, actor=SYSTEM, at=now, **known)
        return trial
    Trial.objects.filter(pk=trial_id).update(**known)
    trial.failure_kind, trial.failure_code = known["failure_kind"], known["failure_code"]
    return trial


def _lock() -> None:
    """Two people send one after the other, so that neither has the day's last test twice."""
    take_turn(_ONE_AT_A_TIME)
