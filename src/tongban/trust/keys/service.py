"""The online cryptographic service (密码在线服务, TRUST-02): sign, verify, encrypt, decrypt and timestamp for people
and systems, by permission and purpose, within quotas, each use on the ledger (verifications as one leaf an hour)."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, limited, may
from tongban.trust.identity.data import OFFICE

from . import ciphers, rows, stamping
from .data import KEY, SYSTEM, Algorithm, KeyInfo, KeyState, Purpose, Signature
from .models import Key, Use
from .profiles import OWN_VERBS
from .providers import providers

QUOTAS = {"sign": 600, "verify": 6000, "encrypt": 6000, "decrypt": 600, "timestamp": 600}  # a caller and hour
LARGEST = 512 * 1024  # bytes; more is hashed or encrypted where it is
LABEL = 200  # characters of associated data

_COUNT = """
INSERT INTO keys_use (verb, key, caller, hour, n) VALUES (%s, %s, %s, %s, 1)
ON CONFLICT (hour, verb, key, caller) DO UPDATE SET n = keys_use.n + 1
"""


def sign(actor: Actor, key_id: str, data: bytes, *, hash_name: str = "") -> Signature:
    """Sign data with one's own key, or with one of an office one may act for."""
    with transaction.atomic():
        row = _allowed(actor, key_id, "sign", data)
        name = hash_name or ciphers.own_hash(Algorithm(row.algorithm))
        value = rows.signed(row, data, name)
        write("keys.used_sign", row.ref, by=actor.by, digest=_digest(data), purpose=row.purpose)
    return Signature(Algorithm(row.algorithm), name, row.id, value)


def verify(actor: Actor, key_id: str, data: bytes, value: bytes, *, hash_name: str = "") -> bool:
    """Whether a key of the centre signed the data. Anybody signed in may ask."""
    _within(actor, "verify", data)
    with transaction.atomic():
        row = rows.find(key_id)
        hour = now().replace(minute=0, second=0, microsecond=0)
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, ["verify", row.id, str(actor.person), hour])
    return bool(row.public) and ciphers.verified(bytes(row.public), data, value, hash_name)


def encrypt(actor: Actor, key_id: str, data: bytes, *, label: str = "") -> bytes:
    """Encrypt with an encryption key; `label` must be given again to decrypt (symmetric keys only)."""
    with transaction.atomic():
        row = _allowed(actor, key_id, "encrypt", data)
        if row.state != KeyState.ACTIVE:
            raise Refused(_("This key is not active."), "state")
        if row.public:
            sealed = ciphers.encrypt_to(bytes(row.public), data)
        else:
            sealed = providers.get(row.provider).encrypt(rows.stored(row), data, _label(label))
        write("keys.used_encrypt", row.ref, by=actor.by, size=len(data))
    return sealed


def decrypt(actor: Actor, key_id: str, data: bytes, *, label: str = "") -> bytes:
    """Decrypt; also with a retired key."""
    with transaction.atomic():
        row = _allowed(actor, key_id, "decrypt", data)
        if row.state not in (KeyState.ACTIVE, KeyState.RETIRED):
            raise Refused(_("This key is not active."), "state")
        plain = providers.get(row.provider).decrypt(rows.stored(row), data, _label(label))
        write("keys.used_decrypt", row.ref, by=actor.by, digest=_digest(data))
    return plain


def timestamp(actor: Actor, request: bytes) -> bytes:
    """The TimeStampResp (DER) to a TimeStampReq (DER), for members of staff and the systems they run."""
    _within(actor, "timestamp", request)
    if not may(actor, "keys.use"):
        raise Refused(_("Your posts do not include this task."), "permission")
    with transaction.atomic():
        answer = stamping.timestamp_answer(request)
        write("keys.used_timestamp", SYSTEM, by=actor.by, answer=_digest(answer))
    return answer


def usable(actor: Actor) -> list[KeyInfo]:
    """The keys this actor may use: their own and those of their offices."""
    owners = [str(actor.person), *(str(office) for office in actor.offices)]
    found = Key.objects.filter(owner__in=owners, state=KeyState.ACTIVE).exclude(purpose__in=OWN_VERBS)
    return [rows.info(row) for row in found.order_by("-created") if _may_use(actor, row)]


def record_uses() -> int:
    """One leaf for each caller, key and hour of verifications that is over; gives their number. For the hourly job."""
    with transaction.atomic():
        over = Use.objects.select_for_update(skip_locked=True).filter(hour__lt=now() - timedelta(hours=1))
        done = list(over.order_by("id")[:1000])
        for use in done:
            hour = use.hour.isoformat()
            write(f"keys.used_{use.verb}", Ref(KEY, use.key), by=Ref.parse(use.caller), hour=hour, n=use.n)
        Use.objects.filter(id__in=[use.id for use in done]).delete()
    return len(done)


def _allowed(actor: Actor, key_id: str, verb: str, data: bytes) -> Key:
    _within(actor, verb, data)
    row = Key.objects.filter(id=key_id).first()
    if row is None or not _may_use(actor, row):
        raise NotFound(_("There is no such key."))  # whose keys there are is nobody else's business
    encrypts = Purpose(row.purpose) is Purpose.ENCRYPTION
    if Purpose(row.purpose) in OWN_VERBS or encrypts != (verb in ("encrypt", "decrypt")):
        raise Refused(_("This key is not for that."), "purpose")
    return row


def _may_use(actor: Actor, row: Key) -> bool:
    owner = Ref.parse(row.owner)
    if owner.kind == OFFICE:
        return may(actor, "keys.use", owner)
    return owner == actor.person


def _within(actor: Actor, verb: str, data: bytes) -> None:
    if actor.public:
        raise Refused()
    if len(data) > LARGEST:
        raise Invalid({"data": _("This is too much for one call; at most 512 KB.")})
    if limited(f"keys:{verb}:{actor.person.id}", QUOTAS[verb], 3600):
        raise Refused(_("You have used up this hour's quota of this service."), "quota")


def _label(label: str) -> bytes:
    if len(label) > LABEL:
        raise Invalid({"label": _("A label has at most 200 characters.")})
    return label.encode()


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
