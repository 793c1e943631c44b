"""What a list may say, what differs between two, and the way through a file and back."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.codes import LANGUAGES, Label
from customers.decoding import FileRefused
from customers.lists.comparing import Turn, difference
from customers.lists.content import MOST_ENTRIES, Content, Entry, content_from, problems_of, untranslated, with_entries
from customers.lists.editing import move_entry, offer_entry, remove_entry, write_entry
from customers.lists.files import MAX_ROWS, Taken, csv_of, read_list, workbook_of
from customers.lists.standard import STANDARD_KEYS, standard_content
from questionnaires import standard as ready
from tests.customers.lists.publishing import adding, entry, of, retiring

OCCUPATIONS = standard_content("occupation")
NAME = Label("取引地域", "Trade areas")


def codes_of(content: Content, base: Content | None = None) -> list[tuple[str, str]]:
    return [(problem.entry, problem.code) for problem in problems_of(content, base)]


def read(data: bytes, held: Content, base: Content | None = None, *, retires: bool = False) -> Taken:
    return read_list(io.BytesIO(data), held=held, base=base, retires_missing=retires)


@pytest.mark.parametrize("key", STANDARD_KEYS)
def test_the_standard_lists_are_whole_in_every_language(key: str) -> None:
    content = standard_content(key)
    assert problems_of(content, content) == []
    assert untranslated(content) == {}
    assert content_from(content.document()) == content


def test_standard_words_are_those_of_the_ready_questionnaires() -> None:
    offered = ready.document("foreign-resident")["choice_lists"]["occupations"]
    for choice in offered:
        held = OCCUPATIONS.entry(choice["value"])
        assert held is not None
        assert held.words["vi"] == choice["label"]["vi"]


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (entry("bad code", "農家"), "bad_code"),
        (entry("x" * 25, "農家"), "bad_code"),
        (entry("", "農家"), "bad_code"),
        (entry("employee", "農家"), "code_twice"),
        (entry("Employee", "農家"), "code_folds"),
        (entry("farmer", " "), "no_japanese"),
        (entry("farmer", "農\u0007家"), "bad_words"),
        (entry("farmer", "農家", also=("会社員",)), "name_twice"),
        (entry("farmer", "ｶｲｼｬｲﾝ", also=("公務員 ",)), None),
        (entry("farmer", "農家", also=("COMPANY EMPLOYEE",)), "name_twice"),
        (entry("farmer", "農家", group="\n"), "bad_group"),
    ],
)
def test_what_a_file_could_not_tell_apart_is_refused(made: Entry, code: str | None) -> None:
    """Duplicated codes, codes that fold to the same, empty words, control characters."""
    found = [problem.code for problem in problems_of(adding(OCCUPATIONS, made), OCCUPATIONS)]
    assert (code in found) if code else found == []


def test_what_was_published_never_vanishes_and_never_changes_its_meaning() -> None:
    gone = remove_entry(OCCUPATIONS, "student")
    assert codes_of(gone, OCCUPATIONS) == [("student", "gone")]
    student = OCCUPATIONS.entry("student")
    assert student is not None
    moved = write_entry(OCCUPATIONS, replace(student, words={"ja": "大学生"}), code="student")
    moved = adding(moved, entry("pupil", "学生"))
    assert codes_of(moved, OCCUPATIONS) == [("pupil", "word_moved")]
    assert codes_of(retiring(OCCUPATIONS, "student"), OCCUPATIONS) == []


def test_a_list_offers_something_and_not_more_than_it_may() -> None:
    everything = retiring(OCCUPATIONS, *OCCUPATIONS.codes)
    assert codes_of(everything) == [("", "none_offered")]
    many = of(NAME, [entry(f"c{number}", f"第{number}") for number in range(MOST_ENTRIES + 1)])
    assert codes_of(many) == [("", "too_many")]


def test_buttons_move_retire_and_remove() -> None:
    first, second, *_ = (one.code for one in OCCUPATIONS.entries)
    moved = move_entry(OCCUPATIONS, first, 1)
    assert [one.code for one in moved.entries][:2] == [second, first]
    assert move_entry(OCCUPATIONS, first, -1) == OCCUPATIONS
    retired = offer_entry(OCCUPATIONS, first, is_offered=False)
    assert [one.code for one in retired.offered] == [one.code for one in OCCUPATIONS.entries][1:]
    assert difference(OCCUPATIONS, retired).codes(Turn.RETIRED) == (first,)
    assert difference(retired, OCCUPATIONS).codes(Turn.RESTORED) == (first,)
    assert difference(OCCUPATIONS, moved).is_reordered
    assert not difference(OCCUPATIONS, OCCUPATIONS)
    placed = write_entry(OCCUPATIONS, entry("farmer", "農家"), place=1)
    assert placed.entries[0].code == "farmer"


def test_a_difference_names_words_group_and_other_names() -> None:
    held = OCCUPATIONS.entry("other")
    assert held is not None
    changed = replace(held, words={**held.words, "vi": "Khác!"}, group="その他", also=("不明",))
    [change] = difference(OCCUPATIONS, write_entry(OCCUPATIONS, changed, code="other")).changes
    assert change.turn is Turn.CHANGED
    assert [detail.part for detail in change.details] == ["vi", "group", "also"]


_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Co", "Cn", "Zl", "Zp", "Zs"]), min_size=1, max_size=12
)
_WORDS = st.fixed_dictionaries({"ja": _TEXT}, optional={code: _TEXT for code in LANGUAGES if code != "ja"})


@st.composite
def contents(draw: st.DrawFn) -> Content:
    codes = draw(
        st.lists(st.from_regex(r"[a-z0-9][a-z0-9_]{0,7}", fullmatch=True), min_size=1, max_size=6, unique=True)
    )
    groups = draw(st.lists(_TEXT, max_size=2, unique=True))
    entries = [
        Entry(
            code,
            draw(_WORDS),
            draw(st.sampled_from(["", *groups])),
            tuple(draw(st.lists(_TEXT.filter(lambda one: not set("、,，") & set(one)), max_size=2, unique=True))),
            draw(st.booleans()),
        )
        for code in codes
    ]
    return with_entries(Content(NAME, ()), entries)


@given(contents(), st.sampled_from([csv_of, workbook_of]))
def test_a_list_comes_back_from_its_file_as_it_went(content: Content, write: Callable[[Content], bytes]) -> None:
    if problems_of(content, None):
        return
    taken = read(write(content), replace(content, entries=(), groups=(), _by_code={}))
    assert taken.problems == ()
    assert taken.content == content


@given(contents())
def test_what_is_kept_is_read_as_it_was(content: Content) -> None:
    assert content_from(content.document()) == content
    assert not difference(content, content_from(content.document()))


def test_what_looks_like_a_formula_is_text_in_the_file_and_comes_back() -> None:
    content = of(NAME, [entry("a", "=1+1"), entry("b", "@SUM(1)", also=("-2+3", "＝cmd"))])
    data = csv_of(content)
    assert b'"\'=1+1"' in data
    assert read(data, of(NAME, [])).content == content


def test_a_file_says_of_every_row_what_is_wrong() -> None:
    text = "コード,日本語,選択可\nemployee,会社員,○\nemployee,勤め人,○\nfarmer,,○\nmonk,僧侶,たぶん\nwide\n"
    taken = read(text.encode(), OCCUPATIONS, OCCUPATIONS, retires=True)
    assert taken.content is None
    found = {(one.row, one.problem.code) for one in taken.problems}
    assert {(3, "code_twice"), (4, "no_japanese"), (5, "bad_offered"), (6, "unreadable")} <= found


def test_codes_that_the_file_does_not_name_are_a_mistake_or_are_set_aside_as_somebody_says() -> None:
    text = "コード,日本語\nemployee,勤め人\n".encode("cp932")
    refused = read(text, OCCUPATIONS, OCCUPATIONS)
    assert {one.problem.code for one in refused.problems} == {"gone"}
    taken = read(text, OCCUPATIONS, OCCUPATIONS, retires=True)
    assert taken.content is not None
    assert [one.code for one in taken.content.offered] == ["employee"]
    assert len(taken.retired) == len(OCCUPATIONS.entries) - 1
    kept = taken.content.entry("employee")
    held = OCCUPATIONS.entry("employee")
    assert kept is not None
    assert held is not None
    assert kept.words == {**held.words, "ja": "勤め人"}, "a column that the file lacks leaves what was there"


def test_a_file_that_is_no_list_is_refused_in_a_word() -> None:
    for data, code in (
        (b"", "empty"),
        ("名前,電話\nx,y\n".encode(), "missing_columns"),
        ("コード,日本語,日本語\na,b,c\n".encode(), "duplicate_columns"),
        (b"\x00\x01code,ja\n", "nul_byte"),
    ):
        with pytest.raises(FileRefused) as refused:
            read(data, OCCUPATIONS)
        assert refused.value.code == code


def test_a_file_of_too_many_rows_is_refused_before_it_is_read_to_the_end() -> None:
    rows = "".join(f"c{number},第{number}\n" for number in range(MAX_ROWS + 10))
    taken = read(f"コード,日本語\n{rows}".encode(), of(NAME, []))
    assert [one.problem.code for one in taken.problems] == ["too_many"]


def test_groups_keep_their_words_in_the_order_of_the_file() -> None:
    text = "コード,日本語,分類,分類（英語）\na,甲,農業,Agriculture\nb,乙,漁業,\nc,丙,農業,Farming\n"
    taken = read(text.encode(), of(NAME, []))
    assert [one.problem.code for one in taken.problems] == ["group_said_twice"]
    right = read(text.replace("Farming", "").encode(), of(NAME, [])).content
    assert right is not None
    assert [dict(words) for words in right.groups] == [{"ja": "農業", "en": "Agriculture"}, {"ja": "漁業"}]
