"""Runs of a source: read it, compare it with our copy, take over and put into the outbox what changed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Refused, now
from tongban.base.ledger.api import write

from . import models
from .copying import Changed, Staging, marked, take_over
from .data import ChangeBy, Counts, DiskFull, Mapping, Run, RunState, SourceChanged, SourceUnreachable
from .mapping import load_mapping
from .sending import load, send_changes
from .sources import open_source
from .sources.files import stamp_of
from .sources.headers import gone

_LOCK = 74_301
_FEW = 20  # rows that may vanish from a source without being asked about, unless they are all
_STATES = {SourceChanged: RunState.REFUSED, SourceUnreachable: RunState.UNREACHABLE, DiskFull: RunState.FULL}


def add_source(text: str, file: str) -> Mapping:
    """Put a mapping to work, or its new version. The source must answer and have the columns now.

    `DefinitionError` for the file; `Refused` when items changed and the schema's number did not.
    """
    mapping = load_mapping(text, file)
    with open_source(mapping.source, mapping.columns) as source:
        shape = {name: kind for name, kind in source.shape().items() if name in mapping.columns}
        check_shape(mapping, shape, {})
    with transaction.atomic():
        terms = {"resource": mapping.resource, "schema": mapping.schema, "text": text, "file": file, "shape": shape}
        if models.Source.objects.filter(resource=mapping.resource).exclude(name=mapping.name).exists():
            raise Refused(_("Another source gives resource {code} already.").format(code=mapping.resource), "resource")
        if row := models.Source.objects.select_for_update().filter(name=mapping.name).first():
            before = load_mapping(row.text, row.file)
            _check_version(before, mapping)
            terms["mark"] = row.mark if before.change.column == mapping.change.column else None
        source_row, _fresh = models.Source.objects.update_or_create(
            name=mapping.name, defaults=terms | {"due": now(), "stamp": None}
        )
        kind = mapping.source.kind
        write("node.source.added", source_row.ref, resource=mapping.resource, schema=mapping.schema, place=kind)
    return mapping


def _check_version(before: Mapping, after: Mapping) -> None:
    """What holders of grants already have must still fit."""
    if before.types != after.types and before.schema >= after.schema:
        raise Refused(
            _("Items or their types changed: give the file a higher number than `schema: {number}`.").format(
                number=before.schema
            ),
            "schema",
        )
    if before.key != after.key or before.resource != after.resource:
        raise Refused(_("Key and resource of a source at work cannot change: remove it and add it anew."), "key")


def run_source(name: str, *, confirm: bool = False) -> Run:
    """One run. What is wrong with the source is the answer, not an error: `Run.state` and `Run.text` say it.

    `confirm`: a person has seen that many rows are gone from the source and means it. A run that is killed leaves
    nothing half done: what was put into the outbox is in our copy, the rest is found again by the next run.
    """
    with _alone(name):
        source = _source(name)
        mapping = load_mapping(source.text, source.file)
        killed = source.runs.filter(state=RunState.RUNNING).update(state=RunState.KILLED, ended=now())
        run, counts = models.Run.objects.create(source=source, state=RunState.RUNNING), Counts()
        try:
            check_room()
            _take(source, mapping, counts, confirm=confirm)
            state = RunState.SENT if counts.batches else RunState.NOTHING
            text = _("{read} rows read, {changed} changed.").format(
                read=counts.read, changed=counts.inserted + counts.updated + counts.deleted
            )
        except tuple(_STATES) as error:
            state, text = _STATES[type(error)], str(error)
        with transaction.atomic():
            run.state, run.text, run.counts, run.ended = state, text, asdict(counts), now()
            run.save()
            source.due = now() + timedelta(seconds=mapping.every)
            if killed or counts.inserted or counts.deleted:
                source.rows = models.Row.objects.filter(source=source).count()
            source.save(update_fields=["due", "rows"])
            models.Run.objects.filter(source=source, id__lt=run.id - 2_000).delete()
            if state in (RunState.REFUSED, RunState.FULL):
                write("node.source.refused", source.ref, state=state.value)
        return Run(name, state, text, counts, run.started, run.ended)


def _take(source: models.Source, mapping: Mapping, counts: Counts, *, confirm: bool) -> None:
    counts.batches += load(mapping)
    stamp = stamp_of(mapping.source)
    if stamp and stamp == source.stamp:
        return  # nobody has written to the files since
    with Staging(source, mapping) as staging:
        with open_source(mapping.source, mapping.columns) as opened:
            check_shape(mapping, opened.shape(), source.shape)
            staging.read(opened, counts)
        changed = staging.compare(deletes=not staging.keyless)
        counts.faults = sum(staging.by_item.values())
        _check_losses(source, mapping, staging.gone, confirm)
        _note_faults(source, staging)
        for part in staging.parts() if changed else ():
            _take_part(source, mapping, counts, part)
        if mapping.change.by is ChangeBy.CONTROL:
            with open_source(mapping.source, mapping.columns) as opened:
                opened.taken(staging.faulty_rows)
        source.mark, source.stamp = marked(staging.mark) or source.mark, stamp
        source.save(update_fields=["mark", "stamp"])


def _take_part(source: models.Source, mapping: Mapping, counts: Counts, part: list[Changed]) -> None:
    """Our copy and what goes out, in one transaction: killed at any moment, both are there or neither is."""
    check_room()
    with transaction.atomic():
        counts.batches += send_changes(mapping, part)
        take_over(source, part)
    for change in part:
        kind = "deleted" if change.now is None else "updated" if change.before else "inserted"
        setattr(counts, kind, getattr(counts, kind) + 1)


def check_shape(mapping: Mapping, shape: dict[str, str], before: dict[str, str]) -> None:
    """`SourceChanged` when columns of the mapping are missing or hold another kind of value than they did."""
    if missing := [name for name in mapping.columns if name not in shape]:
        others = [name for name in shape if name not in mapping.columns]
        raise SourceChanged(gone(mapping.source.get("table") or mapping.name, missing, others))
    for name in mapping.columns:
        if before.get(name, shape[name]) != shape[name]:
            raise SourceChanged(
                _("The source changed: column {name} held {before} and holds {after} now.").format(
                    name=name, before=before[name], after=shape[name]
                )
                + " "
                + _("If this is meant, add the source again.")
            )


def _check_losses(source: models.Source, mapping: Mapping, gone: int, confirm: bool) -> None:
    """A source that lost many of its rows is rather broken than right, and every receiver would lose them too: nothing
    is taken over until a person has looked."""
    if confirm or gone <= mapping.losses * source.rows or (gone <= _FEW and gone < source.rows):
        return
    words = _(
        "The source changed: {gone} of {all} rows are gone, more than {share}. Nothing was sent. If this is meant: "
        "{command}"
    )
    command = f"tongban node once {source.name} --confirm"
    raise SourceChanged(words.format(gone=gone, all=source.rows, share=f"{mapping.losses:.0%}", command=command))


def _note_faults(source: models.Source, staging: Staging) -> None:
    with transaction.atomic():
        models.Fault.objects.filter(source=source).delete()
        models.Fault.objects.bulk_create(
            models.Fault(source=source, number=fault.row, item=fault.item, why=fault.why) for fault in staging.faults
        )


def free() -> int:
    """Bytes left on the disk of this node."""
    return shutil.disk_usage(settings.TONGBAN_HOME).free


def check_room(size: int = 0) -> None:
    """`DiskFull` when less is left than the node keeps free (R25), or would be with `size` bytes more: PostgreSQL must
    be able to write to the end."""
    left, least = free(), getattr(settings, "TONGBAN_NODE_RESERVE", 512 << 20)
    if left - size < least:
        raise DiskFull(
            _("Only {free} MiB are left on the disk of this node; it takes nothing in below {least} MiB.").format(
                free=left >> 20, least=least >> 20
            )
        )


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One run of a source at a time, whichever process does it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [_LOCK, name])
        if not cursor.fetchone()[0]:
            raise Refused(_("Source {name} is being read already.").format(name=name), "busy")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [_LOCK, name])


def _source(name: str) -> models.Source:
    found = models.Source.objects.filter(name=name).first()
    if found is None:
        raise NotFound(_("There is no source {name} here.").format(name=name))
    return found


def remove_source(name: str) -> None:
    """End a source: its holders are sent nothing more; our copy of it goes."""
    with _alone(name), transaction.atomic():
        source = _source(name)
        write("node.source.removed", source.ref, resource=source.resource)
        source.delete()
