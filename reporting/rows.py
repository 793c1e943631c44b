"""From a changed row to a sentence: which kind of record, what became of it, which of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.models import AuditEvent

# What the application signs in to the database as: a change by it that names nobody came from a process of ours.
APPLICATION = "keizoku_app"

# What rows are called, by the model's label; the rest go by their own name.
_NAMES: Mapping[str, Promise | str] = {
    "customers.customer": _("the customer file"),
    "customers.contactpoint": _("a contact point"),
    "customers.attributechange": _("the history of the customer file"),
    "customers.relatedparty": _("a related party"),
    "customers.ownerpaper": _("a paper about owners"),
    "customers.customerimport": _("an import"),
    "customers.matchcandidate": _("a pair of customers who look alike"),
    "customers.customermerge": _("the merging of two customers"),
    "customers.ownattribute": _("an attribute of the institution's own"),
    "customers.valuekeeping": _("how long values of an own attribute are kept"),
    "customers.expiredvalue": _("that the time of a value is over"),
    "customers.endedstay": _("a stay that has ended"),
    "customers.product": _("a product of the institution's list"),
    "customers.rejectedrow": _("a rejected row"),
    "customers.importlayout": _("what the columns of files with one header are"),
    "customers.importchange": _("the journal of an import"),
    "companies.companynews": _("company news"),
    "companies.registrycertificate": _("a registry certificate"),
    "companies.registryload": _("a load of the register of companies"),
    "risk.riskpolicy": _("a risk policy"),
    "risk.policydraft": _("a proposed risk policy"),
    "risk.riskrating": _("a risk rating"),
    "questionnaires.questionnaire": _("a questionnaire"),
    "questionnaires.questionnaireversion": _("a version of a questionnaire"),
    "questionnaires.questionnairedraft": _("a draft of a questionnaire"),
    "questionnaires.response": _("an answer"),
    "questionnaires.accesslink": _("a link"),
    "questionnaires.delegation": _("a part that somebody else answers"),
    "questionnaires.entranceticket": _("a way in for minutes"),
    "questionnaires.entrancepolicy": _("by what customers prove themselves"),
    "questionnaires.branding": _("the look of customers' pages"),
    "tenants.tenantdomain": _("a domain of the institution's own"),
    "tenants.servedhost": _("a host that customers' pages are answered on"),
    "questionnaires.entrancekey": _("a key of the institution's own app"),
    "channels.provideraccount": _("an account with a provider"),
    "channels.notice": _("a notice"),
    "channels.deliveryattempt": _("a try to deliver"),
    "channels.letter": _("a letter"),
    "channels.messagetemplate": _("a text of notices"),
    "channels.trial": _("a test of a text"),
    "channels.guest": _("the guest list for tests"),
    "channels.webhookevent": _("a report of a provider"),
    "ekyc.ekycevent": _("a report of an eKYC provider"),
    "uploads.upload": _("a document"),
    "ekyc.ekycaccount": _("an account with an eKYC provider"),
    "ekyc.verification": _("an identity verification"),
    "reviews.case": _("a case"),
    "reviews.discrepancy": _("a discrepancy"),
    "reviews.decision": _("a decision"),
    "outreach.outreachtask": _("a call or visit to be made"),
    "outreach.outreachtry": _("a call or visit that was made"),
    "outreach.visitrecord": _("a record of a visit"),
    "outreach.inquiry": _("an inquiry"),
    "outreach.inquirymessage": _("a message of an inquiry"),
    "outreach.callrequest": _("a call that was asked for"),
    "outreach.claim": _("what was told of a customer’s circumstances"),
    "outreach.paperanswer": _("an answer on paper"),
    "outreach.paperpolicy": _("how answers on paper are checked"),
    "outreach.faqentry": _("a question of the help pages"),
    "outreach.dailycapacity": _("the number of calls or visits a day"),
    "campaigns.campaign": _("a campaign"),
    "campaigns.periodicreview": _("a periodic review"),
    "tenants.tenant": _("the institution"),
    "tenants.membership": _("a membership"),
    "tenants.tenantkey": _("a key"),
    "tenants.branch": _("a branch"),
    "tenants.invitation": _("an invitation"),
    "tenants.identityprovider": _("an identity provider"),
    "retention.legalhold": _("a hold"),
    "retention.purgeproposal": _("a purge"),
}
_SENTENCES: Mapping[str, Promise | str] = {
    "inserted": _("A row of %(what)s was added."),
    "updated": _("A row of %(what)s was changed."),
    "deleted": _("A row of %(what)s was deleted."),
}
# Which rows belong to a subject of the audit list.
_MODELS: Mapping[str, Sequence[str]] = {
    "customer": (
        "customers.customer",
        "customers.contactpoint",
        "customers.attributechange",
        "customers.relatedparty",
        "customers.ownerpaper",
        "risk.riskrating",
    ),
    "customerimport": (
        "customers.customerimport",
        "customers.rejectedrow",
        "customers.importlayout",
        "customers.importchange",
    ),
    "endedstay": ("customers.endedstay",),
    "companynews": ("companies.companynews",),
    "registrycertificate": ("companies.registrycertificate",),
    "campaign": ("campaigns.campaign",),
    "periodicreview": ("campaigns.periodicreview",),
    "deliveryattempt": ("channels.notice", "channels.deliveryattempt", "channels.letter"),
    "messagetemplate": ("channels.messagetemplate",),
    "trial": ("channels.trial",),
    "guest": ("channels.guest",),
    "questionnaire": ("questionnaires.questionnaire", "questionnaires.questionnaireversion"),
    "questionnairedraft": ("questionnaires.questionnairedraft",),
    "link": ("questionnaires.accesslink",),
    "delegation": ("questionnaires.delegation",),
    "entranceticket": ("questionnaires.entranceticket",),
    "entrancepolicy": ("questionnaires.entrancepolicy",),
    "branding": ("questionnaires.branding",),
    "tenantdomain": ("tenants.tenantdomain", "tenants.servedhost"),
    "entrancekey": ("questionnaires.entrancekey",),
    "response": ("questionnaires.response",),
    "verification": ("ekyc.verification",),
    "case": ("reviews.case", "reviews.discrepancy"),
    "decision": ("reviews.decision",),
    "outreachtask": ("outreach.outreachtask", "outreach.outreachtry"),
    "visitrecord": ("outreach.visitrecord",),
    "paperanswer": ("outreach.paperanswer",),
    "membership": ("tenants.membership",),
    "riskpolicy": ("risk.riskpolicy",),
    "policydraft": ("risk.policydraft",),
}


def row_events_of(subject: str) -> list[str]:
    """The names of the events of every row of a subject: ``<table>.inserted`` and so on."""
    tables = [apps.get_model(label)._meta.db_table for label in _MODELS.get(subject, ())]
    return [f"{table}.{what}" for table in tables for what in _SENTENCES]


def is_outside(event: AuditEvent) -> bool:
    """Whether the row was changed past the application, by somebody at the database."""
    return event.actor_kind == "database" and event.actor_id != APPLICATION


def describe_row(event: AuditEvent) -> str:
    """What became of the row, in a sentence."""
    what = event.event.rpartition(".")[2]
    sentence = _SENTENCES.get(what, _SENTENCES["updated"])
    return str(sentence) % {"what": _NAMES.get(event.target_type, event.target_type)}


def columns_of(event: AuditEvent) -> str:
    """Which columns changed, as the database calls them; "" where the whole row came or went."""
    if not event.event.endswith(".updated"):
        return ""
    names = sorted(event.data.get("after") or {})
    return gettext("Columns: %(names)s") % {"names": gettext(", ").join(names)} if names else ""
