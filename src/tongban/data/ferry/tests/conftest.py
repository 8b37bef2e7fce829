"""One database plays both sides: what left is forgotten, then the other zone opens its end of the channel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import system
from tongban.data.ferry import api, models, packing
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow

PASSWORD = "brave-Otter-31"
REGISTER = """
key: project
title: {zh: 项目库, en: Projects}
owner: development
level: internal
zone: outer
natural_key: [number]
label: title
fields:
  - {name: number, title: {zh: 编号, en: Number}, type: text, max_length: 20, required: true}
  - {name: title, title: {zh: 名称, en: Title}, type: text, max_length: 100}
  - {name: place, title: {zh: 地点, en: Place}, type: place}
"""


@pytest.fixture
def outer(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TONGBAN_ZONE = "outer"
    monkeypatch.setattr(packing, "folder", lambda channel: tmp_path)
    registers.forget_definitions()
    registers.apply([registers.parse(REGISTER, "project.yaml")])
    identity.load_offices([OfficeRow("46", "示范省人民政府办公厅", OfficeKind.PROVINCE, "46")])
    office = identity.office_by_code("46").ref
    for key in ("channels", "propose", "approve", "import"):
        identity.define_role(key, key, [f"ferry.{key}"])

    def staff(username: str, *roles: str) -> Actor:
        person = identity.create_staff(username, f"员工{username}", password=PASSWORD, second_factor=False)
        identity.assign_post(person.ref, office, "科员", list(roles))
        return identity.actor_for(person.ref)

    people = SimpleNamespace(
        security=staff("security", "channels"),
        writer=staff("writer", "propose"),
        chief=staff("chief", "approve", "propose"),
        carrier=staff("carrier", "import"),
        stranger=staff("stranger"),
    )
    api.open_channel(people.security, "to-inner", "外网至内网", "outer", "inner", api.own_certificate())
    write(1, 3)
    return people


def write(first: int, last: int, title: str = "项目") -> None:
    for number in range(first, last + 1):
        values = {"number": f"P{number}", "title": f"{title}{number}，“甲”\n乙", "place": None}
        registers.write("project", values, by=None, reason="立项", source="development")


@pytest.fixture
def carried(outer: SimpleNamespace) -> Callable[[], Path]:
    """Propose, approve, export: the file somebody carries away."""

    def make() -> Path:
        proposed = api.propose(outer.writer, "to-inner", "internal", "领导辅助决策", ["project"])
        api.approve(outer.chief, proposed.id)
        return api.export(proposed.id)[1]

    return make


@pytest.fixture
def inner(outer: SimpleNamespace, settings: Any) -> Callable[[], None]:
    """From now on this is the inner zone, with nothing in it."""

    def become() -> None:
        models.Bundle.objects.all().delete()
        models.Channel.objects.all().delete()
        with system():
            registers.model("project").objects.all().delete()
        settings.TONGBAN_ZONE = "inner"
        api.open_channel(outer.security, "to-inner", "外网至内网", "outer", "inner", api.own_root())

    return become


def rows() -> dict[str, str]:
    return dict(registers.model("project").objects.filter(valid_to=None).values_list("number", "title"))
