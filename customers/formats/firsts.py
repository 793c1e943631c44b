"""On which line of a file each customer number stands first: a table of plain numbers, some 20 bytes an entry."""

from array import array

# Entries of an empty table, a power of two; and of how many it is used at most before it is made twice as large.
_SMALLEST = 4_096
_FULL = 2 / 3


class FirstLines:
    """Customer numbers by the 64 bits of Python's keyed hash, which differs from process to process.

    That two of a million different numbers share theirs happens in one file of 37 million. The second would be taken
    for a double, and no longer when the file is read again. A dictionary of the numbers takes five times as much.
    """

    def __init__(self) -> None:
        self._marks = array("q", bytes(8 * _SMALLEST))
        self._lines = array("I", bytes(4 * _SMALLEST))
        self._free = int(_SMALLEST * _FULL)

    def enter(self, number: str, line: int) -> int:
        """The line on which the number stands first, which is ``line`` unless it came before; lines count from 1."""
        mark, marks, lines = hash(number), self._marks, self._lines
        mask = len(marks) - 1
        at = mark & mask
        while found := lines[at]:
            if marks[at] == mark:
                return found
            at = at + 1 & mask
        marks[at], lines[at] = mark, line
        self._free -= 1
        if not self._free:
            self._grow()
        return line

    def _grow(self) -> None:
        marks, lines = self._marks, self._lines
        size = 2 * len(marks)
        mask = size - 1
        self._free = int(size * _FULL) - int(len(marks) * _FULL)
        self._marks, self._lines = array("q", bytes(8 * size)), array("I", bytes(4 * size))
        for mark, line in zip(marks, lines, strict=True):
            if line:
                at = mark & mask
                while self._lines[at]:
                    at = at + 1 & mask
                self._marks[at], self._lines[at] = mark, line
