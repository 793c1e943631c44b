"""Files in words: what was handed in, and what makes a picture hard to read."""

from __future__ import annotations

from collections.abc import Sequence

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from questionnaires.files.selectors import Handed
from questionnaires.routing import files_in
from questionnaires.schema import Question, Side
from uploads.models import Upload
from uploads.wording import reason_in_words

_NOT_OPENED = frozenset({"too_many_pixels", "damaged", "too_costly", "unopened"})


def side_in_words(side: str) -> str:
    """Front or back; "" where no side was asked for."""
    return {Side.FRONT: _("Front side"), Side.BACK: _("Back side")}[Side(side)] if side else ""


def files_in_words(answer: object) -> list[str]:
    """What was handed in with an answer, file by file."""
    return [
        _file(str(file.get("side", "")), number, str(file.get("kind", "")), file.get("size"))
        for number, file in enumerate(files_in(answer), start=1)
    ]


def handed_in_words(one: Handed, number: int) -> str:
    """A file on the page where it was handed in."""
    return _file(one.file.side, number, str(one.upload.kind), one.upload.size)


def _file(side: str, number: int, kind: str, size: object) -> str:
    what = _("PDF") if kind == Upload.Kind.PDF else _("Photograph")
    which = side_in_words(side) or str(number)
    return _("%(which)s: %(what)s (%(size)s)") % {"which": which, "what": what, "size": filesizeformat(str(size))}


def remarks_on(one: Handed, question: Question) -> list[str]:
    """What whoever sent it should know: that it is still being checked, was not taken, or is hard to read."""
    if one.is_refused:
        return [refusal_in_words(one.upload.reason)]
    if one.upload.status == Upload.Status.PENDING:
        return [_("It is being checked. You can go on.")]
    return hints_in_words(one.upload.hints, is_card=bool(question.sides))


def refusal_in_words(code: str) -> str:
    """Why a file was not taken, for the customer."""
    if code == "infected":
        return _("The virus scan found something harmful in the file, and it was destroyed. Please call us.")
    if code.startswith("pdf_"):
        return _(
            "The PDF cannot be opened. Please save it once more without a password, or take pictures of the pages."
        )
    if code in _NOT_OPENED:
        return _("The picture cannot be opened. Please take it again.")
    return reason_in_words(code)


def hints_in_words(hints: Sequence[str], *, is_card: bool) -> list[str]:
    """``is_card``: it has a front and a back, and so lies on its long side."""
    words = {
        "blurred": _("The picture seems blurred, and the letters may not be readable."),
        "dark": _("The picture seems too dark."),
        "bright": _("Part of the picture shines white, and the letters there may not be readable."),
        "small": _("The picture is small, and the letters may not be readable. Please go closer."),
        "cut_off": _("Part of the document seems to be cut off."),
    }
    if is_card:
        words["portrait"] = _("The picture is upright. A card is easier to read when the telephone is held sideways.")
    return [words[hint] for hint in hints if hint in words]
