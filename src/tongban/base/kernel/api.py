"""Front door of the kernel."""

from .canonical import canonical
from .clock import SHANGHAI, local, now, today, travelled
from .data import JSON, DefinitionError, Event, Invalid, NotFound, Ref, Refused, Stale, Text, TongbanError
from .events import emit, on, system
from .identifiers import (
    Verdict,
    credit_check,
    credit_code,
    identity_check,
    identity_number,
    licence_check,
    org_check,
    org_code,
)
from .ids import new_id
from .lines import Lines, Path
from .masks import mask
from .quiet import SHARED, alone
from .registry import Registry
from .subjects import Named, named, subjects

__all__ = [
    "JSON",
    "SHANGHAI",
    "SHARED",
    "DefinitionError",
    "Event",
    "Invalid",
    "Lines",
    "Named",
    "NotFound",
    "Path",
    "Ref",
    "Refused",
    "Registry",
    "Stale",
    "Text",
    "TongbanError",
    "Verdict",
    "alone",
    "canonical",
    "credit_check",
    "credit_code",
    "emit",
    "identity_check",
    "identity_number",
    "licence_check",
    "local",
    "mask",
    "named",
    "new_id",
    "now",
    "on",
    "org_check",
    "org_code",
    "subjects",
    "system",
    "today",
    "travelled",
]
