"""Two banks with everybody who works for them and a row behind every argument of every address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaigns.models import Campaign, ResendProposal
from campaigns.planning import Terms, plan
from channels.accounts.models import AccountChange
from channels.models import ProviderAccount
from companies.models import RegistryCertificate
from customers.exporting.models import ExportLimit
from customers.flags.models import CustomerFlag, FlagLifting
from customers.formats.fixed import document_of
from customers.lists.models import CodeList, CodeListDraft
from customers.lists.standard import standard_content
from customers.models import Customer, FixedLayout, OwnerPaper, RejectedRow
from customers.segments.models import Segment
from integrations.models import ReturnLayout
from outreach.models import FaqEntry, PaperAnswer, PaperPolicy, VisitRecord
from questionnaires import standard
from questionnaires.branding.models import Branding
from questionnaires.building.editing import write_calculated, write_check
from questionnaires.building.parts import check_key
from questionnaires.files.models import AnswerFile
from questionnaires.models import QuestionnaireDraft, QuestionnaireVersion, Response
from questionnaires.shaping import parse
from reviews.models import Case, Decision
from risk.models import PolicyDraft, RiskPolicy
from risk.services import default_document, publish_default_policy
from tenants.domains.models import TenantDomain
from tenants.identifiers import uuid7
from tenants.models import Membership, Role, Tenant, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW, SYSTEM, MakeUser
from tests.customers.test_fixed import TABLE
from tests.integrations.layouts import CSV as RETURN_LAYOUT
from tests.questionnaires.filing import Sent, send_link
from tests.security.addresses import Route, model_of
from tests.tenants.builders import Rows, one_row_of_each
from uploads.models import Upload

ANONYMOUS, STRANGER, CUSTOMER, FOREIGN = "anonymous", "without membership", "customer", "other bank's administrator"


@dataclass(frozen=True)
class Bank:
    """One institution: its staff by role, a row of every model, a customer with a link."""

    tenant: Tenant
    staff: dict[str, User]
    rows: Rows
    sent: Sent
    photo: UUID
    answer: UUID
    evidence: UUID
    paper: UUID
    scan: UUID
    sheet: UUID

    def values(self, route: Route) -> dict[str, object]:
        """The bank's own row behind each argument of the address."""
        values = {name: self.value(name) for name in route.arguments}
        # Whatever pictures belong to, they are rows of one table.
        other = {
            "outreach-photo": self.photo,
            "customer-flag-picture": self.evidence,
            "certificate-paper": self.paper,
            "customer-owner-paper-scan": self.scan,
            "case-answer-file": self.answer,
            "paper-scan": self.sheet,
        }
        if route.name in other:
            values["upload_id"] = other[route.name]
        if route.name.startswith("questionnaire-"):  # parts of a document, and documents that every bank has
            values |= {name: value for name, value in PARTS.items() if name in values}
        if route.name.startswith("list"):  # a list that every bank has, and a choice of it
            values |= {name: value for name, value in LISTED.items() if name in values}
        if route.name in ("faq-edit", "faq-one"):  # a question that every bank has
            values["code"] = "genuine"
        return values

    def value(self, argument: str) -> object:
        """Its own value of one argument; "stranger" where it can have none."""
        model = model_of(argument)
        if model is not None:
            return self.rows[model]
        plain = {
            "screen": "landing",
            "scheme": "dark",
            "page_id": "contact",
            "place": "sms-request-ja",
            "version": 0,
            "pk": 999_999,
        }
        return {"token": self.sent.token, **plain}.get(argument, "stranger")


@dataclass
class World:
    """Both banks, and a browser for everybody who may come along."""

    ours: Bank
    theirs: Bank
    nobody: User
    clients: dict[str, Client] = field(default_factory=dict)

    @property
    def visitors(self) -> list[str]:
        """Everybody, by what they are to our bank."""
        return [ANONYMOUS, STRANGER, CUSTOMER, *self.ours.staff, FOREIGN]

    def client(self, visitor: str) -> Client:
        """Their browser, signed in again if its session ended."""
        client = self.clients.setdefault(visitor, Client(raise_request_exception=False))
        if visitor != ANONYMOUS and not _has_session(client):
            self._enter(client, visitor)
        return client

    def _enter(self, client: Client, visitor: str) -> None:
        if visitor == CUSTOMER:
            begin_visit(client, self.ours.sent)
        elif visitor == STRANGER:
            client.force_login(self.nobody)
        else:
            staff = self.theirs.staff[Role.ADMINISTRATOR] if visitor == FOREIGN else self.ours.staff[visitor]
            client.force_login(staff)


def _has_session(client: Client) -> bool:
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    return cookie is not None and bool(cookie.value)


def begin_visit(client: Client, sent: Sent, **how: Any) -> None:
    """The customer proves themselves."""
    facts = {"era": "showa", "year": "23", "month": "5", "day": "3", "last_digits": "4567"}
    response = client.post(f"/r/{sent.token}/identity/", {**facts, "action": "continue"}, **how)
    assert response.status_code == 302, response.content[:300]


def build_bank(tenant: Tenant, make_user: MakeUser) -> Bank:
    """Staff in every role, a row of every model, and a customer who was asked."""
    staff = {
        str(role.value): make_user(tenant, role, role.value.lower().replace("_", "-"), **PLACE.get(role.value, {}))
        for role in Role
    }
    rows = one_row_of_each(tenant, staff[Role.OFFICER])
    _make_plausible(tenant, rows, staff[Role.OFFICER])
    sent = send_link(tenant, now=timezone.now(), number="900")
    with tenant_scope(tenant.pk):  # rated and due, so that a campaign can be planned
        publish_default_policy(actor=SYSTEM, now=NOW)
        Customer.objects.update(risk_tier="LOW", is_rating_due=False, next_review_on=date(2026, 6, 30))
    photo = _beside(tenant, rows, Upload.Purpose.VISIT_PHOTO, rows[VisitRecord])
    evidence = _beside(tenant, rows, Upload.Purpose.FLAG_EVIDENCE, rows[CustomerFlag])
    paper = _beside(tenant, rows, Upload.Purpose.REGISTRY_CERTIFICATE, rows[RegistryCertificate])
    scan = _beside(tenant, rows, Upload.Purpose.OWNER_PAPER, rows[OwnerPaper])
    answer = _beside(tenant, rows, Upload.Purpose.ANSWER_FILE, rows[Response])
    sheet = _beside(tenant, rows, Upload.Purpose.PAPER_ANSWER, rows[PaperAnswer])
    with tenant_scope(tenant.pk):
        AnswerFile.objects.update(question="occupation", upload=answer, response=Case.objects.get().response)
    return Bank(tenant, staff, rows, sent, photo, answer, evidence, paper, scan, sheet)


def _make_plausible(tenant: Tenant, rows: Rows, officer: User) -> None:
    """What pages read of documents kept as JSON: a row of "x" and {} would break pages instead of testing them."""
    terms = Terms()
    with tenant_scope(tenant.pk):
        counts = plan([], NOW.date(), terms).summary()
        Campaign.objects.filter(pk=rows[Campaign]).update(plan=terms.document(), counts=counts)
        RiskPolicy.objects.filter(pk=rows[RiskPolicy]).update(document=default_document())
        ProviderAccount.objects.filter(pk=rows[ProviderAccount]).update(provider="smtp")  # it has the most pages
        Case.objects.filter(pk=rows[Case]).update(status=Case.Status.AWAITING_APPROVAL)  # a decision is proposed
        decider = Membership.objects.get(user=officer)
        Decision.objects.update(decided_by=officer.pk, decided_person=decider.staff_number)
        for proposed in (
            AccountChange, Branding, ExportLimit, FaqEntry, FlagLifting, PaperPolicy,
            PolicyDraft, ResendProposal, ReturnLayout, TenantDomain,
        ):  # fmt: skip
            proposed.objects.update(proposed_by=officer.pk, proposed_person=decider.staff_number)
        PolicyDraft.objects.update(document=default_document())
        written = {"drafted_by": officer.pk, "drafted_person": decider.staff_number}
        QuestionnaireDraft.objects.update(document=WRITTEN, **written)
        listed = standard_content("occupation").document()
        CodeListDraft.objects.update(document=listed, **written)
        CodeList.objects.update(document=listed)
        looks = {"brand_colour": "#005f5b", "brand_words": "#ffffff", "official_site": "https://www.bank.example/"}
        Branding.objects.update(**looks)
        document = standard.document("individual")
        QuestionnaireVersion.objects.update(number=1, document=document, sha256=parse(document).digest)
        asked = {"schema": 1, "conditions": [{"field": "risk_tier", "any_of": ["LOW"]}]}
        Segment.objects.filter(pk=rows[Segment]).update(document=asked, is_shared=True)
        FixedLayout.objects.filter(pk=rows[FixedLayout]).update(document=document_of(TABLE))
        ReturnLayout.objects.filter(pk=rows[ReturnLayout]).update(document=RETURN_LAYOUT)
        rejected = RejectedRow.objects.get(pk=rows[RejectedRow])
        rejected.original = ["x"]
        rejected.save(update_fields=["original"])
        upload = Upload.objects.get(pk=rows[Upload])
        upload.reference, upload.body, upload.status = rows[Case], b"picture", Upload.Status.CLEAN
        upload.save(update_fields=["reference", "body", "status"])


def _beside(tenant: Tenant, rows: Rows, purpose: str, reference: UUID) -> UUID:
    """A picture of another purpose, beside the case's document."""
    with tenant_scope(tenant.pk):
        photo = Upload.objects.get(pk=rows[Upload])
        sent, photo_id = photo.body, uuid7()
        photo.pk = photo_id
        photo.name, photo.body = "visit.jpg", sent
        photo.purpose, photo.reference = purpose, reference
        photo.adopt_tenant()
        Upload.objects.bulk_create([photo])
    return photo_id


def build_world(tenant: Tenant, other_tenant: Tenant, make_user: MakeUser) -> World:
    """Everything, once a test."""
    nobody = User.objects.create(email="nobody@nowhere.example", name="nobody")
    return World(build_bank(tenant, make_user), build_bank(other_tenant, make_user), nobody)


# A draft that has a part of every sort.
_HOLDS = {"===": [{"var": "email"}, "x@bank.example"]}
_CHECK = {"holds": _HOLDS, "at": "email", "message": {"ja": "確かめてください"}}
WRITTEN = write_calculated(
    write_check(standard.document("individual"), "contact", "", _CHECK), "", {"id": "is_known", "holds": _HOLDS}
)
PARTS = {
    "version": 1,
    "page": "contact",
    "question": "occupation",
    "choices": "purposes",
    "check": check_key(_CHECK),
    "calculated": "is_known",
    "working": "sum",
    "key": "individual",
}
LISTED = {"key": "occupation", "version": 0, "code": "employee"}
# What a membership of the role cannot be without.
PLACE: dict[str, dict[str, Any]] = {
    "BRANCH_STAFF": {"branch_code": "001"},
    "OPERATOR": {"valid_until": timezone.now() + timedelta(days=1)},
}

_CHANGING = re.compile(
    rb'value="[A-Za-z0-9]{64}"|name="working-for" value="[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}|\?next=[^"\s]*|nonce="[^"]*"'
)


def body_of(response: Any) -> bytes:
    """A page without what differs between any two answers: tokens and the id that was asked for."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return _CHANGING.sub(b"*", content)
