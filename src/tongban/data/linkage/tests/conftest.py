"""The base registers, the sources of three offices, and named people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.base.kernel.api import Ref, identity_check, system
from tongban.data.linkage import api
from tongban.data.linkage.data import Source
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

FOLDER = Path(__file__).resolve().parents[5] / "packs" / "base_registers"
PEOPLE = {"身份证号": "id_number", "姓名": "name", "性别": "sex", "出生日期": "birth_date", "住址": "address"}
POLICE = {**PEOPLE, "曾用名": "former_name", "状态": "status", "电话": "phone"}
FIRMS = {"信用代码": "uscc", "名称": "name", "法定代表人": "representative", "状态": "status", "类型": "type"}
FIRMS |= {"住所": "address", "成立日期": "founded", "注册号": "registration_number", "吸收方": "successor"}
TAX = {"代码": "org_code", "名称": "name", "负责人": "representative", "税务状态": "tax_state", "税号": "tax_number"}
INSURED = {"代码": "uscc", "名称": "name", "参保人数": "insured"}


def number(birth: str = "19900307", serial: int = 1, place: str = "460105") -> str:
    first = f"{place}{birth}{serial:03}"
    return first + identity_check(first)


@pytest.fixture
def town(db: None) -> Iterator[SimpleNamespace]:
    """Four offices with their sources; two judges, one officer at each source, one at the tax office."""
    registers.forget_definitions()
    registers.load_codes("gbt4754", {})
    registers.apply([registers.parse(p.read_text("utf-8"), p.name) for p in sorted(FOLDER.glob("registers/*.yaml"))])
    codes = {"police": "public_security", "insurance": "social_security", "market": "market_regulation", "tax": "tax"}
    titles = {"police": "海南省公安厅", "insurance": "海南省人力资源和社会保障厅", "market": "海南省市场监督管理局"}
    titles["tax"] = "国家税务总局海南省税务局"
    identity.load_offices(
        [OfficeRow(f"46/{k}", titles[k], OfficeKind.DEPARTMENT, "46", roles=(r,)) for k, r in codes.items()]
    )
    offices = {key: identity.office_by_code(f"46/{key}").ref for key in codes}
    for source in (
        Source("population", "police/residents", "常住人口信息", offices["police"], "public_security", "编号", POLICE),
        Source(
            "population",
            "insurance/persons",
            "参保人员信息",
            offices["insurance"],
            "social_security",
            "编号",
            {**PEOPLE, "电话": "phone", "现住址": "residence"},
        ),
        Source(
            "legal_entity", "market/firms", "市场主体登记信息", offices["market"], "market_regulation", "编号", FIRMS
        ),
        Source("legal_entity", "tax/payers", "纳税人登记信息", offices["tax"], "tax", "编号", TAX),
        Source(
            "legal_entity", "insurance/firms", "参保单位信息", offices["insurance"], "social_security", "编号", INSURED
        ),
    ):
        api.define_source(source)
    roles = {"judge": ["linkage.read", "linkage.review"], "source": ["linkage.differences"]}
    roles |= {"topic": ["linkage.topics"], "tax": ["linkage.tax"]}
    for role, rights in roles.items():
        identity.define_role(role, role, rights)
    people: dict[str, Any] = {}
    posts = {"judge": ("police", "judge"), "second": ("market", "judge"), "insurer": ("insurance", "source")}
    posts |= {"topic": ("market", "topic"), "taxman": ("tax", "tax"), "stranger": ("tax", "")}
    for name, (office, role) in posts.items():
        made = identity.create_staff(name, name, second_factor=False)
        identity.assign_post(made.ref, offices[office], "科员", [role] if role else [])
        people[name] = made.ref
    yield SimpleNamespace(offices=offices, **people)
    registers.forget_definitions()


def resident(id: str, name: str, card: str, **more: str) -> dict[str, str]:
    """One line of the police's list."""
    line = {
        "编号": id,
        "姓名": name,
        "身份证号": card,
        "性别": "男",
        "出生日期": "",
        "住址": "",
        "曾用名": "",
        "状态": "正常",
        "电话": "",
    }
    return {**line, **more}


def insured(id: str, name: str, card: str, **more: str) -> dict[str, str]:
    """One line of the social insurance's list."""
    line = {"编号": id, "姓名": name, "身份证号": card, "性别": "", "出生日期": "", "住址": "", "电话": ""}
    return {"现住址": "", **line, **more}


def golden(card: str) -> Any:
    with system():
        return registers.find("population", id_number=card)


def by(person: Ref) -> Any:
    return identity.actor_for(person)
