"""Starting Django from the command line, as the role a command needs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from .database import prepare, running


@contextmanager
def ready(role: str = "tongban_app") -> Iterator[None]:
    """Inside the block Django is set up and its database answers, connected as `role`."""
    os.environ["TONGBAN_DATABASE_ROLE"] = role
    with running():
        import django

        django.setup()
        from django.db import connections

        try:
            yield
        finally:
            connections.close_all()


def migrate(verbosity: int = 0) -> None:
    """Bring the database to the present definition: roles, tables, grants. Inside `ready("tongban_owner")`."""
    from django.core.management import call_command

    from .database import grant_rows

    prepare()
    call_command("migrate", verbosity=verbosity, interactive=False)
    grant_rows()
