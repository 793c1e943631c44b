"""From an institution's one colour the few that its pages need, light and dark, and whether everybody can read them.

Pages use the colour for the strip at the top, marks and borders (WCAG 2.2, 1.4.11: 3 to 1) and below the words of the
main button (1.4.3: 4.5 to 1). The system replaces all of them where somebody forces colours of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

from questionnaires.branding.colours import Shade, colour_of, contrast, distance, shade_of

WORDS, MARKS = 4.5, 3.0
WHITE, BLACK = "#ffffff", "#1a1a1a"
STANDARD = "#005f5b"
# The grounds of the customers' pages and what means an error there (portal-tokens.css; a test compares them).
GROUNDS = {"light": ("#ffffff", "#f6f7f9", "#f0f2f5"), "dark": ("#15171b", "#1c1f24", "#22262c", "#262a31")}
DANGERS = {"light": ("#ce0000", "#a90000"), "dark": ("#d11a1a", "#ffa3a3")}
APART = 0.09


@dataclass(frozen=True, slots=True)
class Scheme:
    """What the style sheet sets for one scheme: the colour, the same under the pointer, and words on both."""

    brand: str
    strong: str
    words: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two colours that meet on a page. ``least``: the contrast that they need."""

    scheme: str
    use: str
    one: str
    other: str
    least: float

    @property
    def ratio(self) -> float:
        """Cut, never rounded up, after the second digit."""
        return int(contrast(self.one, self.other) * 100) / 100

    @property
    def passes(self) -> bool:
        return self.ratio >= self.least


@dataclass(frozen=True, slots=True)
class Alarm:
    """A colour that looks like the one of errors. ``apart``: how far from it, of the `APART` that are needed."""

    scheme: str
    brand: str
    danger: str
    apart: float


@lru_cache(maxsize=256)
def schemes_of(colour: str, words: str) -> dict[str, Scheme]:
    """Light, as it was chosen; and dark, of the same hue. ``words``: the colour of words on it."""
    shade = shade_of(colour)
    step = -0.07 if words == WHITE else 0.04
    strong = colour_of(replace(shade, lightness=shade.lightness + step))
    light = Scheme(colour, strong if _is_fine("light", Scheme(strong, strong, words)) else colour, words)
    return {"light": light, "dark": _dark(shade)}


def pairs_of(colour: str, words: str) -> list[Pair]:
    """Everything that must be told apart, in both schemes."""
    return [pair for name, scheme in schemes_of(colour, words).items() for pair in _pairs(name, scheme)]


def alarms_of(colour: str, words: str) -> list[Alarm]:
    """Where it could be taken for an error."""
    return [alarm for name, scheme in schemes_of(colour, words).items() for alarm in _alarms(name, scheme)]


def is_fine(colour: str, words: str) -> bool:
    """Whether customers' pages may have this colour."""
    return all(_is_fine(name, scheme) for name, scheme in schemes_of(colour, words).items())


def readable_words(colour: str) -> str:
    """White or black, whichever reads better on it."""
    return max((WHITE, BLACK), key=lambda words: contrast(colour, words))


@lru_cache(maxsize=256)
def nearest(colour: str, words: str) -> str:
    """The colour that looks most like it among those that pass: of the same hue if there is one, else of one beside."""
    if is_fine(colour, words):
        return colour
    shade = shade_of(colour)
    for turns in ((0,), range(-60, 61, 4)):
        tried = {colour_of(made) for made in _around(shade, turns)}
        near = sorted(tried, key=lambda made: distance(made, colour))
        if found := next((made for made in near if is_fine(made, words)), ""):
            return found
    return STANDARD


def _around(shade: Shade, turns: tuple[int, ...] | range) -> Iterator[Shade]:
    lightness = (step / 50 for step in range(10, 46)) if len(turns) > 1 else (step / 200 for step in range(30, 190))
    for level, share, turn in product(lightness, (1.0, 0.75, 0.5), turns):
        yield Shade(level, shade.chroma * share, (shade.hue + turn) % 360)


def _dark(shade: Shade) -> Scheme:
    """Light enough for dark ground, with words almost black; somewhat paler where it would look like an error."""
    words = colour_of(Shade(0.22, min(shade.chroma, 0.03), shade.hue))
    made = Scheme(WHITE, WHITE, words)
    for share, level in product((1.0, 0.75, 0.5, 0.25), (0.75, 0.79, 0.83, 0.87, 0.91)):
        chroma = min(shade.chroma, 0.11) * share
        brand, strong = (colour_of(Shade(one, chroma, shade.hue)) for one in (level, min(0.96, level + 0.06)))
        made = Scheme(brand, strong, words)
        if _is_fine("dark", made):
            break
    return made


def _pairs(name: str, scheme: Scheme) -> Iterator[Pair]:
    yield Pair(name, "button", scheme.words, scheme.brand, WORDS)
    yield Pair(name, "pointed", scheme.words, scheme.strong, WORDS)
    hardest = min(GROUNDS[name], key=lambda ground: contrast(ground, scheme.brand))
    yield Pair(name, "marks", scheme.brand, hardest, MARKS)


def _alarms(name: str, scheme: Scheme) -> Iterator[Alarm]:
    near, danger = min((distance(scheme.brand, one), one) for one in DANGERS[name])
    if near < APART:
        yield Alarm(name, scheme.brand, danger, near)


def _is_fine(name: str, scheme: Scheme) -> bool:
    return all(pair.passes for pair in _pairs(name, scheme)) and not any(_alarms(name, scheme))
