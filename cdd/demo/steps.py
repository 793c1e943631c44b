"""Running the story's steps for several banks at once, one printed line each, stopping at the first failure."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TextIO


class StepFailed(Exception):
    """Names the step, the bank and what was wrong."""


@dataclass(frozen=True)
class Done:
    """What a step did for one bank: how many, of what."""

    count: int
    unit: str


class Steps[B]:
    """Runs each step for all banks in parallel; a step is done when it is done for every bank."""

    def __init__(self, banks: Sequence[B], output: TextIO) -> None:
        self._banks = banks
        self._output = output
        self._began = time.monotonic()
        self._is_terminal = output.isatty()
        self.finished = 0

    def run(self, name: str, act: Callable[[B], Done]) -> list[Done]:
        """Do one step.

        Raises:
            StepFailed: for any bank. The other banks' work is waited for, not abandoned.
        """
        began = time.monotonic()
        if self._is_terminal:
            self._output.write(f"  …  {name}\r")
            self._output.flush()
        with ThreadPoolExecutor(len(self._banks)) as pool:
            futures = [(bank, pool.submit(act, bank)) for bank in self._banks]
        failures = [(bank, future.exception()) for bank, future in futures if future.exception()]
        seconds = time.monotonic() - began
        if failures:
            self._line("✗", name, "", seconds)
            bank, error = failures[0]
            raise StepFailed(f"{name} ({bank}): {error or type(error).__name__}") from error
        results = [future.result() for _, future in futures]
        if not sum(result.count for result in results):
            self._line("✗", name, "0", seconds)
            raise StepFailed(f"{name}: nothing was done, so nothing was checked.")
        self.finished += 1
        total = sum(result.count for result in results)
        self._line("✓", name, f"{total:,} {results[0].unit}", seconds)
        return results

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self._began

    def _line(self, mark: str, name: str, count: str, seconds: float) -> None:
        line = f"{mark} {self.finished + (mark == '✗'):>2}  {name:<58} {count:>26} {seconds:>8.1f} s"
        colour = {"✓": "\033[32m", "✗": "\033[31m"}[mark]
        self._output.write(f"{colour}{line[0]}\033[0m{line[1:]}\n" if self._is_terminal else line + "\n")
        self._output.flush()
