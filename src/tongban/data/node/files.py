"""Grants of mode file: all granted rows as one file, whole and unchanged at the other end (DATA-05).

A file is CSV in UTF-8. It goes at most once a day, and only when it says something else than the last one. Its pieces
are messages like others, signed and closed; size and SHA-256 of the whole are in each, and the receiver puts nothing
into his folder that does not have them.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, now, today
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import Kind, Message, Outcome, Stage

from . import models
from .data import Mapping, SourceUnreachable
from .grants import live
from .mapping import load_mapping, load_sink
from .sinks.folders import cell

FILE = "file"
EVERY = timedelta(days=1)
PIECE = 16 << 20
LARGEST = 4 << 30
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,150}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOLDERS = ("csv", "parquet")


def send_files() -> int:
    """Send every holder the file that is due; how many files."""
    due = live(mode="file").filter(Q(filed__isnull=True) | Q(filed__lte=now() - EVERY))
    sources = {row.resource: row for row in models.Source.objects.filter(rows__gt=0)}
    sent = 0
    for id_, resource in due.filter(resource__in=sources).values_list("id", "resource"):
        source = sources[resource]
        with transaction.atomic():
            grant = live().select_for_update().get(id=id_)
            if any(peer.node == grant.node and not peer.blocked for peer in transport.peers()):
                sent += _send(grant, load_mapping(source.text, source.file))
    return sent


def _send(grant: models.Grant, mapping: Mapping) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv"
        _write(path, grant, mapping)
        digest, size = _sha256(path), path.stat().st_size
        fresh = digest != grant.digest
        if fresh:
            name = f"{grant.resource.replace('/', '_')}-{today():%Y%m%d}-{digest[:8]}.csv"
            head: dict[str, Any] = {"name": name, "size": size, "sha256": digest, "total": -(-size // PIECE)}
            with path.open("rb") as file:
                for number in range(1, head["total"] + 1):
                    _send_piece(grant, mapping, {**head, "number": number}, file.read(PIECE))
            write("node.file.sent", grant.ref, node=grant.node, **head)
    grant.filed, grant.digest = now(), digest
    grant.save(update_fields=["filed", "digest"])
    return int(fresh)


def _send_piece(grant: models.Grant, mapping: Mapping, head: dict[str, Any], piece: bytes) -> None:
    body = json.dumps(head).encode() + b"\n" + piece
    transport.send(
        grant.node, Kind.FILE, FILE, body, resource=grant.resource, grant=grant.id, schema=mapping.shape, priority=8
    )


def _write(path: Path, grant: models.Grant, mapping: Mapping) -> None:
    """The granted items of all our rows."""
    rows = models.Row.objects.filter(source_id=mapping.name).order_by("key").values_list("body", flat=True)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(grant.items)
        lines.writerows([cell(row.get(name)) for name in grant.items] for row in rows.iterator())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def take_piece(message: Message) -> Outcome:
    """A piece of a file of others: it waits in the inbox for the rest and for a sink."""
    try:
        head = json.loads(message.body.partition(b"\n")[0])
        name, sha256 = str(head["name"]), str(head["sha256"])
        size, number, total = (int(head[word]) for word in ("size", "number", "total"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(_("The file cannot be read."), "unreadable") from None
    if not (_NAME.fullmatch(name) and _SHA256.fullmatch(sha256)):
        raise Refused(_("The file cannot be read."), "unreadable")
    if not (0 <= size <= LARGEST and 1 <= number <= total <= 1_000):
        raise Refused(_("The file is too large."), "too_large")
    envelope = message.envelope
    models.Piece.objects.create(
        message=envelope.id, sender=envelope.sender, resource=envelope.resource, name=name, size=size, sha256=sha256,
        number=number, total=total,
    )  # fmt: skip
    return Outcome(Stage.STORED)


def deliver_files() -> int:
    """Put files that are whole into their folders; how many."""
    sinks = {row.resource: row for row in models.Sink.objects.all()}
    waiting = models.Piece.objects.filter(done=False, resource__in=sinks)
    whole = waiting.values("sender", "resource", "sha256", "total").annotate(have=Count("number", distinct=True))
    done = 0
    for one in whole.filter(have=F("total")):
        pieces = list(waiting.filter(sender=one["sender"], sha256=one["sha256"], total=one["total"]).order_by("number"))
        sink = sinks[one["resource"]]
        try:
            _deliver(pieces, sink)
            done += 1
        except SourceUnreachable as error:
            models.Sink.objects.filter(name=sink.name).update(trouble=str(error)[:500])
    return done


def _deliver(pieces: list[models.Piece], sink: models.Sink) -> None:
    place, first = load_sink(sink.text, sink.file).place, pieces[0]
    if place.kind not in _FOLDERS:
        raise SourceUnreachable(_("The sink of {code} takes rows; a file needs a folder.").format(code=sink.resource))
    true = _put(pieces, Path(place.get("folder")))
    outcome = Outcome() if true else Outcome(Stage.REFUSED, "fixity", text=_("The file is not the one that was sent."))
    with transaction.atomic():
        models.Piece.objects.filter(message__in=[piece.message for piece in pieces]).update(done=True)
        models.Sink.objects.filter(name=sink.name).update(trouble="")
        for piece in pieces:
            transport.settle(piece.sender, piece.message, outcome)
        facts: dict[str, Any] = {"sink": sink.name, "name": first.name, "sha256": first.sha256, "size": first.size}
        write("node.file.delivered" if true else "node.file.refused", sink.ref, sender=first.sender, **facts)


def _put(pieces: list[models.Piece], folder: Path) -> bool:
    """Put the file together where it belongs. It appears whole, or not at all where it is not what was sent."""
    first, half = pieces[0], folder / f".{pieces[0].name}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as out:
            for piece in {piece.number: piece for piece in pieces}.values():
                out.write(transport.message(piece.message, sender=piece.sender).body.partition(b"\n")[2])
            out.flush()
            os.fsync(out.fileno())
        true = half.stat().st_size == first.size and _sha256(half) == first.sha256
        if true:
            half.replace(folder / first.name)
        else:
            half.unlink()
    except OSError as error:
        words = _("{path} cannot be written: {why}")
        raise SourceUnreachable(words.format(path=folder, why=error.strerror or type(error).__name__)) from None
    return true
