"""A node's own PostgreSQL: embedded, small, brought up to date before anything else runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

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


def migrate() -> None:
    """Tables and rights. Inside `ready("tongban_owner")`."""
    from django.core.management import call_command

    database.prepare()
    call_command("migrate", verbosity=0, interactive=False)
    with database.connect_owner() as connection, connection.transaction():
        connection.execute("GRANT USAGE ON SCHEMA public TO tongban_app")
        connection.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tongban_app")
        connection.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO tongban_app")
        connection.execute("REVOKE UPDATE, DELETE, TRUNCATE ON ledger_leaf FROM tongban_app")
        connection.execute("REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM tongban_app")
