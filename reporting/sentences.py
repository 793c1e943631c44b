"""From an audit event to a sentence a person reads: who, what, why, in the language of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent
from campaigns.models import PeriodicReview
from channels.models import ChannelKind
from customers.editing.reasons import EditReason
from customers.models import AttributeChange, DueDiligence, RiskTier
from customers.presenting import label
from customers.viewing import ViewReason
from outreach.models import OutreachKind, OutreachTry
from questionnaires.models import Response
from reporting.company_sentences import COMPANIES
from reporting.entrance_sentences import ENTRANCES
from reporting.file_sentences import CODES, FILE
from reporting.inquiry_sentences import INQUIRIES
from reporting.paper_sentences import PAPERS
from reporting.rows import columns_of, describe_row, is_outside
from reporting.sending_sentences import SENDING
from reporting.text_sentences import TEXTS
from reporting.wording import Line, Wording
from reviews.models import Decision
from tenants.models import Role
from uploads.wording import REASONS


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called and where they are shown: looked up once a page, never kept in the trail."""

    users: Mapping[str, str] = field(default_factory=dict)
    targets: Mapping[tuple[str, str], str] = field(default_factory=dict)
    urls: Mapping[tuple[str, str], str] = field(default_factory=dict)


class _Places(dict[str, Any]):
    """Missing data reads as a dash, so that an old event never breaks a page."""

    def __missing__(self, key: str) -> str:
        return "—"


SENTENCES: Mapping[str, Wording] = {
    **FILE,
    **TEXTS,
    **ENTRANCES,
    **SENDING,
    **COMPANIES,
    **INQUIRIES,
    **PAPERS,
    "membership.signed_in": Wording(_("%(actor)s signed in."), "key", "success"),
    "membership.signed_out": Wording(_("%(actor)s signed out."), "key"),
    "membership.sign_in_refused": Wording(_("A sign-in to the account of %(target)s was refused."), "key", "warning"),
    "membership.locked": Wording(_("The account of %(target)s was locked after failed attempts."), "lock", "danger"),
    "membership.unlocked": Wording(_("%(actor)s unlocked the account of %(target)s."), "lock"),
    "membership.factor_added": Wording(_("%(actor)s set up a second factor."), "key", "success"),
    "membership.factor_removed": Wording(_("%(actor)s removed a second factor."), "key", "warning"),
    "membership.recovery_codes_renewed": Wording(_("%(actor)s made new recovery codes."), "key"),
    "membership.recovery_code_used": Wording(_("%(actor)s used a recovery code."), "key", "warning"),
    "membership.password_changed": Wording(_("%(actor)s changed the password."), "key"),
    "membership.password_reset": Wording(_("%(actor)s set a new password by the link in a mail."), "key", "warning"),
    "membership.sessions_ended": Wording(_("%(actor)s ended the sessions of %(target)s."), "x", "warning"),
    "tenant.mfa_policy_changed": Wording(_("%(actor)s changed the rule for second factors."), "key", "warning"),
    "identityprovider.added": Wording(_("%(actor)s set up an identity provider."), "key", "warning"),
    "identityprovider.changed": Wording(_("%(actor)s changed an identity provider."), "key", "warning"),
    "identityprovider.sign_in_refused": Wording(
        _("A sign-in through the institution's identity provider was refused."), "lock", "warning"
    ),
    "customer.viewed": Wording(_("%(actor)s looked at the personal data of customer %(target)s."), "eye", "warning"),
    "customer.changed": Wording(_("%(actor)s updated the file of customer %(target)s."), "edit", "success"),
    "customer.reviewed": Wording(_("The data of customer %(target)s were confirmed."), "check", "success"),
    "customer.rated": Wording(_("Customer %(target)s was rated %(tier)s."), "shield"),
    "customer.closed": Wording(_("The relationship with customer %(target)s was marked as ended."), "x"),
    "customer.active": Wording(_("The relationship with customer %(target)s was marked as active."), "check"),
    "customerimport.uploaded": Wording(_("%(actor)s uploaded the customer file %(target)s."), "upload"),
    "customerimport.running": Wording(_("Reading of the customer file %(target)s began."), "upload"),
    "customerimport.resumed": Wording(_("Reading of the customer file %(target)s went on after a stop."), "upload"),
    "customerimport.advanced": Wording(_("The customer file %(target)s was read as far as line %(line)s."), "upload"),
    "customerimport.counted": Wording(_("The rows of the customer file %(target)s were counted."), "check"),
    "customerimport.completed": Wording(_("The customer file %(target)s was taken in."), "check", "success"),
    "customerimport.draft": Wording(_("The columns of the customer file %(target)s are to be confirmed."), "upload"),
    "customerimport.read_anew": Wording(_("%(actor)s had the header of the file %(target)s read anew."), "upload"),
    "customerimport.checking": Wording(_("The customer file %(target)s is tried; nothing is taken in."), "upload"),
    "customerimport.checked": Wording(_("The customer file %(target)s was tried and waits for a decision."), "check"),
    "customerimport.committed": Wording(_("%(actor)s had the customer file %(target)s taken in."), "check", "success"),
    "customerimport.discarded": Wording(_("%(actor)s threw the customer file %(target)s away."), "x", "warning"),
    "customerimport.undoing": Wording(_("%(actor)s had the import of %(target)s taken back."), "undo", "danger"),
    "customerimport.going_back": Wording(
        _("The import of %(target)s was taken back for %(undone)s customers; %(kept)s stay."), "undo", "warning"
    ),
    "customerimport.undone": Wording(_("The import of %(target)s has been taken back."), "undo", "warning"),
    "customer.taken_back": Wording(
        _("A customer was taken out of the file again with the import that brought them."), "undo", "danger"
    ),
    "customerimport.failed": Wording(_("The customer file %(target)s could not be read."), "alert", "danger"),
    "customerimport.purged": Wording(_("The uploaded pieces of the customer file %(target)s were destroyed."), "lock"),
    "customerimport.rows_destroyed": Wording(
        _("The rows not taken of the customer file %(target)s were destroyed."), "lock", "warning"
    ),
    "segment.saved": Wording(_("%(actor)s saved a filter for the customer book."), "check"),
    "segment.changed": Wording(_("%(actor)s changed a saved filter for the customer book."), "edit"),
    "segment.removed": Wording(_("%(actor)s removed a saved filter for the customer book."), "x"),
    "customer.destroyed": Wording(_("Everything about a customer was destroyed."), "lock", "danger"),
    "notice.destroyed": Wording(_("The record of a notice was destroyed."), "lock", "warning"),
    "webhookevent.destroyed": Wording(_("A raw report of a delivery provider was destroyed."), "lock"),
    "ekycevent.destroyed": Wording(_("A raw report of an eKYC provider was destroyed."), "lock"),
    "response.draft_destroyed": Wording(_("Answers that were never sent were destroyed."), "lock"),
    "retentionclass.set": Wording(_("%(actor)s set how long “%(code)s” is kept to %(length)s."), "clock", "warning"),
    "legalhold.placed": Wording(_("%(actor)s placed a legal hold."), "lock", "warning"),
    "legalhold.released": Wording(_("%(actor)s released a legal hold."), "lock", "warning"),
    "purgeproposal.found": Wording(_("Records whose time is over were found."), "clock", "info"),
    "purgeproposal.proposed": Wording(_("%(actor)s proposed a purge."), "send", "info"),
    "purgeproposal.approved": Wording(_("%(actor)s approved a purge."), "check", "danger"),
    "purgeproposal.rejected": Wording(_("%(actor)s rejected a purge."), "undo", "warning"),
    "purgeproposal.executed": Wording(_("An approved purge was executed."), "lock", "danger"),
    "purgeproposal.altered": Wording(
        _("The list of an approved purge had been altered, and nothing was destroyed."), "alert", "danger"
    ),
    "destructionrecord.made": Wording(_("A destruction record was made."), "shield-check", "success"),
    "riskpolicy.published": Wording(_("%(actor)s published risk policy %(target)s."), "shield", "info"),
    "riskpolicy.pinned": Wording(_("Risk policy %(target)s was fixed as the one in force."), "lock"),
    "riskpolicy.retired": Wording(_("Risk policy %(target)s was retired."), "shield"),
    "questionnaire.published": Wording(_("%(actor)s published a questionnaire."), "form", "info"),
    "campaign.planned": Wording(_("%(actor)s planned the campaign “%(target)s”."), "edit"),
    "campaign.draft": Wording(_("%(actor)s returned the campaign “%(target)s”."), "undo", "warning"),
    "campaign.awaiting_approval": Wording(
        _("%(actor)s asked for approval of the campaign “%(target)s”."), "send", "info"
    ),
    "campaign.running": Wording(_("%(actor)s approved the campaign “%(target)s” and it began."), "play", "success"),
    "campaign.running was PAUSED": Wording(_("%(actor)s resumed the campaign “%(target)s”."), "play", "success"),
    "campaign.paused": Wording(_("%(actor)s stopped the campaign “%(target)s”."), "pause", "danger"),
    "campaign.pause_explained": Wording(_("The campaign “%(target)s” was stopped for a reason."), "pause", "warning"),
    "campaign.closed": Wording(_("The campaign “%(target)s” was closed."), "check"),
    "periodicreview.planned": Wording(_("Customer %(target)s was taken into a campaign."), "send"),
    "periodicreview.notified": Wording(_("Customer %(target)s was sent the request."), "send"),
    "periodicreview.verifying": Wording(
        _("Customer %(target)s answered; the identity is to be verified."), "form", "success"
    ),
    "periodicreview.in_review": Wording(_("The answer of customer %(target)s went to review."), "inbox", "info"),
    "periodicreview.completed": Wording(
        _("The periodic review of customer %(target)s was completed."), "check", "success"
    ),
    "periodicreview.unreachable": Wording(_("No channel reached customer %(target)s."), "alert", "danger"),
    "periodicreview.no_answer": Wording(_("Customer %(target)s had not answered by the deadline."), "clock", "warning"),
    "periodicreview.cancelled": Wording(_("The periodic review of customer %(target)s was cancelled."), "x"),
    "response.opened": Wording(_("A questionnaire was prepared for customer %(target)s."), "form"),
    "response.started": Wording(_("Customer %(target)s opened the questionnaire."), "eye", "info"),
    "response.page_saved": Wording(_("Customer %(target)s saved a page of the questionnaire."), "form"),
    "response.submitted": Wording(_("The answer of customer %(target)s was received."), "form", "success"),
    "response.cancelled": Wording(_("The questionnaire of customer %(target)s was withdrawn."), "x"),
    "link.issued": Wording(_("A link was issued to customer %(target)s."), "key"),
    "link.proved": Wording(_("Customer %(target)s proved who they are and opened the link."), "eye", "success"),
    "link.refused": Wording(_("The particulars entered for customer %(target)s did not match."), "lock", "warning"),
    "deliveryattempt.queued": Wording(_("A notice to customer %(target)s is waiting to be sent."), "send"),
    "deliveryattempt.report_ignored": Wording(
        _("A late report about a notice to customer %(target)s changed nothing."), "circle"
    ),
    "deliveryattempt.sending": Wording(_("A notice to customer %(target)s is being sent."), "send"),
    "deliveryattempt.accepted": Wording(_("The provider accepted a notice to customer %(target)s."), "send"),
    "deliveryattempt.delivered": Wording(_("A notice reached customer %(target)s."), "check", "success"),
    "deliveryattempt.returned": Wording(_("A notice to customer %(target)s came back."), "undo", "danger"),
    "deliveryattempt.failed": Wording(_("A notice to customer %(target)s could not be delivered."), "alert", "danger"),
    "deliveryattempt.unknown": Wording(
        _("What became of a notice to customer %(target)s is not known; the provider is being asked."),
        "alert",
        "warning",
    ),
    "deliveryattempt.cancelled": Wording(_("A notice to customer %(target)s was withdrawn."), "x"),
    "verification.created": Wording(_("An identity verification of customer %(target)s was prepared."), "user"),
    "verification.opened": Wording(_("Customer %(target)s began the identity verification."), "user", "info"),
    "verification.submitted": Wording(
        _("The identity verification of customer %(target)s is being checked."), "user", "info"
    ),
    "verification.approved": Wording(_("The identity of customer %(target)s was verified."), "shield-check", "success"),
    "verification.rejected": Wording(
        _("The identity of customer %(target)s could not be verified."), "alert", "danger"
    ),
    "verification.expired": Wording(_("The identity verification of customer %(target)s expired."), "clock", "warning"),
    "verification.cancelled": Wording(_("The identity verification of customer %(target)s was cancelled."), "x"),
    "verification.revoked": Wording(
        _("The identity verification of customer %(target)s was revoked by the provider."), "alert", "danger"
    ),
    "ekycaccount.set_up": Wording(_("%(actor)s set up the account with an identity provider."), "key"),
    "provideraccount.set_up": Wording(_("%(actor)s set up the account with a provider of notices."), "key"),
    "optout.began": Wording(_("A customer asked for no more messages by this channel."), "x"),
    "optout.ended": Wording(_("A customer allows messages by this channel again."), "check"),
    "provideraccount.mail_key_added": Wording(_("%(actor)s made a key that signs e-mail."), "key"),
    "provideraccount.mail_key_used": Wording(_("%(actor)s changed the key that signs e-mail."), "key", "warning"),
    "provideraccount.mail_key_dropped": Wording(_("%(actor)s removed a key that signed e-mail."), "key"),
    "provideraccount.mail_certificate_put": Wording(_("%(actor)s put in a certificate for e-mail."), "key", "warning"),
    "provideraccount.mail_certificate_dropped": Wording(_("%(actor)s removed the certificate for e-mail."), "key"),
    "provideraccount.paused": Wording(_("Sending by one channel was stopped."), "pause", "danger"),
    "provideraccount.resumed": Wording(_("%(actor)s resumed sending by one channel."), "play", "success"),
    "provideraccount.answered": Wording(_("Messages that people wrote to our LINE account were answered.")),
    "customer.line_tied": Wording(_("A LINE account was tied to %(target)s."), "check", "success"),
    "customer.line_untied": Wording(_("The LINE account of %(target)s was untied.")),
    "linelink.started": Wording(_("%(actor)s asked to be reached on LINE.")),
    "linelink.refused": Wording(
        _("A tie to a LINE account was refused: too late, or somebody else’s."), kind="warning"
    ),
    "provideraccount.limits_changed": Wording(_("%(actor)s changed the limits of one channel."), "edit", "warning"),
    "sendingrules.changed": Wording(
        _("%(actor)s changed when and how often customers are written to."), "edit", "warning"
    ),
    "sendingrules.paused": Wording(_("Sending by every channel was stopped."), "pause", "danger"),
    "sendingrules.resumed": Wording(_("%(actor)s resumed sending by every channel."), "play", "success"),
    "tenant.created": Wording(_("The institution was set up."), "home"),
    "tenant.hole_found": Wording(
        _("The nightly check found a gap in the protection of the data. Ask the operator of the service."),
        "alert",
        "danger",
    ),
    "tenant.keys_rewrapped": Wording(
        _("The institution's data keys were wrapped under a new key-encryption key."), "lock"
    ),
    "tenantkey.rotated": Wording(_("A new version of the institution's data key was made."), "lock"),
    "personkey.shredded": Wording(
        _("The key of customer data %(target)s was destroyed: it cannot be read again."), "lock", "warning"
    ),
    "membership.changed": Wording(_("%(actor)s made %(target)s: %(role)s."), "user", "warning"),
    "membership.proposed": Wording(_("%(actor)s proposed %(target)s as an administrator."), "user", "warning"),
    "membership.confirmed": Wording(_("%(actor)s confirmed %(target)s as an administrator."), "check", "warning"),
    "membership.declined": Wording(_("%(actor)s declined to have %(target)s as an administrator."), "undo"),
    "membership.renumbered": Wording(_("%(actor)s gave %(target)s another staff number."), "user", "warning"),
    "membership.ended": Wording(_("%(actor)s ended the membership of %(target)s."), "x", "warning"),
    "membership.reactivated": Wording(_("%(actor)s let %(target)s back in."), "user"),
    "membership.access_requested": Wording(_("%(actor)s asked for access: %(permission)s."), "user", "info"),
    "invitation.made": Wording(_("%(actor)s invited somebody to join as %(role)s."), "user", "info"),
    "invitation.accepted": Wording(_("An invitation was accepted."), "check", "success"),
    "invitation.withdrawn": Wording(_("%(actor)s took back an invitation."), "undo"),
    "campaigngrant.given": Wording(_("%(actor)s shared a campaign with %(target)s."), "user", "info"),
    "campaigngrant.taken": Wording(_("%(actor)s ended the sharing of a campaign with %(target)s."), "x"),
    "branchgrant.given": Wording(_("%(actor)s showed another branch to %(target)s."), "user", "info"),
    "branchgrant.taken": Wording(_("%(actor)s no longer shows that branch to %(target)s."), "x"),
    "branch.found": Wording(_("The customer file named a branch that was not known: %(target)s."), "plus"),
    "branch.added": Wording(_("%(actor)s added the branch %(code)s."), "plus"),
    "branch.renamed": Wording(_("%(actor)s named the branch %(code)s."), "edit"),
    "casequeue.made": Wording(_("%(actor)s made a review queue."), "plus"),
    "queuegrant.given": Wording(_("%(actor)s gave a review queue to %(target)s."), "user", "info"),
    "queuegrant.taken": Wording(_("%(actor)s took a review queue back from %(target)s."), "x"),
    "auditcheckpoint.exported": Wording(_("%(actor)s exported %(count)s entries of the audit trail."), "download"),
    "membership.created": Wording(_("%(target)s joined the staff as %(role)s."), "user"),
    "case.opened": Wording(_("A case was opened for customer %(target)s."), "inbox", "info"),
    "case.open": Wording(_("The case of customer %(target)s was returned to be decided again."), "undo", "warning"),
    "case.cleared": Wording(_("The case of customer %(target)s was cleared by rule."), "check", "success"),
    "case.awaiting_approval": Wording(
        _("%(actor)s decided the case of customer %(target)s and asked for approval."), "inbox", "info"
    ),
    "case.closed": Wording(_("The case of customer %(target)s was closed."), "check", "success"),
    "decision.proposed": Wording(_("%(actor)s proposed a decision for customer %(target)s."), "edit", "info"),
    "decision.approved": Wording(_("%(actor)s approved the decision for customer %(target)s."), "check", "success"),
    "decision.returned": Wording(_("%(actor)s returned the decision for customer %(target)s."), "undo", "warning"),
    "outreachtask.made": Wording(_("A call or visit to customer %(target)s was planned."), "plus", "info"),
    "outreachtask.assigned": Wording(_("The call or visit to customer %(target)s was assigned."), "user"),
    "outreachtask.open": Wording(_("The call or visit to customer %(target)s is to be assigned again."), "undo"),
    "outreachtask.tried": Wording(_("%(actor)s called or visited customer %(target)s."), "user", "info"),
    "outreachtask.proved": Wording(_("%(actor)s made sure of the identity of customer %(target)s."), "check"),
    "outreachtask.proof_refused": Wording(
        _("What was said to %(actor)s did not match the file of customer %(target)s."), "alert", "warning"
    ),
    "outreachtask.done": Wording(_("The call or visit to customer %(target)s was done."), "check", "success"),
    "outreachtask.gave_up": Wording(_("The call or visit to customer %(target)s was given up."), "x", "warning"),
    "outreachtask.cancelled": Wording(_("The call or visit to customer %(target)s was cancelled."), "x"),
    "visitrecord.begun": Wording(_("%(actor)s began the record of a visit to customer %(target)s."), "edit"),
    "visitrecord.finished": Wording(_("%(actor)s closed the record of a visit to customer %(target)s."), "check"),
    "dailycapacity.set": Wording(_("%(actor)s set how many calls or visits a day holds."), "clock"),
    "keptanswer.destroyed": Wording(_("An answer whose time was over was destroyed."), "x", "warning"),
    "upload.received": Wording(_("%(actor)s handed in a document."), "upload"),
    "upload.clean": Wording(_("The document received on %(target)s was checked and can be seen."), "check", "success"),
    "upload.rejected": Wording(_("The document received on %(target)s was not accepted."), "alert", "danger"),
    "upload.destroyed": Wording(_("The file received on %(target)s was destroyed."), "x", "warning"),
    "upload.removed": Wording(_("The document received on %(target)s was taken back, or its time was over."), "x"),
    "upload.viewed": Wording(_("%(actor)s looked at the document received on %(target)s."), "eye", "warning"),
}

_WORDS: Mapping[str, Promise | str] = (
    {
        str(value): words
        for choices in (
            Role,
            RiskTier,
            DueDiligence,
            ChannelKind,
            Decision.Outcome,
            OutreachKind,
            OutreachTry.Outcome,
            Response.Origin,
            AttributeChange.Source,
            PeriodicReview.Status,
            ViewReason,
            EditReason,
        )
        for value, words in choices.choices
    }
    | dict(REASONS)
    | CODES
)

_DETAILS: Mapping[str, Promise | str] = {
    "reason": _("Reason"),
    "matter": _("Number of the matter"),
    "channel": _("Channel"),
    "due_diligence": _("Due diligence"),
    "rule": _("Rule"),
    "rows": _("Rows"),
    "count": _("Count"),
    "version": _("Version"),
    "source": _("Source"),
    "outcome": _("Outcome"),
    "origin": _("How they were given"),
    "failure_kind": _("Kind of failure"),
    "failure_code": _("Code"),
    "signature": _("Virus signature"),
}


def events_of(subject: str) -> list[str]:
    """Every event of a subject of `subjects.py`: row-level security lets equality use the index, a prefix not."""
    return [name for name in SENTENCES if name.startswith(f"{subject}.")]


def describe(event: AuditEvent, names: Names) -> Line:
    """The event as a line. An event this page does not know reads as its own name, never as an error."""
    target = (event.target_type, event.target_id)
    if event.kind == AuditEvent.Kind.ROW:
        return _row_line(event, names)
    places = _Places(
        {key: _say(value) for key, value in event.data.items()},
        actor=_actor(event, names),
        target=names.targets.get(target, event.target_id[-12:]),
        event=event.event,
    )
    wording = (
        SENTENCES.get(f"{event.event} was {event.data.get('was')}")
        or SENTENCES.get(event.event)
        or Wording(_("%(actor)s: %(event)s (%(target)s)"))
    )
    return Line(
        at=event.at,
        text=str(wording.text) % places,
        icon=wording.icon,
        kind=wording.kind,
        details=_details(event),
        url=names.urls.get(target, ""),
    )


def _row_line(event: AuditEvent, names: Names) -> Line:
    """A changed row; past the application it is somebody at the database, and that is alarming."""
    is_alarming = is_outside(event)
    who = gettext("By: %(actor)s") % {"actor": _actor(event, names)}
    return Line(
        at=event.at,
        text=describe_row(event),
        icon="alert" if is_alarming else "edit",
        kind="danger" if is_alarming else "",
        details=[detail for detail in (who, columns_of(event)) if detail],
        url=names.urls.get((event.target_type, event.target_id), ""),
    )


def _actor(event: AuditEvent, names: Names) -> str:
    if is_outside(event):
        return gettext("the database account %(name)s, past the application") % {"name": event.actor_id}
    if event.actor_kind == "user":
        name = names.users.get(event.actor_id)
        return pgettext("person", "%(name)s") % {"name": name} if name else gettext("A former member of staff")
    if event.actor_kind == "customer":
        return gettext("The customer")
    if event.actor_kind == "provider":
        return gettext("The provider %(name)s") % {"name": event.actor_id}
    return gettext("The system")


def _say(value: object) -> str:
    return str(_WORDS.get(str(value), value))


def _details(event: AuditEvent) -> list[str]:
    data = event.data
    details = [
        f"{words}{gettext(': ')}{_say(data[key])}"
        for key, words in _DETAILS.items()
        if data.get(key) not in (None, "", [])
    ]
    facts = data.get("facts") or data.get("fields")
    if isinstance(facts, list) and facts:
        details.append(gettext("Items: %(items)s") % {"items": gettext(", ").join(map(label, facts))})
    return details
