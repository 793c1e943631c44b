"""Making a stranger's PDF harmless: each page drawn as a picture, in a jail, and nothing else of it kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from uploads.pictures import JPEG, Picture, PictureRefused, ask

MAX_PAGES = 30
SECONDS = 60.0
MAX_ANSWER = 50 * 1024**2
_ROOT = Path(__file__).resolve().parents[1]


def draw_pages(data: bytes) -> list[Picture]:
    """The pages of a PDF in their order, drawn by a process of its own with little time and memory and no files.

    Raises:
        PictureRefused: it is locked or damaged, has too many or too large pages, relies on letters that it does not
            bring along, or costs more than a paper may.
    """
    header, _, bodies = ask(_jail(_japanese_font()), data, seconds=SECONDS, most=MAX_ANSWER).partition(b"\n")
    try:
        said = json.loads(header)
        if "reason" in said:
            raise PictureRefused(str(said["reason"])[:40])
        pages = []
        for size, width, height in said["pages"]:
            pages.append(Picture(bodies[: int(size)], "PDF", int(width), int(height)))
            bodies = bodies[int(size) :]
    except (ValueError, KeyError, TypeError) as error:
        # Killed for its time or memory: it said nothing, or not to the end.
        raise PictureRefused("pdf_too_costly") from error
    if not pages or bodies or not all(page.body.startswith(JPEG) for page in pages):
        raise PictureRefused("pdf_too_costly")
    return pages


def _jail(font: str) -> tuple[str, ...]:
    program = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); from uploads.pages_jail import main; "
    return (sys.executable, "-I", "-B", "-c", f"{program}sys.exit(main({font!r}, {MAX_PAGES}))")


@cache
def _japanese_font() -> str:
    """Path of the machine's font for Japanese; empty if it has none. Many PDFs name common fonts without them."""
    command = shutil.which("fc-match")
    if command is None:
        return ""
    asked = subprocess.run(
        [command, "--format=%{file}\n%{lang}", ":lang=ja"],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
    )
    path, _, languages = asked.stdout.partition("\n")
    return path if "ja" in languages.split("|") and path.endswith((".ttf", ".otf", ".ttc", ".otc")) else ""
