"""An installation with a ledger, people, and two witnesses as real processes' servers on free ports."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from tongban.base.kernel.api import Ref
from tongban.base.ledger import api as ledger
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow
from tongban.trust.witness.process import Book, server

PASSWORD = "brave-Otter-31"
ROLES = {"auditor": ["ledger.audit", "ledger.evidence"], "clerk": ["identity.read"]}


@pytest.fixture
def people(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    identity.load_offices([OfficeRow("46", "示范省人民政府办公厅", OfficeKind.PROVINCE, "46")])
    office = identity.office_by_code("46").ref
    for key, permissions in ROLES.items():
        identity.define_role(key, key, permissions)

    def staff(username: str, role: str) -> Actor:
        person = identity.create_staff(username, f"员工{username}", password=PASSWORD, second_factor=False)
        identity.assign_post(person.ref, office, "科员", [role])
        return identity.actor_for(person.ref)

    return SimpleNamespace(auditor=staff("auditor", "auditor"), clerk=staff("clerk", "clerk"))


def write(count: int, name: str = "c1", by: Ref | None = None) -> Ref:
    case = Ref("hall.case", name)
    with transaction.atomic():
        for number in range(count):
            ledger.write("hall.case.decided", case, by=by, n=number)
    return case


class Town:
    """Two witnesses that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.servers = folder, {}

    def start(self, name: str, port: int = 0) -> str:
        running = server(Book(self.folder / name, name), "127.0.0.1", port)
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.servers[name] = running
        return f"http://127.0.0.1:{running.server_address[1]}"

    def stop(self, name: str) -> None:
        running = self.servers.pop(name)
        running.shutdown()
        running.server_close()


@pytest.fixture
def witnesses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    town = Town(tmp_path / "witness")
    urls = {name: town.start(name) for name in ("one", "two")}
    monkeypatch.setenv("TONGBAN_WITNESSES", ",".join(f"{name}={url}" for name, url in urls.items()))
    yield town
    for name in list(town.servers):
        town.stop(name)


Superuser = Callable[..., None]


@pytest.fixture
def superuser(db: None) -> Superuser:
    from django.db import connection

    def run(*statements: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                cursor.execute(statement)
            cursor.execute("SET LOCAL session_replication_role = origin")

    return run
