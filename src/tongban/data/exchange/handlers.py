"""What this room does when the catalogue or a node has done something."""

from __future__ import annotations

from tongban.base.kernel.api import on
from tongban.data.catalogue.data import (
    GrantEnded,
    GrantGiven,
    ObjectionAnswered,
    ResourceChanged,
    ResourcePublished,
    ResourceRetired,
)
from tongban.data.transport.data import Passed

from . import correcting, subscriptions, using
from .data import NodeEnrolled


@on(GrantGiven)
def begin(event: GrantGiven) -> None:
    """Let what was granted flow."""
    subscriptions.begin(event.grant)


@on(GrantEnded)
def end(event: GrantEnded) -> None:
    """Stop what was granted."""
    subscriptions.end(event.grant, event.state)


@on(ResourcePublished)
def collect(event: ResourcePublished) -> None:
    """Collect what has a register here."""
    subscriptions.collect(event.resource)


@on(ResourceChanged)
def collect_anew(event: ResourceChanged) -> None:
    """Collect it in its new shape."""
    subscriptions.collect(event.resource)


@on(ResourceRetired)
def retire(event: ResourceRetired) -> None:
    """Nothing of it flows any more."""
    subscriptions.retire(event.code)


@on(ObjectionAnswered)
def correct(event: ObjectionAnswered) -> None:
    """A corrected value goes to all who have it."""
    if event.corrected:
        correcting.spread(event.objection)


@on(Passed)
def count(event: Passed) -> None:
    """A batch or file between two nodes is a use of its grant."""
    using.passed(event)


@on(NodeEnrolled)
def connect(event: NodeEnrolled) -> None:
    """What waited for this office's node starts."""
    subscriptions.connect(event.office.id)
