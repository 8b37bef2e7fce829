"""The life of keys from first need to rotation (TRUST-02). Destruction and recovery need two officers: `acts.py`."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, Refused, emit, now
from tongban.trust.identity.api import Actor, require

from . import authority, rows
from .data import SYSTEM, Algorithm, CertificateState, KeyInfo, KeyRotated, KeyState, Purpose
from .escrow import put_in_escrow
from .models import Authority, Certificate, Escrow, Key
from .profiles import AUTHORITIES, PROFILES


def ensure_key(
    purpose: Purpose | str,
    owner: Ref = SYSTEM,
    *,
    title: str = "",
    algorithm: Algorithm | None = None,
    provider: str = "",
    by: Ref | None = None,
) -> KeyInfo:
    """The active key of this purpose and owner, made with a certificate of the purpose's profile where it is missing
    or its certificate has run out. In production only the installation's own keys are made so; people, offices and
    seals apply at the desk (`Refused`)."""
    kind = Purpose(purpose)
    with transaction.atomic():
        row = rows.current(kind, owner)
        if row is None or not _certified(row):
            _check_automatic(kind)
            rows.alone("key", kind, owner)
            row = rows.current(kind, owner)
        if row is None:
            return rows.info(_made(kind, owner, title, algorithm, provider, None, by))
        if not _certified(row):
            return rotate(row.id, by)
    return rows.info(row)


def _check_automatic(purpose: Purpose) -> None:
    if purpose in AUTHORITIES or (settings.PRODUCTION and not PROFILES[purpose].automatic):
        raise Refused(_("Certificates of this kind are applied for at the registration desk."), "desk")


def _certified(row: Key) -> bool:
    if not row.public:
        return True
    good = row.certificates.filter(state=CertificateState.GOOD, valid_until__gt=now())
    return good.exists()


def _made(
    purpose: Purpose,
    owner: Ref,
    title: str,
    algorithm: Algorithm | None,
    provider: str,
    replaces: Key | None,
    by: Ref | None,
) -> Key:
    words = title or str(PROFILES[purpose].title)
    row = rows.make(purpose, owner, words, algorithm=algorithm, provider=provider, replaces=replaces, by=by)
    rows.move(row, KeyState.ACTIVE, by)
    if row.public:
        authority.certify(row, words, owner, by=by)
    if purpose is Purpose.ENCRYPTION:
        put_in_escrow(row, by)
    return row


def key_for(purpose: Purpose | str, owner: Ref = SYSTEM) -> KeyInfo:
    """The active key; `NotFound`."""
    row = rows.current(Purpose(purpose), owner)
    if row is None:
        raise NotFound(_("There is no such key."))
    return rows.info(row)


def key(key_id: str) -> KeyInfo:
    """A key by its id; `NotFound`."""
    return rows.info(rows.find(key_id), escrowed=Escrow.objects.filter(key_id=key_id).exists())


def rotate(key_id: str, by: Ref | None = None) -> KeyInfo:
    """A new key, with a certificate, in place of this one. The former verifies and decrypts, and no more."""
    with transaction.atomic():
        row = rows.find(key_id, lock=True)
        if Purpose(row.purpose) in AUTHORITIES:
            raise Refused(_("An authority gets a new key by being made anew, with a new certificate."), "purpose")
        if row.state != KeyState.ACTIVE:
            raise Refused(_("This key is not active."), "state")
        rows.move(row, KeyState.RETIRED, by, "rotated")
        owner = Ref.parse(row.owner)
        if Purpose(row.purpose) is Purpose.OCSP:
            fresh = _responder(row, owner, by)
        else:
            algorithm = Algorithm(row.algorithm)
            fresh = _made(Purpose(row.purpose), owner, row.title, algorithm, row.provider, row, by)
        emit(KeyRotated(purpose=row.purpose, owner=owner, former=row.id, current=fresh.id))
    return rows.info(fresh)


def rotate_by(actor: Actor, key_id: str) -> KeyInfo:
    """The same by a person."""
    require(actor, "keys.manage")
    return rotate(key_id, actor.by)


def _responder(row: Key, owner: Ref, by: Ref | None) -> Key:
    fresh = rows.make(Purpose.OCSP, owner, row.title, algorithm=Algorithm(row.algorithm), replaces=row, by=by)
    rows.move(fresh, KeyState.ACTIVE, by)
    signer = Authority.objects.select_related("key").get(id=owner.id)
    authority.certify(fresh, row.title, owner, authority=signer, by=by)
    return fresh


def suspend(actor: Actor, key_id: str, reason: str) -> None:
    """Stop a key for now."""
    _moved(actor, key_id, KeyState.SUSPENDED, reason)


def resume(actor: Actor, key_id: str, reason: str) -> None:
    """Let a suspended key work again."""
    _moved(actor, key_id, KeyState.ACTIVE, reason)


def retire(actor: Actor, key_id: str, reason: str) -> None:
    """End a key's active life: it verifies and decrypts from now, and no more."""
    _moved(actor, key_id, KeyState.RETIRED, reason)


def _moved(actor: Actor, key_id: str, to: KeyState, reason: str) -> None:
    require(actor, "keys.manage")
    with transaction.atomic():
        row = rows.find(key_id, lock=True)
        if to is KeyState.ACTIVE and rows.current(Purpose(row.purpose), Ref.parse(row.owner)):
            raise Refused(_("Another key of this purpose is active by now."), "state")
        rows.move(row, to, actor.by, reason)


def keys(purpose: str = "", state: str = "") -> list[KeyInfo]:
    """Keys, newest first, for the list."""
    found = Key.objects.order_by("-created", "-id")
    if purpose:
        found = found.filter(purpose=purpose)
    found = found.filter(state=state) if state else found.exclude(state=KeyState.DESTROYED)
    page = list(found[:500])
    escrowed = set(Escrow.objects.filter(key__in=page).values_list("key_id", flat=True))
    return [rows.info(row, escrowed=row.id in escrowed) for row in page]


def certificates_of(key_id: str) -> list[Certificate]:
    """The certificates of a key, newest first."""
    return list(Certificate.objects.filter(key_id=key_id).order_by("-valid_from"))
