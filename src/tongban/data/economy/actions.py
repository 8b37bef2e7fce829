"""Verbs of figures: prepare, approve, withdraw, release, import what is public already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, emit, now
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import BulkReport
from tongban.trust.identity.api import Actor, may, require

from . import models
from .data import INDICATOR, OBSERVATION, RELEASE, Delivery, Figure, FiguresReleased, Finding, Release, State

_COLUMNS = ("indicator", "area", "area_name", "period", "value", "status", "release")
_INDICATOR = ("code", "title", "title_en", "unit", "frequency", "topic", "office", "method", "places", "whole")


def define_indicators(rows: Iterable[Mapping[str, str]], *, by: Ref | None = None) -> BulkReport:
    """Bring indicators in, new or changed, from rows with the register's item names."""
    lines = [tuple(row.get(name) or None for name in _INDICATOR) for row in rows]
    return registers.bulk(INDICATOR, _INDICATOR, lines, source="statistics", by=by, reason="indicators")


def import_published(delivery: Delivery, *, source: str, by: Ref | None = None) -> BulkReport:
    """Bring in figures that their source has published already; for jobs and the command line, not for releases."""
    return _into_register(delivery.figures, source, by, "")


def prepare(actor: Actor, title: str, delivery: Delivery, release_at: datetime) -> Release:
    """Lay figures ready for their hour. They are in no register, list or export until then (T20)."""
    require(actor, "economy.prepare")
    errors: dict[str, Any] = {}
    if not 2 <= len(title.strip()) <= 200:
        errors["title"] = _("Give the release a title.")
    if not delivery.figures:
        errors["file"] = _("There is no figure in this file that can be published.")
    if release_at < now():
        errors["release_at"] = _("The hour of release lies in the past.")
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        row = models.Release.objects.create(
            title=title.strip(),
            release_at=release_at,
            prepared_by=str(actor.by),
            figures=[_plain(figure) for figure in delivery.figures],
            findings=[[f.row, f.level, f.code, f.message] for f in delivery.findings],
        )
        ledger.write(
            "economy.release.prepared", Ref(RELEASE, row.public_id), by=actor.by, figures=len(delivery.figures)
        )
    return as_data(row)


def approve(actor: Actor, id: str) -> Release:
    """A second officer agrees; at its hour the release goes out by itself."""
    require(actor, "economy.approve")
    with transaction.atomic():
        row = _locked(id)
        if row.state != State.DRAFT:
            raise Refused(_("Only a release that waits for approval can be approved."))
        if row.prepared_by == str(actor.by):
            raise Refused(_("Who prepared a release does not approve it."), code="same_person")
        row.state, row.approved_by = State.APPROVED.value, str(actor.by)
        row.save(update_fields=["state", "approved_by"])
        ledger.write("economy.release.approved", Ref(RELEASE, id), by=actor.by, at=row.release_at.isoformat())
    return as_data(row)


def withdraw(actor: Actor, id: str, reason: str) -> Release:
    """Take a release back before its hour."""
    if not may(actor, "economy.prepare"):
        require(actor, "economy.approve")
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please say why.")})
    with transaction.atomic():
        row = _locked(id)
        if row.state not in (State.DRAFT, State.APPROVED):
            raise Refused(_("What has been released stays released; correct it by a later release."))
        row.state = State.WITHDRAWN.value
        row.save(update_fields=["state"])
        ledger.write("economy.release.withdrawn", Ref(RELEASE, id), by=actor.by, reason=reason.strip())
    return as_data(row)


def release_due() -> int:
    """Publish every approved release whose hour has come, each in its own transaction. Returns how many. As the
    system."""
    due = models.Release.objects.filter(state=State.APPROVED, release_at__lte=now()).order_by("release_at", "id")
    return sum(_release(id_) for id_ in list(due.values_list("public_id", flat=True)))


def _release(id: str) -> int:
    with transaction.atomic():
        row = _locked(id)
        if row.state != State.APPROVED:  # another worker was quicker
            return 0
        # First the row: the database refuses it before its hour, and nothing reaches the register then.
        row.state, row.released_at = State.RELEASED.value, now()
        row.save(update_fields=["state", "released_at"])
        figures = [_figure(one) for one in row.figures]
        _into_register(figures, "release", Ref.parse(row.approved_by), id)
        counts = dict(Counter(figure.indicator for figure in figures))
        ledger.write("economy.release.released", Ref(RELEASE, id), figures=len(figures))
        emit(FiguresReleased(Ref(RELEASE, id), row.title, counts))
    return 1


def _into_register(figures: Iterable[Figure], source: str, by: Ref | None, release: str) -> BulkReport:
    rows = [(f.indicator, f.area, f.area_name, f.period, f.value, f.status, release or None) for f in figures]
    return registers.bulk(OBSERVATION, _COLUMNS, rows, source=source, by=by, reason=f"release {release}".strip())


def _locked(id: str) -> models.Release:
    row = models.Release.objects.select_for_update().filter(public_id=id).first()
    if row is None:
        raise NotFound()
    return row


def _plain(figure: Figure) -> list[str]:
    return [figure.indicator, figure.area, figure.area_name, figure.period, str(figure.value), figure.status]


def _figure(plain: list[str]) -> Figure:
    indicator, area, area_name, period, value, status = plain
    return Figure(indicator, area, area_name, period, Decimal(value), status)


def as_data(row: models.Release) -> Release:
    """A release as it leaves this room."""
    return Release(
        row.public_id,
        row.title,
        State(row.state),
        row.release_at,
        row.released_at,
        Ref.parse(row.prepared_by),
        Ref.parse(row.approved_by) if row.approved_by else None,
        tuple(_figure(one) for one in row.figures),
        tuple(Finding(*one) for one in row.findings),
    )
