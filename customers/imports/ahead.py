"""Work done ahead in a process of its own, so that one batch is made ready while PostgreSQL writes the one before."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from typing import Any

from billiard import Pipe
from billiard.context import ForkProcess
from django.db import connections

_END = None


class HelperLost(Exception):
    """The process that worked ahead ended without a word: killed, or out of memory. Nothing of it is written."""


def may_fork() -> bool:
    """Whether this process is one that can be forked: no other thread may hold a lock that would never be released."""
    return threading.active_count() == 1


def made_ahead[T](make: Callable[[], Iterator[T]]) -> Generator[T]:
    """What `make` yields, made in a process of its own, one item ahead of whoever takes them (more if they are small).

    They travel pickled through a pipe. Needs no open transaction: the process has the caller's tenant, actor and opened
    keys, and database connections of its own. What `make` raises is raised here.

    Raises:
        HelperLost: it ended before `make` did.
    """
    ours, theirs = Pipe(duplex=False)
    # Celery's own: Python's multiprocessing lets a worker's process have no children.
    process = ForkProcess(target=_send_all, args=(ours, theirs, make), daemon=True)
    process.start()
    theirs.close()
    try:
        gc.freeze()  # what was there before stays shared: a collection would write into every page of it
        while (item := ours.recv()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
    except EOFError:
        raise HelperLost from None
    finally:
        gc.unfreeze()
        ours.close()  # it ends at its next word, if it has not yet
        if process.pid and process.is_alive():
            os.kill(process.pid, signal.SIGKILL)
        process.join()


def _send_all[T](theirs: Any, ours: Any, make: Callable[[], Iterator[T]]) -> None:
    gc.freeze()
    theirs.close()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inherited = [wrapper.connection for wrapper in connections.all(initialized_only=True)]
    for wrapper in connections.all(initialized_only=True):
        wrapper.connection = None  # the parent's: not even to be closed here
    with suppress(BrokenPipeError):
        try:
            for item in make():
                ours.send(item)
            ours.send(_END)
        except BrokenPipeError:
            raise
        except Exception as error:
            ours.send(error)
    connections.close_all()
    del inherited
