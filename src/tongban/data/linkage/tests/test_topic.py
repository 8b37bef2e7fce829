"""Tax governance: found over all sources, handed over, answered with the money (DATA-34)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, Refused, credit_check, org_check
from tongban.data.linkage import api, taxation
from tongban.data.linkage.models import Suspect

from .conftest import by

pytestmark = pytest.mark.django_db


def code(n: int) -> str:
    first = f"MA5RC{n:03}"
    whole = f"91460100{first}{org_check(first)}"
    return whole + credit_check(whole)


def firm(n: int, name: str, status: str = "存续") -> dict[str, str]:
    return {"编号": f"f{n}", "信用代码": code(n), "名称": name, "法定代表人": "林大海", "状态": status, "类型": "企业",
            "住所": "", "成立日期": "2018-01-02", "注册号": "", "吸收方": ""}  # fmt: skip


def payer(n: int, name: str) -> dict[str, str]:
    return {"编号": f"t{n}", "代码": code(n)[8:17], "名称": name, "负责人": "林大海", "税务状态": "正常", "税号": ""}


@pytest.fixture
def sources(town: SimpleNamespace) -> SimpleNamespace:
    api.absorb(
        "legal_entity",
        "market/firms",
        [firm(1, "海南椰风科技有限公司"), firm(2, "三亚海韵商贸有限公司"), firm(3, "琼海渔火餐饮有限公司", "注销")],
    )
    api.absorb("legal_entity", "tax/payers", [payer(1, "海南椰风科技有限公司"), payer(3, "琼海渔火餐饮有限公司")])
    insured = {"编号": "s9", "代码": code(9), "名称": "文昌龙楼建筑队", "参保人数": "12"}
    api.absorb("legal_entity", "insurance/firms", [insured])
    return town


def test_data34_from_the_list_to_the_money(sources: SimpleNamespace) -> None:
    assert {r: n for r, n in taxation.find().items() if r in taxation.RULES} == {
        "untaxed": 1,
        "cancelled": 1,
        "insured": 1,
    }
    topic, tax = by(sources.topic), by(sources.taxman)
    untaxed = Suspect.objects.get(rule="untaxed")
    assert untaxed.name == "三亚海韵商贸有限公司"
    with pytest.raises(Refused):
        taxation.hand_over(tax, [untaxed.public_id])
    with pytest.raises(Refused):
        taxation.answer(tax, untaxed.public_id, confirmed=True, text="补缴", recovered="1")
    assert taxation.hand_over(topic, [untaxed.public_id]) == 1
    with pytest.raises(Invalid):
        taxation.answer(tax, untaxed.public_id, confirmed=False, text="已核", recovered="5")
    taxation.answer(tax, untaxed.public_id, confirmed=True, text="未办理税务登记，补缴税款", recovered="12,345.60")
    total = next(t for t in taxation.totals() if t["rule"] == "untaxed")
    assert (total["found"], total["confirmed"], str(total["recovered"])) == (1, 1, "12345.60")
    cancelled = Suspect.objects.get(rule="cancelled")
    api.absorb("legal_entity", "tax/payers", [payer(1, "海南椰风科技有限公司")])
    assert taxation.find()["cancelled_settled"] == 1
    cancelled.refresh_from_db()
    assert cancelled.state == "settled"
