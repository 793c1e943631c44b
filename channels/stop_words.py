"""Why sending stands still, in a sentence and with the next step: for stops of our own making and of people's."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from channels.advice import Advice, advice_for
from channels.findings import WORDS
from channels.protocols import FailureKind

RESTORED = "restored"
NOT_SET_UP = "not_set_up"
_SPIKE = re.compile(r"spike: (\d+) of (\d+) refused")
_OURS = re.compile(rf"({FailureKind.CONFIGURATION}|{FailureKind.QUOTA}): (\S+)")
_KNOWN = {
    RESTORED: Advice(
        _("The database is older than the last message that was sent."),
        _("Find out what was restored, and wait until unclear messages have been looked up. Then resume."),
    ),
    NOT_SET_UP: Advice(
        _("The channel is being set up."),
        _("Enter the settings, have them approved, test the connection, then resume."),
    ),
}
_FIXED = _("Correct it, test the connection, then resume. What waits leaves by itself.")


def words_of_stop(channel: str, reason: str) -> Advice:
    """What a stop means and what to do. ``channel`` is "" for a stop of everything; a person's words stay theirs."""
    if reason in _KNOWN:
        return _KNOWN[reason]
    if spike := _SPIKE.fullmatch(reason):
        return Advice(
            _("%(refused)s of %(sent)s messages in a row were refused for good, so the channel stopped itself.")
            % {"refused": spike[1], "sent": spike[2]},
            _("Look at today's failures below and test the connection. Resume when the cause is gone."),
        )
    if ours := _OURS.fullmatch(reason):
        kind, code = ours.groups()
        if code in WORDS:
            return Advice(WORDS[code][1], _FIXED)
        known = advice_for(channel, code, kind)
        if known is not None:
            return Advice(known.reason, known.step if kind == FailureKind.QUOTA else _FIXED)
    return Advice(reason or _("No reason was given."), _("Resume when the reason no longer holds."))
