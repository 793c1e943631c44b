"""W16: no text, however it is made, keeps one of our regular expressions busy."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator

import pytest

from tests.security.regexes import Found, compiled, literals, slow_on, uses
from tests.test_architecture import modules, name_of

pytestmark = pytest.mark.slow

# Patterns that are put together where they are used, and why no text makes them slow.
ELSEWHERE = {
    "tenants.sign_in.passwords": "words, escaped, one or the other",
    "customers.parsing": "the national numbers of phonenumbers: digits, counted",
    "cdd.demo.browsing": "the demonstration's own paths, fully matched with addresses of its own pages",
    "channels.returned_mail": "put together once, and found among the module's values below",
    "sandbox.accounts": "a prefix and SLUG, fully matched",
    "sandbox.scenario": "outcomes that the simulators know, fully matched",
}


def patterns() -> tuple[list[Found], set[str]]:
    """Every pattern of our packages, and the modules that put some together as they go."""
    trees = {path: ast.parse(path.read_text()) for path in modules()}
    used = uses(trees.values())
    found: dict[re.Pattern[str], Found] = {}
    elsewhere = set()

    def note(place: str, pattern: re.Pattern[str], methods: set[str]) -> None:
        known = found[pattern].methods if pattern in found else frozenset()
        found[pattern] = Found(place, pattern, known | methods)

    for path, tree in trees.items():
        name = name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        module = importlib.import_module(name)
        for key, value in vars(module).items():
            for one in within(value):
                note(f"{name}.{key}", one, used.get(key, {"search"}))
        for call, function in literals(tree):
            pattern = compiled(call, module)
            if pattern is None:
                elsewhere.add(name)
            elif function not in {"compile", "re_path"}:
                note(f"{name}:{call.lineno}", pattern, {function})
            elif pattern not in found:
                note(f"{name}:{call.lineno}", pattern, {"search"})
    return list(found.values()), elsewhere


def within(value: object) -> Iterator[re.Pattern[str]]:
    """A pattern, or those that a tuple holds, however deep."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from within(part)


def test_no_text_keeps_a_pattern_busy() -> None:
    found, elsewhere = patterns()
    assert len(found) > 80, "control"
    assert elsewhere == set(ELSEWHERE)
    assert {one.place: slow for one in found if (slow := slow_on(one))} == {}


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(\w+)\s*=", r"(a|aa)+$", r"<a\b[^>]*>", r"^(\d+-?)*$", r"x*y", r"\n\s*\n+$"]
)
def test_what_is_known_to_be_slow_is_caught(pattern: str) -> None:
    """Positive control."""
    assert slow_on(Found("here", re.compile(pattern), frozenset({"search"})))


def test_where_a_pattern_is_tried_at_the_beginning_only_that_is_what_is_measured() -> None:
    """Control: `x*y` is slow to search for and quick to match."""
    assert slow_on(Found("here", re.compile("x*y"), frozenset({"match", "fullmatch"}))) == ""
