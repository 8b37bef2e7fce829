"""The node's copy of a source, and what changed in it: read whole into a staging table first, compared there, taken
over in batches. Nothing of a source that turns out to have changed its shape half-way ever leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from tongban.base.kernel.api import canonical

from . import models
from .conversions import NO_DATE, NO_MOMENT, Wrong, converter
from .data import BATCH_ROWS, FAULTS_KEPT, Cell, ChangeBy, Counts, Fault, Mapping, Operation, Row, SourceChanged
from .sources import Source

_FEW = 20  # faulty rows that may always be there
_SHARE = 0.2  # of all rows that, faulty in one item, mean the column is another one now


@dataclass(frozen=True)
class Changed:
    """One row that changed: its values before and now; None where it was not, or is no more."""

    key: bytes
    before: dict[str, Any] | None
    now: dict[str, Any] | None
    digest: bytes = b""


class Staging:
    """What one run read. Rows that do not fit are kept aside: such a row is neither changed nor deleted."""

    def __init__(self, source: models.Source, mapping: Mapping) -> None:
        self.source, self.mapping = source, mapping
        self.faults: list[Fault] = []
        self.faulty_rows: list[Row] = []
        self.by_item: dict[str, int] = {}
        self.keyless = 0
        self.mark: Cell = None

    def __enter__(self) -> Staging:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS node_staged, node_change")
            cursor.execute(
                "CREATE TEMP TABLE node_staged (number bigint, key bytea, digest bytea, body jsonb, gone boolean)"
            )
        return self

    def __exit__(self, *_error: object) -> None:
        if not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS node_staged, node_change")

    def read(self, source: Source, counts: Counts) -> None:
        """Everything the source gives now. `SourceChanged` when an item no longer fits in many rows."""
        change = self.mapping.change
        rows = source.rows(self.mapping.columns, counts, change, self.source.mark)
        with connection.cursor() as cursor:
            sql = "COPY node_staged (number, key, digest, body, gone) FROM STDIN"
            with cursor.copy(sql) as copy:
                for line in self._lines(rows, counts):
                    copy.write_row(line)
        counts.faults = sum(self.by_item.values())
        for item, count in self.by_item.items():
            if count > _FEW and count > counts.read * _SHARE:
                why = next(fault.why for fault in self.faults if fault.item == item)
                raise SourceChanged(
                    _("The source changed: {item} does not fit in {count} of {all} rows ({why}).").format(
                        item=self._named(item), count=count, all=counts.read, why=why
                    )
                )

    def _lines(self, rows: Iterator[tuple[int, Row]], counts: Counts) -> Iterator[tuple[Any, ...]]:
        convert, change = converter(self.mapping), self.mapping.change
        for number, row in rows:
            counts.read += 1
            if change.column and (cell := row.get(change.column)) not in (None, NO_DATE, NO_MOMENT):
                self.mark = cell
            gone = change.by is ChangeBy.CONTROL and row.get("cd_operation") == Operation.DELETE
            if gone and (key := self._key(row)) is not None:  # nothing but the key needs to be there
                yield number, key, b"", None, True
                continue
            try:
                if not row:
                    raise Wrong("", _("more cells than the header has"))
                body = convert(row)
            except Wrong as wrong:
                self._faulty(number, row, wrong)
                if (key := self._key(row)) is not None:
                    yield number, key, None, None, False
                else:
                    self.keyless += 1
                continue
            text = canonical(body)
            yield number, key_of(self.mapping, body), hashlib.sha256(text).digest(), text.decode(), False

    def _key(self, row: Row) -> bytes | None:
        """The key of a row that does not fit as a whole, if that part of it does."""
        only = [item for item in self.mapping.items if item.name in self.mapping.key]
        try:
            return key_of(self.mapping, converter(replace(self.mapping, items=tuple(only)))(row))
        except Wrong:
            return None

    def _faulty(self, number: int, row: Row, wrong: Wrong) -> None:
        self.by_item[wrong.item] = self.by_item.get(wrong.item, 0) + 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append(Fault(number, wrong.item, wrong.why[:200]))
            self.faulty_rows.append(row)

    def _named(self, item: str) -> str:
        column = next((each.column for each in self.mapping.items if each.name == item), "")
        return f"{item} ({column})" if column else item or _("the row")

    def compare(self, *, deletes: bool) -> int:
        """Find what differs from our copy; answers how many rows. Two rows of one key that differ are both faulty,
        unless they come in the order in which they happened."""
        whole = self.mapping.change.by is ChangeBy.COMPARISON
        with connection.cursor() as cursor:
            cursor.execute("CREATE INDEX ON node_staged (key, number)")
            cursor.execute("ANALYZE node_staged")
            if whole:
                self._doubled(cursor)
            cursor.execute("CREATE TEMP TABLE node_change (at bigserial, key bytea, number bigint)")
            cursor.execute(
                "INSERT INTO node_change (key, number) SELECT s.key, s.number FROM "
                "(SELECT DISTINCT ON (key) * FROM node_staged ORDER BY key, number DESC) s "
                "LEFT JOIN node_row r ON r.source_id = %s AND r.key = s.key WHERE s.digest IS NOT NULL AND "
                "CASE WHEN s.gone THEN r.id IS NOT NULL ELSE r.digest IS DISTINCT FROM s.digest END ORDER BY s.number",
                [self.source.name],
            )
            if whole and deletes:
                cursor.execute(
                    "INSERT INTO node_change (key) SELECT r.key FROM node_row r WHERE r.source_id = %s AND NOT EXISTS "
                    "(SELECT FROM node_staged s WHERE s.key = r.key) ORDER BY r.id",
                    [self.source.name],
                )
            cursor.execute("CREATE INDEX ON node_change (at)")
            cursor.execute("SELECT count(*), count(*) FILTER (WHERE number IS NULL) FROM node_change")
            found, self.gone = cursor.fetchone()
        return int(found)

    gone: int = 0  # rows that are no longer at the source

    def _doubled(self, cursor: Any) -> None:
        cursor.execute(
            "WITH twice AS (SELECT key FROM node_staged GROUP BY key HAVING count(DISTINCT digest) > 1), "
            "held AS (UPDATE node_staged s SET digest = NULL FROM twice WHERE s.key = twice.key RETURNING number) "
            "SELECT number FROM held ORDER BY number"
        )
        why = _("the key stands here more than once, with different values")
        for (number,) in cursor.fetchall():
            self.by_item["key"] = self.by_item.get("key", 0) + 1
            if len(self.faults) < FAULTS_KEPT:
                self.faults.append(Fault(number, ",".join(self.mapping.key), why))

    def parts(self) -> Iterator[list[Changed]]:
        """What changed, in parts of a batch's size and in the order of the source; deletions last."""
        after = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT c.at, c.key, r.body::text, CASE WHEN s.gone THEN NULL ELSE s.body::text END, s.digest "
                    "FROM node_change c LEFT JOIN node_row r ON r.source_id = %s AND r.key = c.key "
                    "LEFT JOIN node_staged s ON s.key = c.key AND s.number = c.number "
                    "WHERE c.at > %s ORDER BY c.at LIMIT %s",
                    [self.source.name, after, BATCH_ROWS],
                )
                found = cursor.fetchall()
            if not found:
                return
            after = found[-1][0]
            yield [
                Changed(bytes(key), _read(before), _read(body), bytes(digest or b""))
                for _at, key, before, body, digest in found
            ]


def take_over(source: models.Source, part: list[Changed]) -> None:
    """Bring our copy to what the source says now. In the caller's transaction, with what goes out."""
    keep = [change for change in part if change.now is not None]
    lost = [change.key for change in part if change.now is None]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO node_row (source_id, key, digest, body) "
            "SELECT %s, k, d, b FROM unnest(%s::bytea[], %s::bytea[], %s::jsonb[]) AS given(k, d, b) "
            "ON CONFLICT (source_id, key) DO UPDATE SET digest = excluded.digest, body = excluded.body",
            [
                source.name,
                [change.key for change in keep],
                [change.digest for change in keep],
                [json.dumps(change.now, ensure_ascii=False) for change in keep],
            ],
        )
        if lost:
            cursor.execute("DELETE FROM node_row WHERE source_id = %s AND key = ANY(%s)", [source.name, lost])


def key_of(mapping: Mapping, body: dict[str, Any]) -> bytes:
    """What a row is known by in our copy."""
    return hashlib.sha256(canonical([body[name] for name in mapping.key])).digest()


def marked(cell: Cell) -> str | int | None:
    """A mark as JSON keeps it."""
    return (
        cell.isoformat() if isinstance(cell, datetime | date) else cell if isinstance(cell, int | None) else str(cell)
    )


def _read(text: str | None) -> dict[str, Any] | None:
    return json.loads(text) if text is not None else None
