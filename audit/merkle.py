"""A tree of hashes as RFC 6962 and RFC 9162 (section 2.1) define it, grown at its right edge, with its two proofs.

A tree of n leaves is known by its peaks: the roots of the perfect subtrees that n's binary digits name. They are
all that growing it and its root need. Proofs name the subtrees they are made of as half-open ranges of leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256

HASH = 32
EMPTY_ROOT = sha256().digest()

type Range = tuple[int, int]
type Observer = Callable[[int, int, Sequence[bytes]], None]


def leaf_hash(data: bytes) -> bytes:
    """The hash of an entry."""
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """The right edge of a tree: size and peaks. Adding N leaves costs N hashes, the root one for each peak."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """``peaks``: from the largest subtree to the smallest, one for each 1 in the binary size.

        Raises:
            ValueError: their number or length does not fit the size.
        """
        given = list(peaks)
        if len(given) != size.bit_count() or any(len(peak) != HASH for peak in given):
            raise ValueError(f"A tree of {size} leaves has not these peaks.")
        self.size = size
        self._by_level: list[bytes | None] = [given.pop() if size >> level & 1 else None for level in _levels(size)]

    @property
    def peaks(self) -> list[bytes]:
        """From the largest subtree to the smallest."""
        return [peak for peak in reversed(self._by_level) if peak is not None]

    def root(self) -> bytes:
        """The tree's root."""
        return root_of_peaks(self.peaks)

    def extend(self, leaves: Iterable[bytes], observe: Observer | None = None) -> None:
        """Add leaf hashes.

        ``observe(level, first, nodes)`` is told every node this completes: ``nodes[i]`` is the root of the perfect
        subtree over the leaves from ``(first + i) << level``.
        """
        nodes = list(leaves)
        start, level = self.size, 0
        self.size += len(nodes)
        while nodes:
            if observe is not None:
                observe(level, start, nodes)
            if level == len(self._by_level):
                self._by_level.append(None)
            waiting = self._by_level[level]
            if waiting is not None:
                nodes.insert(0, waiting)
            self._by_level[level] = nodes.pop() if len(nodes) % 2 else None
            pairs = iter(nodes)
            nodes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
            start, level = start >> 1, level + 1

    def add_subtree(self, level: int, root: bytes) -> None:
        """Add a whole perfect subtree of ``2 ** level`` leaves.

        Raises:
            ValueError: the tree's size is not a multiple of that many leaves.
        """
        if self.size % (1 << level):
            raise ValueError(f"No subtree of {1 << level} leaves begins at {self.size}.")
        self.size += 1 << level
        while True:
            while level >= len(self._by_level):
                self._by_level.append(None)
            waiting, self._by_level[level] = self._by_level[level], None
            if waiting is None:
                self._by_level[level] = root
                return
            root, level = node_hash(waiting, root), level + 1


class Collector:
    """Observes a growing tree and keeps the roots of the perfect subtrees that were asked for."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self.found: dict[tuple[int, int], bytes] = {}
        self._wanted: dict[int, list[int]] = {}
        wanted = {part for start, end in ranges for part in perfect_parts(start, end)}
        for level, index in sorted(wanted, reverse=True):
            self._wanted.setdefault(level, []).append(index)

    def __call__(self, level: int, first: int, nodes: Sequence[bytes]) -> None:
        """An observer for `Frontier.extend`, from the first leaf on."""
        wanted = self._wanted.get(level)
        while wanted and wanted[-1] < first + len(nodes):
            index = wanted.pop()
            self.found[level, index] = nodes[index - first]

    def root_of(self, start: int, end: int) -> bytes:
        """The root of a range that was asked for. Raises KeyError while its leaves have not all been seen."""
        return root_of_peaks([self.found[part] for part in perfect_parts(start, end)])


def root_of_peaks(peaks: Sequence[bytes]) -> bytes:
    """The root over neighbouring perfect subtrees, each smaller than the one before."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def perfect_parts(start: int, end: int) -> Iterator[tuple[int, int]]:
    """The fewest perfect subtrees that cover a range, from left to right, as (level, index)."""
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        yield level, start >> level
        start += 1 << level


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that leaf ``index`` is in the tree of ``size`` (RFC 9162, 2.1.3.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} leaves has no leaf {index}.")
    start, end, path = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def consistency_ranges(old: int, new: int) -> list[Range]:
    """The subtrees whose roots prove that the tree of ``new`` begins with that of ``old`` (RFC 9162, 2.1.4.1).

    Raises:
        ValueError: not 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"A tree of {new} leaves does not grow from one of {old}.")
    start, end, is_whole, path = 0, new, True, []
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, is_whole = middle, False
    return [*([] if is_whole else [(start, end)]), *reversed(path)]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof leads from the leaf to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == root


def verify_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    """Whether the proof leads from the smaller tree's root to the larger one's (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_hashed = new_hashed = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_hashed, new_hashed = node_hash(sibling, old_hashed), node_hash(sibling, new_hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_hashed = node_hash(new_hashed, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and (old_hashed, new_hashed) == (old_root, new_root)


def _levels(size: int) -> range:
    return range(size.bit_length())


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << (size - 1).bit_length() - 1
