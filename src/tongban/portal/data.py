"""The nouns of the portal: notices, and the ways in to the service items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.data import Ref, Text


class Audience(StrEnum):
    """The two entrances of every government hall (standards.md 1.3, 服务对象)."""

    PERSON = "person"
    LEGAL = "legal"

    @property
    def heading(self) -> Text:
        return _("Individuals") if self is Audience.PERSON else _("Enterprises and organisations")


@dataclass(frozen=True, slots=True)
class WayIn:
    """A theme or an event of life, and the words by which its items are found."""

    title: Text
    icon: str
    words: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What the hall tells everybody: closures, new services, changes."""

    id: str
    title: str
    body: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class NoticeDraft:
    """A notice that is being written, or waits for somebody else to publish it."""

    id: str
    title: str
    body: str
    editors: tuple[Ref, ...]
    asked_at: datetime | None
    returned: str
    revision: int
    updated_at: datetime


LIFE_EVENTS: Sequence[WayIn] = (
    WayIn(_("Having a child"), "baby-carriage", "生育"),
    WayIn(_("Going to school"), "school", "教育"),
    WayIn(_("Finding work"), "briefcase", "就业"),
    WayIn(_("Moving house"), "home-2", "户口"),
    WayIn(_("Buying a home"), "building", "房"),
    WayIn(_("Falling ill"), "stethoscope", "医疗"),
    WayIn(_("Retiring"), "heart-handshake", "退休"),
    WayIn(_("Losing a relative"), "leaf", "死亡"),
)
BUSINESS_EVENTS: Sequence[WayIn] = (
    WayIn(_("Opening a business"), "building-store", "登记"),
    WayIn(_("Getting a trade licence"), "certificate", "许可证"),
    WayIn(_("Building and works"), "crane", "建设"),
    WayIn(_("Hiring people"), "users-group", "用工"),
    WayIn(_("Land and mining"), "map", "采矿"),
    WayIn(_("Farming and forestry"), "plant-2", "林"),
    WayIn(_("Changing a registration"), "refresh", "变更"),
    WayIn(_("Closing down"), "file-off", "注销"),
)
