"""Short secrets wrapped to the holder of a certificate, for rooms whose files travel: one key in each file."""

from __future__ import annotations

from asn1crypto import x509
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Refused

from . import ciphers, rows
from .data import KeyState
from .kek import Broken
from .providers import providers


def wrap_for(certificate: bytes, secret: bytes) -> bytes:
    """The secret encrypted to a certificate (DER) of an encryption key, RSA-OAEP or SM2. `Invalid` for other keys."""
    try:
        public = x509.Certificate.load(certificate, strict=True).public_key.dump()
    except (ValueError, TypeError, KeyError):
        raise Invalid({"certificate": _("This is not a certificate.")}) from None
    return ciphers.encrypt_to(public, secret)


def unwrap_with(key_id: str, wrapped: bytes) -> bytes:
    """The secret, with an active or retired encryption key. `Refused` when it was not wrapped to this key."""
    row = rows.find(key_id)
    if row.state not in (KeyState.ACTIVE, KeyState.RETIRED):
        raise Refused(_("This key is not active."), "state")
    try:
        return providers.get(row.provider).decrypt(rows.stored(row), wrapped, b"")
    except Broken:
        raise Refused(_("This was not encrypted to our key, or was changed on the way."), "not_ours") from None
