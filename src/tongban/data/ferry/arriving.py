"""One bundle on its way in: label, signature, number, chain, content, rows; all or nothing."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.files.data import FORMATS
from tongban.base.kernel.api import Invalid, Ref, Refused, emit, now, system
from tongban.base.ledger.api import write
from tongban.engine.registers import api as registers
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Algorithm, Purpose

from . import data, levels, packing, receipts, unpacking
from .data import Content, State
from .manifest import Manifest
from .models import Bundle, Channel

_LARGEST = 1 << 30


def take_in(path: Path, by: Ref | None) -> Bundle:
    """Import one bundle, or keep it waiting for its predecessor; `Refused` with the reason."""
    with unpacking.opened(path) as read, transaction.atomic(), system():
        label = read.label
        channel = Channel.objects.select_for_update().filter(key=label.channel, outgoing=False).first()
        if channel is None or (label.from_zone, label.to_zone) != (channel.from_zone, channel.to_zone):
            raise Refused(_("No channel of this installation takes in such a bundle."), "channel")
        if label.to_zone != settings.TONGBAN_ZONE:
            raise Refused(_("This bundle is meant for another zone."), "zone")
        signer = unpacking.believe(read, bytes(channel.root))
        if problem := levels.problem(label.label, [one.level for one in label.contents], label.to_zone):
            raise Refused(problem, "label")
        known = Bundle.objects.filter(channel=channel, number=label.number, state=State.IMPORTED).first()
        if known is not None and known.digest == read.digest:
            return known
        if known is not None or label.number <= channel.number:
            raise Refused(_("A bundle of this number was imported before, and it was another one."), "repeated")
        if label.number > channel.number + 1:
            return _wait(channel, label, read.digest, path, by)
        if channel.digest and label.previous != channel.digest:
            raise Refused(_("This bundle does not follow the one imported before it."), "chain")
        bundle = _row(channel, label, read.digest)
        with unpacking.payload(read, keys.ensure_key(Purpose.ENCRYPTION, algorithm=Algorithm.RSA3072).id) as (
            inner,
            secret,
        ):
            for content in label.contents:
                _absorb(inner, content, label, Ref(data.BUNDLE, bundle.id))
            code = receipts.code(secret, channel.key, label.number, read.digest)
        bundle.state, bundle.receipt = State.IMPORTED, receipts.text(channel.key, label.number, code)
        bundle.save()
        channel.number, channel.digest = label.number, read.digest
        channel.save()
        facts = {"channel": channel.key, "number": label.number, "digest": read.digest, "signer": signer}
        write("ferry.imported", Ref(data.BUNDLE, bundle.id), by=by, rows=sum(c.rows for c in label.contents), **facts)
        emit(data.BundleImported(bundle.id, channel.key, label.number))
    return bundle


def _row(channel: Channel, label: Manifest, digest: str) -> Bundle:
    """The row of a bundle that arrives; one that waited keeps its own."""
    bundle = Bundle.objects.filter(channel=channel, digest=digest, state=State.WAITING).first()
    bundle = bundle or Bundle(channel=channel, number=label.number, digest=digest)
    bundle.label, bundle.reason, bundle.name = label.label, label.reason, label.name
    bundle.proposer, bundle.approver, bundle.at = label.proposer, label.approver, now()
    bundle.contents = [asdict(content) for content in label.contents]
    bundle.finding = ""
    bundle.save()
    return bundle


def _wait(channel: Channel, label: Manifest, digest: str, path: Path, by: Ref | None) -> Bundle:
    """Keep it, and say loudly which numbers are missing (NET-04)."""
    kept = packing.folder(channel.key) / label.name
    if path.resolve() != kept.resolve():
        shutil.copyfile(path, kept)
    waiting = Bundle.objects.filter(channel=channel, state=State.WAITING)
    here = set(waiting.values_list("number", flat=True))
    missing = tuple(n for n in range(channel.number + 1, label.number) if n not in here)
    bundle = _row(channel, label, digest)
    bundle.state, bundle.finding = State.WAITING, _("Missing before it: %s") % "、".join(map(str, missing[:20]))
    bundle.save()
    write("ferry.gap", Ref(data.CHANNEL, channel.key), by=by, missing=list(missing[:20]), got=label.number)
    return bundle


def first_waiting(channel: str) -> Bundle | None:
    """The lowest number that waits."""
    return Bundle.objects.filter(channel_id=channel, state=State.WAITING).order_by("number").first()


def next_waiting(channel: str) -> Bundle | None:
    """The waiting bundle whose turn it is."""
    number = Channel.objects.get(key=channel).number
    return Bundle.objects.filter(channel_id=channel, state=State.WAITING, number=number + 1).first()


def _absorb(inner: ZipFile, content: Content, label: Manifest, bundle: Ref) -> None:
    source = f"ferry:{label.channel}"
    if content.kind == "file":
        slot = files.Slot(tuple(FORMATS), _LARGEST)
        with unpacking.kept(inner, content) as stream:
            files.receive(stream, content.title, slot, bundle, subject=bundle)  # type: ignore[arg-type]
        return
    try:
        live, retired = unpacking.lines(inner, content)
        with live, retired:
            registers.bulk(content.key, content.columns, live, source=source, by=bundle, reason=label.reason)
            _retire(content, retired, label.reason, bundle)
    except Invalid as invalid:
        fields = ", ".join(invalid.errors)
        message = _("The register “%(key)s” here does not take these columns: %(fields)s")
        raise Refused(message % {"key": content.key, "fields": fields}, "shape") from None


def _retire(content: Content, retired: IO[bytes], reason: str, bundle: Ref) -> None:
    natural = registers.definition(content.key).natural_key
    for line in csv.reader(io.TextIOWrapper(retired, encoding="utf-8", newline="")):
        values = dict(zip(content.columns, line, strict=True))
        row = registers.find(content.key, **{name: values[name] for name in natural})
        if row is not None:
            registers.retire(content.key, row.id, by=bundle, reason=reason)
