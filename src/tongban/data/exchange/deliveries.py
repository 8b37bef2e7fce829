"""The centre as a subscriber: a batch is taken over whole, or not at all; its bad rows wait at the desk (DATA-05).

One transaction holds the rows, the quarantine, the record of the delivery, the leaf and the event. The message's id is
the delivery's: what comes twice is answered as the first time and changes nothing (R10).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
from django.db import transaction
from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, TongbanError, emit, now, system, today
from tongban.base.ledger.api import write
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Mode, Resource
from tongban.data.transport.data import CENTRE, MESSAGE, BadRow, Envelope, Message, Outcome, Stage
from tongban.engine.notify.api import tell
from tongban.engine.registers import api as registers
from tongban.trust.identity.data import OFFICE

from . import shapes
from .data import BatchAccepted, BatchRefused
from .models import Delivery, Node, Quarantined, Subscription

NAMED = 500  # bad rows that a receipt names one by one
MEASURED = 100_000  # rows of a delivery whose quality the catalogue measures; of registers it measures all by night


@dataclass
class Taken:
    """What became of a delivery's rows. `bad`: `{row from 0: {item: code}}`."""

    rows: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0
    file: str = ""
    bad: dict[int, dict[str, str]] = field(default_factory=dict)


def accept(message: Message) -> Outcome:
    """Take a batch over, or refuse it with a code and words for the people at the source."""
    return answered(message, _taken)


def answered(message: Message, take: Callable[[Node, Envelope, bytes], Delivery]) -> Outcome:
    """What `take` makes of a message, or why it was refused; the same answer however often it comes."""
    envelope = message.envelope
    with system():
        known = Delivery.objects.filter(message=envelope.id).first()
        if known is not None:
            return _answer(known)
        node = Node.objects.get(key=envelope.sender)
        try:
            with transaction.atomic():
                return _answer(take(node, envelope, message.body))
        except TongbanError as problem:
            return _answer(_refused(node, envelope, len(message.body), problem))


def _taken(node: Node, envelope: Envelope, body: bytes) -> Delivery:
    resource, items = may_send(node, envelope)
    columns = {name: column for name, column in shapes.columns_of(resource).items() if name in items}
    table = shapes.read(body)
    shapes.check_shape(table, columns)
    taken = stored(resource, table, columns, node.key, envelope.id)
    delivery = kept(node, envelope, len(body), taken)
    rows = table.take(pa.array(sorted(taken.bad), pa.int64())).to_pylist()
    Quarantined.objects.bulk_create(
        Quarantined(delivery=delivery, number=row + 1, values=_texts(values), findings=taken.bad[row], at=now())
        for row, values in zip(sorted(taken.bad), rows, strict=True)
    )
    Subscription.objects.filter(grant=envelope.grant).update(received=now())
    if not envelope.grant.startswith(f"{CENTRE}:"):
        catalogue.count_use(envelope.grant, taken.rows)
    emit(BatchAccepted(envelope.resource, envelope.id, taken.rows, taken.file, len(taken.bad)))
    return delivery


def may_send(node: Node, envelope: Envelope, mode: Mode = Mode.BATCH) -> tuple[Resource, list[str]]:
    """The resource and the items that the centre is to have, if this node's office provides it; `Refused` (T9, T10)."""
    try:
        resource = catalogue.resource_by_code(envelope.resource)
    except NotFound:
        raise Refused(_("There is no such resource in the catalogue."), "resource") from None
    if resource.provider_office.id != node.office_id:
        raise Refused(_("Another office provides this resource; nothing was taken."), "not_provider")
    if resource.state != "published":
        raise Refused(_("This resource is not published in the catalogue."), "resource")
    flows = Subscription.objects.filter(resource=resource.code, subscriber=CENTRE, mode=mode, live=True)
    flow = flows.filter(grant=envelope.grant).first()
    if flow is None:
        raise Refused(_("Nobody here has a grant for this resource."), "grant")
    edition = envelope.schema.rpartition("@")[2]
    if edition and edition != str(resource.edition):
        words = _("The node sends edition %(theirs)s of the resource; the catalogue has %(ours)s. Nothing was taken.")
        raise Refused(words % {"theirs": edition, "ours": resource.edition}, "schema")
    return resource, list(flow.items)


def stored(resource: Resource, table: pa.Table, columns: dict[str, shapes.Column], source: str, message: str) -> Taken:
    """Judge the rows and put the good ones where they belong: the resource's register, or a released file."""
    bad = shapes.bad_rows(table, columns)
    good = table.filter(_mask(table.num_rows, bad)) if bad else table
    if not resource.register:
        if 0 < table.num_rows <= MEASURED:
            catalogue.assess_batch(resource.id, table.to_pylist())
        said = good[shapes.OPERATION].to_pylist() if shapes.OPERATION in good.column_names else []
        new, changed, ended = (said.count(letter) for letter in "IUD")  # as the sender says; linking counts its own
        return Taken(good.num_rows, new, changed, 0, ended, _file(good, message), bad)
    ended = pa.repeat(False, good.num_rows)
    if shapes.OPERATION in good.column_names:
        ended = pc.fill_null(pc.equal(good[shapes.OPERATION].cast(pa.string()), "D"), False)
    live = good.filter(pc.invert(ended)).select(list(columns))
    report = registers.bulk(
        resource.register, live.column_names, _csv(live), source=source, reason=f"exchange {message}"
    )
    if report.refused:  # a rule of the register that only it knows: nothing is half applied
        words = ", ".join(f"{one.field} {one.rule} {one.count}" for one in report.findings if one.level == "error")
        raise Refused(_("The register refuses rows of this delivery: %s.") % words, "register")
    retired = _retire(resource, good.filter(ended), message)
    return Taken(live.num_rows + retired, report.inserted, report.updated, report.unchanged, retired, "", bad)


def _retire(resource: Resource, ended: pa.Table, message: str) -> int:
    """What the source deleted goes out of force here."""
    key = registers.definition(resource.register).natural_key
    for row in ended.select(list(key)).to_pylist():
        found = registers.find(resource.register, **row)
        if found is not None and not found.retired:
            registers.retire(resource.register, found.id, by=None, reason=f"exchange {message}")
    return int(ended.num_rows)


def _mask(rows: int, bad: dict[int, dict[str, str]]) -> Any:
    return pa.array((row not in bad for row in range(rows)), pa.bool_(), size=rows)


def _csv(table: pa.Table) -> Iterator[bytes]:
    """The rows as COPY reads them: no heading, nothing for nothing."""
    options = pcsv.WriteOptions(include_header=False)
    for part in table.to_batches(max_chunksize=50_000):
        sink = pa.BufferOutputStream()
        pcsv.write_csv(part, sink, options)
        yield sink.getvalue().to_pybytes()


def _file(table: pa.Table, message: str) -> str:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    sink.seek(0)
    slot = files.Slot(formats=("parquet",), max_bytes=shapes.MOST_BYTES)
    of = Ref(MESSAGE, message)
    return files.receive(sink, f"{message}.parquet", slot, by=of, subject=of).id


def kept(node: Node, envelope: Envelope, size: int, taken: Taken) -> Delivery:
    """The record of a delivery that was taken over."""
    delivery = Delivery.objects.create(
        message=envelope.id,
        resource=envelope.resource,
        sender=node,
        at=now(),
        rows=taken.rows,
        inserted=taken.inserted,
        updated=taken.updated,
        unchanged=taken.unchanged,
        retired=taken.retired,
        quarantined=len(taken.bad),
        bytes=size,
        file=taken.file,
        accepted=True,
    )
    facts = {"resource": envelope.resource, "grant": envelope.grant, "rows": taken.rows, "bad": len(taken.bad)}
    write("exchange.batch.accepted", envelope.ref, node.ref, **facts)
    return delivery


def _refused(node: Node, envelope: Envelope, size: int, problem: TongbanError) -> Delivery:
    code = problem.code or ("rows" if isinstance(problem, Invalid) else "refused")
    delivery = Delivery.objects.create(
        message=envelope.id,
        resource=envelope.resource,
        sender=node,
        at=now(),
        bytes=size,
        accepted=False,
        code=code,
        text=str(problem)[:500],
    )
    facts = {"resource": envelope.resource, "node": node.title, "text": str(problem)}
    once = f"{envelope.resource}:{code}:{today()}"  # a source that is sent every hour is told once a day
    tell(Ref(OFFICE, node.office_id), "exchange.refused", facts, once=once)
    write("exchange.batch.refused", envelope.ref, node.ref, resource=envelope.resource, code=code)
    emit(BatchRefused(envelope.resource, envelope.id, code))
    return delivery


def _answer(delivery: Delivery) -> Outcome:
    """The business receipt: the same for a repeated message as for the first."""
    if not delivery.accepted:
        return Outcome(Stage.REFUSED, delivery.code, text=delivery.text)
    rows = tuple(
        BadRow(row.number, code, item)
        for row in delivery.bad_rows.order_by("number")[:NAMED]
        for item, code in row.findings.items()
    )
    return Outcome(Stage.PROCESSED, rows=rows)


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in values.items()}


def table_of(rows: Sequence[dict[str, str]]) -> pa.Table:
    """Repaired rows, all text, as a delivery of their own; empty is nothing."""
    return pa.Table.from_pylist([{name: value or None for name, value in row.items()} for row in rows])
