"""Which hosts an institution may have: as DNS has them, in one script, nobody else's and not easily mistaken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from ipaddress import ip_address

import idna

from tenants.domains.models import LONGEST_HOST

# What people paste around a host.
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PORT = re.compile(r":[0-9]{0,5}\Z")
# Under these of Japan's, and under no more, are names registered (JPRS: "type by organisation"); none is a bank's.
_SUFFIXES = frozenset(f"{kind}.jp" for kind in ("ac", "ad", "co", "ed", "go", "gr", "lg", "ne", "or"))
# Names that no public DNS knows (RFC 6762, 6761, 7686; ICANN's internal).
_NOWHERE = frozenset({"local", "internal", "onion", "invalid", "arpa"})
_JAPANESE = ("CJK UNIFIED IDEOGRAPH", "HIRAGANA", "KATAKANA", "IDEOGRAPHIC ITERATION MARK")
# Letters and digits that are taken for one another in an address bar.
_ALIKE = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("-", ""))


class HostRefused(Exception):
    """``code`` says why; `tenants.domains.wording` has the sentence."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_host(text: str, *, ours: Iterable[str] = (), others: Iterable[str] = ()) -> str:
    """The host in lower case and A-labels.

    ``ours`` are the service's own hosts, ``others`` hosts that this one must not be mistaken for.

    Raises:
        HostRefused
    """
    text = text.strip()
    if len(text) > LONGEST_HOST * 2:
        raise HostRefused("malformed")
    text = _SCHEME.sub("", text, count=1).removesuffix("/").removesuffix(".")
    if _is_address(text):
        raise HostRefused("ip")
    if _PORT.search(text):
        raise HostRefused("port")
    host = _in_a_labels(text)
    labels = host.split(".")
    if _is_address(host) or not re.fullmatch(r"[a-z][a-z0-9-]{0,61}[a-z0-9]", labels[-1]):
        raise HostRefused("ip" if _is_address(host) or labels[-1].isdigit() else "malformed")
    if len(labels) < 2 or host in _SUFFIXES:
        raise HostRefused("suffix")
    if labels[-1] in _NOWHERE:
        raise HostRefused("nowhere")
    for label in labels:
        _check_script(label)
    if any(host == one or host.endswith(f".{one}") or one.endswith(f".{host}") for one in ours):
        raise HostRefused("ours")
    if any(_is_mistaken(host, one) for one in (*ours, *others)):
        raise HostRefused("lookalike")
    return host


def shown(host: str) -> str:
    """As a person reads it, where that is something else than the A-labels; "" otherwise."""
    try:
        words = idna.decode(host)
    except idna.IDNAError:
        return ""
    return "" if words == host else words


def is_under(host: str, site: str) -> bool:
    """Whether the host is the site's own, or below the domain that the site's own "www" stands under."""
    domain = site.removeprefix("www.")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _in_a_labels(text: str) -> str:
    try:
        host = idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        raise HostRefused("malformed") from None
    labels = host.split(".")
    if len(host) > LONGEST_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise HostRefused("malformed")
    return host


def _check_script(label: str) -> None:
    """Letters of ASCII, or of Japanese, and not both: whatever else there is can be drawn to look like these."""
    if not label.startswith("xn--"):
        return
    words = idna.decode(label)
    is_japanese = [unicodedata.name(sign, "").startswith(_JAPANESE) for sign in words if not sign.isascii()]
    if not all(is_japanese) or any(sign.isascii() and sign.isalpha() for sign in words):
        raise HostRefused("script")


def _is_address(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return False
    return True


def _is_mistaken(host: str, other: str) -> bool:
    """Whether the host, or a domain above it, looks like the other's domain and is not."""
    domain = other.removeprefix("www.")
    if is_under(host, other):
        return False
    return any(_skeleton(part) == _skeleton(domain) for part in _domains(host))


def _domains(host: str) -> Iterator[str]:
    labels = host.split(".")
    return (".".join(labels[start:]) for start in range(len(labels) - 1))


def _skeleton(host: str) -> str:
    for sign, taken_for in _ALIKE:
        host = host.replace(sign, taken_for)
    return host
