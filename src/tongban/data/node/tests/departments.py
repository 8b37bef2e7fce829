"""Databases of departments as the node meets them: a file, a PostgreSQL beside ours, and MySQL where one is named."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from tongban.data.node.data import Place
from tongban.site.database import configuration
from tongban.site.postgres import OWNER, Server

Query = Callable[[str], list[tuple[Any, ...]]]
MYSQL = os.environ.get("TONGBAN_TEST_MYSQL", "")
needs_mysql = pytest.mark.skipif(
    not MYSQL, reason="needs TONGBAN_TEST_MYSQL=mysql://user:password@host:port/empty_database (MySQL or MariaDB)"
)


@dataclass
class Department:
    """Where its table is, as a mapping or sink file says it, and a way to ask the database itself."""

    url: str
    table: str
    query: Query
    password_file: str = ""

    @property
    def options(self) -> dict[str, str]:
        word = {"password_file": self.password_file} if self.password_file else {}
        return {"url": self.url, "table": self.table, **word}

    @property
    def place(self) -> Place:
        return Place("sql", self.options)

    @property
    def text(self) -> str:
        """For a mapping file."""
        return "{" + ", ".join(f'{name}: "{value}"' for name, value in {"kind": "sql", **self.options}.items()) + "}"


def sqlite(path: Path) -> Department:
    connection = sqlite3.connect(path / "d.sqlite", isolation_level=None)
    connection.execute("VACUUM")
    return Department(f"sqlite:///{path}/d.sqlite", "people", lambda text: connection.execute(text).fetchall())


def postgres(path: Path) -> Department:
    """The test server's own database, another schema: what a department's PostgreSQL looks like to us."""
    server, database = Server(), configuration("owner")["NAME"]
    connection = psycopg.connect(server.url(database=database), autocommit=True)
    connection.execute("DROP SCHEMA IF EXISTS dept CASCADE")
    connection.execute("CREATE SCHEMA dept")

    def query(text: str) -> list[tuple[Any, ...]]:
        done = connection.execute(text)
        return done.fetchall() if done.description else []

    url = f"postgresql://{OWNER}@/{database}?host={server.socket}&port=5432"
    return Department(url, "dept.people", query, _word(path, connection.info.password))


def mysql(path: Path) -> Department:
    """The server that `TONGBAN_TEST_MYSQL` names; its database is emptied."""
    url = sa.make_url(MYSQL)
    login = {"host": url.host, "port": url.port or 3306, "user": url.username, "password": str(url.password)}
    connection = pymysql.connect(**login, database=url.database, autocommit=True)

    def query(text: str) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(text)
            return list(cursor.fetchall())

    for (table,) in query("SHOW TABLES"):
        query(f"DROP TABLE `{table}`")
    plain = f"mysql://{url.username}@{login['host']}:{login['port']}/{url.database}"
    return Department(plain, "people", query, _word(path, str(url.password)))


DATABASES = [sqlite, postgres, pytest.param(mysql, marks=needs_mysql)]


def _word(path: Path, password: str) -> str:
    file = path / "word"
    file.touch(mode=0o600)
    file.write_text(password)
    return str(file)
