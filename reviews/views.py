"""The review queue, one case with old and new side by side, and the two people who decide it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from customers.models import Customer, RiskTier
from customers.presenting import hide, label, name_shown, or_erased, say
from customers.selectors import facts_of, facts_of_each
from customers.viewing import ViewReason, is_sensitive, reveal, shown_until
from ekyc.methods import METHODS, legal_basis
from ekyc.models import Verification
from reviews.answers import answers_told, picture_of_answer
from reviews.documents import attach_document, document_of, document_rows
from reviews.forms import DecisionForm, ReturnForm
from reviews.listing import NAME, asked_of
from reviews.models import Case, Decision, Discrepancy
from reviews.owners import owners_beside
from reviews.policies import ReviewRefused
from reviews.selectors import CaseDetail, attributes_of, case_detail, case_page, queue_counts
from reviews.services import IDENTITY, approve_decision, decide_case, return_decision
from tenants.forms import StaffForm
from tenants.middleware import StaffRequest
from tenants.people import names_of
from tenants.permissions import Permission, may, requires, takes_body_of
from tenants.sign_in.reauthentication import requires_recent_sign_in
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.services import UploadRefused
from uploads.serving import serve_upload


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One case of the queue."""

    case: Case
    name: str
    differences: str
    count: int


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """One discrepancy in words, and what is or was chosen."""

    attribute: str
    label: str
    kind: str
    severity: str
    is_serious: bool
    is_choice: bool
    old: str
    new: str
    choice: str
    is_accepted: bool
    outcome: str


@require_GET
@requires(Permission.VIEW_TASKS)
def queue(request: StaffRequest) -> HttpResponse:
    """Cases by state, the longest waiting first."""
    counts = queue_counts()
    asked = asked_of(request.GET.dict())
    status, tier = asked["status"], asked.get("tier", "")
    cursor = request.GET.get("after") or request.GET.get("before")
    page = case_page(status=status, tier=tier or None, cursor=cursor)
    facts = facts_of_each(case.customer for case in page.items)
    differing = attributes_of(page.items)
    masked = not may(request, Permission.VIEW_PERSONAL_DATA)
    rows = []
    for case in page.items:
        names = list(dict.fromkeys(label(key) for key in differing.get(case.pk, [])))
        rows.append(
            QueueRow(
                case=case,
                name=name_shown(case.customer, facts[case.customer_id], masked=masked),
                differences=_(", ").join(names[:4]) + ("…" if len(names) > 4 else ""),
                count=len(differing.get(case.pk, [])),
            )
        )
    context = {
        "page": page,
        "rows": rows,
        "status": status,
        "export": f"{reverse('export-new')}?{urlencode({'list': NAME, **asked})}",
        "tier": tier,
        "tiers": RiskTier.choices,
        "states": [(value, words, counts[value]) for value, words in Case.Status.choices],
    }
    return render(request, "staff/reviews/list.html", context)


@require_GET
@requires(Permission.VIEW_TASKS)
def case(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """One case. Seeing its personal data is a review of it, and recorded as one; of a sensitive customer it
    is shown only after somebody named the matter on the customer's page."""
    detail = _detail(case_id)
    if may(request, Permission.VIEW_PERSONAL_DATA) and not is_sensitive(detail.case.customer):
        reveal(
            request.session,
            customer=detail.case.customer,
            reason=ViewReason.REVIEW,
            actor=request.actor,
            now=timezone.now(),
        )
    return _case_page(request, detail, _form_for(detail))


@require_POST
@requires(Permission.DECIDE_CASE)
def decide(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """Propose what to do with the case."""
    detail = _detail(case_id)
    form = DecisionForm(_offered(detail), request.POST)
    if form.is_valid():
        try:
            decide_case(
                case=detail.case,
                outcome=form.cleaned_data["outcome"],
                accepted_fields=form.cleaned_data["accepted"],
                rationale=form.cleaned_data["rationale"],
                actor=request.actor,
                now=timezone.now(),
            )
        except ReviewRefused as refusal:
            return _case_page(request, _detail(case_id), form, refusal=str(refusal))
        messages.success(request, _("Your decision waits for a second person."))
        return redirect("case", case_id)
    return _case_page(request, detail, form)


@require_POST
@requires(Permission.APPROVE_CASE)
@requires_recent_sign_in(lambda case_id: reverse("case", args=[case_id]))
def approve(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """Put the proposed decision into effect."""
    detail = _detail(case_id)
    decision = _proposal(request, detail)
    try:
        approve_decision(decision=decision, actor=request.actor, now=timezone.now())
    except ReviewRefused as refusal:
        return _case_page(request, _detail(case_id), ReturnForm(), refusal=str(refusal))
    messages.success(request, _("The case is closed. The file, the rating and the next review date follow it."))
    return redirect("case", case_id)


@require_POST
@requires(Permission.APPROVE_CASE)
def give_back(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """Send the proposed decision back with a reason."""
    detail = _detail(case_id)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _case_page(request, detail, form)
    try:
        return_decision(
            decision=_proposal(request, detail),
            reason=form.cleaned_data["reason"],
            actor=request.actor,
            now=timezone.now(),
        )
    except ReviewRefused as refusal:
        return _case_page(request, _detail(case_id), form, refusal=str(refusal))
    messages.success(request, _("The decision went back to be made again."))
    return redirect("case", case_id)


@require_GET
@requires(Permission.VIEW_CUSTOMERS)
def documents(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """The documents of a case as they are now; for the page that waits for them."""
    detail = _detail(case_id)
    if "HX-Request" not in request.headers:
        return redirect("case", case_id)
    context = {"case": detail.case, **_documents(request, detail.case)}
    return render(request, "staff/reviews/documents.html#documents", context)


@takes_body_of(lambda: 4 * settings.UPLOAD_MAX_BYTES)  # so that a picture somewhat too large is refused in a sentence
@require_POST
@requires(Permission.DECIDE_CASE)
def add_document(request: StaffRequest, case_id: UUID) -> HttpResponse:
    """Take in a picture; asked for by htmx, answer with the documents alone, so that nothing begun is lost."""
    detail = _detail(case_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            attach_document(case_id=case_id, file=file, name=file.name, actor=request.actor, now=timezone.now())
        except (UploadRefused, ReviewRefused) as refusal:
            form.add_error("file", str(refusal))
        else:
            form = UploadForm()
    status = 422 if form.errors else 200
    if "HX-Request" in request.headers:
        context = {"case": detail.case, **_documents(request, detail.case), "document_form": form}
        return render(request, "staff/reviews/documents.html", context, status=status)
    if form.errors:
        return _case_page(request, _detail(case_id), _form_for(detail), document_form=form)
    return redirect("case", case_id)


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def document(request: StaffRequest, case_id: UUID, upload_id: UUID) -> HttpResponse:
    """One document, to whoever may see the customer's data now; seeing it is on record."""
    case = _detail(case_id).case
    return _served(request, case, lambda: document_of(case, upload_id))


@require_GET
@requires(Permission.VIEW_PERSONAL_DATA)
def answer_file(request: StaffRequest, case_id: UUID, upload_id: UUID) -> HttpResponse:
    """One picture that was handed in with the answers, as `document`; of a sensitive answer once a reason is given."""
    case = _detail(case_id).case
    shows_sensitive = _has_reason(request, case.customer)
    return _served(request, case, lambda: picture_of_answer(case, upload_id, shows_sensitive=shows_sensitive))


def _served(request: StaffRequest, case: Case, find: Callable[[], Upload]) -> HttpResponse:
    try:
        upload = find()
    except Upload.DoesNotExist:
        raise Http404 from None
    if not _may_see(request, case.customer):
        raise PermissionDenied
    return serve_upload(upload, actor=request.actor, now=timezone.now())


def _documents(request: StaffRequest, case: Case) -> dict[str, object]:
    may_see = _may_see(request, case.customer)
    rows = document_rows(case, masked=not may_see)
    return {
        "documents": rows,
        "documents_wait": any(row.upload.status == Upload.Status.PENDING for row in rows),
        "document_form": UploadForm(),
        "may_see": may_see,
        "is_scanned": settings.UPLOAD_SCAN == "required",
    }


def _has_reason(request: StaffRequest, customer: Customer) -> bool:
    """Whether the person has named the matter for which they look at this customer's data."""
    return shown_until(request.session, customer.pk, timezone.now()) is not None


def _may_see(request: StaffRequest, customer: Customer) -> bool:
    """Whether the person sees this customer's data; a sensitive one's only after naming the matter."""
    if is_sensitive(customer) and not _has_reason(request, customer):
        return False
    return may(request, Permission.VIEW_PERSONAL_DATA)


def _detail(case_id: UUID) -> CaseDetail:
    try:
        return case_detail(case_id)
    except Case.DoesNotExist:
        raise Http404 from None


def _proposal(request: StaffRequest, detail: CaseDetail) -> Decision:
    """The decision the person saw: a later one has another id."""
    wanted = request.POST.get("decision", "")
    for decision in detail.decisions:
        if str(decision.pk) == wanted:
            return decision
    raise Http404


def _offered(detail: CaseDetail) -> list[str]:
    """What may be taken over into the file; what an identity document says is only shown."""
    return [row.attribute for row in detail.discrepancies if row.kind != Discrepancy.Kind.IDENTITY]


def _form_for(detail: CaseDetail) -> StaffForm:
    if detail.case.status == Case.Status.OPEN:
        return DecisionForm(_offered(detail))
    return ReturnForm()


def _case_page(
    request: StaffRequest,
    detail: CaseDetail,
    form: StaffForm,
    *,
    refusal: str = "",
    document_form: UploadForm | None = None,
) -> HttpResponse:
    customer = detail.case.customer
    may_see = _may_see(request, customer)
    people = names_of(
        user_id for decision in detail.decisions for user_id in (decision.decided_by, decision.checked_by)
    )
    offered = _offered(detail)
    facts, proposal = facts_of(customer), detail.open_decision
    context = {
        "case": detail.case,
        "name": name_shown(customer, facts, masked=not may_see),
        "differences": [_difference(row, detail, form, masked=not may_see) for row in detail.discrepancies],
        "decisions": detail.decisions,
        "proposal": proposal,
        "is_own": proposal is not None and request.membership.did((proposal.decided_by, proposal.decided_person)),
        "people": people,
        "may_see": may_see,
        "form": form,
        "refusal": refusal,
        "method": _method(detail.case.verification),
        "choices_note": _("Accept or keep each item.") if offered else "",
        **owners_beside(detail.case, facts, masked=not may_see),
        **answers_told(detail.case, masked=not may_see, shows_sensitive=_has_reason(request, customer)),
        **_documents(request, detail.case),
    }
    if document_form is not None:
        context["document_form"] = document_form
    is_wrong = form.errors or refusal or (document_form and document_form.errors)
    return render(request, "staff/reviews/case.html", context, status=422 if is_wrong else 200)


def _method(verification: Verification | None) -> tuple[str, str]:
    """The way identity was verified, and the provision it rests on."""
    found = METHODS.get(verification.method_code) if verification else None
    if verification is None or found is None:
        return "", ""
    name = found.name if get_language() == "ja" else found.name_en
    known = verification.regulation_revision in found.letters
    return name, legal_basis(found.code, verification.regulation_revision) if known else ""


def _difference(row: Discrepancy, detail: CaseDetail, form: StaffForm, *, masked: bool) -> DifferenceRow:
    def shown(value: object) -> str:
        if value in (None, "", []):
            return ""
        words = _say_identity(value) if row.attribute == IDENTITY else say(row.attribute, value)
        is_company = detail.case.customer.kind == Customer.Kind.COMPANY
        return hide(row.attribute, words, is_company=is_company) if masked else words

    is_choice = row.kind != Discrepancy.Kind.IDENTITY
    last = detail.decisions[0] if detail.decisions else None
    settled = last is not None and last.status != Decision.Status.RETURNED and is_choice
    is_accepted = settled and last is not None and row.attribute in last.accepted_attributes
    return DifferenceRow(
        attribute=row.attribute,
        label=label(row.attribute),
        kind=str(row.get_kind_display()),
        severity=str(row.get_severity_display()),
        is_serious=row.severity == Discrepancy.Severity.SERIOUS,
        is_choice=is_choice,
        old=or_erased(lambda: shown(row.on_file)),
        new=or_erased(lambda: shown(row.answered)),
        choice=form.choice(row.attribute) if isinstance(form, DecisionForm) else "",
        is_accepted=is_accepted,
        outcome=_outcome(is_choice=is_choice, settled=settled, is_accepted=is_accepted),
    )


def _say_identity(value: object) -> str:
    """What an identity verification without an approval came to."""
    if not isinstance(value, Mapping):
        return str(value)
    status = str(value.get("status", ""))
    words = Verification.Status(status).label if status in Verification.Status.values else _("Not done")
    codes = ", ".join(map(str, value.get("reason_codes") or []))
    return f"{words} ({codes})" if codes else str(words)


def _outcome(*, is_choice: bool, settled: bool, is_accepted: bool) -> str:
    if not is_choice:
        return _("Shown by the identity document")
    if not settled:
        return ""
    return _("Accepted") if is_accepted else _("Kept as on file")
