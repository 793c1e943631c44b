"""Customers' keys in use: opened in bulk, held for a short while, gone everywhere soon after being destroyed.

Reading stays at a constant number of queries: each row that is loaded says whose key it will want, and the
first value that is opened fetches all of them at once.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from time import monotonic

from tenants.custody import store
from tenants.keys.envelopes import KEY, PersonCipher, TenantCipher, person_of, seal_column
from tenants.keys.errors import CannotDecrypt, PersonShredded, UnknownKeyVersion
from tenants.keys.holding import cipher, reload
from tenants.scoping import required_tenant_id, wanted_persons

# Seconds an opened key is held: no longer does a destroyed one stay in use anywhere.
HOLD = 30.0
# The most keys held, and the most noted as wanted; about 20 MB.
MOST = 50_000
# The most keys fetched at once.
AT_ONCE = 5_000

type _Held = tuple[float, bytes | None]


class _Holder:
    """Opened keys by tenant and person, the least recently used leaving first; None marks a destroyed one.

    The keys themselves: a cipher made of one takes eighty times its memory, and two microseconds to make.
    """

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[int, bytes], _Held] = OrderedDict()
        self._turn = threading.Lock()

    def get(self, tenant_id: int, person: bytes) -> _Held | None:
        with self._turn:
            found = self._held.get((tenant_id, person))
            if found is None or found[0] < monotonic():
                return None
            self._held.move_to_end((tenant_id, person))
            return found

    def keep(self, tenant_id: int, keys: Iterable[tuple[bytes, bytes | None]]) -> None:
        until = monotonic() + HOLD
        with self._turn:
            for person, key in keys:
                self._held[tenant_id, person] = until, key
                self._held.move_to_end((tenant_id, person))
            while len(self._held) > MOST:
                self._held.popitem(last=False)

    def drop(self, tenant_id: int, person: bytes) -> None:
        with self._turn:
            self._held.pop((tenant_id, person), None)

    def clear(self) -> None:
        with self._turn:
            self._held.clear()


_holder = _Holder()


def note_wanted(sealed: bytes) -> None:
    """A row was loaded whose value this person's key will open, if anybody asks."""
    wanted = wanted_persons()
    if wanted is not None and len(sealed) > 17 and sealed[0] == 2:
        if len(wanted) >= MOST:
            wanted.clear()
        wanted[sealed[1:17]] = None


def open_sealed(sealed: bytes, column: bytes, row: bytes) -> bytes:
    """Decrypt a value of one column (``table.column``) of one row (its 16-byte id).

    Raises:
        CannotDecrypt: it was altered, moved or cut, or its key is not held.
        PersonShredded: its person's key was destroyed.
        KeysUnavailable: the keys cannot be reached now.
    """
    person = person_of(sealed)
    if person is not None:
        return _cipher_of(person).open(sealed, column, row)
    try:
        return cipher().open(sealed, column, row)
    except UnknownKeyVersion:  # perhaps sealed by a process that knew of a new version first
        return reload().open(sealed, column, row)


def person_ciphers(persons: Collection[bytes], *, are_new: bool = False) -> dict[bytes, PersonCipher]:
    """The opened keys of persons (their customers' 16-byte ids), to seal with; made for those who have none.

    ``are_new`` saves a query when they are known to have none. Raises PersonShredded, KeysUnavailable.
    """
    tenant_id = required_tenant_id()
    found: dict[bytes, PersonCipher] = {}
    missing: list[bytes] = []
    for person in dict.fromkeys(persons):
        held = _holder.get(tenant_id, person)
        if held is None:
            missing.append(person)
        else:
            found[person] = _cipher_with(person, held[1])
    if missing and not are_new:
        fetched = _fetch(missing)
        found |= {person: _cipher_with(person, key) for person, key in fetched.items()}
        missing = [person for person in missing if person not in fetched]
    return found | _make(missing) if missing else found


def seal_many_for_persons(
    plains: Sequence[bytes],
    column: bytes,
    rows: Sequence[bytes],
    persons: Sequence[bytes],
    *,
    ciphers: Mapping[bytes, PersonCipher] | None = None,
) -> list[bytes]:
    """Encrypt one column of many rows, each under its person's key; ``ciphers`` are theirs, if they are at hand."""
    ciphers = person_ciphers(persons) if ciphers is None else ciphers
    return seal_column([ciphers[person] for person in persons], plains, column, rows)


def forget_person(person: bytes) -> None:
    """Drop the opened key of a person of the tenant in scope."""
    _holder.drop(required_tenant_id(), person)


def forget_persons() -> None:
    """Drop all opened keys of persons."""
    _holder.clear()


def _cipher_of(person: bytes) -> PersonCipher:
    tenant_id = required_tenant_id()
    held = _holder.get(tenant_id, person)
    if held is not None:
        return _cipher_with(person, held[1])
    wanted = wanted_persons() or {}
    others = [other for other in reversed(wanted) if other != person and _holder.get(tenant_id, other) is None]
    fetched = _fetch([person, *others[: AT_ONCE - 1]])
    if person not in fetched:
        raise CannotDecrypt("The person has no key.")
    return _cipher_with(person, fetched[person])


def _cipher_with(person: bytes, key: bytes | None) -> PersonCipher:
    if key is None:
        raise PersonShredded("The person's key was destroyed.")
    return PersonCipher(required_tenant_id(), person, key)


def _fetch(persons: Sequence[bytes]) -> dict[bytes, bytes | None]:
    """Read and open keys and hold them; persons without a key are left out.

    Raises:
        CannotDecrypt: the first person's key does not open. Another's is for whoever asks for it.
    """
    tenant_id = required_tenant_id()
    kept = store.read_keys(persons)
    crypt = cipher()
    if any(key.key_version > crypt.newest for key in kept):
        crypt = reload()
    fetched: dict[bytes, bytes | None] = {}
    for key in kept:
        try:
            fetched[key.person] = _open(crypt, key)
        except CannotDecrypt:
            if key.person == persons[0]:
                raise
    _holder.keep(tenant_id, fetched.items())
    return fetched


def _open(crypt: TenantCipher, kept: store.Kept) -> bytes | None:
    return None if kept.wrapped is None else crypt.unwrap_person_key(kept.person, kept.key_version, kept.wrapped)


def _make(persons: Sequence[bytes]) -> dict[bytes, PersonCipher]:
    """Make and keep keys; where somebody else was first, theirs is taken."""
    crypt = cipher()
    random = os.urandom(KEY * len(persons))
    keys = {person: random[at * KEY : (at + 1) * KEY] for at, person in enumerate(persons)}
    wrapped = crypt.wrap_person_keys(keys)
    kept = store.add_keys(wrapped, key_version=crypt.newest)
    others = [person for person in persons if person not in kept]
    made = {person: keys[person] for person in kept}
    _holder.keep(crypt.tenant_id, made.items())
    theirs = _fetch(others) if others else {}
    return {person: _cipher_with(person, key) for person, key in (made | theirs).items()}
