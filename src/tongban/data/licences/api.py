"""Front door of the licence library."""

from .actions import define_types, issue, reuse, revoke
from .identifiers import identifier_holds
from .queries import (
    avoided_uploads,
    licence,
    licence_type,
    licence_types,
    of_holder,
    of_subject,
    verify,
    verify_url,
)

__all__ = [
    "avoided_uploads",
    "define_types",
    "identifier_holds",
    "issue",
    "licence",
    "licence_type",
    "licence_types",
    "of_holder",
    "of_subject",
    "reuse",
    "revoke",
    "verify",
    "verify_url",
]
