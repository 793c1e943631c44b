"""What Linux says of processes: processor time, and the memory that this one and those it forked hold together."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from os import getpid, sysconf
from pathlib import Path
from time import perf_counter

PROC = Path("/proc")
# Seconds between two looks: one takes some milliseconds of the process that is looked at.
EVERY = 0.25


@dataclass(slots=True)
class Memory:
    """Megabytes over time, of this process with those it forked; a page that several share counts once (PSS)."""

    looks: list[tuple[float, float]] = field(default_factory=list)
    most_processes: int = 0

    @property
    def peak_mb(self) -> float:
        """The most at any look."""
        return max(mb for _, mb in self.looks)

    def peak_within(self, share: float) -> float:
        """The most within the first ``share`` of the time."""
        first, last = self.looks[0][0], self.looks[-1][0]
        return max(mb for at, mb in self.looks if at <= first + share * (last - first))


@contextmanager
def memory_watched() -> Iterator[Memory]:
    """Look several times a second until the end.

    By a signal: an import starts no process beside a thread.
    """
    memory = Memory()

    def look(*_: object) -> None:
        pids = family()
        memory.looks.append((perf_counter(), sum(map(_pss_mb, pids))))
        memory.most_processes = max(memory.most_processes, len(pids))

    was = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, EVERY, EVERY)
    look()
    try:
        yield memory
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        look()
        signal.signal(signal.SIGALRM, was)


def family() -> list[int]:
    """This process, and its children that run the same program, by whatever library they were forked."""
    me = getpid()
    return [me, *(pid for pid in children_of(me) if _command(pid) == _command(me))]


def children_of(parent: int) -> list[int]:
    """The processes that it has started and that have not ended."""
    found = []
    for directory in PROC.iterdir():
        if directory.name.isdecimal():
            with suppress(OSError):  # it has ended in the meantime
                if stat(int(directory.name))[1] == parent:
                    found.append(int(directory.name))
    return found


def cpu_of(pid: int, *, with_ended: bool = False) -> float:
    """Seconds of processor time of a process; ``with_ended``: of its children that have ended too."""
    return sum(stat(pid)[11 : 15 if with_ended else 13]) / sysconf("SC_CLK_TCK")


def stat(pid: int) -> list[int]:
    """The numbers of /proc/<pid>/stat, from the state on, which is no number and stands here as 0."""
    return [0, *map(int, (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1:])]


def _command(pid: int) -> bytes:
    with suppress(OSError):
        return (PROC / str(pid) / "cmdline").read_bytes()
    return b""


def _pss_mb(pid: int) -> float:
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
