"""Which database a table lives in: customers' keys apart from everything else."""

from __future__ import annotations

from typing import Any

APP = "custody"
KEYS = "keys"
# As the role that owns the tables: for migrations.
KEYS_OWNER = "keys_owner"
# Seals the trail and may see nothing else, not even what was migrated.
SEALER = "sealer"


class KeysRouter:
    """Sends the keys to their own database and keeps everything else out of it."""

    def db_for_read(self, model: Any, **hints: Any) -> str | None:
        """The keys' database, or no opinion."""
        return KEYS if model._meta.app_label == APP else None

    def db_for_write(self, model: Any, **hints: Any) -> str | None:
        """The keys' database, or no opinion."""
        return self.db_for_read(model, **hints)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """The keys' tables are made in their database only, and no other table there; the sealer makes none."""
        if db == SEALER:
            return False
        is_keys = db in (KEYS, KEYS_OWNER)
        if app_label == APP:
            return is_keys
        return False if is_keys else None
