"""Every address of the product, read from the resolver: its arguments, its methods, its guard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from tenants.models import TenantModel
from tests.tenants.builders import tenant_models

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# Arguments that name a row by something else than "<model>_id".
SYNONYMS = {
    "import": "CustomerImport",
    "hold": "LegalHold",
    "batch": "ReturnBatch",
    "purge": "PurgeProposal",
    "record": "DestructionRecord",
    "provider": "IdentityProvider",
}


@dataclass(frozen=True)
class Route:
    """One address: ``pattern`` as written in urls.py, ``name`` with its namespace."""

    address: str
    name: str
    view: Callable[..., Any]

    @property
    def arguments(self) -> list[str]:
        """The names of its arguments."""
        return [name for _, name in _ARGUMENT.findall(self.address)]

    @property
    def permission(self) -> Any:
        """The permission its guard asks for, if it has that guard."""
        return getattr(self.view, "required_permission", None)

    @property
    def methods(self) -> frozenset[str] | None:
        """What the view answers; None when it does not limit itself."""
        return allowed_methods(self.view)

    def url(self, values: dict[str, object] | None = None) -> str:
        """The address with its arguments filled in."""
        chosen = values or {}
        path = _ARGUMENT.sub(lambda found: str(chosen.get(found[2], _stranger(found[1]))), self.address)
        return "/" + path.removeprefix("/")


_ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")


def _stranger(converter: str) -> str:
    return {"uuid": "01930000-0000-7000-8000-000000000000", "int": "999999"}.get(converter, "stranger")


def routes(resolver: URLResolver | None = None, prefix: str = "", space: str = "") -> Iterator[Route]:
    """All of them, third parties' too."""
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + _plain(str(entry.pattern))
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from routes(entry, address, inner)
        else:
            assert isinstance(entry, URLPattern)
            yield Route(address, f"{space}{entry.name or address}", entry.callback)


def _plain(pattern: str) -> str:
    """A regular expression of a third party as a path: named groups become arguments."""
    if not pattern.startswith("^") and "(?P<" not in pattern:
        return pattern
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<str:\1>", pattern).lstrip("^").rstrip("$").replace("\\Z", "")


@cache
def model_of(argument: str) -> type[TenantModel] | None:
    """Whose id an argument is: ``campaign_id`` is Campaign's, ``import_id`` CustomerImport's."""
    word = argument.removesuffix("_id")
    wanted = SYNONYMS.get(word, "".join(part.title() for part in word.split("_")))
    exact = [model for model in tenant_models() if model.__name__ == wanted]
    ending = [model for model in tenant_models() if model.__name__.endswith(wanted)]
    found = exact or ending
    return found[0] if len(found) == 1 and argument.endswith("_id") else None


def allowed_methods(view: Any) -> frozenset[str] | None:
    """Read out of Django's decorators, or off the class behind the view."""
    cls = getattr(view, "view_class", None)
    if cls is not None:
        allowed = {name.upper() for name in cls.http_method_names if hasattr(cls, name)}
        return frozenset(allowed | ({"HEAD"} if "GET" in allowed else set()))
    for function in _layers(view):
        names = function.__code__.co_freevars
        if "request_method_list" in names:
            return frozenset(function.__closure__[names.index("request_method_list")].cell_contents)
    return None


def _layers(view: Any) -> Iterator[Any]:
    """A view and the functions it wraps."""
    ahead = [view]
    seen: set[int] = set()
    while ahead:
        function = ahead.pop()
        if id(function) in seen or not hasattr(function, "__code__"):
            continue
        seen.add(id(function))
        yield function
        ahead += [cell.cell_contents for cell in function.__closure__ or () if callable(_contents(cell))]


def _contents(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
