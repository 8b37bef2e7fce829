"""Resources of the catalogue, what is asked of them, and what happened to them (政务信息资源目录编制指南, DATA-04)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

from tongban.base.kernel.data import JSON, Ref

from .events import AssessmentAsked as AssessmentAsked
from .events import GrantEnded as GrantEnded
from .events import GrantGiven as GrantGiven
from .events import ObjectionAnswered as ObjectionAnswered
from .events import ObjectionOverdue as ObjectionOverdue
from .events import ObjectionRaised as ObjectionRaised
from .events import QualityAssessed as QualityAssessed
from .events import RequestMade as RequestMade
from .events import RequestOverdue as RequestOverdue
from .events import ResourceChanged as ResourceChanged
from .events import ResourcePublished as ResourcePublished
from .events import ResourceRetired as ResourceRetired
from .events import SupplyOverdue as SupplyOverdue
from .kinds import Category as Category
from .kinds import Cycle as Cycle
from .kinds import DataType as DataType
from .kinds import Format as Format
from .kinds import GrantState as GrantState
from .kinds import Level as Level
from .kinds import Mode as Mode
from .kinds import ObjectionState as ObjectionState
from .kinds import Openness as Openness
from .kinds import RequestState as RequestState
from .kinds import RuleKind as RuleKind
from .kinds import Sharing as Sharing
from .kinds import State as State
from .kinds import TicketState as TicketState
from .kinds import Zone as Zone

RESOURCE = "catalogue.resource"
REQUEST = "catalogue.request"
GRANT = "catalogue.grant"
OBJECTION = "catalogue.objection"
TICKET = "catalogue.ticket"
ELEMENT = "catalogue.element"

COMPLIANCE, REPLY, SUPPLY, ANSWER = "DATA.COMPLIANCE", "DATA.REPLY", "DATA.SUPPLY", "DATA.OBJECT"
"""Codes of the time-limit table: the authority's check, the owner's decision, the supply, the answer to an objection.
"""


@dataclass(frozen=True)
class Item:
    """One item 信息项. `name` is the column, `title` what people call it.

    `element` names the datum itself, the same wherever it is held (`legal_entity.uscc`); "" when nobody else has it.
    `source` is the code of the office whose value counts; "" for the provider itself. `length` in characters,
    0 unbounded.
    """

    name: str
    title: str
    type: DataType = DataType.TEXT
    length: int = 0
    codes: str = ""
    source: str = ""
    required: bool = False
    personal: bool = False
    element: str = ""


@dataclass(frozen=True)
class Element:
    """A standard data element 数据元 (GB/T 18391, GB/T 19488.2). `key` is what an item's `element` names, `number` the
    internal identifier, `codes` the code set of its values, `standard` where it comes from."""

    key: str
    title: str
    type: DataType
    length: int = 0
    codes: str = ""
    standard: str = ""
    number: str = ""
    definition: str = ""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What an office says of a resource: the guide's metadata but for those the program gives (code, provider's
    code, date of publication), and the secrecy and responsibility the plans ask for.

    `provider` is an office's code. `project`, `subject`, `detail` are 项, 目, 细目; `category` is 类. `condition` is
    the sharing condition: who, what for, which items; `law` forbids sharing. `owner` and `operator` answer for the
    source `system` (TRUST-16). `related` are codes of other resources.
    """

    title: str
    summary: str
    provider: str
    category: Category
    project: str
    subject: str
    detail: str = ""
    format: Format = Format.DATABASE
    items: tuple[Item, ...] = ()
    register: str = ""
    cycle: Cycle = Cycle.IRREGULAR
    sharing: Sharing = Sharing.UNCONDITIONAL
    condition: str = ""
    law: str = ""
    modes: tuple[Mode, ...] = (Mode.BATCH, Mode.QUERY)
    openness: Openness = Openness.CLOSED
    open_condition: str = ""
    level: Level = Level.INTERNAL
    zone: Zone = Zone.OUTER
    system: str = ""
    owner: str = ""
    operator: str = ""
    related: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Resource(Description):
    """A resource of the catalogue. `code` is 类+项+目+细目/顺序码; `edition` counts publications, 0 before the first;
    `score` is the quality of the last assessment, 0 to 100. `provider_office` is the office of `provider`."""

    id: str
    code: str
    state: State
    edition: int
    provider_office: Ref
    provider_title: str = ""
    provider_uscc: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    score: float | None = None

    @property
    def ref(self) -> Ref:
        """The resource as others name it."""
        return Ref(RESOURCE, self.id)

    def item(self, name: str) -> Item | None:
        """The item `name`, if there is one."""
        return next((item for item in self.items if item.name == name), None)


@dataclass(frozen=True)
class Edition:
    """One edition: its description, who wrote it, and what the reviews said. `revision` guards against lost updates."""

    resource: str
    number: int
    state: State
    revision: int
    description: Description
    editors: tuple[Ref, ...]
    opinion: str = ""
    secrecy_opinion: str = ""
    filing_number: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Difference:
    """One thing in which two editions differ. `item` is set where it is an item's."""

    field: str
    old: JSON
    new: JSON
    item: str = ""


@dataclass(frozen=True)
class Finding:
    """Something about a description: `error` stops its publication, `warning` is shown to those who review.
    `row` is the line of an imported file, else 0."""

    field: str
    message: str
    level: str = "error"
    row: int = 0


@dataclass(frozen=True)
class ElementReport:
    """What came of a spreadsheet of data elements."""

    added: int
    changed: int
    same: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class Listed:
    """A page of a list; `after` opens the next and is "" on the last."""

    rows: tuple[Resource, ...]
    after: str = ""

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def next(self) -> str:
        """The key of the next page."""
        return self.after


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asks for (申请): items of a resource, why, by which law, for which system, how, until when."""

    resource: str
    office: Ref
    items: tuple[str, ...]
    basis: str
    purpose: str
    system: str
    mode: Mode
    frequency: str
    until: date


@dataclass(frozen=True, kw_only=True)
class Request(Wish):
    """A wish on its way. `given` are the items the owner agreed to; `reason` and `law` go with a refusal."""

    id: str
    number: str
    resource_title: str
    provider: Ref
    state: RequestState
    by: Ref
    at: datetime
    version: int
    given: tuple[str, ...] = ()
    reason: str = ""
    law: str = ""
    due: date | None = None
    grant: str = ""

    @property
    def ref(self) -> Ref:
        """The request as others name it."""
        return Ref(REQUEST, self.id)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one office may take of one resource. `number` is the 授权编号; `uses` and `rows` count what was taken.
    `supply_due` is the day by which the provider has to supply, None once it does."""

    id: str
    number: str
    resource: str
    resource_code: str
    resource_title: str
    provider: Ref
    office: Ref
    office_code: str
    items: tuple[str, ...]
    mode: Mode
    purpose: str
    basis: str
    frequency: str
    since: date
    until: date
    state: GrantState
    uses: int = 0
    rows: int = 0
    last_used: datetime | None = None
    reason: str = ""
    supply_due: date | None = None
    supplied_at: datetime | None = None

    @property
    def ref(self) -> Ref:
        """The grant as others name it."""
        return Ref(GRANT, self.id)


@dataclass(frozen=True)
class Feedback:
    """What the holder of a grant said of it: effect, cases served, score from 1 to 5."""

    effect: str
    cases: int
    score: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Objection:
    """A value somebody doubts (校核): of which record (its natural key), which item, what stands there and what should.
    `value` is what the source decided. Key and values are personal where the item is."""

    id: str
    resource: str
    resource_title: str
    item: str
    provider: Ref
    office: Ref
    key: str = field(repr=False)
    wrong: str = field(repr=False)
    right: str = field(repr=False)
    value: str = field(default="", repr=False)
    reason: str
    answer: str = ""
    state: ObjectionState
    at: datetime
    due: date | None = None
    version: int = 1

    @property
    def ref(self) -> Ref:
        """The objection as others name it; its evidence files hang on it."""
        return Ref(OBJECTION, self.id)


@dataclass(frozen=True)
class Rule:
    """A rule and its setting: `pattern` a regular expression, `range` "low..high", `codes` "a b c" (empty: the item's
    code set), `cross` a FEEL condition over the row that must hold, `timely` days (empty: the cycle's)."""

    kind: RuleKind
    item: str = ""
    setting: str = ""


@dataclass(frozen=True)
class RuleResult:
    """How many rows broke a rule; `samples` are natural keys or line numbers, at most ten."""

    rule: Rule
    broken: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class Assessment:
    """One look at the quality of a resource: rows seen, score 0 to 100, what broke."""

    resource: str
    at: datetime
    rows: int
    score: float
    results: tuple[RuleResult, ...]


@dataclass(frozen=True)
class Ticket:
    """A task for the source to mend what an assessment found."""

    id: str
    resource: str
    resource_title: str
    provider: Ref
    rule: Rule
    broken: int
    state: TicketState
    at: datetime
    answer: str = ""


@dataclass(frozen=True)
class Figures:
    """Figures of sharing (DATA-06): of published resources, how many may be shared, are granted to somebody, keep the
    standard and their cycle."""

    published: int
    unconditional: int
    conditional: int
    refused: int
    granted: int
    grants: int
    standard: int
    items: int
    sourced: int

    @property
    def shared(self) -> float | None:
        """Sharing rate 信息共享率: resources that others may have, of all. None while there is none."""
        return (self.unconditional + self.conditional) / self.published if self.published else None

    @property
    def conforming(self) -> float | None:
        """Share of resources managed to the standard (DATA-09)."""
        return self.standard / self.published if self.published else None
