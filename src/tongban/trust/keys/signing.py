"""Signing and verifying for other rooms. They record what was signed, and why; the online service is `service.py`."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Refused, now

from . import ciphers, rows
from .data import Algorithm, CertificateState, Purpose, Signature
from .models import Authority, Certificate
from .profiles import OWN_VERBS


def sign(key_id: str, data: bytes, *, hash_name: str = "") -> Signature:
    """Sign data with an active key, with the key's usual hash unless another is asked for. `Refused` when the key is
    not active, only encrypts, or belongs to the authority or the clock."""
    return _signature(key_id, data, hash_name, hashed=False)


def sign_digest(key_id: str, digest: bytes, *, hash_name: str = "") -> Signature:
    """Sign a digest made elsewhere. `Refused` for Ed25519 and SM2, which sign data."""
    return _signature(key_id, digest, hash_name, hashed=True)


def _signature(key_id: str, data: bytes, hash_name: str, *, hashed: bool) -> Signature:
    row = rows.find(key_id)
    if Purpose(row.purpose) in OWN_VERBS:
        raise Refused(_("This key only signs certificates, answers or timestamps."), "purpose")
    algorithm = Algorithm(row.algorithm)
    name = hash_name or ciphers.own_hash(algorithm)
    return Signature(algorithm, name, row.id, rows.signed(row, data, name, hashed=hashed))


def verify(public_key: bytes, data: bytes, value: bytes, *, hash_name: str = "") -> bool:
    """Whether `value` signs `data` under a SubjectPublicKeyInfo or a certificate (DER). Says nothing about trust:
    `judge` does. False for whatever cannot be read."""
    return ciphers.verified(ciphers.public_key_of(public_key), data, value, hash_name)


def verify_digest(public_key: bytes, digest: bytes, value: bytes, *, hash_name: str = "") -> bool:
    """The same for a digest."""
    return ciphers.verified(ciphers.public_key_of(public_key), digest, value, hash_name, hashed=True)


def certificate_of(key_id: str) -> bytes:
    """The key's present certificate, DER; `NotFound` when it has none that is good and in its time."""
    return bytes(_present(key_id).der)


def signing_certificate(key_id: str) -> tuple[bytes, ...]:
    """The chain, DER: the key's certificate first, the root last."""
    row = _present(key_id)
    return (bytes(row.der), *above(row.authority))


def above(authority: Authority | None) -> tuple[bytes, ...]:
    """An authority's certificate and those above it."""
    return () if authority is None else (bytes(authority.certificate), *above(authority.parent))


def _present(key_id: str) -> Certificate:
    moment = now()
    found = Certificate.objects.filter(key_id=key_id, state=CertificateState.GOOD, valid_until__gt=moment)
    row = found.select_related("authority__parent").order_by("-valid_from").first()
    if row is None:
        raise NotFound(_("This key has no valid certificate."))
    return row
