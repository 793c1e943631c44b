"""What the audit list may be narrowed to, in words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What the audit list may be narrowed to: event names begin with these.
SUBJECTS: Sequence[tuple[str, Promise | str]] = (
    ("customer", _("Customers and views of their data")),
    ("customerimport", _("Imports")),
    ("customerflag", _("Flags of customers")),
    ("flaglifting", _("Lifting of flags")),
    ("matchcandidate", _("Customers who may be the same")),
    ("customermerge", _("Merging of customers")),
    ("ownattribute", _("Own attributes")),
    ("endedstay", _("Stays that have ended")),
    ("product", _("Products")),
    ("companynews", _("Company news")),
    ("registrycertificate", _("Registry certificates")),
    ("campaign", _("Campaigns")),
    ("periodicreview", _("Periodic reviews")),
    ("deliveryattempt", _("Notices")),
    ("messagetemplate", _("Texts of notices")),
    ("trial", _("Tests of texts")),
    ("guest", _("Guest list for tests")),
    ("questionnaire", _("Questionnaires")),
    ("questionnairedraft", _("Drafts of questionnaires")),
    ("link", _("Links")),
    ("response", _("Answers")),
    ("verification", _("Identity verifications")),
    ("case", _("Cases")),
    ("decision", _("Decisions")),
    ("outreachtask", _("Calls and visits")),
    ("inquiry", _("Inquiries")),
    ("callrequest", _("Calls asked for")),
    ("claim", _("Circumstances told")),
    ("paperanswer", _("Answers on paper")),
    ("visitrecord", _("Records of visits")),
    ("upload", _("Documents")),
    ("membership", _("Signing in and out")),
    ("riskpolicy", _("Risk policies")),
    ("policydraft", _("Proposed risk policies")),
)
