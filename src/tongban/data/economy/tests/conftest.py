"""The registers of the pack, two officers of a statistics office, a stranger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tongban.data.economy import api
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

ROOT = Path(__file__).resolve().parents[5]
_ROWS = (
    ("gdp", "地区生产总值", "亿元", "year", "accounts", ""),
    ("gdp1", "第一产业增加值", "亿元", "year", "accounts", "gdp"),
    ("cpi", "居民消费价格指数", "上年同月=100", "month", "prices", ""),
    ("wb_gdp", "国内生产总值（现价美元）", "美元", "year", "world", ""),
)
INDICATORS = tuple(
    {"code": code, "title": title, "unit": unit, "frequency": often, "topic": topic, "office": "示范局", "whole": whole}
    for code, title, unit, often, topic, whole in _ROWS
)


@pytest.fixture
def base(db: None) -> Iterator[None]:
    registers.forget_definitions()
    folder = ROOT / "packs/macro_economy/registers"
    registers.apply([registers.parse(file.read_text("utf-8"), file.name) for file in sorted(folder.glob("*.yaml"))])
    api.define_indicators(INDICATORS)
    yield
    registers.forget_definitions()


@pytest.fixture
def people(base: None) -> SimpleNamespace:
    """Two who prepare and approve, and one who may do neither."""
    identity.load_offices([OfficeRow("46/statistics", "示范省统计局", OfficeKind.DEPARTMENT, "46")])
    office = identity.office_by_code("46/statistics").ref
    identity.define_role("statistician", "统计人员", ["economy.prepare", "economy.approve"])
    identity.define_role("reader", "查阅人员", ["register.read"])
    made: dict[str, Any] = {}
    for name, role in (("first", "statistician"), ("second", "statistician"), ("stranger", "reader")):
        made[name] = identity.create_staff(name, name, second_factor=False)
        identity.assign_post(made[name].ref, office, "科员", [role])
    return SimpleNamespace(**made)


@pytest.fixture
def client_of(settings: Any) -> Callable[[Any], Client]:
    """A browser on the staff site in which this person has signed in."""
    settings.ROOT_URLCONF = "tongban.site.urls_staff"
    settings.SITE = "staff"

    def sign_in(person: Any) -> Client:
        client = Client(raise_request_exception=False)
        account = get_user_model().objects.get(public_id=person.ref.id)
        client.force_login(account, backend="tongban.trust.identity.signin.SignInBackend")
        return client

    return sign_in
