"""Keys that sign ID tokens: several at a time, so that a new one is known before it signs (TRUST-02).

The private half lies in the database sealed with AES-256-GCM under a secret outside it; a row that does not open is
no key of ours, so whoever can only write the table can neither sign nor have a key published.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from jwcrypto import jwk

from tongban.base.kernel.api import Ref, now
from tongban.base.ledger.api import write

from .models import SigningKey

BITS = 3072
AGE = timedelta(days=90)  # a key signs for this long
AHEAD = timedelta(days=1)  # published before it signs, so that everybody has fetched it
AFTER = timedelta(days=1)  # published after it signed, longer than any token lives


def signing_key(site: str) -> jwk.JWK:
    """The key that signs now. The first one of an installation is made here."""
    for row in _published(site):
        if row.signs_from <= now() and (key := _opened(row)) is not None:
            return key
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"openid.key.{site}"])
        rows = [row for row in _published(site) if row.signs_from <= now()]
        key = next((key for row in rows if (key := _opened(row)) is not None), None)
        return key if key is not None else _made(site, now())


def public_keys(site: str) -> list[dict[str, Any]]:
    """The JSON web keys to publish: the one that signs, the one before it, and the one to come."""
    signing_key(site)
    keys = [key for row in _published(site) if (key := _opened(row)) is not None]
    return [key.export_public(as_dict=True) | {"alg": "RS256", "use": "sig"} for key in keys]


def key_of(site: str, kid: object) -> jwk.JWK | None:
    """The published key with exactly this id, or None. The id is compared, never used to look anything up elsewhere."""
    keys = (key for row in _published(site) if (key := _opened(row)) is not None)
    return next((key for key in keys if key.key_id == kid), None)


def rotate(site: str, at_once: bool = False, by: Ref | None = None) -> str:
    """A new key: it signs after a day in which it is only published; `at_once` when the old one may have leaked, which
    is then withdrawn. Gives its id."""
    with transaction.atomic():
        key = _made(site, now() if at_once else now() + AHEAD, by)
        others = SigningKey.objects.filter(site=site).exclude(kid=key.key_id)
        if at_once:
            others.update(until=now())
        else:
            others.filter(until=None).update(until=now() + AHEAD + AFTER)
    return str(key.key_id)


def renew() -> None:
    """Nightly: rotate what is old, drop what nobody needs to check any more."""
    for site in settings.TONGBAN_ISSUERS:
        newest = SigningKey.objects.filter(site=site, until=None).order_by("-signs_from").first()
        if newest is not None and newest.signs_from < now() - AGE:
            rotate(site)
    SigningKey.objects.filter(until__lt=now() - AFTER).delete()


def _published(site: str) -> Iterable[SigningKey]:
    """Newest first."""
    return SigningKey.objects.filter(Q(until=None) | Q(until__gt=now()), site=site).order_by("-signs_from")


def _made(site: str, signs_from: datetime, by: Ref | None = None) -> jwk.JWK:
    made = jwk.JWK.generate(kty="RSA", size=BITS)
    kid, pem = made.thumbprint(), made.export_to_pem(private_key=True, password=None)
    nonce = os.urandom(12)
    sealed = nonce + _cipher().encrypt(nonce, pem, _bound(kid, site))
    SigningKey.objects.create(kid=kid, site=site, sealed=sealed, signs_from=signs_from)
    write("openid.key.made", Ref("openid.key", kid), by=by, site=site, signs_from=signs_from.isoformat())
    return _loaded(kid, pem)


def _opened(row: SigningKey) -> jwk.JWK | None:
    """The key, or None where the row was not sealed by us, or for another name or site."""
    sealed = bytes(row.sealed)
    try:
        return _loaded(row.kid, _cipher().decrypt(sealed[:12], sealed[12:], _bound(row.kid, row.site)))
    except (InvalidTag, ValueError):
        return None


def _bound(kid: str, site: str) -> bytes:
    return f"openid_signing_key|{site}|{kid}".encode()


def _cipher() -> AESGCM:
    return AESGCM(sha256(str(settings.TONGBAN_OPENID_KEY).encode()).digest())


@lru_cache(maxsize=16)
def _loaded(kid: str, pem: bytes) -> jwk.JWK:
    key = jwk.JWK.from_pem(pem)
    key.update(kid=kid)
    return key
