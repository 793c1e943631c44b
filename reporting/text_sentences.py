"""What the audit trail says of texts and questionnaires: written, approved; of texts, who is sent them as tests."""

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
    "questionnaire.begun": Wording(_("%(actor)s began the questionnaire “%(key)s”."), "plus", "info"),
    "questionnaire.template_noted": Wording(
        _("%(actor)s looked at what is new in the ready questionnaire “%(template)s”."), "eye"
    ),
    "codelist.published": Wording(
        _("Version %(version)s of the list of choices “%(key)s” is in force."), "check", "success"
    ),
    "codelistdraft.begun": Wording(_("%(actor)s began a draft of the list of choices “%(key)s”."), "edit"),
    "codelistdraft.written": Wording(_("%(actor)s changed a draft of the list of choices “%(key)s”."), "edit"),
    "codelistdraft.proposed": Wording(_("%(actor)s proposed a draft of a list of choices."), "edit", "info"),
    "codelistdraft.approved": Wording(_("%(actor)s approved a draft of a list of choices."), "check", "success"),
    "codelistdraft.draft": Wording(_("%(actor)s returned a draft of a list of choices."), "undo", "warning"),
    "codelistdraft.discarded": Wording(_("%(actor)s threw a draft of a list of choices away."), "x"),
    "questionnairedraft.begun": Wording(_("%(actor)s began a draft of the questionnaire “%(key)s”."), "edit"),
    "questionnairedraft.written": Wording(_("%(actor)s changed a draft of the questionnaire “%(key)s”."), "edit"),
    "questionnairedraft.awaiting_approval": Wording(
        _("%(actor)s asked for approval of a draft of a questionnaire."), "send", "info"
    ),
    "questionnairedraft.approved": Wording(
        _("%(actor)s approved a draft of a questionnaire and had it published."), "check", "success"
    ),
    "questionnairedraft.draft": Wording(_("%(actor)s returned a draft of a questionnaire."), "undo", "warning"),
    "questionnairedraft.discarded": Wording(_("%(actor)s threw a draft of a questionnaire away."), "x"),
    "trial.sent": Wording(_("%(actor)s sent a text of notices as a test."), "send", "info"),
    "trial.accepted": Wording(_("The provider accepted a test of a text."), "send"),
    "trial.delivered": Wording(_("A test of a text arrived."), "check", "success"),
    "trial.failed": Wording(_("A test of a text could not be delivered."), "alert", "warning"),
    "trial.destroyed": Wording(_("The record of a test of a text was destroyed."), "x"),
    "guest.added": Wording(_("%(actor)s put somebody on the guest list for tests."), "plus", "info"),
    "guest.removed": Wording(_("%(actor)s took somebody off the guest list for tests."), "x"),
}
