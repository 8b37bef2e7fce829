"""A citizen, another one, a clerk of an office, and a kind of message."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils.translation import gettext_lazy as later

from tongban.engine.notify.data import Kind, Urgency
from tongban.engine.notify.kinds import kinds
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

PASSWORD = "brave-Otter-31"


@pytest.fixture(autouse=True)
def kinds_of_the_tests() -> Iterator[None]:
    former = dict(kinds._items)
    kinds._items["test.accepted"] = Kind(
        "test.accepted",
        later("Messages"),
        "“%(item)s” of %(name)s: due %(due)s.",
        "“%(item)s” of %(name)s.",
        personal=("name",),
    )
    kinds._items["test.urgent"] = Kind("test.urgent", "Now", "Now!", urgency=Urgency.URGENT)
    yield
    kinds._items.clear()
    kinds._items.update(former)


@pytest.fixture
def people(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    identity.load_offices([OfficeRow("46", "示范省人民政府", OfficeKind.PROVINCE, "46")])
    office = identity.office_by_code("46")
    clerk = identity.create_staff("clerk", "陈窗口", password=PASSWORD, second_factor=False)
    identity.define_role("clerk", "窗口", [])
    identity.assign_post(clerk.ref, office.ref, "窗口", ["clerk"])
    citizen = identity.create_citizen("王小明", phone="13800000001", password=PASSWORD, username="wang")
    other = identity.create_citizen("李小红", phone="13800000002", password=PASSWORD, username="li")
    return SimpleNamespace(
        clerk=clerk, office=office, citizen=citizen, other=other, actor=identity.actor_for(citizen.ref)
    )
