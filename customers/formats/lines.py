"""The pieces of a file as one stream of physical lines, numbered, none of them longer than is allowed."""

import io
from collections.abc import Iterable, Iterator


class Pieces(io.RawIOBase):
    """The pieces of a file as one readable stream, holding one piece at a time."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # only BufferedReader calls it, with a bytearray's view
        if not self._rest:
            self._rest = memoryview(next(self._pieces, b""))
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


class Lines:
    """Physical lines, numbered; an over-long one comes cut at the limit, and lines can be handed back."""

    def __init__(self, pieces: Iterable[bytes], *, encoding: str, errors: str, limit: int) -> None:
        stream = io.BufferedReader(Pieces(pieces), 262_144)  # type: ignore[type-var]  # RawIOBase is enough
        # Kept, because a text stream that is forgotten closes what lies below it.
        self._text = io.TextIOWrapper(stream, encoding, errors=errors, newline="")
        self.number = 0
        self._limit = limit
        self._readline = self._text.readline
        self._returned: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.pop() if self._returned else self._readline(self._limit + 1)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > self._limit:
            rest = line
            while rest and not rest.endswith(("\n", "\r")):
                rest = self._readline(self._limit + 1)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Have these lines come again."""
        self._returned.extend(reversed(lines))
        self.number -= len(lines)
