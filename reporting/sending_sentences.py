"""Sentences of the trail about accounts, opt-outs and notices that are sent again."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

SENDING: Mapping[str, Wording] = {
    "provideraccount.opened": Wording(_("%(actor)s opened an account for a channel."), "plus"),
    "provideraccount.changed": Wording(_("%(actor)s changed the settings of a channel's account."), "edit", "warning"),
    "accountchange.proposed": Wording(_("%(actor)s proposed a change of a channel's account."), "edit", "info"),
    "accountchange.approved": Wording(_("%(actor)s approved the change of a channel's account."), "check", "warning"),
    "accountchange.rejected": Wording(_("%(actor)s rejected the change of a channel's account."), "undo"),
    "deliveryattempt.resend_proposed": Wording(_("%(actor)s proposed to send a notice again."), "send", "info"),
    "deliveryattempt.sent_again": Wording(
        _("%(actor)s let a notice be sent again; a new one was queued."), "send", "warning"
    ),
    "resendproposal.proposed": Wording(_("%(actor)s proposed to send %(count)s notices again."), "send", "info"),
    "resendproposal.approved": Wording(_("%(actor)s approved sending notices again."), "check", "warning"),
    "resendproposal.rejected": Wording(_("%(actor)s rejected sending notices again."), "undo"),
    "optout.ended_by_staff": Wording(
        _("%(actor)s ended a customer's wish for no more messages, at the customer's word."), "check", "warning"
    ),
}
