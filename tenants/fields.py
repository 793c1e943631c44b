"""Encrypted model fields: plaintext on the instance, a sealed ``bytea`` in the table.

A value is sealed for its own row, so it is written only through an instance (``save``, ``bulk_create``,
``bulk_update``, ``transition``) and can be neither looked up nor set by ``QuerySet.update``. It is opened
on first access, not on loading, so listing rows costs nothing until a value is shown.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.lookups import IsNull

from tenants.keys import cipher


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

    def db_type(self, connection: Any) -> str:
        return "bytea"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

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
        return self.seal(instance.pk.bytes, value)

    def seal(self, row: bytes, value: Any) -> Sealed:
        """Seal ``value`` for the row whose id has these 16 bytes; for bulk paths that bypass the model."""
        return Sealed(cipher().seal(self.to_bytes(value), self._column(), row))

    def open(self, instance: models.Model, sealed: Sealed) -> Any:
        """Open what the row of ``instance`` holds. Raises CannotDecrypt."""
        return self.to_value(cipher().open(sealed, self._column(), instance.pk.bytes))

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
