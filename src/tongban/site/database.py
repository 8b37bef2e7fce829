"""Which database, as which role.

Four roles from the first migration (security R1): `tongban_owner` migrates; `tongban_app` reads and writes rows of
the staff and system processes, row security forced; `tongban_public` sees what the public process may see;
`tongban_audit` reads the ledger. Their passwords are this installation's secrets.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import sql

from tongban.base.ledger.data import WRITTEN

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
        "OPTIONS": {"application_name": f"tongban-{site}", "options": " ".join(_options(site))},
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


# How long a statement may run, a lock may be waited for, and a transaction may stand idle, in milliseconds (T33).
# Nobody waits for an answer of the worker, of migrations or of a command, and an export takes its time.
LIMITS = {
    "public": {"statement_timeout": 3_000, "lock_timeout": 2_000, "idle_in_transaction_session_timeout": 10_000},
    "staff": {"statement_timeout": 30_000, "lock_timeout": 10_000, "idle_in_transaction_session_timeout": 60_000},
}


def _options(site: str) -> Iterator[str]:
    for name, value in LIMITS.get(site, {}).items():
        yield f"-c {name}={value}"
    if site not in LIMITS:
        yield "-c tongban.system=on"  # jobs and commands, which nobody at a browser steers


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
        secure_rows(connection)  # before any right is given: no table is ever open to a role and to everybody's eyes
        run("GRANT USAGE ON SCHEMA public TO tongban_app, tongban_public, tongban_audit")
        run("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tongban_app")
        run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tongban_app, tongban_public")
        run("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tongban_public")
        run("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_leaf FROM tongban_app")
        run(f"GRANT INSERT {WRITTEN} ON ledger_leaf TO tongban_app")  # neither number nor moment (T3)
        run("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM tongban_app")
        sealed = "ledger_head, witness_cosignature, witness_stamp, witness_signer, witness_check"
        run(f"REVOKE UPDATE, DELETE, TRUNCATE ON {sealed} FROM tongban_app")  # what was said stays said (R6)
        run("REVOKE DELETE, TRUNCATE ON ledger_log, ledger_tile FROM tongban_app")
        run(f"GRANT SELECT ON ledger_leaf, ledger_log, ledger_tile, witness_watch, {sealed} TO tongban_audit")
        for config in apps.get_app_configs():
            for table, rights in getattr(config, "public_tables", {}).items():
                if run("SELECT to_regclass(%s)", [table]).fetchone() != (None,):
                    name = sql.SQL(".").join(sql.Identifier(part) for part in table.split("."))
                    run(sql.SQL("GRANT {} ON {} TO tongban_public").format(sql.SQL(rights), name))


def personal_tables() -> dict[str, str | tuple[str, str]]:
    """Every table of people's data with the condition under which a row is seen (R1); rooms declare theirs.

    Where a pair is given, its second part says who may add a row without seeing it afterwards.
    """
    from django.apps import apps

    found: dict[str, str | tuple[str, str]] = {}
    for config in apps.get_app_configs():
        found |= getattr(config, "personal_tables", {})
    return found


def secure_rows(connection: psycopg.Connection[Any]) -> None:
    """Force row security on every personal table, as its room declares it. Only what has changed is written."""
    _define_sees(connection)
    known = dict(
        connection.execute(
            "SELECT polrelid::regclass::text, obj_description(oid, 'pg_policy') FROM pg_policy "
            "WHERE polname = 'visible'"
        ).fetchall()
    )
    for table, rule in personal_tables().items():
        seen, added = rule if isinstance(rule, tuple) else (rule, "")
        mark = hashlib.sha256(f"{seen}\n{added}".encode()).hexdigest()
        if known.get(table) == mark or connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            continue
        name = sql.Identifier(table)
        statements = [
            sql.SQL("DROP POLICY IF EXISTS visible ON {}").format(name),
            sql.SQL("DROP POLICY IF EXISTS added ON {}").format(name),
            sql.SQL("CREATE POLICY visible ON {} USING (tongban_system() OR {})").format(name, sql.SQL(seen)),
            sql.SQL("COMMENT ON POLICY visible ON {} IS {}").format(name, sql.Literal(mark)),
            sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(name),
            sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(name),
        ]
        if added:
            statements.append(
                sql.SQL("CREATE POLICY added ON {} FOR INSERT WITH CHECK ({})").format(name, sql.SQL(added))
            )
        for statement in statements:
            connection.execute(statement)


def _define_sees(connection: psycopg.Connection[Any]) -> None:
    """`tongban_sees(kind, which)`: whether the person at work sees this subject, by what the rooms say of their kinds.

    So a document or a file below shows itself to those who see the case above it, and knows nothing of cases.
    """
    from django.apps import apps

    kinds: dict[str, list[str]] = {}
    for config in apps.get_app_configs():
        for kind, condition in getattr(config, "seen_subjects", {}).items():
            kinds.setdefault(kind, []).append(condition)
    branches = "".join(
        f"  IF kind = '{kind}' THEN RETURN {' OR '.join(conditions)}; END IF;\n"
        for kind, conditions in sorted(kinds.items())
    )
    first = "  IF kind || ':' || which = tongban_subject() THEN RETURN true; END IF;\n"
    body = f"BEGIN\n{first}{branches}  RETURN false;\nEND"
    former = connection.execute("SELECT prosrc FROM pg_proc WHERE proname = 'tongban_sees'").fetchone()
    if former != (body,):
        connection.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION tongban_sees(kind text, which text) RETURNS boolean "
                "LANGUAGE plpgsql STABLE AS {}"
            ).format(sql.Literal(body))
        )
