"""The nouns of service items (SVC-05, standards.md 1.1-1.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.data import Event, Ref, Text

ITEM = "hall.item"


class ItemState(StrEnum):
    """事项状态: in use, paused for a while, cancelled for good."""

    IN_USE = "1"
    PAUSED = "2"
    CANCELLED = "3"

    @property
    def words(self) -> Text:
        """The state as people read it."""
        return STATE_TITLES[self]


STATE_TITLES: dict[ItemState, Text] = {
    ItemState.IN_USE: _("In use"),
    ItemState.PAUSED: _("Paused"),
    ItemState.CANCELLED: _("Cancelled"),
}


TASK_TYPES: dict[str, Text] = {
    "00": _("Administrative power"),
    "01": _("Administrative licensing"),
    "02": _("Administrative punishment"),
    "03": _("Administrative coercion"),
    "04": _("Administrative levy"),
    "05": _("Administrative payment"),
    "06": _("Administrative inspection"),
    "07": _("Administrative confirmation"),
    "08": _("Administrative award"),
    "09": _("Administrative adjudication"),
    "10": _("Other administrative power"),
    "20": _("Public service"),
}
"""GB/T 39046 A.1."""

USE_LEVELS: dict[str, Text] = {
    "1": _("National level"),
    "2": _("Provincial level"),
    "3": _("City level"),
    "4": _("County level"),
    "5": _("Township level"),
    "6": _("Village level"),
    "7": _("Several levels"),
}
SERVICE_OBJECTS: dict[str, Text] = {
    "1": _("Natural persons"),
    "2": _("Enterprises"),
    "3": _("Public institutions"),
    "4": _("Social organisations"),
    "5": _("Government organs"),
    "6": _("Other organisations"),
}
HANDLE_TYPES: dict[str, Text] = {
    "1": _("At the window"),
    "2": _("Online (computer)"),
    "3": _("Online (phone)"),
    "4": _("By courier"),
    "9": pgettext_lazy("way of handling", "Other"),
}
PROJECT_TYPES: dict[str, Text] = {
    "1": _("Done while you wait"),
    "2": _("Done within a promised limit"),
    "9": pgettext_lazy("kind of case", "Other"),
}
LIMIT_UNIT_TITLES: dict[str, Text] = {
    "1": _("working days"),
    "2": _("natural days"),
    "3": _("months"),
    "4": _("years"),
}
LIMIT_UNITS = {"1": "workday", "2": "day", "3": "month", "4": "year"}
NEEDS: dict[str, Text] = {
    "1": _("Required"),
    "2": _("Not required"),
    "3": _("May be supplied later"),
}
FORMATS: dict[str, Text] = {"1": _("Paper"), "2": _("Electronic"), "3": _("Paper or electronic")}
MATERIAL_TYPES: dict[str, Text] = {"1": _("Original"), "2": _("Copy"), "3": _("Original and copy")}
SOURCES: dict[str, Text] = {
    "10": _("Provided by the applicant"),
    "20": _("Issued by a government department"),
    "99": pgettext_lazy("source of a material", "Other"),
}
RESULT_TYPES: dict[str, Text] = {
    "10": _("Licence or certificate"),
    "20": _("Official reply"),
    "30": pgettext_lazy("kind of result", "Other"),
}
USER_TOPICS: tuple[str, ...] = (
    "生育收养", "户籍办理", "民族宗教", "教育科研", "入伍服役", "就业创业", "设立变更", "准营准办",
    "抵押质押", "职业资格", "行政缴费", "婚姻登记", "优待抚恤", "规划建设", "住房保障", "社会保障",
    "证件办理", "交通出行", "旅游观光", "出境入境", "消费维权", "公共安全", "司法公证", "知识产权",
    "环保绿化", "文化体育", "公用事业", "医疗卫生", "离职退休", "死亡殡葬", "其他",
)  # fmt: skip
CORP_TOPICS: tuple[str, ...] = (
    "设立变更", "准营准办", "资质认证", "年检年审", "税收财务", "人力资源", "社会保障", "投资审批",
    "融资信贷", "抵押质押", "商务贸易", "招标拍卖", "海关口岸", "涉外服务", "农林牧渔", "国土和规划建设",
    "环保绿化", "应对气候变化", "水务气象", "医疗卫生", "科技创新", "文体教育", "知识产权", "民族宗教",
    "质量技术", "检验检疫", "安全生产", "公安消防", "司法公证", "公用事业", "法人注销", "档案文物",
    "其他",
)  # fmt: skip


@dataclass(frozen=True)
class Option:
    """One answer to a situation question."""

    key: str
    title: str


@dataclass(frozen=True)
class Situation:
    """A question about the applicant's situation (情形); `only_if` lists `question=option` texts that raise it."""

    key: str
    title: str
    options: tuple[Option, ...]
    only_if: tuple[str, ...] = ()


@dataclass(frozen=True)
class Material:
    """A material to hand in, in the situations that `applies` lists as `question=option` texts."""

    slot: str
    name: str
    need: str = "1"
    type: str = ""
    format: str = ""
    originals: int | None = None
    copies: int | None = None
    source: str = ""
    source_explain: str = ""
    licence_type: str = ""
    register: str = ""
    blank: str = ""
    example: str = ""
    fill_explain: str = ""
    accept_stand: str = ""
    by_law: str = ""
    applies: tuple[str, ...] = ()

    @property
    def in_hand(self) -> bool:
        """Whether it can come from the licence library or a register instead of an upload (DATA-40)."""
        return bool(self.licence_type or self.register)


@dataclass(frozen=True)
class Step:
    """A step of handling with its own limit, if it has one."""

    name: str
    office: str = ""
    limit_day: int | None = None
    limit_unit: str = "workday"
    content: str = ""
    result: str = ""


@dataclass(frozen=True)
class Faq:
    """A common question."""

    question: str
    answer: str


@dataclass(frozen=True)
class Fee:
    """A fee with its standard and basis."""

    name: str
    standard: str = ""
    by_law: str = ""
    reduced: bool | None = None
    reduced_explain: str = ""


@dataclass(frozen=True)
class ItemCard:
    """An item as a list shows it."""

    ref: Ref
    key: str
    title: str
    department: str
    type: str
    state: ItemState
    audiences: tuple[str, ...]
    promise_day: int | None
    promise_unit: str
    online: bool
    group: str = ""

    @property
    def type_title(self) -> Text:
        return TASK_TYPES.get(self.type, "")

    @property
    def audience_titles(self) -> list[Text]:
        return [SERVICE_OBJECTS[code] for code in self.audiences if code in SERVICE_OBJECTS]


@dataclass(frozen=True)
class Item:
    """An item with everything it has. `fields` holds the columns of the national library by their names."""

    ref: Ref
    key: str
    version: int
    state: ItemState
    state_reason: str
    title: str
    office: Ref | None
    department: str
    division: str
    pack: str
    form_key: str
    process_key: str
    licence_type: str
    promise_day: int | None
    promise_unit: str
    anticipate_day: int | None
    anticipate_unit: str
    attribution: str
    updated_at: datetime
    fields: Mapping[str, Any]
    situations: tuple[Situation, ...] = ()
    materials: tuple[Material, ...] = ()
    steps: tuple[Step, ...] = ()
    faqs: tuple[Faq, ...] = ()
    fees: tuple[Fee, ...] = ()

    @property
    def open(self) -> bool:
        """Whether one can apply for it here and now."""
        return self.state is ItemState.IN_USE and bool(self.form_key)


@dataclass(frozen=True)
class Guide:
    """An item's guide for one situation: the questions that arise, the answers given, the materials that apply."""

    item: Item
    questions: tuple[Situation, ...]
    answers: Mapping[str, str]
    materials: tuple[Material, ...]

    @property
    def complete(self) -> bool:
        """Whether every question that arises is answered."""
        return all(question.key in self.answers for question in self.questions)


@dataclass(frozen=True)
class Page:
    """One page of a list; `after` opens the next one and is empty on the last. There is no total."""

    rows: tuple[ItemCard, ...]
    after: str = ""
    read_as: tuple[str, ...] = ()

    @property
    def next(self) -> str:
        return self.after


@dataclass(frozen=True)
class Facet:
    """One value to narrow a list by, and how many items in use have it."""

    value: str
    title: Text
    count: int


@dataclass(frozen=True)
class Facets:
    """By what items can be narrowed."""

    departments: tuple[Facet, ...] = ()
    themes: tuple[Facet, ...] = ()
    corp_themes: tuple[Facet, ...] = ()
    types: tuple[Facet, ...] = ()
    audiences: tuple[Facet, ...] = ()


@dataclass(frozen=True)
class ItemDraft:
    """An item to be published: `values` by the national library's field names, parts as lists of the same."""

    key: str
    values: Mapping[str, Any]
    materials: Sequence[Mapping[str, Any]] = ()
    steps: Sequence[Mapping[str, Any]] = ()
    faqs: Sequence[Mapping[str, Any]] = ()
    fees: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Published:
    """What a publication did, in items."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Finding:
    """What a rule found in a row as people count them in the file (None: the whole file); error or warning."""

    row: int | None
    field: str
    rule: str
    level: str
    message: str


@dataclass(frozen=True)
class ImportReport:
    """rows = accepted + refused; `warned` counts accepted rows with one warning or more.

    `mapping` says which column became which field; `skipped` counts section headings and repeated headers.
    """

    findings: tuple[Finding, ...]
    rows: int = 0
    accepted: int = 0
    warned: int = 0
    refused: int = 0
    skipped: int = 0
    mapping: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    published: Published | None = None

    @property
    def readable(self) -> bool:
        """Whether the file could be read as a list of items at all."""
        return self.rows > 0


@dataclass(frozen=True)
class Version:
    """A former or present wording."""

    version: int
    at: datetime
    by: str
    reason: str
    changes: Mapping[str, tuple[Any, Any]]
    effective: date | None = None


@dataclass(frozen=True)
class ItemChanged(Event):
    """An item was published, changed, paused, resumed or cancelled. Open cases keep their wording."""

    kind: ClassVar[str] = "hall.item.changed"
    item: Ref
    key: str
    version: int
    state: str
