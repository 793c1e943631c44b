"""Work done ahead in a process of its own, so that one batch is made ready while PostgreSQL writes the one before."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection

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
    context = get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_send_all, args=(ours, theirs, make), daemon=True)
    process.start()
    theirs.close()
    try:
        while (item := ours.recv()) is not _END:
            if isinstance(item, BaseException):
                raise item
            yield item
    except EOFError:
        raise HelperLost from None
    finally:
        ours.close()  # it ends at its next word, if it has not yet
        process.kill()
        process.join()
        process.close()


def _send_all[T](theirs: Connection, ours: Connection, make: Callable[[], Iterator[T]]) -> None:
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
