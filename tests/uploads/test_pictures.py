"""F1: whatever a picture carries besides pixels stays in the jail, and no picture costs more than it may."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image

from tests.conftest import ROOT
from tests.uploads.hostile import (
    EICAR,
    SCRIPT,
    animated,
    icc_bomb,
    opened,
    photograph,
    png,
    text_bomb,
    with_place_and_turn,
    with_profile,
    written,
    zip_of,
)
from uploads import pictures
from uploads.confining import CLONE_THREAD, MACHINES, Machine, _program
from uploads.jail import ADDRESS_SPACE, CPU_SECONDS, MAX_PIXELS
from uploads.pictures import JAIL, PictureRefused, kind_of, remake

MEASURE = """
import os, sys
silence = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], {}, file_actions=silence)
usage = os.wait4(child, 0)[2]
print(usage.ru_maxrss, usage.ru_utime + usage.ru_stime)
"""


def code_of(data: bytes) -> str:
    try:
        kind_of(data)
        remake(data)
    except PictureRefused as refused:
        return refused.code
    return "taken"


def peak(data: bytes) -> tuple[int, float]:
    """MiB of memory and seconds of processor that the jail really used for a picture."""
    result = subprocess.run(
        [sys.executable, "-c", MEASURE, *JAIL], input=data, capture_output=True, check=True, timeout=60
    )
    kilobytes, seconds = result.stdout.split()
    return int(kilobytes) // 1024, float(seconds)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_a_plain_picture_comes_out_as_a_jpeg_of_the_same_look(kind: str) -> None:
    data = photograph(kind)
    assert kind_of(data) == kind
    picture = remake(data)
    assert (picture.kind, picture.width, picture.height) == (kind, 320, 200)
    again = opened(picture.body).convert("RGB")
    assert again.format is None
    assert opened(picture.body).format == "JPEG"
    left, right = again.getpixel((20, 100)), again.getpixel((300, 100))
    assert left[0] > 200 > 60 > left[2]  # type: ignore[index]  # RGB gives a tuple
    assert right[2] > 200 > 60 > right[0]  # type: ignore[index]  # three colours


def test_place_comment_and_colour_profile_are_gone_and_the_picture_stands_upright() -> None:
    sent = with_place_and_turn()
    before = opened(sent)
    assert before.getexif().get_ifd(0x8825), "control: the place was there"
    assert b"secret" in sent, "control"
    picture = remake(sent)
    after = opened(picture.body)
    assert (picture.width, picture.height) == (200, 320)
    assert not dict(after.getexif())
    assert b"secret" not in picture.body
    assert b"Exif" not in picture.body
    assert set(after.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    # What was on the left of a camera turned by 90° is at the top.
    assert after.convert("RGB").getpixel((100, 20))[0] > 200  # type: ignore[index]  # three colours
    profiled = with_profile()
    assert opened(profiled).info["icc_profile"], "control"
    assert "icc_profile" not in opened(remake(profiled).body).info


@pytest.mark.parametrize(
    ("name", "tail", "trace"),
    [
        ("zip", zip_of("x.php", b"<?php evil"), b"PK\x03\x04"),
        ("page", b"<html>" + SCRIPT, b"<script"),
        ("virus", EICAR, EICAR),
        ("pdf", b"%PDF-1.4 /JavaScript", b"/JavaScript"),
    ],
)
def test_what_hangs_on_behind_a_picture_is_gone(name: str, tail: bytes, trace: bytes) -> None:
    """Polyglots: one file, two formats."""
    for kind in ("JPEG", "PNG", "WEBP"):
        sent = photograph(kind) + tail
        assert trace in sent
        assert trace not in remake(sent).body, (name, kind)
    if name == "zip":
        assert zipfile.is_zipfile(BytesIO(photograph() + tail)), "control: it was an archive too"
        assert not zipfile.is_zipfile(BytesIO(remake(photograph() + tail).body))


def test_what_hides_inside_a_picture_is_gone() -> None:
    comment = photograph(comment=SCRIPT)
    assert SCRIPT in comment
    assert SCRIPT not in remake(comment).body


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"GIF89a" + bytes(100), "not_a_picture"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>", "not_a_picture"),
        (b"<svg onload=alert(1)>", "not_a_picture"),
        (b"MZ" + bytes(200), "not_a_picture"),
        (b"II*\0" + bytes(200), "not_a_picture"),
        (zip_of("a", b"b"), "not_a_picture"),
        (b"\0" * 1_024 + b"%PDF-1.7\n", "not_a_picture"),
        (bytes(3) + b"\x18ftypheic" + bytes(40), "damaged"),
        (bytes(3) + b"\x18ftypmif1" + bytes(40), "damaged"),
        (bytes(3) + b"\x18ftypavif" + bytes(40), "not_a_picture"),
        (b"\xff\xd8\xff", "damaged"),
        (b"\xff\xd8\xff\xe0" + SCRIPT, "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "damaged"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(16), "damaged"),
        (b"\xff\xd8\xff" + photograph("PNG"), "damaged"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, code: str) -> None:
    """The first bytes decide, never a name or a stated type."""
    assert code_of(data) == code


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    whole = photograph(kind, (640, 400))
    assert remake(whole)
    assert code_of(whole[: len(whole) // 2]) == "damaged"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_taken(kind: str) -> None:
    sent = animated(kind)
    assert opened(sent).n_frames == 3, "control"  # type: ignore[attr-defined]  # of pictures in several frames
    after = opened(remake(sent).body)
    assert getattr(after, "n_frames", 1) == 1
    assert after.convert("RGB").getpixel((10, 10))[0] > 200  # type: ignore[index]  # three colours


def test_what_is_see_through_is_laid_on_white() -> None:
    glass = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    assert opened(remake(written(glass, "PNG")).body).convert("RGB").getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize("side", [12_000, 15_000])
def test_a_bomb_of_pixels_is_refused_before_it_is_opened(side: int) -> None:
    """17 KB and 27 KB; Pillow by itself only warns of the first."""
    bomb = png(side)
    assert len(bomb) < 30_000
    assert code_of(bomb) == "too_many_pixels"
    memory, seconds = peak(bomb)
    assert memory < 100
    assert seconds < 2


def test_the_largest_picture_there_may_be_stays_below_the_limits() -> None:
    side = int(MAX_PIXELS**0.5) - 1
    memory, seconds = peak(png(side))
    assert remake(png(side)).width == 4_096
    assert memory < ADDRESS_SPACE // 1024**2 // 2
    assert seconds < CPU_SECONDS


@pytest.mark.parametrize("bomb", [icc_bomb, text_bomb])
def test_a_bomb_beside_the_pixels_costs_little(bomb: Callable[[], bytes]) -> None:
    """200 MB of colour profile or comment: refused, or gone without having been unpacked whole."""
    sent = bomb()
    assert len(sent) < 300_000
    memory, _ = peak(sent)
    assert memory < 120
    assert code_of(sent) == "damaged"


def in_a_process(first: str, then: str) -> subprocess.CompletedProcess[str]:
    program = (
        f"import os, socket\nfrom uploads.jail import close_the_doors\n{first}\n"
        f"try:\n    {then}\nexcept (OSError, MemoryError):\n    os._exit(7)"
    )
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)


ESCAPES = {
    "a file": "open('/etc/passwd')",
    "a socket": "socket.socket()",
    "a process": "os.fork() or os._exit(0)",
    "memory": f"bytearray({ADDRESS_SPACE + 1})",
}


@pytest.mark.parametrize("way", ESCAPES)
def test_a_decoder_taken_over_gets_no(way: str) -> None:
    """What an attacker's code could do in the jail, against the same code outside it."""
    outside = in_a_process("", ESCAPES[way])
    assert outside.returncode == 0, f"control: {outside.stderr}"
    inside = in_a_process("close_the_doors()", ESCAPES[way])
    assert (inside.returncode, inside.stdout) == (7, ""), inside.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give away")
def test_the_jail_is_nobody() -> None:
    assert in_a_process("close_the_doors()", "print(os.getuid(), os.getgroups())").stdout == "65534 []\n"


def test_a_decoder_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that neither reads nor answers, one that dies, and one that talks without end."""
    monkeypatch.setattr(pictures, "SECONDS", 0.5)
    for program in ("import time; time.sleep(60)", "raise SystemExit(9)", "while True: print('x' * 1000)"):
        monkeypatch.setattr(pictures, "JAIL", (sys.executable, "-c", program))
        with pytest.raises(PictureRefused) as refused:
            remake(b"\xff\xd8\xff" + bytes(1_000_000))
        assert refused.value.code == "too_costly"


def test_no_process_and_no_thread_is_left() -> None:
    before = threading.active_count()
    remake(photograph())
    assert threading.active_count() == before
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > 0


THREAD = "import threading; t = threading.Thread(target=int); t.start(); t.join()"


@pytest.mark.parametrize(
    ("way", "code"),
    [("os.fork() or os._exit(0)", 7), ("os.posix_spawn('/bin/true', ['true'], {}) or 1", 7), (THREAD, 0)],
    ids=["a process", "a program", "a thread"],
)
def test_a_decoder_with_threads_gets_threads_and_nothing_else(way: str, code: int) -> None:
    """That of HEIC. Where the kernel takes no filter it gets no threads either."""
    assert in_a_process("", way).returncode == 0, "control"
    inside = in_a_process("close_the_doors(has_threads=True)", way)
    assert inside.returncode == code, inside.stderr


def test_the_filter_of_each_machine_lets_threads_begin_and_nothing_else() -> None:
    for machine in MACHINES.values():
        refused, absent, allowed = 0x50001, 0x50026, 0x7FFF0000
        assert {run_filter(machine, number) for number in machine.starting} == {refused}
        assert run_filter(machine, machine.clone) == refused
        assert run_filter(machine, machine.clone, CLONE_THREAD | 0x100) == allowed
        assert run_filter(machine, machine.clone3) == absent
        assert run_filter(machine, 0) == allowed
        assert run_filter(machine, 0x40000000 + machine.clone) == refused, "the x32 calls"
        assert run_filter(machine, 0, audit=5) == refused, "another machine's calls"


def run_filter(machine: Machine, number: int, first: int = 0, audit: int = 0) -> int:
    """What the kernel would say, step by step."""
    given = {0: number, 4: audit or machine.audit, 16: first}
    at = held = 0
    while True:
        what, if_so, if_not, value = _program(machine)[at]
        at += 1
        if what == 0x20:
            held = given[value]
        elif what == 0x06:
            return value
        else:
            holds = {0x15: held == value, 0x35: held >= value, 0x45: bool(held & value)}[what]
            at += if_so if holds else if_not
