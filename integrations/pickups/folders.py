"""A folder of the machine, below the tenant's own folder of the root that the operator gave."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from integrations.pickups.places import ARCHIVE, MOST_ENTRIES, PIECE, FileVanished, PlaceFailed
from integrations.pickups.rules import Entry, is_plain_name

# No step of the way may be a link: whoever may write into one tenant's folder would read another's.
_STEP = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CODES = {errno.ENOENT: "no_folder", errno.ENOTDIR: "no_folder", errno.ELOOP: "link", errno.EACCES: "permission"}


def steps_of(folder: str) -> list[str] | None:
    """The names on the way to a folder; None if the way leaves it or names something hidden."""
    steps = [step for step in folder.split("/") if step]
    return steps if all(map(is_plain_name, steps)) and not folder.startswith("/") else None


@contextmanager
def open_folder(root: str, slug: str, folder: str) -> Iterator[FolderPlace]:
    """The folder of one tenant. Raises PlaceFailed."""
    steps = steps_of(folder)
    if not root:
        raise PlaceFailed("no_root")
    if steps is None:
        raise PlaceFailed("no_folder")
    with ExitStack() as stack:
        try:
            at = os.open(Path(root).resolve(strict=True), _STEP)
            stack.callback(os.close, at)
            for step in (slug, *steps):
                at = os.open(step, _STEP, dir_fd=at)
                stack.callback(os.close, at)
        except OSError as error:
            raise _failure(error) from error
        yield FolderPlace(at)


class FolderPlace:
    """A folder held open; names are looked up in it and nowhere else."""

    def __init__(self, at: int) -> None:
        self._at = at

    def entries(self) -> list[Entry]:
        """As Place.entries."""
        found = []
        try:
            with os.scandir(self._at) as listed:
                for count, item in enumerate(listed):
                    if count >= MOST_ENTRIES:
                        raise PlaceFailed("too_many_files", limit=f"{MOST_ENTRIES:,}")
                    with suppress(FileNotFoundError):
                        status = item.stat(follow_symlinks=False)
                        if stat.S_ISREG(status.st_mode):
                            found.append(_entry(item.name, status))
        except OSError as error:
            raise _failure(error) from error
        return found

    def read(self, entry: Entry) -> Iterator[bytes]:
        """As Place.read."""
        try:
            file = os.open(entry.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._at)
        except FileNotFoundError as error:
            raise FileVanished from error
        except OSError as error:
            raise _failure(error) from error
        try:
            while piece := os.read(file, PIECE):
                yield piece
            status = os.fstat(file)
            if not stat.S_ISREG(status.st_mode) or _entry(entry.name, status) != entry:
                raise FileVanished
        except OSError as error:
            raise _failure(error) from error
        finally:
            os.close(file)

    def archive(self, name: str, as_name: str) -> None:
        """As Place.archive."""
        try:
            with suppress(FileExistsError):
                os.mkdir(ARCHIVE, 0o700, dir_fd=self._at)
            archive = os.open(ARCHIVE, _STEP, dir_fd=self._at)
            try:
                # Unlike a renaming, a second name never replaces a file.
                os.link(name, as_name, src_dir_fd=self._at, dst_dir_fd=archive, follow_symlinks=False)
                os.unlink(name, dir_fd=self._at)
            finally:
                os.close(archive)
        except FileNotFoundError:
            raise FileVanished from None
        except OSError as error:
            raise PlaceFailed("archive") from error


def _entry(name: str, status: os.stat_result) -> Entry:
    return Entry(name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


def _failure(error: OSError) -> PlaceFailed:
    return PlaceFailed(_CODES.get(error.errno or 0, "unreadable"))
