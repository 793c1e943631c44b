"""What is said of a photograph that is hard to read, and that nothing is said of one that is not."""

from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from tests.uploads.hostile import card, written
from uploads.looking import hints_about
from uploads.pictures import remake


def hints(picture: Image.Image) -> list[str]:
    return hints_about(picture, width=picture.width, height=picture.height)


def shining() -> Image.Image:
    picture = card()
    spot = Image.new("L", picture.size, 0)
    ImageDraw.Draw(spot).ellipse((500, 200, 1000, 700), fill=255)
    picture.paste("white", mask=spot.filter(ImageFilter.GaussianBlur(30)))
    return picture


def page(rows: int) -> Image.Image:
    picture = Image.new("RGB", (2480, 3508), "white")
    draw = ImageDraw.Draw(picture)
    for row in range(rows):
        for x in range(300, 2100, 40):
            draw.rectangle((x, 300 + 80 * row, x + 5, 340 + 80 * row), fill="black")
    return picture


@pytest.mark.parametrize(
    ("picture", "found"),
    [
        (card(), []),
        (ImageEnhance.Brightness(card()).enhance(0.5), []),
        (card(blur=4), ["blurred"]),
        (card(blur=9), ["blurred"]),
        (ImageEnhance.Brightness(card()).enhance(0.15), ["dark"]),
        (shining(), ["bright"]),
        (card().resize((480, 300)), ["small"]),
        (card(box=(-300, 100, 1200, 900)), ["cut_off"]),
        (card((1000, 1600)), ["portrait"]),
        (Image.new("RGB", (1600, 1000), "white"), ["bright", "blurred"]),
        (page(20), ["portrait"]),
        (page(1), ["portrait"]),
    ],
    ids=["good", "dim", "blur", "fog", "dark", "lamp", "small", "cut", "upright", "blank", "page", "line"],
)
def test_a_picture_is_told_what_makes_it_hard_to_read(picture: Image.Image, found: list[str]) -> None:
    assert hints(picture) == found


def test_what_is_found_comes_out_of_the_jail_with_the_picture_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = card((1600, 1000), blur=6)
    assert remake(written(lying, "JPEG")).hints == ("blurred",)
    assert remake(written(lying, "JPEG", exif=exif.tobytes())).hints == ("blurred", "portrait")


@pytest.mark.parametrize("size", [(1, 1), (2, 3000), (3000, 2), (8, 8)])
def test_a_picture_of_any_shape_is_looked_at(size: tuple[int, int]) -> None:
    assert "small" in hints(Image.new("RGB", size, "grey"))
