"""Measurements of the headline paths: each against its peer and its physical limit, in the same run.

A benchmark is a module here with `ROWS` (its usual size) and `run(rows) -> Result`; its name is the
module's, with - for _ and without the _ that keeps a name apart from a word of the language.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

_NOT_BENCHMARKS = frozenset(
    (
        "bare_peer", "books", "ground", "import_export_peer", "outbox", "post_office_peer", "processes", "sinks",
        "visitors", "workers",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found.

    `ratio_to_peer` and `ratio_to_limit` say how many times as fast as the peer and as the limit we are (1/6 of
    the limit is 0.167). `figures` has what the ratios were made from; `work` says in words what was done.
    """

    name: str
    rate_per_s: float
    ratio_to_peer: float
    ratio_to_limit: float
    peak_rss_mb: float
    work: str
    figures: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> str:
        """One JSON object on one line."""
        return json.dumps(asdict(self), ensure_ascii=False)

    def as_text(self) -> str:
        """For a person at a terminal."""
        lines = [
            f"{self.name}: {self.rate_per_s:,.0f} a second",
            f"  {self.ratio_to_peer:.2f} times its peer, {self.ratio_to_limit:.3f} of the limit",
            f"  peak memory {self.peak_rss_mb:.0f} MB",
            f"  {self.work}",
        ]
        return "\n".join([*lines, *(f"    {name}: {value:,.3f}" for name, value in self.figures.items())])


def names() -> list[str]:
    """The benchmarks there are."""
    return sorted(_modules())


def run(name: str, rows: int | None = None) -> Result:
    """Run one benchmark, at its usual size unless told otherwise."""
    module = import_module(f"{__name__}.{_modules()[name]}")
    measure: Callable[[int], Result] = module.run
    return measure(rows or module.ROWS)


def _modules() -> dict[str, str]:
    found = (module.name for module in iter_modules(__path__) if module.name not in _NOT_BENCHMARKS)
    return {name.rstrip("_").replace("_", "-"): name for name in found}


def peak_rss_mb() -> float:
    """The most memory this program has held so far.

    Linux carries the high-water mark of getrusage over from the process that started this one; VmHWM is our own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)
