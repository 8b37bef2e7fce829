"""The nouns of the key management centre and the certificate authority: keys, certificates, requests, verdicts."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from tongban.base.kernel.data import Event, Ref

KEY = "keys.key"
CERTIFICATE = "keys.certificate"
AUTHORITY = "keys.authority"
REQUEST = "keys.request"
ACT = "keys.act"
CLASS = "keys.class"
CONTENTS = "contents"  # the class of data keys that wrap the keys of stored files

# Whose the installation's own keys are: the authority, the timestamp, the heads of the ledger.
SYSTEM = Ref("keys.system", "installation")


def kek_file(home: Path) -> Path:
    """Where the key-encrypting keys are kept; `home` is the folder of state."""
    if given := os.environ.get("TONGBAN_KEK_FILE"):
        return Path(given)
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent")) / "tongban-kek"
    return credential if credential.exists() else home / "kek"


class Algorithm(StrEnum):
    """What a key computes with. Signatures are DER for curves (ECDSA, SM2), PKCS #1 v1.5 for RSA."""

    P256 = "ecdsa-p256"
    P384 = "ecdsa-p384"
    RSA3072 = "rsa-3072"
    ED25519 = "ed25519"
    SM2 = "sm2"
    AES256 = "aes-256-gcm"
    SM4 = "sm4-gcm"


class Purpose(StrEnum):
    """What a key is for; also the certificate profile it gets. One key serves one purpose only."""

    ROOT = "root"
    ISSUING = "issuing"
    OCSP = "ocsp"
    TIMESTAMP = "timestamp"
    LEDGER = "ledger"
    SEAL = "seal"
    PERSON = "person"
    OFFICE = "office"
    SERVER = "server"
    PUBLISHER = "publisher"
    NODE = "node"
    ENCRYPTION = "encryption"


class KeyState(StrEnum):
    """The life of a key. Retired keys verify and decrypt, but sign and encrypt no more."""

    PREPARED = "prepared"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    DESTROYED = "destroyed"


class CertificateState(StrEnum):
    """What the authority says of a certificate now. Expiry is a question of time, not a state."""

    GOOD = "good"
    HELD = "held"
    REVOKED = "revoked"


class Reason(StrEnum):
    """Why a certificate was revoked; the names of RFC 5280, 5.3.1."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "key_compromise"
    AFFILIATION_CHANGED = "affiliation_changed"
    SUPERSEDED = "superseded"
    CESSATION = "cessation_of_operation"
    PRIVILEGE_WITHDRAWN = "privilege_withdrawn"


class RequestState(StrEnum):
    """Where an application for a certificate stands: the registrar checks, another person issues."""

    RECEIVED = "received"
    CHECKED = "checked"
    ISSUED = "issued"
    REFUSED = "refused"


class PolicyLine(StrEnum):
    """The plans' two lines of certificates: 商密 (commercial) and 普密 (ordinary classified)."""

    COMMERCIAL = "commercial"
    ORDINARY = "ordinary"


class ActKind(StrEnum):
    """What two officers do together."""

    RECOVER = "recover"
    DESTROY = "destroy"


class ActState(StrEnum):
    """Where an act under dual control stands."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as other rooms see it. `public_key` is a SubjectPublicKeyInfo in DER, empty for symmetric keys."""

    id: str
    purpose: Purpose
    owner: Ref
    title: str
    algorithm: Algorithm
    provider: str
    state: KeyState
    public_key: bytes
    created: datetime
    escrowed: bool = False

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref(KEY, self.id)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature's value and what is needed to check it. `hash_name` is "" where the algorithm has its own."""

    algorithm: Algorithm
    hash_name: str
    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate the library knows: issued here, or of an outside authority and bound to its holder."""

    serial: str
    profile: Purpose
    title: str
    holder: Ref
    key_id: str
    authority: str
    state: CertificateState
    reason: str
    valid_from: datetime
    valid_until: datetime
    revoked: datetime | None
    der: bytes = field(repr=False)

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref(CERTIFICATE, self.serial)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a certificate may be relied on at a moment; `why` is a code ("" when good), `certificate` if known."""

    good: bool
    why: str = ""
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Something two officers do together: who asked, who agreed, and the protocol once it is done."""

    id: str
    kind: ActKind
    key_id: str
    key_title: str
    state: ActState
    reason: str
    asked_by: Ref
    agreed_by: Ref | None
    at: datetime
    protocol: str


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """An application for a certificate and its way through the desk."""

    id: str
    profile: Purpose
    title: str
    holder: Ref
    state: RequestState
    algorithm: Algorithm
    own_key: bool
    asked_by: Ref | None
    checked_by: Ref | None
    evidence: str
    decided_by: Ref | None
    refusal: str
    at: datetime
    serial: str


@dataclass(frozen=True)
class CertificateIssued(Event):
    """The authority issued a certificate."""

    kind = "keys.certificate.issued"
    serial: str
    profile: str
    holder: Ref


@dataclass(frozen=True)
class CertificateRevoked(Event):
    """A certificate is not to be relied on from now; `held` can still be taken back."""

    kind = "keys.certificate.revoked"
    serial: str
    profile: str
    holder: Ref
    held: bool


@dataclass(frozen=True)
class KeyRotated(Event):
    """A purpose has a new current key."""

    kind = "keys.key.rotated"
    purpose: str
    owner: Ref
    former: str
    current: str
