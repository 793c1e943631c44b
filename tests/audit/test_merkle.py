"""The tree against the published vectors and against the definition, written down naively."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.merkle import (
    EMPTY_ROOT,
    Collector,
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    perfect_parts,
    root_of_peaks,
    verify_consistency,
    verify_inclusion,
)

# The inputs and roots that Certificate Transparency's implementations are tested with.
VECTORS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

sizes = st.integers(1, 130)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(count)]


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, as it stands there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    split = max(2**n for n in range(len(hashes).bit_length()) if 2**n < len(hashes))
    return node_hash(naive_root(hashes[:split]), naive_root(hashes[split:]))


def grown(hashes: list[bytes]) -> Frontier:
    frontier = Frontier()
    frontier.extend(hashes)
    return frontier


def proof(hashes: list[bytes], ranges: list[tuple[int, int]]) -> list[bytes]:
    collector = Collector(ranges)
    Frontier().extend(hashes, collector)
    return [collector.root_of(*part) for part in ranges]


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_come_out(size: int) -> None:
    assert grown([leaf_hash(bytes.fromhex(text)) for text in VECTORS[:size]]).root().hex() == ROOTS[size - 1]


def test_the_published_proofs_come_out() -> None:
    hashes = [leaf_hash(bytes.fromhex(text)) for text in VECTORS]
    assert [part.hex() for part in proof(hashes, inclusion_ranges(5, 8))] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [part.hex() for part in proof(hashes, consistency_ranges(6, 8))] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@given(batches=st.lists(st.integers(0, 40), max_size=8))
def test_growing_in_batches_gives_the_defined_root(batches: list[int]) -> None:
    hashes, frontier = leaves(sum(batches)), Frontier()
    for batch in batches:
        frontier.extend(hashes[frontier.size : frontier.size + batch])
        # As it is kept between two batches.
        frontier = Frontier(frontier.size, frontier.peaks)
        assert frontier.root() == naive_root(hashes[: frontier.size])
    assert frontier.size == sum(batches)


@given(size=sizes, data=st.data())
def test_whole_subtrees_grow_the_same_tree(size: int, data: st.DataObject) -> None:
    hashes, frontier = leaves(size), Frontier()
    cuts = sorted({0, size, *data.draw(st.lists(st.integers(0, size)))})
    for start, end in pairwise(cuts):
        for level, index in perfect_parts(start, end):
            frontier.add_subtree(level, naive_root(hashes[index << level : index + 1 << level]))
    assert (frontier.size, frontier.root()) == (size, naive_root(hashes))


def test_a_subtree_is_refused_where_none_begins() -> None:
    frontier = grown(leaves(3))
    with pytest.raises(ValueError, match="begins at 3"):
        frontier.add_subtree(1, EMPTY_ROOT)


@pytest.mark.parametrize(("size", "peaks"), [(3, [bytes(32)]), (0, [bytes(32)]), (1, [bytes(31)])])
def test_peaks_that_do_not_fit_are_refused(size: int, peaks: list[bytes]) -> None:
    with pytest.raises(ValueError, match=f"A tree of {size}"):
        Frontier(size, peaks)


@given(start=st.integers(0, 500), length=st.integers(0, 500))
def test_parts_cover_a_range_without_gap_or_overlap(start: int, length: int) -> None:
    place = start
    for level, index in perfect_parts(start, start + length):
        assert index << level == place
        place += 1 << level
    assert place == start + length


@given(size=sizes, data=st.data())
def test_inclusion_proofs_hold_for_their_leaf_only(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    path, root = proof(hashes, inclusion_ranges(index, size)), naive_root(hashes)
    assert len(path) <= (size - 1).bit_length()
    assert verify_inclusion(hashes[index], index, size, path, root)
    assert verify_inclusion(hashes[other], index, size, path, root) == (other == index)
    assert not verify_inclusion(hashes[index], index, size, [*path, root], root)
    assert not verify_inclusion(hashes[index], index + size, size, path, root)
    if path:
        assert not verify_inclusion(hashes[index], index, size, path[:-1], root)
        assert not verify_inclusion(hashes[index], index, size, [leaf_hash(b"x"), *path[1:]], root)


@given(new=sizes, data=st.data())
def test_consistency_proofs_hold_for_their_two_trees_only(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    hashes = leaves(new)
    path = proof(hashes, consistency_ranges(old, new))
    old_root, new_root = naive_root(hashes[:old]), naive_root(hashes)
    assert verify_consistency(old, new, path, old_root, new_root)
    assert not verify_consistency(old, new, path, leaf_hash(b"rewritten"), new_root)
    assert not verify_consistency(old, new, path, old_root, leaf_hash(b"rewritten"))
    assert not verify_consistency(old, new, [*path, new_root], old_root, new_root)
    rewritten = [leaf_hash(b"x"), *hashes[1:]]
    if old < new:
        assert not verify_consistency(
            old, new, proof(rewritten, consistency_ranges(old, new)), old_root, naive_root(rewritten)
        )


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_a_leaf_that_is_not_there_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_ranges(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3), (-1, 3)])
def test_no_tree_shrinks_or_grows_from_nothing(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="does not grow"):
        consistency_ranges(old, new)
    assert not verify_consistency(old, new, [EMPTY_ROOT], EMPTY_ROOT, EMPTY_ROOT)


def test_a_collector_says_when_it_has_not_seen_enough() -> None:
    collector = Collector([(0, 8)])
    Frontier().extend(leaves(7), collector)
    with pytest.raises(KeyError):
        collector.root_of(0, 8)


def test_a_root_needs_the_peaks_only() -> None:
    frontier = grown(leaves(1_000))
    assert len(frontier.peaks) == (1_000).bit_count()
    assert root_of_peaks(frontier.peaks) == frontier.root() == naive_root(leaves(1_000))
