"""What the catalogue tells the rooms above: ids and figures, never a value of anybody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tongban.base.kernel.data import Event, Ref


@dataclass(frozen=True)
class ResourcePublished(Event):
    """A resource is in the catalogue from now on."""

    resource: str
    code: str
    edition: int


@dataclass(frozen=True)
class ResourceChanged(Event):
    """A published resource has a new edition; `items` are the names of items that came, went or changed."""

    resource: str
    code: str
    edition: int
    items: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResourceRetired(Event):
    """A resource left the catalogue; its grants have ended."""

    resource: str
    code: str


@dataclass(frozen=True)
class RequestMade(Event):
    """Somebody asked for a resource."""

    request: str
    resource: str


@dataclass(frozen=True)
class RequestOverdue(Event):
    """A request was not checked (`DATA.COMPLIANCE`) or not decided (`DATA.REPLY`) within its limit, by `office`."""

    request: str
    code: str
    office: Ref | None
    due: date


@dataclass(frozen=True)
class GrantGiven(Event):
    """A grant may be used from now on, also again after a suspension."""

    grant: str
    resource: str
    office: Ref


@dataclass(frozen=True)
class GrantEnded(Event):
    """A grant may not be used: `state` is suspended, revoked or expired."""

    grant: str
    resource: str
    office: Ref
    state: str


@dataclass(frozen=True)
class SupplyOverdue(Event):
    """A provider has not supplied what it granted within the limit (`DATA.SUPPLY`)."""

    grant: str
    office: Ref
    due: date


@dataclass(frozen=True)
class ObjectionRaised(Event):
    """Somebody doubts a value."""

    objection: str
    resource: str


@dataclass(frozen=True)
class ObjectionAnswered(Event):
    """The source has answered. With `corrected` the value of `objection(...)` goes to all who have the resource; the
    event itself carries no personal value."""

    objection: str
    resource: str
    item: str
    corrected: bool


@dataclass(frozen=True)
class ObjectionOverdue(Event):
    """The source has not answered within the limit."""

    objection: str
    office: Ref
    due: date


@dataclass(frozen=True)
class QualityAssessed(Event):
    """The quality of a resource was measured."""

    resource: str
    score: float


@dataclass(frozen=True)
class AssessmentAsked(Event):
    """Somebody wants the quality of a resource measured now."""

    resource: str
