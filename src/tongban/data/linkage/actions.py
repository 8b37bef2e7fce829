"""Verbs: declare a source, take in what it delivers."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, TongbanError, new_id, now, system
from tongban.base.ledger import api as ledger

from . import data, models
from .data import Absorbed, Step
from .golden.extracts import stored
from .golden.likeness import link_alike
from .golden.registries import registry as registry_of
from .golden.standardise import OPERATION, prepared
from .golden.survival import renew
from .queries import as_absorbed
from .reading import read

Rows = Path | Iterable[Mapping[str, object]]


def define_source(source: data.Source, by: Ref | None = None) -> None:
    """Declare what an office delivers for a registry, or change it. `Invalid` for items it cannot have."""
    registry = registry_of(source.registry)
    if "name" not in source.items.values():
        raise Invalid({"items": _("A source gives at least the name.")})
    if len(set(source.items.values())) != len(source.items):
        raise Invalid({"items": _("Two columns cannot be one item.")})
    with transaction.atomic():
        models.Source.objects.update_or_create(
            registry=registry.key,
            resource=source.resource,
            defaults={
                "title": source.title,
                "office_id": source.office.id,
                "role": source.role,
                "key": source.key,
                "items": dict(source.items),
                "rank": source.rank,
            },
            create_defaults={
                "public_id": new_id(),
                "title": source.title,
                "office_id": source.office.id,
                "role": source.role,
                "key": source.key,
                "items": dict(source.items),
                "rank": source.rank,
            },
        )
        subject = Ref("linkage.source", f"{registry.key}/{source.resource}")
        ledger.write("linkage.source.defined", subject, by=by, office=str(source.office), items=sorted(source.items))


def absorb(registry: str, resource: str, rows: Rows, *, whole: bool = True, by: Ref | None = None) -> Absorbed:
    """Take in what a source delivered (a CSV or Parquet file, or rows) and bring the registry up to date (DATA-18).

    `whole`: rows that are missing are gone; else only what is delivered counts. Each step is a transaction and does
    what is left to do, so that a delivery that was cut off ends right when it is taken in again, and the same delivery
    twice changes nothing. `NotFound` for an unknown source, `Invalid` when a column is missing or nothing can be read.
    For jobs and commands: it opens row security for itself.
    """
    delivery = begin(registry, resource, whole=whole, by=by)
    return carry_out(delivery, rows)


def begin(registry: str, resource: str, *, whole: bool = True, by: Ref | None = None) -> str:
    """A delivery that has arrived and waits; its page shows how far it comes."""
    source = models.Source.objects.filter(registry=registry_of(registry).key, resource=resource).first()
    if source is None:
        raise NotFound(_("This source is not declared."))
    with transaction.atomic():
        made = models.Delivery.objects.create(
            public_id=new_id(), source=source, whole=whole, at=now(), by=str(by or ""), step=Step.RECEIVED
        )
        subject = Ref("linkage.delivery", made.public_id)
        ledger.write("linkage.delivery.received", subject, by=by, registry=registry, resource=resource, whole=whole)
    return made.public_id


def carry_out(id: str, rows: Rows) -> Absorbed:
    """The steps of a delivery, one after the other."""
    delivery = models.Delivery.objects.select_related("source").get(public_id=id)
    registry = registry_of(delivery.source.registry)
    try:
        with _alone(registry.key), tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.csv"
            with _step(delivery, Step.STANDARDISED) as counts:
                table = read(rows) if isinstance(rows, Path) else _table(rows, delivery.source)
                counts |= prepared(registry, delivery.source.items, delivery.source.key, table, file)
                del table
            _run(delivery, Step.STORED, lambda: stored(registry, delivery, file))
            _run(delivery, Step.LIKENESS, lambda: link_alike(registry))
            _run(delivery, Step.GOLDEN, lambda: renew(registry))
    except TongbanError as error:
        _end(delivery, Step.FAILED, str(error)[:300])
        raise
    except Exception as error:
        _end(delivery, Step.FAILED, type(error).__name__)
        raise
    _end(delivery, Step.DONE)
    return as_absorbed(delivery)


def _table(rows: Iterable[Mapping[str, object]], source: models.Source) -> pa.Table:
    names = [source.key, *(name for name in source.items if name != source.key)]
    given = list(rows)
    names += [OPERATION] if given and OPERATION in given[0] else []
    if given and (missing := [name for name in names if name not in given[0]]):
        raise Invalid(dict.fromkeys(missing, _("The delivery has no such column.")))
    texts = {n: [str(v).strip() or None if (v := row.get(n)) is not None else None for row in given] for n in names}
    return pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})


def _run(delivery: models.Delivery, step: Step, work: Callable[[], Mapping[str, int]]) -> None:
    with _step(delivery, step) as counts:
        counts |= work()


@contextmanager
def _step(delivery: models.Delivery, step: Step) -> Iterator[dict[str, int]]:
    """Says on the delivery's page what is being done, then what it gave and how long it took."""
    delivery.step = step
    delivery.save(update_fields=["step"])
    started = time.perf_counter()
    counts: dict[str, int] = {}
    yield counts
    delivery.counts |= counts
    delivery.seconds |= {step.value: round(time.perf_counter() - started, 2)}
    delivery.save(update_fields=["counts", "seconds"])


def _end(delivery: models.Delivery, step: Step, error: str = "") -> None:
    delivery.step, delivery.error, delivery.ended_at = step, error, now()
    with system():
        delivery.save(update_fields=["step", "error", "ended_at"])
        subject = Ref("linkage.delivery", delivery.public_id)
        kind = "linkage.delivery.failed" if error else "linkage.delivery.absorbed"
        ledger.write(kind, subject, **dict(delivery.counts))


@contextmanager
def _alone(registry: str) -> Iterator[None]:
    """One delivery at a time in a registry: two that found the same person at once would make two of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [f"linkage:{registry}"])
        try:
            yield
        finally:
            if not connection.needs_rollback:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [f"linkage:{registry}"])
