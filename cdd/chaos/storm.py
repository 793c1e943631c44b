"""The product's processes on a ground of their own, and what is done to them."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from json import loads
from pathlib import Path

import httpx
from django.conf import settings
from redis import Redis

from cdd.benchmarks.ground import Ground
from cdd.processes import _follow_parent

SECONDS_TO_START = 60
# Every so many kills take a whole worker; the others take one of its processes, which it replaces at once.
WHOLE = 6
QUEUES = {"first": ("default,delivery", 2), "second": ("default,delivery", 2), "printer": ("letters", 1)}


class DidNotStart(Exception):
    """A process of the trial was not ready in time."""


@dataclass(slots=True)
class Damage:
    """What was done."""

    kills: int = 0
    whole_workers: int = 0
    # that ended by themselves and were started again, as they are in production
    restarts: int = 0
    postgres_crashes: int = 0
    valkey_crashes: int = 0


@dataclass(slots=True)
class Stage:
    """Sandbox, web, workers and beat, all started by us and ended by us."""

    ground: Ground
    environment: dict[str, str]
    sandbox: str = ""
    smtp: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process; a worker that was killed starts again under its name."""
        log = (self.ground.place / f"{name}.log").open("ab")
        with log:
            self.running[name] = subprocess.Popen(
                command, cwd=settings.BASE_DIR, env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=_follow_parent() if sys.platform == "linux" else None,
            )  # fmt: skip

    def start_worker(self, name: str) -> None:
        """A real Celery worker."""
        queues, processes = QUEUES[name]
        self.start(name, [
            sys.executable, "-m", "celery", "-A", "cdd", "worker", "--hostname", f"{name}@%h", "--queues", queues,
            "--concurrency", str(processes), "--without-gossip", "--without-mingle", "--loglevel", "WARNING",
        ])  # fmt: skip

    def start_beat(self) -> None:
        """What wakes the workers."""
        schedule = str(self.ground.place / "beat-schedule")
        self.start("beat", [
            sys.executable, "-m", "celery", "-A", "cdd", "beat", "--schedule", schedule, "--pidfile", "",
            "--loglevel", "WARNING",
        ])  # fmt: skip

    def supervise(self) -> int:
        """Start again, as production does, the workers that ended by themselves; returns how many these were."""
        ended = [name for name in QUEUES if name in self.running and self.running[name].poll() is not None]
        for name in ended:
            self.start_worker(name)
        return len(ended)

    def stop(self) -> None:
        """End all, with every child they have."""
        for process in self.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.running.clear()


@contextmanager
def stage(ground: Ground, *, hurry: int) -> Iterator[Stage]:
    """Sandbox and web; workers and beat are for the caller to start."""
    port = _free_port()
    web = f"http://127.0.0.1:{port}"
    environment = {**ground.environment, "PUBLIC_BASE_URL": web, "DELIVERY_HURRY": str(hurry)}
    was, settings.PUBLIC_BASE_URL = settings.PUBLIC_BASE_URL, web
    here = Stage(ground, environment)
    data = ground.place / "sandbox"
    try:
        here.start("sandbox", [
            sys.executable, "-m", "sandbox", "--port", "0", "--smtp-port", "0", "--data", str(data),
            "--callback-base", web,
        ])  # fmt: skip
        here.start("web", [
            sys.executable, "-m", "gunicorn", "cdd.wsgi:application", "--config", "python:cdd.serving",
            "--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "4",
        ])  # fmt: skip
        _wait("the sandbox", (data / "ports.json").exists)
        ports = loads((data / "ports.json").read_text())
        here.sandbox, here.smtp = f"http://127.0.0.1:{ports['http']}", f"127.0.0.1:{ports['smtp']}"
        _wait("the web", lambda: _answers(f"{web}/healthz"))
        yield here
    finally:
        settings.PUBLIC_BASE_URL = was
        here.stop()


def storm(here: Stage, *, seconds: float, dice: random.Random) -> Damage:
    """Kill workers every 0.2 to 0.9 s, PostgreSQL twice, Valkey once with all it held; then leave them in peace."""
    damage = Damage()
    began = time.monotonic()
    crashes: list[tuple[float, Callable[[], None]]] = [
        (0.25 * seconds, lambda: _crash_postgres(here, damage)),
        (0.50 * seconds, lambda: _crash_valkey(here, damage, away=0.2 * seconds)),
        (0.75 * seconds, lambda: _crash_postgres(here, damage)),
    ]
    while (passed := time.monotonic() - began) < seconds or crashes:
        time.sleep(dice.uniform(0.2, 0.9))
        if crashes and passed > crashes[0][0]:
            crashes.pop(0)[1]()
        _kill_somebody(here, damage, dice)
        damage.restarts += here.supervise()
    return damage


def _kill_somebody(here: Stage, damage: Damage, dice: random.Random) -> None:
    damage.kills += 1
    if damage.kills % WHOLE:
        children = [pid for name in QUEUES for pid in _children(here.running[name].pid)]
        if children:
            with suppress(ProcessLookupError):
                os.kill(dice.choice(children), signal.SIGKILL)
        return
    name = dice.choice(list(QUEUES))
    damage.whole_workers += 1
    worker = here.running[name]
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    here.start_worker(name)


def _crash_postgres(here: Stage, damage: Damage) -> None:
    here.ground.servers.kill_postgres()
    time.sleep(0.5)
    here.ground.servers.revive()
    damage.postgres_crashes += 1


def _crash_valkey(here: Stage, damage: Damage, *, away: float) -> None:
    """All messages gone, then the server, for many times as long as a lease lasts in such a hurry."""
    with Redis.from_url(here.environment["REDIS_URL"]) as valkey:
        valkey.flushall()
    here.ground.servers.kill_valkey()
    time.sleep(away)
    here.ground.servers.revive()
    damage.valkey_crashes += 1


def _children(pid: int) -> list[int]:
    """The processes of a worker, where /proc says."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in file.read_text().split()]
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code < 500
    except httpx.HTTPError:
        return False


def _wait(what: str, is_ready: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while not is_ready():
        if time.monotonic() > until:
            raise DidNotStart(f"{what} was not ready after {SECONDS_TO_START} seconds")
        time.sleep(0.1)
