"""Sinks: where others' rows go at this department. Putting a batch in twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tongban.base.kernel.api import Registry

from ..data import Batch, Fault, Place


@dataclass(frozen=True)
class Parcel:
    """A received batch on its way into a sink. `number` grows by one with every batch of the sink."""

    batch: Batch
    resource: str
    sender: str
    message: str
    number: int


# Puts a parcel into its place and gives the rows that the place refused, by their number from 1.
Put = Callable[[Place, Parcel], list[Fault]]
sinks: Registry[Put] = Registry("sinks")


def put(place: Place, parcel: Parcel) -> list[Fault]:
    """Put it there; `SourceUnreachable` to be tried again, `SourceChanged` when a person must look."""
    from . import folders, https, tables  # noqa: F401 - they register themselves

    return sinks.get(place.kind)(place, parcel)
