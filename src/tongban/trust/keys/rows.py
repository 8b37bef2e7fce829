"""Key rows: made, read, and moved from state to state, one ledger leaf for each move (TRUST-02)."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, Refused, new_id, now
from tongban.base.ledger.api import write

from . import ciphers
from .data import Algorithm, KeyInfo, KeyState, Purpose
from .models import Key
from .profiles import PROFILES, check_algorithm
from .providers import Stored, providers

MOVES: dict[KeyState, tuple[KeyState, ...]] = {
    KeyState.PREPARED: (KeyState.ACTIVE, KeyState.RETIRED),
    KeyState.ACTIVE: (KeyState.SUSPENDED, KeyState.RETIRED),
    KeyState.SUSPENDED: (KeyState.ACTIVE, KeyState.RETIRED),
    KeyState.RETIRED: (KeyState.DESTROYED,),
    KeyState.DESTROYED: (),
}


def info(row: Key, *, escrowed: bool = False) -> KeyInfo:
    """The row as other rooms see it."""
    return KeyInfo(
        id=row.id,
        purpose=Purpose(row.purpose),
        owner=Ref.parse(row.owner),
        title=row.title,
        algorithm=Algorithm(row.algorithm),
        provider=row.provider,
        state=KeyState(row.state),
        public_key=bytes(row.public),
        created=row.created,
        escrowed=escrowed,
    )


def stored(row: Key) -> Stored:
    """The row as its provider needs it."""
    return Stored(row.id, Algorithm(row.algorithm), bytes(row.private), row.handle)


def find(key_id: str, *, lock: bool = False) -> Key:
    """The row; `NotFound`."""
    rows = Key.objects.select_for_update() if lock else Key.objects
    row = rows.filter(id=key_id).first()
    if row is None:
        raise NotFound(_("There is no such key."))
    return row


def current(purpose: Purpose, owner: Ref) -> Key | None:
    """The one active key of a purpose and owner."""
    return Key.objects.filter(purpose=purpose, owner=str(owner), state=KeyState.ACTIVE).first()


def alone(*about: object) -> None:
    """Wait for whoever makes the same thing right now; until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 7))", ["|".join(map(str, about))])


def make(
    purpose: Purpose,
    owner: Ref,
    title: str,
    *,
    algorithm: Algorithm | None = None,
    provider: str = "",
    replaces: Key | None = None,
    by: Ref | None = None,
) -> Key:
    """Generate a key, in state `prepared`. `Refused` when profile or provider does not know the algorithm."""
    wanted = algorithm or PROFILES[purpose].algorithm
    check_algorithm(purpose, wanted)
    name = provider or ("gm" if wanted in (Algorithm.SM2, Algorithm.SM4) else "software")
    if name not in providers:
        raise Refused(_("There is no provider of keys named %s.") % name)
    maker = providers.get(name)
    if wanted not in maker.algorithms:
        raise Refused(_("This provider of keys does not know this algorithm."), "algorithm")
    key_id = new_id()
    made = maker.generate(key_id, wanted)
    row = Key.objects.create(
        id=key_id,
        purpose=purpose,
        owner=str(owner),
        title=title,
        algorithm=wanted,
        provider=name,
        public=made.public,
        private=made.private,
        handle=made.handle,
        created=now(),
        replaces=replaces,
    )
    write("keys.generated", row.ref, by=by, purpose=purpose, owner=str(owner), algorithm=wanted, provider=name)
    return row


def move(row: Key, to: KeyState, by: Ref | None, reason: str = "") -> None:
    """Move to another state, recorded. `Refused` where life does not go that way."""
    if to not in MOVES[KeyState(row.state)]:
        raise Refused(_("A key in this state cannot be moved to that one."), "state")
    row.state = to
    row.save(update_fields=["state"])
    facts = {"reason": reason} if reason else {}
    write(f"keys.{to}", row.ref, by=by, **facts)


def signed(row: Key, data: bytes, hash_name: str = "", *, hashed: bool = False) -> bytes:
    """The signature by an active key; `Refused` otherwise."""
    if row.state != KeyState.ACTIVE:
        raise Refused(_("This key is not active."), "state")
    if Purpose(row.purpose) is Purpose.ENCRYPTION:
        raise Refused(_("This key only encrypts."), "purpose")
    name = hash_name or ciphers.own_hash(Algorithm(row.algorithm))
    return providers.get(row.provider).sign(stored(row), data, name, hashed=hashed)
