"""The test database: a clone of one migrated template on a real PostgreSQL of the tests' own.

The first process of a run starts the server (durability off: nothing here must survive) under `.tongban/test`, makes
one template per state of the migrations, and every worker clones it, which takes a fraction of a second.
"""

from __future__ import annotations

import ctypes.util
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[3]
os.environ.setdefault("TONGBAN_HOME", str(ROOT / ".tongban" / os.environ.get("TONGBAN_TEST_HOME", "test")))
os.environ.setdefault("TONGBAN_DATABASE_ROLE", "tongban_owner")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")

from .postgres import OWNER, Server  # noqa: E402

BROWSER = ("chromium", "libatomic1", "fonts-noto-cjk")  # itself, a library of its driver, Chinese letters
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


# What every database of this run begins with besides the migrations; set by a conftest before the first test.
prepared: Callable[[], object] | None = None


def _state() -> str:
    files = sorted([*ROOT.glob("src/tongban/**/migrations/*.py"), *ROOT.glob("src/tongban/**/apps.py")])
    if prepared:
        files += sorted(
            {*ROOT.glob("src/tongban/**/*.py"), *ROOT.glob("packs/**/*.*"), *ROOT.glob("tests/conftest.py")}
        )
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def _leads(session: pytest.Session) -> bool:
    return not os.environ.get("TONGBAN_DATABASE_URL") and not hasattr(session.config, "workerinput")


def pytest_sessionstart(session: pytest.Session) -> None:
    if _leads(session) and not (server := Server(extra=FAST)).running():
        server.start()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """The last run to end stops the server: two runs side by side share it."""
    if not _leads(session):
        return
    from .database import connect_owner

    with connect_owner("postgres") as connection:
        others = connection.execute(
            "SELECT 1 FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        ).fetchone()
    if not others:
        Server(extra=FAST).stop()


def _clone(name: str, template: str) -> None:
    from .database import connect_owner

    with connect_owner("postgres") as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _template() -> str:
    """Name of the migrated template; made once per state of the migrations, under a lock."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from tongban.base.kernel.api import system

    from . import database

    name = f"template_{_state()}"
    with database.connect_owner("postgres") as connection:
        connection.execute("SELECT pg_advisory_lock(20260101)")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            old = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'template\\_%%\\_new'"
            ).fetchall()
            for (stale,) in old:
                connection.execute(f'DROP DATABASE "{stale}" WITH (FORCE)')
            os.environ["TONGBAN_DATABASE_NAME"] = f"{name}_new"
            settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = f"{name}_new"
            connections.close_all()
            database.prepare()
            call_command("migrate", verbosity=0, interactive=False)
            database.grant_rows()
            if prepared:
                with system():
                    prepared()
                database.grant_rows()
            connections.close_all()
            connection.execute(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"')
    return name


@pytest.fixture(scope="session")
def database_template(django_db_blocker: pytest.FixtureRequest) -> str:
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        return _template()


@pytest.fixture(scope="session")
def django_db_setup(database_template: str, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Instead of migrating for every worker, clone the template."""
    from django.conf import settings
    from django.db import connections
    from django.test import TransactionTestCase

    name = f"test_{os.getpid()}"

    def fresh(test: TransactionTestCase | None = None) -> None:
        """Used after each test that commits, too: truncating would also lose what migrations put in."""
        connections.close_all()
        _clone(name, database_template)

    # What runs in a test is a site's or a person's doing; what is to work as the system says so, as in a site.
    connections["default"].settings_dict["OPTIONS"].pop("options", None)
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        fresh()
        os.environ["TONGBAN_DATABASE_NAME"] = name
        settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = name
    TransactionTestCase._fixture_teardown = fresh  # type: ignore[attr-defined]
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        from .database import connect_owner

        connections.close_all()
        with connect_owner("postgres") as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def _as_role(role: str, *, system: bool = False) -> Iterator[None]:
    """The block works with the rights of a process's own database role: the tests' connection is the owner's, who
    passes row security. Outside Django's sight, so that no test counts these statements."""
    from django.db import connection

    connection.ensure_connection()
    raw: psycopg.Connection[object] = connection.connection
    if connection.settings_dict["USER"] != OWNER or raw.execute("SELECT current_user").fetchone() != (OWNER,):
        yield
        return
    raw.execute(f"SET ROLE {role}")
    raw.execute("SELECT set_config('tongban.system', %s, false)", ["on" if system else ""])
    try:
        yield
    finally:
        if connection.connection is raw and not raw.closed:
            if raw.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                raw.rollback()  # nothing else can be done with it; the test's own transaction is over
            raw.execute("RESET ROLE; SET tongban.system = ''")


@pytest.fixture(autouse=True)
def _sites_have_their_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request of a test client is answered under the database role of its site (R1, T45)."""
    from django.test.client import ClientHandler

    answer = ClientHandler.__call__

    def answered(self: ClientHandler, environ: dict[str, object]) -> object:
        from tongban.trust.identity.api import site

        with _as_role("tongban_public" if site() == "public" else "tongban_app"):
            return answer(self, environ)

    monkeypatch.setattr(ClientHandler, "__call__", answered)


@pytest.fixture
def run_jobs() -> Callable[[], int]:
    """Run every job that is due, in order, the way the worker would, until none is left; returns how many ran."""

    def run() -> int:
        from django.db import connection
        from procrastinate.contrib.django import app

        done = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT id, task_name, args, queue_name FROM procrastinate_jobs WHERE status = 'todo' "
                    "AND (scheduled_at IS NULL OR scheduled_at <= now()) ORDER BY id LIMIT 1"
                )
                row = cursor.fetchone()
                if row is None:
                    return done
                cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = %s", [row[0]])
                cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [row[0]])
            import json

            arguments = row[2] if isinstance(row[2], dict) else json.loads(row[2])
            task = app.tasks[row[1]]
            # Packs are installed by the worker that owns the tables (`run.Town.usual`); all else by one that does not.
            with nullcontext() if row[3] == "definitions" else _as_role("tongban_app", system=True):
                task.func(None, **arguments) if task.pass_context else task.func(**arguments)
            done += 1

    return run


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a browser. Root gets it installed, by one worker while the others wait; others are told how; in CI it
    must be there."""
    with (Path(tempfile.gettempdir()) / "tongban-browser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _browser() and os.geteuid() == 0 and shutil.which("apt-get"):
            subprocess.run(["apt-get", "update", "-q"], check=False)
            subprocess.run(["apt-get", "install", "-yq", *BROWSER], check=False)
    if found := _browser():
        return found
    how = f"no Chromium: apt-get install {' '.join(BROWSER)}"
    if os.environ.get("CI"):
        pytest.fail(how)
    pytest.skip(how)


def _browser() -> str | None:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    return found if ctypes.util.find_library("atomic") else None
