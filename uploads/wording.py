"""The sentences that explain why a file was not taken, made from codes at the edge."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from uploads.models import MOST_IN_ONE_PLACE
from uploads.pages import MAX_PAGES

_REASONS: Mapping[str, Promise] = {
    "empty": _("The file is empty. Please choose the picture again."),
    "too_large": _("The file is larger than %(limit)s MB. Please take the picture at a lower resolution."),
    "not_a_picture": _(
        "This is neither a picture in JPEG, PNG, WebP or HEIC nor a PDF. Please choose a photograph or a scan."
    ),
    "only_pdf": _("Only a PDF can be taken here. Please choose a PDF file."),
    "too_many_for_it": _("No more files can be added here. Please remove one first."),
    "too_much": _("The files are more than %(total)s MB together. Please remove one, or take smaller pictures."),
    "too_often": _("Too many files have come within an hour. Please try again later, or call us."),
    "pdf": _("A PDF cannot be taken here. Please choose a photograph (JPEG or PNG)."),
    "pdf_locked": _(
        "The PDF is locked by a password. Please open it, save it without the password (print it to a PDF), and upload"
        " that."
    ),
    "pdf_damaged": _("The PDF is damaged or not complete. Please save it once more, or take pictures of the pages."),
    "pdf_too_many_pages": _("The PDF has more than %(pages)s pages. Please split it and upload the parts."),
    "pdf_page_size": _("A page of the PDF is too large or too small to be drawn. Please print it to a PDF in A4."),
    "pdf_form": _(
        "The PDF is a form that only its maker's program can show. Please print it to a PDF there, and upload that."
    ),
    "pdf_fonts": _(
        "The PDF does not bring along the letters that it is written in, and some would be missing. Please save it with"
        " its fonts embedded, or take pictures of the pages."
    ),
    "pdf_too_costly": _(
        "The PDF could not be drawn in reasonable time. Please print it to a new PDF, or take pictures of the pages."
    ),
    "too_many_pixels": _("The picture has more than 40 million pixels. Please make it smaller and upload it again."),
    "damaged": _("The picture is damaged or not complete. Please take it again."),
    "too_costly": _("The picture could not be opened in reasonable time. Please take it again as a plain JPEG."),
    "infected": _("The virus scan found something harmful. The file was destroyed. Please tell your security contact."),
    "unopened": _("The stored file could not be opened again. Please upload it once more."),
    "too_many": _("There are %(count)s files here already, which is the most there may be."),
}


# The same in a word or two, for the audit trail.
REASONS: Mapping[str, Promise] = {
    "too_many_pixels": _("Too many pixels"),
    "damaged": _("Damaged"),
    "too_costly": _("Too costly to open"),
    "pdf_locked": _("Locked by a password"),
    "pdf_damaged": _("Damaged"),
    "pdf_too_many_pages": _("Too many pages"),
    "pdf_page_size": _("A page beyond all size"),
    "pdf_form": _("A form of one maker's program"),
    "pdf_fonts": _("Letters missing"),
    "pdf_too_costly": _("Too costly to open"),
    "infected": _("Harmful"),
    "unopened": _("Could not be opened again"),
}


def reason_in_words(code: str) -> str:
    """Why a file was not taken, and what to do."""
    if code not in _REASONS:
        return gettext("The file could not be taken. Please try another picture.")
    most = {"limit": settings.UPLOAD_MAX_BYTES // 1024**2, "count": MOST_IN_ONE_PLACE, "pages": MAX_PAGES}
    most["total"] = settings.ANSWER_FILES_MAX_BYTES // 1024**2
    return str(_REASONS[code]) % most
