"""Two offices, who may seal for them, and who may not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow

from .makers import World

PASSWORD = "brave-Otter-31"


@pytest.fixture(scope="session")
def world() -> World:
    """One authority with its people, made once: RSA keys take their time."""
    return World()


@pytest.fixture
def offices(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    identity.load_offices(
        [
            OfficeRow("46", "示范省人民政府", OfficeKind.PROVINCE, "46"),
            OfficeRow("46/commerce", "示范省市场监督管理局", OfficeKind.DEPARTMENT, "46", "46"),
            OfficeRow("46/civil", "示范省民政厅", OfficeKind.DEPARTMENT, "46", "46"),
        ]
    )
    identity.define_role("keeper", "用印人员", ["seals.apply"])
    identity.define_role("manager", "印章管理员", ["seals.manage"], reach="subtree")
    commerce, civil = (identity.office_by_code(f"46/{one}").ref for one in ("commerce", "civil"))

    def staff(username: str, office: Any, *roles: str) -> Actor:
        person = identity.create_staff(username, f"员工{username}", password=PASSWORD, second_factor=False)
        identity.assign_post(person.ref, office, "科员", list(roles))
        return identity.actor_for(person.ref)

    return SimpleNamespace(
        commerce=commerce,
        civil=civil,
        manager=staff("manager", identity.office_by_code("46").ref, "manager"),
        keeper=staff("keeper", commerce, "keeper"),
        civil_keeper=staff("civil", civil, "keeper"),
        stranger=staff("stranger", commerce),
    )
