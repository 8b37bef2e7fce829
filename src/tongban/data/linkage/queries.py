"""Reads: deliveries, the change feed."""

from __future__ import annotations

from . import models
from .data import Absorbed, ChangeKind, GoldenChange, Step
from .golden.vault import opened


def as_absorbed(row: models.Delivery) -> Absorbed:
    """A delivery as it leaves the room."""
    return Absorbed(
        id=row.public_id,
        registry=row.source.registry,
        source=row.source.title,
        resource=row.source.resource,
        at=row.at,
        step=Step(row.step),
        counts=dict(row.counts),
        seconds=dict(row.seconds),
        ended_at=row.ended_at,
        error=row.error,
    )


def changes(registry: str, after: int = 0, limit: int = 1000) -> list[GoldenChange]:
    """The change feed of a registry behind an entry, in order, for subscribers (DATA-18, DATA-38)."""
    rows = list(models.Change.objects.filter(registry=registry, id__gt=after).order_by("id")[:limit])
    plain = opened(number for row in rows for number in (row.number, row.other))
    return [
        GoldenChange(
            row.pk,
            row.registry,
            plain.get(row.number, row.number),
            ChangeKind(row.kind),
            tuple(row.items),
            plain.get(row.other, row.other),
            row.at,
        )
        for row in rows
    ]
