"""Grants of mode file: files, whole and unchanged at the other end (DATA-05).

Of a source of rows it is all granted rows as one CSV file in UTF-8, at most once a day and only when it says something
else than the last one. Of a source of files it is these files (`filing`). The receiver puts nothing into his folder
that has another size or SHA-256 than was said.
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
from django.db.models import Count, F
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, now, today
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, Message, Outcome, Stage, language

from . import models
from .data import Mapping, SourceUnreachable
from .filing import send_own
from .grants import live
from .mapping import load_mapping, load_sink
from .pieces import send_pieces
from .sinks.folders import cell

EVERY = timedelta(days=1)
LARGEST = 4 << 30
_NAME = re.compile(r"[^\W_][\w.-]{0,199}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FOLDERS = ("csv", "parquet")


def send_files() -> int:
    """Send every holder what is due; how many files."""
    sources = {row.resource: load_mapping(row.text, row.file) for row in models.Source.objects.filter(rows__gt=0)}
    known = {peer.node for peer in transport.peers() if not peer.blocked}
    holders = live(mode=Business.FILE).filter(resource__in=sources, node__in=known)
    sent = 0
    for id_, resource, filed in holders.values_list("id", "resource", "filed"):
        if sources[resource].source.kind == "files":
            sent += send_own(id_, sources[resource])
        elif filed is None or filed <= now() - EVERY:
            sent += _send_rows(id_, sources[resource])
    return sent


def _send_rows(id_: str, mapping: Mapping) -> int:
    with transaction.atomic(), tempfile.TemporaryDirectory() as folder:
        grant = live().select_for_update().filter(id=id_).first()
        if grant is None:
            return 0
        path = Path(folder) / "file.csv"
        _write(path, grant, mapping)
        digest, size = _sha256(path), path.stat().st_size
        fresh = digest != grant.digest
        if fresh:
            name = f"{grant.resource.replace('/', '_')}-{today():%Y%m%d}-{digest[:8]}.csv"
            send_pieces(grant, mapping.shape, path, language.Whole(name=name, size=size, sha256=digest))
            write("node.file.sent", grant.ref, node=grant.node, name=name, size=size, sha256=digest)
        grant.filed, grant.digest = now(), digest
        grant.save(update_fields=["filed", "digest"])
    return int(fresh)


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
        version, row = int(head.get("version", 0)), dict(head.get("row", {}))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(_("The file cannot be read."), "unreadable") from None
    if not (_NAME.fullmatch(name) and len(name.encode()) <= 230 and 0 <= version < 2**63 and _SHA256.fullmatch(sha256)):
        raise Refused(_("The file cannot be read."), "unreadable")
    if not (0 <= size <= LARGEST and 1 <= number <= total <= 1_000):
        raise Refused(_("The file is too large."), "too_large")
    envelope = message.envelope
    models.Piece.objects.create(
        message=envelope.id, sender=envelope.sender, resource=envelope.resource, name=name, size=size, sha256=sha256,
        number=number, total=total, version=version, row=row,
    )  # fmt: skip
    return Outcome(Stage.STORED)


def deliver_files() -> int:
    """Put files that are whole into their folders; how many."""
    sinks = {row.resource: row for row in models.Sink.objects.all()}
    waiting = models.Piece.objects.filter(done=False, resource__in=sinks)
    one_file = ("sender", "resource", "name", "sha256", "total", "version")
    whole = waiting.values(*one_file).annotate(have=Count("number", distinct=True)).order_by("version")
    done = 0
    for one in whole.filter(have=F("total")):
        pieces = list(waiting.filter(**{word: one[word] for word in one_file}).order_by("number"))
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
    later = models.Piece.objects.filter(sender=first.sender, resource=first.resource, name=first.name, done=True)
    true = later.filter(version__gt=first.version).exists() or _put(pieces, Path(place.get("folder")))
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
        if true and first.row:  # what the file is about, there before the file is
            about = {"resource": first.resource, "sender": first.sender, "sha256": first.sha256, "row": first.row}
            (folder / f"{first.name}.json").write_text(json.dumps(about, ensure_ascii=False, indent=1), "utf-8")
        if true:
            half.replace(folder / first.name)
        else:
            half.unlink()
    except OSError as error:
        words = _("{path} cannot be written: {why}")
        raise SourceUnreachable(words.format(path=folder, why=error.strerror or type(error).__name__)) from None
    return true
