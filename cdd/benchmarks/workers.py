"""Worker processes that begin at one word, work until there is nothing left, and say what it cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time

from django.db import connection, connections, transaction

from cdd.benchmarks import peak_rss_mb
from channels.registry import forget_providers


@dataclass(frozen=True, slots=True)
class Work:
    """What the workers did together. ``cpu`` and ``server_cpu`` are seconds: theirs, and their PostgreSQL backends'."""

    done: int
    seconds: float
    cpu: float
    server_cpu: float
    peak_mb: float
    more_mb: float  # what the largest worker's peak grew by after its first third

    def figures(self, processes: int) -> Mapping[str, float]:
        """For a result, named after how many worked."""
        named = {
            "per_s": self.done / self.seconds,
            "cpu_ms_a_message": self.cpu / self.done * 1000,
            "server_cpu_ms_a_message": self.server_cpu / self.done * 1000,
            "peak_mb": self.peak_mb,
            "more_mb_after_a_third": self.more_mb,
        }
        return {f"{name}_by_{processes}": value for name, value in named.items()}


type Share = tuple[int, float, float, float, float]


def apart(work: Callable[[], object]) -> None:
    """Do it in a process of its own, so that the memory it takes is not what workers begin with.

    Raises:
        RuntimeError: it failed.
    """
    connections.close_all()
    process = get_context("fork").Process(target=work)
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"What goes before the measurement ended with {process.exitcode}.")


def let_work(step: Callable[[], int], *, rows: int, processes: int) -> Work:
    """Fork workers that repeat ``step``, which says how many it did, until it does nothing.

    Raises:
        RuntimeError: they did not do ``rows`` together.
    """
    forget_providers()
    connections.close_all()
    context = get_context("fork")
    pairs = [context.Pipe() for _ in range(processes)]
    arguments = [(theirs, step, rows // processes) for _, theirs in pairs]
    workers = [context.Process(target=_work, args=one, daemon=True) for one in arguments]
    for worker in workers:
        worker.start()
    for ours, _ in pairs:
        ours.recv()
    began = perf_counter()
    for ours, _ in pairs:
        ours.send(True)
    shares: list[Share] = [ours.recv() for ours, _ in pairs]
    seconds = perf_counter() - began
    for worker in workers:
        worker.join(10)
    done, cpu, server_cpu, peaks, more = zip(*shares, strict=True)
    if sum(done) != rows:
        raise RuntimeError(f"{sum(done)} of {rows} messages left.")
    return Work(sum(done), seconds, sum(cpu), sum(server_cpu), max(peaks), max(more))


def _work(pipe: Connection, step: Callable[[], int], expected: int) -> None:
    with transaction.atomic():
        backend = connection.connection.info.backend_pid
    pipe.send(True)
    pipe.recv()
    cpu, server_cpu = process_time(), _cpu_of(backend)
    sent, third = 0, 0.0
    while done := step():
        sent += done
        if not third and sent >= expected // 3:
            third = peak_rss_mb()
    peak = peak_rss_mb()
    pipe.send((sent, process_time() - cpu, _cpu_of(backend) - server_cpu, peak, peak - third if third else 0.0))
    forget_providers()
    connections.close_all()


def _cpu_of(pid: int) -> float:
    """Seconds that a process of this machine has run; 0 where Linux does not say."""
    said = Path(f"/proc/{pid}/schedstat")
    return int(said.read_text().split()[0]) / 1e9 if said.exists() else 0.0
