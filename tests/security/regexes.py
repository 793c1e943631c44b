"""Finds the regular expressions of source code and what would keep each of them busy."""

from __future__ import annotations

import ast
import importlib
import random
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any

parser: Any = importlib.import_module("re._parser")

CALLS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer", "re_path"}
LENGTH = 50_000
SECONDS = 0.3  # of the processor's time; what is linear needs a thirtieth of it


@dataclass(frozen=True)
class Found:
    """One pattern, where it stands, and how it is tried."""

    place: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def literals(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Every call that is given a pattern, with the function's name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            function = node.func
            is_re = isinstance(function, ast.Attribute) and ast.unparse(function.value) == "re"
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in CALLS and (is_re or name == "re_path"):
                yield node, name


def compiled(node: ast.Call, module: ModuleType | None) -> re.Pattern[Any] | None:
    """The pattern that a call is given; None if it comes from elsewhere, such as a parameter."""
    if ast.unparse(node.func) == "re.compile":
        code = ast.unparse(node)
    else:
        flags = next((ast.unparse(word.value) for word in node.keywords if word.arg == "flags"), "0")
        code = f"re.compile({ast.unparse(node.args[0])}, {flags})"
    try:
        pattern = eval(code, {**vars(module), "re": re} if module else {"re": re})
    except NameError:
        return None
    return pattern if isinstance(pattern, re.Pattern) else None


def uses(trees: Iterable[ast.AST]) -> dict[str, set[str]]:
    """For each name, the methods of a pattern that are called on it anywhere."""
    found: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in CALLS:
                found.setdefault(ast.unparse(node.value).rpartition(".")[2], set()).add(node.attr)
    return found


def attacks(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Long texts made of the pattern's own parts: each part and each pair again and again, and near misses of them."""
    parts = list(dict.fromkeys(_parts(parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))))
    chosen = parts if len(parts) <= 24 else random.Random(1).sample(parts, 24)
    runs = [(before, run) for before, run in chosen if run]
    whole = dict.fromkeys(run for _, run in runs)
    pairs = [(before, run + other) for before, run in runs[:6] for other in list(whole)[:6] if run != other]
    starts = [("", before + run) for before, run in runs]
    for before, run in dict.fromkeys([*runs, *pairs, *starts]):
        text = before + run * (LENGTH // len(run))
        yield from (text, text + "\0")


def _parts(nodes: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """An example of every part, with an example of what comes before it."""
    for kind, value in nodes:
        name = str(kind)
        example = _example([(kind, value)])
        yield before, example
        if name.endswith("REPEAT"):
            yield before, _example(value[2])
            yield from _parts(value[2], before)
        elif name in {"SUBPATTERN", "BRANCH", "ASSERT", "ASSERT_NOT", "ATOMIC_GROUP"}:
            for inner in _inside(name, value):
                yield from _parts(inner, before)
        before += example


def _inside(name: str, value: Any) -> list[Any]:
    if name == "BRANCH":
        return list(value[1])
    return [value if name == "ATOMIC_GROUP" else value[-1]]


def _example(nodes: Any) -> str:
    """A short text that the nodes match, looking around left aside."""
    text = ""
    for kind, value in nodes:
        name = str(kind)
        if name == "LITERAL":
            text += chr(value)
        elif name == "NOT_LITERAL":
            text += "a" if value != ord("a") else "b"
        elif name == "ANY":
            text += "a"
        elif name == "IN":
            text += _member(value)
        elif name.endswith("REPEAT"):
            text += _example(value[2]) * max(1, min(value[0], 50))
        elif name in {"SUBPATTERN", "BRANCH", "ATOMIC_GROUP"}:
            text += _example(_inside(name, value)[0])
    return text


CATEGORIES = {"DIGIT": "1", "WORD": "a", "SPACE": " ", "NOT_DIGIT": "a", "NOT_WORD": "-", "NOT_SPACE": "a"}


def _member(items: list[Any]) -> str:
    """A character of the set; of a set of exceptions, one that is none of them."""
    if str(items[0][0]) == "NEGATE":
        barred = "".join(_members(items[1:]))
        return next(character for character in "a1- _é日\n" if character not in barred)
    return next(_members(items))


def _members(items: list[Any]) -> Iterator[str]:
    for kind, value in items:
        if str(kind) == "CATEGORY":
            yield CATEGORIES[str(value).removeprefix("CATEGORY_")]
        else:
            yield chr(value if str(kind) == "LITERAL" else value[0])


class Busy(Exception):
    """The pattern used up its time."""


def slow_on(found: Found) -> str:
    """The beginning of the text that keeps the pattern busy, and for how long; "" if none does."""
    methods: list[Callable[..., Any]] = [
        getattr(found.pattern, name) for name in sorted(found.methods & {"match", "fullmatch"})
    ]
    if len(methods) < len(found.methods):  # search, sub, split … go on from every character
        methods.append(lambda text: sum(1 for _ in found.pattern.finditer(text)))
    for text in attacks(found.pattern):
        subject = text.encode("latin-1", "replace") if isinstance(found.pattern.pattern, bytes) else text
        for method in methods:
            seconds = _timed(method, subject)
            if seconds > SECONDS:
                return f"{seconds:.1f} s on {text[:60]!r} … {text[-10:]!r}"
    return ""


def _timed(method: Callable[..., Any], subject: str | bytes) -> float:
    """Processor seconds, at most about one: the engine looks for signals while it works."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Busy

    before = signal.signal(signal.SIGVTALRM, stop)
    began = time.process_time()
    signal.setitimer(signal.ITIMER_VIRTUAL, 1)
    try:
        method(subject)
    except Busy:
        pass
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return time.process_time() - began
