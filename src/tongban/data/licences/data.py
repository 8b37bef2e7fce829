"""Licences, their types, and what a verification says (DATA-30, SVC-23, SVC-24)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tongban.base.kernel.data import Event, Ref

LICENCE = "licences.licence"
REGISTER = "licence"
ROOT = "1.2.156.3005.2"


class Status(StrEnum):
    """What a verification answers. ``unknown``: we issued no such licence."""

    VALID = "valid"
    REVOKED = "revoked"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class LicenceType:
    """A type of licence as a pack declares it. ``code``: credit code of the defining office and three digits
    (GB/T 36902); ``years`` of validity, 0 without end; ``number_label``: how the number is called on the
    face; ``public_face``: the face lines that a verification shows (None: all for enterprises, none for
    people)."""

    key: str
    title_zh: str
    title_en: str
    code: str
    years: int = 0
    number_label: str = ""
    public_face: tuple[str, ...] | None = None
    copy: str = ""


@dataclass(frozen=True)
class Line:
    """One line of a licence's face."""

    label: str
    value: str


@dataclass(frozen=True)
class Licence:
    """A licence as the library holds it. ``type`` is the key of its type ("" when no pack declares it),
    ``title`` its name. ``identifier`` follows GB/T 36904; ``token`` opens its verification
    page ("" when it was not issued here); ``document`` is its PDF; ``status`` is as of today."""

    identifier: str
    number: str
    type: str
    title: str
    holder: Ref | None
    holder_kind: str
    holder_name: str
    holder_number: str
    issuer: Ref | None
    issuer_name: str
    issued: date
    effective: date | None
    expires: date | None
    status: Status
    face: tuple[Line, ...]
    token: str
    document: str
    subject: Ref | None
    file_digest: str

    @property
    def ref(self) -> Ref:
        """The licence as others name it."""
        return Ref(LICENCE, self.identifier)


@dataclass(frozen=True)
class Verdict:
    """What anyone may know of a licence: its status and, unless unknown, a face with personal data masked."""

    status: Status
    title: str = ""
    number: str = ""
    identifier: str = ""
    holder_name: str = ""
    issuer_name: str = ""
    issued: date | None = None
    expires: date | None = None
    face: tuple[Line, ...] = ()
    file_digest: str = ""


@dataclass(frozen=True)
class LicenceIssued(Event):
    """A licence was issued."""

    identifier: str
    licence_type: str
    holder: Ref
    subject: Ref | None


@dataclass(frozen=True)
class LicenceRevoked(Event):
    """A licence was revoked and must not be relied on from now on."""

    identifier: str
    licence_type: str
