"""Arithmetic of colours: contrast as WCAG 2.2 defines it, and OKLab, in which equal distances look equal.

Colours are written as in CSS, ``#rrggbb``. OKLab and its constants: Björn Ottosson, "A perceptual color space for image
processing" (2020), as CSS Color 4 takes it over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

type Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Shade:
    """A colour by what the eye tells apart: lightness from 0 to 1, chroma from 0 (grey), hue in degrees."""

    lightness: float
    chroma: float
    hue: float


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def distance(one: str, other: str) -> float:
    """How different they look, in OKLab: below 0.02 nobody sees it, black and white are 1 apart."""
    return math.dist(_lab(one), _lab(other))


def shade_of(colour: str) -> Shade:
    """A colour taken apart."""
    lightness, a, b = _lab(colour)
    return Shade(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360)


def colour_of(shade: Shade) -> str:
    """A shade as a screen can show it: with less chroma where there is no colour of so much."""
    most = shade.chroma
    for _ in range(24):
        rgb = _linear(Shade(shade.lightness, most, shade.hue))
        if all(-0.0005 <= part <= 1.0005 for part in rgb):
            break
        most *= 0.9
    return "#" + "".join(f"{round(255 * _encoded(min(1.0, max(0.0, part)))):02x}" for part in rgb)


def _channels(colour: str) -> Triple:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _decoded(red), _decoded(green), _decoded(blue)


def _luminance(colour: str) -> float:
    red, green, blue = _channels(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _decoded(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _encoded(part: float) -> float:
    return part * 12.92 if part <= 0.0031308 else 1.055 * part ** (1 / 2.4) - 0.055


def _lab(colour: str) -> Triple:
    red, green, blue = _channels(colour)
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear(shade: Shade) -> Triple:
    a = shade.chroma * math.cos(math.radians(shade.hue))
    b = shade.chroma * math.sin(math.radians(shade.hue))
    long = (shade.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (shade.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (shade.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
