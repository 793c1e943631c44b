"""One row of every tenant model, built from the models themselves, so that a new model is attacked too."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models

from tenants.fields import EncryptedBinaryField, EncryptedJSONField, EncryptedTextField
from tenants.identifiers import uuid7
from tenants.models import Tenant, TenantModel, User
from tenants.scoping import tenant_scope
from tests.conftest import NOW

Rows = dict[type[TenantModel], UUID]


def tenant_models() -> list[type[TenantModel]]:
    """Every concrete model that belongs to a tenant."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def one_row_of_each(tenant: Tenant, user: User) -> Rows:
    """A row of every tenant model for ``tenant``; returns their ids."""
    rows: Rows = {}
    with tenant_scope(tenant.pk):
        for model in tenant_models():
            _row(model, rows, user)
    return rows


def _row(model: type[TenantModel], rows: Rows, user: User) -> UUID:
    if model not in rows:
        if model.objects.exists() and model.__name__ in {"TenantKey", "Membership"}:
            rows[model] = model.objects.values_list("pk", flat=True)[0]
        else:
            values = {
                field.attname: _value(field, rows, user) for field in model._meta.concrete_fields if _needs_value(field)
            }
            rows[model] = model.objects.create(**values).pk
    return rows[model]


def _needs_value(field: models.Field[Any, Any]) -> bool:
    return not (field.null or field.has_default() or field.primary_key or field.name == "tenant") and not getattr(
        field, "auto_now_add", False
    )


PLAIN: dict[str, Any] = {
    "DateTimeField": NOW,
    "DateField": NOW.date(),
    "BinaryField": b"0123456789abcdef",
    "JSONField": {},
    "CharField": "x",
    "SlugField": "x",
    "TextField": "x",
}
SECRET: dict[type[Any], Any] = {
    EncryptedTextField: "秘密",
    EncryptedBinaryField: b"secret",
    EncryptedJSONField: {"secret": "秘密"},
}


def _value(field: Any, rows: Rows, user: User) -> Any:
    related = field.related_model
    if related is User:
        return user.pk
    if related is Permission:
        about = ContentType.objects.get_for_model(field.model.content_object.field.related_model)
        return Permission.objects.get(content_type=about, codename=f"view_{about.model}").pk
    if related is not None:
        return _row(related, rows, user)
    if field.name == "person_id":
        return _row(apps.get_model("customers", "Customer"), rows, user)
    if field.choices:
        return field.choices[0][0]
    if type(field) in SECRET:
        return SECRET[type(field)]
    if field.get_internal_type() == "UUIDField":
        return uuid7()
    return PLAIN.get(field.get_internal_type(), 7)
