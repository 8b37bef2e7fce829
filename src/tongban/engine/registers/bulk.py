"""The bulk path: blocks of a delivery through `staging`, each merged set-based with history (G3, DATA-20, DATA-21)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from psycopg import DataError, sql

from tongban.base.kernel.api import Invalid, Ref, Refused, emit, new_id, now
from tongban.base.ledger import api as ledger

from .data import BulkFinding, BulkReport, RegisterDefinition, RowsDelivered
from .ddl import column_types, history_columns, quoted
from .definitions import definition
from .lines import Source, Unreadable, blocks
from .quality import SAMPLES
from .staging import Block, Hashes, Stage

_WORTH = 40  # a line that is compared in the database costs as much as reading the hashes of so many rows


def bulk(
    key: str,
    columns: Sequence[str],
    rows: Source,
    *,
    source: str,
    by: Ref | None = None,
    reason: str = "",
) -> BulkReport:
    """Bring many rows in: new ones inserted, changed ones updated with history, equal ones left alone.

    `columns` are fields, of a place its three columns, the natural key among them; columns that are not named
    keep what they have. `rows`: tuples in that order (JSON as text), or CSV without a heading (UTF-8, empty = nothing)
    as a binary file or as pieces of bytes. Rows that break a quality rule of level error are refused and counted;
    a number that comes twice counts once, the last time. Running the same delivery again changes nothing; lines that
    are as they were delivered before are not judged again. What is sealed is sealed before the database sees it.
    `Invalid` when the data cannot be read at all, `Refused` for a personal register outside
    `kernel.system()`: this path is for jobs.
    """
    register = definition(key)
    types = _types(register, columns)
    delivery = new_id()
    with transaction.atomic(), connection.cursor() as cursor:
        _authority(cursor, register)
        merge = _Merge(cursor, register, types, source, str(by or ""), f"{reason or 'delivery'} {delivery}")
        for block in _prepared(cursor, Stage(register, list(types)), rows, merge.settle):
            merge.take(block)
        merge.settle()
        report = merge.report()
        _record(register, delivery, report, by, source)
    return report


def _types(register: RegisterDefinition, columns: Sequence[str]) -> dict[str, str]:
    """The delivered columns and the look-up hashes of sealed ones, with their SQL types."""
    known = {column: one for one in register.live for column in one.columns}
    unknown = [name for name in columns if name not in known]
    missing = [name for name in register.natural_key if name not in columns]
    if unknown or missing or len(set(columns)) != len(columns):
        message = _("Columns must be this register's, each once, the natural key among them.")
        raise Invalid(dict.fromkeys([*unknown, *missing] or ["columns"], message))
    return {name: column_types(known[name])[name] for name in columns}


def _authority(cursor: Any, register: RegisterDefinition) -> None:
    cursor.execute("SELECT tongban_system()")
    if register.personal and not cursor.fetchone()[0]:
        raise Refused(_("Personal registers take bulk deliveries from the product's own jobs only."))


def _prepared(cursor: Any, stage: Stage, rows: Source, meanwhile: Callable[[], None]) -> Iterator[Block]:
    """The blocks of a delivery. While the next is made, the database merges what it was sent before: `meanwhile`.
    Sending takes turns with making, for both need Python; merging does not."""
    size, asked, seen, waiting = _size(cursor, stage.register), False, 0, list[Future[Block]]()
    with ThreadPoolExecutor(1) as beside:
        try:
            for text in blocks(rows):
                seen += text.count(b"\n")
                if not asked and size <= _WORTH * seen:
                    stage.known, asked = _hashes(cursor, stage.register), True
                waiting.append(beside.submit(stage.block, text))
                meanwhile()
                if len(waiting) > 1:
                    yield waiting.pop(0).result()
            for last in waiting:
                meanwhile()
                yield last.result()
        except (Unreadable, UnicodeError) as error:
            place = error if isinstance(error, Unreadable) else "UTF-8"
            raise Invalid({"rows": _("The delivery cannot be read: %(place)s.") % {"place": place}}) from None


def _size(cursor: Any, register: RegisterDefinition) -> int:
    """How many rows there are, as the database estimates."""
    cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [register.table])
    return int(cursor.fetchone()[0])


def _hashes(cursor: Any, register: RegisterDefinition) -> Hashes:
    """The hashes of all lines that are in force; in 256 parts, for no value may have more than 1 GB."""
    cursor.execute(
        f"SELECT string_agg(line_hash, '') FROM {register.table} "  # noqa: S608 - names of a definition
        f"WHERE line_hash IS NOT NULL GROUP BY get_byte(line_hash, 0)"
    )
    return Hashes(b"".join(row[0] for row in cursor.fetchall()))


@dataclass
class _Merge:
    """Blocks into the register, by two statements each, and what came of them."""

    cursor: Any
    register: RegisterDefinition
    types: dict[str, str]
    source: str
    by: str
    reason: str
    empty: bool = False
    staged: int = 0
    received: int = 0
    inserted: int = 0
    updated: int = 0
    refused: int = 0
    repeated: int = 0
    findings: dict[tuple[str, str, str], BulkFinding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lookups = {one.lookup: "bytea" for one in self.register.sealed if one.name in self.types}
        self.types = {**self.types, **lookups, "id": "text", "line_hash": "bytea"}
        moment, register = now(), self.register
        written = {"updated_at": moment, "source": self.source, "written_by": self.by, "reason": self.reason}
        first = {"level": register.level.value, "zone": register.zone.value, "valid_from": moment, "created_at": moment}
        self._statements(written, {**first, **written})
        columns = ", ".join(f"{quoted([name])} {kind}" for name, kind in self.types.items())
        self.cursor.execute(f"DROP TABLE IF EXISTS pg_temp.delivery; CREATE TEMP TABLE delivery ({columns})")
        self.cursor.execute(f"SELECT NOT EXISTS (SELECT FROM {register.table})")  # noqa: S608
        (self.empty,) = self.cursor.fetchone()

    def _statements(self, written: dict[str, Any], stamp: dict[str, Any]) -> None:
        register, table, own = self.register, self.register.table, quoted(self.types)
        literal = {name: sql.Literal(value).as_string(self.cursor.connection) for name, value in stamp.items()}
        self._insert = (
            f"INSERT INTO {table} ({own}, {quoted(stamp)}) SELECT {own}, {', '.join(literal.values())} "  # noqa: S608
            f"FROM pg_temp.delivery"
        )
        self._unless = f" ON CONFLICT ({quoted(register.keys)}) DO NOTHING"
        join = " AND ".join(f't."{name}" = d."{name}"' for name in register.keys)
        kept = history_columns(register)
        sets = [f'"{name}" = d."{name}"' for name in [*self._others(), "line_hash"]]
        sets += [f'"{name}" = {literal[name]}' for name in written]
        # A row that this very delivery has written already, many lines ago, is written over without a version.
        self._update = (
            f"WITH changed AS MATERIALIZED (SELECT {', '.join(f't.{quoted([name])}' for name in kept)}, "  # noqa: S608
            f"d.id AS _line, t.reason = {literal['reason']} AS _again "
            f"FROM pg_temp.delivery d JOIN {table} t ON {join} WHERE t.id <> d.id "
            f"AND (t.reason = {literal['reason']} OR t.valid_to IS NOT NULL OR {self._differs()}) FOR UPDATE OF t), "
            f"old AS (INSERT INTO {register.history_table} ({quoted(kept)}, superseded_at) "
            f"SELECT {quoted(kept)}, {literal['updated_at']} FROM changed WHERE NOT _again), "
            f"new AS (UPDATE {table} t SET {', '.join(sets)}, version = t.version + (NOT _again)::int, valid_to = NULL "
            f"FROM changed c JOIN pg_temp.delivery d ON d.id = c._line WHERE t.id = c.id) "
            f"SELECT count(*) FILTER (WHERE _again), count(*) FILTER (WHERE NOT _again) FROM changed"
        )

    def _others(self) -> list[str]:
        """The delivered columns that may change."""
        fixed = {*self.register.natural_key, *self.register.keys, "id", "line_hash"}
        return [name for name in self.types if name not in fixed]

    def _differs(self) -> str:
        ciphers = {one.name for one in self.register.sealed}  # never twice the same; their look-up hashes tell
        names = [name for name in self._others() if name not in ciphers]
        if not names:
            return "false"
        left, right = (
            ", ".join(f'{side}."{n}"::text' if self.types[n] == "point" else f'{side}."{n}"' for n in names)
            for side in "td"
        )
        return f"ROW({left}) IS DISTINCT FROM ROW({right})"

    def take(self, block: Block) -> None:
        """Count a block and stage its rows."""
        self.received += block.received
        self.refused += block.refused
        self.repeated += block.repeated
        for one in block.findings:
            place = (one.field, one.rule, one.level)
            had = self.findings.get(place, BulkFinding(*place, 0))
            samples = (*had.samples, *one.samples)[:SAMPLES]
            self.findings[place] = BulkFinding(*place, had.count + one.count, samples)
        if len(block.numbers):
            self._copy(block)
            self.staged = len(block.numbers)

    def settle(self) -> None:
        """Merge the rows that are staged."""
        if not self.staged:
            return
        inserted = self._inserted()
        if inserted < self.staged:
            self.cursor.execute(self._update)
            again, updated = self.cursor.fetchone()
            self.repeated, self.updated = self.repeated + again, self.updated + updated
        self.inserted, self.staged = self.inserted + inserted, 0
        self.cursor.execute("TRUNCATE pg_temp.delivery")

    def _copy(self, block: Block) -> None:
        try:
            with self.cursor.copy("COPY pg_temp.delivery FROM STDIN (FORMAT csv)") as copy:
                copy.write(block.text)
        except DataError as error:
            # The database's sentence names line and column, and may quote the value: keep the place, drop the value.
            found = re.search(r"line (\d+)(?:, column (\w+))?", error.diag.context or "")
            place = f"row {block.numbers[int(found[1]) - 1]} {found[2] or ''}".strip() if found else "UTF-8"
            raise Invalid({"rows": _("The delivery cannot be read: %(place)s.") % {"place": place}}) from None

    def _inserted(self) -> int:
        """How many rows are new. What was empty takes them without asking for each, until a number comes again."""
        if self.empty:
            try:
                with transaction.atomic():
                    self.cursor.execute(self._insert)
                    return int(self.cursor.rowcount)
            except IntegrityError:
                self.empty = False
        self.cursor.execute(self._insert + self._unless)
        return int(self.cursor.rowcount)

    def report(self) -> BulkReport:
        """Once all blocks are taken."""
        self.cursor.execute("DROP TABLE pg_temp.delivery")
        done = self.refused + self.repeated + self.inserted + self.updated
        return BulkReport(
            received=self.received,
            inserted=self.inserted,
            updated=self.updated,
            unchanged=self.received - done,
            refused=self.refused,
            repeated=self.repeated,
            findings=tuple(self.findings.values()),
        )


def _record(register: RegisterDefinition, delivery: str, report: BulkReport, by: Ref | None, source: str) -> None:
    """One leaf and one event for the whole delivery; its rows name it as their reason."""
    subject = Ref("registers.delivery", delivery)
    counts = {name: getattr(report, name) for name in ("received", "inserted", "updated", "refused", "repeated")}
    ledger.write("registers.rows.delivered", subject, by=by, register=register.key, source=source, **counts)
    emit(RowsDelivered(register.key, delivery, report.inserted, report.updated))
