"""A node's own PostgreSQL: embedded, small, brought up to date before anything else runs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from tongban.base.ledger.data import WRITTEN
from tongban.site import database
from tongban.site.postgres import Server

SMALL = {
    "max_connections": "40",
    "shared_buffers": "48MB",
    "effective_cache_size": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
}


def server() -> Server | None:
    """The embedded server of this node; None where `TONGBAN_DATABASE_URL` names one of your own."""
    return None if os.environ.get("TONGBAN_DATABASE_URL") else Server(extra=SMALL)


@contextmanager
def running() -> Iterator[Server | None]:
    """A database that answers inside the block: the one already running, or one started for the block."""
    own = server()
    if own is None or own.running():
        yield own
        return
    own.start()
    try:
        yield own
    finally:
        own.stop()


@contextmanager
def ready(role: str = "tongban_app") -> Iterator[None]:
    """Inside the block Django is set up as a node and its database answers."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tongban.site.node.settings"
    os.environ["TONGBAN_DATABASE_ROLE"] = role
    with running():
        import django

        django.setup()
        from django.db import connections

        try:
            yield
        finally:
            connections.close_all()


_RIGHTS = (
    "GRANT USAGE ON SCHEMA public TO tongban_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tongban_app",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tongban_app",
    "REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ledger_leaf FROM tongban_app",
    f"GRANT INSERT {WRITTEN} ON ledger_leaf TO tongban_app",  # neither number nor moment (T3)
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM tongban_app",
)
_MARK = hashlib.sha256("\n".join(_RIGHTS).encode()).hexdigest()  # stands at the schema when all of it is done


def migrate() -> None:
    """Tables and rights. Inside `ready("tongban_owner")`."""
    from django.core.management import call_command

    database.prepare()
    with database.connect_owner() as connection:
        connection.execute("COMMENT ON SCHEMA public IS NULL")
        call_command("migrate", verbosity=0, interactive=False)
        with connection.transaction():
            for right in (*_RIGHTS, f"COMMENT ON SCHEMA public IS '{_MARK}'"):
                connection.execute(right)


def current() -> bool:
    """Whether `migrate` would change nothing. Inside `ready()`."""
    from django.db import OperationalError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT obj_description('public'::regnamespace, 'pg_namespace')")
            done = cursor.fetchone()[0] == _MARK
    except OperationalError:  # there is no such database or role yet
        return False
    executor = MigrationExecutor(connection) if done else None
    return bool(executor and not executor.migration_plan(executor.loader.graph.leaf_nodes()))
