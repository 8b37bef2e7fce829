"""Escrow of encryption keys: two custodians together can open one, no single one can, and signing keys are never here.

For each pair of custodians the private key is encrypted under a fresh key, which is the exclusive or of two random
halves; each half is sealed (HPKE, RFC 9180) to one custodian. A custodian's own private key opens only with a
passphrase that is kept nowhere. Nothing here depends on the key-encrypting key: losing that loses no escrowed key.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import combinations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.db import models, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, Refused, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, require

from .data import Purpose
from .kek import Broken
from .models import Custodian, Escrow, Key
from .providers import providers
from .rows import stored

SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
SHORTEST = 12
COST = 2**15  # of scrypt: 32 MB, a tenth of a second
SALT, NONCE = 16, 12
ONCE = b"\x00" * NONCE  # each body has a key of its own, used once


def become_custodian(actor: Actor, passphrase: str) -> None:
    """Make the officer's own escrow key, and put every encryption key in escrow for the pairs there are now."""
    require(actor, "keys.custody")
    if len(passphrase) < SHORTEST:
        raise Invalid({"passphrase": _("Please choose at least %d characters.") % SHORTEST})
    with transaction.atomic():
        private = x25519.X25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        values = {"public": public, "private": _locked(private, passphrase), "since": now(), "until": None}
        Custodian.objects.update_or_create(person=str(actor.person), defaults=values)
        write("keys.custodian_appointed", actor.person, by=actor.by)
        for row in Key.objects.select_for_update().filter(purpose=Purpose.ENCRYPTION).exclude(private=b""):
            put_in_escrow(row, actor.by)


def end_custody(actor: Actor, person: Ref) -> None:
    """A custodian leaves: the pairs with them are taken away. `Refused` when fewer than two would stay."""
    require(actor, "keys.custody")
    with transaction.atomic():
        if _custodians().exclude(person=str(person)).count() < 2:
            raise Refused(_("Two custodians must stay; appoint another one first."))
        Custodian.objects.filter(person=str(person)).update(until=now())
        write("keys.custodian_ended", person, by=actor.by)
        for row in Key.objects.select_for_update().filter(purpose=Purpose.ENCRYPTION).exclude(private=b""):
            put_in_escrow(row, actor.by)


def _custodians() -> models.QuerySet[Custodian]:
    return Custodian.objects.filter(until__isnull=True).order_by("person")


def custodians() -> list[Ref]:
    """Who they are now."""
    return [Ref.parse(row.person) for row in _custodians()]


def put_in_escrow(row: Key, by: Ref | None) -> None:
    """Wrap the private key for every pair of custodians; with fewer than two there is nothing to wrap it for."""
    if Purpose(row.purpose) is not Purpose.ENCRYPTION:
        raise Refused(_("Keys that sign are never put in escrow."), "purpose")
    row.escrows.all().delete()
    pairs = list(combinations(_custodians(), 2))
    if not pairs:
        return
    plain = providers.get(row.provider).export(stored(row))
    Escrow.objects.bulk_create(_for_pair(row, plain, first, second) for first, second in pairs)
    write("keys.escrowed", row.ref, by=by, pairs=len(pairs))


def _for_pair(row: Key, plain: bytes, first: Custodian, second: Custodian) -> Escrow:
    halves = os.urandom(32), os.urandom(32)
    sealed = [
        SUITE.encrypt(half, x25519.X25519PublicKey.from_public_bytes(bytes(one.public)), info=row.id.encode())
        for half, one in zip(halves, (first, second), strict=True)
    ]
    return Escrow(
        key=row,
        first=first.person,
        second=second.person,
        first_half=sealed[0],
        second_half=sealed[1],
        body=AESGCM(_joined(*halves)).encrypt(ONCE, plain, row.id.encode()),
    )


def halves_of(person: Ref, key: Key, passphrase: str) -> dict[int, bytes]:
    """This custodian's halves of a key, by escrow. `Refused` for a wrong passphrase or who is no custodian of it."""
    row = _custodians().filter(person=str(person)).first()
    if row is None:
        raise Refused(_("Only a custodian can open a key in escrow."), "custodian")
    private = _unlocked(bytes(row.private), passphrase)
    found = {
        escrow.id: SUITE.decrypt(bytes(half), private, info=key.id.encode()) for escrow, half in _mine(key, row.person)
    }
    if not found:
        raise Refused(_("This key is not in escrow."), "escrow")
    return found


def _mine(key: Key, person: str) -> Iterator[tuple[Escrow, bytes]]:
    for escrow in key.escrows.all():
        if person in (escrow.first, escrow.second):
            yield escrow, bytes(escrow.first_half if escrow.first == person else escrow.second_half)


def opened(key: Key, one: dict[int, bytes], other: dict[int, bytes]) -> bytes:
    """The private key from two custodians' halves."""
    for escrow in key.escrows.filter(id__in=one.keys() & other.keys()):
        whole = _joined(one[escrow.id], other[escrow.id])
        try:
            return AESGCM(whole).decrypt(ONCE, bytes(escrow.body), key.id.encode())
        except InvalidTag:
            raise Broken from None
    raise Refused(_("These two custodians share no part of this key; start again."), "escrow")


def _joined(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _locked(private: x25519.X25519PrivateKey, passphrase: str) -> bytes:
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    return salt + nonce + AESGCM(_derived(passphrase, salt)).encrypt(nonce, private.private_bytes_raw(), None)


def _unlocked(locked: bytes, passphrase: str) -> x25519.X25519PrivateKey:
    salt, nonce = locked[:SALT], locked[SALT : SALT + NONCE]
    try:
        plain = AESGCM(_derived(passphrase, salt)).decrypt(nonce, locked[SALT + NONCE :], None)
    except InvalidTag:
        raise Refused(_("The passphrase is not right."), "passphrase") from None
    return x25519.X25519PrivateKey.from_private_bytes(plain)


def _derived(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
