"""Verbs of results: record a decision, import many, publish, take back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Invalid, NotFound, Ref, emit, local, mask, now
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import RegisterDefinition, Row
from tongban.trust.identity.api import Actor, require

from . import models
from .data import WORKDAYS, Kind, Publication, Report, ResultPublished, ResultWithdrawn

_MOST_FINDINGS = 1000


def record(kind: Kind, values: Mapping[str, Any], *, by: Ref | None, source: str) -> str:
    """Keep a decision and publish it; returns the row's id. By document number and office: the same decision twice is
    one row, a corrected one replaces it and its publication. As the system or under a right to the case.

    Raises `Invalid` with a message per item.
    """
    with transaction.atomic():
        row = registers.write(kind.register, dict(values), by=by, reason=_("decision"), source=source)
        publish(kind, row)
    return row.id


def publish(kind: Kind, row: Row) -> Publication | None:
    """Publish a result, masked; None when the law withholds it or its time is over. What was taken back stays so.

    Whether it came in time is the difference between `published_at` and `due`.
    """
    if row["withheld"] or row.retired:
        return None
    values = _masked(kind, row)
    with transaction.atomic():
        found = models.Publication.objects.select_for_update().filter(row=row.id).first()
        if found is None:
            moment = now()
            due = last_day(row["decided"])
            found = models.Publication.objects.create(
                kind=kind.value, row=row.id, due=due, published_at=moment, **values
            )
            ref = Ref("results.publication", found.public_id)
            ledger.write("results.published", ref, number=found.number, late=due < local(moment).date())
            emit(ResultPublished(row.ref, found.number))
        elif any(getattr(found, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(found, name, value)
            found.save()
            ledger.write("results.corrected", Ref("results.publication", found.public_id), version=row.version)
    return None if found.withdrawn_at else as_data(found)


def last_day(decided: date) -> date:
    """The last day on which a decision may be published."""
    due = calendars.due(decided, WORKDAYS).date
    assert due is not None  # only a suspension leaves a limit without an end, and there is none here
    return due


def _masked(kind: Kind, row: Row) -> dict[str, Any]:
    """What may be told: organisations by name and credit code, persons by masked name and no number."""
    person = row["party_kind"] == "person"
    outcome = "outcome" if kind is Kind.APPROVAL else "kind"
    field = registers.definition(kind.register).field(outcome)
    content = row["content"] if kind is Kind.APPROVAL else f"{row['violation']}。{row['content']}"
    return {
        "number": row["document_number"],
        "title": row["document_title"],
        "party": mask(row["party"], "name") if person else row["party"],
        "party_code": "" if person else row["party_code"],
        "content": content.replace(row["party_code"], "*") if person else content,
        "outcome": field.choices[row[outcome]].zh,
        "basis": row["basis"] or "",
        "authority": row["office"],
        "decided": row["decided"],
        "until": row["valid_until"] if kind is Kind.APPROVAL else row["public_until"],
    }


def withdraw(actor: Actor, id: str, reason: str) -> None:
    """Take a publication back: a repaired credit, a decision set aside by a court. It does not come again by itself."""
    require(actor, "results.publish")
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please say why.")})
    with transaction.atomic():
        found = models.Publication.objects.select_for_update().filter(public_id=id, withdrawn_at=None).first()
        if found is None:
            raise NotFound()
        found.withdrawn_at, found.withdrawn_why = now(), reason.strip()[:300]
        found.save(update_fields=["withdrawn_at", "withdrawn_why"])
        ledger.write("results.withdrawn", Ref("results.publication", id), by=actor.by, reason=reason.strip())
        emit(ResultWithdrawn(Ref(f"registers.{Kind(found.kind).register}", found.row), found.number))


def import_rows(kind: Kind, lines: Iterable[str], *, by: Ref | None, source: str) -> Report:
    """Results from CSV with the register's item names or titles as heading; each row by itself, so that a wrong one
    does not stop the others. As the system."""
    register = registers.definition(kind.register)
    named = {str(field.title.zh): field.name for field in register.live} | {
        field.name: field.name for field in register.live
    }
    reader = csv.reader(lines)
    heading = [named.get(cell.strip().lstrip("\ufeff"), "") for cell in next(reader, [])]
    if not {"document_number", "office", "decided"} <= set(heading):
        raise Invalid({"file": _("The heading needs at least document number, office and date of the decision.")})
    received, stored, findings = 0, 0, list[tuple[int, str, str]]()
    for number, line in enumerate(reader, 2):
        if not any(line):
            continue
        received += 1
        values = {name: _code(register, name, cell.strip()) for name, cell in zip(heading, line, strict=False) if name}
        try:
            record(kind, values, by=by, source=source)
            stored += 1
        except Invalid as invalid:
            findings += [(number, name, str(text)) for name, text in invalid.errors.items()]
    return Report(received, stored, received - stored, tuple(findings[:_MOST_FINDINGS]))


def _code(register: RegisterDefinition, name: str, text: str) -> str | None:
    """A code by itself or by its title."""
    titles = {title.zh: code for code, title in register.field(name).choices.items()}
    return titles.get(text, text) or None


def as_data(row: models.Publication) -> Publication:
    """A publication as it leaves this room."""
    names = ("number", "title", "party", "party_code", "content", "outcome", "basis", "decided", "due")
    shown = {name: getattr(row, name) for name in names}
    return Publication(
        row.public_id, Kind(row.kind), **shown, office=row.authority, published_at=row.published_at, until=row.until
    )
