"""Keeps a few processes running together: all of them or none, and nothing left behind."""

import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

MARK = "KEIZOKU_SUPERVISED_BY"
PR_SET_PDEATHSIG = 1
SECONDS_TO_STOP = 12.0


class ProcessesError(Exception):
    """A process ended or did not become ready; the message names it and shows the end of its log."""


@dataclass(frozen=True)
class Process:
    """What to run."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Supervisor:
    """Starts processes, watches them, and stops all of them together.

    Each start has a random mark in its processes' environment, written down in `folder`. After a supervisor was killed
    the next one finds what it left by that mark, and by nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[Process, subprocess.Popen[bytes]]] = []
        self._mark_file = folder / "mark"
        self._mark = secrets.token_hex(16)
        folder.mkdir(parents=True, exist_ok=True)

    def clean_up(self) -> int:
        """Kill what a killed supervisor left running; returns how many processes that were."""
        with contextlib.suppress(FileNotFoundError):
            leftovers = list(_marked_with(self._mark_file.read_text().strip()))
            for pid in leftovers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return len(leftovers)
        return 0

    def start(self, process: Process) -> None:
        """Leave it running; its output goes to `<name>.log`."""
        with self.log_of(process.name).open("wb") as log:
            self._running.append((process, self._spawn(process, log)))

    def run(self, process: Process) -> int:
        """Run it to its end, its output on ours, while the others are watched; returns its exit code."""
        child = self._spawn(process, None)
        try:
            while child.poll() is None:
                self.check()
                time.sleep(0.1)
            return child.returncode
        finally:
            _end([child])

    def wait_until(self, is_ready: Callable[[], bool], *, name: str, seconds: float) -> None:
        """Until the process is ready. Raises ProcessesError when any process ends first, or at the end of the time."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise ProcessesError(f"{name} was not ready after {seconds:.0f} seconds.\n{self._end_of_log(name)}")
            time.sleep(0.1)

    def check(self) -> None:
        """Raises ProcessesError when a process has ended."""
        for process, child in self._running:
            code = child.poll()
            if code is not None:
                how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                raise ProcessesError(f"{process.name} {how}.\n{self._end_of_log(process.name)}")

    def watch(self) -> None:
        """Returns never; raises ProcessesError when a process ends."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        """End all, the last started first."""
        _end([child for _, child in reversed(self._running)])
        self._running.clear()

    def _spawn(self, process: Process, output: IO[bytes] | None) -> subprocess.Popen[bytes]:
        self._mark_file.write_text(self._mark)
        return subprocess.Popen(
            process.command,
            env={**process.environment, MARK: self._mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output and subprocess.STDOUT,
            # A session of its own: Ctrl-C reaches the supervisor, which stops the others in their order.
            start_new_session=True,
            preexec_fn=_follow_parent() if sys.platform == "linux" else None,
        )

    def log_of(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _end_of_log(self, name: str, lines: int = 20) -> str:
        path = self.log_of(name)
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return f"The end of {path}:\n" + "\n".join(text.splitlines()[-lines:])


class Stopped(BaseException):
    """A person or the system asked us to stop; like KeyboardInterrupt, not an error that code may swallow."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number


def stop_on_signals() -> None:
    """Turn the first SIGINT, SIGTERM or SIGHUP into Stopped, and ignore those that follow while we clean up."""
    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def stop(number: int, frame: FrameType | None) -> None:
        for other in asked:
            signal.signal(other, signal.SIG_IGN)
        raise Stopped(number)

    for number in asked:
        signal.signal(number, stop)


def _end(children: Sequence[subprocess.Popen[bytes]]) -> None:
    """Ask them to end; kill those that do not, and every child they leave."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + SECONDS_TO_STOP
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _follow_parent() -> Callable[[], None]:
    """For a child between fork and exec: end when the supervisor ends, however it ends. Linux only."""
    library = ctypes.CDLL(None)
    parent = os.getpid()

    def follow() -> None:
        library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return follow


def _marked_with(mark: str) -> Iterable[int]:
    """The processes of ours that carry the mark, where /proc shows environments."""
    needle = f"{MARK}={mark}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if needle in (entry / "environ").read_bytes().split(b"\0"):
                yield int(entry.name)
