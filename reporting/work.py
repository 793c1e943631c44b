"""What waits for somebody on the home page, topic by topic; only what they may do is counted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache

from django.db.models import Count, Model
from django.urls import reverse
from django.utils.translation import gettext

from campaigns.arithmetic import UNDER_WAY
from campaigns.models import Campaign, ResendProposal
from channels.accounts.models import AccountChange
from channels.models import MessageTemplate
from channels.selectors import stopped_channels
from companies.certificates.selectors import to_be_checked_count, to_be_obtained_count
from companies.models import CompanyNews
from customers.exporting.models import CustomerExport, ExportLimit
from customers.facts.models import OwnAttribute
from customers.flags.models import FlagLifting
from customers.lists.models import CodeListDraft
from customers.merging.models import CustomerMerge
from customers.models import CustomerImport
from customers.stays.selectors import open_stays
from integrations.pickups.selectors import awaiting_approval_count, troubled_count
from integrations.returns.models import ReturnBatch, ReturnLayout
from outreach.models import FaqEntry
from questionnaires.branding.models import Branding
from questionnaires.models import QuestionnaireDraft
from reporting.offers import Offer
from reporting.people_work import people_work
from retention.models import PurgeProposal
from reviews.models import Case
from reviews.selectors import queue_counts
from risk.models import PolicyDraft
from tenants.domains.models import TenantDomain
from tenants.domains.selectors import troubled_domains
from tenants.permissions import Permission

_IMPORTED = (CustomerImport.Status.UPLOADED, CustomerImport.Status.COMMITTED, CustomerImport.Status.RUNNING)
_UNDECIDED = (CustomerImport.Status.DRAFT, CustomerImport.Status.CHECKED)


@dataclass(frozen=True, slots=True)
class Work:
    """Something that waits for the person: how many, what, and where."""

    count: int
    title: str
    note: str
    url: str
    is_urgent: bool = False


def work_of(*, allowed: Collection[Permission], user_id: int, today: date) -> list[Work]:
    """What waits for this person, the urgent first; at most one query for each kind of work."""
    of_person = (*_companies(user_id, today), *people_work(user_id, today, allowed))
    found = [
        Work(count, offer.title, offer.note, offer.url, offer.is_urgent)
        for offer in (*_sending(), *_campaigns(), *_cases(), *_customers(), *of_person, *_files(), *_settings())
        if offer.permission in allowed and (count := offer.count())
    ]
    return sorted(found, key=lambda work: not work.is_urgent)


def _in(model: type[Model], *statuses: str) -> Callable[[], int]:
    return lambda: int(model._default_manager.filter(status__in=statuses).count())


def _sending() -> Iterator[Offer]:
    yield Offer(
        Permission.STOP_SENDING,
        lambda: len(stopped_channels()),
        gettext("Channels that stand still"),
        gettext("Sending stopped by itself or by hand. See why, and resume."),
        reverse("sending"),
        is_urgent=True,
    )
    yield Offer(
        Permission.APPROVE_TEMPLATE,
        _in(MessageTemplate, MessageTemplate.Status.AWAITING_APPROVAL),
        gettext("Texts to approve"),
        gettext("What notices say; a text is used once a second person has read it."),
        reverse("templates"),
    )
    yield Offer(
        Permission.APPROVE_TEMPLATE,
        _in(FaqEntry, FaqEntry.Status.PROPOSED),
        gettext("Questions and answers to approve"),
        gettext("What customers read on the help pages."),
        reverse("faq"),
    )
    yield Offer(
        Permission.APPROVE_QUESTIONNAIRE,
        _in(QuestionnaireDraft, QuestionnaireDraft.Status.AWAITING_APPROVAL),
        gettext("Questionnaires to approve"),
        gettext("What customers are asked; a version is used once a second person has looked at what changes."),
        reverse("questionnaires"),
    )


def _campaigns() -> Iterator[Offer]:
    campaigns = reverse("campaigns")
    plans = cache(lambda: dict(Campaign.objects.values_list("status").annotate(Count("id")).order_by()))
    yield Offer(
        Permission.VIEW_TASKS,
        lambda: int(Campaign.objects.filter(status__in=UNDER_WAY, astray__gt=0).count()),
        gettext("Campaigns that do not add up"),
        gettext("Some customers are not where they should be. Tell the operator of the service."),
        campaigns,
        is_urgent=True,
    )
    yield Offer(
        Permission.APPROVE_CAMPAIGN,
        lambda: plans().get(Campaign.Status.AWAITING_APPROVAL, 0),
        gettext("Campaigns to approve"),
        gettext("Nothing is sent before a second person has looked."),
        f"{campaigns}?status={Campaign.Status.AWAITING_APPROVAL}",
        is_urgent=True,
    )
    yield Offer(
        Permission.APPROVE_CAMPAIGN,
        _in(ResendProposal, ResendProposal.Status.PROPOSED),
        gettext("Notices to be sent again"),
        gettext("A colleague asks to send them again; look at the reason."),
        f"{reverse('campaign-resends')}?status={ResendProposal.Status.PROPOSED}",
    )
    yield Offer(
        Permission.PLAN_CAMPAIGN,
        lambda: plans().get(Campaign.Status.DRAFT, 0),
        gettext("Campaigns not submitted yet"),
        gettext("Planned, or returned by the approver."),
        f"{campaigns}?status={Campaign.Status.DRAFT}",
    )


def _cases() -> Iterator[Offer]:
    reviews, cases = reverse("reviews"), cache(queue_counts)
    yield Offer(
        Permission.APPROVE_CASE,
        lambda: cases()[Case.Status.AWAITING_APPROVAL],
        gettext("Decisions to approve"),
        gettext("Decided by a colleague; the file changes when you approve."),
        f"{reviews}?status={Case.Status.AWAITING_APPROVAL}",
        is_urgent=True,
    )
    yield Offer(
        Permission.DECIDE_CASE,
        lambda: cases()[Case.Status.OPEN],
        gettext("Cases to decide"),
        gettext("Answers that differ from the file."),
        f"{reviews}?status={Case.Status.OPEN}",
        is_urgent=True,
    )


def _customers() -> Iterator[Offer]:
    yield Offer(
        Permission.APPROVE_CASE,
        _in(CustomerMerge, CustomerMerge.Status.PROPOSED),
        gettext("Merges to approve"),
        gettext("A colleague says that two customers are one; look at what is kept."),
        reverse("customer-merges"),
    )
    yield Offer(
        Permission.APPROVE_FLAG,
        _in(FlagLifting, FlagLifting.Status.PROPOSED),
        gettext("Flags to be lifted"),
        gettext("A colleague asks to lift a flag that keeps everybody from contacting a customer."),
        reverse("customer-flag-liftings"),
    )
    yield _stays()
    yield Offer(
        Permission.APPROVE_PURGE,
        _in(PurgeProposal, PurgeProposal.Status.PROPOSED),
        gettext("Purges to approve"),
        gettext("Records whose time is over are destroyed once you agree."),
        reverse("retention"),
    )


def _stays() -> Offer:
    return Offer(
        Permission.DECIDE_CASE,
        lambda: int(open_stays().count()),
        gettext("Ended stays to deal with"),
        gettext("The period of stay of these customers is over. Ask for the new residence card."),
        reverse("ended-stays"),
    )


def _companies(user_id: int, today: date) -> Iterator[Offer]:
    certificates = reverse("certificates")
    yield Offer(
        Permission.DECIDE_CASE,
        _in(CompanyNews, CompanyNews.Status.OPEN),
        gettext("Company news to deal with"),
        gettext("The register says that customers have closed, merged, moved or been renamed."),
        reverse("company-news"),
    )
    yield Offer(
        Permission.DECIDE_CASE,
        lambda: to_be_obtained_count(assigned_to=user_id),
        gettext("Registry certificates to obtain"),
        gettext("Yours. Add a picture of each, and what it says."),
        certificates,
    )
    yield Offer(
        Permission.DECIDE_CASE,
        lambda: to_be_obtained_count(before=today),
        gettext("Registry certificates overdue"),
        gettext("Their day has passed, whoever was to obtain them."),
        certificates,
        is_urgent=True,
    )
    yield Offer(
        Permission.APPROVE_CASE,
        to_be_checked_count,
        gettext("Registry certificates to check"),
        gettext("Transcribed by a colleague; compare them with the picture and the file."),
        certificates,
    )


def _files() -> Iterator[Offer]:
    imports = reverse("imports")
    yield Offer(
        Permission.IMPORT_CUSTOMERS,
        troubled_count,
        gettext("Pick-ups in trouble"),
        gettext("Customer files cannot be fetched, or did not come by their hour."),
        reverse("import-pickups"),
        is_urgent=True,
    )
    yield Offer(
        Permission.IMPORT_CUSTOMERS,
        _in(CustomerImport, *_UNDECIDED),
        gettext("Files to be decided"),
        gettext("Confirm the columns, or look at what the trial says and take the rows in."),
        imports,
    )
    yield Offer(
        Permission.IMPORT_CUSTOMERS,
        _in(CustomerImport, *_IMPORTED),
        gettext("Imports under way"),
        gettext("Rows are rated as soon as they are in."),
        imports,
    )
    yield Offer(
        Permission.APPROVE_EXPORT,
        _in(CustomerExport, CustomerExport.Status.PREPARED),
        gettext("Exports to approve"),
        gettext("Files with many customers, which a second person lets out."),
        reverse("exports"),
    )
    yield Offer(
        Permission.APPROVE_EXPORT,
        _in(ReturnBatch, ReturnBatch.Status.PREPARED),
        gettext("Return files to release"),
        gettext("Their totals are ready; they go to the core system when you release them."),
        reverse("returns"),
    )
    yield Offer(
        Permission.EXPORT_DATA,
        _in(ReturnBatch, ReturnBatch.Status.RELEASED),
        gettext("Return files without an answer"),
        gettext("Enter whether the core system took them in."),
        reverse("returns"),
    )


def _settings() -> Iterator[Offer]:
    kinds: tuple[tuple[Callable[[], int], str, str, str], ...] = (
        (
            _in(AccountChange, AccountChange.Status.PROPOSED),
            gettext("Settings to approve"),
            gettext("Changes of where messages go, or as whose."),
            reverse("sending"),
        ),
        (
            awaiting_approval_count,
            gettext("Pick-ups to approve"),
            gettext("A colleague wants fetched files to be taken in without a person."),
            reverse("import-pickups"),
        ),
        (
            _in(ReturnLayout, ReturnLayout.Status.PROPOSED),
            gettext("Layouts of return files to approve"),
            gettext("They decide what the core system is told, and in which columns."),
            reverse("return-layout"),
        ),
        (
            _in(ExportLimit, ExportLimit.Status.PROPOSED),
            gettext("Limits of exports to approve"),
            gettext("From how many customers on a second person lets a file out."),
            reverse("export-limit"),
        ),
        (
            _in(PolicyDraft, PolicyDraft.Status.PROPOSED),
            gettext("Risk policies to approve"),
            gettext("A colleague wants customers to be judged by more; everybody is rated anew."),
            reverse("risk-policy"),
        ),
        (
            _in(TenantDomain, TenantDomain.Status.PROPOSED),
            gettext("Domains to approve"),
            gettext("Customers’ pages would be answered there."),
            reverse("domains"),
        ),
        (_in(Branding, "PROPOSED"), gettext("Looks to approve"), gettext("Name, colour or mark."), reverse("look")),
        (
            _in(OwnAttribute, OwnAttribute.Status.PROPOSED),
            gettext("Own attributes to approve"),
            gettext("A colleague wants to keep something sensitive of customers."),
            reverse("attributes"),
        ),
        (
            _in(CodeListDraft, CodeListDraft.Status.PROPOSED),
            gettext("Lists of choices to approve"),
            gettext("A colleague wants customers and staff to choose from other words."),
            reverse("lists"),
        ),
    )
    for count, title, note, url in kinds:
        yield Offer(Permission.APPROVE_SETTINGS, count, title, note, url)
    yield Offer(
        Permission.MANAGE_SETTINGS,
        troubled_domains,
        gettext("Own domains in trouble"),
        gettext("DNS does not say what it should: the domain lapses or has lapsed, and links to it die."),
        reverse("domains"),
        is_urgent=True,
    )
