"""Where each uploaded file is shown: with the case, visit, flag, certificate or paper that it belongs to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.urls import reverse

from companies.certificates.models import RegistryCertificate
from customers.flags.models import CustomerFlag
from customers.models import OwnerPaper
from outreach.models import PaperAnswer, VisitRecord
from questionnaires.models import Response
from reviews.models import Case
from tenants.models import TenantModel
from uploads.models import Upload

# What the file's reference is the id of, and the page of which of its columns shows it.
PLACES: Mapping[str, tuple[type[TenantModel], str, str]] = {
    Upload.Purpose.CASE_DOCUMENT: (Case, "case", "pk"),
    Upload.Purpose.VISIT_PHOTO: (VisitRecord, "outreach-task", "task_id"),
    Upload.Purpose.FLAG_EVIDENCE: (CustomerFlag, "customer-flags", "customer_id"),
    Upload.Purpose.REGISTRY_CERTIFICATE: (RegistryCertificate, "certificate", "pk"),
    Upload.Purpose.ANSWER_FILE: (Response, "customer", "customer_id"),
    Upload.Purpose.PAPER_ANSWER: (PaperAnswer, "paper-answer", "pk"),
    Upload.Purpose.OWNER_PAPER: (OwnerPaper, "customer-related", "customer_id"),
}


def pages_of_uploads(upload_ids: Collection[str]) -> dict[str, str]:
    """The address of the page by the upload's id; two queries, and one more for each further kind of place.

    Left out is what belongs to something that is gone, or that the person who asks may not see.
    """
    if not upload_ids:
        return {}
    found: dict[str, str] = {}
    rows = list(Upload.objects.filter(pk__in=upload_ids).values_list("pk", "purpose", "reference"))
    for purpose, (model, page, column) in PLACES.items():
        mine = {pk: reference for pk, kind, reference in rows if kind == purpose}
        if mine:
            places = model.objects.filter(pk__in=mine.values()).values_list("pk", column)
            shown = {pk: reverse(page, args=[shown_by]) for pk, shown_by in places}
            found |= {str(pk): shown[reference] for pk, reference in mine.items() if reference in shown}
    return found
