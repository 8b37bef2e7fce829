"""The nouns of the macro-economy: indicators, points, series, vintages, releases, forecasts, reports (DATA-22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from tongban.base.kernel.data import Event, Ref

INDICATOR, OBSERVATION, LIBRARY = "indicator", "observation", "economic_report"
RELEASE, REPORT = "economy.release", "economy.report"


class State(StrEnum):
    """Where a release stands. Only an approved one is released, at its hour; a withdrawn one never."""

    DRAFT = "draft"
    APPROVED = "approved"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class Comparison(StrEnum):
    """What figures are set against: the same period last year, the one before, the whole, a base."""

    YEAR = "yoy"
    BEFORE = "pop"
    SHARE = "share"
    INDEX = "index"


class Vintage(StrEnum):
    """Which figure of a period: as it stands now, or as it was published first."""

    LAST = "last"
    FIRST = "first"


@dataclass(frozen=True, slots=True)
class Indicator:
    """What is measured, in which unit, how often, by whom and how. `places`: decimals shown, None as
    published; `whole`: the indicator it is a part of."""

    code: str
    title: str
    title_en: str
    unit: str
    frequency: str
    topic: str
    office: str
    method: str
    places: int | None
    whole: str


@dataclass(frozen=True, slots=True)
class Point:
    """The figure of one period. `known`: since when it has been published with this value; `revision` counts from 1."""

    period: str
    value: Decimal
    status: str
    known: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class Series:
    """The figures of an indicator for an area, earliest first, as known at `as_of` (None: now)."""

    indicator: Indicator
    area: str
    area_name: str
    points: tuple[Point, ...]
    as_of: datetime | None = None

    def value(self, period: str) -> Decimal | None:
        """The figure of a period; None where there is none."""
        return next((point.value for point in self.points if point.period == period), None)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a row of a file: `row` is its number as a spreadsheet counts, 0 for the whole file."""

    row: int
    level: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a delivery, not yet published."""

    indicator: str
    area: str
    area_name: str
    period: str
    value: Decimal
    status: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as it was read: figures that fit, findings about those that do not."""

    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    rows: int

    @property
    def refused(self) -> int:
        """How many findings kept a row out."""
        return sum(finding.level == "error" for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Release:
    """A set of figures with its hour. Until then only those who prepare and approve see it."""

    id: str
    title: str
    state: State
    release_at: datetime
    released_at: datetime | None
    prepared_by: Ref
    approved_by: Ref | None
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True)
class FiguresReleased(Event):
    """Figures became public. `counts`: new and changed ones by indicator."""

    release: Ref
    title: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Projected:
    """A period that has no figure yet: what is expected, and between which values in four cases of five."""

    period: str
    value: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """A projection of a series: never a figure, and made of published figures only.

    `first`, `last`: the periods it was made of. `drift`: the mean yearly change, in per cent where `proportional`, else
    in the unit. `trials`: forecasts made afterwards for periods whose figure is known by now, from what was known
    before them; `error`: by how much they were wrong in the mean (per cent or unit, as `drift`), `unchanged`: by how
    much "the same as a year before" would have been; `within`: the share of figures between low and high, in per cent.
    """

    points: tuple[Projected, ...]
    first: str
    last: str
    drift: Decimal
    proportional: bool
    trials: int
    error: Decimal
    unchanged: Decimal
    within: Decimal


class Stage(StrEnum):
    """Where a version of a report stands. Only its author sees a draft; a returned one carries a remark."""

    DRAFT = "draft"
    REVIEW = "review"
    RETURNED = "returned"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Audience(StrEnum):
    """For whom a report is: leaders and officials with the right to read, or everybody."""

    INTERNAL = "internal"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Content:
    """What an author writes. `kind` is a code of the register economic_report, `subject` a topic of indicators,
    `policies` titles of laws and policies it rests on. It has a text, a file or both."""

    title: str
    kind: str
    subject: str
    period: str
    audience: Audience
    summary: str
    text: str = ""
    indicators: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One version of a report in the library. `id` is the report's, the same for all its versions; `reason`: what a
    correction corrects, `remark`: why it was returned or withdrawn; `current`: the version that holds now."""

    id: str
    version: int
    stage: Stage
    current: bool
    content: Content
    issuer: str
    written_by: Ref
    reviewed_by: Ref | None
    published_at: datetime | None
    file: str
    reason: str
    remark: str
