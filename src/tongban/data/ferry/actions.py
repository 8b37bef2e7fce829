"""Verbs of the ferry: open a channel, propose, approve, export; import, acknowledge (NET-01, NET-04, SCN-40).

Outer to inner there is no line, ever: a bundle is a file that a person carries. Numbers run without a gap, each bundle
names the digest of the one before, and its content is closed to the receiver.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from asn1crypto import pem, x509
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, now, system
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Actor, conflicts, require
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Algorithm, Purpose

from . import arriving, data, levels, packing, queries, receipts
from .data import Content, State
from .manifest import Manifest
from .models import Bundle, Channel


def own_certificate() -> bytes:
    """What the sending side needs of us, as PEM: our encryption certificate. Carried by hand once."""
    key = keys.ensure_key(Purpose.ENCRYPTION, algorithm=Algorithm.RSA3072)
    return bytes(pem.armor("CERTIFICATE", keys.certificate_of(key.id)))


def own_root() -> bytes:
    """What the receiving side needs of us, as PEM: the root of our authority. Carried by hand once."""
    key = keys.ensure_key(Purpose.PUBLISHER)
    return bytes(pem.armor("CERTIFICATE", keys.signing_certificate(key.id)[-1]))


def open_channel(actor: Actor, key: str, title: str, from_zone: str, to_zone: str, certificate: bytes) -> data.Channel:
    """Open one end of a channel. Where we send, `certificate` is the receiver's for encryption; where we receive, it
    is the root of the sender's authority. `Invalid` names the field; only upwards, and only to or from our own zone."""
    require(actor, "ferry.channels")
    errors: dict[str, Text] = {}
    if not key.replace("-", "").isalnum() or not key.isascii() or key != key.lower() or len(key) > 40:
        errors["key"] = _("Small letters, digits and hyphens, at most 40.")
    if not levels.upwards(from_zone, to_zone):
        errors["to_zone"] = _("The ferry goes upwards only: public, outer, inner.")
    elif settings.TONGBAN_ZONE not in (from_zone, to_zone):
        errors["from_zone"] = _("One end of the channel is this installation's zone.")
    der = _certificate(certificate, errors)
    if not title.strip():
        errors["title"] = _("Please give the channel a title.")
    if not errors and Channel.objects.filter(key=key).exists():
        errors["key"] = _("There is a channel of this name already.")
    if errors:
        raise Invalid(errors)
    outgoing = from_zone == settings.TONGBAN_ZONE
    if outgoing:
        keys.wrap_for(der, b"fit to be closed to?")
    with transaction.atomic():
        row = Channel.objects.create(
            key=key, title=title.strip(), from_zone=from_zone, to_zone=to_zone, outgoing=outgoing,
            certificate=der if outgoing else b"", root=b"" if outgoing else der,
        )  # fmt: skip
        facts = {"from": from_zone, "to": to_zone, "certificate": hashlib.sha256(der).hexdigest()}
        write("ferry.channel.opened", Ref(data.CHANNEL, key), by=actor.by, **facts)
    return queries.channel_of(row)


def _certificate(text: bytes, errors: dict[str, Text]) -> bytes:
    try:
        der = pem.unarmor(text)[2] if pem.detect(text) else text
        return bytes(x509.Certificate.load(der, strict=True).dump())
    except (ValueError, TypeError):
        errors["certificate"] = _("This is not a certificate.")
        return b""


def propose(
    actor: Actor, channel: str, label: str, reason: str, register_keys: Sequence[str] = (), file_ids: Sequence[str] = ()
) -> data.Bundle:
    """Say what shall cross, and why. Rows of a register cross whole the first time, later what changed since.

    `Invalid` when the label is lower than what is inside, or higher than the receiving zone keeps.
    """
    require(actor, "ferry.propose")
    row = _outgoing(channel)
    errors: dict[str, Text] = {}
    if len(reason.strip()) < 4:
        errors["reason"] = _("Please say what this is carried over for.")
    contents = [packing.register_content(key, row.crossed.get(key, "")) for key in dict.fromkeys(register_keys)]
    found = files.files_by_id(list(file_ids))
    contents += [Content("file", one.id, one.name, size=one.size, level=label) for one in found.values()]
    if not contents or len(found) != len(set(file_ids)):
        errors["contents"] = _("Please choose at least one register or file that exists.")
    if problem := levels.problem(label, [one.level for one in contents], row.to_zone):
        errors["label"] = problem
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        bundle = Bundle.objects.create(
            channel=row, label=label, reason=reason.strip(), contents=[asdict(one) for one in contents],
            proposed_by=str(actor.by), proposer=actor.name, at=now(),
        )  # fmt: skip
        _record("proposed", bundle, actor, label=label, contents=[one.key for one in contents])
    return queries.bundle_of(bundle)


def approve(actor: Actor, id: str) -> data.Bundle:
    """Another person than the proposer lets it cross."""
    with transaction.atomic():
        bundle = _decided(actor, id)
        bundle.state, bundle.approved_by, bundle.approver = State.APPROVED, str(actor.by), actor.name
        bundle.save()
        _record("approved", bundle, actor)
    return queries.bundle_of(bundle)


def decline(actor: Actor, id: str, reason: str) -> data.Bundle:
    """It does not cross, and why."""
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please say why.")})
    with transaction.atomic():
        bundle = _decided(actor, id)
        bundle.state, bundle.finding = State.DECLINED, reason.strip()[:300]
        bundle.save()
        _record("declined", bundle, actor, reason=bundle.finding)
    return queries.bundle_of(bundle)


def _decided(actor: Actor, id: str) -> Bundle:
    require(actor, "ferry.approve")
    bundle = _bundle(id)
    if bundle.state != State.PROPOSED:
        raise Refused(_("This bundle has been decided on already."), "state")
    if conflicts(actor, [Ref.parse(bundle.proposed_by)]):
        raise Refused(_("Who proposed it does not approve it."), "two_people")
    return bundle


def export(id: str, by: Ref | None = None) -> tuple[data.Bundle, Path]:
    """Make the file of an approved bundle; once made, the same file again. Numbers run in the order of making."""
    with transaction.atomic(), system():
        bundle = _bundle(id)
        row = Channel.objects.select_for_update().get(key=bundle.channel_id)
        if bundle.state in (State.EXPORTED, State.ACKNOWLEDGED):
            return queries.bundle_of(bundle), packing.folder(row.key) / bundle.name
        if bundle.state != State.APPROVED:
            raise Refused(_("Only an approved bundle is exported."), "state")
        moment = now()
        label = Manifest(
            channel=row.key, from_zone=row.from_zone, to_zone=row.to_zone, number=row.number + 1, previous=row.digest,
            label=bundle.label, reason=bundle.reason, proposer=bundle.proposer, approver=bundle.approver,
            made=moment.isoformat(), payload="", contents=queries.contents_of(bundle),
        )  # fmt: skip
        made = packing.pack(label, bytes(row.certificate), moment)
        row.number, row.digest = label.number, made.digest
        row.crossed |= {one.key: moment.isoformat() for one in made.contents if one.kind == "register"}
        row.save()
        bundle.state, bundle.number, bundle.name, bundle.digest = State.EXPORTED, label.number, label.name, made.digest
        bundle.contents = [asdict(one) for one in made.contents]
        # The code itself is not kept here: only who opened the bundle can say it.
        code = receipts.code(made.secret, row.key, label.number, made.digest)
        bundle.receipt = hashlib.sha256(code.encode()).hexdigest()
        bundle.save()
        rows = sum(one.rows for one in made.contents)
        write("ferry.exported", Ref(data.BUNDLE, bundle.id), by=by, number=label.number, digest=made.digest, rows=rows)
    return queries.bundle_of(bundle), made.path


def acknowledge(actor: Actor, text: str) -> data.Bundle:
    """Take in the receipt that came back on paper, scanned or typed. `Invalid` when it is not the right one."""
    require(actor, "ferry.propose")
    found = receipts.read(text)
    wrong = Invalid({"receipt": _("This is not the receipt of a bundle that left here.")})
    if found is None:
        raise wrong
    channel, number, code = found
    with transaction.atomic():
        bundle = Bundle.objects.select_for_update().filter(channel_id=channel, number=number).first()
        if bundle is None or bundle.receipt != hashlib.sha256(code.encode()).hexdigest():
            raise wrong
        if bundle.state == State.EXPORTED:
            bundle.state = State.ACKNOWLEDGED
            bundle.save()
            _record("acknowledged", bundle, actor, number=number)
    return queries.bundle_of(bundle)


def bring(path: Path, by: Ref | None = None) -> data.Bundle:
    """Import a bundle that somebody carried here, and after it those that waited for it.

    Everything is checked before the first row is touched; one that was imported already changes nothing. One whose
    predecessor is missing is kept and waits, with an alarm. `Refused` with the reason for every other: nothing of it
    is taken in, the refusal is recorded and an alarm raised.
    """
    try:
        bundle = arriving.take_in(path, by)
    except Refused as refusal:
        _refused(path, refusal, by)
        raise
    if bundle.state == State.IMPORTED:
        while following := arriving.next_waiting(bundle.channel_id):
            arriving.take_in(packing.folder(bundle.channel_id) / following.name, by)
    return queries.bundle_of(bundle)


def _refused(path: Path, refusal: Refused, by: Ref | None) -> None:
    with transaction.atomic():
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        write("ferry.refused", Ref("ferry.file", digest[:26]), by=by, code=refusal.code, sha256=digest)


def skip(actor: Actor, channel: str, reason: str) -> tuple[data.Bundle, ...]:
    """Give up on what is missing before the first waiting bundle, for a stated reason; those that wait come in."""
    require(actor, "ferry.channels")
    if len(reason.strip()) < 4:
        raise Invalid({"reason": _("Please say why the missing bundle is given up.")})
    with transaction.atomic():
        row = Channel.objects.select_for_update().filter(key=channel, outgoing=False).first()
        first = arriving.first_waiting(channel)
        if row is None or first is None or first.number is None:
            raise NotFound()
        lost = list(range(row.number + 1, first.number))
        row.number, row.digest = first.number - 1, ""
        row.save()
        write("ferry.skipped", Ref(data.CHANNEL, channel), by=actor.by, numbers=lost, reason=reason.strip())
    done = []
    while following := arriving.next_waiting(channel):
        done.append(arriving.take_in(packing.folder(channel) / following.name, actor.by))
    return tuple(queries.bundle_of(one) for one in done)


def _outgoing(key: str) -> Channel:
    row = Channel.objects.filter(key=key, outgoing=True).first()
    if row is None:
        raise NotFound(_("There is no such channel from here."))
    return row


def _bundle(id: str) -> Bundle:
    row = Bundle.objects.select_for_update().filter(id=id).first()
    if row is None:
        raise NotFound()
    return row


def _record(verb: str, bundle: Bundle, actor: Actor, **facts: object) -> None:
    write(f"ferry.{verb}", Ref(data.BUNDLE, bundle.id), by=actor.by, channel=bundle.channel_id, **facts)
