"""Taking in an XLSForm workbook: looked through, then read by a process of its own, which leaves nothing behind."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uploads.spreadsheets import WorkbookRefused, inspect_workbook

MAX_BYTES = 2 * 1024**2
SECONDS = 60.0
_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = "from questionnaires.xlsform.sheets import main; sys.exit(main())"
_CALLED = f"import sys; sys.path.insert(0, {str(_ROOT)!r}); {_PROGRAM}"
_JAIL = (sys.executable, "-I", "-B", "-c", _CALLED)

type Cells = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Workbook:
    """The cells of the sheets by name, each row with its number, and what pyxform has against it; "" for nothing."""

    sheets: dict[str, Cells]
    pyxform: str = ""


def read_workbook(data: bytes) -> Workbook:
    """The sheets survey, choices and settings; formulas count by the value they had when the file was saved.

    Raises:
        WorkbookRefused: it is no workbook, it hides something, or it has more in it than a questionnaire needs.
    """
    if len(data) > MAX_BYTES:
        raise WorkbookRefused("too_many_bytes", limit=MAX_BYTES // 1024**2)
    inspect_workbook(io.BytesIO(data))
    try:
        done = subprocess.run(_JAIL, input=data, capture_output=True, cwd="/", env={}, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise WorkbookRefused("too_costly") from None
    if done.returncode:
        raise _refusal(done.stderr)
    said: dict[str, Any] = json.loads(done.stdout)
    sheets = {name: [(number, cells) for number, cells in rows] for name, rows in said["sheets"].items()}
    return Workbook(sheets, said["pyxform"])


def _refusal(said: bytes) -> WorkbookRefused:
    """What the child said, or, if it was killed for its time or memory, that."""
    try:
        params = json.loads(said.splitlines()[-1])
        return WorkbookRefused(params.pop("reason"), **params)
    except (ValueError, IndexError, KeyError, AttributeError, TypeError):
        return WorkbookRefused("too_costly")
