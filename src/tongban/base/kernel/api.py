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
from .registry import Registry

__all__ = [
    "JSON",
    "SHANGHAI",
    "DefinitionError",
    "Event",
    "Invalid",
    "Lines",
    "NotFound",
    "Path",
    "Ref",
    "Refused",
    "Registry",
    "Stale",
    "Text",
    "TongbanError",
    "Verdict",
    "canonical",
    "credit_check",
    "credit_code",
    "emit",
    "identity_check",
    "identity_number",
    "licence_check",
    "local",
    "new_id",
    "now",
    "on",
    "org_check",
    "org_code",
    "system",
    "today",
    "travelled",
]
