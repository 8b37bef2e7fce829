"""The bulk path: COPY into staging, quality rules, one set-based upsert with history (G3, DATA-20,
DATA-21).
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from psycopg import DataError, sql

from tongban.base.kernel.api import Invalid, Ref, Refused, emit, mask, new_id, now
from tongban.base.ledger import api as ledger

from . import staging
from .data import BulkFinding, BulkReport, RegisterDefinition, RowsDelivered
from .ddl import column_types, history_columns, quoted
from .definitions import definition
from .quality import Rules, rules
from .sealing import opened

_CHUNK = 1 << 20
Source = Iterable[Sequence[Any]] | Iterable[bytes] | IO[bytes]


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
    keep what they have. `rows`: tuples in that order, or CSV without a heading (UTF-8, empty = nothing) as a
    binary file or as pieces of bytes. Rows that break a quality rule of level error are refused and counted;
    a number that comes twice counts once, the last time. Running the same delivery again changes nothing. What is
    sealed is checked and sealed here, before the database sees it.
    `Invalid` when the data cannot be read at all, `Refused` for a personal register outside
    `kernel.system()`: this path is for jobs.
    """
    register = definition(key)
    types = _types(register, columns)
    with transaction.atomic(), connection.cursor() as cursor:
        _authority(cursor, register)
        cursor.execute("SET LOCAL work_mem = '192MB'; SET LOCAL synchronous_commit = off")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.delivery, pg_temp.change")
        staged = {**types, **staging.columns(register, types)}
        cursor.execute(f"CREATE TEMP TABLE delivery ({', '.join(f'{quoted([n])} {t}' for n, t in staged.items())})")
        if len(staged) > len(types):
            received = _copy(cursor, staged, staging.sealed_rows(register, list(types), _whole(rows)), "text")
        else:
            received = _copy(cursor, staged, rows)
        findings, refused = _judge(cursor, register, rules(register, list(types)))
        repeated = _last_only(cursor, register, received - refused)
        delivery = new_id()
        kept = [name for name in staged if not name.startswith("_")]
        stamp = _Stamp(register, kept, now(), source, str(by or ""), f"{reason or 'delivery'} {delivery}")
        inserted, updated = _merge(cursor, stamp)
        cursor.execute("DROP TABLE pg_temp.delivery")
        report = BulkReport(
            received=received,
            inserted=inserted,
            updated=updated,
            unchanged=received - refused - repeated - inserted - updated,
            refused=refused,
            repeated=repeated,
            findings=tuple(findings),
        )
        _record(register, delivery, report, by, source)
    return report


def _types(register: RegisterDefinition, columns: Sequence[str]) -> dict[str, str]:
    known = {column: column_types(field)[column] for field in register.live for column in field.columns}
    unknown = [name for name in columns if name not in known]
    missing = [name for name in register.natural_key if name not in columns]
    if unknown or missing or len(set(columns)) != len(columns):
        message = _("Columns must be this register's, each once, the natural key among them.")
        raise Invalid(dict.fromkeys([*unknown, *missing] or ["columns"], message))
    return {name: known[name] for name in columns}


def _authority(cursor: Any, register: RegisterDefinition) -> None:
    cursor.execute("SELECT tongban_system()")
    if register.personal and not cursor.fetchone()[0]:
        raise Refused(_("Personal registers take bulk deliveries from the product's own jobs only."))


def _whole(rows: Source) -> Iterable[Sequence[Any]]:
    """The rows one by one, also out of CSV."""
    first, rest = _peek(rows)
    if not isinstance(first, bytes):
        return rest if first is not None else ()
    return csv.reader(_lines(rest), strict=True)


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines of text out of pieces of bytes; a line and a letter may begin in one piece and end in the next."""
    decoder, begun = codecs.getincrementaldecoder("utf-8")(), ""
    for piece in pieces:
        *lines, begun = (begun + decoder.decode(piece)).split("\n")
        yield from (line + "\n" for line in lines)
    if begun := begun + decoder.decode(b"", final=True):
        yield begun


def _copy(cursor: Any, columns: Iterable[str], rows: Source, form: str = "csv") -> int:
    try:
        first, rest = _peek(rows)
        if isinstance(first, bytes):
            with cursor.copy(f"COPY pg_temp.delivery ({quoted(columns)}) FROM STDIN (FORMAT {form})") as copy:
                for piece in rest:
                    copy.write(piece)
        elif first is not None:
            with cursor.copy(f"COPY pg_temp.delivery ({quoted(columns)}) FROM STDIN") as copy:
                for row in rest:
                    copy.write_row([f"({v[0]!r},{v[1]!r})" if isinstance(v, tuple) else v for v in row])
    except (UnicodeError, csv.Error, staging.Ragged) as error:
        where = staging.place(error)
        raise Invalid({"rows": _("The delivery cannot be read: %(place)s.") % {"place": where}}) from None
    except DataError as error:
        # The database's sentence names line and column, and may quote the value: keep the place, drop the
        # value.
        place = (error.diag.context or "").split(":")[0]
        raise Invalid({"rows": _("The delivery cannot be read: %(place)s.") % {"place": place}}) from None
    return max(cursor.rowcount, 0) if first is not None else 0


def _peek(rows: Source) -> tuple[Any, Iterable[Any]]:
    """The first piece, and everything including it."""
    if hasattr(rows, "read"):
        file: IO[bytes] = rows  # type: ignore[assignment]
        source: Iterator[Any] = iter(lambda: file.read(_CHUNK), b"")
    else:
        source = iter(rows)
    first = next(source, None)
    return first, _with(first, source)


def _with(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _judge(cursor: Any, register: RegisterDefinition, wanted: Rules) -> tuple[list[BulkFinding], int]:
    """Every rule counted in one pass; samples are fetched, and refused rows removed, only where there are
    any.
    """
    if not wanted.rules:
        return [], 0
    counts = ", ".join(f"count(*) FILTER (WHERE {rule.broken})" for rule in wanted.rules)
    cursor.execute(f"SELECT {counts} FROM {wanted.origin}")  # noqa: S608 - expressions of this room
    found = [(rule, count) for rule, count in zip(wanted.rules, cursor.fetchone(), strict=True) if count]
    findings = []
    for rule, count in found:
        keys = quoted({**dict.fromkeys(register.natural_key[:1]), **dict.fromkeys(register.keys)})
        cursor.execute(f"SELECT {keys} FROM {wanted.origin} WHERE {rule.broken} LIMIT 10")  # noqa: S608
        samples = tuple(_sample(register, row) for row in cursor.fetchall())
        findings.append(BulkFinding(rule.field, rule.name, rule.level, count, samples))
    fatal = [rule.broken for rule, _count in found if rule.level == "error"]
    if not fatal:
        return findings, 0
    cursor.execute(
        f"DELETE FROM pg_temp.delivery WHERE ctid IN "  # noqa: S608
        f"(SELECT _place FROM {wanted.origin} WHERE ({') OR ('.join(fatal)}))"
    )
    return findings, cursor.rowcount


def _sample(register: RegisterDefinition, row: Sequence[Any]) -> str:
    """What tells the sender which row it was; masked where it is sealed, for reports are kept and passed on."""
    field = register.field(register.natural_key[0])
    if not field.sealed or row[0] is None:
        return str(row[0] or "")
    return mask(opened(register, field, dict(zip([field.name, *register.keys], row, strict=False))), "number")


def _last_only(cursor: Any, register: RegisterDefinition, count: int) -> int:
    """Of several rows with one number keep the last.

    The database's own row address is the order of arrival.
    """
    keys = quoted(register.keys)
    cursor.execute(f"SELECT count(*) FROM (SELECT 1 FROM pg_temp.delivery GROUP BY {keys}) k")  # noqa: S608
    if cursor.fetchone()[0] == count:
        return 0
    cursor.execute(
        "DELETE FROM pg_temp.delivery WHERE ctid IN (SELECT ctid FROM (SELECT ctid, row_number() "  # noqa: S608
        f"OVER (PARTITION BY {keys} ORDER BY ctid DESC) AS n FROM pg_temp.delivery) d WHERE n > 1)"
    )
    return int(cursor.rowcount)


class _Stamp:
    """What every row of one delivery gets besides its values."""

    def __init__(
        self, register: RegisterDefinition, columns: list[str], moment: Any, source: str, by: str, reason: str
    ) -> None:
        self.register, self.columns = register, columns
        self.others = [column for column in columns if column not in {*register.natural_key, *register.keys}]
        self.insert = {
            "level": register.level.value,
            "zone": register.zone.value,
            "valid_from": moment,
            "created_at": moment,
            "updated_at": moment,
            "source": source,
            "written_by": by,
            "reason": reason,
        }
        self.update = {name: self.insert[name] for name in ("updated_at", "source", "written_by", "reason")}
        self.moment = moment


def _merge(cursor: Any, stamp: _Stamp) -> tuple[int, int]:
    """Insert what is new, update what differs. An empty register skips the comparison."""
    register = stamp.register
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {register.table})")  # noqa: S608
    if not cursor.fetchone()[0]:
        return _insert(cursor, stamp, "pg_temp.delivery"), 0
    join = " AND ".join(f't."{name}" = d."{name}"' for name in register.keys)
    differs = _differs(stamp)
    cursor.execute("ANALYZE pg_temp.delivery")
    cursor.execute(
        f"CREATE TEMP TABLE change ON COMMIT DROP AS SELECT d.*, t.id AS _id FROM pg_temp.delivery d "  # noqa: S608
        f"LEFT JOIN {register.table} t ON {join} WHERE t.id IS NULL OR t.valid_to IS NOT NULL OR {differs}"
    )
    if not cursor.rowcount:
        return 0, 0
    updated = _update(cursor, stamp)
    return _insert(cursor, stamp, "pg_temp.change WHERE _id IS NULL"), updated


def _differs(stamp: _Stamp) -> str:
    ciphers = {field.name for field in stamp.register.sealed}  # never twice the same; their hashes tell
    others = [name for name in stamp.others if name not in ciphers]
    if not others:
        return "false"
    points = {c for f in stamp.register.fields for c, kind in column_types(f).items() if kind == "point"}
    left, right = (
        ", ".join(f'{side}."{n}"::text' if n in points else f'{side}."{n}"' for n in others) for side in "td"
    )
    return f"ROW({left}) IS DISTINCT FROM ROW({right})"


def _insert(cursor: Any, stamp: _Stamp, origin: str) -> int:
    own, system = quoted(stamp.columns), quoted(stamp.insert)
    values = sql.SQL(", ").join(sql.Literal(value) for value in stamp.insert.values()).as_string(cursor.connection)
    cursor.execute(
        f"INSERT INTO {stamp.register.table} ({own}, {system}) SELECT {own}, {values} FROM {origin} "  # noqa: S608
        f"ON CONFLICT ({quoted(stamp.register.keys)}) DO NOTHING".replace("%", "%%"),
        [],
    )
    return int(cursor.rowcount)


def _update(cursor: Any, stamp: _Stamp) -> int:
    """Old versions into history and new ones in place, by one statement."""
    register = stamp.register
    kept = history_columns(register)
    sets = [f'"{name}" = d."{name}"' for name in stamp.others] + [f'"{name}" = %s' for name in stamp.update]
    cursor.execute(
        f"WITH old AS (INSERT INTO {register.history_table} ({quoted(kept)}, superseded_at) "  # noqa: S608
        f"SELECT {', '.join(f't.{quoted([name])}' for name in kept)}, %s FROM {register.table} t "
        f"JOIN pg_temp.change c ON c._id = t.id) "
        f"UPDATE {register.table} t SET {', '.join(sets)}, version = t.version + 1, valid_to = NULL "
        f"FROM pg_temp.change d WHERE d._id = t.id",
        [stamp.moment, *stamp.update.values()],
    )
    return int(cursor.rowcount)


def _record(register: RegisterDefinition, delivery: str, report: BulkReport, by: Ref | None, source: str) -> None:
    """One leaf and one event for the whole delivery; its rows name it as their reason."""
    subject = Ref("registers.delivery", delivery)
    counts = {name: getattr(report, name) for name in ("received", "inserted", "updated", "refused", "repeated")}
    ledger.write("registers.rows.delivered", subject, by=by, register=register.key, source=source, **counts)
    emit(RowsDelivered(register.key, delivery, report.inserted, report.updated))
