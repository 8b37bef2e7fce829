"""What the codes are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import Text

from .data import (
    Category,
    Cycle,
    DataType,
    Format,
    GrantState,
    Level,
    Mode,
    ObjectionState,
    Openness,
    RequestState,
    RuleKind,
    Sharing,
    State,
    TicketState,
    Zone,
)

CATEGORIES: dict[Category, Text] = {
    Category.BASE: pgettext_lazy("catalogue", "Base registry"),
    Category.THEME: pgettext_lazy("catalogue", "Theme"),
    Category.DEPARTMENT: pgettext_lazy("catalogue", "Department"),
}
SHARING: dict[Sharing, Text] = {
    Sharing.UNCONDITIONAL: pgettext_lazy("catalogue", "Shared without condition"),
    Sharing.CONDITIONAL: pgettext_lazy("catalogue", "Shared on condition"),
    Sharing.REFUSED: pgettext_lazy("catalogue", "Not shared"),
}
OPENNESS: dict[Openness, Text] = {
    Openness.OPEN: pgettext_lazy("catalogue", "Open to the public"),
    Openness.CONDITIONAL: pgettext_lazy("catalogue", "Open on condition"),
    Openness.CLOSED: pgettext_lazy("catalogue", "Not open"),
}
MODES: dict[Mode, Text] = {
    Mode.BATCH: pgettext_lazy("catalogue", "Batches"),
    Mode.QUERY: pgettext_lazy("catalogue", "Single queries"),
    Mode.COMPARE: pgettext_lazy("catalogue", "Comparison (yes or no)"),
    Mode.FILE: pgettext_lazy("catalogue", "Files"),
}
CYCLES: dict[Cycle, Text] = {
    Cycle.REALTIME: pgettext_lazy("catalogue", "In real time"),
    Cycle.DAILY: pgettext_lazy("catalogue", "Daily"),
    Cycle.WEEKLY: pgettext_lazy("catalogue", "Weekly"),
    Cycle.MONTHLY: pgettext_lazy("catalogue", "Monthly"),
    Cycle.QUARTERLY: pgettext_lazy("catalogue", "Quarterly"),
    Cycle.HALF_YEARLY: pgettext_lazy("catalogue", "Every half year"),
    Cycle.YEARLY: pgettext_lazy("catalogue", "Yearly"),
    Cycle.IRREGULAR: pgettext_lazy("catalogue", "From time to time"),
}
FORMATS: dict[Format, Text] = {
    Format.DOCUMENT: pgettext_lazy("catalogue", "Electronic file"),
    Format.SHEET: pgettext_lazy("catalogue", "Spreadsheet"),
    Format.DATABASE: pgettext_lazy("catalogue", "Database"),
    Format.IMAGE: pgettext_lazy("catalogue", "Image"),
    Format.MEDIA: pgettext_lazy("catalogue", "Streaming media"),
    Format.DESCRIBED: pgettext_lazy("catalogue", "Self-describing format"),
}
TYPES: dict[DataType, Text] = {
    DataType.TEXT: pgettext_lazy("catalogue", "Characters (C)"),
    DataType.NUMBER: pgettext_lazy("catalogue", "Number (N)"),
    DataType.MONEY: pgettext_lazy("catalogue", "Money (Y)"),
    DataType.DATE: pgettext_lazy("catalogue", "Date (D)"),
    DataType.DATETIME: pgettext_lazy("catalogue", "Date and time (T)"),
    DataType.LOGICAL: pgettext_lazy("catalogue", "Yes or no (L)"),
    DataType.MEMO: pgettext_lazy("catalogue", "Long text (M)"),
    DataType.GENERAL: pgettext_lazy("catalogue", "General (G)"),
    DataType.DOUBLE: pgettext_lazy("catalogue", "Double (B)"),
    DataType.INTEGER: pgettext_lazy("catalogue", "Integer (I)"),
    DataType.FLOAT: pgettext_lazy("catalogue", "Floating point (F)"),
}
LEVELS: dict[Level, Text] = {
    Level.PUBLIC: pgettext_lazy("catalogue", "Public"),
    Level.INTERNAL: pgettext_lazy("catalogue", "Internal"),
    Level.SENSITIVE: pgettext_lazy("catalogue", "Sensitive"),
}
ZONES: dict[Zone, Text] = {
    Zone.PUBLIC: pgettext_lazy("catalogue", "Internet"),
    Zone.OUTER: pgettext_lazy("catalogue", "Government outer network"),
    Zone.INNER: pgettext_lazy("catalogue", "Government inner network"),
}
STATES: dict[State, Text] = {
    State.DRAFT: pgettext_lazy("catalogue", "Draft"),
    State.UNIT_REVIEW: pgettext_lazy("catalogue", "Unit review"),
    State.AUTHORITY_REVIEW: pgettext_lazy("catalogue", "Authority review"),
    State.APPROVED: pgettext_lazy("catalogue", "Approved"),
    State.PUBLISHED: pgettext_lazy("catalogue", "Published"),
    State.SUPERSEDED: pgettext_lazy("catalogue", "Superseded"),
    State.RETIRED: pgettext_lazy("catalogue", "Retired"),
}
REQUEST_STATES: dict[RequestState, Text] = {
    RequestState.CHECK: pgettext_lazy("catalogue", "Being checked"),
    RequestState.OWNER: pgettext_lazy("catalogue", "With the owner"),
    RequestState.GRANTED: pgettext_lazy("catalogue", "Granted"),
    RequestState.PARTIAL: pgettext_lazy("catalogue", "Granted in part"),
    RequestState.REFUSED: pgettext_lazy("catalogue", "Refused"),
    RequestState.RETURNED: pgettext_lazy("catalogue", "To be corrected"),
    RequestState.MEDIATION: pgettext_lazy("catalogue", "In mediation"),
    RequestState.WITHDRAWN: pgettext_lazy("catalogue", "Withdrawn"),
}
GRANT_STATES: dict[GrantState, Text] = {
    GrantState.ACTIVE: pgettext_lazy("catalogue", "In force"),
    GrantState.SUSPENDED: pgettext_lazy("catalogue", "Suspended"),
    GrantState.REVOKED: pgettext_lazy("catalogue", "Revoked"),
    GrantState.EXPIRED: pgettext_lazy("catalogue", "Expired"),
}
OBJECTION_STATES: dict[ObjectionState, Text] = {
    ObjectionState.OPEN: pgettext_lazy("catalogue", "To be answered"),
    ObjectionState.CORRECTED: pgettext_lazy("catalogue", "Corrected"),
    ObjectionState.KEPT: pgettext_lazy("catalogue", "Value confirmed"),
}
TICKET_STATES: dict[TicketState, Text] = {
    TicketState.OPEN: pgettext_lazy("catalogue", "To be mended"),
    TicketState.ANSWERED: pgettext_lazy("catalogue", "Answered"),
    TicketState.CLOSED: pgettext_lazy("catalogue", "Mended"),
}
RULES: dict[RuleKind, Text] = {
    RuleKind.REQUIRED: pgettext_lazy("catalogue", "not empty"),
    RuleKind.CODES: pgettext_lazy("catalogue", "code of the set"),
    RuleKind.IDENTITY: pgettext_lazy("catalogue", "identity number with its check digit"),
    RuleKind.CREDIT: pgettext_lazy("catalogue", "credit code with its check digit"),
    RuleKind.PATTERN: pgettext_lazy("catalogue", "pattern"),
    RuleKind.RANGE: pgettext_lazy("catalogue", "range"),
    RuleKind.UNIQUE: pgettext_lazy("catalogue", "unique"),
    RuleKind.CROSS: pgettext_lazy("catalogue", "condition across items"),
    RuleKind.TIMELY: pgettext_lazy("catalogue", "up to date"),
}
FIELDS: dict[str, Text] = {
    "code": pgettext_lazy("catalogue", "Resource code"),
    "title": pgettext_lazy("catalogue", "Resource name"),
    "summary": pgettext_lazy("catalogue", "Summary"),
    "provider": pgettext_lazy("catalogue", "Provider"),
    "category": pgettext_lazy("catalogue", "Class (类)"),
    "project": pgettext_lazy("catalogue", "Project code (项)"),
    "subject": pgettext_lazy("catalogue", "Subject code (目)"),
    "detail": pgettext_lazy("catalogue", "Detail code (细目)"),
    "format": pgettext_lazy("catalogue", "Format"),
    "items": pgettext_lazy("catalogue", "Items"),
    "register": pgettext_lazy("catalogue", "Register"),
    "cycle": pgettext_lazy("catalogue", "Update cycle"),
    "sharing": pgettext_lazy("catalogue", "Sharing class"),
    "condition": pgettext_lazy("catalogue", "Sharing condition"),
    "law": pgettext_lazy("catalogue", "Law that forbids sharing"),
    "modes": pgettext_lazy("catalogue", "Ways of sharing"),
    "openness": pgettext_lazy("catalogue", "Openness"),
    "open_condition": pgettext_lazy("catalogue", "Condition of opening"),
    "level": pgettext_lazy("catalogue", "Secrecy level"),
    "zone": pgettext_lazy("catalogue", "Network zone"),
    "system": pgettext_lazy("catalogue", "Source system"),
    "owner": pgettext_lazy("catalogue", "Responsible for the system"),
    "operator": pgettext_lazy("catalogue", "Operator of the system"),
    "related": pgettext_lazy("catalogue", "Related resources"),
    "keywords": pgettext_lazy("catalogue", "Keywords"),
}
ITEM_FIELDS: dict[str, Text] = {
    "name": pgettext_lazy("catalogue", "Column"),
    "title": pgettext_lazy("catalogue", "Item name"),
    "type": pgettext_lazy("catalogue", "Data type"),
    "length": pgettext_lazy("catalogue", "Length"),
    "codes": pgettext_lazy("catalogue", "Code set"),
    "source": pgettext_lazy("catalogue", "Authoritative source"),
    "required": pgettext_lazy("catalogue", "Required"),
    "personal": pgettext_lazy("catalogue", "Personal"),
    "element": pgettext_lazy("catalogue", "Data element"),
    "item": pgettext_lazy("catalogue", "Item"),
}
ELEMENT_KEY = pgettext_lazy("catalogue", "Key and internal identifier")
_ENUMS: dict[str, Mapping[Any, Text]] = {
    "category": CATEGORIES, "sharing": SHARING, "openness": OPENNESS, "modes": MODES, "cycle": CYCLES,
    "format": FORMATS, "level": LEVELS, "zone": ZONES, "type": TYPES,
}  # fmt: skip


def in_words(field: str, value: object) -> str:
    """A field's value as people read it."""
    if isinstance(value, (tuple, list)):
        return "、".join(in_words(field, one) for one in value)
    if isinstance(value, bool):
        return str(pgettext_lazy("catalogue", "yes") if value else pgettext_lazy("catalogue", "no"))
    titles = _ENUMS.get(field, {})
    return next((str(title) for key, title in titles.items() if key == value), "" if value is None else str(value))
