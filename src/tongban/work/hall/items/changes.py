"""The nouns of changing an item (SVC-09): a change, its stages, the wording of a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.data import Ref, Text

from .data import Item, ItemState

EDIT = "hall.item_edit"


class Stage(StrEnum):
    """How far a change of an item has come (草稿 → 法制审核 → 发布)."""

    DRAFT = "draft"
    REVIEW = "review"
    RETURNED = "returned"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    DROPPED = "dropped"

    @property
    def words(self) -> Text:
        """The stage as people read it."""
        return STAGE_TITLES[self]

    @classmethod
    def open(cls) -> tuple[Stage, ...]:
        """Stages in which a change is not yet over; an item has one open change of its wording at most."""
        return (cls.DRAFT, cls.REVIEW, cls.RETURNED, cls.APPROVED, cls.SCHEDULED)


STAGE_TITLES: dict[Stage, Text] = {
    Stage.DRAFT: pgettext_lazy("change of an item", "Draft"),
    Stage.REVIEW: _("In legal review"),
    Stage.RETURNED: _("Returned to the editor"),
    Stage.APPROVED: _("Approved, not yet published"),
    Stage.SCHEDULED: _("Will be published"),
    Stage.PUBLISHED: pgettext_lazy("change of an item", "Published"),
    Stage.DROPPED: _("Given up"),
}


@dataclass(frozen=True)
class Edit:
    """A change of an item on its way. `body` is the wording it wants, empty where it changes the state only."""

    id: str
    ref: Ref
    item: Item
    state: ItemState | None
    base: int
    body: Mapping[str, Any]
    reason: str
    stage: Stage
    editors: tuple[Ref, ...]
    reviewer: Ref | None
    opinion: str
    on: date | None
    revision: int
    updated_at: datetime

    @property
    def what(self) -> Text:
        """What it does, in words."""
        return _CHANGES[self.state]

    @property
    def writable(self) -> bool:
        """Whether its office still works on it."""
        return self.stage in (Stage.DRAFT, Stage.RETURNED)

    @property
    def stale(self) -> bool:
        """Whether the item got another wording since the change was begun."""
        return self.state is None and self.stage in Stage.open() and self.base != self.item.version


_CHANGES: dict[ItemState | None, Text] = {
    None: _("Change of wording"),
    ItemState.PAUSED: _("Pause the item"),
    ItemState.IN_USE: _("Put the item back into use"),
    ItemState.CANCELLED: _("Cancel the item"),
}
