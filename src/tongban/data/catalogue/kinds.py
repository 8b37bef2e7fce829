"""The codes of the catalogue: classes, value lists of the guide, states."""

from __future__ import annotations

from enum import StrEnum

from tongban.engine.registers.data import Level as Level
from tongban.engine.registers.data import Zone as Zone


class Category(StrEnum):
    """类 of a resource: base registry, theme, department."""

    BASE = "1"
    THEME = "2"
    DEPARTMENT = "3"


class DataType(StrEnum):
    """Data types of items, by the guide's letters."""

    TEXT = "C"
    NUMBER = "N"
    MONEY = "Y"
    DATE = "D"
    DATETIME = "T"
    LOGICAL = "L"
    MEMO = "M"
    GENERAL = "G"
    DOUBLE = "B"
    INTEGER = "I"
    FLOAT = "F"


class Sharing(StrEnum):
    """Sharing class 共享类型. Shared unless a law says no; conditional needs its reason."""

    UNCONDITIONAL = "unconditional"
    CONDITIONAL = "conditional"
    REFUSED = "refused"


class Openness(StrEnum):
    """Openness class 开放属性 towards the public."""

    OPEN = "open"
    CONDITIONAL = "conditional"
    CLOSED = "closed"


class Mode(StrEnum):
    """How a grant is used: batches 批量, single query 查询, yes/no comparison 核验, files 文件交换."""

    BATCH = "batch"
    QUERY = "query"
    COMPARE = "compare"
    FILE = "file"


class Cycle(StrEnum):
    """Update cycle 更新周期."""

    REALTIME = "realtime"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"
    IRREGULAR = "irregular"

    @property
    def days(self) -> int:
        """Natural days after which data of this cycle is late; 0 where there is no such day."""
        return {"realtime": 1, "daily": 1, "weekly": 7, "monthly": 31, "quarterly": 92, "half_yearly": 184}.get(
            self.value, 366 if self is Cycle.YEARLY else 0
        )


class Format(StrEnum):
    """Format 资源格式, the guide's first level."""

    DOCUMENT = "document"
    SHEET = "sheet"
    DATABASE = "database"
    IMAGE = "image"
    MEDIA = "media"
    DESCRIBED = "described"


class State(StrEnum):
    """Where an edition of a resource stands. A resource stands where its live edition does, before the first
    publication where its first edition does."""

    DRAFT = "draft"
    UNIT_REVIEW = "unit_review"
    AUTHORITY_REVIEW = "authority_review"
    APPROVED = "approved"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


class RequestState(StrEnum):
    """Where a request stands. `returned`: the authority's check found something to correct; `mediation`: refused
    by the owner, and the authority was asked."""

    CHECK = "check"
    OWNER = "owner"
    GRANTED = "granted"
    PARTIAL = "partial"
    REFUSED = "refused"
    RETURNED = "returned"
    MEDIATION = "mediation"
    WITHDRAWN = "withdrawn"


class GrantState(StrEnum):
    """Where a grant stands. Only an active one may be used."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


class ObjectionState(StrEnum):
    """Where an objection to a value stands."""

    OPEN = "open"
    CORRECTED = "corrected"
    KEPT = "kept"


class TicketState(StrEnum):
    """Where a ticket about quality stands. `answered`: the source says it is mended, the next assessment will see."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class RuleKind(StrEnum):
    """Quality rules of an item (GB/T 36344): 完整性, 规范性, 准确性, 唯一性, 一致性, 时效性."""

    REQUIRED = "required"
    CODES = "codes"
    IDENTITY = "identity"
    CREDIT = "credit"
    PATTERN = "pattern"
    RANGE = "range"
    UNIQUE = "unique"
    CROSS = "cross"
    TIMELY = "timely"
