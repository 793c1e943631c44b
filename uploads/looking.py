"""What makes a photograph of a card or paper hard to read. Runs inside the jail: knows neither Django nor our code.

Hints for whoever took it, never a reason to refuse it: a white page is no glare, and a plain card is no blur.
"""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter

# Measured on a grey copy of this size, so that telephones of all kinds are measured alike.
LONGEST_SIDE = 1_024
_SMALLEST = (800, 480)
_DARK = 55
_WHITE = 252
# Of an edge, the steepest change from one point to its neighbours, as a share of the picture's own contrast.
_SHARP = 0.3
_FLAT = 24
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=0)
# The same the other way round: what falls below zero in one is seen in the other.
_INVERSE = ImageFilter.Kernel((3, 3), (0, -1, 0, -1, 4, -1, 0, -1, 0), scale=1, offset=0)
_RIM = 0.02


def hints_about(picture: Image.Image, *, width: int, height: int) -> list[str]:
    """Codes: small, dark, bright, blurred, cut_off, portrait. ``width`` and ``height``: of the picture as it came."""
    grey = picture.convert("L")
    grey.thumbnail((LONGEST_SIDE, LONGEST_SIDE), reducing_gap=2.0)
    levels = grey.histogram()
    darkest, median, brightest = (_level(levels, share) for share in (0.0005, 0.5, 0.998))
    contrast = brightest - darkest
    hints = []
    if max(width, height) < _SMALLEST[0] or min(width, height) < _SMALLEST[1]:
        hints.append("small")
    if median < _DARK and brightest < 2 * _DARK:
        hints.append("dark")
    if _is_washed_out(levels, median, contrast):
        hints.append("bright")
    edges = _edges(grey)
    if contrast < _FLAT or _level(edges.histogram(), 0.998) < _SHARP * contrast:
        hints.append("blurred")
    elif _runs_over(edges):
        hints.append("cut_off")
    if height > width * 1.1:
        hints.append("portrait")
    return hints


def _level(levels: Sequence[int], share: float) -> int:
    """The level below which a share of the points lies."""
    wanted, seen = share * sum(levels), 0
    for level, count in enumerate(levels):
        seen += count
        if seen >= wanted:
            return level
    return 255


def _is_washed_out(levels: Sequence[int], median: int, contrast: int) -> bool:
    """Nothing but white, or a white patch in what is not white by itself, as a lamp leaves it on a card."""
    white = sum(levels[_WHITE:]) / sum(levels)
    return (median >= 235 and contrast < 40) or (median < 238 and 0.03 < white < 0.5)


def _edges(grey: Image.Image) -> Image.Image:
    """How steeply it changes at each point; the outermost ones have no neighbours, and are left out."""
    steep = ImageChops.lighter(grey.filter(_LAPLACIAN), grey.filter(_INVERSE))
    return steep.crop((1, 1, max(2, steep.width - 1), max(2, steep.height - 1)))


def _runs_over(edges: Image.Image) -> bool:
    """Whether one rim is as busy as the middle while another is calm: there the paper goes on outside."""
    width, height = edges.size
    rim = max(2, round(min(width, height) * _RIM))
    middle = _busy(edges.crop((width // 4, height // 4, 3 * width // 4, 3 * height // 4)))
    rims = [
        _busy(edges.crop(box))
        for box in (
            (0, 2, rim, height - 2),
            (width - rim, 2, width, height - 2),
            (2, 0, width - 2, rim),
            (2, height - rim, width - 2, height),
        )
    ]
    return middle > 0 and max(rims) > 0.5 * middle and min(rims) < 0.2 * middle


def _busy(part: Image.Image) -> float:
    levels = part.histogram()
    return sum(level * count for level, count in enumerate(levels) if level > 12) / max(1, sum(levels))
