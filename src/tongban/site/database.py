"""Which database, as which role.

Four roles from the first migration (security R1): `tongban_owner` migrates; `tongban_app` reads and writes rows of
the staff and system processes, row security forced; `tongban_public` sees what the public process may see;
`tongban_audit` reads the ledger. Their passwords are this installation's secrets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from .home import secret
from .postgres import DATABASE, OWNER, PostgresError, Server

ROLES = {
    "public": "tongban_public",
    "staff": "tongban_app",
    "system": "tongban_app",
    "owner": OWNER,
    "audit": "tongban_audit",
}


def _server_url() -> str:
    return os.environ.get("TONGBAN_DATABASE_URL", "")


def configuration(site: str) -> dict[str, Any]:
    """Django's database entry for a process: `public`, `staff`, `system`, `owner` or `audit`."""
    role = os.environ.get("TONGBAN_DATABASE_ROLE") or ROLES[site]
    base: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("TONGBAN_DATABASE_NAME", DATABASE),
        "USER": role,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": f"tongban-{site}"},
    }
    if url := _server_url():
        parts = urlsplit(url)
        base |= {
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or 5432),
            "NAME": parts.path.lstrip("/") or DATABASE,
        }
        if role == OWNER:
            return base | {"USER": unquote(parts.username or OWNER), "PASSWORD": unquote(parts.password or "")}
    else:
        base |= {"HOST": str(Server().socket), "PORT": "5432"}
    return base | {"PASSWORD": secret(f"database_{role}")}


def connect_owner(database: str | None = None) -> psycopg.Connection[Any]:
    """A plain connection as the owner role, outside Django; autocommit."""
    entry = configuration("owner")
    return psycopg.connect(
        host=entry["HOST"],
        port=entry["PORT"],
        dbname=database or entry["NAME"],
        user=entry["USER"],
        password=entry["PASSWORD"],
        autocommit=True,
    )


@contextmanager
def running() -> Iterator[Server | None]:
    """A database that answers inside the block: yours by URL, the embedded one already running, or one started here."""
    server = None if _server_url() else Server()
    if server is None or server.running():
        yield server
        return
    server.start()
    try:
        yield server
    finally:
        server.stop()


def prepare() -> None:
    """Make database, roles and extensions. Safe to repeat."""
    name = configuration("owner")["NAME"]
    try:
        connect_owner().close()
    except psycopg.OperationalError:
        with connect_owner("postgres") as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0").format(sql.Identifier(name))
            )
    with connect_owner() as connection:
        version = connection.info.server_version
        if version < 150_000:
            raise PostgresError(f"PostgreSQL 15 or newer is needed; this server is {version // 10_000}.")
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for role in ("tongban_app", "tongban_public", "tongban_audit"):
            known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            make = "ALTER ROLE {} PASSWORD {}" if known else "CREATE ROLE {} LOGIN NOINHERIT PASSWORD {}"
            connection.execute(sql.SQL(make).format(sql.Identifier(role), sql.Literal(secret(f"database_{role}"))))


def migrated() -> bool:
    """Whether the database has ever been brought to a definition of ours."""
    try:
        with connect_owner() as connection:
            return connection.execute("SELECT to_regclass('django_migrations')").fetchone() != (None,)
    except psycopg.OperationalError:
        return False


def grant_rows() -> None:
    """Give the roles what they need of every table, after migrations. Registers give their own rights when applied.

    The public process gets only the tables that a room names in its app configuration (`public_tables`).
    """
    from django.apps import apps

    with connect_owner() as connection, connection.transaction():
        run = connection.execute
        run("GRANT USAGE ON SCHEMA public TO tongban_app, tongban_public, tongban_audit")
        run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tongban_app")
        run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tongban_app, tongban_public")
        run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tongban_public")
        run("REVOKE UPDATE, DELETE, TRUNCATE ON ledger_leaf FROM tongban_app")
        run("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM tongban_app")
        run("GRANT SELECT ON ledger_leaf TO tongban_audit")
        for config in apps.get_app_configs():
            for table, rights in getattr(config, "public_tables", {}).items():
                if run("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                    name = sql.SQL(".").join(sql.Identifier(part) for part in table.split("."))
                    run(sql.SQL("GRANT {} ON {} TO tongban_public").format(sql.SQL(rights), name))
