"""Encrypted model fields: plaintext on the instance, a sealed ``bytea`` in the table.

A field that says whose data it holds, ``EncryptedTextField(person="customer_id")``, is sealed under that
customer's key, which can be destroyed; any other, and rows from before, under the tenant's.

A value is sealed for its own row, so it is written only through an instance (``save``, ``bulk_create``,
``bulk_update``, ``transition``) and can be neither looked up nor set by ``QuerySet.update``. It is opened
on first access, not on loading, so listing rows costs nothing until a value is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import reduce
from typing import Any
from uuid import UUID

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import IsNull

from tenants.keys import CannotDecrypt, cipher, open_sealed, person_ciphers
from tenants.keys.envelopes import person_of
from tenants.keys.persons import note_wanted


class Sealed(bytes):
    """Ciphertext, as it stands in the table. Its representation shows nothing."""

    def __repr__(self) -> str:
        return "<sealed>"

    __str__ = __repr__


class _OpenOnAccess:
    """The attribute: holds either ciphertext or plaintext, gives plaintext."""

    def __init__(self, field: _EncryptedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type[models.Model] | None = None) -> Any:
        if instance is None:
            return self
        value = self.field.held_by(instance)
        if isinstance(value, Sealed):
            value = instance.__dict__[self.field.attname] = self.field.open(instance, value)
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class _EncryptedField(models.Field[Any, Any]):
    """What the encrypted fields share; subclasses say how a value becomes bytes."""

    descriptor_class = _OpenOnAccess

    def __init__(self, *args: Any, person: str | None = None, **kwargs: Any) -> None:
        """``person``: the attribute with the customer's id, or the way to it, such as ``notice.customer_id``.

        It says nothing about the table, so migrations know nothing of it.
        """
        super().__init__(*args, **kwargs)
        self.person = person

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        if value is None:
            return None
        sealed = Sealed(value)
        note_wanted(sealed)
        return sealed

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        return self.value_for(model_instance, self.held_by(model_instance))

    def held_by(self, instance: models.Model) -> Any:
        """What ``instance`` holds, plaintext or still sealed; a deferred value is fetched."""
        if self.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.attname])
        return instance.__dict__[self.attname]

    def value_for(self, instance: models.Model, value: Any) -> Sealed | None:
        """Seal ``value`` for ``instance``'s row; what is sealed already stays as it is."""
        if value is None or isinstance(value, Sealed):
            return value
        plain, row = self.to_bytes(value), instance.pk.bytes
        if self.person is None:
            return Sealed(cipher().seal(plain, self._column(), row))
        person = self.person_id(instance).bytes
        return Sealed(person_ciphers([person])[person].seal(plain, self._column(), row))

    def person_id(self, instance: models.Model) -> UUID:
        """Whose data ``instance`` holds; may read the rows on the way there."""
        found = reduce(getattr, (self.person or "").split("."), instance)
        if not isinstance(found, UUID):
            raise FieldError(f"{self.name} cannot be sealed before {self.person} is known.")
        return found

    def open(self, instance: models.Model, sealed: Sealed) -> Any:
        """Open what the row of ``instance`` holds. Raises CannotDecrypt."""
        self._check_person(instance, sealed)
        return self.to_value(open_sealed(sealed, self._column(), instance.pk.bytes))

    def _check_person(self, instance: models.Model, sealed: Sealed) -> None:
        """Refuse a row that was handed to another person, where the row itself says whose it is."""
        named = instance.__dict__.get(self.person) if self.person else None
        if isinstance(named, UUID) and person_of(sealed) not in (None, named.bytes):
            raise CannotDecrypt("The row names another person than the one whose key sealed it.")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None or isinstance(value, Sealed) or hasattr(value, "resolve_expression"):
            return None if value is None else bytes(value) if isinstance(value, Sealed) else value
        raise FieldError(f"{self.name} is encrypted: write it through the instance.")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "isnull":
            return IsNull
        raise FieldError(f"{self.name} is encrypted: search by its blind index.")

    def _column(self) -> bytes:
        return f"{self.model._meta.db_table}.{self.column}".encode()

    def to_bytes(self, value: Any) -> bytes:
        raise TypeError(type(self).__name__)

    def to_value(self, plain: bytes) -> Any:
        raise TypeError(type(self).__name__)


class EncryptedTextField(_EncryptedField):
    """Text, kept exactly as given."""

    def to_bytes(self, value: Any) -> bytes:
        return str(value).encode()

    def to_value(self, plain: bytes) -> str:
        return plain.decode()


class EncryptedBinaryField(_EncryptedField):
    """Bytes: a file, a letter, a raw webhook."""

    def to_bytes(self, value: Any) -> bytes:
        return bytes(value)

    def to_value(self, plain: bytes) -> bytes:
        return plain


class EncryptedJSONField(_EncryptedField):
    """Anything JSON can say."""

    def to_bytes(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def to_value(self, plain: bytes) -> Any:
        return json.loads(plain)


def make_person_keys(rows: Iterable[models.Model], fields: Iterable[models.Field[Any, Any]]) -> None:
    """See that everybody has a key whose data these fields of these rows will seal; a constant number of queries."""
    sealing = [field for field in fields if isinstance(field, _EncryptedField) and field.person is not None]
    persons = {
        field.person_id(row).bytes
        for row in rows
        for field in sealing
        if not isinstance(field.held_by(row), Sealed | None)
    }
    if persons:
        person_ciphers(persons)
