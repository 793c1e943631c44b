"""The customer numbers of a file: the first line of each is known, in a fraction of the memory that a dict takes."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from customers.formats.firsts import FirstLines


@given(st.lists(st.text("0123456789AZ-", min_size=1, max_size=6), max_size=300))
def test_the_line_of_each_number_is_the_one_it_stands_on_first(numbers: list[str]) -> None:
    lines, expected = FirstLines(), dict[str, int]()
    for line, number in enumerate(numbers, 2):
        assert lines.enter(number, line) == expected.setdefault(number, line)


def test_numbers_are_found_again_after_the_table_has_grown() -> None:
    lines = FirstLines()
    for line in range(1, 40_001):
        assert lines.enter(f"{line:010d}", line) == line
    for line in range(1, 40_001, 7):
        assert lines.enter(f"{line:010d}", 99_999) == line


def test_a_number_takes_less_than_a_third_of_the_memory_of_a_dictionary() -> None:
    assert _bytes_held(FirstLines().enter) * 3 < _bytes_held({}.setdefault)


def _bytes_held(enter: object) -> int:
    assert callable(enter)
    tracemalloc.start()
    for line in range(1, 30_001):
        enter(f"{line:010d}", line)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held
