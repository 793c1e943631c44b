"""What the audit trail says of answers that staff enter: on paper, on behalf; and of what the help pages say."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from reporting.wording import Wording

PAPERS: Mapping[str, Wording] = {
    "paperanswer.registered": Wording(
        _("%(actor)s noted that an answer on paper of customer %(target)s came in."), "inbox", "info"
    ),
    "paperanswer.begun": Wording(_("%(actor)s began to key the paper answer of customer %(target)s."), "edit"),
    "paperanswer.taken_over": Wording(
        _("%(actor)s took over the keying of the paper answer of customer %(target)s."), "user", "warning"
    ),
    "paperanswer.page_keyed": Wording(_("%(actor)s keyed a page of the paper answer of customer %(target)s."), "edit"),
    "paperanswer.keyed": Wording(_("The paper answer of customer %(target)s was keyed and is to be checked."), "clock"),
    "paperanswer.asking": Wording(
        _("The paper answer of customer %(target)s is not complete; they are asked back."), "alert", "warning"
    ),
    "paperanswer.received": Wording(
        _("The paper answer of customer %(target)s is to be keyed again in part."), "undo", "warning"
    ),
    "paperanswer.check_begun": Wording(_("%(actor)s began to check the paper answer of customer %(target)s."), "eye"),
    "paperanswer.page_checked": Wording(
        _("%(actor)s keyed a page of the paper answer of customer %(target)s a second time."), "edit"
    ),
    "paperanswer.accepted": Wording(
        _("%(actor)s made the paper answer of customer %(target)s their answer."), "check", "success"
    ),
    "paperanswer.set_aside": Wording(
        _("The paper answer of customer %(target)s was set aside, to be looked at by a person."), "alert", "warning"
    ),
    "paperanswer.looked_at": Wording(
        _("%(actor)s compared the paper answer of customer %(target)s with the answer that counts."), "check"
    ),
    "paperanswer.discarded": Wording(_("%(actor)s did not use a paper answer of customer %(target)s."), "x", "warning"),
    "paperpolicy.proposed": Wording(
        _("%(actor)s proposed that %(share)s of a hundred paper answers are checked."), "edit"
    ),
    "paperpolicy.approved": Wording(_("%(actor)s approved how paper answers are checked."), "check", "warning"),
    "paperpolicy.rejected": Wording(_("%(actor)s rejected another way of checking paper answers."), "undo"),
    "faqentry.proposed": Wording(_("%(actor)s proposed a change of the questions and answers (%(code)s)."), "edit"),
    "faqentry.approved": Wording(_("%(actor)s approved a change of the questions and answers."), "check", "warning"),
    "faqentry.rejected": Wording(_("%(actor)s rejected a change of the questions and answers."), "undo"),
    "response.copy_ordered": Wording(_("Customer %(target)s ordered a copy of their answers as a PDF."), "form"),
    "response.copy_taken": Wording(_("Customer %(target)s saved the copy of their answers."), "download"),
    "response.begun_on_behalf": Wording(
        _("%(actor)s began to enter the answers of customer %(target)s on their behalf."), "edit", "warning"
    ),
    "response.taken_whole": Wording(
        _("The answers of customer %(target)s were taken over from paper."), "form", "warning"
    ),
    "response.sheet_printed": Wording(_("%(actor)s printed the answer sheet of customer %(target)s."), "download"),
}
