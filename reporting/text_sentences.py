"""What the audit trail says of texts: written, approved, sent as tests, and to whom tests may go."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

TEXTS: Mapping[str, Wording] = {
    "messagetemplate.drafted": Wording(
        _("%(actor)s began version %(version)s of a text of notices: %(target)s."), "edit"
    ),
    "messagetemplate.written": Wording(
        _("%(actor)s changed version %(version)s of a text of notices: %(target)s."), "edit"
    ),
    "messagetemplate.awaiting_approval": Wording(
        _("%(actor)s asked for approval of a text of notices: %(target)s."), "send", "info"
    ),
    "messagetemplate.approved": Wording(
        _("%(actor)s approved a text of notices and put it in force: %(target)s."), "check", "success"
    ),
    "messagetemplate.draft": Wording(_("%(actor)s returned a text of notices: %(target)s."), "undo", "warning"),
    "messagetemplate.retired": Wording(_("A text of notices is no longer used: %(target)s."), "x"),
    "trial.sent": Wording(_("%(actor)s sent a text of notices as a test."), "send", "info"),
    "trial.accepted": Wording(_("The provider accepted a test of a text."), "send"),
    "trial.delivered": Wording(_("A test of a text arrived."), "check", "success"),
    "trial.failed": Wording(_("A test of a text could not be delivered."), "alert", "warning"),
    "trial.destroyed": Wording(_("The record of a test of a text was destroyed."), "x"),
    "guest.added": Wording(_("%(actor)s put somebody on the guest list for tests."), "plus", "info"),
    "guest.removed": Wording(_("%(actor)s took somebody off the guest list for tests."), "x"),
}
