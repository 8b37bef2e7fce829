"""A form with everything in it: situations, conditions, checks, rows, prefilled fields, materials."""

from __future__ import annotations

import pytest

from tongban.engine.forms import api
from tongban.engine.forms.data import FormDefinition, Option, Title

FORM = """\
form: enterprise
title: {zh: 企业设立登记申请书, en: Application to register an enterprise}
situations:
  - name: premises
    title: {zh: 住所情况, en: Premises}
    type: code
    required: true
    options:
      - {code: owned, title: {zh: 自有, en: Owned}}
      - {code: rented, title: {zh: 租用, en: Rented}}
pages:
  - name: enterprise
    title: {zh: 企业信息, en: The enterprise}
    fields:
      - register: legal_entity.name
        required: true
        checks:
          - rule: ends with(name, "公司")
            message: {zh: 名称应以“公司”结尾。, en: The name must end with 公司.}
      - {name: capital, title: 注册资本, type: money, required: true, min: "1", unit: {zh: 元, en: yuan}}
      - {name: address, title: 住所, type: place, required: true, prefill: population.address}
      - {name: county, title: {zh: 登记地, en: County}, type: code, code_set: counties}
      - {name: founded, title: {zh: 成立日期, en: Founded}, type: date, max: today}
      - {name: scope, title: {zh: 经营范围, en: Scope}, lines: 3, max_length: 20}
      - {name: has_agent, title: {zh: 由代理人办理, en: Through an agent}, type: bool}
      - {name: agent, title: {zh: 代理人, en: Agent}, required: true, condition: has_agent = true}
  - name: people
    title: {zh: 人员, en: People}
    fields:
      - {name: head, title: {zh: 法定代表人, en: Head}, required: true, prefill: applicant.name, mask: name}
      - {name: head_id, title: 身份证号, type: person_id, required: true, prefill: applicant.id_number}
      - {name: parent, title: {zh: 母公司代码, en: Code of the parent}, type: credit_code}
      - {name: phone, title: {zh: 电话, en: Telephone}, type: phone}
      - name: shareholders
        title: {zh: 股东, en: Shareholders}
        type: group
        rows: 1..3
        fields:
          - {name: holder, title: {zh: 姓名, en: Name}, required: true}
          - {name: id_number, title: {zh: 身份证号, en: Identity number}, type: person_id, required: true}
          - name: amount
            title: {zh: 出资, en: Amount}
            type: money
            required: true
            checks: [{rule: amount <= capital, message: 单个出资不得超过注册资本。}]
        checks:
          - rule: sum(shareholders.amount) = capital
            message: {zh: 出资之和应等于注册资本。, en: Contributions must add up to the capital.}
  - name: branch
    title: {zh: 大额, en: Large capital}
    condition: capital >= 1000000
    fields:
      - {name: proof, title: {zh: 验资说明, en: Proof of capital}, required: true}
materials:
  - {name: articles, title: {zh: 章程, en: Articles}, max_size: 10MB, formats: [pdf, docx]}
  - {name: lease, title: {zh: 租赁合同, en: Lease}, situations: {premises: [rented]}}
  - {name: deed, title: {zh: 产权证, en: Deed}, situations: {premises: [owned]}, licence: real_estate}
  - {name: power, title: {zh: 委托书, en: Power of attorney}, condition: has_agent = true}
  - {name: later, title: {zh: 后补材料, en: May follow}, necessity: "3"}
"""

GOOD = {
    "premises": "rented",
    "name": "海口示范贸易有限公司",
    "capital": "1,000.5",
    "address": {"division": "460106", "text": "示范路1号"},
    "head": "张三",
    "head_id": "１１０１０５１９４９１２３１００２x",
    "shareholders": [{"holder": "张三", "id_number": "11010519491231002X", "amount": "1000.50"}],
}


def fields_of_registers(key: str) -> dict[str, object] | None:
    known = {
        "legal_entity.name": {"title": {"zh": "名称", "en": "Name"}, "type": "text", "max_length": 40},
        "legal_entity.kind": {"title": {"zh": "类型", "en": "Kind"}, "type": "code", "required": True,
                              "options": [{"code": "01", "title": {"zh": "是", "en": "No"}}]},
    }  # fmt: skip
    return known.get(key)


def code_sets(key: str) -> list[Option] | None:
    return (
        [Option("460106", Title("龙华区", "Longhua")), Option("460105", Title("秀英区", "Xiuying"))]
        if key == "counties"
        else None
    )


@pytest.fixture(scope="session")
def form() -> FormDefinition:
    return api.parse(FORM, "enterprise.yaml", fields_of_registers, code_sets)
