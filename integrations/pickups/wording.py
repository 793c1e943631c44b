"""The sentences of pick-ups: why a place could not be looked at, and why a file waits for a person."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from customers.wording import refusal
from integrations.pickups.models import PickedFile, PickupSource
from integrations.pickups.rules import LAST

_FAILURES: Mapping[str, Promise] = {
    "no_root": _("This service has no folder for files. Ask its operator, or use an SFTP server."),
    "no_folder": _("The folder is not there. Check its name, and whether whoever brings the files has made it."),
    "link": _("A link lies where the folder or the file should be. Links are not followed; put the file itself there."),
    "permission": _("The folder or a file in it may not be read by us. Ask for the right to read."),
    "unreadable": _("The folder or a file in it could not be read. Ask whoever runs the place."),
    "unreadable_names": _("A file in the folder has a name that is not UTF-8. Rename it or take it away."),
    "too_many_files": _("There are more than %(limit)s files in the folder. Put old ones elsewhere."),
    "unreachable": _("The server does not answer. It is tried again by itself; if it goes on, ask whoever runs it."),
    "cut_off": _("The connection broke while reading. It is tried again by itself."),
    "too_slow": _("The files came so slowly that we stopped after an hour. Ask whoever runs the server."),
    "no_sftp": _("The server let us in but offers no SFTP. Ask whoever runs it."),
    "other_protocol": _(
        "The server does not show a key of the kind that was agreed on, or speaks only old procedures. Nothing was"
        " sent to it. Ask whoever runs it for its present host key."
    ),
    "host_key": _(
        "The server shows another host key than the one that was agreed on (%(shown)s). It may be a different machine"
        " that pretends to be it, so we do not sign in. Ask whoever runs it by telephone, and enter the new key only"
        " if they confirm it."
    ),
    "refused_login": _(
        "The server does not let us in. Check the user name, and whether our public key is registered there."
    ),
    "forbidden_address": _(
        "This address is not one of the public internet nor of a network that the operator has opened."
        " Ask the operator."
    ),
    "disk_full": _("The service has no room for the file. Ask its operator; nothing of the file was taken in."),
    "archive": _(
        "The files were fetched but could not be moved into the folder “archive”. Ask for the right to write there, or"
        " leave files where they are."
    ),
}
_HELD: Mapping[str, Promise] = {
    "columns": _("The columns of this file have not been confirmed yet."),
    "unreadable_book": _("The file could not be read to its end."),
    "decided": _("Somebody has decided about the file already."),
    "not_approved": _("Taking in by itself is no longer approved."),
    "no_rows": _("The file has no rows."),
    "too_many_rejected": _("More rows would not be taken than the limit allows."),
    "too_many_changed": _("More customers would be entered or changed than the limit allows."),
}


WEEKDAYS: Mapping[int, Promise] = {
    0: _("Monday"), 1: _("Tuesday"), 2: _("Wednesday"), 3: _("Thursday"), 4: _("Friday"), 5: _("Saturday"),
    6: _("Sunday"),
}  # fmt: skip


def nth_words(nth: int) -> str:
    """Which banking day of the month."""
    return gettext("Banking day %(nth)s") % {"nth": nth} if nth != LAST else gettext("The last banking day")


def expected_days(source: PickupSource) -> str:
    """On which days a file should come."""
    if source.expected_nth is not None:
        return gettext("every month, %(day)s") % {"day": nth_words(source.expected_nth)}
    if source.expected_weekdays:
        return "、".join(str(WEEKDAYS[day]) for day in source.expected_weekdays)
    return str(source.get_expected_days_display())


def failure(code: str, params: Mapping[str, str]) -> str:
    """Why a place could not be looked at, and what to do."""
    return str(_FAILURES[code]) % params if code in _FAILURES else gettext("The place could not be looked at.")


def trouble_of(source: PickupSource) -> str:
    """What is wrong with a source, and what to do; "" if nothing is."""
    if source.failure_code:
        return failure(source.failure_code, source.failure_params)
    if source.missing_since:
        hour = date_format(timezone.localtime(source.missing_since), "DATETIME_FORMAT")
        return gettext("No file came by %(hour)s. Ask whoever brings it.") % {"hour": hour}
    return ""


def note_of(file: PickedFile) -> str:
    """Why a file was held or refused; "" if it was not."""
    if file.status == PickedFile.Status.REFUSED:
        return refusal(file.code, file.params)
    return str(_HELD[file.code]) if file.code in _HELD else ""


def again_of(file: PickedFile, people: Mapping[int, str]) -> str:
    """Who asked for a file once more, and why; "" if nobody did."""
    if not file.again_reason:
        return ""
    words = gettext("Fetched again, asked for by %(person)s: %(reason)s")
    return words % {"person": people.get(file.asked_by or 0, ""), "reason": file.get_again_reason_display()}
