"""The three base registers, applied inside each test's transaction, and named people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from tongban.base.kernel.api import Ref, system
from tongban.engine.registers import api
from tongban.engine.registers.data import RegisterDefinition, Row
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

FOLDER = Path(__file__).resolve().parents[5] / "packs" / "base_registers" / "registers"
CITIZEN = "460105199003070017"
NEIGHBOUR = "460105199003070025"
BY = Ref("identity.person", "job")


def base_definitions() -> list[RegisterDefinition]:
    return [api.parse(path.read_text("utf-8"), path.name) for path in sorted(FOLDER.glob("*.yaml"))]


@pytest.fixture
def registers(db: None) -> Iterator[None]:
    api.forget_definitions()
    api.apply(base_definitions())
    yield
    api.forget_definitions()


@pytest.fixture
def people(registers: None) -> SimpleNamespace:
    """A clerk who may do everything with registers, a reader, a citizen and the citizen's neighbour."""
    identity.load_offices([OfficeRow("46/commerce", "海南省市场监督管理局", OfficeKind.DEPARTMENT, "46")])
    office = identity.office_by_code("46/commerce").ref
    every = ["register.read", "register.write", "register.export", "register.unmask"]
    identity.define_role("clerk", "窗口人员", every)
    identity.define_role("reader", "查阅人员", ["register.read"])
    made: dict[str, Any] = {}
    for name, role in (("clerk", "clerk"), ("reader", "reader"), ("stranger", None)):
        made[name] = identity.create_staff(name, name, second_factor=False)
        if role:
            identity.assign_post(made[name].ref, office, "科员", [role])
    with system():
        for number, name in ((CITIZEN, "陈小明"), (NEIGHBOUR, "林大海")):
            values = {"id_number": number, "name": name, "status": "normal", "phone": "13812345678"}
            api.write("population", values, by=BY, reason="建库", source="public_security")
    made["citizen"] = identity.create_citizen("陈小明", id_number=CITIZEN)
    return SimpleNamespace(**made)


@pytest.fixture
def client_of(settings: Any) -> Callable[[Any], Client]:
    """A browser in which this person has signed in."""
    settings.ROOT_URLCONF = "tongban.engine.registers.tests.urls"
    settings.SITE = "staff"

    def sign_in(person: Any) -> Client:
        client = Client(raise_request_exception=False)
        account = get_user_model().objects.get(public_id=person.ref.id)
        client.force_login(account, backend="tongban.trust.identity.signin.SignInBackend")
        return client

    return sign_in


@contextmanager
def as_role(role: str) -> Iterator[None]:
    """The block runs as this database role, as the staff or the public process does."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        try:
            yield
        finally:
            cursor.execute("RESET ROLE")


def citizen_row(number: str = CITIZEN) -> Row:
    with system():
        row = api.find("population", id_number=number)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tongban.system', '', true)")
    assert row is not None
    return row
