"""A region with an authority on first need, two officers of the desk, two custodians, an office and a citizen."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from asn1crypto import pem

from tongban.base.kernel.api import Ref
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow
from tongban.trust.keys import escrow, fields

PASSWORD = "brave-Otter-31"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    fields.forget_cached()
    monkeypatch.setattr(escrow, "COST", 2**4)


@pytest.fixture
def world(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    identity.load_offices([OfficeRow("46", "示范省人民政府办公厅", OfficeKind.PROVINCE, "46")])
    office = identity.office_by_code("46").ref
    for key, permissions in ROLES.items():
        identity.define_role(key, key, permissions)

    def staff(username: str, *roles: str) -> Actor:
        person = identity.create_staff(username, f"员工{username}", password=PASSWORD)
        if roles:
            identity.assign_post(person.ref, office, "科员", list(roles))
        return identity.actor_for(person.ref)

    citizen = identity.create_citizen("王小明", phone="13800000001", password=PASSWORD, username="wang")
    return SimpleNamespace(
        office=office,
        staff=staff,
        registrar=staff("registrar", "registrar"),
        issuer=staff("issuer", "issuer"),
        both=staff("both", "registrar", "issuer"),
        keeper=staff("keeper", "manager", "custodian"),
        second=staff("second", "custodian"),
        user=staff("user", "user"),
        citizen=identity.actor_for(citizen.ref),
    )


ROLES = {
    "registrar": ["ca.register"],
    "issuer": ["ca.issue"],
    "manager": ["keys.read", "keys.manage"],
    "custodian": ["keys.read", "keys.custody"],
    "user": ["keys.use"],
}


class OpenSSL:
    """The command line of OpenSSL, and files for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: object) -> str:
        """Run it; both outputs, or a failure with them."""
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=20)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def fails(self, *arguments: object) -> str:
        done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=20)
        assert done.returncode != 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def file(self, name: str, body: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(body)
        return path

    def pem(self, name: str, *ders: bytes, kind: str = "CERTIFICATE") -> Path:
        return self.file(name, b"".join(pem.armor(kind, der) for der in ders))


@pytest.fixture
def openssl(tmp_path: Path) -> OpenSSL:
    return OpenSSL(tmp_path)


@pytest.fixture
def kinds() -> Callable[[Ref], list[str]]:
    """The kinds of leaves about an object."""
    from tongban.base.ledger.api import history

    return lambda subject: [entry.kind for entry in history(subject)]
