"""What no officer does alone: recovering a key from escrow and destroying one (TRUST-02). One asks, another agrees,
both give the reason its protocol, and the ledger keeps the protocol's hash."""

from __future__ import annotations

import hashlib
import json

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, local, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, conflicts, limited, person, require

from . import data, escrow, kek, queries, rows
from .data import ActKind, ActState, KeyState
from .models import Act, Key
from .providers import providers

TRIES = 10  # passphrases in an hour


def ask(
    actor: Actor, kind: ActKind, key_id: str, reason: str, *, passphrase: str = "", successor: Ref | None = None
) -> data.Act:
    """Ask for an act. To recover, the first custodian opens their halves now; `successor` is who may decrypt with the
    key afterwards, when not its owner. To destroy, the key must be retired."""
    require(actor, "keys.custody")
    if len(reason.strip()) < 5:
        raise Invalid({"reason": _("Please write the reason and its legal basis.")})
    _slowly(actor, passphrase)
    with transaction.atomic():
        key = rows.find(key_id, lock=True)
        if kind is ActKind.DESTROY and key.state != KeyState.RETIRED:
            raise Refused(_("Only a retired key is destroyed."), "state")
        if key.acts.filter(state=ActState.OPEN).exists():
            raise Refused(_("Another act on this key is waiting for its second officer."), "open")
        act = Act(kind=kind, key=key, reason=reason.strip(), asked_by=str(actor.person), at=now())
        act.successor = str(successor or "")
        if kind is ActKind.RECOVER:
            halves = {str(i): half.hex() for i, half in escrow.halves_of(actor.person, key, passphrase).items()}
            act.halves = kek.wrap(json.dumps(halves).encode(), f"{data.ACT}:{act.id}")
        act.save()
        write(f"keys.{kind}_asked", key.ref, by=actor.by, act=act.id, reason=act.reason, successor=act.successor)
    return as_data(act)


def agree(actor: Actor, act_id: str, *, passphrase: str = "") -> data.Act:
    """Agree and do it. `Refused` unless this is another human being than the one who asked."""
    require(actor, "keys.custody")
    _slowly(actor, passphrase)
    with transaction.atomic():
        act = _open(act_id)
        if conflicts(actor, [Ref.parse(act.asked_by)]):
            raise Refused(_("Somebody else than the one who asked must agree."), "same_person")
        key = rows.find(act.key_id, lock=True)
        if act.kind == ActKind.RECOVER:
            _recover(act, key, escrow.halves_of(actor.person, key, passphrase), actor)
        else:
            _destroy(key, actor)
        act.agreed_by, act.state, act.halves = str(actor.person), ActState.DONE, b""
        act.protocol = _protocol(act, key)
        act.save()
        digest = hashlib.sha256(act.protocol.encode()).hexdigest()
        write(f"keys.{act.kind}_done", key.ref, by=actor.by, act=act.id, asked_by=act.asked_by, protocol=digest)
    return as_data(act)


def refuse(actor: Actor, act_id: str) -> None:
    """Do not do it; also by the one who asked."""
    require(actor, "keys.custody")
    with transaction.atomic():
        act = _open(act_id)
        act.state, act.halves = ActState.REFUSED, b""
        act.save()
        write(f"keys.{act.kind}_refused", act.key.ref, by=actor.by, act=act.id)


def acts(key_id: str = "") -> list[data.Act]:
    """Acts, newest first."""
    found = Act.objects.select_related("key").order_by("-at", "-id")
    return [as_data(act) for act in (found.filter(key_id=key_id) if key_id else found)[:200]]


def act(act_id: str) -> data.Act:
    """One act; `NotFound`."""
    row = Act.objects.select_related("key").filter(id=act_id).first()
    if row is None:
        raise NotFound
    return as_data(row)


def as_data(row: Act) -> data.Act:
    """The row outside this file."""
    return data.Act(
        id=row.id,
        kind=ActKind(row.kind),
        key_id=row.key_id,
        key_title=row.key.title,
        state=ActState(row.state),
        reason=row.reason,
        asked_by=Ref.parse(row.asked_by),
        agreed_by=Ref.parse(row.agreed_by) if row.agreed_by else None,
        at=row.at,
        protocol=row.protocol,
    )


def _open(act_id: str) -> Act:
    act = Act.objects.select_for_update().filter(id=act_id, state=ActState.OPEN).first()
    if act is None:
        raise NotFound(_("No such act is waiting."))
    return act


def _slowly(actor: Actor, passphrase: str) -> None:
    # Before the transaction, so that a wrong passphrase counts although its act is rolled back.
    if passphrase and limited(f"custody:{actor.person.id}", TRIES, 3600):
        raise Refused(_("Too many attempts. Please wait an hour and try again."), "too_many")


def _recover(act: Act, key: Key, mine: dict[int, bytes], actor: Actor) -> None:
    held = json.loads(kek.unwrap(bytes(act.halves), f"{data.ACT}:{act.id}"))
    plain = escrow.opened(key, {int(i): bytes.fromhex(half) for i, half in held.items()}, mine)
    key.private = providers.get(key.provider).restore(key.id, plain)
    key.save(update_fields=["private"])
    if act.successor and act.successor != key.owner:
        # The successor reads what was encrypted; nobody encrypts to a former owner's key any more.
        if key.state != KeyState.RETIRED:
            rows.move(key, KeyState.RETIRED, actor.by, "recovered")
        key.owner = act.successor
        key.save(update_fields=["owner"])


def _destroy(key: Key, actor: Actor) -> None:
    providers.get(key.provider).destroy(rows.stored(key))
    key.escrows.all().delete()
    key.private = b""
    key.save(update_fields=["private"])
    rows.move(key, KeyState.DESTROYED, actor.by)


def _protocol(act: Act, key: Key) -> str:
    """The protocol, in the language of the files: what was done to which key, why, by whom, when."""
    with translation.override("zh-hans"):
        lines = [
            (_("Protocol"), _("Recovery of a key") if act.kind == ActKind.RECOVER else _("Destruction of a key")),
            (pgettext("keys", "Number"), act.id),
            (_("Key"), f"{key.title} ({key.id})"),
            (_("Algorithm"), key.algorithm),
            (_("Provider"), key.provider),
            (_("Owner"), _names(key.owner)),
            (_("Fingerprint of the public key (SHA-256)"), _fingerprint(key)),
            (_("Reason"), act.reason),
            (_("Asked by"), _who(act.asked_by)),
            (_("Agreed by"), _who(act.agreed_by)),
            (_("Asked at"), local(act.at).strftime("%Y-%m-%d %H:%M:%S %z")),
            (_("Done at"), local(now()).strftime("%Y-%m-%d %H:%M:%S %z")),
        ]
        if act.kind == ActKind.DESTROY:
            lines.append(
                (_("Destroyed"), _("the private key, its copies in escrow and, in a device, the object itself"))
            )
        return "\n".join(f"{label}: {value}" for label, value in lines) + "\n"


def _fingerprint(key: Key) -> str:
    return hashlib.sha256(bytes(key.public)).hexdigest() if key.public else "-"


def _names(ref: str) -> str:
    return queries.names([Ref.parse(ref)])[Ref.parse(ref)]


def _who(ref: str) -> str:
    known = person(Ref.parse(ref))
    return f"{known.name} ({known.username})"
