"""The default-deny manager: outside a tenant scope it refuses; inside it adds the tenant, and the member's reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import FieldError
from django.db import connections, models

from tenants.fields import make_person_keys
from tenants.reach import current_reach
from tenants.scoping import NoTenantScope, current_tenant_id

if TYPE_CHECKING:
    from tenants.models import TenantModel


class TenantQuerySet[M: "TenantModel"](models.QuerySet[M]):
    """Rows of one tenant. Evaluated after its scope has closed, it raises instead of answering «none»."""

    _tenant_id: int | None = None

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # Django's copy hook, absent from the stubs
        clone._tenant_id = self._tenant_id
        return clone

    def _fetch_all(self) -> None:
        if self._result_cache is None:
            self._check_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        """Stream the rows; the scope must stay open meanwhile."""
        self._check_scope()
        return super().iterator(*args, **kwargs)

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        """Insert rows, each given the tenant in scope unless it names one.

        Raises:
            FieldError: an upsert would put a value sealed for the new row into the one that is there.
        """
        for name in kwargs.get("update_fields") or ():
            if hasattr(self.model._meta.get_field(name), "value_for"):
                raise FieldError(f"{name} is encrypted: write it through the instance.")
        rows = list(objs)
        for row in rows:
            row.adopt_tenant()
        make_person_keys(rows, self.model._meta.concrete_fields)
        return super().bulk_create(rows, *args, **kwargs)

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        """Write changed fields of many rows; encrypted ones are sealed for their row."""
        rows = list(objs)
        named: list[Any] = [self.model._meta.get_field(name) for name in fields]
        sealing = [f for f in named if hasattr(f, "value_for")]
        make_person_keys(rows, sealing)
        plain = [{f.attname: f.held_by(row) for f in sealing} for row in rows]
        for row, values in zip(rows, plain, strict=True):
            for f in sealing:
                sealed = f.value_for(row, values[f.attname])
                row.__dict__[f.attname] = models.Value(sealed, output_field=models.BinaryField())
        try:
            return super().bulk_update(rows, fields, batch_size)
        finally:
            for row, values in zip(rows, plain, strict=True):
                row.__dict__.update(values)

    def _check_scope(self) -> None:
        if self._tenant_id is not None and current_tenant_id() != self._tenant_id:
            raise NoTenantScope(f"{self.model._meta.label} was read after the scope of its tenant closed.")
        check_transaction(self.model, self.db)


class TenantManager[M: "TenantModel"](models.Manager[M]):
    """``objects`` of every tenant model."""

    def get_queryset(self) -> TenantQuerySet[M]:
        """The tenant's rows, as far as the member who asks sees.

        Raises:
            NoTenantScope: no scope is open.
        """
        tenant_id = current_tenant_id()
        if tenant_id is None:
            raise NoTenantScope(f"{self.model._meta.label} was queried outside any tenant scope.")
        rows: TenantQuerySet[M] = TenantQuerySet(self.model, using=self._db)
        check_transaction(self.model, rows.db)
        rows = rows.filter(tenant_id=tenant_id)
        rows._tenant_id = tenant_id
        reach = current_reach()
        within = None if reach is None else self.model.within(reach)
        return rows if within is None else rows.filter(within)


def check_transaction(model: type[models.Model], using: str) -> None:
    """Outside a transaction row-level security shows nothing, which must not be taken for «none»."""
    if not connections[using].in_atomic_block:
        raise NoTenantScope(f"{model._meta.label} was queried outside a transaction: use tenant_scope().")
