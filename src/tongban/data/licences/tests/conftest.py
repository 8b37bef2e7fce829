"""A library: the register, two types, two issuing offices, a holder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import Ref
from tongban.data.licences import api
from tongban.data.licences.data import Licence, LicenceType
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

PASSWORD = "brave-Otter-31"
DEFINITION = Path(__file__).resolve().parents[5] / "packs/base_registers/registers/licence.yaml"
BUSINESS = LicenceType("business_licence", "营业执照", "Business licence", "11100000MB0143028R001")
CARD = LicenceType("elder_card", "老年人优待证", "Senior citizen's card", "11100000000013338W011", years=5)
FIRM = Ref("registers.legal_entity", "firm00000000000000000000000")
USCC = "91350100M000100Y43"
FACE = {
    "统一社会信用代码": USCC,
    "名称": "海口示范贸易有限公司",
    "法定代表人": "张示范",
    "注册资本": "1000000元",
    "联系电话": "13800000009",
    "成立日期": date(2026, 11, 21),
}


@pytest.fixture
def library(db: None, settings: Any) -> Iterator[SimpleNamespace]:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    registers.forget_definitions()
    registers.apply([registers.parse(DEFINITION.read_text("utf-8"), "licence.yaml")])
    identity.load_offices(
        [
            OfficeRow("46", "示范省市场监督管理局", OfficeKind.PROVINCE, "46", uscc="11370800MB28559184"),
            OfficeRow("4601", "海口市示范民政局", OfficeKind.CITY, "460100", "46"),
        ]
    )
    api.define_types([BUSINESS, CARD])
    citizen = identity.create_citizen("王小明", phone="13800000001", password=PASSWORD, username="wang")
    yield SimpleNamespace(
        issuer=identity.office_by_code("46").ref, city=identity.office_by_code("4601").ref, citizen=citizen
    )
    registers.forget_definitions()


@pytest.fixture
def issued(library: SimpleNamespace) -> Licence:
    return api.issue(
        "business_licence",
        FIRM,
        "海口示范贸易有限公司",
        USCC,
        FACE,
        library.issuer,
        subject=Ref("hall.case", "case0000000000000000000001"),
    )


@pytest.fixture
def card(library: SimpleNamespace) -> Licence:
    face = {"姓名": "王小明", "公民身份号码": "11010519491231002X"}
    return api.issue("elder_card", library.citizen.ref, "王小明", "11010519491231002X", face, library.city)


@pytest.fixture
def with_pdf(issued: Licence, run_jobs: Callable[[], int]) -> Licence:
    run_jobs()
    return api.licence(issued.identifier)
