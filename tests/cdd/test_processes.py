"""Processes run together: all of them or none, and nothing is left behind, however the supervisor ends."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cdd.processes import Process, ProcessesError, Supervisor

ROOT = Path(__file__).resolve().parents[2]
STUBBORN = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)"
SUPERVISING = """
import os, sys, time
from pathlib import Path
from cdd.processes import Process, Supervisor
supervisor = Supervisor(Path(sys.argv[1]))
supervisor.start(Process("worker", [sys.executable, "-c", sys.argv[2]], dict(os.environ)))
time.sleep(60)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    supervisor = Supervisor(tmp_path)
    yield supervisor
    supervisor.stop()


def python(name: str, code: str) -> Process:
    return Process(name, [sys.executable, "-c", code], dict(os.environ))


def alive_with(mark: str) -> set[int]:
    """Living processes whose command line contains the mark."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                found.add(int(entry.name))
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_stopping_leaves_no_process_not_even_a_stubborn_grandchild(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = f"family of {tmp_path}"
    grandchild = f"{STUBBORN}  # {mark}"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {grandchild!r}]); time.sleep(60)"
    supervisor.start(python("parent", parent))
    wait_for(lambda: supervisor.log_of("parent").read_text() == "up\n")
    assert len(alive_with(mark)) == 2
    supervisor.stop()
    wait_for(lambda: not alive_with(mark))


def test_a_process_that_ends_is_named_with_the_end_of_its_log(supervisor: Supervisor) -> None:
    supervisor.start(python("worker", "import time; time.sleep(60)"))
    supervisor.start(python("sandbox", "print('the port is taken'); raise SystemExit(3)"))
    with pytest.raises(ProcessesError, match=r"(?s)^sandbox ended with exit code 3.*the port is taken"):
        supervisor.watch()


def test_a_killed_process_is_named_with_its_signal(supervisor: Supervisor) -> None:
    supervisor.start(python("beat", "import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(ProcessesError, match=r"^beat was killed by signal 9"):
        supervisor.wait_until(lambda: False, name="beat", seconds=10)


def test_a_process_that_is_never_ready_is_reported(supervisor: Supervisor) -> None:
    supervisor.start(python("web", "import time; time.sleep(60)"))
    with pytest.raises(ProcessesError, match=r"^web was not ready after 0 seconds"):
        supervisor.wait_until(lambda: False, name="web", seconds=0.2)


def test_a_command_run_beside_the_others_gives_its_exit_code(supervisor: Supervisor) -> None:
    supervisor.start(python("web", "import time; time.sleep(60)"))
    assert supervisor.run(python("story", "raise SystemExit(7)")) == 7


def test_a_command_is_ended_when_a_process_it_relies_on_dies(supervisor: Supervisor, tmp_path: Path) -> None:
    mark = f"story of {tmp_path}"
    supervisor.start(python("web", "raise SystemExit(1)"))
    with pytest.raises(ProcessesError, match=r"^web ended with exit code 1"):
        supervisor.run(python("story", f"import time; time.sleep(60)  # {mark}"))
    assert not alive_with(mark)


def test_processes_end_when_their_supervisor_is_killed(tmp_path: Path) -> None:
    mark = f"follows {tmp_path}"
    with _supervising(tmp_path, f"import time; time.sleep(60)  # {mark}", mark) as supervising:
        supervising.kill()
        supervising.wait()
        wait_for(lambda: not alive_with(mark))


def test_the_next_start_removes_what_a_killed_supervisor_left_and_nothing_else(tmp_path: Path) -> None:
    mark = f"left by {tmp_path}"
    bystander = subprocess.Popen([sys.executable, "-c", f"import time; time.sleep(60)  # {mark}"])
    try:
        with _supervising(tmp_path, f"{STUBBORN}  # {mark}", "SIG_IGN") as supervising:
            wait_for(lambda: (tmp_path / "worker.log").read_text() == "up\n")
            supervising.kill()
            supervising.wait()
            assert len(alive_with(mark)) == 2, "the stubborn process must have stayed, or nothing is tested"
            assert Supervisor(tmp_path).clean_up() == 1
            wait_for(lambda: alive_with(mark) == {bystander.pid})
            assert Supervisor(tmp_path).clean_up() == 0
    finally:
        bystander.kill()
        bystander.wait()


@contextlib.contextmanager
def _supervising(folder: Path, code: str, mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that supervises one running `code`."""
    command = [sys.executable, "-c", SUPERVISING, str(folder), code]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}) as supervising:
        try:
            wait_for(lambda: any(pid != supervising.pid for pid in alive_with(mark)))
            yield supervising
        finally:
            with contextlib.suppress(ProcessLookupError):
                supervising.send_signal(signal.SIGKILL)
