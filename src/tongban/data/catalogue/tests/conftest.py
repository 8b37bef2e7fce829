"""A province with a data authority, an office that has data and one that needs them, and the people who do the work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rdflib import Graph
from rdflib.namespace import SH

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import today
from tongban.data.catalogue import api
from tongban.data.catalogue.data import (
    Category,
    Cycle,
    DataType,
    Description,
    Item,
    Mode,
    Resource,
    Sharing,
    Wish,
)
from tongban.data.catalogue.dcat.profile import SHAPES
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow, Reach

ROLES = {
    "cat_editor": (["catalogue.read", "catalogue.edit"], Reach.OWN),
    "cat_reviewer": (["catalogue.read", "catalogue.review", "catalogue.decide"], Reach.OWN),
    "cat_secrecy": (["catalogue.secrecy"], Reach.SUBTREE),
    "cat_authority": (["catalogue.read", "catalogue.manage"], Reach.SUBTREE),
    "cat_user": (["catalogue.read", "catalogue.request"], Reach.OWN),
}
PEOPLE = {
    "editor": ("46.ic", "cat_editor"),
    "chief": ("46.ic", "cat_reviewer"),
    "secrecy": ("46", "cat_secrecy"),
    "authority": ("46", "cat_authority"),
    "user": ("46.tax", "cat_user"),
    "tax_editor": ("46.tax", "cat_editor"),
    "tax_chief": ("46.tax", "cat_reviewer"),
    "stranger": ("46.road", "cat_user"),
}
ENTERPRISES = Description(
    title="企业登记信息",
    summary="在省内登记的企业及其登记事项。",
    provider="46.ic",
    category=Category.DEPARTMENT,
    project="07",
    subject="003",
    items=(
        Item("uscc", "统一社会信用代码", length=18, required=True, element="legal_entity.uscc"),
        Item("name", "企业名称", length=200, required=True, element="legal_entity.name"),
        Item("capital", "注册资本", DataType.MONEY),
        Item("manager_id", "负责人证件号码", length=18, personal=True),
    ),
    cycle=Cycle.DAILY,
    sharing=Sharing.CONDITIONAL,
    condition="行政机关履行法定职责核验企业登记信息时使用",
    modes=(Mode.BATCH, Mode.QUERY),
    system="企业登记系统",
    owner="登记注册处处长",
    operator="信息中心运行科",
)


@pytest.fixture
def town(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TONGBAN_SECOND_FACTOR = False
    calendars.seed()
    identity.load_offices(
        [
            OfficeRow(
                "46", "示范省大数据管理局", OfficeKind.PROVINCE, "46", uscc="11370800MB28559184", roles=("data",)
            ),
            OfficeRow("46.ic", "示范省市场监督管理局", OfficeKind.DEPARTMENT, "46", "46", uscc="91350100M000100Y43"),
            OfficeRow("46.tax", "示范省税务局", OfficeKind.DEPARTMENT, "46", "46"),
            OfficeRow("46.road", "示范省交通运输厅", OfficeKind.DEPARTMENT, "46", "46"),
        ]
    )
    for key, (rights, reach) in ROLES.items():
        identity.define_role(key, key, rights, reach=reach)
    people = {}
    for name, (office, role) in PEOPLE.items():
        people[name] = identity.create_staff(name, name, second_factor=False)
        identity.assign_post(people[name].ref, identity.office_by_code(office).ref, "科员", [role])
    actors: dict[str, Actor] = {name: identity.actor_for(person.ref) for name, person in people.items()}
    return SimpleNamespace(
        **actors, people=people, ic=identity.office_by_code("46.ic").ref, tax=identity.office_by_code("46.tax").ref
    )


@pytest.fixture
def published(town: SimpleNamespace) -> Callable[..., Resource]:
    """Takes a description through all reviews into the catalogue."""

    def take(
        description: Description = ENTERPRISES, editor: str = "editor", chief: str = "chief", **changes: Any
    ) -> Resource:
        made = api.compile(getattr(town, editor), replace(description, **changes))
        return through(town, made.id, 1, editor, chief)

    return take


def through(town: SimpleNamespace, id: str, revision: int, editor: str = "editor", chief: str = "chief") -> Resource:
    """An edition's way from its draft."""
    one = api.submit(getattr(town, editor), id, revision)
    one = api.review(getattr(town, chief), id, True, "", one.revision)
    one = api.clear_secrecy(town.secrecy, id, True, "不涉密", "密审〔2026〕12号", one.revision)
    one = api.review(town.authority, id, True, "", one.revision)
    return api.publish(town.authority, id, one.revision)


@pytest.fixture
def wish(town: SimpleNamespace) -> Callable[..., Wish]:
    def make(resource: Resource, **changes: Any) -> Wish:
        made = Wish(
            resource=resource.id,
            office=town.tax,
            items=("uscc", "name"),
            basis="《税收征收管理法》第六条",
            purpose="核对已登记未办税的企业",
            system="税收征管系统",
            mode=Mode.BATCH,
            frequency="每日",
            until=today() + timedelta(days=365),
        )
        return replace(made, **changes)

    return make


@pytest.fixture(scope="session")
def shapes() -> Graph:
    """The shapes of DCAT-AP 3.0.1, without the two constraints that its publisher names and never describes."""
    graph = Graph().parse(SHAPES, format="turtle")
    for shape, constraint in list(graph.subject_objects(SH.property)):
        if graph.value(constraint, SH.path) is None:
            graph.remove((shape, SH.property, constraint))
    return graph
