"""Spreadsheets taken in by a job, part by part: what was reached stays, whoever closes the page (DATA-04)."""

from __future__ import annotations

import io
from dataclasses import asdict

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import NotFound, Ref, TongbanError, now, system
from tongban.trust.identity.api import Actor, acting, actor_for, require

from . import models
from .importing import Entry, ImportReport, entries_of, place_of, take
from .queries import EDIT

PART = 200
"""Resources of one transaction."""


def ask_import(actor: Actor, file: files.File, tried: bool = False) -> models.Import:
    """Have a spreadsheet that passed the upload's checks taken in, or tried; its page follows it."""
    require(actor, EDIT)
    from .jobs import take_in  # jobs are built on this file

    with transaction.atomic():
        row = models.Import.objects.create(by=str(actor.person), file=file.id, name=file.name, tried=tried)
        take_in.defer(id=row.public_id)
    return row


def access_import(actor: Actor, id: str) -> models.Import:
    """An import of one's own. `NotFound` for everybody else's."""
    row = models.Import.objects.filter(public_id=id, by=str(actor.person)).first()
    if row is None:
        raise NotFound
    return row


def imports(actor: Actor, limit: int = 5) -> list[models.Import]:
    """The last ones somebody asked for."""
    return list(models.Import.objects.filter(by=str(actor.person)).order_by("-id")[:limit])


def carry_out(id: str) -> None:
    """Do what was asked with the rights of who asked. A job that died goes on where its last part ended."""
    row = models.Import.objects.get(public_id=id)
    if row.ended_at:
        return
    try:
        with system(), files.open_released(row.file) as stored:
            content = io.BytesIO(stored.read())
        entries = entries_of(content, row.name)
        models.Import.objects.filter(pk=row.pk).update(total=len(entries))
        while (at := _part(row, entries)) < len(entries):
            row.done = at
    except TongbanError as error:
        _end(row, str(error))
    except Exception:
        _end(row, str(_("The program failed; the administrator of the machine finds the reason in the log.")))
        raise
    else:
        _end(row)


def _part(asked: models.Import, entries: list[Entry]) -> int:
    """The next resources, and that they are done, in one transaction. How many are done then."""
    actor = actor_for(Ref.parse(asked.by))
    with transaction.atomic(), acting(actor):
        row = models.Import.objects.select_for_update().get(pk=asked.pk)
        if row.done == asked.done and row.ended_at is None:
            before = [(one["provider"], one["title"], one["project"]) for one in row.made]
            report = take(actor, entries[row.done : row.done + PART], row.tried, before)
            _add(row, report)
            row.done = min(row.done + PART, len(entries))
            row.save()
        return row.done


def _add(row: models.Import, report: ImportReport) -> None:
    for one in report.made:
        provider, title, project = place_of(one)
        row.made.append({"id": one.id, "code": one.code, "title": title, "provider": provider, "project": project})
    row.refused += report.refused
    row.findings += [asdict(one) for one in report.findings]


def _end(row: models.Import, error: str = "") -> None:
    models.Import.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now(), error=error)
