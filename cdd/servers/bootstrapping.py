"""Makes a database with its five roles, and gives the three login roles their passwords."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psycopg
from psycopg import sql

SCRIPT = Path(__file__).resolve().parent.parent / "bootstrap.sql"


def bootstrap(superuser_dsn: str, database: str) -> None:
    """Create the database unless it exists and run bootstrap.sql inside it; repeatable, also side by side.

    `superuser_dsn` is any libpq string; its database is replaced.
    """
    with psycopg.connect(superuser_dsn, dbname="postgres", autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if known is None:
            made_meanwhile = psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation
            with suppress(*made_meanwhile):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    with psycopg.connect(superuser_dsn, dbname=database, autocommit=True) as connection:
        connection.execute(sql.SQL(SCRIPT.read_text(encoding="utf-8")))


def set_passwords(superuser_dsn: str, passwords: Mapping[str, str]) -> None:
    """Set the passwords of roles; the server only ever sees the SCRAM verifiers."""
    with psycopg.connect(superuser_dsn, dbname="postgres", autocommit=True) as connection:
        for role, password in passwords.items():
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Literal(verifier.decode())))
