"""The sentences of the page of the look, for what customers never read."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from questionnaires.branding.colouring import APART, MARKS, WORDS, Alarm, Pair, alarms_of, pairs_of
from uploads.wording import reason_in_words

SCHEMES: Mapping[str, Promise] = {"light": _("light"), "dark": _("dark")}
USES: Mapping[str, Promise] = {
    "button": _("words of the main button"),
    "pointed": _("words of the button under the pointer"),
    "marks": _("strip, marks and borders on the page"),
}
_READS = (
    _("Too hard to read for many customers"),
    _("Reads well, for older eyes too"),
    _("Reads very well, for weak eyes too"),
)
_STANDS_OUT = (_("Many customers would not see it"), _("Stands out"), _("Stands out clearly"))
_REASONS: Mapping[str, Promise] = {
    "only_png": _("Only a picture in PNG can be taken here. Please save the mark as PNG and choose that file."),
    "svg": _(
        "A drawing in SVG cannot be taken: such files can hold programs. Please save the mark as PNG, 288 pixels wide"
        " or more, and choose that file."
    ),
    "mark_too_large": _("The mark is larger than 500 KB or 4 million pixels. Please save it smaller."),
    "mark_too_small": _("The mark has fewer than 72 pixels. Please save it larger: 288 pixels are good."),
    "mark_too_busy": _("The picture holds too much to be a mark. Please choose one with plain shapes and few colours."),
}


def why_no_mark(code: str) -> str:
    """Why a picture was not taken as the mark, and what to do."""
    return str(_REASONS[code]) if code in _REASONS else reason_in_words(code)


def in_words(pair: Pair) -> str:
    """What a contrast means to whoever looks: of words (WCAG 2.2, 1.4.3 and 1.4.6), or of marks (1.4.11)."""
    if pair.use == "marks":
        return str(_STANDS_OUT[0 if pair.ratio < MARKS else 1 if pair.ratio < WORDS else 2])
    return str(_READS[0 if pair.ratio < WORDS else 1 if pair.ratio < 7 else 2])


def complaints_about(colour: str, words: str) -> list[str]:
    """Why customers' pages may not have this colour: what cannot be read, with its number, and what looks wrong."""
    failed = [_unread(pair) for pair in pairs_of(colour, words) if not pair.passes]
    return failed + [_alarming(alarm) for alarm in alarms_of(colour, words)]


def _unread(pair: Pair) -> str:
    return gettext(
        "Too little contrast for %(use)s (%(scheme)s): %(ratio).2f to 1, and %(least).1f to 1 is needed."
    ) % {
        "use": USES[pair.use],
        "scheme": SCHEMES[pair.scheme],
        "ratio": pair.ratio,
        "least": pair.least,
    }


def _alarming(alarm: Alarm) -> str:
    return gettext(
        "Too much like the red of errors (%(scheme)s): customers would take your buttons for warnings."
        " The colours are %(apart).2f apart, and %(least).2f is needed."
    ) % {"scheme": SCHEMES[alarm.scheme], "apart": alarm.apart, "least": APART}
