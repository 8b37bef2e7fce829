"""What the departments say of their data: four resources, their items, and where each value stands in their files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tongban.data.catalogue.data import Category, Cycle, DataType, Description, Item, Level, Sharing

CONDITION = "限依法履行职责的政务部门使用；须说明依据、用途和所需信息项，不得用于其他目的。"


@dataclass(frozen=True)
class Delivered:
    """A resource of a department. `part`: its accounts are `data_<part>` and `review_<part>`; `extract`: its file;
    `role`: the part its office plays; `means`: item -> item of the registry; `feel`: items computed at the node."""

    part: str
    extract: str
    registry: str
    role: str
    rank: int
    key: str
    description: Description
    means: Mapping[str, str]
    feel: Mapping[str, str]
    node: bool = True


# --- police -------------------------------------------------------------------------------------------------------

_POLICE, _CIVIL, _MARKET, _TAX = "460000-police", "460000-civil_affairs", "460000-commerce", "460000-tax"


def _item(name: str, title: str, length: int = 0, *, of: str = "", source: str = "", type: DataType = DataType.TEXT,
          required: bool = False, personal: bool = False) -> Item:  # fmt: skip
    return Item(name, title, type, length, source=source, required=required, personal=personal, element=of)


def _described(
    title: str, summary: str, provider: str, category: Category, project: str, subject: str,
    items: tuple[Item, ...], system: str, level: Level, keywords: tuple[str, ...],
) -> Description:  # fmt: skip
    return Description(
        title=title, summary=summary, provider=provider, category=category, project=project, subject=subject,
        items=items, cycle=Cycle.DAILY, sharing=Sharing.CONDITIONAL, condition=CONDITION, level=level, system=system,
        owner="业务主管处室", operator="信息中心", keywords=keywords,
    )  # fmt: skip


POLICE = Delivered(
    part="police",
    extract="public_security",
    registry="population",
    role="public_security",
    rank=1,
    key="person_no",
    description=_described(
        "常住人口登记信息", "户籍登记的常住人口：姓名、公民身份号码、出生日期、户籍地址、人员状态。", _POLICE,
        Category.BASE, "01", "001",
        (
            _item("person_no", "人员编号", 20, required=True),
            _item("name", "姓名", 50, of="population.name", required=True, personal=True),
            _item("sex", "性别", 2, of="population.sex", personal=True),
            _item("id_number", "公民身份号码", 18, of="population.id_number", personal=True),
            _item("birth_date", "出生日期", of="population.birth_date", type=DataType.DATE, personal=True),
            _item("nation", "民族", 2, of="population.nation", personal=True),
            _item("address", "户籍地址", 200, of="population.address", personal=True),
            _item("status", "人员状态", 10, of="population.status"),
        ),
        "人口信息管理系统", Level.SENSITIVE, ("人口", "户籍"),
    ),
    means={name: name for name in ("name", "sex", "id_number", "birth_date", "nation", "address", "status")},
    feel={},
)  # fmt: skip

CIVIL = Delivered(
    part="civil",
    extract="civil_affairs",
    registry="population",
    role="civil_affairs",
    rank=2,
    key="record_no",
    description=_described(
        "婚姻登记和殡葬信息", "婚姻登记当事人的婚姻状况、现居住地址，死亡人员的死亡日期。", _CIVIL,
        Category.BASE, "01", "002",
        (
            _item("record_no", "登记号", 20, required=True),
            _item("name", "姓名", 50, of="population.name", source=_POLICE, required=True, personal=True),
            _item("id_number", "身份证件号", 18, of="population.id_number", source=_POLICE, personal=True),
            _item("birth_date", "出生日期", of="population.birth_date", source=_POLICE, type=DataType.DATE,
                  personal=True),
            _item("marriage", "婚姻状况", 2, of="population.marriage", personal=True),
            _item("residence", "居住地址", 200, of="population.residence", personal=True),
            _item("death_date", "死亡日期", of="population.death_date", type=DataType.DATE, personal=True),
        ),
        "婚姻登记和殡葬管理系统", Level.SENSITIVE, ("婚姻", "殡葬", "死亡"),
    ),
    means={name: name for name in ("name", "id_number", "birth_date", "marriage", "residence", "death_date")},
    feel={},
    node=False,
)  # fmt: skip

MARKET = Delivered(
    part="market",
    extract="market_regulation",
    registry="legal_entity",
    role="market_regulation",
    rank=1,
    key="uscc",
    description=_described(
        "市场主体登记信息", "企业、个体工商户和农民专业合作社的登记事项、曾用名、登记状态。", _MARKET,
        Category.BASE, "02", "001",
        (
            _item("uscc", "统一社会信用代码", 18, of="legal_entity.uscc", required=True),
            _item("name", "企业名称", 200, of="legal_entity.name", required=True),
            _item("former_name", "曾用名", 200),
            _item("registration_number", "注册号", 15),
            _item("type", "企业类型", 20, of="legal_entity.type"),
            _item("representative", "法定代表人", 50, of="legal_entity.representative", personal=True),
            _item("representative_id", "法定代表人证件号", 18, of="legal_entity.representative_id", personal=True),
            _item("capital", "注册资本（元）", of="legal_entity.capital", type=DataType.MONEY),
            _item("address", "住所", 200, of="legal_entity.address"),
            _item("industry", "行业代码", 5, of="legal_entity.industry"),
            _item("founded", "成立日期", of="legal_entity.founded", type=DataType.DATE),
            _item("status", "登记状态", 10, of="legal_entity.status"),
        ),
        "市场主体登记系统", Level.INTERNAL, ("企业", "市场主体", "登记"),
    ),
    means={
        name: name
        for name in ("uscc", "name", "former_name", "registration_number", "type", "representative",
                     "representative_id", "capital", "address", "industry", "founded", "status")
    },
    feel={},
)  # fmt: skip

TAX = Delivered(
    part="tax",
    extract="tax",
    registry="legal_entity",
    role="tax",
    rank=2,
    key="taxpayer_no",
    description=_described(
        "纳税人登记信息", "纳税人识别号、名称、生产经营地址、纳税人状态和主管税务机关。", _TAX,
        Category.DEPARTMENT, "28", "001",
        (
            _item("taxpayer_no", "纳税人识别号", 20, of="legal_entity.tax_number", required=True),
            _item("uscc", "统一社会信用代码", 18, of="legal_entity.uscc", source=_MARKET),
            _item("registration_number", "原注册号", 15),
            _item("name", "纳税人名称", 200, of="legal_entity.name", source=_MARKET, required=True),
            _item("representative", "法定代表人", 50, of="legal_entity.representative", source=_MARKET, personal=True),
            _item("address", "生产经营地址", 200),
            _item("tax_state", "纳税人状态", 10),
            _item("tax_office", "主管税务机关", 100),
        ),
        "税收征管信息系统", Level.INTERNAL, ("税务", "纳税人"),
    ),
    means={
        "taxpayer_no": "tax_number",
        **{name: name for name in ("uscc", "registration_number", "name", "representative", "tax_state")},
    },
    feel={
        "uscc": 'if string length(taxpayer_no) = 18 then taxpayer_no else ""',
        "registration_number": 'if string length(taxpayer_no) < 18 then taxpayer_no else ""',
    },
)  # fmt: skip

ALL = (POLICE, CIVIL, MARKET, TAX)


def mapping(one: Delivered, code: str, edition: int, path: str) -> str:
    """The node's source file: which column of the department's own file is which item."""
    lines = [
        f"name: {one.extract}",
        f'resource: "{code}"',
        f"schema: {edition}",
        f'source: {{kind: csv, path: "{path}"}}',
        "every: 3s",
        f"key: {one.key}",
        "items:",
    ]
    columns = iter(_columns(one))
    for item in one.description.items:
        said = f"feel: '{one.feel[item.name]}'" if item.name in one.feel else f"column: {next(columns)}"
        lines.append(f"  {item.name}: {{{said}}}")
    return "\n".join(lines) + "\n"


def _columns(one: Delivered) -> tuple[str, ...]:
    from tongban.site.demo import extracts

    return {
        "public_security": extracts.POLICE,
        "civil_affairs": extracts.CIVIL,
        "market_regulation": extracts.MARKET,
        "tax": extracts.TAX,
    }[one.extract]
