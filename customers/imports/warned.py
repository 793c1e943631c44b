"""Remembering what looked wrong in rows that an import took all the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from django.db import models

from customers.importing import RowWarning
from customers.models import CustomerImport
from customers.wording import column_title
from tenants.fields import EncryptedJSONField
from tenants.models import TenantForeignKey, TenantModel

# So many are listed; all of them are counted.
LISTED = 1_000


class WarnedRow(TenantModel):
    """A row that was taken though something in it looks wrong. Only the first ones of an import are kept."""

    customer_import = TenantForeignKey(CustomerImport, on_delete=models.CASCADE, related_name="warned_rows")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=40, blank=True)
    code = models.CharField(max_length=40)
    params = EncryptedJSONField()

    class Meta:
        indexes = [models.Index(fields=["tenant", "customer_import", "line"], name="warned_by_line")]

    def __str__(self) -> str:
        return f"line {self.line} of import {self.customer_import_id}: {self.code}"


def keep_warnings(customer_import: CustomerImport, warnings: Iterable[RowWarning]) -> None:
    """Count the warnings of one batch by column and code and keep the first ones; needs a transaction."""
    found = list(warnings)
    if not found:
        return
    counts = Counter(customer_import.warnings)
    room = max(LISTED - counts.total(), 0)
    WarnedRow.objects.bulk_create(
        WarnedRow(
            customer_import=customer_import,
            line=warning.line,
            column=warning.column,
            code=warning.code,
            params=dict(warning.params),
        )
        for warning in found[:room]
    )
    counts.update(f"{warning.column}.{warning.code}" for warning in found)
    customer_import.warnings = dict(counts)
    customer_import.save(update_fields=["warnings"])


def warned_by_column(warnings: Mapping[str, int]) -> list[tuple[str, int]]:
    """How many warnings each column got (`CustomerImport.warnings`), most first, by the column's title."""
    counts: Counter[str] = Counter()
    for key, count in warnings.items():
        counts[column_title(key.partition(".")[0])] += count
    return counts.most_common()
