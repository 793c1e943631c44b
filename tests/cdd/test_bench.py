"""The benchmark harness: every benchmark runs, at a small size, and says what it promises."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from billiard import Pipe
from billiard.context import ForkProcess

from cdd import benchmarks
from cdd.benchmarks import processes
from tests.conftest import ROOT


@pytest.mark.slow
def test_the_import_benchmark_runs_and_prints_one_json_object(process_environment: dict[str, str]) -> None:
    command = [sys.executable, "manage.py", "bench", "import", "--rows", "600", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=process_environment, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert set(result) == {
        "name", "rate_per_s", "ratio_to_peer", "ratio_to_limit", "peak_rss_mb", "figures", "work",
    }  # fmt: skip
    assert (result["name"], result["figures"]["rows"]) == ("import", 600)
    assert result["rate_per_s"] > 100
    assert result["ratio_to_peer"] > 1
    assert result["figures"]["peer_in_bulk_per_s"] > 0
    assert 0 < result["ratio_to_limit"] < 1
    assert result["peak_rss_mb"] < 400
    assert 0 < result["figures"]["peak_mb_in_first_fifth"] <= result["peak_rss_mb"]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rows"), [("dispatch", 300), ("dispatch-line", 300)])
def test_the_benchmarks_of_sending_run(process_environment: dict[str, str], name: str, rows: int) -> None:
    """How fast is for a quiet machine; that a batch is faster than one by one is not."""
    command = [sys.executable, "manage.py", "bench", name, "--rows", str(rows), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=process_environment, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert (result["name"], result["figures"]["rows"]) == (name, rows)
    assert result["ratio_to_peer"] > 2
    assert 0 < result["ratio_to_limit"] < 1


@pytest.mark.slow
def test_the_benchmark_of_the_customers_pages_walks_whole_visits(process_environment: dict[str, str]) -> None:
    """Every visit ended at its receipt, with few drafts and with many, or it would have failed."""
    command = [sys.executable, "manage.py", "bench", "portal", "--rows", "400", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=process_environment, capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert (result["name"], result["figures"]["drafts"]) == ("portal", 400)
    assert 0.05 < result["ratio_to_limit"] < 1
    assert result["ratio_to_peer"] > 0.3
    assert 0 < result["figures"]["p50_ms_at_60_percent"] < result["figures"]["p99_ms_at_60_percent"]


@pytest.mark.slow
def test_the_benchmark_of_mail_runs_beside_its_peer(process_environment: dict[str, str]) -> None:
    """Every mail of ours, of django-post_office and of the loop has arrived, or it would have failed."""
    command = [sys.executable, "manage.py", "bench", "dispatch-email", "--rows", "60", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=process_environment, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)["figures"]
    assert figures["rows"] == 60
    assert min(figures[f"{name}_by_{count}"] for name in ("per_s", "peer_per_s") for count in (1, 2)) > 0
    assert figures["cpu_ms_a_message_by_1"] < figures["peer_cpu_ms_a_message_by_1"]


@pytest.mark.slow
def test_the_benchmark_of_pages_finds_everybody_in_both_books(process_environment: dict[str, str]) -> None:
    """How the pages compare is for a quiet machine; that the size of the book costs no query is not."""
    command = [sys.executable, "manage.py", "bench", "pages", "--rows", "4000", "--json"]
    done = subprocess.run(command, cwd=ROOT, env=process_environment, capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)["figures"]
    assert figures["rows"] == 4_000
    for name in ("list", "number", "name", "surname", "telephone", "detail", "wide_segment", "count"):
        assert figures[f"{name}_queries"] == figures[f"{name}_queries_small"] > 0, name
        assert figures[f"{name}_p95_ms"] > 0


def test_benchmarks_are_found_by_their_modules() -> None:
    names = set(benchmarks.names())
    assert {"audit", "dispatch", "dispatch-email", "dispatch-line", "import", "pages"} <= names
    assert not {"books", "ground", "import-export-peer", "outbox", "post-office-peer", "processes", "sinks"} & names


def test_memory_is_that_of_the_processes_together_whoever_forked_them() -> None:
    """Celery's fork is no child that Python's multiprocessing knows of."""
    taken = 40

    def take(theirs: Any) -> None:
        held = random.Random(1).randbytes(taken * 1024**2)
        theirs.send(len(held))
        signal.pause()

    alone = processes.family()
    ours, theirs = Pipe(duplex=False)
    with processes.memory_watched() as memory:
        before = memory.peak_mb
        process = ForkProcess(target=take, args=(theirs,), daemon=True)
        process.start()
        assert process.pid
        try:
            ours.recv()
            assert set(processes.family()) == {*alone, process.pid}
            time.sleep(2 * processes.EVERY)
        finally:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
    assert memory.most_processes == len(alone) + 1
    assert memory.peak_mb > before + 0.9 * taken
